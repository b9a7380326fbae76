"""Amounts of money and counts as people type them: currency signs, thousands, decimal commas."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from simulator.history.importers.fields.cells import EMPTY_NUMBERS, as_text, blank, map_unique, matches

SIGNS = {"$": "$", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "us$": "USD", "c$": "CAD", "a$": "AUD"}
CODE = re.compile(r"\b([A-Z]{3})\b")
SIGN = re.compile(r"(?i)us\$|c\$|a\$|[$€£¥₹]")
SPACES = re.compile(r"[\s\u00a0\u202f'\u2019]")
SHAPES = {
    ".": re.compile(r"[+-]?(\d+|\d{1,3}(,\d{2,3})*,\d{3})(\.\d*)?|[+-]?\.\d+"),
    ",": re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{2,3})*\.\d{3})(,\d*)?|[+-]?,\d+"),
}
PLAIN = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d{1,3})?"
USUAL = r"[$€£]?-?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
USUAL_NOISE = r"[$€£,]"
THOUSANDS_POINT = re.compile(r"[+-]?\d{1,3}\.\d{3}")


@dataclass(frozen=True)
class Amounts:
    """A column of amounts as numbers, and the cells that are none.

    Parameters
    ----------
    numbers : Series of float64
        NaN where empty.
    bad : Series
        Cells that are not amounts.
    doubtful : Series
        Cells such as 1.200 that would be read as 1.2 and are more likely to mean 1200.
    currencies : frozenset of str
        Currency codes and signs seen in the cells.
    """

    numbers: pd.Series[Any]
    bad: pd.Series[Any]
    doubtful: pd.Series[Any]
    currencies: frozenset[str] = frozenset()


def read_amounts(raw: pd.Series[Any], decimal: Literal[".", ","] | None = None) -> Amounts:
    """Read a column of amounts; ``decimal`` is the decimal sign, a point unless said."""
    if pd.api.types.is_numeric_dtype(raw.dtype):
        numbers = raw.astype("float64")
        infinite = np.isinf(numbers)
        return Amounts(numbers.mask(infinite), raw[infinite], raw.iloc[:0])
    text = blank(as_text(raw), EMPTY_NUMBERS)
    values = pd.Series(np.nan, index=text.index, dtype="float64")
    currencies: set[str] = set()
    if decimal != ",":
        values = _plain_numbers(text)
        _read_usual(text, values, currencies)
    rest = text[values.isna() & text.notna()]
    if len(rest):
        read = map_unique(rest, lambda cell: _read_cell(cell, decimal or ".", currencies))
        values.loc[rest.index] = read.astype("float64").to_numpy()
    bad = rest[values.loc[rest.index].isna()]
    return Amounts(values, bad, _doubtful(text, decimal), frozenset(currencies))


def _plain_numbers(text: pd.Series[Any]) -> pd.Series[Any]:
    """Return the cells that are finite numbers as programs write them; the others are missing."""
    try:
        numbers = _numbers(text)
    except pa.ArrowInvalid:
        numbers = _numbers(text.where(matches(text, PLAIN)))
    return numbers.mask(~np.isfinite(numbers))


def _read_usual(text: pd.Series[Any], values: pd.Series[Any], currencies: set[str]) -> None:
    """Read cells such as $1,200.50 all at once; a million of them one by one would take long."""
    rest = text[values.isna() & text.notna()]
    usual = rest[matches(rest, USUAL)]
    if len(usual):
        signs = usual.str.slice(0, 1).unique()
        currencies |= {SIGNS[sign] for sign in signs if sign in SIGNS}
        values.loc[usual.index] = _numbers(usual.str.replace(USUAL_NOISE, "", regex=True))


def _numbers(text: pd.Series[Any]) -> pd.Series[Any]:
    numbers = pa.array(text).cast(pa.float64()).to_numpy(zero_copy_only=False)
    return pd.Series(numbers, index=text.index)


def _read_cell(cell: str, decimal: str, currencies: set[str]) -> float | None:
    """Return the amount in one cell, or None; note the currency it names."""
    text = cell
    code, sign = CODE.search(text), SIGN.search(text)
    if code is not None:
        text = text.replace(code.group(1), "", 1)
    if sign is not None:
        text = text.replace(sign.group(0), "", 1)
    text = SPACES.sub("", text)
    negative = text.startswith("(") and text.endswith(")")
    text = text.strip("()") if negative else text
    if text.endswith("-") and len(text) > 1:
        text, negative = text[:-1], True
    if not SHAPES[decimal].fullmatch(text):
        return None
    if code is not None:
        currencies.add(code.group(1))
    elif sign is not None:
        currencies.add(SIGNS[sign.group(0).lower()])
    thousands = "," if decimal == "." else "."
    number = float(text.replace(thousands, "").replace(decimal, "."))
    return -number if negative else number


def _doubtful(text: pd.Series[Any], decimal: str | None) -> pd.Series[Any]:
    """Return the cells with a point and three digits after it, where all cells with a point are such."""
    if decimal is not None:
        return text.iloc[:0]
    pointed = text[text.str.contains(".", regex=False).fillna(False).astype(bool)]
    head = pointed.head(1000)
    alike = head.map(lambda cell: THOUSANDS_POINT.fullmatch(str(cell)) is not None)
    return pointed if len(head) > 1 and bool(alike.all()) else text.iloc[:0]
