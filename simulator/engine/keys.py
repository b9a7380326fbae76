"""Keys of random draws: a name gives the same key in every scenario and on every machine."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats, Ints
from simulator.calibration.posteriors import Draws
from simulator.kernels.random import RATE, RATE_ORDER, stratified_table

DEAL_BITS = 55
STREAM_BITS = 23
STRATA = 10
"""Rate draws that are stratified together; runs of this many are independent replicates of each other."""


def key(name: str, bits: int = DEAL_BITS) -> int:
    """Return a whole number of this many bits that stands for a name."""
    digest = hashlib.blake2b(name.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> (64 - bits)


def unique_keys(names: list[str], bits: int = DEAL_BITS) -> npt.NDArray[np.uint64]:
    """Return the keys of different names; where two would share one, the later is named anew.

    Returns
    -------
    keys : ndarray of uint64, shape (name,)
    """
    taken: set[int] = set()
    keys = np.empty(len(names), dtype=np.uint64)
    for place, name in enumerate(names):
        candidate = key(name, bits)
        while candidate in taken:
            name += "'"  # noqa: PLW2901
            candidate = key(name, bits)
        taken.add(candidate)
        keys[place] = candidate
    return keys


def rate_uniforms(seed: int, name: str, n_draws: int, n_values: int = 1) -> Floats:
    """Return the uniforms that one uncertain quantity is drawn with.

    Returns
    -------
    uniforms : ndarray of float64, shape (n_draws, n_values)
        Keyed by the name, so that they do not depend on which other quantities there are. Every ten
        draws are a Latin hypercube; a shorter table is the beginning of a longer one up to its last
        whole ten.
    """
    entity = np.uint64(key(name))
    table = stratified_table(np.uint64(seed), entity, RATE, RATE_ORDER, STRATA, n_draws, n_values)
    return np.asarray(table, dtype=np.float64)


def replicate(draw: Ints) -> Ints:
    """Return which independent replicate of the rate draws each draw belongs to, the same shape."""
    return draw // STRATA


def rate_draws(seed: int, n_draws: int, uncertain: bool, prefix: str = "") -> Draws:
    """Return the draws of the rates of a scenario, whose keys begin with ``prefix``."""

    def uniforms(name: str, n_values: int) -> Floats:
        return rate_uniforms(seed, prefix + name, n_draws, n_values)

    return Draws(n_draws, uniforms if uncertain else None)
