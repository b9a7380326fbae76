"""Simulated paths and history become findings, each a small frozen result."""
