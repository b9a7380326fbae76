"""Kernels of deals: hazards, new deals, close dates, concessions, the queue for a rep."""
