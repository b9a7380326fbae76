"""The stretch of history that rates are measured over: the last whole fiscal quarters."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, day_number, month_number, month_start_day

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
    return month_number(dt.date(1970, 1, 1) + dt.timedelta(days=int(day)))


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
