"""Planned close dates: the first one, whether it moves at a month's end, and how far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import Dirichlet
from simulator.calibration.exposure import DealMonths
from simulator.calibration.pooling import pool_counts
from simulator.fiscal import months_of_days
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES

MAX_OFFSET_MONTHS = 36
MAX_PUSH_MONTHS = 24
"""Longer ones count as this long."""
PRIOR_DEALS = 5.0
"""Deals that the company's distribution is worth in a segment."""
PRIOR_MONTHS = 10.0
"""Deal-months that the company's chance of an early push is worth in a segment."""


@dataclass(frozen=True)
class CloseDates:
    """How planned close dates are set and moved, as they go into the calibration."""

    redate: Floats
    early_push: Floats
    offset: Dirichlet
    push: Dirichlet
    n_redate: Floats
    n_early_push: Floats


def close_dates(
    states: DealStates, months: DealMonths, segment: Ints, arrived: Mask, n_segments: int
) -> CloseDates:
    """Count first close dates, and the moves of close dates at the ends of months.

    Parameters
    ----------
    states : DealStates
        States of the deals.
    months : DealMonths
        The same by month; what a deal began a month with is set against what it begins the next with.
    segment : ndarray of int64, shape (opportunity,)
        Segment of each opportunity.
    arrived : ndarray of bool, shape (opportunity,)
        Deals whose beginning the history saw.
    n_segments : int
        Number of segments.
    """
    at_end = months.open_at_month_end & (months.close_month >= 0)
    month, planned, after = months.month[at_end], months.close_month[at_end], months.next_close_month[at_end]
    group = months.segment[at_end]
    due_from = np.maximum(planned, month)
    moved = after > due_from
    redate = np.stack([_beta(moved[planned == month]), _beta(moved[planned < month])])
    early = planned > month
    trials = np.bincount(group[early], minlength=n_segments).astype(np.float64)
    hits = np.bincount(group[early & moved], minlength=n_segments).astype(np.float64)
    length = np.minimum(after - due_from - 1, MAX_PUSH_MONTHS)[moved]
    push = _histogram(group[moved], length, n_segments, MAX_PUSH_MONTHS + 1)
    offset = _first_offsets(states, segment, arrived, n_segments)
    return CloseDates(
        redate=redate,
        early_push=_pooled_betas(hits, trials),
        offset=_dirichlet(offset),
        push=_dirichlet(push),
        n_redate=np.array([(planned == month).sum(), (planned < month).sum()], dtype=np.float64),
        n_early_push=trials,
    )


def _beta(moved: Mask) -> Floats:
    return np.array([0.5 + moved.sum(), 0.5 + (~moved).sum()])


def _pooled_betas(hits: Floats, trials: Floats) -> Floats:
    share = (hits.sum() + 0.5) / (trials.sum() + 1.0)
    weight = min(PRIOR_MONTHS, trials.sum() + 1.0)
    return np.stack([hits + weight * share, trials - hits + weight * (1.0 - share)], axis=1)


def _histogram(group: Ints, value: Ints, n_groups: int, n_values: int) -> Floats:
    counts = np.bincount(group * n_values + value, minlength=n_groups * n_values)
    return counts.reshape(n_groups, n_values).astype(np.float64)


def _dirichlet(counts: Floats) -> Dirichlet:
    """Pool counts over segments; with none at all, put a weak weight on the first value."""
    concentration = pool_counts(counts, PRIOR_DEALS)
    if counts.sum() == 0:
        concentration[:, 0] = 1.0
    return Dirichlet(concentration, counts)


def _first_offsets(states: DealStates, segment: Ints, arrived: Mask, n_segments: int) -> Floats:
    """Count months from SAL to the first close date that a deal had."""
    first = first_rows(states.deal)
    dated = np.flatnonzero(states.close_month >= 0)
    deal, at = np.unique(states.deal[dated], return_index=True)
    close_month = np.full(len(segment), -1, dtype=np.int64)
    close_month[deal] = states.close_month[dated[at]]
    began = months_of_days(states.start[first])
    found = close_month[states.deal[first]]
    offset = np.clip(found - began, 0, MAX_OFFSET_MONTHS)
    seen = arrived[states.deal[first]] & (found >= 0)
    return _histogram(segment[states.deal[first][seen]], offset[seen], n_segments, MAX_OFFSET_MONTHS + 1)


def first_rows(deal: Ints) -> Ints:
    """Return the rows with which each deal begins, rows being in order of deal."""
    return (
        np.flatnonzero(np.append(True, deal[1:] != deal[:-1])) if len(deal) else np.zeros(0, dtype=np.int64)
    )


EntryMask = Mask

LUMP_RATIO = 10.0
LUMP_DEALS = 10


def arrivals_seen(states: DealStates, n_opportunities: int) -> EntryMask:
    """Tell which deals were seen to arrive, shape (opportunity,).

    A history cut from a longer one begins with every deal that was open that day. Where the first
    day brings at least ten times the deals of an average day, its deals did not arrive on it.
    """
    first = first_rows(states.deal)
    seen = np.zeros(n_opportunities, dtype=bool)
    if not len(first):
        return seen
    day = np.floor(states.start[first])
    opening = day == day.min()
    span = max(float(states.end.max() - day.min()), 1.0)
    typical = (~opening).sum() / span
    lump = opening.sum() >= max(LUMP_DEALS, LUMP_RATIO * max(typical, 1e-9)) and not opening.all()
    seen[states.deal[first]] = ~opening if lump else True
    return seen


def entries(states: DealStates, segment: Ints, arrived: EntryMask, n_segments: int) -> Dirichlet:
    """Count the category and stage with which deals start, shape (segment, category * 2 + late)."""
    first = first_rows(states.deal)
    first = first[arrived[states.deal[first]]]
    place = states.category[first] * 2 + states.late[first]
    n_places = 2 * len(CATEGORIES)
    counts = np.bincount(segment[states.deal[first]] * n_places + place, minlength=n_segments * n_places)
    table = counts.reshape(n_segments, n_places).astype(np.float64)
    concentration = pool_counts(table, PRIOR_DEALS)
    if table.sum() == 0:
        concentration[:, 0] = 1.0
    return Dirichlet(concentration, table)


def late_entries(states: DealStates) -> Floats:
    """Return Beta(a, b) that a deal which moves to a category enters its late stage, shape (category, 2)."""
    table = np.tile([0.0, 1.0], (len(CATEGORIES), 1))
    moves = np.flatnonzero(
        (states.exit[:-1] >= 0) & (states.exit[:-1] < len(CATEGORIES)) & (states.deal[1:] == states.deal[:-1])
    )
    to, late = states.category[moves + 1], states.late[moves + 1]
    for category in range(len(CATEGORIES)):
        arrived = late[to == category]
        if (states.late[states.category == category] == 1).any():
            table[category] = (0.5 + arrived.sum(), 0.5 + (1 - arrived).sum())
    return table
