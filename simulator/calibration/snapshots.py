"""Histories whose deals are only seen on snapshot days: when the next of these is."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from simulator.fiscal import date_of_day
from simulator.history.states import CENSORED, CHANGED, DealStates

Floats = npt.NDArray[np.float64]

LEAST_GAP_DAYS = 20.0
"""Median days between two days with ends of deals, from which on these are looked upon as snapshots."""
ENDS_A_DAY = 3.0
"""Ends a day on the average, below which deals are simply few."""
LEAST_DAYS = 4
GOLDEN = 0.6180339887498949
"""Multiples of it are spread evenly between 0 and 1."""


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
    return date_of_day(days[-1] + round(gap))


def between_snapshots(states: DealStates) -> DealStates:
    """Return states whose beginnings and ends are spread over the time between two snapshots.

    What is dated at a snapshot happened at any time since the one before. Each deal is moved back by its own
    share of that time, so that its order and, on the average, its durations stay.
    """
    ended = (states.exit != CENSORED) & (states.exit != CHANGED)
    days = np.unique(np.floor(np.concatenate([states.start, states.end[ended]])))
    before = np.concatenate([[days[0] - float(np.median(np.diff(days)))], days[:-1]])
    share = GOLDEN * (states.deal + 1.0) % 1.0

    def moved(times: Floats) -> Floats:
        place = np.clip(np.searchsorted(days, np.floor(times), side="right") - 1, 0, len(days) - 1)
        return np.asarray(times - share * (days - before)[place])

    still = states.exit == CENSORED
    return replace(
        states,
        start=moved(states.start),
        entered=moved(states.entered),
        end=np.where(still, states.end, moved(states.end)),
    )


def snapshot_note(day: dt.date | None, as_of: dt.date) -> tuple[str, ...]:
    """Return what a reader should know of a history of snapshots."""
    if day is None or day <= as_of:
        return ()
    return (
        f"Deals end on few days that lie far apart, as in snapshots; the next one is expected about {day}. "
        "No deal is created, won or lost in the rest of a quarter that ends before it.",
    )
