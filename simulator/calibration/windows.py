"""The windows by which levels are followed: months where they hold enough events, else fiscal quarters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.fiscal import FiscalCalendar, month_start_day, months_of_days

DAYS_A_QUARTER = 91.3
EVENTS_A_MONTH = 20.0
"""Events a month from which windows are months."""
LEAST_SHARE = 0.5
"""Share of a window that must be known; less than that counts with the window next to it."""


@dataclass(frozen=True)
class Windows:
    """Which window each month belongs to.

    Parameters
    ----------
    code : ndarray of int64, shape (row,)
        Window of each row of months, from 0.
    quarter : ndarray of int64, shape (window,)
        Fiscal quarter in which each window lies.
    """

    code: Ints
    quarter: Ints

    def total(self, values: Floats) -> Floats:
        """Add up values of shape (row,) by window."""
        return np.asarray(np.bincount(self.code, values, len(self.quarter)), dtype=np.float64)


def windows(months: Ints, calendar: FiscalCalendar, known: tuple[float, float], n_events: float) -> Windows:
    """Part months into windows, a window known in part only joined with its neighbour.

    A partial first or last window has few events for a reason of its own: nobody enters a deal in the
    first days of a quarter. Read as a level it would halve the forecast.

    Parameters
    ----------
    months : ndarray of int64, shape (row,)
        Month numbers.
    calendar : FiscalCalendar
    known : tuple of float
        First day known, and the day after the last one.
    n_events : float
        Events in all.
    """
    opening, cut = known
    first, last = months_of_days(np.array([opening, cut - 1.0]))
    by_month = n_events / max((cut - opening) / 30.4, 1.0) >= EVENTS_A_MONTH

    def number(month: Ints) -> Ints:
        return month if by_month else calendar.quarter(month)

    low, high = int(number(first)), int(number(last))
    if high - low > 2:
        start, middle = _bounds(low, calendar, by_month)
        low += (middle - opening) < LEAST_SHARE * (middle - start)
        middle, end = _bounds(high, calendar, by_month)
        high -= (cut - middle) < LEAST_SHARE * (end - middle)
    place = np.arange(low, high + 1)
    quarter = calendar.quarter(place) if by_month else place
    return Windows(np.clip(number(months), low, high) - low, quarter)


def _bounds(window: int, calendar: FiscalCalendar, by_month: bool) -> tuple[float, float]:
    first = window if by_month else calendar.first_month(window)
    return float(month_start_day(first)), float(month_start_day(first + (1 if by_month else 3)))
