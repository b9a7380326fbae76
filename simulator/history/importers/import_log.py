"""What an import understood, what it left out and why, and what is wrong with the files."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.errors import Fault, InputError
from simulator.fiscal import FiscalCalendar, month_numbers
from simulator.history.findings import Finding
from simulator.history.tables import LOSSES, History

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
    file_currency: dict[str, str] = field(default_factory=dict)

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


NO_DATE = np.iinfo(np.int64).max


def quarters(history: History, calendar: FiscalCalendar) -> list[dict[str, Any]]:
    """Return, by fiscal quarter, the deals won and lost in it and the open ones due in it, with amounts.

    To compare with the CRM: each row has quarter, won, won_amount, lost, lost_amount, open, open_amount;
    open deals without a close date have the quarter "no date".
    """
    deals = history.opportunities
    outcome = deals["outcome"].fillna("open").replace(dict.fromkeys(LOSSES, "lost"))
    day = deals["closed_date"].where(outcome != "open", deals["close_date"])
    months = month_numbers(day.fillna(pd.Timestamp("1970-01-01")).to_numpy())
    quarter = pd.Series(calendar.quarter(months), index=deals.index).where(day.notna(), NO_DATE)
    table = pd.DataFrame({"quarter": quarter, "outcome": outcome, "amount": deals["amount"]})
    counted = table.groupby(["quarter", "outcome"])["amount"].agg(["size", "sum"])
    rows = []
    for number in sorted(table["quarter"].unique()):
        row: dict[str, Any] = {
            "quarter": "no date" if number == NO_DATE else calendar.quarter_label(int(number))
        }
        for end in ("won", "lost", "open"):
            n, amount = counted.loc[(number, end)] if (number, end) in counted.index else (0, 0.0)
            row |= {end: int(n), f"{end}_amount": round(float(amount), 2)}
        rows.append(row)
    return rows


def understanding(kind: str, history: History, log: ImportLog) -> Understanding:
    """Return all that was understood, with totals to compare with the CRM."""
    files = [replace(read, unused=tuple(sorted(_unused(read.file, log)))) for read in log.files.values()]
    tables = {name: len(table) for name, table in history.tables().items() if len(table)}
    return Understanding(
        kind=kind,
        files=tuple(files),
        meanings=tuple(dict.fromkeys(log.meanings)),
        dropped=tuple(log.dropped),
        stages=tuple(log.stages),
        tables=tables,
        figures=_figures(history, log),
        notes=history.notes,
    )


def _unused(file: str, log: ImportLog) -> set[str]:
    return log.headings.get(file, set()) - {column for name, column in log.used if name == file}


def _figures(history: History, log: ImportLog) -> dict[str, Any]:
    deals = history.opportunities
    figures: dict[str, Any] = {"as_of": history.as_of.isoformat(), "currency": log.currency}
    if len(deals):
        outcome = deals["outcome"].fillna("open")
        figures |= {
            "first_created": _iso(deals["created_date"].min()),
            "last_created": _iso(deals["created_date"].max()),
            "first_closed": _iso(deals["closed_date"].min()),
            "last_closed": _iso(deals["closed_date"].max()),
            "deals": _counts(outcome),
            "amounts": {
                str(k): round(float(v), 2) for k, v in deals["amount"].groupby(outcome).sum().items()
            },
            "without_amount": _counts(outcome[deals["amount"].isna()]),
            "segments": _counts(deals["segment"]),
        }
    if len(history.arr_changes):
        movements = history.arr_changes.groupby("movement")["arr_delta"]
        figures["arr_movements"] = {str(k): round(float(v), 2) for k, v in movements.sum().items()}
        figures["arr"] = round(float(history.arr_changes["arr_delta"].sum()), 2)
    return figures


def _counts(values: pd.Series[Any]) -> dict[str, int]:
    return {str(name): int(n) for name, n in values.value_counts().items()}


def _iso(day: Any) -> str:
    return "" if pd.isna(day) else f"{day:%Y-%m-%d}"
