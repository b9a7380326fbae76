"""Draws of the rates: one set of rates for each draw, with their uncertainty."""
