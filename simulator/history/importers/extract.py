"""One of our tables, taken out of the files that the map names for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.errors import InputError
from simulator.history.importers.balances import by_month
from simulator.history.importers.columns import ColumnReader, empty_column
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.import_log import ImportLog, files_in, listed
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.files import Score, read_file
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.roles import REQUIRED, ROLES
from simulator.history.importers.rows import drop_rows, join_columns, reason_of
from simulator.history.importers.specs import (
    BalancesSpec,
    ColumnSpec,
    DropRule,
    FileSpec,
    StageDatesSpec,
    TableSpec,
)

WITH_IDS = ("opportunities", "stage_changes", "field_changes", "stage_dates", "events", "snapshots")
MANY_NAMELESS = 0.2
MONEY_PAID = ("subscriptions", "arr_changes", "balances")
OVERLAP = 0.9
"""Share of the balances of a month in two files that are the same, from which the files overlap."""


class Files:
    """The files of an import, each read once."""

    def __init__(self, paths: dict[str, Path], specs: dict[str, FileSpec], log: ImportLog) -> None:
        self.paths = paths
        self.specs = specs
        self.log = log
        self.sheets: dict[str, Sheet] = {}

    def sheet(self, name: str) -> Sheet | None:
        """Return the rows of the file that the map calls ``name``; a fault and None if it cannot be read."""
        if name not in self.sheets:
            sheets = self._read(name)
            if len(sheets) > 1:
                titles = [sheet.title for sheet in sheets]
                specs = ", ".join(f"{title!r}: {{path: {name}, sheet: {title!r}}}" for title in titles)
                what = f"has {len(titles)} sheets with the same headings: {listed(titles)}"
                remedy = f"Name them in the map: files: {{{specs}}}, and file: {titles!r} of the table."
                self.log.fault(name, what, remedy)
            if len(sheets) != 1:
                return None
            self.sheets[name] = sheets[0]
        return self.sheets[name]

    def all_sheets(self, name: str, score: Score) -> dict[str, Sheet]:
        """Return the sheets of a file by the names under which a map can call each of them."""
        sheets = self._read(name, score)
        path = self.paths[name]
        named = {sheet.file if len(sheets) > 1 else name: sheet for sheet in sheets}
        for label, sheet in named.items():
            self.sheets[label] = sheet
            if label != name or sheet.others:
                self.specs = {**self.specs, label: FileSpec(path=name, sheet=sheet.title)}
                self.paths[label] = path
        return named

    def _read(self, name: str, score: Score = len) -> list[Sheet]:
        try:
            return read_file(self.paths[name], self.specs.get(name, FileSpec(path=name)), self.log, score)
        except InputError as error:
            for fault in error.faults:
                self.log.fault(fault.where, fault.what, fault.remedy)
            return []


def extract(role: str, spec: TableSpec, mapping: Mapping, files: Files) -> pd.DataFrame:
    """Return a table with all columns of its role, typed.

    The columns ``file`` and ``row`` say where each row was read.
    """
    parts = [
        part for name in spec.file if (part := _extract_one(role, spec, name, mapping, files)) is not None
    ]
    if not parts:
        nothing = pd.RangeIndex(0)
        frame = pd.DataFrame({name: empty_column(kind, nothing) for name, kind in ROLES[role].items()})
        return frame.assign(file=pd.Series(dtype="str"), row=pd.Series(dtype="int64"))
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    return _once(role, pd.concat(parts, ignore_index=True), spec, files.log)


def _once(role: str, rows: pd.DataFrame, spec: TableSpec, log: ImportLog) -> pd.DataFrame:
    """Apply the rules of rows that are there twice to all files together."""
    for i, rule in enumerate(rule for rule in spec.drop if rule.duplicates is not None):
        again = rows.duplicated(f"key {i}", keep=rule.keep) & rows[f"key {i}"].notna()
        log.drop(role, files_in(rows), reason_of(rule), int(again.sum()))
        rows = rows[~again]
    if role in MONEY_PAID:
        rows = _without_overlap(role, rows, log)
    return rows.drop(columns=[name for name in rows if str(name).startswith("key ")]).reset_index(drop=True)


def _without_overlap(role: str, rows: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Leave out rows of revenue that stand in an earlier file too: exports that overlap.

    Balances of a month that are not the same in both files are parts, and added up.
    """
    content = [name for name in rows if name not in ("file", "row") and not str(name).startswith("key ")]
    nth = rows.groupby(["file", *content], dropna=False, observed=True).cumcount()
    again = rows.assign(nth=nth).duplicated([*content, "nth"])
    if role == "balances":
        of_file = rows[rows["arr"] != 0].groupby(["customer_id", "month"])["file"]
        shared = rows["arr"].ne(0) & of_file.transform("nunique").reindex(rows.index).gt(1)
        if 2 * again[shared].sum() < OVERLAP * shared.sum():
            return rows
    counted = again & rows["arr"].ne(0) if "arr" in rows else again
    log.drop(role, files_in(rows), "the same row in another file", int(counted.sum()))
    return rows[~again]


