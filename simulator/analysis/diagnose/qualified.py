"""One row per qualified deal: when its clock started, how and when it ended, and whose it was."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, date_of_day, day_number, month_number, month_start_day
from simulator.history.states import CENSORED, DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES, History

OPEN = -1
"""Outcome code of a deal that had not ended by as_of; 0-2 are positions in OUTCOMES."""

DIMENSIONS = ("segment", "team", "owner", "competitor", "source", "product", "type")
"""What rates can be split by, where the history has it."""

UNKNOWN = "unknown"


def qualified_deals(history: History, states: DealStates) -> pd.DataFrame:
    """Return one row per qualified deal, in the order of the states.

    Parameters
    ----------
    history : History
        The tables that the states were made of.
    states : DealStates
        Its deals' states.

    Returns
    -------
    DataFrame
        Indexed by the row number in ``opportunities``. ``opportunity_id``, the ``DIMENSIONS`` (text,
        missing where the history leaves them out), ``qualified`` and ``ended`` (day numbers, float64, NaN
        while open), ``outcome`` (int64 code), ``amount`` (last known, signed for won deals),
        ``first_amount`` (when the clock started), ``pushes`` (int64).
    """
    first, last = deal_bounds(states)
    deal = states.deal[first]
    table = history.opportunities.iloc[deal]
    destination = states.exit[last]
    ended = (destination >= len(CATEGORIES)) & (destination < len(CATEGORIES) + len(OUTCOMES))
    amount = table["amount"].to_numpy(dtype=np.float64)
    names = {name: table[name].to_numpy() for name in ("opportunity_id", *DIMENSIONS)}
    names["team"] = _teams(history, table).to_numpy()
    return pd.DataFrame(
        names
        | {
            "qualified": states.start[first],
            "ended": np.where(ended, states.end[last], np.nan),
            "outcome": np.where(ended, destination - len(CATEGORIES), OPEN),
            "amount": np.where(np.isnan(amount), states.amount[last], amount),
            "first_amount": _first_amounts(states, first),
            "pushes": states.pushes[last],
        },
        index=pd.Index(deal, name="deal"),
    )


def won_deals(history: History) -> pd.DataFrame:
    """Return the won deals whose day is known: those of ``opportunities``, and ``closed``, its day number.

    Indexed by the row number in ``opportunities``.
    """
    deals = history.opportunities.reset_index(drop=True)
    won = deals[(deals["outcome"] == "won") & deals["closed_date"].notna()]
    return won.assign(closed=won["closed_date"].to_numpy().astype("datetime64[D]").astype(np.int64))


def by_segment(deals: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return all deals under the name ``all`` and, where there are several segments, those of each."""
    segment = deals["segment"].fillna(UNKNOWN).astype("str")
    names = sorted(set(segment))
    return {"all": deals} | ({name: deals[segment == name] for name in names} if len(names) > 1 else {})


def deal_bounds(states: DealStates) -> tuple[Ints, Ints]:
    """Return the positions of each deal's first and last state, each of shape (deal,)."""
    change = np.flatnonzero(np.diff(states.deal)) + 1
    n = len(states.deal)
    first = np.concatenate([[0], change]) if n else np.empty(0, dtype=np.int64)
    last = np.concatenate([change - 1, [n - 1]]) if n else np.empty(0, dtype=np.int64)
    return first.astype(np.int64), last.astype(np.int64)


def states_at(states: DealStates, day: float) -> Ints:
    """Return the positions of the states that deals were in at a moment, shape (open deal,)."""
    going_on = (states.start <= day) & ((states.end > day) | (states.exit == CENSORED) & (states.end >= day))
    return np.flatnonzero(going_on)


def _teams(history: History, table: pd.DataFrame) -> pd.Series[str]:
    by_rep = history.reps.drop_duplicates("rep_id").set_index("rep_id")["team"]
    return table["team"].fillna(table["owner"].map(by_rep).astype("str"))


def _first_amounts(states: DealStates, first: Ints) -> Floats:
    """Amounts at the start of the clock, else the first one that was entered."""
    amounts = pd.Series(states.amount).where(states.amount > 0)
    filled = amounts.groupby(states.deal, sort=False).bfill()
    return np.asarray(filled.to_numpy(dtype=np.float64)[first], dtype=np.float64)


LATE_START_DAYS = 14.0
"""A history that enters a quarter later than this does not cover it."""


@dataclass(frozen=True)
class Window:
    """Whole fiscal quarters that ended by the as-of date, or all of a history too short for one.

    Parameters
    ----------
    calendar : FiscalCalendar
        Calendar of the quarters.
    as_of : datetime.date
        Last day known.
    quarters : tuple of int
        Quarter numbers, oldest first; empty where no whole quarter is covered.
    start, end : float
        Day numbers; the window is [start, end).
    """

    calendar: FiscalCalendar
    as_of: dt.date
    quarters: tuple[int, ...]
    start: float
    end: float

    @property
    def name(self) -> str:
        """Words for the window, such as ``FY25Q1 to FY26Q4``."""
        if not self.quarters:
            return f"the whole history to {self.as_of.isoformat()}"
        labels = [self.calendar.quarter_label(q) for q in (self.quarters[0], self.quarters[-1])]
        return labels[0] if labels[0] == labels[1] else " to ".join(labels)

    @property
    def now(self) -> float:
        """Day number of the midnight that ends the as-of date."""
        return day_number(self.as_of) + 1

    def holds(self, day: pd.Series[float]) -> pd.Series[bool]:
        """Return which day numbers lie in the window."""
        return (day >= self.start) & (day < self.end)

    def bounds(self, quarter: int) -> tuple[float, float]:
        """Return the day numbers at which a quarter begins and ends."""
        month = self.calendar.first_month(quarter)
        return float(month_start_day(month)), float(month_start_day(month + 3))

    def latest_quarters(self) -> tuple[int, ...]:
        """Return the quarters of the window and the unfinished one after them, if it has begun."""
        current = int(self.calendar.quarter(month_number(self.as_of)))
        first = self.quarters[0] if self.quarters else int(self.calendar.quarter(_month_of(self.start)))
        return tuple(range(first, current + 1))


def _month_of(day: float) -> int:
    return month_number(date_of_day(day))


def rate_window(calendar: FiscalCalendar, as_of: dt.date, first_day: float, n_quarters: int = 8) -> Window:
    """Return the last ``n_quarters`` whole quarters between the first day of the history and as_of.

    A quarter still running is left out, because losses come early and wins late in a quarter; so is
    one that the history enters more than two weeks after its start.

    Parameters
    ----------
    calendar : FiscalCalendar
        Calendar of the quarters.
    as_of : datetime.date
        Last day known.
    first_day : float
        Day number of the first thing known.
    n_quarters : int
        How far to look back.

    Raises
    ------
    InputError
        ``n_quarters`` is less than 1.
    """
    if n_quarters < 1:
        raise InputError.of("--quarters", f"{n_quarters} is not a number of quarters", "Give 1 or more.")
    tomorrow = month_number(as_of + dt.timedelta(days=1))
    last = int(calendar.quarter(tomorrow)) - 1
    opening = int(calendar.quarter(_month_of(first_day - LATE_START_DAYS) + 3))
    quarters = tuple(range(max(opening, last - n_quarters + 1), last + 1))
    if not quarters:
        return Window(calendar, as_of, (), first_day, day_number(as_of) + 1)
    start = float(month_start_day(calendar.first_month(quarters[0])))
    return Window(calendar, as_of, quarters, start, float(month_start_day(calendar.first_month(last + 1))))
