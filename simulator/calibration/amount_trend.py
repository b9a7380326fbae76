"""Whether amounts of new deals rise or fall: their level by quarter, next to that of all deals."""

from __future__ import annotations

import datetime as dt

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.amounts import DealAmounts
from simulator.calibration.close_dates import first_rows
from simulator.calibration.drift import MIN_QUARTERS, Course, fit_level, steady_course
from simulator.calibration.windows import DAYS_A_QUARTER, windows
from simulator.fiscal import FiscalCalendar, day_number, month_start_day, months_of_days
from simulator.history.opening import reliable_opening
from simulator.history.states import DealStates

MIN_DEALS = 60
"""Amounts known below which nothing is said of their trend."""
FEW_IN_WINDOW = 3
HELD_QUANTILE = 0.95


def amount_trend(
    states: DealStates, amounts: DealAmounts, segment: Ints, span: tuple[dt.date, FiscalCalendar]
) -> Course:
    """Fit level and growth of mean amounts by the day of the SAL, each against the mean of its segment.

    Where only won deals have an amount no trend can be seen: of the latest SALs only the quickest are won
    yet, and quick wins are small.

    Parameters
    ----------
    states : DealStates
    amounts : DealAmounts
    segment : ndarray of int64, shape (opportunity,)
    span : tuple of datetime.date and FiscalCalendar
        Last day of the history; fiscal quarters.

    Returns
    -------
    Course
        The level is the log of amounts now over those of all deals.
    """
    if not amounts.has_open_amounts:
        return steady_course(0)
    first = first_rows(states.deal)
    deal = states.deal[first]
    known = (amounts.basis[deal] >= 0.0) & (states.start[first] >= reliable_opening(states.start[first])[0])
    deal = deal[known]
    return fit_amounts(states.start[first][known], amounts.basis[deal], segment[deal], *span)


def fit_amounts(
    born: Floats, amount: Floats, segment: Ints, as_of: dt.date, calendar: FiscalCalendar
) -> Course:
    """Fit the same to deals one by one.

    Parameters
    ----------
    born : ndarray of float64, shape (deal,)
        Day of the SAL.
    amount : ndarray of float64, shape (deal,)
        Not negative.
    segment : ndarray of int64, shape (deal,)
    as_of, calendar
        As in ``amount_trend``.
    """
    if len(amount) < MIN_DEALS:
        return steady_course(0)
    cut = day_number(as_of) + 1.0
    # The largest amounts say more of luck than of a trend.
    held = np.minimum(amount, np.quantile(amount, HELD_QUANTILE))
    means = np.bincount(segment, held) / np.maximum(np.bincount(segment), 1)
    if not held.any():
        return steady_course(0)
    size = held / np.maximum(means[segment], 1e-9)
    months = months_of_days(born)
    opening = float(month_start_day(int(months.min())))
    parts = windows(months, calendar, (opening, cut), 0.0)
    count = parts.total(np.ones(len(size)))
    used = count >= FEW_IN_WINDOW
    if used.sum() < MIN_QUARTERS:
        return steady_course(int(used.sum()))
    mean = parts.total(size)[used] / count[used]
    variance = float(size.var()) / count[used]
    y = np.log(np.maximum(mean, 1e-3))
    when = np.minimum(parts.total(born - cut)[used] / count[used] / DAYS_A_QUARTER, 0.0)
    return fit_level(y, variance, when, grows=True)
