"""Estimates with valid intervals: what analysts report instead of counts of predicted labels."""
