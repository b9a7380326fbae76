"""Kernels of customers: renewal, expansion, contraction, churn."""
