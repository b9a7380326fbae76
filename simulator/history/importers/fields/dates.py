"""Dates as people and programs write them; one column has one format, and it is found out or said."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from simulator.history.importers.fields.cells import (
    EMPTY_NUMBERS,
    as_text,
    blank,
    is_text,
    map_unique,
    matches,
)
from simulator.history.importers.fields.day_order import FORMAT, ISO, PARTS, Read, both_orders, read_days
from simulator.history.importers.fields.named_days import day_of_period, iso_day
from simulator.history.importers.fields.times import halves, offsets, split_times, time_of_day
from simulator.history.importers.readers.sheet import Sheet

ISO_LOCAL = r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?)?"
ISO_OFFSET = r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?(?:Z|[+-]\d{2}:?\d{2})"
OFFSET = r".*[T ]\d{2}:\d{2}.*(?:Z|[+-]\d{2}:\d{2})"
SERIAL = r"[2-7]\d{4}(?:\.\d+)?"
EPOCHS = {"s": r"\d{9,10}(?:\.\d+)?", "ms": r"\d{12,13}(?:\.0*)?", "us": r"\d{15,16}", "ns": r"\d{18,19}"}
"""Seconds since 1970 and their parts; in columns of dates nine and more digits can be nothing else."""
NO_DAY = (
    r"0|0000-00-00.*|1900-0[01]-0[01][T ]00:00:00.*|1900-01-00.*|(?:0?[01][/.]){2}(?:1900|0000)(?: .*)?"
    r"|00[/.-]00[/.-]0000.*"
)
"""What databases and spreadsheets write where there is no day."""
NUMBERED = {"excel": "D", "excel_1904": "D1904", "seconds": "s", "milliseconds": "ms"}
PERIODS = {"first_day": False, "last_day": True}
"""Formats that a map may name although strptime has no sign for them: numbers, and the day of a month."""
BUDDHIST = 543
"""Years by which the calendar of Thailand is ahead."""
COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})T?(\d{2})(\d{2})(\d{2})?(Z|[+-]\d{2}:?\d{2})?")
FIRST_YEAR, LAST_YEAR = 1980, 2100
EPOCHS_OF_EXCEL = {"D": pd.Timestamp("1899-12-30"), "D1904": pd.Timestamp("1904-01-01")}
EXCEL_DAYS = "day numbers of Excel"
_NO_OFFSET = "'{value}' has no offset from UTC, as other cells of the column do"


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
        The file: another column of it may say whether the day or the month comes first.
    timezone : str
        Times that carry an offset are converted to it.
    form : str or None
        strptime format, or one of NUMBERED or PERIODS; found out if None.
    empty : tuple of str
        Further words that stand for no date.
    """
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        return _in_years(raw, _local(raw, timezone), "dates of the file")
    plain = form is None and is_text(raw) and not empty
    if plain and (quick := _read_quickly(raw.mask(raw == ""), timezone)) is not None:
        return _in_years(raw, *quick)
    text = blank(as_text(raw), EMPTY_NUMBERS | set(empty))
    text = text.mask(matches(text, NO_DAY))
    if form is None and (quick := _read_quickly(text, timezone)) is not None:
        return _in_years(raw, *quick)
    codes, unique = pd.factorize(text)
    cells = pd.Series(unique, dtype="str")
    read = _read_unique(cells if form else cells.map(_usual).astype("str"), sheet, timezone, form)
    all_days = np.append(read.days.to_numpy(dtype="datetime64[us]"), np.datetime64("NaT", "us"))
    values = pd.Series(all_days[codes], index=raw.index)
    checked = _in_years(raw, values, read.read_as)
    unread = raw[values.isna() & text.notna()]
    return Dates(checked.days, unread, read.what, read.remedy, read.read_as) if len(unread) else checked


def _in_years(raw: pd.Series[Any], values: pd.Series[Any], read_as: str) -> Dates:
    """Set aside years that nobody means, such as 9999 or 1900."""
    year = values.dt.year
    filled = values.notna()
    if filled.any() and bool(year[filled].between(FIRST_YEAR + BUDDHIST, LAST_YEAR + BUDDHIST).all()):
        values, read_as = values - pd.DateOffset(years=BUDDHIST), f"{read_as}, of the Buddhist era"
        year = values.dt.year
    odd = filled & ((year < FIRST_YEAR) | (year > LAST_YEAR))
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


def _usual(cell: str) -> str:
    """Return a cell with usual digits, without the marks that programs put around a date."""
    text = str(cell)
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)
    text = re.sub(r"^(\d{1,2})\.\s(\d{1,2})\.\s(?=\d{2,4}\b)", r"\1.\2.", text)
    text = re.sub(r"^['\u2018\u2019]|(?<=\d)\s*\([^()]*\)$", "", text)  # GMT+0100 (Central European Time)
    if COMPACT.fullmatch(text) and len(text) != 13:  # 13 digits are milliseconds
        return COMPACT.sub(lambda m: f"{m[1]}-{m[2]}-{m[3]} {m[4]}:{m[5]}:{m[6] or '00'}{m[7] or ''}", text)
    return re.sub(r"^(\d{5}),(\d+)$", r"\1.\2", text)  # a day of Excel with a decimal comma


