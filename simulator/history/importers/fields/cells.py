"""Cells as text: what counts as empty, and how the values of typed files read as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulator.history.importers.fields.words import meaning
from simulator.history.importers.readers.sheet import plain
from simulator.history.parsing import clean_text

EMPTY = frozenset({"", "null", "nan", "nat", "#n/a", "<null>", r"\n"})
"""Cells that hold nothing, whatever the column."""
LONGEST_EMPTY = max(map(len, EMPTY))
EMPTY_NUMBERS = (
    EMPTY
    | {"na", "n/a", "-", "–", "none", "n.a.", "tbd", "tbc", "—", "?", "unknown", "unbekannt", "未定", "不明"}
    | {"k.a.", "k. a.", "n/d", "n.v.t.", "s/d", "nd"}
)
"""Cells that hold nothing where a date or a number is meant ("NA" may be a region)."""

FLAGS = {"yes": 1.0, "no": 0.0}


def as_text(raw: pd.Series[Any]) -> pd.Series[Any]:
    """Return cells as stripped text of dtype ``str``, empty cells as missing."""
    if is_text(raw):
        return _stripped(raw)
    if pd.api.types.is_datetime64_any_dtype(raw.dtype):
        text = raw.astype("str")
    else:
        text = clean_text(pd.Series([_cell_text(v) for v in raw.array], index=raw.index, dtype="str"))
    return text.mask(_is_one_of(text, EMPTY))


def _stripped(raw: pd.Series[Any]) -> pd.Series[Any]:
    """Return text without blanks around it; only short cells can be words for nothing."""
    text = pd.Series(pd.array(pc.utf8_trim_whitespace(pa.array(raw)), dtype="str"), index=raw.index)
    text = clean_text(text)
    short = pc.less_equal(pc.utf8_length(pa.array(text)), LONGEST_EMPTY).fill_null(False)
    at = np.flatnonzero(short.to_numpy(zero_copy_only=False))
    if not len(at):
        return text
    empty = np.zeros(len(text), dtype=bool)
    empty[at] = text.iloc[at].str.lower().isin(EMPTY)
    return text.mask(empty) if empty.any() else text


def blank(text: pd.Series[Any], words: Iterable[str]) -> pd.Series[Any]:
    """Return text with the given words, in whatever case, as missing."""
    return text.mask(_is_one_of(text, frozenset(plain(word) for word in words)))


def _is_one_of(text: pd.Series[Any], words: frozenset[str]) -> pd.Series[Any]:
    return text.str.lower().isin(words)


def map_unique(text: pd.Series[Any], function: Any) -> pd.Series[Any]:
    """Return a Python function of each distinct text, as an object column; missing stays missing."""
    codes, values = pd.factorize(text)
    results = np.empty(len(values) + 1, dtype=object)
    results[-1] = None
    for i, value in enumerate(values):
        results[i] = function(value)
    return pd.Series(results[codes], index=text.index, dtype=object)


def matches(text: pd.Series[Any], pattern: str) -> pd.Series[Any]:
    """Return whether each cell is of a pattern as a whole; no for missing cells."""
    hits = pc.match_substring_regex(pa.array(text, type=pa.large_string()), f"^(?:{pattern})$")
    return pd.Series(hits.fill_null(False).to_numpy(zero_copy_only=False), index=text.index)


def look_up(keys: pd.Series[Any], lookup: pd.Series[Any]) -> pd.Series[Any]:
    """Return the value of each key in a series with unique index, with its type; missing where unknown."""
    return lookup.reindex(pd.Index(keys)).set_axis(keys.index)


def is_text(series: pd.Series[Any]) -> bool:
    """Return whether a column is of pandas' text type."""
    return isinstance(series.dtype, pd.StringDtype)


def as_flags(text: pd.Series[Any]) -> tuple[pd.Series[Any], pd.Series[Any]]:
    """Return yes/no cells as float64 (1, 0, NaN where empty), and the cells that are neither."""
    flags = map_unique(text, lambda cell: FLAGS.get(meaning("flag", cell) or "")).astype("float64")
    return flags, text[flags.isna() & text.notna()]


def _cell_text(value: Any) -> str | None:
    if value is None or value is pd.NaT or (isinstance(value, float) and np.isnan(value)):
        return None
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating) and float(value).is_integer() and abs(float(value)) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat(sep=" ") if isinstance(value, dt.datetime) else value.isoformat()
    return str(value).strip()
