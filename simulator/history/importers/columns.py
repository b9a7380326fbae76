"""One column of ours, read from the columns of a file as the map says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_flags, as_text, blank, map_unique
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.import_log import ImportLog, Meaning, listed
from simulator.history.importers.mapping import ColumnSpec, Mapping
from simulator.history.importers.readers.sheet import Sheet, plain
from simulator.history.importers.roles import SIGNED, CellKind
from simulator.history.importers.rows import found
from simulator.history.tables import TABLES


class ColumnReader:
    """Reads the columns of one sheet into one table, and records what each was taken from."""

    def __init__(self, table: str, sheet: Sheet, mapping: Mapping, log: ImportLog) -> None:
        self.table = table
        self.sheet = sheet
        self.mapping = mapping
        self.log = log

    def read(self, name: str, kind: CellKind, spec: ColumnSpec) -> pd.Series[Any]:
        """Return the column ``name`` with the type of its kind; faulty cells are recorded and missing."""
        raw = self._source(spec)
        if raw is None:
            return empty_column(kind, self.sheet.frame.index)
        if spec.words or spec.others:
            raw = self._renamed(name, raw, spec)
        if spec.if_empty is not None:
            raw = as_text(raw).fillna(spec.if_empty)
        if kind == "text":
            values, read_as = self._words(name, raw, spec), ""
        elif kind == "flag":
            values, read_as = self._flags(name, raw, spec), "yes/no"
        elif kind in ("money", "count"):
            values, read_as = self._amounts(name, raw, spec)
        else:
            values, read_as = self._dates(name, kind, raw, spec)
        taken = f"'{spec.constant}' for all" if spec.constant is not None else listed(spec.headings())
        self.log.meanings.append(Meaning(self.table, name, self.sheet.file, taken, read_as))
        return values

    def _source(self, spec: ColumnSpec) -> pd.Series[Any] | None:
        frame = self.sheet.frame
        if spec.constant is not None:
            return pd.Series(spec.constant, index=frame.index, dtype="str")
        names = [found(self.sheet, heading, self.log) for heading in spec.headings()]
        if None in names:
            return None
        columns = [frame[name] for name in names]
        if len(columns) == 1:
            return columns[0]
        texts = [as_text(column) for column in columns]
        result = texts[0]
        for text in texts[1:]:
            if spec.first_of is not None:
                result = result.fillna(text)
            else:
                both = result.str.cat(text, sep=" / ")
                result = both.fillna(result).fillna(text)
        return result

    def _renamed(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> pd.Series[Any]:
        """Return the cells with the map's words for them."""
        text = as_text(raw)
        words = {plain(word): ours for word, ours in spec.words.items()}
        others = spec.others or ("refuse" if self._closed_list(name) else "keep")
        unknown = set()

        def rename(cell: str) -> str | None:
            word = plain(cell)
            if word in words:
                return words[word]
            if others == "refuse" and word not in map(plain, words.values()):
                unknown.add(cell)
            return cell if others == "keep" or word in map(plain, words.values()) else None

        renamed = map_unique(text, rename).astype("str")
        if "" in words:
            renamed = renamed.mask(text.isna(), words[""])
        if unknown:
            self._fault_unknown(spec, text, unknown, name)
        return renamed

    def _closed_list(self, name: str) -> bool:
        return any(c.name == name and len(c.values) for c in TABLES.get(self.table, ()))

    def _fault_unknown(self, spec: ColumnSpec, text: pd.Series[Any], unknown: set[str], name: str) -> None:
        counts = text[text.isin(list(unknown))].value_counts()
        shown = listed([f"'{word}' ({n:,} rows)" for word, n in counts.items()])
        what = f"column '{listed(spec.headings())}': the map does not say what these mean: {shown}"
        remedy = f"Add them under 'values:' of {self.table}.{name}, or say others: empty."
        self.log.fault(self.sheet.file, what, remedy)

    def _words(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> pd.Series[Any]:
        text = as_text(raw)
        return blank(text, spec.empty) if spec.empty else text

    def _flags(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> pd.Series[Any]:
        flags, bad = as_flags(as_text(raw))
        self._faults(spec, bad, "'{value}' is neither yes nor no", "Write true or false.")
        return flags

    def _amounts(self, name: str, raw: pd.Series[Any], spec: ColumnSpec) -> tuple[pd.Series[Any], str]:
        decimal = spec.decimal or (self.mapping.decimal if self.mapping.decimal == "," else None)
        text = blank(as_text(raw), spec.empty) if spec.empty else raw
        amounts = read_amounts(text, decimal)
        self._faults(spec, amounts.bad, "'{value}' is not an amount", _AMOUNT)
        self._faults(spec, amounts.doubtful, "'{value}': is the point a decimal sign?", _POINT)
        self.log.currencies |= amounts.currencies
        values = amounts.numbers * (spec.times if spec.times is not None else 1.0)
        if (self.table, name) not in SIGNED and self.table != "field_changes":
            negative = as_text(raw)[values < 0]
            self._faults(spec, negative, "'{value}' is negative", "Correct it, or drop such rows in the map.")
        read_as = f"times {spec.times:,.12g}" if spec.times is not None else ""
        return values, read_as

    def _dates(
        self, name: str, kind: CellKind, raw: pd.Series[Any], spec: ColumnSpec
    ) -> tuple[pd.Series[Any], str]:
        form = spec.format or self.mapping.date_format
        dates = read_dates(raw, self.sheet, self.mapping.timezone, form, spec.empty)
        self._faults(spec, dates.bad, dates.what, dates.remedy)
        values = dates.days
        if kind == "date":
            values = values.dt.normalize()
        elif kind == "month":
            values = values.dt.to_period("M").dt.start_time.astype("datetime64[ns]")
        return values, dates.read_as

    def _faults(self, spec: ColumnSpec, bad: pd.Series[Any], what: str, remedy: str) -> None:
        if len(bad):
            self.log.cell_faults(self.sheet.file, listed(spec.headings()), bad, what, remedy)


_AMOUNT = 'Write it as 1200.50; if commas are decimal signs, say in the map: decimal: ",".'
_POINT = 'All cells with a point have three digits after it. Say in the map: decimal: "," or decimal: ".".'


def empty_column(kind: CellKind, index: pd.Index[Any]) -> pd.Series[Any]:
    """Return a wholly empty column of the type that a kind has."""
    if kind == "text":
        return pd.Series(np.nan, index=index, dtype="str")
    if kind in ("date", "time", "month"):
        return pd.Series(pd.NaT, index=index, dtype="datetime64[ns]")
    return pd.Series(np.nan, index=index, dtype="float64")
