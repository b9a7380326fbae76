"""A file of rows as it was read, before anything is made of it."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

import pandas as pd


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
    """

    file: str
    frame: pd.DataFrame
    ambiguous: frozenset[str] = frozenset()

    def find(self, heading: str) -> str | None:
        """Return the sheet's own spelling of a heading, or None if there is none like it."""
        if heading in self.frame.columns:
            return heading
        wanted = plain(heading)
        for column in self.frame.columns:
            if plain(column) == wanted:
                return str(column)
        return None

    def near(self, heading: str) -> str:
        """Return a hint at the headings that come closest to one that is not there."""
        headings = [str(column) for column in self.frame.columns]
        close = difflib.get_close_matches(heading, headings, n=3, cutoff=0.5)
        if close:
            return "Did you mean " + " or ".join(f"'{name}'" for name in close) + "?"
        return "The headings are: " + ", ".join(headings[:30]) + "."


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
