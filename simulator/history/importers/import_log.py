"""What an import understood, what it left out and why, and what is wrong with the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from simulator.errors import Fault, InputError
from simulator.history.findings import Finding

SHOWN = 5
"""Faulty cells named one by one for each column and kind of fault; the rest are counted."""


@dataclass(frozen=True)
class FileRead:
    """One file as it was read: how many rows, and what had to be assumed to read it."""

    file: str
    rows: int
    columns: int
    read_as: str
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Meaning:
    """One column of ours, the column of theirs that it was taken from, and how it was read."""

    table: str
    column: str
    file: str
    taken_from: str
    read_as: str = ""


@dataclass(frozen=True)
class Dropped:
    """Rows left out for one reason, with an example."""

    table: str
    file: str
    reason: str
    rows: int
    example: str = ""


@dataclass(frozen=True)
class StageRead:
    """One stage: the forecast category it was given, and how that was decided."""

    stage: str
    category: str
    outcome: str
    valid_from: str
    decided_by: str


@dataclass(frozen=True)
class Understanding:
    """All that an import understood of the files, for people to check before they rely on it.

    Parameters
    ----------
    kind : str
        salesforce, hubspot, snapshots or table.
    files, meanings, dropped, stages : tuples
        As their classes say.
    tables : dict of str to int
        Rows of each table written.
    figures : dict
        as_of, first and last day, number of deals by outcome, amounts by outcome, currency.
    notes : tuple of str
        Everything else that was assumed.
    """

    kind: str
    files: tuple[FileRead, ...]
    meanings: tuple[Meaning, ...]
    dropped: tuple[Dropped, ...]
    stages: tuple[StageRead, ...]
    tables: dict[str, int]
    figures: dict[str, Any]
    notes: tuple[str, ...]


@dataclass
class ImportLog:
    """Collects, during one import, what was understood, dropped and found wrong."""

    files: dict[str, FileRead] = field(default_factory=dict)
    meanings: list[Meaning] = field(default_factory=list)
    dropped: list[Dropped] = field(default_factory=list)
    stages: list[StageRead] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    headings: dict[str, set[str]] = field(default_factory=dict)
    computed: set[str] = field(default_factory=set)
    used: set[tuple[str, str]] = field(default_factory=set)
    oddities: list[Finding] = field(default_factory=list)
    currency: str = ""
    currencies: dict[str, set[str]] = field(default_factory=dict)
    conflicts: list[Fault] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say something once."""
        if text not in self.notes:
            self.notes.append(text)

    def drop(self, table: str, file: str, reason: str, rows: int, example: object = "") -> None:
        """Count rows left out; none is not worth a word."""
        known = any((d.file, d.reason, d.rows) == (file, reason, rows) for d in self.dropped)
        if rows and not known:  # a file that two tables are made of is named once
            self.dropped.append(Dropped(table, file, reason, rows, str(example)))

    def leave_out(
        self, rows: pd.DataFrame, gone: pd.Series[Any], table: str, reason: str, example: str = ""
    ) -> pd.DataFrame:
        """Return the other rows, those left out counted; ``example`` is a column that names the first."""
        if gone.any():
            first = str(rows.loc[gone, example].iloc[0]) if example else ""
            self.drop(
                table, files_in(rows), reason, int(gone.sum()), f"row {first}" if example == "row" else first
            )
        return rows[~gone]

    def fault(self, where: str, what: str, remedy: str = "") -> None:
        """Add one fault."""
        fault = Fault(where, what, remedy)
        if fault not in self.faults:
            self.faults.append(fault)

    def conflict(self, where: str, what: str, remedy: str) -> None:
        """Add evidence that contradicts what was understood: a person must look before it is used."""
        fault = Fault(where, what, remedy)
        if fault not in self.conflicts:
            self.conflicts.append(fault)

    def see_currencies(self, table: str, seen: set[str] | frozenset[str], column: str) -> None:
        """Remember the currencies that the cells or headings of a table's amounts name."""
        if column != "own_amount":
            self.currencies.setdefault(table, set()).update(seen)

    def cell_faults(self, file: str, column: str, bad: pd.Series[Any], what: str, remedy: str) -> None:
        """Add a fault for each of the first faulty cells, and one that counts the others.

        Parameters
        ----------
        bad : Series
            The faulty values; the index holds their rows in the file.
        what : str
            What is wrong with ``{value}``.
        """
        for row, value in bad.head(SHOWN).items():
            self.fault(f"{file}, row {row}, column '{column}'", what.format(value=_short(value)), remedy)
        more = len(bad) - SHOWN
        if more > 0:
            row = f"rows {bad.index[SHOWN]} to {bad.index.max()}"
            self.fault(f"{file}, {row}, column '{column}'", f"{more:,} more of the same kind", "")

    def row_faults(self, rows: pd.DataFrame, column: str, what: str, remedy: str) -> None:
        """Add the faults of one column of rows that say their file and row."""
        for file, its in rows.groupby("file"):
            self.cell_faults(str(file), column, its.set_index("row")[column], what, remedy)

    def stop_if_faulty(self) -> None:
        """Raise all faults found so far.

        Raises
        ------
        InputError
            There is at least one.
        """
        if self.faults:
            raise InputError(self.faults)


def map_line(table: str, column: str, spec: str) -> str:
    """Return the line of a map that says where a column of a table comes from."""
    return f"tables: {{{table}: {{columns: {{{column}: {spec}}}}}}}"


COUNT_DEALS = "{currency: none, " + map_line("opportunities", "amount", "{constant: 1}") + "}"
"""The map of deals of which only the number is known."""


def files_in(rows: pd.DataFrame) -> str:
    """Return the files that rows were read from."""
    return listed(rows["file"].unique())


def listed(names: Iterable[object], most: int = 12) -> str:
    """Return names as a readable list that does not run on for pages."""
    texts = [_short(name) for name in names]
    more = len(texts) - most
    return ", ".join(texts[:most]) + (f" and {more} more" if more > 0 else "")


def _short(value: object) -> str:
    text = str(value).replace("\n", " ").replace("\r", " ")
    text = "".join(c if c.isprintable() else "?" for c in text)
    return text if len(text) <= 60 else text[:57] + "…"
