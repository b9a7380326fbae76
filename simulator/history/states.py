"""The life of every deal as a sequence of states, each constant in category, stage, close date and amount."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.fiscal import day_number
from simulator.history.changes import (
    Changes,
    close_months,
    deal_changes,
    known_plans,
    last_known,
)
from simulator.history.deal_lifecycle import Spans, deal_spans, first_rows, last_rows, past_due
from simulator.history.stage_map import CLOSED, LEAD
from simulator.history.tables import CATEGORIES, History
from simulator.recent import recent

CENSORED = -1
"""Exit code of a state that is still going on at as_of."""
CHANGED = 7
"""Exit code of a state that ends because its close date or amount changed, nothing else."""
ADVANCE = 6
"""Exit code: from the early to the late stage of the same category. 0-2 category, 3-5 outcome."""


@dataclass(frozen=True)
class DealStates:
    """States of all qualified deals, in order of deal and time.

    All arrays have shape (state,). Days are day numbers (``fiscal``); a date without a time of day counts
    as its midday; the state's interval is [start, end), cut at the midnight that ends ``as_of``. A state
    that lasts no time (two changes on one day, known only to the day) keeps its exit. While a deal was
    closed and later reopened, or omitted from the forecast and later taken up again, it has no state.

    Parameters
    ----------
    deal : row number of the deal in ``History.opportunities``
    start, end : day numbers
    category : code in CATEGORIES
    late : 1 in the late stage of the category, else 0
    entered : day number at which the deal entered this category (this time)
    close_month : month number of the planned close date, -1 where there is none
    pushes : number of times that the close date was moved to a later month so far
    amount : amount in this state, NaN where unknown
    exit : what ends the state: a destination code, CHANGED or CENSORED
    exit_close_month : close_month after the state (equals close_month unless it moved)
    """

    as_of: dt.date
    deal: Ints
    start: Floats
    end: Floats
    category: Ints
    late: Ints
    entered: Floats
    close_month: Ints
    pushes: Ints
    amount: Floats
    exit: Ints
    exit_close_month: Ints


@recent(2)
def deal_states(history: History) -> DealStates:
    """Return the states of all qualified deals of a history, up to its as-of date.

    Raises
    ------
    InputError
        A stage of a change has no row in ``stages``.
    """
    changes = deal_changes(history)
    spans = deal_spans(history, changes)
    rows = _resumed(_observed(history, changes, spans), spans)
    rows, end_of_row = _with_ends(rows, spans, day_number(history.as_of) + 1)
    return _states(history.as_of, rows, end_of_row, spans)


def _observed(history: History, changes: Changes, spans: Spans) -> Changes:
    """Return the changes inside each deal's span, the first of each deal at the span's start."""
    inside = spans.observed[changes.deal] & (np.arange(len(changes.deal)) < spans.stop[changes.deal])
    changes = changes.at(inside)
    begin = spans.start[changes.deal]
    before = (changes.time < begin) | ((changes.time == begin) & (changes.category == LEAD))
    early = np.flatnonzero(before)
    standing = last_rows(early, changes.deal[early], len(spans.start))
    at_start = np.flatnonzero(~before & (changes.time == begin))
    standing[changes.deal[at_start]] = -1
    keep = ~before
    keep[standing[standing >= 0]] = True
    unseen = spans.observed & (standing < 0)
    unseen[changes.deal[at_start]] = False
    changes = changes.at(keep).with_time(np.maximum(changes.time, begin)[keep])
    opened = Changes(**{**vars(changes), "category": np.maximum(changes.category, 0)})
    return _first_seen(history, spans, np.flatnonzero(unseen), opened).added(opened)


def _first_seen(history: History, spans: Spans, deals: Ints, changes: Changes) -> Changes:
    """Return a beginning in pipeline for deals without a change on record at their start."""
    rows = np.arange(len(changes.deal))
    later = first_rows(rows, changes.deal, len(spans.start))[deals]
    month = known_plans(history)[deals]
    amount = history.opportunities["amount"].to_numpy(dtype=np.float64)[deals]
    seen = later >= 0
    month[seen], amount[seen] = changes.close_month[later[seen]], changes.amount[later[seen]]
    nothing = np.zeros(len(deals), dtype=np.int64)
    return Changes(deals, spans.start[deals], nothing, nothing, nothing - 1, month, amount)


def _resumed(rows: Changes, spans: Spans) -> Changes:
    """Let deals that end out of a pause (closed or omitted at the time) resume for no time at their end."""
    paused = rows.category >= CLOSED
    last = last_rows(np.arange(len(paused)), rows.deal, len(spans.start))
    last = last[last >= 0]
    resuming = last[paused[last] & (spans.outcome[rows.deal[last]] >= 0)]
    before = last_known(~paused, rows.deal)[resuming]
    resumed = rows.at(np.where(before >= 0, before, resuming))
    category = np.where(before >= 0, resumed.category, 0)
    late = np.where(before >= 0, resumed.late, 0)
    return rows.added(
        Changes(**{**vars(resumed), "category": category, "late": late, "time": spans.end[resumed.deal]})
    )


def _same_deal(deal: Ints) -> Mask:
    """Mark rows whose predecessor is of the same deal."""
    same = np.zeros(len(deal), dtype=bool)
    same[1:] = deal[1:] == deal[:-1]
    return same


def _differs(rows: Changes) -> Mask:
    """Mark rows that begin a new state: the first of a deal, or different from the row before."""
    changed = ~_same_deal(rows.deal)
    for values in (rows.category, rows.late, rows.close_month, rows.amount):
        unequal = values[1:] != values[:-1]
        if values.dtype == np.float64:
            unequal &= ~(np.isnan(values[1:]) & np.isnan(values[:-1]))
        changed[1:] |= unequal
    return changed


def _with_ends(rows: Changes, spans: Spans, midnight: float) -> tuple[Changes, Floats]:
    """Return the rows that begin a state, and the day number at which each of these ends."""
    rows = rows.at(_differs(rows))
    pause = rows.category >= CLOSED
    end = np.where(np.isnan(spans.end), midnight, spans.end)[rows.deal]
    follows = np.flatnonzero(_same_deal(rows.deal))
    end[follows - 1] = rows.time[follows]
    return rows.at(~pause), end[~pause]


def _exits(rows: Changes, spans: Spans) -> Ints:
    """Return what ends each state."""
    outcome = spans.outcome[rows.deal]
    exits = np.where(outcome >= 0, len(CATEGORIES) + outcome, CENSORED)
    after = np.flatnonzero(_same_deal(rows.deal))
    before = after - 1
    moved = rows.category[after] != rows.category[before]
    advanced = rows.late[after] > rows.late[before]
    exits[before] = np.where(moved, rows.category[after], np.where(advanced, ADVANCE, CHANGED))
    return exits


def _pushes(rows: Changes) -> Ints:
    """Return how often each deal's close date had moved to a later month by the start of each state."""
    same = _same_deal(rows.deal)
    later = np.zeros(len(same), dtype=np.int64)
    later[1:] = same[1:] & (rows.close_month[1:] > rows.close_month[:-1]) & (rows.close_month[:-1] >= 0)
    total = np.cumsum(later)
    return np.asarray(total - total[last_known(~same, rows.deal)], dtype=np.int64) if len(same) else total


