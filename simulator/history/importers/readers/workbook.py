"""Reading workbooks (XLSX) and Parquet files, which have types of their own."""

from __future__ import annotations

import datetime as dt
import functools
import re
import warnings
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.utils.exceptions import InvalidFileException

from simulator.archives import check_archive
from simulator.errors import InputError
from simulator.history.importers.fields.units import currency_of, heading_unit
from simulator.history.importers.fields.words import folded, words
from simulator.history.importers.readers.sheet import Sheet, make_sheet, plain, unique_headings

MAX_UNPACKED = 1_500_000_000
MOST_ROWS = 1_048_576
"""Of a sheet, as spreadsheets have it."""
MOST_CELLS = 30_000_000
TOO_LARGE = "Hand it over as CSV or Parquet."
MOST_MERGED = 3_000_000
"""Cells of a sheet up to which it is looked through for merged ones."""
ALIKE = 0.75
"""Share of the headings of two sheets that must be in both: a sheet a year, one with a column of notes."""
HEADING_ROWS = 50
"""Rows above the headings (titles, filters) that are looked through for the first full one."""


def read_workbook(
    path: Path, wanted: str | None = None, score: Callable[[list[str]], int] = len
) -> list[tuple[Sheet, str]]:
    """Read one sheet of a workbook, and those that have the same headings.

    Parameters
    ----------
    wanted : str, optional
        Name of the one sheet to read; else the one whose headings have the highest score.
    score : callable, optional
        How many of a sheet's headings mean something; all where not given.

    Raises
    ------
    InputError
        The file is not a workbook, the sheet is not there or none has headings.
    """
    _check_size(path)
    tables = _tables(path, wanted)
    if not tables:
        raise InputError.of(path.name, "is empty: there is no row of headings", "Is it the right sheet?")
    best = max(tables, key=lambda title: score(tables[title].headings))
    same = [title for title in tables if _are_alike(tables[title].headings, tables[best].headings)]
    others = tuple(title for title in tables if title not in same)
    several = len(same) > 1 or (wanted is not None and len(tables) > 1)
    found = []
    for title in same:
        sheet = tables[title].sheet(f"{path.name} [{title}]" if several else path.name)
        sheet = replace(sheet, title=title, others=others)
        unread = f" (not read: {', '.join(others)})" if others else ""
        found.append((sheet, f"workbook, sheet '{title}'{unread}"))
    return found


def _are_alike(first: list[str], second: list[str]) -> bool:
    """Return whether headings are those of one table: nearly all the same, but for currencies and months."""
    keys, others = ({_timeless(heading) for heading in names} for names in (first, second))
    return len(keys & others) >= ALIKE * len(keys | others)


def _timeless(heading: str) -> str:
    """Return a heading without its currency and scale, and with any number or month for one."""
    tokens = re.findall(r"[^\W\d_]+|\d+", folded(heading_unit(heading)[0]))
    return " ".join("0" if token.isdigit() or token in words("month") else token for token in tokens)


@dataclass(frozen=True)
class Table:
    """One sheet: headings, rows below them, formulas without a value, and the lines above."""

    headings: list[str]
    frame: pd.DataFrame
    formulas: dict[str, tuple[int, ...]]
    above: tuple[str, ...] = ()
    from_1904: bool = False

    def sheet(self, name: str) -> Sheet:
        """Return it as a sheet under a name."""
        sheet = make_sheet(name, self.frame, self.headings)
        return replace(sheet, formulas=self.formulas, remarks=self.above, from_1904=self.from_1904)


def _tables(path: Path, wanted: str | None) -> dict[str, Table]:
    """Return the sheets that hold a table, by title; only the wanted one where one is."""
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of styles and validations, which do not concern us
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            titles = book.sheetnames if wanted is None else [_title(book.sheetnames, wanted, path.name)]
            for title in titles:
                rows = _rows(book[title], f"{path.name}, sheet '{title}'")
                formulas = _formulas(path, title, rows) if _mentions(path, rb"<f[ >]") else set()
                _fill_merged(path, title, rows)
                shown = _shown_currencies(path, book[title], rows)
                table = table_of(rows, formulas)
                if table is not None:
                    from_1904 = book.epoch == CALENDAR_MAC_1904
                    found[title] = replace(table, above=table.above + shown, from_1904=from_1904)
            book.close()
        except (InvalidFileException, KeyError, ValueError, ParseError, zipfile.BadZipFile) as error:
            what = f"cannot be read as a workbook ({error})"
            raise InputError.of(path.name, what, "Open it, save it as .xlsx and try again.") from None
    return found


