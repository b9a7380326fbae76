"""The coverage needed as a curve: the chance of the target at every multiple of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.coverage import measure_coverage
from simulator.analysis.forecast import Targets
from simulator.analysis.totals import ALL, HALF_CENT, add_total, names_with_total
from simulator.engine.paths import Paths

Floats = npt.NDArray[np.float64]

N_POINTS = 241
FARTHEST = 2.5
"""Times the coverage at which the middle case hits, up to which the curve is drawn."""


def coverage_curve(
    paths: Paths, targets: Targets | None = None, motions: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Return the chance of each period's target at a range of coverages, all segments together.

    The law of `needed_multiple` read the other way round: at coverage c there are s times as many open and
    future deals of today's mix, s = (c × target - booked) / (amount - booked), bookings are booked +
    s (B - booked), and P(hit) is the share of futures that reach the target.

    Parameters
    ----------
    paths : Paths
    targets, motions
        As of `measure_coverage`.

    Returns
    -------
    DataFrame
        period, basis, coverage (multiple), p_hit, now (True in the row of today's coverage). Only periods
        with a target not booked yet, and bases whose deals are dated in the period.
    """
    table = measure_coverage(paths, targets, motions).table
    table = table[(table["segment"] == ALL) & table["coverage"].notna() & (table["coverage"] > 0)]
    place = names_with_total(paths.segments).index(ALL)
    bookings = add_total(paths.bookings_new(), paths.segments)[..., place]
    rows = []
    for row in table.to_dict("records"):
        period = paths.periods.index(row["period"])
        booked = float(paths.booked.sum()) if period == 0 else 0.0
        amount, target = float(row["amount"]), float(row["target"])
        if amount <= booked or booked >= target - HALF_CENT:
            continue
        now = amount / target
        middle = row["needed_p50"] if np.isfinite(row["needed_p50"]) else now
        grid = np.linspace(booked / target, FARTHEST * max(middle, now), N_POINTS)
        for c in np.sort(np.append(grid, now)):
            chance = chance_at(bookings[:, period], float(c), amount=amount, booked=booked, target=target)
            rows.append((row["period"], row["basis"], float(c), chance, bool(c == now)))
    return pd.DataFrame(rows, columns=["period", "basis", "coverage", "p_hit", "now"])


def chance_at(bookings: Floats, coverage: float, *, amount: float, booked: float, target: float) -> float:
    """Return the share of futures that reach the target at a coverage (see `coverage_curve`)."""
    scale = (coverage * target - booked) / (amount - booked)
    return float((booked + scale * (bookings - booked) >= target - HALF_CENT).mean())
