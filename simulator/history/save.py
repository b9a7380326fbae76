"""Writing a History as a folder of tables, the same bytes for the same history."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from simulator.atomic_folder import draft_beside, exchange
from simulator.errors import InputError
from simulator.history.tables import TABLES, Column, History

ABOUT = "history.json"
"""File next to the tables: the as-of date and the notes."""

SUFFIXES = (".csv", ".parquet")
TIME_UNITS = (("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1))


def save_history(history: History, folder: Path) -> None:
    """Write a history's tables as CSV: ISO dates, amounts to the cent, empty tables and columns left out.

    The files are written next to the folder first and moved in when all are whole; other files of the folder
    are left alone, tables that the history does not have are removed.

    Raises
    ------
    InputError
        The folder cannot be written, or it holds files and no history.
    """
    with history_folder(folder) as draft:
        write_tables(history, draft)


@contextmanager
def history_folder(folder: Path, keep: Collection[str] = ()) -> Iterator[Path]:
    """Give a temporary folder to write a history into; its files move to ``folder`` when all are whole.

    Tables of the folder that the new history does not have are removed, but for those named by ``keep``.

    Raises
    ------
    InputError
        The folder cannot be written, or it holds files and no history.
    """
    folder = Path(folder).resolve()
    try:
        _refuse_strangers(folder)
        with draft_beside(folder) as draft:
            yield draft
            gone = {f"{name}{suffix}" for name in TABLES if name not in keep for suffix in SUFFIXES}
            if Path.cwd().is_relative_to(folder):
                with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as old:
                    _move_in(draft, folder, Path(old), gone)
            else:
                _take_along(folder, draft, gone)
                exchange(draft, folder)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError.of(str(folder), f"cannot be written: {error.strerror}", "Name another folder.")


def _refuse_strangers(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise InputError.of(str(folder), "is a file, not a folder", "Name another folder.")
    ours = any((folder / f"opportunities{suffix}").exists() for suffix in (".csv", ".parquet"))
    if folder.exists() and not ours and any(folder.iterdir()):
        raise InputError.of(str(folder), "holds other files and no history", "Name a new or empty folder.")


def write_tables(history: History, draft: Path) -> None:
    """Write the tables of a history, and its as-of date and notes, into an empty folder."""
    for name, table in history.tables().items():
        if len(table) or name == "opportunities":
            _write_table(table, TABLES[name], draft / f"{name}.csv")
    about: dict[str, object] = {"as_of": history.as_of.isoformat(), "notes": list(history.notes)}
    if history.currency:
        about["currency"] = history.currency
    (draft / ABOUT).write_text(json.dumps(about, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_table(table: pd.DataFrame, columns: tuple[Column, ...], path: Path) -> None:
    kept = [column for column in columns if column.required or table[column.name].notna().any()]
    arrays = [_array(table[column.name], column) for column in kept]
    cells = pa.table(arrays, names=[column.name for column in kept])
    try:
        pacsv.write_csv(cells, path, pacsv.WriteOptions(quoting_header="none", quoting_style="none"))
    except pa.ArrowInvalid:  # some text holds a comma, a quotation mark or a line break
        pacsv.write_csv(cells, path, pacsv.WriteOptions(quoting_header="none", quoting_style="needed"))


def _array(values: pd.Series, column: Column) -> pa.Array:
    """Return a column in the type whose text is shortest and still exact."""
    if column.kind == "text":
        return pa.array(values.where(values != ""), type=pa.string(), from_pandas=True)
    if column.kind in ("money", "count"):
        return pa.array(values.round(2) + 0.0, type=pa.float64(), from_pandas=True)
    stamps = values.to_numpy().astype("datetime64[ns]")
    if column.kind != "time":
        return pa.array(stamps.astype("datetime64[D]"))
    whole = stamps[~np.isnat(stamps)].astype(np.int64)
    unit = next(unit for unit, size in TIME_UNITS if not (whole % size).any())
    return pa.array(stamps.astype(f"datetime64[{unit}]"))


def _take_along(folder: Path, draft: Path, gone: Collection[str]) -> None:
    """Put what is to stay of a folder into the draft too, the files themselves rather than copies."""
    there = list(folder.iterdir()) if folder.is_dir() else []
    for path in there:
        if path.name in gone or (draft / path.name).exists():
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, draft / path.name, symlinks=True, copy_function=_link)
        else:
            _link(str(path), str(draft / path.name))


def _link(source: str, target: str) -> None:
    """Give a file a second name, or copy it where the disk knows no such thing."""
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _move_in(draft: Path, folder: Path, old: Path, gone: Collection[str]) -> None:
    """Put the draft's files in the place of the folder's tables, or leave everything as it was.

    The folder itself stays, because the user's shell stands in it.
    """
    written = [path.name for path in draft.iterdir()]
    try:
        for name in sorted({*gone, *written}):
            if (folder / name).exists():
                (folder / name).rename(old / name)
        for name in written:
            (draft / name).rename(folder / name)
    except BaseException:
        for name in written:
            if not (draft / name).exists():
                (folder / name).unlink(missing_ok=True)
        for path in old.iterdir():
            path.rename(folder / path.name)
        raise
