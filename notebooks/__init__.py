"""Notebooks for analysts, in Python and in R."""
