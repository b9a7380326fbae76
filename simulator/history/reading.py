"""Reading one file of a history into a table of its cells, faults by row."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from simulator.arrays import Ints
from simulator.errors import Fault, InputError, few

MAX_BYTES = 2 * 1024**3
BLOCK_BYTES = 16 * 1024**2
RESAVE = "Save it again as CSV UTF-8 with commas between the cells."


@dataclass(frozen=True)
class Cells:
    """What a file holds, before any meaning is given to it.

    Parameters
    ----------
    where : str
        Name of the file, for messages.
    frame : DataFrame
        The cells: text from CSV (missing where empty), typed columns from Parquet.
    rows : ndarray of int64, shape (row,)
        Row number of each in the file, the heading being row 1.
    faults : tuple of Fault
        Rows that could not be read.
    """

    where: str
    frame: pd.DataFrame
    rows: Ints
    faults: tuple[Fault, ...] = ()


def read_cells(path: Path) -> Cells:
    """Read a CSV or Parquet file.

    Raises
    ------
    InputError
        The file is missing, empty, too large, not text in UTF-8, damaged, or has columns of the same name.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError.of(str(path), f"cannot be opened: {error.strerror}", "Check the path.") from None
    if size > MAX_BYTES:
        raise InputError.of(
            path.name, f"is {size / 1024**3:.1f} GB; at most 2 GB are read", "Split or thin it."
        )
    if size == 0:
        raise InputError.of(path.name, "is empty", "Export it again, or remove the file if there is none.")
    return _read_parquet(path) if path.suffix == ".parquet" else _read_csv(path)


def _read_parquet(path: Path) -> Cells:
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = str(error).splitlines()[0][:200]
        raise InputError.of(
            path.name, f"is not a readable Parquet file: {reason}", "Export it again."
        ) from None
    _refuse_doubled(path.name, table.column_names)
    columns = {name: _plain(table.column(name)) for name in table.column_names}
    return Cells(path.name, pd.DataFrame(columns), np.arange(table.num_rows, dtype=np.int64) + 2)


def _plain(column: pa.ChunkedArray) -> pd.Series:
    """Return a Parquet column as text, dates, numbers or whatever else it is."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return _text(column)
    if pa.types.is_date(column.type):
        column = column.cast(pa.timestamp("s"))
    if pa.types.is_decimal(column.type):
        column = column.cast(pa.float64())
    series: pd.Series = column.to_pandas()
    return series


def _text(column: pa.ChunkedArray) -> pd.Series:
    """Return text without surrounding blanks, missing where nothing is left."""
    trimmed = pc.utf8_trim_whitespace(column)
    missing = pa.scalar(None, trimmed.type)
    return pd.Series(pd.array(pc.if_else(pc.equal(trimmed, ""), missing, trimmed), dtype="str"))


def _read_csv(path: Path) -> Cells:
    data = _utf8(path.name, path.read_bytes())
    names = _headings(path.name, data)
    try:
        table, bent = parse_csv(data, names)
    except (pa.ArrowException, ValueError) as error:
        reason = str(error).splitlines()[0][:200]
        remedy = f"A quotation mark may be opened and never closed. {RESAVE}"
        raise InputError.of(path.name, f"cannot be read as CSV: {reason}", remedy) from None
    frame = pd.DataFrame({name: _text(table.column(i)) for i, name in enumerate(names)})
    blank = frame.isna().all(axis=1).to_numpy()
    rows = np.delete(np.arange(len(frame) + len(bent)) + 2, [row.number - 2 for row in bent])
    faults = _bent_faults(path.name, bent, len(names))
    return Cells(path.name, frame[~blank].reset_index(drop=True), rows[~blank], faults)


def parse_csv(
    data: bytes, names: list[str], delimiter: str = ",", *, skip_rows: int = 1, threads: bool = False
) -> tuple[pa.Table, list[pacsv.InvalidRow]]:
    """Return the rows below the headings as text, and those that have another number of cells.

    Only without ``threads`` these know their row.

    Raises
    ------
    pyarrow.ArrowInvalid
        A quotation never ends, for instance.
    """
    bent: list[pacsv.InvalidRow] = []

    def set_aside(row: pacsv.InvalidRow) -> str:
        bent.append(row)
        return "skip"

    table = pacsv.read_csv(
        pa.BufferReader(data),
        read_options=pacsv.ReadOptions(
            use_threads=threads, block_size=BLOCK_BYTES, column_names=names, skip_rows=skip_rows
        ),
        parse_options=pacsv.ParseOptions(
            delimiter=delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=set_aside,
        ),
        convert_options=pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
        ),
    )
    return table, bent


def _bent_faults(where: str, bent: list[pacsv.InvalidRow], n_columns: int) -> tuple[Fault, ...]:
    remedy = "Put cells that hold a comma in quotation marks, and close every quotation mark."
    shown = [
        Fault(
            f"{where}, row {row.number}",
            f"has {row.actual_columns} cells, the heading has {n_columns}",
            remedy,
        )
        for row in bent[:5]
    ]
    return tuple(few(shown, len(bent), where, "such rows"))


def _utf8(where: str, data: bytes) -> bytes:
    """Return the text of a file without its byte-order mark."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError.of(where, "is text in UTF-16, not UTF-8", RESAVE)
    if b"\0" in data:
        raise InputError.of(where, "is not a text file", RESAVE)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise InputError.of(f"{where}, row {row}", "holds characters that are not UTF-8", RESAVE) from None
    return data.removeprefix(b"\xef\xbb\xbf")


def _headings(where: str, data: bytes) -> list[str]:
    lines = iter(data[:1_000_000].decode("utf-8", errors="ignore").splitlines(keepends=True))
    try:
        names = next(csv.reader(lines), [])
    except csv.Error as error:
        raise InputError.of(f"{where}, row 1", f"the heading cannot be read: {error}", RESAVE) from None
    names = [name.strip() for name in names]
    if not any(names):
        raise InputError.of(f"{where}, row 1", "has no column names", "Put them in the first row.")
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise InputError.of(f"{where}, row 1", f"'{names[0][:60]}' has no commas between the names", RESAVE)
    names = [name or f"(column {i + 1} has no name)" for i, name in enumerate(names)]
    _refuse_doubled(where, names)
    return names


def _refuse_doubled(where: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise InputError(
            Fault(
                f"{where}, row 1", f"column '{name}' is there {names.count(name)} times", "Keep one of them."
            )
            for name in doubled
        )
