"""Histories whose deals are only seen on snapshot days: when the next of these is."""

from __future__ import annotations

import datetime as dt

import numpy as np
import numpy.typing as npt

from simulator.history.states import CENSORED, CHANGED, DealStates

LEAST_GAP_DAYS = 20.0
"""Median days between two days with ends of deals, from which on these are looked upon as snapshots."""
ENDS_A_DAY = 3.0
"""Ends a day on the average, below which deals are simply few."""
LEAST_DAYS = 4


def next_snapshot(states: DealStates) -> dt.date | None:
    """Return about when deals are seen next; None where they are seen day by day.

    What happens between two snapshots is dated at the later one, so that no deal appears or ends in between.
    """
    ended = (states.exit != CENSORED) & (states.exit != CHANGED)
    days: npt.NDArray[np.int64]
    days, counts = np.unique(np.floor(states.end[ended]).astype(np.int64), return_counts=True)
    if len(days) < LEAST_DAYS or counts.mean() < ENDS_A_DAY:
        return None
    gap = float(np.median(np.diff(days)))
    if gap < LEAST_GAP_DAYS:
        return None
    return dt.date(1970, 1, 1) + dt.timedelta(days=int(days[-1] + round(gap)))


def snapshot_note(day: dt.date | None, as_of: dt.date) -> tuple[str, ...]:
    """Return what a reader should know of a history of snapshots."""
    if day is None or day <= as_of:
        return ()
    return (
        f"Deals end on few days that lie far apart, as in snapshots; the next one is expected about {day}. "
        "No deal is created, won or lost in the rest of a quarter that ends before it.",
    )
