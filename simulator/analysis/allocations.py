"""Every way to spread up to n reps over the segments, the best of them kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

KEPT = 400
"""Best allocations kept for each number of reps."""


def n_allocations(n_reps: int, n_segments: int) -> int:
    """Return how many allocations of at most n reps there are: binomial(n + segments, segments)."""
    import math

    return math.comb(n_reps + n_segments, n_segments)


def best_allocations(
    value: Floats, n_reps: int, cost: Floats | None = None, budget: float = np.inf
) -> tuple[Ints, Floats]:
    """Return the allocations of at most n reps with the highest total value, best first.

    The value of an allocation is the sum of its segments' values, so the best of the first s segments
    can only come from the best of the first s - 1: a dynamic programme over segments that keeps the
    best ``KEPT`` for each number of reps spent looks at every allocation and loses none of those.

    Parameters
    ----------
    value : ndarray of float64, shape (added, segment)
        Value of 0, 1, 2 … reps in each segment.
    n_reps : int
    cost : ndarray of float64, shape (segment,), optional
        Cost of a rep in each segment.
    budget : float
        Most that all may cost.

    Returns
    -------
    allocations : ndarray of int64, shape (allocation, segment)
    totals : ndarray of float64, shape (allocation,)
    """
    n_segments = value.shape[1]
    price = np.zeros(n_segments) if cost is None else cost
    chosen = [np.zeros((1, 0), dtype=np.int64)] + [np.zeros((0, 0), dtype=np.int64)] * n_reps
    totals = [np.zeros(1)] + [np.zeros(0)] * n_reps
    for segment in range(n_segments):
        grown = [_grow(chosen, totals, value[:, segment], spent) for spent in range(n_reps + 1)]
        kept = [_keep(rows, total, price[: segment + 1], budget) for rows, total in grown]
        chosen, totals = [rows for rows, _ in kept], [total for _, total in kept]
    everything, total = np.concatenate(chosen), np.concatenate(totals)
    order = np.argsort(-total, kind="stable")
    return everything[order], total[order]


def _grow(chosen: list[Ints], totals: list[Floats], value: Floats, spent: int) -> tuple[Ints, Floats]:
    """Add a segment: all ways to have spent so many reps with k of them in it."""
    rows, sums = [], []
    for k in range(min(spent, len(value) - 1) + 1):
        before = chosen[spent - k]
        if len(before):
            rows.append(np.column_stack([before, np.full(len(before), k)]))
            sums.append(totals[spent - k] + value[k])
    if not rows:
        return np.zeros((0, 0), dtype=np.int64), np.zeros(0)
    return np.concatenate(rows), np.concatenate(sums)


def _keep(rows: Ints, total: Floats, price: Floats, budget: float) -> tuple[Ints, Floats]:
    if not len(rows):
        return rows, total
    affordable = rows @ price <= budget * (1.0 + 1e-9)
    rows, total = rows[affordable], total[affordable]
    best = np.argsort(-total, kind="stable")[:KEPT]
    return rows[best], total[best]
