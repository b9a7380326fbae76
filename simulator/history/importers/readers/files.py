"""Reading a file of rows by what it is: delimited text, workbook or Parquet."""

from __future__ import annotations

from pathlib import Path

from simulator.errors import InputError
from simulator.history.importers.import_log import FileRead, ImportLog
from simulator.history.importers.mapping import FileSpec
from simulator.history.importers.readers.groups import ungrouped
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.readers.text import TextOptions, read_text_file
from simulator.history.importers.readers.workbook import read_parquet, read_workbook

WORKBOOKS = (".xlsx", ".xlsm", ".xls")
PARQUET = (".parquet", ".pq")


def read_file(path: Path, spec: FileSpec, log: ImportLog) -> Sheet:
    """Read one file and record how it was read.

    Raises
    ------
    InputError
        The file is not there, is a folder, or cannot be read as what it is.
    """
    try:
        sheet, read_as = _read(path, spec)
        sheet, ungrouping = ungrouped(sheet)
        read_as += ungrouping
    except FileNotFoundError:
        remedy = f"Check the spelling; names are looked up from {Path.cwd()}."
        raise InputError.of(str(path), "there is no such file", remedy) from None
    except OSError as error:
        what = f"cannot be read ({(error.strerror or str(error)).lower()})"
        raise InputError.of(str(path), what, "Check that you may read it.") from None
    frame = sheet.frame
    log.files[sheet.file] = FileRead(sheet.file, len(frame), len(frame.columns), read_as)
    log.headings[sheet.file] = set(map(str, frame.columns))
    return sheet


def _read(path: Path, spec: FileSpec) -> tuple[Sheet, str]:
    suffix = path.suffix.lower()
    if path.is_dir():
        raise InputError.of(str(path), "is a folder, not a file", "Name the files inside it.")
    if suffix in WORKBOOKS:
        return read_workbook(path, spec.sheet)
    if suffix in PARQUET:
        return read_parquet(path)
    return read_text_file(path, TextOptions(spec.delimiter, spec.encoding))
