"""Reports grouped by a column: its value stands once above or next to its rows, and totals stand between."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from simulator.history.importers.fields.cells import is_text
from simulator.history.importers.fields.words import folded, phrases
from simulator.history.importers.readers.sheet import Sheet

SPELLED = frozenset({*phrases("total"), "total général"})
"""Words of rows of totals in small letters; a million cells are compared without folding each."""
LONGEST = max(map(len, SPELLED)) + 2
LOOKED_AT = 4
"""Columns in which the word for a total may stand: a report has up to three levels of groups."""
NAMES_IDS = re.compile(r"(?<![^\W_])(?:id|guid|uuid)(?![^\W_])")
WORD = re.compile(r"[^\W\d_]{4,}")
MIN_COLUMNS, MOST_CLOSING = 4, 30
"""Columns from which a row of one cell is a remark; rows at the end that are looked at."""


def ungrouped(sheet: Sheet) -> tuple[Sheet, str]:
    """Return a sheet without the rows of totals, its groups filled downwards, and what was done in words.

    Groups are filled only where totals stand between the rows, or each value of the first column once:
    elsewhere an empty cell is an empty cell.
    """
    n_closing = _n_closing(sheet.frame)
    done = f", {n_closing} closing line{'s' if n_closing > 1 else ''} that are not rows left out"
    done = done if n_closing else ""
    frame, closing = sheet.frame.iloc[: len(sheet.frame) - n_closing], sheet.frame.tail(n_closing)
    remarks = [str(cell) for row in closing.itertuples(index=False) for cell in row if not _is_empty(cell)]
    sheet = replace(sheet, remarks=(*sheet.remarks, *remarks))
    again = _are_headings(frame)
    if again.any():
        done += f", the headings left out that stand again in {int(again.sum())} rows"
        frame = frame[~again]
    sheet = sheet.with_rows(frame)
    if frame.empty:
        return sheet, done
    while frame.shape[1] > MIN_COLUMNS and _empty(frame.iloc[:, 0]).all():
        frame = frame.iloc[:, 1:]
    totals = _rows_of_totals(frame)
    if totals.mean() > 0.5 or not (totals.any() or _stand_once(frame)):
        return sheet, done
    rows = frame[~totals].copy()
    filled = []
    for name in rows.columns:
        empty = _empty(rows[name])
        if not empty.any() or empty.iloc[0]:
            break
        rows[name] = rows[name].mask(empty).ffill()
        filled.append(str(name))
    if totals.any():
        done += f", {int(totals.sum())} rows of totals left out"
    if filled:
        done += f", {', '.join(filled)} filled down from the first row of each group"
    return sheet.with_rows(rows), done


def _rows_of_totals(frame: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows are totals: a word for it stands in front, and the row is not that of a deal."""
    totals = pd.Series(False, index=frame.index)
    for name in frame.columns[:LOOKED_AT]:
        totals |= _are_totals(frame[name])
    if totals.any():
        deals = [_has_words(row) for row in frame[totals].itertuples(index=False)]
        totals[totals] = ~np.array(deals, dtype=bool)
    return totals


def _has_words(row: tuple[Any, ...]) -> bool:
    """Return whether most cells of a row are filled and one holds a word, as a stage, that is no total."""
    filled = [str(cell) for cell in row if not _is_empty(cell)]
    worded = (cell for cell in filled if WORD.search(cell) and folded(cell).strip(" :") not in SPELLED)
    return 2 * len(filled) > len(row) and any(worded)


def _are_headings(frame: pd.DataFrame) -> pd.Series[bool]:
    """Return which rows repeat the headings: files that were put one below the other."""
    again = frame.iloc[:, 0] == str(frame.columns[0])
    for name in frame.columns[1:] if again.any() else ():
        again &= frame[name] == str(name)
    return again.fillna(False).astype(bool)


def _stand_once(frame: pd.DataFrame) -> bool:
    """Return whether the first column holds groups: each value once, above rows without any; ids are none."""
    first = frame.iloc[:, 0]
    if NAMES_IDS.search(folded(str(first.name))):
        return False
    empty = _empty(first)
    heads = first[~empty]
    return not empty.iloc[0] and len(heads) > 1 and 2 * len(heads) <= len(first) and heads.is_unique


def _n_closing(frame: pd.DataFrame) -> int:
    """Return how many rows at the end hold one cell only: remarks, a copyright, who made the report."""
    if frame.shape[1] < MIN_COLUMNS:
        return 0
    filled = ~frame.tail(MOST_CLOSING).map(_is_empty)
    remarks = (filled.sum(axis=1) == 1).to_numpy()[::-1]
    return int(np.argmin(remarks)) if not remarks.all() else 0


def _are_totals(cells: pd.Series[Any]) -> pd.Series[bool]:
    if is_text(cells):
        text = pa.array(cells)
        short = pc.and_(pc.less_equal(pc.utf8_length(text), LONGEST), pc.invert(pc.utf8_is_digit(text)))
        totals = np.zeros(len(cells), dtype=bool)
        at = np.flatnonzero(short.fill_null(False).to_numpy(zero_copy_only=False))
        totals[at] = cells.iloc[at].str.strip(" :").str.lower().isin(SPELLED)
        return pd.Series(totals, index=cells.index, dtype=bool)
    return cells.map(lambda cell: isinstance(cell, str) and folded(cell).rstrip(":") in SPELLED).astype(bool)


def _empty(cells: pd.Series[Any]) -> pd.Series[bool]:
    if is_text(cells):
        return cells.isna() | (cells.str.strip() == "")
    return cells.map(_is_empty).astype(bool)


def _is_empty(cell: Any) -> bool:
    return pd.isna(cell) or (isinstance(cell, str) and not cell.strip())
