"""Kernels of people: capacity of reps, service coverage of roles after the sale."""
