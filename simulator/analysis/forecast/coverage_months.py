"""Coverage by month, where deals close within weeks: what is due in a month / what its target leaves open."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from simulator.analysis.forecast.coverage import (
    CONFIDENCES,
    NO_CLOSE_DATES,
    SMB,
    has_close_dates,
    needed_multiple,
)
from simulator.analysis.forecast.forecast import Targets, month_names
from simulator.arrays import Floats, Ints
from simulator.engine.paths import Paths

COLUMNS = ("month", "period", "segment", "amount", "expected", "target", "coverage", *CONFIDENCES)


def coverage_by_month(
    paths: Paths, targets: Targets, motions: Mapping[str, str], quotas: Mapping[tuple[str, str], float]
) -> pd.DataFrame:
    """Return the coverage of the months to come, segments sold in volume alone.

    What is booked of a quarter is taken off its target; the rest is spread over the months to come as the
    mean simulated bookings are. Only deals that are open today count: most of those that close in a later
    month are not created yet, so that coverage falls from month to month and what is needed falls with it.

    Parameters
    ----------
    paths : Paths
    targets : mapping
        Bookings targets by period and segment.
    motions : mapping of str to str
        By segment.
    quotas : mapping of (str, str) to float
        Quota that ramped reps carry, by period and segment; nothing where reps are not simulated.

    Returns
    -------
    DataFrame
        month, period, segment, amount (open deals of all categories with a close date in the month),
        expected (mean simulated bookings of the month), target, coverage (amount / target), needed_p50,
        needed_p80, needed_p90 (`needed_multiple` of the month's bookings), quota (of the ramped reps, alike
        in each month of a quarter), coverage_of_quota, note (why a figure is missing). Unit: scenario
        currency.
    """
    rows = [
        row
        for place, name in enumerate(paths.segments)
        if motions.get(name) == SMB
        for row in _rows(paths, place, targets)
    ]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    cells = list(zip(table["period"], table["segment"], strict=True))
    in_quarter = table.groupby(["period", "segment"])["month"].transform("size")
    quota = np.array([quotas.get(cell, np.nan) for cell in cells]) / in_quarter
    share = table["amount"] / quota.where(quota > 0.0)
    notes = [_note(*row) for row in table[["amount", "target"]].to_numpy()]
    return table.assign(quota=quota, coverage_of_quota=share, note=notes)


def _rows(paths: Paths, place: int, targets: Targets) -> list[tuple[object, ...]]:
    bookings, name = paths.monthly_bookings[..., place], paths.segments[place]
    due = np.full(paths.months.size, np.nan)
    if paths.due_by_month is not None and has_close_dates(paths):
        due = paths.due_by_month[:, place]
    period = paths.calendar.quarter(paths.months) - paths.quarters[0]
    goal = np.array([targets.get(quarter, {}).get(name, np.nan) for quarter in paths.periods])
    goal[0] -= paths.booked[place]
    target = np.maximum(goal, 0.0)[period] * _spread(bookings.mean(axis=0), period)
    return [
        (
            month,
            paths.periods[period[number]],
            name,
            due[number],
            bookings[:, number].mean(),
            target[number],
            due[number] / target[number] if target[number] > 0.0 else np.nan,
            *(
                needed_multiple(bookings[:, number], due[number], 0.0, target[number], confidence)
                for confidence in CONFIDENCES.values()
            ),
        )
        for number, month in enumerate(month_names(paths))
    ]


def _spread(expected: Floats, period: Ints) -> Floats:
    """Return the share of each month in its quarter: alike where nothing is expected, shape (month,)."""
    total, n_months = np.bincount(period, expected)[period], np.bincount(period)[period]
    return np.asarray(np.divide(expected, total, out=1.0 / n_months, where=total > 0.0))


def _note(due: float, target: float) -> str:
    if np.isnan(due):
        return NO_CLOSE_DATES
    if target <= 0.0:
        return "target already booked"
    if due <= 0.0:
        return "no open deal is dated in the month"
    return "no target" if np.isnan(target) else ""
