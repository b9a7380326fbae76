"""Where a history begins to know of deals that end.

An export often holds the deals that were open on some day or closed after it, and none that had
ended before. Until that day nothing in it could end, so the time before it must not count as time
at risk (left truncation); deals from before enter on that day, at their age.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import replace

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.close_dates import first_rows
from simulator.fiscal import date_of_day
from simulator.history.states import CENSORED, CHANGED, DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES

AGE_EDGES = np.array([0.0, 7.0, 30.0, 60.0, 90.0, 120.0, 180.0, 365.0, np.inf])
"""Days since the SAL that part the ages at which deals end."""
SURPRISING_ENDS = 12.0
"""Ends to be expected before the first one above which their absence is no chance (P < 1e-5)."""


def first_known_end(states: DealStates) -> float | None:
    """Return the day from which deals that end are known, or None where they are known throughout.

    The rate of ending at each age, measured since the first end on record, tells how many ends were to
    be expected before it. If these are many, the history is cut there.
    """
    first = first_rows(states.deal)
    if not len(first):
        return None
    last = np.append(first[1:], len(states.deal)) - 1
    began, until = states.start[first], states.end[last]
    ended = (states.exit[last] >= len(CATEGORIES)) & (states.exit[last] < len(CATEGORIES) + len(OUTCOMES))
    if not ended.any():
        return None
    cut = float(np.floor(until[ended].min()))
    ages = np.searchsorted(AGE_EDGES, (until - began)[ended], side="right") - 1
    ends = np.bincount(ages, minlength=len(AGE_EDGES) - 1).astype(np.float64)
    before = _days_by_age(began, np.minimum(until, cut), began)
    after = _days_by_age(np.maximum(began, cut), until, began)
    expected = before @ (ends / np.maximum(after, 1.0))
    return cut if expected > SURPRISING_ENDS else None


def _days_by_age(start: Floats, end: Floats, began: Floats) -> Floats:
    """Add up the days between start and end by the age that deals have in them."""
    low = np.maximum(start[:, None], began[:, None] + AGE_EDGES[:-1])
    high = np.minimum(end[:, None], began[:, None] + AGE_EDGES[1:])
    return np.asarray(np.maximum(high - low, 0.0).sum(axis=0))


def states_from(states: DealStates, day: float) -> DealStates:
    """Return the states from a day on, those that were going on then cut at it."""
    keep = states.end > day
    arrays = {f.name: getattr(states, f.name)[keep] for f in dataclasses.fields(states) if f.name != "as_of"}
    arrays["start"] = np.maximum(arrays["start"], day)
    return dataclasses.replace(states, **arrays)


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
    days: Ints
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
