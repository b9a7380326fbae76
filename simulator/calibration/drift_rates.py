"""How rates drift, as rows of the table of rates, and what must hold of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from simulator.calibration.calibration import DESTINATIONS, Drift
from simulator.calibration.posteriors import Z_HIGH, Floats
from simulator.calibration.rate_rows import Row, row

LARGEST = 5.0
"""Logs and deviations beyond this are slips of the pen."""


def drift_rates(drift: Drift) -> Iterator[Row]:
    """Yield one row for each figure of the drift, in the columns of the table of rates."""
    for k, destination in enumerate(DESTINATIONS):
        level, sd = float(drift.level[k]), float(drift.level_sd[k])
        if level != 0.0 or sd > 0.0:
            logs = np.array([level, level - Z_HIGH * sd, level + Z_HIGH * sd])
            yield _row("level_now", "times the history's average", np.exp(logs), destination)
    sd = float(np.sqrt(drift.sals_covariance[1, 1]))
    growth = drift.sals_growth + sd * np.array([0.0, -Z_HIGH, Z_HIGH])
    yield _row("sals_growth", "log a quarter, damped ahead", growth)


def level_known(shape: float, drift: Drift | None) -> float:
    """Return the Gamma shape of a stream's SALs a month when the level that all share is uncertain too."""
    if drift is None or shape <= 0.0:
        return shape
    return shape / (1.0 + shape * float(drift.sals_covariance[0, 0]))


def _row(name: str, unit: str, estimate: Floats, destination: str = "") -> Row:
    known = np.isfinite(estimate[1]) and estimate[1] < estimate[2]
    return row(name, unit, "calibrated" if known else "pooled", estimate, destination=destination)


def drift_faults(drift: Drift) -> Iterator[str]:
    """Yield what is wrong with a drift: its axes first, then values out of range."""
    tables = {
        "drift.level": (drift.level, (len(DESTINATIONS),)),
        "drift.level_sd": (drift.level_sd, (len(DESTINATIONS),)),
        "drift.sals_covariance": (drift.sals_covariance, (2, 2)),
        "drift.season_close": (drift.season_close, (4,)),
        "drift.amounts": (drift.amounts, (2,)),
        "drift.amounts_covariance": (drift.amounts_covariance, (2, 2)),
    }
    wrong = [
        f"{name}: its axes are {array.shape}, not {axes}"
        for name, (array, axes) in tables.items()
        if array.shape != axes
    ]
    yield from wrong
    numbers = {name: array for name, (array, _) in tables.items()}
    numbers |= {"drift.sals_growth": np.array([drift.sals_growth])}
    numbers["drift.level_sd"] = drift.level_sd
    for name, array in numbers.items():
        least = 0.0 if name == "drift.level_sd" else -LARGEST
        if not ((array >= least) & (array <= LARGEST)).all():
            yield f"{name}: every number must lie between {least:g} and {LARGEST:g}"
