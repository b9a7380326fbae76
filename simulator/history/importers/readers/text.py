"""Reading delimited text: encoding, delimiter and lines that are not rows are found out, and said."""

from __future__ import annotations

import csv
import gzip
import io
import itertools
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from simulator.errors import Fault, InputError
from simulator.history.importers.import_log import SHOWN
from simulator.history.importers.readers.encodings import decoded
from simulator.history.importers.readers.markup import read_markup
from simulator.history.importers.readers.sheet import Sheet, make_sheet, unique_headings
from simulator.history.reading import parse_csv

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
FIRST_ROWS = 60
MAX_BYTES = 4_000_000_000
MAX_COLUMNS = 5_000


@dataclass(frozen=True)
class TextOptions:
    """What the map says of a text file; None: to be found out."""

    delimiter: str | None = None
    encoding: str | None = None


def read_text_file(path: Path, options: TextOptions) -> tuple[Sheet, str]:
    """Read a CSV file, gzipped or not; return its rows as text and how it was read.

    Raises
    ------
    InputError
        The file is not text, has no headings, or has rows of the wrong length.
    """
    data, encoding = decoded(_contents(path), path.name, options.encoding)
    if (marked_up := read_markup(data, path.name)) is not None:
        return marked_up
    data, declared = _excel_hint(data)
    delimiter = options.delimiter or declared or _delimiter(data)
    data, above = _without_titles(data, delimiter)
    headings = _headings(data, delimiter, path.name)
    frame, footer = _rows(data, delimiter, headings, path.name)
    read_as = f"{encoding}, split by {DELIMITERS.get(delimiter, repr(delimiter))}"
    if above:
        read_as += f", {len(above)} line{'s' if len(above) > 1 else ''} above the headings left out"
    if footer:
        read_as += f", {len(footer)} closing line{'s' if len(footer) > 1 else ''} that are not rows left out"
    sheet = make_sheet(path.name, frame, headings)
    return replace(
        sheet, remarks=(*above, *(row.text.strip('"\r\n ' + delimiter) for row in footer))
    ), read_as


