"""Timings of the kernels against peers, and studies of what the calibration recovers."""
