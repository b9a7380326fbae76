"""Days at risk and events: every state of every deal, split at the calendar months it spans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import AGE_BINS, DESTINATIONS, FACTOR_LEVELS
from simulator.fiscal import FiscalCalendar, day_number, month_start_day, months_of_days
from simulator.history.states import CENSORED, CHANGED, DealStates
from simulator.history.tables import CATEGORIES

N_DESTINATIONS = len(DESTINATIONS)
CELL_AXES = (
    len(CATEGORIES),
    2,
    *(len(FACTOR_LEVELS[name]) for name in ("age", "due", "linearity", "pushes")),
)
"""Lengths of the axes of a cell: category, late, age, due, linearity, pushes."""

GRACE_DAYS = 5.0
"""A past close date that is moved this early in the new month was moved for the month that ended."""


@dataclass(frozen=True)
class DealMonths:
    """One row for each state and calendar month that it spans, in order of deal and time.

    The close date and the number of pushes are those with which the deal began the month (or its
    life): a date moved to the day of signing at signing must not tell that the deal was due.

    Parameters
    ----------
    deal, segment, month : ndarray of int64, shape (row,)
        Row number of the deal, code of its segment, month number.
    start, days : ndarray of float64, shape (row,)
        Day number at which the row begins; time at risk from then on. Unit: days.
    place : ndarray of int64, shape (row,)
        Place of the month in its fiscal quarter, 0 to 2.
    category, late, age, due, linearity, pushes : ndarray of int64, shape (row,)
        Codes of the covariates, levels as in ``FACTOR_LEVELS``.
    event : ndarray of int64, shape (row,)
        Destination reached at the end of the row, or -1.
    close_month : ndarray of int64, shape (row,)
        Planned month of closing at the start of the month, -1 where there is none.
    open_at_month_end : ndarray of bool, shape (row,)
        Last row of a deal in a month, with the deal still open as the month ends.
    next_close_month : ndarray of int64, shape (row,)
        Planned month of closing as the next month begins; meaningful where open_at_month_end.
    amount : ndarray of float64, shape (row,)
        Amount in the state. Unit: currency of the history.
    """

    deal: Ints
    segment: Ints
    month: Ints
    start: Floats
    days: Floats
    place: Ints
    category: Ints
    late: Ints
    age: Ints
    due: Ints
    linearity: Ints
    pushes: Ints
    event: Ints
    close_month: Ints
    open_at_month_end: Mask
    next_close_month: Ints
    amount: Floats

    def cells(self, n_segments: int) -> Ints:
        """Return the cell of each row: (segment, category, late, age, due, linearity, pushes) raveled."""
        codes = (self.segment, self.category, self.late, self.age, self.due, self.linearity, self.pushes)
        return np.ravel_multi_index(codes, (n_segments, *CELL_AXES)).astype(np.int64)


@dataclass(frozen=True)
class Exposure:
    """Days at risk and events by cell and by combination of effect levels.

    Parameters
    ----------
    cell, profile : ndarray of int64, shape (row,)
        Code of the cell (``DealMonths.cells``) and of the combination of effects.
    days : ndarray of float64, shape (row,)
        Time at risk. Unit: days.
    events : ndarray of float64, shape (row, destination)
        Number of events.
    n_segments, n_profiles : int
        Lengths of the axes.
    """

    cell: Ints
    profile: Ints
    days: Floats
    events: Floats
    n_segments: int
    n_profiles: int

    @property
    def cell_axes(self) -> tuple[int, ...]:
        """Lengths of the axes of a cell, segment first."""
        return (self.n_segments, *CELL_AXES)

    def by_cell(self, multiplier: Floats | None = None) -> Floats:
        """Return days by (cell, destination), each row multiplied by its profile's (profile, destination)."""
        return _weighted_days(self.days, self.cell, self.profile, multiplier, int(np.prod(self.cell_axes)))

    @property
    def segment(self) -> Ints:
        """Code of the segment of each row."""
        return self.cell // int(np.prod(CELL_AXES))

    def days_by(self, code: Ints, n_codes: int, multiplier: Floats) -> Floats:
        """Return days by (code, destination), each row multiplied by its cell's (cell, destination)."""
        return _weighted_days(self.days, code, self.cell, multiplier, n_codes)

    def events_by(self, code: Ints, n_codes: int) -> Floats:
        """Return events by (code, destination)."""
        columns = [np.bincount(code, self.events[:, k], n_codes) for k in range(N_DESTINATIONS)]
        return np.stack(columns, axis=1)


def _weighted_days(days: Floats, to: Ints, other: Ints, multiplier: Floats | None, n_codes: int) -> Floats:
    if multiplier is None:
        return np.repeat(np.bincount(to, days, n_codes)[:, None], N_DESTINATIONS, axis=1)
    columns = [np.bincount(to, days * multiplier[other, k], n_codes) for k in range(N_DESTINATIONS)]
    return np.stack(columns, axis=1)


def total_by(code: Ints, weight: Floats, n_codes: int) -> Floats:
    """Add up weights by code, shape (code,)."""
    return np.asarray(np.bincount(code, weight, n_codes), dtype=np.float64)


