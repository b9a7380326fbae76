"""Beta laws of churn as equal-probability slices, and what renewals already behind make of them."""

from __future__ import annotations

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
    uncertain = np.empty((own.size, N_CHURN_SLICES))
    _fill(own * size + left, (1.0 - own) * size + kept, uncertain)
    out[~certain] = uncertain
    return out


def _fill(alpha: Floats, beta: Floats, slices: Floats) -> None:
    """Fill the slices of many laws on all cores; each law is on its own, so that nothing else changes."""
    if alpha.size < FEWEST_FOR_THREADS:
        beta_slices(alpha, beta, slices)
        return
    n_parts = os.cpu_count() or 1
    parts = [slice(k * alpha.size // n_parts, (k + 1) * alpha.size // n_parts) for k in range(n_parts)]
    with ThreadPoolExecutor(n_parts) as pool:
        list(pool.map(lambda part: beta_slices(alpha[part], beta[part], slices[part]), parts))
