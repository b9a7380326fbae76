"""One of our tables, taken out of the files that the map names for it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from simulator.errors import InputError
from simulator.history.importers.columns import ColumnReader, empty_column
from simulator.history.importers.import_log import ImportLog
from simulator.history.importers.mapping import ColumnSpec, FileSpec, Mapping, StageDatesSpec, TableSpec
from simulator.history.importers.readers.files import read_file
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.roles import ROLES
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
    return pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)


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
    sheet = drop_rows(sheet, role, spec.drop, files.log)
    reader = ColumnReader(role, sheet, mapping, files.log)
    columns = {
        column: reader.read(column, kind, spec.columns[column])
        if column in spec.columns
        else empty_column(kind, sheet.frame.index)
        for column, kind in ROLES[role].items()
    }
    frame = pd.DataFrame(columns, index=sheet.frame.index)
    frame = frame.assign(file=sheet.file, row=sheet.frame.index)
    return _by_stage(frame, spec, reader) if isinstance(spec, StageDatesSpec) else frame


def _by_stage(deals: pd.DataFrame, spec: StageDatesSpec, reader: ColumnReader) -> pd.DataFrame:
    """Return one row per deal and stage it has entered, from one column of dates per stage."""
    parts = []
    for heading, stage in spec.entered.items():
        entered = reader.read("changed_at", "time", ColumnSpec(column=heading))
        parts.append(deals.assign(stage=stage, changed_at=entered)[entered.notna()])
    return pd.concat(parts, ignore_index=True)
