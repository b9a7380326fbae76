"""Rows of text that is marked up: records in JSON, and the tables of HTML that reports call .xls."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from typing import Any

import pandas as pd

from simulator.errors import InputError
from simulator.history.importers.readers.sheet import Sheet, make_sheet, unique_headings
from simulator.history.importers.readers.workbook import table_of

MOST_SPANNED = 1_000
INSIDE = ("properties", "fields")
"""Objects inside a record whose entries are columns like its own."""
ASIDE = ("attributes", "associations")


def read_markup(data: bytes, name: str) -> tuple[Sheet, str] | None:
    """Return the rows of a text in JSON or HTML, and how it was read; None where it is neither.

    Raises
    ------
    InputError
        The JSON is broken or holds no records, or the HTML holds no table.
    """
    start = data[:200].lstrip()
    if start.startswith((b"{", b"[")) and start[1:].lstrip().startswith((b'"', b"{")):
        return _json(data.decode("utf-8"), name)
    head = data[:100_000].lower()
    if start.startswith(b"<") and b"<table" in head:
        return _html(data.decode("utf-8"), name)
    if start.startswith(b"<?xml") or start.lower().startswith(b"<html"):
        raise InputError.of(name, "is no table but a page or XML", "Export it as CSV or .xlsx.")
    return None


def _json(text: str, name: str) -> tuple[Sheet, str]:
    records = [_flat(record) for record in _records(text, name)]
    headings = list(dict.fromkeys(heading for record in records for heading in record))
    index = pd.RangeIndex(2, 2 + len(records))
    columns = {h: pd.Series([r.get(h) for r in records], index=index, dtype=object) for h in headings}
    frame = pd.DataFrame(columns, index=index).set_axis(unique_headings(headings), axis=1)
    return make_sheet(name, frame, headings), "JSON, the first record called row 2"


def _records(text: str, name: str) -> list[dict[str, Any]]:
    """Return the objects of a list, of a line each, or of the list that an answer of an API wraps."""
    try:
        found = json.loads(text)
    except (json.JSONDecodeError, RecursionError):
        found = [_line(line, i, name) for i, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if isinstance(found, dict):
        lists = [v for v in found.values() if isinstance(v, list) and v and isinstance(v[0], dict)]
        found = max(lists, key=len, default=[found])
    records = [record for record in found if isinstance(record, dict)] if isinstance(found, list) else []
    if not records:
        raise InputError.of(name, "holds no list of records", "Export one record a deal, or a CSV file.")
    return records


def _line(line: str, number: int, name: str) -> Any:
    try:
        return json.loads(line)
    except (json.JSONDecodeError, RecursionError) as error:
        what = f"line {number} is not JSON ({str(error)[:80]})"
        raise InputError.of(name, what, "Export it again, as CSV or with one record a line.") from None


def _flat(record: dict[str, Any], prefix: str = "", depth: int = 0) -> dict[str, Any]:
    """Return a record with the entries of the objects inside it; lists are no cells of ours."""
    result: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            inner = prefix if key in INSIDE else f"{prefix}{key}."
            result |= _flat(value, inner, depth + 1) if depth < 3 and key not in ASIDE else {}
        elif not isinstance(value, list):
            result.setdefault(f"{prefix}{key}", value)
    return result


def _html(text: str, name: str) -> tuple[Sheet, str]:
    tables = _Tables()
    tables.feed(text)
    rows = max(tables.found, key=len, default=[])
    table = table_of(rows, set())
    if table is None:
        raise InputError.of(name, "holds no table with headings", "Export it as CSV or .xlsx.")
    return table.sheet(name), "the largest table of an HTML page"


class _Tables(HTMLParser):
    """Collects the rows of the outermost tables of a page; cells that span rows are there in each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[list[Any]]] = []
        self.depth = 0
        self.cell: list[str] | None = None
        self.spans: dict[int, tuple[int, str]] = {}
        self.size = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.depth += 1
            if self.depth == 1:
                self.found.append([])
                self.spans = {}
        elif self.depth == 1 and tag == "tr":
            self.found[-1].append([])
            self._fill_spanned()
        elif self.depth == 1 and tag in ("td", "th") and self.found[-1]:
            given = dict(attrs)
            self.size = (_span(given.get("rowspan")), _span(given.get("colspan")))
            self.cell = []
        elif tag == "br" and self.cell is not None:
            self.cell.append(" ")

    def handle_data(self, data: str) -> None:
        if self.cell is not None:
            self.cell.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self.depth = max(self.depth - 1, 0)
        elif self.depth == 1 and tag in ("td", "th") and self.cell is not None:
            row, text = self.found[-1][-1], " ".join("".join(self.cell).split())
            down, across = self.size
            if down > 1:
                self.spans |= {len(row) + i: (down - 1, text if i == 0 else "") for i in range(across)}
            row += [text or None, *[None] * (across - 1)]
            self.cell = None
            self._fill_spanned()

    def _fill_spanned(self) -> None:
        row = self.found[-1][-1]
        while (left := self.spans.get(len(row), (0, ""))[0]) > 0:
            text = self.spans[len(row)][1]
            self.spans[len(row)] = (left - 1, text)
            row.append(text or None)


def _span(text: str | None) -> int:
    return min(int(text), MOST_SPANNED) if text and text.isdigit() and int(text) > 0 else 1
