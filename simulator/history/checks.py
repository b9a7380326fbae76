"""Giving the cells of a table their types, and saying what is wrong with them, all at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Mask
from simulator.errors import Fault, closest, few
from simulator.history.parsing import TEXT, Parsed, clean_text, parse_dates, parse_numbers
from simulator.history.reading import Cells
from simulator.history.tables import TABLES, Column, empty_table

MAX_FAULTS = 20
MAX_CELLS = 5
MAY_BE_EMPTY = {("opportunities", "amount"), ("reps", "segment")}
UNKNOWN_SEGMENT = "unknown"

KEYS: dict[str, tuple[str, ...]] = {
    "opportunities": ("opportunity_id",),
    "stages": ("stage", "valid_from"),
    "customers": ("customer_id",),
    "reps": ("rep_id",),
    "leads": ("month", "segment", "source"),
    "calls": ("rep_id", "period", "as_of"),
    "assignments": ("customer_id", "role", "person", "from"),
}
"""Columns that together name a row; stage_changes and arr_changes may repeat."""

REMEDIES = {
    "date": "Write the date as 2026-03-01 (year-month-day), or leave the cell empty.",
    "time": "Write the time as 2026-03-01 or 2026-03-01 14:05:00.",
    "month": "Write the month as 2026-03 or 2026-03-01.",
    "money": "Write a number such as 1200.50: a point for decimals, no thousands separators, no currency.",
    "count": "Write a number such as 12.",
}


@dataclass(frozen=True)
class Typed:
    """A table with all its columns and types, what is wrong with it, and what the reader should know."""

    table: pd.DataFrame
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def limited(where: str, faults: list[Fault]) -> list[Fault]:
    """Return the first faults of a file, and how many more there are."""
    return few(faults[:MAX_FAULTS], len(faults), where, "faults", "Fix these first.")


def near(name: object, known: Iterable[str]) -> str:
    """Return a question such as "Did you mean 'won'?", empty where nothing is near."""
    found = closest(name, known)
    return f"Did you mean '{found}'?" if found else ""


def typed_table(name: str, cells: Cells) -> Typed:
    """Give the cells of the table ``name`` their types.

    Returns
    -------
    Typed
        The table (faulty cells are missing in it), its faults by row, and notes on columns left out and
        segments filled in.
    """
    columns = TABLES[name]
    faults = [*cells.faults, *_missing_columns(columns, cells)]
    notes = _unknown_columns(columns, cells)
    typed: dict[str, pd.Series] = {}
    blank = empty_table(name)
    for column in columns:
        if column.name not in cells.frame:
            typed[column.name] = pd.Series(np.nan, index=cells.frame.index).astype(blank[column.name].dtype)
            continue
        raw = cells.frame[column.name]
        parsed = _parsed(column, raw)
        typed[column.name] = parsed.cells
        for what, mask in parsed.faults.items():
            if mask.any():
                faults += _cell_faults(cells, column, what, mask, _remedy(column, raw, mask))
    table = pd.DataFrame(typed, index=cells.frame.index)
    notes += _fill_segments(name, table, cells)
    faults += _empty_cells(name, columns, table, cells)
    faults += _doubles(name, table, cells)
    return Typed(table, tuple(limited(cells.where, faults)), tuple(notes))


def _missing_columns(columns: tuple[Column, ...], cells: Cells) -> list[Fault]:
    known = {column.name for column in columns}
    spare = [str(name) for name in cells.frame.columns if name not in known]
    return [
        Fault(
            f"{cells.where}, row 1",
            f"column '{column.name}' ({column.meaning}) is missing",
            near(column.name, spare) or f"The columns are: {', '.join(map(str, cells.frame.columns))[:300]}.",
        )
        for column in columns
        if column.required and column.name not in cells.frame
    ]


def _unknown_columns(columns: tuple[Column, ...], cells: Cells) -> list[str]:
    known = [column.name for column in columns]
    spare = [str(name) for name in cells.frame.columns if name not in known]
    absent = [name for name in known if name not in cells.frame]
    shown = [f"'{name}'" + (f" ({near(name, absent)})" if near(name, absent) else "") for name in spare]
    return [f"{cells.where}: unknown columns are left out: {', '.join(shown)}."] if shown else []


def _parsed(column: Column, raw: pd.Series) -> Parsed:
    if column.kind in ("date", "time", "month"):
        if pd.api.types.is_numeric_dtype(raw.dtype):
            return _no_values(column, raw, "is a number, not a date")
        return parse_dates(raw, month=column.kind == "month", to_day=column.kind == "date")
    if column.kind in ("money", "count"):
        if pd.api.types.is_datetime64_any_dtype(raw.dtype):
            return _no_values(column, raw, "is a date, not a number")
        return parse_numbers(raw, signed=column.signed)
    text = _as_text(raw)
    allowed = column.values  # noqa: PD011
    wrong = text.notna() & ~text.isin(allowed) if allowed else pd.Series(False, index=text.index)
    return Parsed(text, {"is not one of its values": wrong.to_numpy(dtype=bool)})


def _no_values(column: Column, raw: pd.Series, what: str) -> Parsed:
    dtype = "datetime64[ns]" if column.kind in ("date", "time", "month") else "float64"
    return Parsed(pd.Series(index=raw.index, dtype=np.dtype(dtype)), {what: raw.notna().to_numpy()})


def _as_text(raw: pd.Series) -> pd.Series:
    """Return text; whole numbers lose the ``.0`` that a missing value among them brings."""
    if pd.api.types.is_float_dtype(raw.dtype) and (raw.dropna() % 1 == 0).all():
        return _as_text(raw.astype("Int64"))
    return clean_text(raw.astype(TEXT).where(raw.notna()))


def _remedy(column: Column, raw: pd.Series, mask: Mask) -> str:
    if allowed := column.values:  # noqa: PD011
        first = raw[mask].iloc[0] if mask.any() else ""
        return f"{near(first, allowed)} The values are: {', '.join(allowed)}.".strip()
    return REMEDIES.get(column.kind, "")


def _cell_faults(cells: Cells, column: Column, what: str, mask: Mask, remedy: str) -> list[Fault]:
    """Return a fault for the first few cells of one column with one fault, and one for all the others."""
    at = np.flatnonzero(mask)
    values = cells.frame[column.name]
    faults = [
        Fault(
            f"{cells.where}, row {cells.rows[i]}",
            f"{column.name} '{str(values.iloc[i])[:60]}' {what}",
            remedy,
        )
        for i in at[:MAX_CELLS]
    ]
    last = f"The last of them is row {cells.rows[at[-1]]}."
    return few(faults, len(at), cells.where, f"rows whose {column.name} {what}", last)


def _fill_segments(name: str, table: pd.DataFrame, cells: Cells) -> list[str]:
    """Put what has no segment into one of its own, so that every amount stays in some segment."""
    if name not in ("opportunities", "customers", "leads") or "segment" not in cells.frame:
        return []
    missing = int(table["segment"].isna().sum())
    if not missing:
        return []
    table["segment"] = table["segment"].fillna(UNKNOWN_SEGMENT)
    return [f"{cells.where}: {missing:,} rows without a segment are kept as segment '{UNKNOWN_SEGMENT}'."]


def _empty_cells(name: str, columns: tuple[Column, ...], table: pd.DataFrame, cells: Cells) -> list[Fault]:
    faults: list[Fault] = []
    for column in columns:
        if not column.required or column.name not in cells.frame or (name, column.name) in MAY_BE_EMPTY:
            continue
        empty = (table[column.name].isna() & cells.frame[column.name].isna()).to_numpy()
        shown = [
            Fault(f"{cells.where}, row {row}", f"{column.name} ({column.meaning}) is empty", "Fill it in.")
            for row in cells.rows[empty][:MAX_CELLS]
        ]
        faults += few(shown, int(empty.sum()), cells.where, f"rows without {column.name}")
    return faults


def _doubles(name: str, table: pd.DataFrame, cells: Cells) -> list[Fault]:
    """Return the rows that share a name that must be unique."""
    key = list(KEYS.get(name, ()))
    if not key or not set(key) <= {*cells.frame.columns, "valid_from"}:
        return []
    table = table.reset_index(drop=True)
    table = table[table[key[0]].notna()]
    doubled = table.duplicated(key, keep=False).to_numpy()
    if not doubled.any():
        return []
    rows = pd.Series(cells.rows[table.index[doubled]])
    groups = list(rows.groupby([table[k][doubled].to_numpy() for k in key], dropna=False))
    faults = [
        Fault(
            f"{cells.where}, rows {', '.join(str(row) for row in group[:4])}",
            f"{' and '.join(key)} '{_key_text(value)}' is there {len(group)} times",
            "Keep one of them.",
        )
        for value, group in groups[:MAX_CELLS]
    ]
    return few(faults, len(groups), cells.where, f"{' and '.join(key)} that repeat")


def _key_text(value: object) -> str:
    parts = value if isinstance(value, tuple) else (value,)
    shown = [part.date().isoformat() if isinstance(part, pd.Timestamp) else part for part in parts]
    return ", ".join(str(part) for part in shown if not pd.isna(part))