def _shown_currencies(path: Path, sheet: Any, rows: list[list[Any]]) -> tuple[str, ...]:
    """Return a line that names the currency of which the formats of cells show the sign.

    Where the formats of one column show several, each of its numbers becomes a text with its code.
    """
    if not _mentions(path, "\\[\\$[^\\]-]|[€£₹]".encode(), "xl/styles.xml"):
        return ()
    shown: dict[int, dict[int, str]] = {}
    for i, row in enumerate(sheet.iter_rows()):
        for j, cell in enumerate(row):
            if isinstance(cell.value, int | float) and (code := _code_of_format(cell.number_format)):
                shown.setdefault(j, {})[i] = code
    for j, codes in shown.items():
        for i, code in codes.items() if len(set(codes.values())) > 1 else ():
            rows[i][j] = f"{rows[i][j]:.6f} {code}"
    every = {code for codes in shown.values() for code in codes.values()}
    return (f"Currency: {next(iter(every))}",) if len(every) == 1 and every != {"$"} else ()


@functools.cache
def _code_of_format(form: str) -> str:
    """Return the currency of a number format such as [$€-407] or "£"#,##0; a bare $ may be any."""
    sign = re.search(r"\[\$([^\]-]+)", form) or re.search("([€£₹])", form)
    return currency_of(sign[1]) if sign else ""


def _mentions(path: Path, pattern: bytes, where: str = "xl/worksheets/") -> bool:
    """Return whether a sheet of the workbook, or another part of it, holds a short piece of XML."""
    with zipfile.ZipFile(path) as packed:
        for name in packed.namelist():
            if name.startswith(where):
                with packed.open(name) as sheet:
                    before = b""
                    while part := sheet.read(1 << 20):
                        if re.search(pattern, before + part):
                            return True
                        before = part[-20:]
    return False


def _formulas(path: Path, title: str, rows: list[list[Any]]) -> set[tuple[int, int]]:
    """Return the places of cells that are formulas of which the file holds no value."""
    book = openpyxl.load_workbook(path, read_only=True)
    written = book[title].iter_rows(values_only=True)
    found = {
        (i, j)
        for i, (row, shown) in enumerate(zip(written, rows, strict=False))
        for j, (cell, value) in enumerate(zip(row, shown, strict=False))
        if value is None and isinstance(cell, str) and cell.startswith("=")
    }
    book.close()
    return found


def _fill_merged(path: Path, title: str, rows: list[list[Any]]) -> None:
    """Give every row of a merged cell its value: a group that stands once next to its rows."""
    if sum(map(len, rows)) > MOST_MERGED or not _mentions(path, b"<mergeCell "):
        return
    book = openpyxl.load_workbook(path, data_only=True)
    for merged in book[title].merged_cells.ranges:
        if merged.min_col == merged.max_col:
            value = rows[merged.min_row - 1][merged.min_col - 1]
            for row in rows[merged.min_row : merged.max_row]:
                row[merged.min_col - 1] = value
    book.close()


def _check_size(path: Path) -> None:
    if not zipfile.is_zipfile(path):
        what = "is not an .xlsx workbook (an old .xls, or protected by a password?)"
        raise InputError.of(path.name, what, "Open it and save it as .xlsx without a password, or as CSV.")
    check_archive(path, MAX_UNPACKED, TOO_LARGE)


