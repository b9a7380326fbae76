"""Reading a file of rows by what it is: delimited text, workbook or Parquet."""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from simulator.archives import check_archive
from simulator.errors import InputError
from simulator.history.importers.import_log import FileRead, ImportLog, listed
from simulator.history.importers.readers.groups import ungrouped
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.readers.text import TextOptions, read_text_file
from simulator.history.importers.readers.workbook import MAX_UNPACKED, read_parquet, read_workbook
from simulator.history.importers.specs import FileSpec

WORKBOOKS = (".xlsx", ".xlsm", ".xls")
PARQUET = (".parquet", ".pq")


Score = Callable[[list[str]], int]


def read_file(path: Path, spec: FileSpec, log: ImportLog, score: Score = len) -> list[Sheet]:
    """Read one file and record how it was read: one sheet, or those of a workbook with the same headings.

    ``score`` says which sheet of a workbook is meant, by its headings, where none is named.

    Raises
    ------
    InputError
        The file is not there, is a folder, or cannot be read as what it is.
    """
    try:
        found = _read(path, spec, score)
    except FileNotFoundError:
        remedy = f"Check the spelling; names are looked up from {Path.cwd()}."
        raise InputError.of(str(path), "there is no such file", remedy) from None
    except OSError as error:
        what = f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise InputError.of(str(path), what, "Check that you may read it.") from None
    sheets = []
    for whole, read_as in found:
        sheet, ungrouping = ungrouped(whole)
        frame = sheet.frame
        log.files[sheet.file] = FileRead(sheet.file, len(frame), len(frame.columns), read_as + ungrouping)
        log.headings[sheet.file] = set(map(str, frame.columns))
        sheets.append(sheet)
    return sheets


def _is_text(path: Path) -> bool:
    """Return whether a workbook is none: reports of many systems are text or HTML that is called .xls."""
    with path.open("rb") as file:
        start = file.read(8)
    return bool(start) and not start.startswith((b"PK", b"\xd0\xcf\x11\xe0"))


def _read(path: Path, spec: FileSpec, score: Score) -> list[tuple[Sheet, str]]:
    suffix = path.suffix.lower()
    if path.is_dir():
        raise InputError.of(str(path), "is a folder, not a file", "Name the files inside it.")
    if path.exists() and not path.is_file():
        raise InputError.of(str(path), "is not a file but a pipe or a device", "Write it to a file first.")
    if suffix in WORKBOOKS and not _is_text(path):
        return read_workbook(path, spec.sheet, score)
    if suffix in PARQUET:
        return [read_parquet(path)]
    if zipfile.is_zipfile(path):
        return [_inside(path, spec)]
    return [read_text_file(path, TextOptions(spec.delimiter, spec.encoding))]


def _inside(path: Path, spec: FileSpec) -> tuple[Sheet, str]:
    """Read the one table in an archive, as CRMs send large exports."""
    check_archive(path, MAX_UNPACKED, "Unpack it, and import the files inside.")
    with zipfile.ZipFile(path) as packed:
        inside = [name for name in packed.namelist() if name.lower().endswith((".csv", ".tsv", ".txt"))]
        if not inside:
            remedy = "Save it as .xlsx or CSV."
            raise InputError.of(
                path.name, "is an archive without any CSV file: another kind of document?", remedy
            )
        if len(inside) > 1:
            what = f"is an archive of {len(inside):,} files: {listed(inside)}"
            raise InputError.of(path.name, what, "Unpack it, and name the files that hold deals.")
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / path.name
            try:
                file.write_bytes(packed.read(inside[0]))
            except (zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
                what = f"is not a whole archive ({error})"
                raise InputError.of(path.name, what, "Export or download it again.") from None
            sheet, read_as = read_text_file(file, TextOptions(spec.delimiter, spec.encoding))
    return sheet, f"{inside[0]} of the archive, {read_as}"
