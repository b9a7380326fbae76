"""Which deals were open on which day, on whose list, and what share of attention each got."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints, Mask
from simulator.history.states import ADVANCE, DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES

MOVES = (0, 1, 2, 3, ADVANCE)
UNDECIDED = len(CATEGORIES) + OUTCOMES.index("lost_no_decision")
MOST_ROWS = 250_000
MOST_DAYS = 4 * 365.25


@dataclass(frozen=True)
class Workload:
    """Open deals at regular days, one row for each deal and day; days are day numbers.

    Parameters
    ----------
    days : ndarray of float64, shape (day,)
        Regular days, ``step`` apart.
    deal, day, segment, rep, stage : ndarray of int64, shape (row,)
        Deal, place of the day, its codes (rep -1: unknown), category * 2 + late.
    begun : ndarray of float64, shape (row,)
        Days since the deal was qualified.
    moves, given_up : ndarray of float64, shape (row,)
        Moves, and losses without decision, until the next of the days.
    """

    days: Floats
    step: float
    deal: Ints
    day: Ints
    segment: Ints
    rep: Ints
    stage: Ints
    begun: Floats
    moves: Floats
    given_up: Floats


def workload(states: DealStates, segment: Ints, rep: Ints, step_days: float) -> Workload:
    """Return the open deals of a history at regular days.

    Parameters
    ----------
    states : DealStates
    segment, rep : ndarray of int64, shape (opportunity,)
        Codes; -1: none.
    step_days : float
        Between the days; more where the history is too large for that.
    """
    lives = _lives(states, step_days)
    n = lives.stop - lives.start
    whose = np.repeat(np.arange(len(lives.deal)), n)
    offset = np.cumsum(n) - n
    day = np.arange(n.sum()) - offset[whose] + lives.start[whose]
    days: Floats = lives.origin + lives.step * np.arange(int(day.max(initial=0)) + 1, dtype=np.float64)
    state = lives.state_on(states, whose, day)
    place = np.searchsorted(lives.deal, states.deal)
    until = np.floor((states.end - lives.origin) / lives.step).astype(np.int64)
    inside = (until >= lives.start[place]) & (until < lives.stop[place])

    def counted(which: Mask) -> Floats:
        rows = (offset[place] + until - lives.start[place])[inside & which]
        return np.bincount(rows, minlength=len(day)).astype(np.float64)

    return Workload(
        days=days,
        step=lives.step,
        deal=lives.deal[whose],
        day=day,
        segment=segment[lives.deal][whose],
        rep=rep[lives.deal][whose],
        stage=states.category[state] * 2 + states.late[state],
        begun=days[day] - lives.begin[whose],
        moves=counted(np.isin(states.exit, MOVES)),
        given_up=counted(states.exit == UNDECIDED),
    )


@dataclass(frozen=True)
class _Lives:
    """When each deal was open: rows of its states, when it began, and the days from ``start`` to ``stop``."""

    deal: Ints
    first: Ints
    last: Ints
    begin: Floats
    origin: float
    final: float
    step: float
    start: Ints
    stop: Ints

    def state_on(self, states: DealStates, whose: Ints, day: Ints) -> Ints:
        """Return the state of each deal on a day: the last one that begins by then."""
        span = self.final - self.origin + self.step + 1.0
        begins = np.repeat(np.arange(len(self.deal)), self.last - self.first + 1) * span
        begins = begins + np.maximum(states.start - self.origin, 0.0)
        state = np.searchsorted(begins, whose * span + day * self.step, side="right")
        return np.minimum(np.maximum(state - 1, self.first[whose]), self.last[whose])


def _lives(states: DealStates, step_days: float) -> _Lives:
    deal, first = np.unique(states.deal, return_index=True)
    last = np.append(first[1:], len(states.deal)) - 1
    begin, end = states.start[first], states.end[last]
    final = float(end.max())
    origin = max(float(begin.min()), final - MOST_DAYS)
    total = float(np.maximum(end - np.maximum(begin, origin), 0.0).sum())
    step = max(step_days, total / MOST_ROWS)
    start = np.maximum(np.ceil((begin - origin) / step), 0).astype(np.int64)
    stop = np.maximum(np.ceil((end - origin) / step).astype(np.int64), start)
    return _Lives(deal, first, last, begin, origin, final, step, start, stop)


def rank_within(group: Ints, work: Workload) -> Floats:
    """Return the place of each row among those of its group and day: begun to move first, then oldest.

    It is that in the middle of the step: half of those before it that are gone by the next of the days no
    longer count. Where a week frees 6 % of the places, that of its first day says 6 % too many get attention.
    """
    order = np.lexsort((-work.begun, work.stage == 0, work.day, group))
    last_day = work.day.max(initial=0)
    key = (group * (last_day + 1) + work.day)[order]
    first = np.searchsorted(key, key)
    gone = (np.append(np.diff(work.deal) != 0, True) & (work.day < last_day))[order]
    gone_before = np.cumsum(gone) - gone
    rank = np.empty(len(order))
    rank[order] = np.arange(len(order)) - first - 0.5 * (gone_before - gone_before[first])
    return rank


def count_within(group: Ints, work: Workload) -> Ints:
    """Return how many rows each row's group has on its day."""
    key = group * (work.day.max(initial=0) + 1) + work.day
    _, place, count = np.unique(key, return_inverse=True, return_counts=True)
    return np.asarray(count[place])


def attention(first_come: bool, capacity: Floats, rank: Floats, load: Ints) -> Floats:
    """Return the share of full attention that each row gets.

    Parameters
    ----------
    first_come : bool
        By rank, or alike.
    capacity : ndarray of float64, shape (row,)
        Deals of full attention that the row's reps can work.
    rank : ndarray of float64, shape (row,)
    load : ndarray of int64, shape (row,)
        As `rank_within` and `count_within` return them.
    """
    if first_come:
        return np.clip(capacity - rank, 0.0, 1.0)
    return np.minimum(1.0, capacity / np.maximum(load, 1))


def ramped_by_day(productivity: Floats, rep_segment: Ints, n_segments: int) -> Floats:
    """Return the ramped reps of each segment, shape (segment, day), from those of each rep, (rep, day)."""
    ramped = np.zeros((n_segments, productivity.shape[1]))
    np.add.at(ramped, rep_segment, productivity)
    return ramped
