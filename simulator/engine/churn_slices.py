"""Beta laws of churn as equal-probability slices, and what renewals already behind make of them."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt

from simulator.kernels.churn_table import beta_slices

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

N_CHURN_SLICES = 128
CERTAIN = 1e7
"""Concentration α + β from which on every customer of a law has the same chance."""
FEWEST_FOR_THREADS = 1000
MOST_REMEMBERED = 100_000
"""Laws that are tabulated once only: a run asks for the same ones to simulate and to value customers."""
RENEWAL_STEPS = np.array([*range(13), 15, 18, 22, 27, 33, 40, 48, 58, 70, 85, 105, 130, 160, 200])
"""Renewals behind for which a law is tabulated; others take the nearest below."""


def nearest_step(n_renewals: Ints) -> Ints:
    """Return the tabulated number of renewals at or below each number."""
    place = np.searchsorted(RENEWAL_STEPS, np.maximum(n_renewals, 0), side="right") - 1
    return RENEWAL_STEPS[place].astype(np.int64)


def churn_slices(
    mean: Floats, concentration: Floats, n_kept: Ints | int = 0, n_left: Ints | int = 0
) -> Floats:
    """Return slice means of Beta(α + left, β + kept), α = mean × concentration.

    Parameters
    ----------
    mean : ndarray of float64, shape (law,)
        Mean churn per renewal of new customers.
    concentration : ndarray of float64, shape (law,)
        α + β; infinite: every customer has the mean.
    n_kept, n_left : int or ndarray of int64, shape (law,)
        Renewals behind: kept, and not kept.

    Returns
    -------
    slices : ndarray of float64, shape (law, slice)
        In increasing order; their mean is that of the law.
    """
    certain = (concentration >= CERTAIN) | (mean <= 0.0) | (mean >= 1.0)
    out = np.repeat(np.clip(mean, 0.0, 1.0)[:, None], N_CHURN_SLICES, axis=1)
    left = np.broadcast_to(n_left, mean.shape)[~certain]
    kept = np.broadcast_to(n_kept, mean.shape)[~certain]
    own, size = mean[~certain], concentration[~certain]
    out[~certain] = _tabulate(own * size + left, (1.0 - own) * size + kept)
    return out


def _tabulate(alpha: Floats, beta: Floats) -> Floats:
    """Return the slices of Beta laws; those asked for last are remembered, unless they are very many."""
    if alpha.size > MOST_REMEMBERED:
        return _fill(alpha, beta)
    return _remembered(alpha.tobytes(), beta.tobytes())


@functools.lru_cache(maxsize=1)
def _remembered(alpha: bytes, beta: bytes) -> Floats:
    # Copies, because kernels are compiled anew for arrays that cannot be written to.
    slices = _fill(np.frombuffer(alpha).copy(), np.frombuffer(beta).copy())
    slices.setflags(write=False)
    return slices


def _fill(alpha: Floats, beta: Floats) -> Floats:
    """Return the slices of many laws, made on all cores; each law is on its own, so nothing else changes."""
    slices = np.empty((alpha.size, N_CHURN_SLICES))
    if alpha.size < FEWEST_FOR_THREADS:
        beta_slices(alpha, beta, slices)
        return slices
    n_parts = os.cpu_count() or 1
    parts = [slice(k * alpha.size // n_parts, (k + 1) * alpha.size // n_parts) for k in range(n_parts)]
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(lambda part: beta_slices(alpha[part], beta[part], slices[part]), parts))
    return slices