def _contents(path: Path) -> bytes:
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if raw[:2] == b"\x1f\x8b":
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(raw)) as unpacked:
                raw = unpacked.read(MAX_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            what = f"is not a whole gzip file ({error})"
            raise InputError.of(path.name, what, "Export or download it again.") from None
    if len(raw) > MAX_BYTES:
        raise InputError.of(path.name, "is larger than 4 GB", "Split it, or hand it over as Parquet.")
    return raw


def _excel_hint(data: bytes) -> tuple[bytes, str | None]:
    """Take away the line ``sep=;`` that Excel writes; blank it so that rows keep their numbers."""
    first, newline, rest = data.partition(b"\n")
    line = first.strip().strip(b'"')
    if line.lower().startswith(b"sep=") and len(line) == 5:
        return newline + rest, line[4:].decode()
    return data, None


def _first_lines(data: bytes) -> str:
    return data.lstrip(b"\r\n")[:200_000].decode("utf-8", errors="ignore")


def _delimiter(data: bytes) -> str:
    """Return the delimiter that splits the first lines into most cells; titles above a table have none."""
    counts = {d: max((len(cells) for _, cells in _filled(data, d)), default=0) for d in DELIMITERS}
    first = _first_lines(data).splitlines()[0] if data.strip() else ""
    in_first = {d: len(next(csv.reader([first], delimiter=d), [])) for d in DELIMITERS}
    best = max(in_first, key=lambda d: in_first[d])
    return best if in_first[best] > 1 else max(counts, key=lambda d: counts[d])


def _filled(data: bytes, delimiter: str) -> list[tuple[int, list[str]]]:
    """Return, for the first rows, the line that each ends in and its cells that are filled."""
    reader = csv.reader(io.StringIO(_first_lines(data), newline=""), delimiter=delimiter)
    found: list[tuple[int, list[str]]] = []
    try:
        for cells in itertools.islice(reader, FIRST_ROWS):
            found.append((reader.line_num, [cell for cell in cells if cell.strip()]))
    except csv.Error:
        pass
    return found


def _without_titles(data: bytes, delimiter: str) -> tuple[bytes, list[str]]:
    """Blank the lines of a title or filter above the headings: of one or two cells where rows have many."""
    rows = _filled(data, delimiter)
    most = max((len(cells) for _, cells in rows), default=0)
    top = next((i for i, (_, cells) in enumerate(rows) if len(cells) > 2 or len(cells) >= 0.6 * most), 0)
    if top == 0 or most < 4:
        return data, []
    leading = len(data) - len(data.lstrip(b"\r\n"))
    lines = data[leading:].split(b"\n", rows[top - 1][0])
    blank = data[:leading] + b"\n" * rows[top - 1][0]
    return blank + lines[-1], [" ".join(cells) for _, cells in rows[:top] if cells]


def _headings(data: bytes, delimiter: str, name: str) -> list[str]:
    lines = io.StringIO(_first_lines(data), newline="")
    try:
        headings = next(csv.reader(lines, delimiter=delimiter), [])
    except csv.Error as error:
        raise InputError.of(name, f"the headings cannot be read: {error}", "Export it again.") from None
    if not any(h.strip() for h in headings):
        raise InputError.of(name, "is empty: there is not even a line of headings", "Export it again.")
    marks = re.findall(r"[^\w\s\"'.()%/&-]", headings[0]) if len(headings) == 1 else []
    if len(marks) > 2 and len(set(marks)) == 1:
        line = f"files: {{{name}: {{path: {name}, delimiter: {marks[0]!r}}}}}"
        what = f"its cells are not split by commas, semicolons, tabs or bars but, it seems, by '{marks[0]}'"
        raise InputError.of(name, what, f"Say it in a map (--map map.yaml): {line}")
    if len(headings) > MAX_COLUMNS:
        raise InputError.of(name, f"has {len(headings):,} columns", "Is it a table at all?")
    return headings


def _rows(data: bytes, delimiter: str, headings: list[str], name: str) -> tuple[pd.DataFrame, list[Any]]:
    """Return the rows as text under their row numbers, and the closing lines that were left out."""
    table, bad = _parse(data, delimiter, headings, name, threads=True)
    if extra := _empty_ends(bad, delimiter):
        headings += [""] * extra
        data = _lengthened(data, delimiter.encode() * extra)
        table, bad = _parse(data, delimiter, headings, name, threads=True)
    if bad:  # only a parse in one thread knows the row of what it sets aside
        table, bad = _parse(data, delimiter, headings, name, threads=False)
    _refuse_open_quotation(data, table, bad, name)
    leading = _leading_lines(data)
    footer = _closing_lines(table, bad, leading)
    wrong = [row for row in bad if row not in footer]
    if wrong:
        raise InputError(_wrong_lengths(name, wrong))
    kept = table.slice(0, table.num_rows + len(bad) - len(footer) - len(wrong))
    frame = kept.slice(1).to_pandas(
        types_mapper={pa.string(): pd.StringDtype("pyarrow", na_value=float("nan"))}.get
    )
    frame.index = pd.RangeIndex(leading + 2, leading + 2 + len(frame))
    return _without_blank_rows(frame), footer


def _empty_ends(bad: list[Any], delimiter: str) -> int:
    """Return by how many empty cells all rows are longer than the headings: a delimiter ends each row."""
    lengths = {row.actual_columns - row.expected_columns for row in bad if row.actual_columns > 1}
    extra = max(lengths, default=0)
    if len(lengths) != 1 or extra < 1:
        return 0
    ends = all(row.text.rstrip("\r\n ").endswith(delimiter * extra) for row in bad if row.actual_columns > 1)
    return extra if ends else 0


def _lengthened(data: bytes, ends: bytes) -> bytes:
    """Return the file with as many empty headings at the end as its rows have empty cells."""
    bare = data.lstrip(b"\r\n")
    first, newline, rest = bare.partition(b"\n")
    heading = first.rstrip(b"\r")
    return data[: len(data) - len(bare)] + heading + ends + first[len(heading) :] + newline + rest


def _parse(
    data: bytes, delimiter: str, headings: list[str], name: str, *, threads: bool
) -> tuple[pa.Table, list[Any]]:
    names, above = unique_headings(headings), _leading_lines(data)
    try:
        return parse_csv(data, names, delimiter, skip_rows=above, threads=threads)
    except pa.ArrowInvalid as error:
        remedy = "Look for a quotation mark that is opened and never closed, and export it again."
        raise InputError.of(name, f"cannot be read as CSV: {error}", remedy) from None


def _refuse_open_quotation(data: bytes, table: pa.Table, bad: list[Any], name: str) -> None:
    """Refuse a quotation that runs to the end of the file: all rows inside would be one cell."""
    if data.count(b'"') % 2 == 0:
        return
    last = [row.text for row in bad[-1:]] + [column[-1].as_py() for column in table.columns if table.num_rows]
    open_ones = [text for text in last if text.rstrip().count("\n") or text.startswith('"')]
    if open_ones:
        line = data.decode("utf-8")[: -len(open_ones[0])].count("\n") + 1
        what = f"a quotation mark that is opened in line {line} or before is never closed"
        raise InputError.of(name, what, "Fix that line, or export the file again.")


def _leading_lines(data: bytes) -> int:
    """Return the number of empty lines above the headings."""
    return data[: len(data) - len(data.lstrip(b"\r\n"))].count(b"\n")


def _closing_lines(table: pa.Table, bad: list[Any], leading: int) -> list[Any]:
    """Return the lines after the last row from the first of one cell, such as "Grand Totals" or a copyright.

    Reports of Salesforce end with some; rows of the wrong length anywhere else are faults.
    """
    if not bad:
        return []
    # Rows are numbered as in the file, the empty lines above the headings included.
    numbers = range(leading + 1, leading + table.num_rows + len(bad) + 1)
    blank = _blank(table)
    good = sorted(set(numbers) - {row.number for row in bad})
    filled = [number for number, is_blank in zip(good, blank, strict=True) if not is_blank]
    end = max(filled, default=0)
    closing = [row for row in bad if row.number > end]
    first = min((row.number for row in closing if row.actual_columns == 1), default=None)
    return [row for row in closing if first is not None and row.number >= first]


def _blank(table: pa.Table) -> list[bool]:
    frame = table.to_pandas()
    return list((frame == "").all(axis=1))


def _wrong_lengths(name: str, bad: list[Any]) -> list[Fault]:
    longer = max(row.actual_columns for row in bad) > bad[0].expected_columns
    what = "that contain the delimiter" if longer else "that contain a line break"
    remedy = f"Put cells {what} in quotation marks, or export the file again."
    faults = [
        Fault(
            f"{name}, row {row.number}",
            f"has {row.actual_columns} cells where the headings have {row.expected_columns}",
            remedy,
        )
        for row in bad[:SHOWN]
    ]
    more = len(bad) - SHOWN
    return faults + ([Fault(name, f"{more:,} more rows of the wrong length")] if more > 0 else [])


def _without_blank_rows(frame: pd.DataFrame) -> pd.DataFrame:
    first = frame.iloc[:, 0] == ""
    if not first.any():
        return frame
    blank = first[first].index
    empty = (frame.loc[blank] == "").all(axis=1)
    return frame.drop(index=empty[empty].index)
