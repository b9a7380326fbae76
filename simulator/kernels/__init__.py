"""Compiled loops: arrays in, arrays out; they check nothing."""

from pathlib import Path

from simulator.kernels.cache import forget_stale_kernels

forget_stale_kernels(Path(__file__).parent)
