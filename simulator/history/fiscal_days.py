"""Fiscal periods of weeks (4-4-5) or any other length as months: days moved so that each is whole."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.arrays import Floats
from simulator.fiscal import date_of_day, day_number, month_start_day
from simulator.history.tables import TABLES, History

DAY_NS = 86_400_000_000_000
QUARTER_DAYS = 80
"""Length from which periods are quarters, each as long as three months."""
MOST_APART_DAYS = 16


class FiscalDays:
    """Days of a calendar of periods as days of the months that the periods stand for.

    Parameters
    ----------
    ends : sequence of datetime.date
        Last day of each period, ascending and without a gap: months of four or five weeks, or quarters.

    Raises
    ------
    ValueError
        Fewer than two ends, not ascending, of uneven length, or further than 16 days from the end of a month.
    """

    def __init__(self, ends: Sequence[dt.date]) -> None:
        theirs = np.array([day_number(end) + 1 for end in ends])
        lengths = np.diff(theirs)
        if len(theirs) < 2 or (lengths <= 0).any():
            raise ValueError("give the last days of at least two periods, each later than the one before")
        step = 3 if np.median(lengths) > QUARTER_DAYS else 1
        first = dt.date.fromordinal(ends[0].toordinal() + MOST_APART_DAYS)
        months = first.year * 12 + first.month - 1 + step * np.arange(len(theirs))
        ours = month_start_day(months)
        odd = np.flatnonzero(np.abs(theirs - ours) > MOST_APART_DAYS)
        if len(odd):
            what = "quarter" if step == 3 else "month"
            raise ValueError(
                f"{ends[odd[0]]} is not near the end of a {what}: a period is missing or there twice"
            )
        self.theirs, self.ours, self.end = theirs, ours, ends[-1]

    def moved(self, days: Floats) -> Floats:
        """Return day numbers of the calendar as those of its months; before and after it by a fixed shift."""
        inside = np.interp(days, self.theirs, self.ours)
        before, after = days < self.theirs[0], days > self.theirs[-1]
        inside = np.where(before, days + (self.ours[0] - self.theirs[0]), inside)
        moved: Floats = np.where(after, days + (self.ours[-1] - self.theirs[-1]), inside)
        return moved

    def starts(self, months: pd.Series) -> pd.Series:
        """Return first days of months as the first days of the periods that they stand for."""
        days = months.to_numpy().astype("datetime64[D]").astype(np.int64)
        first, last = self.ours[0] - self.theirs[0], self.ours[-1] - self.theirs[-1]
        theirs = np.interp(days, self.ours, self.theirs).round().astype(np.int64)
        theirs = np.where(
            days < self.ours[0], days - first, np.where(days > self.ours[-1], days - last, theirs)
        )
        return pd.Series(theirs.astype("datetime64[D]").astype("datetime64[ns]"), index=months.index)

    def day(self, day: dt.date) -> dt.date:
        """Return a day as the day of its month."""
        return date_of_day(float(self.moved(np.array([day_number(day)]))[0]))

    def last_day(self, day: dt.date) -> dt.date:
        """Return the last day of the months inside a day: the last of a period is the last of its month."""
        return self.day(day + dt.timedelta(days=1)) - dt.timedelta(days=1)

    def column(self, times: pd.Series, *, whole: bool) -> pd.Series:
        """Return a column of times moved; ``whole`` keeps them at midnight."""
        nanoseconds = times.to_numpy().astype("datetime64[ns]").astype(np.int64)
        moved = self.moved(nanoseconds / DAY_NS)
        moved = np.floor(moved) if whole else np.floor(moved * 86_400) / 86_400
        stamps = (
            (np.where(times.isna(), 0.0, moved) * 86_400).round().astype(np.int64).astype("datetime64[s]")
        )
        return pd.Series(stamps.astype("datetime64[ns]"), index=times.index).mask(times.isna())


def in_fiscal_months(history: History, days: FiscalDays) -> History:
    """Return a history whose days are moved so that each fiscal period is a whole month (or three).

    A deal closed on the last day of a period is then closed on the last day of its month, so that quarters,
    rates by month and forecasts are those of the fiscal calendar.
    """
    moved: dict[str, Any] = {name: _moved(table, name, days) for name, table in history.tables().items()}
    note = (
        f"Days are those of the fiscal calendar: its {len(days.theirs) - 1} periods up to {days.end} count "
        f"as whole months, and {days.end} as {days.last_day(days.end)}."
    )
    orphans = _moved(history.orphan_changes, "stage_changes", days)
    as_of = max(days.last_day(history.as_of), days.day(history.as_of))
    return replace(history, as_of=as_of, notes=(note, *history.notes), orphan_changes=orphans, **moved)


def _moved(table: pd.DataFrame, name: str, days: FiscalDays) -> pd.DataFrame:
    dated = [column for column in TABLES[name] if column.kind in ("date", "time")]
    return table.assign(**{c.name: days.column(table[c.name], whole=c.kind == "date") for c in dated})


def ends_of_weeks(pattern: str, years: Sequence[dt.date]) -> list[dt.date]:
    """Return the ends of the periods of years of weeks.

    Parameters
    ----------
    pattern : str
        Weeks of the three periods of each quarter, such as ``4-4-5``.
    years : sequence of datetime.date
        First day of each fiscal year, and of the one after the last. In a year of 53 weeks the last period is
        a week longer.
    """
    weeks = [int(part) for part in pattern.split("-")] * 4
    ends = [years[0] - dt.timedelta(days=1)]
    for start, following in itertools.pairwise(years):
        boundaries = np.cumsum(weeks)[:-1] * 7
        ends += [start + dt.timedelta(days=int(n) - 1) for n in boundaries]
        ends.append(following - dt.timedelta(days=1))
    return ends


def are_weeks_apart(days: pd.Series) -> bool:
    """Return whether days are those of periods of whole weeks (4-4-5), not of months."""
    if (days.dropna().dt.day == 1).all() or days.dropna().dt.is_month_end.all():
        return False
    distinct = np.sort(days.dropna().dt.normalize().unique())
    steps = np.diff(distinct).astype("timedelta64[D]").astype(np.int64)
    return len(steps) > 1 and bool((steps % 7 == 0).all()) and bool(steps.min() >= 28)


def weeks_fault(days: pd.Series) -> tuple[str, str]:
    """Return what is wrong with days of periods of weeks that are read as months, and the remedy."""
    ends = [f"{day:%Y-%m-%d}" for day in sorted(days.dropna().unique())]
    what = f"{ends[0]}, {ends[1]}, … are whole weeks apart: periods such as 4-4-5 weeks, no months"
    remedy = (
        f"Say in a map: period_ends: [{', '.join(ends)}] if these are the last days of the periods, or the "
        "days before them if they are the first"
    )
    return what, remedy
