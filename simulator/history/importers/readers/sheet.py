"""A file of rows as it was read, before anything is made of it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field, replace

import pandas as pd

from simulator.history.importers.fields.units import Stated, stated_unit


@dataclass(frozen=True)
class Sheet:
    """Rows of one file.

    Parameters
    ----------
    file : str
        Name of the file, as messages call it.
    frame : DataFrame
        The values as they stand in the file (text, unless the file has types of its own). The index
        holds the row of the file, counted as a spreadsheet does: the headings are row 1.
    ambiguous : frozenset of str
        Headings that are there twice with different contents; the second is called "Name (2)".
    formulas : dict of str to tuple of int
        By heading, the rows whose cell is a formula of which the file holds no value.
    title, others : str, tuple of str
        Name of the sheet of a workbook; the sheets of the same workbook that were not read.
    remarks : tuple of str
        Lines above and below the rows: titles, filters, what the amounts are in.
    from_1904 : bool
        Whether the days of a workbook are counted from 1904.
    """

    file: str
    frame: pd.DataFrame
    ambiguous: frozenset[str] = frozenset()
    formulas: dict[str, tuple[int, ...]] = field(default_factory=dict)
    title: str = ""
    others: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    from_1904: bool = False

    def with_rows(self, frame: pd.DataFrame) -> Sheet:
        """Return the sheet with other rows or columns."""
        return replace(self, frame=frame)

    def find(self, heading: str) -> str | None:
        """Return the sheet's own spelling of a heading, or None if there is none like it."""
        if heading in self.frame.columns:
            return heading
        wanted = plain(heading)
        for column in self.frame.columns:
            if plain(column) == wanted:
                return str(column)
        return None

    def stated(self) -> Stated:
        """Return what the lines around the table and its names say that amounts are in."""
        return stated_unit(
            self.remarks, self.file if self.title in self.file else f"{self.file} [{self.title}]"
        )

    def near(self, heading: str) -> str:
        """Return a hint at the headings that come closest to one that is not there."""
        headings = [str(column) for column in self.frame.columns]
        close = difflib.get_close_matches(heading, headings, n=3, cutoff=0.5)
        if close:
            hint = "Did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
        else:
            hint = "The headings are: " + ", ".join(headings[:30]) + "."
        return hint + self.hint_at_others()

    def hint_at_others(self) -> str:
        """Return how to name another sheet of the workbook, if there are any."""
        if not self.others:
            return ""
        name = self.file
        return (
            f" The workbook has other sheets: {', '.join(self.others)}; say in a map which to read: "
            f"files: {{{name}: {{path: {name}, sheet: {self.others[0]!r}}}}}."
        )


def plain(text: object) -> str:
    """Return a text without case and with single spaces, for comparing what people typed."""
    return re.sub(r"\s+", " ", str(text)).strip().casefold()


def unique_headings(headings: list[str]) -> list[str]:
    """Return headings of which none is empty and none is there twice."""
    seen: dict[str, int] = {}
    result = []
    for place, heading in enumerate(headings, start=1):
        name = heading.strip() or f"column {place}"
        seen[name] = seen.get(name, 0) + 1
        result.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return result


def make_sheet(file: str, frame: pd.DataFrame, headings: list[str]) -> Sheet:
    """Return a sheet, comparing the columns whose heading is there twice.

    Parameters
    ----------
    frame : DataFrame
        Its columns are already named by ``unique_headings``.
    headings : list of str
        The headings as they stand in the file.
    """
    first = [heading.strip() for heading in headings]
    ambiguous = set()
    for name, column in zip(first, frame.columns, strict=True):
        differs = str(column) != name and name in frame.columns
        if differs and not frame[name].astype(object).equals(frame[column].astype(object)):
            ambiguous.add(name)
    return Sheet(file, frame, frozenset(ambiguous))
