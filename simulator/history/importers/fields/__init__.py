"""Cells of one kind, read as people and programs write them."""
