"""Dates as people and programs write them; one column has one format, and it is found out or said."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from simulator.history.importers.fields.cells import EMPTY_NUMBERS, as_text, blank, matches
from simulator.history.importers.readers.sheet import Sheet

ISO = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?\s?(?:Z|UTC|[+-]\d{2}:?\d{2})?)?"
ISO_LOCAL = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)?"
ISO_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})"
OFFSET = r".*[T ]\d{2}:\d{2}.*(?:Z|UTC|[+-]\d{2}:?\d{2})"
SERIAL = r"[2-7]\d{4}(?:\.\d+)?"
PARTS = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4}|\d{2})\b")
FIRST_YEAR, LAST_YEAR = 1980, 2100
EXCEL_EPOCH = pd.Timestamp("1899-12-30")

DAYS = (
    *("%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y", "%m-%d-%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d"),
    *("%d-%b-%Y", "%d %b %Y", "%b %d, %Y", "%B %d, %Y", "%d %B %Y", "%b %d %Y"),
    *("%m/%d/%y", "%d/%m/%y", "%d.%m.%y", "%d-%b-%y"),
)
TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p", ", %I:%M %p", ", %I:%M:%S %p", "T%H:%M:%S")


@dataclass(frozen=True)
class Dates:
    """A column of dates, and the cells that are none.

    Parameters
    ----------
    days : Series of datetime64[ns]
        Local times of the wanted time zone; missing where empty or bad.
    bad : Series
        Cells that cannot be read.
    what, remedy : str
        What is wrong with the bad cells.
    read_as : str
        The format, in words for the user.
    """

    days: pd.Series[Any]
    bad: pd.Series[Any]
    what: str
    remedy: str
    read_as: str


def read_dates(
    raw: pd.Series[Any],
    sheet: Sheet,
    timezone: str = "UTC",
    form: str | None = None,
    empty: tuple[str, ...] = (),
) -> Dates:
    """Read a column of dates or times.

    Parameters
    ----------
    raw : Series
        Text, or dates where the file has types.
    sheet : Sheet
        The file: another column of it may tell whether the day or the month comes first.
    timezone : str
        Times that carry an offset are converted to it.
    form : str or None
        strptime format; found out if None.
    empty : tuple of str
        Further words that stand for no date.
    """
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return _in_years(raw, _local(raw, timezone), "dates of the file")
    text = blank(as_text(raw), EMPTY_NUMBERS | set(empty))
    if form is None:
        quick = _read_quickly(text, timezone)
        if quick is not None:
            return _in_years(raw, *quick)
    codes, unique = pd.factorize(text)
    cells = pd.Series(unique, dtype="str")
    days, read_as, what, remedy = _read_unique(cells, sheet, timezone, form)
    all_days = np.append(days.to_numpy(dtype="datetime64[us]"), np.datetime64("NaT", "us"))
    values = pd.Series(all_days[codes], index=raw.index)
    checked = _in_years(raw, values, read_as)
    unread = raw[values.isna() & text.notna()]
    return Dates(checked.days, unread, what, remedy, read_as) if len(unread) else checked


def _in_years(raw: pd.Series[Any], values: pd.Series[Any], read_as: str) -> Dates:
    """Set aside years that nobody means, such as 9999 or 1900."""
    year = values.dt.year
    odd = values.notna() & ((year < FIRST_YEAR) | (year > LAST_YEAR))
    what = "'{value}' is not a day of these times: a stand-in for none?"
    remedy = "Correct it, or list such values in the map under 'empty:' of this column."
    return Dates(values.mask(odd).astype("datetime64[ns]"), raw[odd], what, remedy, read_as)


def _read_quickly(text: pd.Series[Any], timezone: str) -> tuple[pd.Series[Any], str] | None:
    """Read ISO dates and times, all with or all without an offset; None if the column is anything else."""
    filled = text.notna()
    for pattern, kind in ((ISO_LOCAL, pa.timestamp("us")), (ISO_OFFSET, pa.timestamp("us", "UTC"))):
        if bool((matches(text, pattern) == filled).all()):
            try:
                days = pa.array(text).cast(kind)
            except pa.ArrowInvalid:  # a day that is not on the calendar
                return None
            read_as = "ISO dates" + (f", converted to {timezone}" if kind.tz else "")
            values = days.cast(pa.timestamp("us")).to_numpy(zero_copy_only=False)
            series = pd.Series(values, index=text.index)
            return _local(series.dt.tz_localize("UTC") if kind.tz else series, timezone), read_as
    return None


def _read_unique(
    cells: pd.Series[Any], sheet: Sheet, timezone: str, wanted: str | None
) -> tuple[pd.Series[Any], str, str, str]:
    if wanted is not None:
        days = pd.to_datetime(cells, format=wanted, errors="coerce", utc="%z" in wanted)
        return _local(days, timezone), wanted, f"'{{value}}' is not of the form {wanted}", _FORMAT
    iso = matches(cells, ISO)
    if len(cells) == 0 or 2 * iso.sum() >= len(cells):
        return _read_iso(cells, iso, timezone)
    if matches(cells, SERIAL).all():
        days = EXCEL_EPOCH + pd.to_timedelta(pd.to_numeric(cells), unit="D")
        return days.dt.round("s"), "day numbers of Excel", "", ""
    return _read_by_trying(cells, sheet)


_FORMAT = 'Correct the cells, or say in the map how dates are written, e.g. format: "%d/%m/%Y".'
_ORDER = (
    "'{value}' can be read with the day or the month first, and no other cell of the file decides it",
    'Say which in the map: format: "%m/%d/%Y" or format: "%d/%m/%Y".',
)


def _read_iso(
    cells: pd.Series[Any], iso: pd.Series[Any], timezone: str
) -> tuple[pd.Series[Any], str, str, str]:
    what = "'{value}' is not a date like the others of the column (2026-03-31)"
    readable = cells.where(iso)
    offset = matches(readable, OFFSET)
    if offset.any() and not offset[iso].all():
        readable = readable.where(offset)
        what = "'{value}' has no offset from UTC, as other cells of the column do"
    read_as = "ISO dates" + (f", converted to {timezone}" if offset.any() else "")
    days = pd.to_datetime(readable, format="ISO8601", errors="coerce", utc=bool(offset.any()))
    return _local(days, timezone), read_as, what, _FORMAT


def _read_by_trying(cells: pd.Series[Any], sheet: Sheet) -> tuple[pd.Series[Any], str, str, str]:
    head = cells.head(300)
    n_read = {f: int(_try(head, f).notna().sum()) for f in (day + time for day in DAYS for time in TIMES)}
    best = max(n_read.values())
    nothing = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    if 2 * best < len(head):
        return nothing, "", "'{value}' is not a date", _FORMAT
    formats = [f for f, n in n_read.items() if n == best]
    tried = {f: _try(cells, f) for f in formats}
    most = max(int(days.notna().sum()) for days in tried.values())
    tried = {f: days for f, days in tried.items() if int(days.notna().sum()) == most}
    if len(tried) > 1:
        month_first = _month_first(sheet)
        if month_first is None:
            return nothing, "", *_ORDER
        tried = {f: d for f, d in tried.items() if f.startswith("%m") == month_first} or tried
    form, days = next(iter(tried.items()))
    return days, form, f"'{{value}}' is not a date like the others of the column ({form})", _FORMAT


def _try(cells: pd.Series[Any], form: str) -> pd.Series[Any]:
    return pd.to_datetime(cells, format=form, errors="coerce")


def _month_first(sheet: Sheet) -> bool | None:
    """Return whether the dates of a file have the month first; None where nothing tells."""
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


def _local(days: pd.Series[Any], timezone: str) -> pd.Series[Any]:
    if getattr(days.dtype, "tz", None) is None:
        return days.astype("datetime64[us]")
    local: pd.Series[Any] = days.dt.tz_convert(timezone).dt.tz_localize(None).astype("datetime64[us]")
    return local