def deal_months(states: DealStates, segment: Ints, calendar: FiscalCalendar) -> DealMonths:
    """Split deal states at month boundaries.

    Parameters
    ----------
    states : DealStates
        States in order of deal and time.
    segment : ndarray of int64, shape (opportunity,)
        Code of the segment of each row of the opportunities table.
    calendar : FiscalCalendar
        Gives the place of each month in its quarter.
    """
    start, end = _settle_redating(states)
    row, month = _rows_by_month(start, end)
    since = np.maximum(start[row], month_start_day(month))
    days = np.minimum(end[row], month_start_day(month + 1)) - since
    deal, known = states.deal[row], states.close_month[row]
    began = _first_of_month(deal, month)
    close_month = known[began]
    open_at_end, next_close = _month_ends(states, row, deal, month, known)
    return DealMonths(
        deal=deal,
        segment=segment[deal],
        month=month,
        start=since,
        days=np.maximum(days, 0.0),
        place=calendar.month_of_quarter(month),
        category=states.category[row],
        late=states.late[row],
        age=_age_bin(month - months_of_days(states.entered)[row]),
        due=due_code(close_month, month),
        linearity=calendar.month_of_quarter(month),
        pushes=np.minimum(states.pushes[row][began], len(FACTOR_LEVELS["pushes"]) - 1),
        event=_events(row, states.exit[row]),
        close_month=close_month,
        open_at_month_end=open_at_end,
        next_close_month=next_close,
        amount=states.amount[row],
    )


def due_code(close_month: Ints, month: Ints) -> Ints:
    """Return 0 for a close date in a later month or none, 1 for this month, 2 for one that has passed."""
    code = np.where(close_month == month, 1, np.where(close_month < month, 2, 0))
    return np.where(close_month < 0, 0, code).astype(np.int64)


def aggregate(months: DealMonths, profile: Ints, n_segments: int, n_profiles: int) -> Exposure:
    """Add up days and events of all rows that share a cell and a profile of effects.

    Parameters
    ----------
    months : DealMonths
        Rows to add up.
    profile : ndarray of int64, shape (opportunity,)
        Combination of effect levels of each deal.
    """
    key = months.cells(n_segments) * n_profiles + profile[months.deal]
    unique, inverse = np.unique(key, return_inverse=True)
    happened = months.event >= 0
    events = np.bincount(
        inverse[happened] * N_DESTINATIONS + months.event[happened], minlength=len(unique) * N_DESTINATIONS
    ).astype(np.float64)
    return Exposure(
        cell=unique // n_profiles,
        profile=unique % n_profiles,
        days=total_by(inverse, months.days, len(unique)),
        events=events.reshape(len(unique), N_DESTINATIONS),
        n_segments=n_segments,
        n_profiles=n_profiles,
    )


def _age_bin(age_months: Ints) -> Ints:
    return np.searchsorted(AGE_BINS, np.maximum(age_months, 0), side="right").astype(np.int64) - 1


def _events(row: Ints, exits: Ints) -> Ints:
    """Return what ends each state in its last month, -1 in the others and where it goes on."""
    final = np.append(row[1:] != row[:-1], True) if len(row) else np.zeros(0, dtype=bool)
    return np.where(final & (exits != CENSORED) & (exits != CHANGED), exits, -1)


def _rows_by_month(start: Floats, end: Floats) -> tuple[Ints, Ints]:
    """Return a row for each month that each state lies in: its state and its month."""
    first = months_of_days(start)
    last = np.maximum(first, months_of_days(np.nextafter(end, -np.inf)))
    n_months = last - first + 1
    row = np.repeat(np.arange(len(start)), n_months)
    return row, first[row] + np.arange(len(row)) - np.repeat(np.cumsum(n_months) - n_months, n_months)


def _settle_redating(states: DealStates) -> tuple[Floats, Floats]:
    """Date a push of an overdue deal in the first days of a month to the end of the month before."""
    start, end = states.start.copy(), states.end.copy()
    boundary = month_start_day(months_of_days(end))
    moved = (
        (states.exit == CHANGED) & (states.exit_close_month > states.close_month) & (states.close_month >= 0)
    )
    overdue = (
        moved
        & (states.close_month < months_of_days(end))
        & (end - boundary < GRACE_DAYS)
        & (start < boundary)
    )
    at = np.flatnonzero(overdue[:-1] & (states.deal[1:] == states.deal[:-1]) & (start[1:] == end[:-1]))
    end[at] = start[at + 1] = boundary[at]
    return start, end


def _first_of_month(deal: Ints, month: Ints) -> Ints:
    """Return, for each row, the row with which its deal began the month."""
    rows = np.arange(len(deal))
    new = np.ones(len(deal), dtype=bool)
    new[1:] = (deal[1:] != deal[:-1]) | (month[1:] != month[:-1])
    return np.maximum.accumulate(np.where(new, rows, 0))


def _month_ends(
    states: DealStates, row: Ints, deal: Ints, month: Ints, close_month: Ints
) -> tuple[Mask, Ints]:
    """Tell which rows end a month with the deal still open, and the close month it goes on with."""
    open_at_end = np.zeros(len(row), dtype=bool)
    next_close = states.exit_close_month[row].copy()
    if not len(row):
        return open_at_end, next_close
    goes_on = (deal[1:] == deal[:-1]) & (month[1:] > month[:-1])
    open_at_end[:-1] = goes_on
    next_close[:-1] = np.where(goes_on, close_month[1:], next_close[:-1])
    cut = day_number(states.as_of) + 1.0
    final = np.append(deal[1:] != deal[:-1], True)
    whole = states.end[row] >= month_start_day(month + 1)
    open_at_end |= final & whole & (states.exit[row] == CENSORED) & (states.end[row] == cut)
    return open_at_end, next_close
