"""The months and quarters that are simulated."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.fiscal import FiscalCalendar, day_number, month_number, month_start_day


@dataclass(frozen=True)
class Horizon:
    """The months and quarters that are simulated.

    Parameters
    ----------
    as_of : datetime.date
        Last day known.
    months : ndarray of int64, shape (month,)
        Month numbers.
    month_end : ndarray of float64, shape (month,)
        Days from the midnight that ends ``as_of``.
    quarters : ndarray of int64, shape (period,)
        Quarter numbers.
    month_share : ndarray of float64, shape (month,)
        Share of each month that lies ahead: 1, or less for the first.
    partial : bool
        Whether the first quarter had begun by ``as_of``.
    """

    as_of: dt.date
    months: Ints
    month_end: Floats
    quarters: Ints
    month_share: Floats
    partial: bool


def horizon(as_of: dt.date, calendar: FiscalCalendar, n_quarters: int) -> Horizon:
    """Return the months from the day after ``as_of`` to the end of the last quarter."""
    tomorrow = as_of + dt.timedelta(days=1)
    first = month_number(tomorrow)
    first_quarter = int(calendar.quarter(first))
    months = np.arange(first, calendar.first_month(first_quarter + n_quarters))
    midnight = day_number(tomorrow)
    month_end = month_start_day(months + 1) - midnight
    length = month_start_day(months + 1) - month_start_day(months)
    share = np.minimum(np.diff(month_end, prepend=0.0) / length, 1.0)
    partial = tomorrow.day > 1 or first > calendar.first_month(first_quarter)
    return Horizon(as_of, months, month_end, first_quarter + np.arange(n_quarters), share, partial)