def _entered(rows: Changes, spans: Spans) -> Floats:
    """Return when the category of each state was entered."""
    first = ~_same_deal(rows.deal)
    entering = first.copy()
    entering[1:] |= rows.category[1:] != rows.category[:-1]
    time = np.where(first, spans.entered[rows.deal], rows.time)
    return np.asarray(time[last_known(entering, rows.deal)], dtype=np.float64)


def _exit_close_months(rows: Changes) -> Ints:
    after = np.flatnonzero(_same_deal(rows.deal))
    months = rows.close_month.copy()
    months[after - 1] = rows.close_month[after]
    return months


def _states(as_of: dt.date, rows: Changes, end: Floats, spans: Spans) -> DealStates:
    return DealStates(
        as_of=as_of,
        deal=rows.deal,
        start=rows.time,
        end=end,
        category=rows.category,
        late=rows.late,
        entered=_entered(rows, spans),
        close_month=rows.close_month,
        pushes=_pushes(rows),
        amount=rows.amount,
        exit=_exits(rows, spans),
        exit_close_month=_exit_close_months(rows),
    )


def open_deals(history: History, states: DealStates) -> pd.DataFrame:
    """Return the deals that are qualified and open at as_of, one row each, in the order of the history.

    Returns
    -------
    DataFrame
        ``opportunity_id``, ``segment``, ``category`` (code), ``late`` (0 or 1), ``entered`` (day number),
        ``close_month`` (month number, -1 where none; the plan in ``opportunities`` where the states have
        none), ``past_due`` (bool: its close date lies before as_of), ``pushes``, ``amount`` (NaN where
        unknown), ``owner``, ``team`` (the owner's where the deal
        has none), ``competitor``, ``source``, ``compelling_event``.
    """
    state = np.flatnonzero(states.exit == CENSORED)
    deals = history.opportunities.iloc[states.deal[state]]
    month = states.close_month[state]
    frame = deals[["opportunity_id", "segment"]].reset_index(drop=True)
    frame["category"] = states.category[state]
    frame["late"] = states.late[state]
    frame["entered"] = states.entered[state]
    frame["close_month"] = np.where(month >= 0, month, close_months(deals["close_date"]))
    is_open = np.zeros(len(history.opportunities), dtype=bool)
    is_open[states.deal[state]] = True
    frame["past_due"] = past_due(history, is_open)[states.deal[state]]
    frame["pushes"] = states.pushes[state]
    frame["amount"] = states.amount[state]
    teams = history.reps.drop_duplicates("rep_id").set_index("rep_id")["team"]
    of_owner = deals["owner"].map(teams).astype(deals["team"].dtype)
    deals = deals.assign(team=deals["team"].fillna(of_owner))
    named = ["owner", "team", "competitor", "source", "compelling_event"]
    return pd.concat([frame, deals[named].reset_index(drop=True)], axis=1)
