"""What the P50 is made of: already booked, open by category, and yet to be created."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.totals import add_total, label_columns, names_with_total, ratio, round_to_total
from simulator.engine.paths import Paths
from simulator.kernels.flows import ORIGINS

Floats = npt.NDArray[np.float64]

PARTS = ("booked", "commit", "best_case", "pipeline", "created")
"""From certain to not yet there."""

WINDOW = 0.1
"""Share of the paths, those nearest to the median, that stand for a P50 outcome."""


def split_p50(paths: Paths) -> pd.DataFrame:
    """Return what the P50 of each period and segment is made of.

    The parts are the means over the tenth of the paths nearest to the median (their outcome is
    about the P50), scaled to add up to the P50 to the cent. What is already booked is known and
    not scaled.

    Parameters
    ----------
    paths : Paths
        Simulations.

    Returns
    -------
    DataFrame
        period, segment, part (of ``PARTS``), amount (currency), share (of the P50; NaN if it is 0).
    """
    names = names_with_total(paths.segments)
    origins = _origins_with_total(paths)
    booked = np.zeros((len(paths.periods), len(names)))
    booked[0] = add_total(paths.booked, paths.segments)
    amounts = [
        _split(origins[:, period, name], booked[period, name])
        for period in range(len(paths.periods))
        for name in range(len(names))
    ]
    values = np.concatenate(amounts)
    totals = np.repeat([part.sum() for part in amounts], len(PARTS))
    labels = label_columns(period=paths.periods, segment=names, part=PARTS)
    return pd.DataFrame(labels | {"amount": values, "share": ratio(values, totals)})


def _origins_with_total(paths: Paths) -> Floats:
    """Return bookings by origin in the order of ``PARTS[1:]``, shape (path, period, name, part)."""
    order = [ORIGINS.index(part) for part in PARTS[1:]]
    origins = paths.bookings_by_origin()[..., order]
    by_segment_last = np.moveaxis(origins, 2, 3)
    return np.moveaxis(add_total(by_segment_last, paths.segments), 3, 2)


def _split(parts: Floats, booked: float) -> Floats:
    """Return the P50 by part, booked first; ``parts`` has shape (path, part)."""
    outcomes = parts.sum(axis=1)
    simulated_p50 = float(np.quantile(outcomes, 0.5))
    means = parts[_nearest_median(outcomes)].mean(axis=0)
    scaled = means * (simulated_p50 / means.sum()) if means.sum() > 0 else means
    return round_to_total(np.concatenate([[booked], scaled]), booked + simulated_p50)


def _nearest_median(outcomes: Floats) -> npt.NDArray[np.int64]:
    """Return the paths in the middle of the order of outcomes, symmetric about the median."""
    n = len(outcomes)
    n_beside = min(max(int(WINDOW * n / 2), 10), (n - 1) // 2)
    order = np.argsort(outcomes, kind="stable")
    return order[(n - 1) // 2 - n_beside : n // 2 + n_beside + 1]