def _extract_one(
    role: str, spec: TableSpec, name: str, mapping: Mapping, files: Files
) -> pd.DataFrame | None:
    sheet = files.sheet(name)
    if sheet is None:
        return None
    for rule in spec.join:
        other = files.sheet(rule.file)
        if other is None:
            return None
        sheet = join_columns(sheet, rule, other, files.log)
    sheet = _without_nameless(role, spec, sheet, files.log)
    rules = tuple(_in_our_words(rule, spec, sheet) for rule in spec.drop)
    sheet = drop_rows(sheet, role, rules, files.log)
    reader = ColumnReader(role, sheet, mapping, files.log)
    columns = {
        column: reader.read(column, kind, spec.columns[column])
        if column in spec.columns and not _only_elsewhere(role, column, spec, sheet, files.log)
        else empty_column(kind, sheet.frame.index)
        for column, kind in ROLES[role].items()
    }
    if reader.currency is not None and "currency" in columns:
        columns["currency"] = columns["currency"].fillna(reader.currency)
    frame = pd.DataFrame(columns, index=sheet.frame.index)
    file = pd.Categorical.from_codes(np.zeros(len(frame), dtype=np.int8), pd.Index([sheet.file]))
    frame = frame.assign(file=file, row=sheet.frame.index)
    if len(spec.file) > 1:
        frame = frame.assign(**_duplicate_keys(rules, sheet))
    if isinstance(spec, BalancesSpec) and spec.months:
        return by_month(frame, sheet, spec, mapping, files.log)
    return _by_stage(frame, spec, reader) if isinstance(spec, StageDatesSpec) else frame


def _without_nameless(role: str, spec: TableSpec, sheet: Sheet, log: ImportLog) -> Sheet:
    """Leave out rows without the id of a deal before their other cells are read: totals, units, remarks."""
    column = spec.columns.get("opportunity_id") if role in WITH_IDS else None
    heading = sheet.find(column.column) if column is not None and column.column is not None else None
    if heading is None or sheet.formulas.get(heading):
        return sheet
    nameless = as_text(sheet.frame[heading]).isna()
    if not nameless.any():
        return sheet
    n, row = int(nameless.sum()), sheet.frame.index[nameless][0]
    meant = any(rule.column is not None and sheet.find(rule.column) == heading for rule in spec.drop)
    if n > MANY_NAMELESS * len(sheet.frame) and n > 1 and not meant:
        what = f"{n:,} of {len(sheet.frame):,} rows have no '{heading}', such as row {row}: a grouped report?"
        drop = f"tables: {{{role}: {{drop: {{{heading!r}: empty}}}}}}"
        remedy = f"Export it with 'Details Only', or leave them out in a map: {drop}"
        log.fault(sheet.file, what, remedy)
    log.drop(role, sheet.file, "no id of the deal", n, f"row {row}")
    ends = pd.concat([sheet.frame[nameless].head(3), sheet.frame[nameless].tail(8)])  # a row of units
    words = [str(cell) for line in ends.itertuples(index=False) for cell in line if isinstance(cell, str)]
    return replace(sheet.with_rows(sheet.frame[~nameless]), remarks=(*sheet.remarks, *filter(None, words)))


def _in_our_words(rule: DropRule, spec: TableSpec, sheet: Sheet) -> DropRule:
    """Return a rule about a heading; it may also be said by the column of ours that the heading fills."""

    def theirs(name: str) -> tuple[str, ...]:
        ours = spec.columns.get(name) if sheet.find(name) is None else None
        return (ours.headings() if ours is not None else ()) or (name,)

    if rule.column is not None:
        return rule.model_copy(update={"column": theirs(rule.column)[0]})
    headings = tuple(heading for name in rule.duplicates or () for heading in theirs(name))
    return rule.model_copy(update={"duplicates": headings})


def _only_elsewhere(role: str, column: str, spec: TableSpec, sheet: Sheet, log: ImportLog) -> bool:
    """Return whether other files of the table have a column that this one can do without."""
    headings = spec.columns[column].headings()
    needed = column in REQUIRED[role] or column in ("amount", "stage", "created_date", "month", "arr")
    if len(spec.file) == 1 or needed or not headings or any(sheet.find(h) for h in headings):
        return False
    log.note(f"{sheet.file} has no column '{headings[0]}': {column} is empty for its rows.")
    return True


def _duplicate_keys(rules: tuple[DropRule, ...], sheet: Sheet) -> dict[str, pd.Series[Any]]:
    """Return a key for each rule of rows that are there twice, to compare across files."""
    keys = {}
    for i, rule in enumerate(rule for rule in rules if rule.duplicates is not None):
        names = [name for heading in rule.duplicates or () if (name := sheet.find(heading)) is not None]
        texts = [as_text(sheet.frame[name]) for name in names]
        if texts:
            key = texts[0]
            for text in texts[1:]:
                key = key.str.cat(text, sep="\x1f")
            keys[f"key {i}"] = key
    return keys


def _by_stage(deals: pd.DataFrame, spec: StageDatesSpec, reader: ColumnReader) -> pd.DataFrame:
    """Return one row per deal and stage it has entered, from one column of dates per stage."""
    parts = []
    for heading, stage in spec.entered.items():
        entered = reader.read("changed_at", "time", ColumnSpec(column=heading))
        parts.append(deals.assign(stage=stage, changed_at=entered)[entered.notna()])
    return pd.concat(parts, ignore_index=True)
