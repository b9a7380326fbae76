"""One of our tables, taken out of the files that the map names for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from simulator.errors import InputError
from simulator.history.importers.balances import by_month
from simulator.history.importers.columns import ColumnReader, empty_column
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.import_log import ImportLog, listed
from simulator.history.importers.mapping import (
    BalancesSpec,
    ColumnSpec,
    DropRule,
    FileSpec,
    Mapping,
    StageDatesSpec,
    TableSpec,
)
from simulator.history.importers.readers.files import read_file
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.roles import REQUIRED, ROLES
from simulator.history.importers.rows import drop_rows, join_columns


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
            try:
                spec = self.specs.get(name, FileSpec(path=name))
                self.sheets[name] = read_file(self.paths[name], spec, self.log)
            except InputError as error:
                for fault in error.faults:
                    self.log.fault(fault.where, fault.what, fault.remedy)
                return None
        return self.sheets[name]


def extract(role: str, spec: TableSpec, mapping: Mapping, files: Files) -> pd.DataFrame:
    """Return a table with all columns of its role, typed.

    The columns ``file`` and ``row`` tell where each row was read.
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
        reason = (
            rule.reason or f"{rule.keep} of the rows with the same {listed(rule.duplicates or ())} is kept"
        )
        log.drop(role, listed(rows["file"].unique()), reason, int(again.sum()))
        rows = rows[~again]
    return rows.drop(columns=[name for name in rows if str(name).startswith("key ")]).reset_index(drop=True)


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
    rules = tuple(_in_our_words(rule, spec, sheet) for rule in spec.drop)
    sheet = drop_rows(sheet, role, rules, files.log)
    reader = ColumnReader(role, sheet, mapping, files.log)
    columns = {
        column: reader.read(column, kind, spec.columns[column])
        if column in spec.columns and not _only_elsewhere(role, column, spec, sheet, files.log)
        else empty_column(kind, sheet.frame.index)
        for column, kind in ROLES[role].items()
    }
    frame = pd.DataFrame(columns, index=sheet.frame.index)
    frame = frame.assign(file=sheet.file, row=sheet.frame.index)
    if len(spec.file) > 1:
        frame = frame.assign(**_duplicate_keys(rules, sheet))
    if isinstance(spec, BalancesSpec) and spec.months:
        return by_month(frame, sheet, spec, mapping, files.log)
    return _by_stage(frame, spec, reader) if isinstance(spec, StageDatesSpec) else frame


def _in_our_words(rule: DropRule, spec: TableSpec, sheet: Sheet) -> DropRule:
    """Return a rule about a heading; it may also be said by the column of ours that the heading fills."""
    if rule.column is None or sheet.find(rule.column) is not None or rule.column not in spec.columns:
        return rule
    headings = spec.columns[rule.column].headings()
    return rule.model_copy(update={"column": headings[0]}) if headings else rule


def _only_elsewhere(role: str, column: str, spec: TableSpec, sheet: Sheet, log: ImportLog) -> bool:
    """Return whether other files of the table have a column that this one can do without."""
    headings = spec.columns[column].headings()
    needed = column in REQUIRED[role] or column in ("amount", "stage", "created_date")
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