def _rows(sheet: Any, where: str) -> list[list[Any]]:
    """Return the cells of a sheet, which says itself how large it is and may be wrong."""
    rows: list[list[Any]] = []
    n_cells = 0
    for row in sheet.iter_rows(values_only=True):
        n_cells += len(row)
        if len(rows) >= MOST_ROWS or n_cells > MOST_CELLS:
            what = f"holds more than {MOST_ROWS:,} rows or {MOST_CELLS:,} cells"
            raise InputError.of(where, what, TOO_LARGE)
        rows.append(list(row))
    return rows


def _title(titles: list[str], wanted: str, name: str) -> str:
    for title in titles:
        if plain(title) == plain(wanted):
            return title
    what = f"has no sheet called '{wanted}'"
    raise InputError.of(name, what, f"Its sheets are: {', '.join(titles)}.")


def table_of(rows: list[list[Any]], formulas: set[tuple[int, int]]) -> Table | None:
    """Return the table below the headings; row numbers are those of the sheet."""
    top = _heading_row(rows)
    if top is None:
        return None
    width = max(i for i, cell in enumerate(rows[top]) if not _empty(cell)) + 1
    headings = ["" if _empty(cell) else str(cell) for cell in rows[top][:width]]
    body = [(row + [None] * width)[:width] for row in rows[top + 1 :]]
    numbers = [top + 2 + i for i, row in enumerate(body) if not all(map(_empty, row))]
    kept = [row for row in body if not all(map(_empty, row))]
    names = unique_headings(headings)
    columns = {
        name: pd.Series([row[i] for row in kept], index=numbers, dtype=object) for i, name in enumerate(names)
    }
    bare: dict[str, tuple[int, ...]] = {}
    for i, j in sorted(formulas):
        if i > top and j < width:
            bare[names[j]] = (*bare.get(names[j], ()), i + 1)
    above = tuple(" ".join(str(cell) for cell in row if not _empty(cell)) for row in rows[:top])
    return Table(headings, pd.DataFrame(columns, index=pd.Index(numbers, dtype="int64")), bare, above)


def _heading_row(rows: list[list[Any]]) -> int | None:
    """Return the first row that is as full as the fullest of the first rows: titles above it are short."""
    filled = [sum(not _empty(cell) for cell in row) for row in islice(rows, HEADING_ROWS)]
    if not filled or max(filled) == 0:
        return None
    texts = [sum(_is_heading(cell) for cell in row) for row in rows[: len(filled)]]
    most = max(texts)
    return next((i for i, n in enumerate(texts) if n == most and n == filled[i]), texts.index(most))


def _is_heading(cell: Any) -> bool:
    return (isinstance(cell, str) and not _empty(cell)) or isinstance(cell, dt.date)


def _empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip())


def read_parquet(path: Path) -> tuple[Sheet, str]:
    """Read a Parquet file.

    Raises
    ------
    InputError
        The file is not Parquet.
    """
    try:
        table = pyarrow.parquet.read_table(path)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
        what = f"cannot be read as Parquet ({str(error).splitlines()[0]})"
        raise InputError.of(path.name, what, "Export it again, or as CSV.") from None
    return arrow_sheet(path.name, table, [str(name) for name in table.column_names]), "Parquet"


def arrow_sheet(name: str, table: pa.Table, headings: list[str], first_row: int = 2) -> Sheet:
    """Return the rows of an Arrow table as a sheet; the first is called ``first_row``."""
    columns = unique_headings(headings)
    frame = pd.DataFrame({column: _column(table.column(i)) for i, column in enumerate(columns)})
    frame.index = pd.RangeIndex(first_row, first_row + table.num_rows)
    return make_sheet(name, frame, headings)


def _column(values: pa.ChunkedArray) -> Any:
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _column(values.cast(kind.value_type))
    if pa.types.is_boolean(kind):
        return np.array([None if v is None else str(v).lower() for v in values.to_pylist()], dtype=object)
    if pa.types.is_date(kind):
        return values.cast(pa.timestamp("s")).to_numpy()
    if pa.types.is_integer(kind) or pa.types.is_decimal(kind):
        whole = values.null_count == 0 and pa.types.is_integer(kind)
        return values.to_numpy() if whole else values.cast(pa.float64()).to_numpy()
    return values.to_pandas()
