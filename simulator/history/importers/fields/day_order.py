"""Days in figures: in which order a column has day, month and year, and what is wrong with other cells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simulator.history.importers.fields.cells import as_text, matches
from simulator.history.importers.fields.named_days import day_of_period
from simulator.history.importers.readers.sheet import Sheet

ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?"
PARTS = re.compile(r"^(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})\b")
MANY = 5
"""Days that can be read in one way only, from which they bound the others."""
DAYS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%m-%y", "%Y-%m-%d"),
)
FORMAT = (
    'Correct the cells, or say in the map how dates are written, e.g. date_format: "%d/%m/%Y", or format: '
    "of one column."
)
MOST_YEARS = 12
"""Different numbers next to months up to which they may be years; of days there are more."""
_PERIOD = (
    "'{value}' is a month or a quarter, not a day",
    'Say in a map which of its days counts: date_format: "last_day" or date_format: "first_day".',
)
_NO_YEAR = ("'{value}' names no year", "Export the days with their years, as 2026-03-31.")
_ORDER = (
    "'{value}' can be read with the day or the month first, and no other cell of the file decides it",
    'Say which in the map: date_format: "%m/%d/%Y" or date_format: "%d/%m/%Y".',
)
_BOTH = (
    "'{value}' has the {first} first, other cells of the column the {second}: two exports in one file, or a "
    "spreadsheet that read some cells as dates",
    "Export it again as CSV and do not open it in between: what a spreadsheet turned round cannot be undone.",
)


@dataclass(frozen=True)
class Read:
    """Distinct cells as dates, how they were read, and what is wrong with those that are missing."""

    days: pd.Series[Any]
    read_as: str
    what: str = ""
    remedy: str = ""


def both_orders(first: str, second: str) -> tuple[str, str]:
    """Return what is wrong with cells that have ``first`` in front where others have ``second``."""
    return _BOTH[0].replace("{first}", first).replace("{second}", second), _BOTH[1]


def read_days(cells: pd.Series[Any], sheet: Sheet) -> Read:
    """Read days by the format that fits most cells; where two do, another column of the file decides."""
    head = cells.dropna().head(300)
    n_read = {form: int(_try(head, form).notna().sum()) for form in DAYS}
    best = max(n_read.values())
    nothing = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    if 2 * best < len(head) or not best:
        if len(head) and head.map(lambda cell: day_of_period(str(cell), last=False)).notna().mean() > 0.5:
            years = head.str.extract(r"^\D*(\d{1,2})\D*$")[0].nunique()
            return Read(nothing, "", *(_PERIOD if years <= MOST_YEARS else _NO_YEAR))
        return Read(nothing, "", "'{value}' is not a date", FORMAT)
    tried = {f: _try(cells, f) for f, n in n_read.items() if n >= 0.9 * best}
    most = max(int(days.notna().sum()) for days in tried.values())
    tried = {f: days for f, days in tried.items() if int(days.notna().sum()) == most}
    if len(tried) > 1:
        month_first = _month_first(sheet)
        if month_first is None:
            return Read(nothing, "", *_ORDER)
        tried = {f: d for f, d in tried.items() if f.startswith("%m") == month_first} or tried
    form, days = next(iter(tried.items()))
    if form == "%Y-%m-%d":
        return Read(days, "months in words", "'{value}' is not a date like the others of the column", FORMAT)
    plainly = f"'{{value}}' is not a date like the others of the column ({form})"
    return Read(days, form, *(_other_order(cells, days, form) or (plainly, FORMAT)))


def _other_order(cells: pd.Series[Any], days: pd.Series[Any], form: str) -> tuple[str, str] | None:
    """Return what is wrong where cells that the format cannot read have day, month or year otherwise."""
    unread = cells[days.isna() & cells.notna()]
    if form[:2] not in ("%m", "%d") or unread.empty:
        return None
    first, second = ("day", "month") if form.startswith("%m") else ("month", "day")
    turned = form.replace("%d", "%?").replace("%m", "%d").replace("%?", "%m")
    if _try(unread, turned).notna().any():
        return both_orders(first, second)
    return both_orders("year", second) if matches(unread, ISO).any() else None


def _try(cells: pd.Series[Any], form: str) -> pd.Series[Any]:
    return pd.to_datetime(cells, format=form, errors="coerce").astype("datetime64[us]")


def _month_first(sheet: Sheet) -> bool | None:
    """Return whether the dates of a file have the month first; None where nothing says."""
    answers = set()
    for column in sheet.frame.columns:
        text = as_text(sheet.frame[column]).dropna()
        if not len(text) or PARTS.match(str(text.iloc[0])) is None:
            continue
        parts = pd.Series(text.unique(), dtype="str").str.extract(PARTS.pattern)
        first, second = (pd.to_numeric(parts[i], errors="coerce").max() for i in (0, 1))
        if (first > 12) != (second > 12):
            answers.add(bool(second > 12))
    return answers.pop() if len(answers) == 1 else None


def turned_too_late(raw: pd.Series[Any], days: pd.Series[Any], read_as: str) -> pd.Series[Any]:
    """Return cells of things that have happened whose day and month are likely the wrong way round.

    They can be read in both orders, lie more than a month after all cells that can be read in one only,
    and would not with day and month turned.
    """
    form = read_as.split(" ", maxsplit=1)[0]
    if form[:3] not in ("%m/", "%d/", "%m-", "%d-"):  # days with points are never written month first
        return raw.iloc[:0]
    parts = as_text(raw).str.extract(PARTS.pattern)
    first, second = (pd.to_numeric(parts[i], errors="coerce") for i in (0, 1))
    both = (first <= 12) & (second <= 12) & (first != second)
    sure = days[days.notna() & ~both]
    if len(sure) < MANY or not both.any():
        return raw.iloc[:0]
    limit = sure.max() + max(pd.Timedelta(days=31), 4 * (sure.max() - sure.min()) / len(sure))
    late = both & (days > limit)
    month, day = days.dt.day, days.dt.month
    parts = pd.DataFrame({"year": days.dt.year, "month": month, "day": day})
    turned = pd.to_datetime(parts, errors="coerce")
    hits: pd.Series[Any] = raw[late & (turned <= limit)]
    return hits
