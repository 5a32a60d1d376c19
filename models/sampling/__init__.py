"""Probability samples: how many units to draw where, with which probability, and the draw itself. Arrays in, arrays out; no database."""
