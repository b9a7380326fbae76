"""Text into dates and numbers, with the cells that are neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulator.arrays import Mask

ISO_TIME = r"^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}(?::\d{2}(?::\d{2}(?:\.\d{1,9})?)?)?(?: ?Z|[+-]\d{2}:?\d{2})?)?$"
ISO_MONTH = r"^\d{4}-\d{2}$"
NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
FIRST_YEAR, LAST_YEAR = 1900, 2199
MAX_NUMBER = 1e15
TEXT = pd.StringDtype(na_value=np.nan)


@dataclass(frozen=True)
class Parsed:
    """Values of one column, and masks of the cells at fault by what is wrong with them."""

    cells: pd.Series
    faults: dict[str, Mask]


def parse_dates(values: pd.Series, *, month: bool = False, to_day: bool = True) -> Parsed:
    """Parse a column of ISO dates; times with an offset are moved to UTC.

    Parameters
    ----------
    values : Series
        Text or datetimes of any unit.
    month : bool
        Accept ``2026-03`` too and return the first of the month.
    to_day : bool
        Cut the time of day.
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        stamps, unreadable = values.to_numpy(), np.zeros(len(values), dtype=bool)
    else:
        stamps, unreadable = _parse_text_dates(values, month=month)
    years = stamps.astype("datetime64[Y]").astype(np.int64) + 1970
    far = ~np.isnat(stamps) & ((years < FIRST_YEAR) | (years > LAST_YEAR))
    # Years outside the bounds overflow at nanoseconds.
    stamps = np.where(far, np.datetime64("NaT"), stamps)
    if month:
        stamps = stamps.astype("datetime64[M]")
    elif to_day:
        stamps = stamps.astype("datetime64[D]")
    found = pd.Series(stamps.astype("datetime64[ns]"), index=values.index)
    return Parsed(
        found, {"is not a date such as 2026-03-01": unreadable, "is out of any plausible year": far}
    )


def _parse_text_dates(values: pd.Series, *, month: bool) -> tuple[npt.NDArray[np.datetime64], Mask]:
    text = pa.array(values.astype(TEXT), type=pa.large_string(), from_pandas=True)
    try:
        # Fails at the first cell that is no plain ISO date; then every distinct cell is looked at by itself.
        stamps = pc.cast(text, pa.timestamp("ns")).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid:
        return _parse_odd_dates(values, month=month)
    return stamps, np.zeros(len(values), dtype=bool)


def _parse_odd_dates(values: pd.Series, *, month: bool) -> tuple[npt.NDArray[np.datetime64], Mask]:
    codes, distinct = pd.factorize(values)
    text = pd.Series(distinct, dtype=TEXT)
    if month:
        text = text.where(~text.str.match(ISO_MONTH), text + "-01")
    text = text.where(text.str.match(ISO_TIME))
    stamps = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True).dt.tz_localize(None)
    found = np.append(stamps.to_numpy().astype("datetime64[ns]"), np.datetime64("NaT"))
    spread = found[codes]
    return spread, np.isnat(spread) & (codes >= 0)


def parse_numbers(values: pd.Series, *, signed: bool) -> Parsed:
    """Parse a column of plain numbers: a point for decimals, no separators, no currency signs."""
    if pd.api.types.is_bool_dtype(values.dtype):
        return Parsed(
            values.astype("float64"), {"is a truth value, not a number": np.ones(len(values), dtype=bool)}
        )
    if pd.api.types.is_numeric_dtype(values.dtype):
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        unreadable = np.zeros(len(values), dtype=bool)
    else:
        text = pa.array(values.astype(TEXT), type=pa.large_string(), from_pandas=True)
        readable = pc.match_substring_regex(text, NUMBER)
        digits = pc.utf8_ltrim(pc.if_else(readable, text, None), "+")
        numbers = np.array(pc.cast(digits, pa.float64()).to_numpy(zero_copy_only=False))
        unreadable = np.isnan(numbers) & values.notna().to_numpy()
    with np.errstate(invalid="ignore"):
        large, negative = np.abs(numbers) > MAX_NUMBER, numbers < 0
    faults = {"is not a plain number": unreadable, "is implausibly large": large}
    if not signed:
        faults["is negative"] = negative & ~large
    return Parsed(pd.Series(numbers, index=values.index), faults)


STEERING = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]"
"""Control characters, which XML does not allow either, and those that turn the direction of writing round."""


def clean_text(text: pd.Series[Any]) -> pd.Series[Any]:
    """Return text with ``?`` for each such character; tabs and new lines stay, the latter as one kind."""
    if pc.all(pc.ascii_is_printable(pa.array(text, from_pandas=True))).as_py() is not False:
        return text  # as almost all columns are; to look for each odd character takes long
    odd = text.str.contains(STEERING, na=False)
    if not odd.any():
        return text
    cleaned = text.str.replace("\r\n?", "\n", regex=True).str.replace(STEERING, "?", regex=True)
    return text.where(~odd, cleaned)
