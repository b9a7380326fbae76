"""When each deal begins and ends: qualification, first observation, closing and outcome."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints, Mask
from simulator.fiscal import day_number
from simulator.history.changes import Changes, day_numbers, outcome_codes
from simulator.history.stage_map import CLOSED, LEAD, OMITTED
from simulator.history.tables import CATEGORIES, OUTCOMES, History

WON = OUTCOMES.index("won")
NO_DECISION = OUTCOMES.index("lost_no_decision")


@dataclass(frozen=True)
class Spans:
    """The observed life of each deal, from qualification to its end or to as_of.

    All arrays have shape (deal,), in the order of ``History.opportunities``.

    Parameters
    ----------
    observed : whether the deal was qualified and is seen alive by ``as_of``
    start : day number at which observation begins
    entered : day number at which the deal entered its first observed category
    end : day number of the closing, NaN while open
    outcome : position in OUTCOMES, -1 while open
    stop : row of ``Changes`` at which the deal's changes cease to matter: the closing, else past the last
        one before the end
    """

    observed: Mask
    start: Floats
    entered: Floats
    end: Floats
    outcome: Ints
    stop: Ints


def first_rows(rows: Ints, deal: Ints, n_deals: int) -> Ints:
    """Return the first of ``rows`` of each deal, -1 where it has none; rows ascend, ``deal`` is theirs."""
    first = np.full(n_deals, -1, dtype=np.int64)
    first[deal[::-1]] = rows[::-1]
    return first


def last_rows(rows: Ints, deal: Ints, n_deals: int) -> Ints:
    """Return the last of ``rows`` of each deal, -1 where it has none; rows ascend, ``deal`` is theirs."""
    last = np.full(n_deals, -1, dtype=np.int64)
    last[deal] = rows
    return last


def _firsts(mask: Mask, changes: Changes, n_deals: int) -> Ints:
    rows = np.flatnonzero(mask)
    return first_rows(rows, changes.deal[rows], n_deals)


def _lasts(mask: Mask, changes: Changes, n_deals: int) -> Ints:
    rows = np.flatnonzero(mask)
    return last_rows(rows, changes.deal[rows], n_deals)


def _time_of(rows: Ints, changes: Changes) -> Floats:
    """Return the time of each row, NaN for row -1."""
    if not len(changes.time):
        return np.full(len(rows), np.nan)
    return np.where(rows >= 0, changes.time[rows], np.nan)


def _outcomes(stated: Ints, changes: Changes, final: Mask, n_deals: int) -> Ints:
    """Return how each deal ended: as stated, else as its last closed stage says, else no decision."""
    said = _lasts(final & (changes.category == CLOSED), changes, n_deals)
    by_stage = np.full(n_deals, NO_DECISION, dtype=np.int64)
    by_stage[said >= 0] = changes.outcome[said[said >= 0]]
    by_stage[by_stage < 0] = NO_DECISION
    ended = _lasts(final, changes, n_deals) >= 0
    return np.where(stated >= 0, stated, np.where(ended, by_stage, -1))


def _consistent(changes: Changes, outcome: Ints) -> Mask:
    """Mark the closing changes that agree with the outcome: won with won, any loss with any loss."""
    of_deal = outcome[changes.deal]
    says_won: Mask = changes.outcome == WON
    closed = (changes.category == CLOSED) & ((changes.outcome < 0) | (says_won == (of_deal == WON)))
    fitting: Mask = closed | ((changes.category == OMITTED) & (of_deal == NO_DECISION))
    return fitting & (of_deal >= 0)


def _first_choice(*choices: Floats) -> Floats:
    """Return, deal by deal, the first choice that is not missing."""
    chosen = choices[0]
    for choice in choices[1:]:
        chosen = np.where(np.isnan(chosen), choice, chosen)
    return chosen


def _closing_days(history: History, changes: Changes, closed: Floats, final: Mask) -> Floats:
    """Return when deals without a fitting closing change ended, NaN where nothing says."""
    n_deals = len(closed)
    last_row = _lasts(np.ones(len(changes.deal), dtype=bool), changes, n_deals)
    last = _time_of(last_row, changes)
    last_on_day = np.where(np.floor(last) == np.floor(closed), np.maximum(last, closed), closed)
    planned = day_numbers(history.opportunities["close_date"])
    planned[planned >= day_number(history.as_of) + 1] = np.nan
    planned[planned < last] = np.nan
    return _first_choice(last_on_day, _time_of(_firsts(final, changes, n_deals), changes), planned, last)


def _endings(history: History, changes: Changes) -> tuple[Floats, Ints, Ints]:
    """Return end, outcome and stop of each deal (see Spans)."""
    n_deals, n_rows = len(history.opportunities), len(changes.deal)
    midnight = day_number(history.as_of) + 1
    closed = day_numbers(history.opportunities["closed_date"])
    stated = np.where(closed >= midnight, -1, outcome_codes(history.opportunities["outcome"]))
    closing = changes.category >= CLOSED
    last_alive = _lasts(~closing, changes, n_deals)
    final = closing & (np.arange(n_rows) > last_alive[changes.deal])
    outcome = _outcomes(stated, changes, final, n_deals)
    fitting = _consistent(changes, outcome)
    row = _firsts(fitting & final, changes, n_deals)
    row = np.where(row >= 0, row, _firsts(fitting, changes, n_deals))
    by_day = _closing_days(history, changes, closed, final)
    end = np.where(outcome < 0, np.nan, _first_choice(_time_of(row, changes), by_day))
    begins = np.searchsorted(changes.deal, np.arange(n_deals), side="left")
    before_end = np.isnan(end)[changes.deal] | (changes.time <= end[changes.deal])
    last_before = _lasts(before_end, changes, n_deals)
    stop = np.where(row >= 0, row, np.where(last_before >= 0, last_before + 1, begins))
    return end, outcome, stop


def _qualified(history: History, changes: Changes, end: Floats, outcome: Ints) -> Floats:
    """Return when the clock of each deal starts, NaN where it never was a deal."""
    n_deals = len(end)
    created = day_numbers(history.opportunities["created_date"])
    stated = day_numbers(history.opportunities["qualified_date"])
    alive = (changes.category >= 0) & (changes.category < len(CATEGORIES))
    first_open = _time_of(_firsts(alive, changes, n_deals), changes)
    anything = np.ones(len(changes.deal), dtype=bool)
    first = _time_of(_firsts(anything, changes, n_deals), changes)
    was_lead = _firsts(changes.category == LEAD, changes, n_deals) >= 0
    # A deal that is won was qualified, even if the CRM saw nothing before the signature.
    unseen = np.where(outcome == WON, np.where(was_lead, end, created), np.nan)
    otherwise = np.where(np.isnan(first), created, _first_choice(first_open, unseen))
    # A date without a time of day is not known better than to the day.
    same_day = np.floor(first) == np.floor(stated)
    qualified = _first_choice(np.where(same_day, np.maximum(first, stated), stated), otherwise)
    return np.where(np.isnan(end), qualified, np.minimum(qualified, end))


def deal_spans(history: History, changes: Changes) -> Spans:
    """Return when each deal begins and ends.

    The clock starts at ``qualified_date``, else at the first change into an open category, else (a deal
    without changes) at ``created_date``. What happened before the first change on record is unknown: such
    deals are observed from their first change on, and those that ended before it are left out.
    """
    n_deals = len(history.opportunities)
    midnight = day_number(history.as_of) + 1
    end, outcome, stop = _endings(history, changes)
    qualified = _qualified(history, changes, end, outcome)
    tracked = np.floor(changes.time.min()) if len(changes.time) else -np.inf
    first_row = _firsts(np.ones(len(changes.deal), dtype=bool), changes, n_deals)
    first = _time_of(first_row, changes)
    unseen = np.where(np.isnan(first), tracked, first)
    start = np.where(qualified < tracked, np.maximum(qualified, unseen), qualified)
    in_pipeline = np.isnan(first)
    in_pipeline[first_row >= 0] = changes.category[first_row[first_row >= 0]] == 0
    entered = np.where(in_pipeline, qualified, start)
    created = day_numbers(history.opportunities["created_date"])
    alive = np.isnan(end) | (end >= start)
    dated = (outcome < 0) | ~np.isnan(end)
    observed = alive & dated & (start < midnight) & ~(created >= midnight)
    return Spans(observed, start, entered, end, outcome, stop)


def past_due(history: History, is_open: Mask) -> Mask:
    """Mark the open deals whose close date lies before as_of, as ``audit`` and ``diagnose`` count them."""
    deals, changes = history.opportunities, history.stage_changes
    planned = day_numbers(deals["close_date"])
    if np.isnan(planned).any() and len(changes):
        last = changes.dropna(subset=["close_date"]).drop_duplicates("opportunity_id", keep="last")
        stated = last.set_index("opportunity_id")["close_date"].reindex(deals["opportunity_id"])
        planned = np.where(np.isnan(planned), day_numbers(stated), planned)
    return np.asarray(is_open & (np.floor(planned) < day_number(history.as_of)))