def _read_unique(cells: pd.Series[Any], sheet: Sheet, timezone: str, wanted: str | None) -> Read:
    if wanted in PERIODS:
        days = pd.to_datetime(
            cells.map(lambda c: day_of_period(str(c), last=PERIODS[wanted]), na_action="ignore")
        )
        what = "'{value}' is no month or quarter such as 2024-03, Mar 2024 or Q1 2024"
        return Read(days.astype("datetime64[us]"), f"{wanted.replace('_', ' ')} of the period", what, FORMAT)
    if wanted in NUMBERED:
        return _read_numbers(cells.where(matches(cells, r"-?\d+(?:\.\d+)?")), NUMBERED[wanted], timezone)
    if wanted is not None:
        return _read_as_said(cells, wanted, timezone)
    iso = matches(cells, ISO)
    if len(cells) == 0 or 2 * iso.sum() >= len(cells):
        return _read_iso(cells, iso, timezone)
    for unit, pattern in {"D": SERIAL, **EPOCHS}.items():
        if matches(cells, pattern).all():
            return _read_numbers(cells, "D1904" if unit == "D" and sheet.from_1904 else unit, timezone)
    return _read_parts(cells, sheet, timezone)


def _read_as_said(cells: pd.Series[Any], wanted: str, timezone: str) -> Read:
    """Read cells of the form that a map names; one without a clock also reads days that have a time."""
    clock = any(sign in wanted for sign in ("%H", "%I", "%X", "%c", "%T", "%z"))
    parts = None if clock else split_times(cells)
    text = cells if parts is None else parts["day"].where(cells.notna())
    days = _local(pd.to_datetime(text, format=wanted, errors="coerce", utc="%z" in wanted), timezone)
    if parts is not None and parts["hour"].notna().any():
        timed, zoned = days + time_of_day(parts), parts["zone"].notna()
        days = timed.where(~zoned, _local((timed - offsets(parts["zone"])).dt.tz_localize("UTC"), timezone))
    return Read(days, wanted, f"'{{value}}' is not of the form {wanted}", FORMAT)


def _read_numbers(cells: pd.Series[Any], unit: str, timezone: str) -> Read:
    what, numbers = "'{value}' is not such a number", pd.to_numeric(cells)
    if unit in EPOCHS_OF_EXCEL:
        days = (EPOCHS_OF_EXCEL[unit] + pd.to_timedelta(numbers, unit="D")).dt.round("s")
        read_as = EXCEL_DAYS + (" from 1904" if unit == "D1904" else "")
        return Read(days.astype("datetime64[us]"), read_as, what, FORMAT)
    scale = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}[unit]
    micro = (numbers.astype("float64") * scale).round()
    days = pd.Series(pd.NaT, index=cells.index, dtype="datetime64[us]")
    days[micro.notna()] = micro[micro.notna()].astype("int64").to_numpy().astype("datetime64[us]")
    names = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
    read_as = f"{names[unit]} since 1970, converted to {timezone}"
    return Read(_local(days.dt.tz_localize("UTC"), timezone), read_as, what, FORMAT)


def _read_iso(cells: pd.Series[Any], iso: pd.Series[Any], timezone: str) -> Read:
    what = "'{value}' is not a date like the others of the column (2026-03-31)"
    readable = cells.where(iso).str.replace(r"\s?(?:UTC|GMT)$", "Z", regex=True)
    readable = readable.str.replace(r"(:\d{2}(?:\.\d+)?)\s?([+-]\d{2})$", r"\1\2:00", regex=True)
    readable = readable.str.replace(r"(:\d{2}(?:\.\d+)?)\s?([+-]\d{2})(\d{2})$", r"\1\2:\3", regex=True)
    offset = matches(readable, OFFSET)
    if offset.any() and not offset[iso].all():
        readable = readable.where(offset)
        what = _NO_OFFSET
    read_as = "ISO dates" + (f", converted to {timezone}" if offset.any() else "")
    days = pd.to_datetime(readable, format="ISO8601", errors="coerce", utc=bool(offset.any()))
    turned = cells[~iso & cells.map(lambda cell: PARTS.match(str(cell)) is not None)]
    if len(turned):
        return Read(_local(days, timezone), read_as, *both_orders("day", "year"))
    return Read(_local(days, timezone), read_as, what, FORMAT)


def _read_parts(cells: pd.Series[Any], sheet: Sheet, timezone: str) -> Read:
    """Read cells as a day and, perhaps, a time of day: the days by trying, the times by their marks."""
    parts = split_times(cells)
    read = read_days(_named_months(parts["day"].where(cells.notna())), sheet)
    timed = parts["hour"].notna()
    if not timed.any():
        return read
    days = read.days + time_of_day(parts)
    read_as = f"{read.read_as} with the time" + (" (12 hours)" if halves(parts).notna().any() else "")
    zoned = parts["zone"].notna()
    if zoned.any():
        days = _local((days - offsets(parts["zone"])).where(zoned).dt.tz_localize("UTC"), timezone)
        what = read.what if zoned[timed].all() else _NO_OFFSET
        return Read(days, f"{read_as}, converted to {timezone}", what, read.remedy)
    return Read(days, read_as, read.what, read.remedy)


def _named_months(days: pd.Series[Any]) -> pd.Series[Any]:
    """Return days whose month is a word, in any of a dozen languages, as ISO dates."""
    return map_unique(days, lambda cell: iso_day(cell) or cell).astype("str")


def _local(days: pd.Series[Any], timezone: str) -> pd.Series[Any]:
    if getattr(days.dtype, "tz", None) is None:
        return days.astype("datetime64[us]")
    local: pd.Series[Any] = days.dt.tz_convert(timezone).dt.tz_localize(None).astype("datetime64[us]")
    return local
