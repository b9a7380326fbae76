"""Where creation reliably begins: a few rows dated far too early must not count as years without deals."""

from __future__ import annotations

import numpy as np

from simulator.arrays import Floats, Mask

MOST_STRAY, MOST_SHARE = 5, 0.01
AHEAD_DAYS = 182.0
"""Days after a gap whose rate says how many deals the gap should have held."""
SURPRISING = 16.0
"""Deals missing from a gap above which chance does not explain it (P < 1e-5), for each row before it."""


def stray_rows(days: Floats) -> Mask:
    """Mark the few days that lie long before all others; missing days are none of them."""
    known = days[~np.isnan(days)]
    if not len(known):
        return np.zeros(len(days), dtype=bool)
    return np.asarray(np.floor(days) < reliable_opening(known)[0])


def reliable_opening(days: Floats) -> tuple[float, int]:
    """Return the day from which deals are created, and how many rows before it are stray.

    Parameters
    ----------
    days : ndarray of float64, shape (deal,)
        Days of the SALs, in any order; at least one.
    """
    ordered = np.sort(days)
    most = min(MOST_STRAY, int(MOST_SHARE * len(ordered)))
    stray = 0
    for n in range(1, most + 1):
        after = ordered[n]
        last = min(after + AHEAD_DAYS, ordered[-1])
        rate = (np.searchsorted(ordered, last, side="right") - n) / max(last - after, 1.0)
        if rate * (after - ordered[n - 1]) > SURPRISING * (n + 1):
            stray = n
    return float(np.floor(ordered[stray])), stray
