"""Reading workbooks (XLSX) and Parquet files, which have types of their own."""

from __future__ import annotations

import warnings
import zipfile
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet
from openpyxl.utils.exceptions import InvalidFileException

from simulator.archives import check_archive
from simulator.errors import InputError
from simulator.history.importers.readers.sheet import Sheet, make_sheet, plain, unique_headings

MAX_UNPACKED = 1_500_000_000
MOST_ROWS = 1_048_576
"""Of a sheet, as spreadsheets have it."""
MOST_CELLS = 30_000_000
TOO_LARGE = "Hand it over as CSV or Parquet."
HEADING_ROWS = 50
"""Rows above the headings (titles, filters) that are looked through for the first full one."""


def read_workbook(path: Path, sheet_name: str | None = None) -> tuple[Sheet, str]:
    """Read one sheet of a workbook; the first one unless named.

    Raises
    ------
    InputError
        The file is not a workbook, the sheet is not there or has no headings.
    """
    _check_size(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of styles and validations, which do not concern us
        try:
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
            title = _sheet_title(book.sheetnames, sheet_name, path.name)
            rows = _rows(book[title], f"{path.name}, sheet '{title}'")
            book.close()
        except (InvalidFileException, KeyError, ValueError, ParseError, zipfile.BadZipFile) as error:
            what = f"cannot be read as a workbook ({error})"
            raise InputError.of(path.name, what, "Open it, save it as .xlsx and try again.") from None
    frame, headings = _table(rows, f"{path.name}, sheet '{title}'")
    others = [name for name in book.sheetnames if name != title]
    read_as = f"workbook, sheet '{title}'" + (f" (not read: {', '.join(others)})" if others else "")
    return make_sheet(path.name, frame, headings), read_as


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


def _sheet_title(titles: list[str], wanted: str | None, name: str) -> str:
    if wanted is None:
        return titles[0]
    for title in titles:
        if plain(title) == plain(wanted):
            return title
    what = f"has no sheet called '{wanted}'"
    raise InputError.of(name, what, f"Its sheets are: {', '.join(titles)}.")


def _table(rows: list[list[Any]], where: str) -> tuple[pd.DataFrame, list[str]]:
    """Return the table below the headings; row numbers are those of the sheet."""
    top = _heading_row(rows)
    if top is None:
        raise InputError.of(where, "is empty: there is no row of headings", "Is it the right sheet?")
    width = max(i for i, cell in enumerate(rows[top]) if not _empty(cell)) + 1
    headings = ["" if _empty(cell) else str(cell) for cell in rows[top][:width]]
    body = [(row + [None] * width)[:width] for row in rows[top + 1 :]]
    numbers = [top + 2 + i for i, row in enumerate(body) if not all(map(_empty, row))]
    kept = [row for row in body if not all(map(_empty, row))]
    columns = {
        name: pd.Series([row[i] for row in kept], index=numbers, dtype=object)
        for i, name in enumerate(unique_headings(headings))
    }
    return pd.DataFrame(columns, index=pd.Index(numbers, dtype="int64")), headings


def _heading_row(rows: list[list[Any]]) -> int | None:
    """Return the first row that is as full as the fullest of the first rows: titles above it are short."""
    filled = [sum(not _empty(cell) for cell in row) for row in islice(rows, HEADING_ROWS)]
    if not filled or max(filled) == 0:
        return None
    texts = [sum(isinstance(cell, str) and not _empty(cell) for cell in row) for row in rows[: len(filled)]]
    most = max(texts)
    return next((i for i, n in enumerate(texts) if n == most and n == filled[i]), texts.index(most))


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
