"""Amounts as equal-probability slices: each slice holds its own mean, so that the mean is exact."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.calibration import Amounts
from simulator.calibration.posteriors import TINY, Draws, gamma_quantile
from simulator.kernels.slices import beta_slices, sample_slices

N_SLICES = 1024
N_MULTIPLIER_SLICES = 256
NO_SHAPE = 1e-9


def slice_means(values: Floats, weights: Floats, tail: tuple[float, float, float], n_slices: int) -> Floats:
    """Return the means of the equal-probability slices of weighted samples with a Pareto tail.

    Parameters
    ----------
    values : ndarray of float64, shape (value,)
        In increasing order.
    weights : ndarray of float64, shape (value,) or (draw, value)
        Summing to 1 along the last axis.
    tail : tuple of float
        Start, shape and scale of the generalised Pareto law that stands for all values above the
        start; scale 0: the sample alone.
    n_slices : int
        Number of slices.

    Returns
    -------
    means : ndarray of float64, shape (n_slices,) or (draw, n_slices)
    """
    start, shape, scale = tail
    body = values <= start if scale > 0.0 else np.ones(values.shape, dtype=bool)
    held = np.ascontiguousarray(np.atleast_2d(weights)[:, body])
    means = np.empty((held.shape[0], n_slices))
    sample_slices(values[body], held, means)
    if scale > 0.0:
        p_tail = 1.0 - np.cumsum(held, axis=1)[:, -1:] if held.size else np.ones((held.shape[0], 1))
        means += _tail_integrals(np.maximum(p_tail, 0.0), start, shape, scale, n_slices)
    means *= n_slices
    return means if weights.ndim > 1 else means[0]


def _tail_integrals(p_tail: Floats, start: float, shape: float, scale: float, n_slices: int) -> Floats:
    """Return what a Pareto tail of probability ``p_tail``, shape (draw, 1), adds to each slice."""
    edges = np.linspace(0.0, 1.0, n_slices + 1)
    # Only slices that reach into the tail of some draw take part.
    first = max(int(np.searchsorted(edges, 1.0 - p_tail.max(), side="right")) - 1, 0)
    right = edges[first:]
    left = np.clip((1.0 - right) / np.maximum(p_tail, TINY), 0.0, 1.0)
    over = (1.0 - left ** (1.0 - shape)) / (1.0 - shape)
    if abs(shape) > NO_SHAPE:
        excess = scale * (over - (1.0 - left)) / shape
    else:
        excess = scale * ((1.0 - left) + np.where(left > 0, left * np.log(np.maximum(left, TINY)), 0.0))
    integral = np.where(right > 1.0 - p_tail, p_tail * (start * (1.0 - left) + excess), 0.0)
    out = np.zeros((p_tail.shape[0], n_slices))
    out[:, first:] = np.diff(integral, axis=1)
    return out


def amount_slices(amounts: Amounts, name: str, draws: Draws, n_slices: int = N_SLICES) -> Floats:
    """Return the slices of one distribution for each draw of the rates.

    The draws are the Bayesian bootstrap (Rubin 1981) of the sample: weights are Gamma with the
    expected weight as shape, on as many observations as the sample rests on.

    Returns
    -------
    slices : ndarray of float64, shape (draw, slice)
    """
    order = np.argsort(amounts.values, kind="stable")
    values = amounts.values[order]
    share = amounts.weights[order] / amounts.weights.sum()
    tail = (amounts.tail_start, amounts.tail_shape, amounts.tail_scale)
    if draws.uniforms is None or amounts.count <= 0:
        return np.tile(slice_means(values, share, tail, n_slices), (draws.n, 1))
    u = draws.uniforms(name, values.size)[:, order]
    drawn = gamma_quantile(u, share * amounts.count)
    drawn /= drawn.sum(axis=1, keepdims=True)
    return slice_means(values, drawn, tail, n_slices)


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
    mean: Floats, concentration: Floats, n_kept: Floats | Ints | int = 0, n_left: Ints | int = 0
) -> Floats:
    """Return slice means of Beta(α + left, β + kept), α = mean × concentration.

    Parameters
    ----------
    mean : ndarray of float64, shape (law,)
        Mean churn per renewal of new customers.
    concentration : ndarray of float64, shape (law,)
        α + β; infinite: every customer has the mean.
    n_kept, n_left : int or ndarray, shape (law,)
        Renewals behind: kept (to the exponent of the law), and not kept.

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
