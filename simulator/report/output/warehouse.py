"""The tables of a results folder as tables of a database, run next to run."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.database import Database
from simulator.errors import Fault, InputError
from simulator.report.documents.finished import read_table
from simulator.report.output.folder import MANIFEST

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table


RUN = "run"
"""Column that identifies a run; a run written again takes the place of its older rows."""
WRITTEN_AT = "written_at"
PREFIX = "simulator_"
ROWS_AT_ONCE = 5_000


def write_to_database(
    results: Path,
    database: Database,
    *,
    run: str | None = None,
    schema: str | None = None,
    only: Collection[str] = (),
) -> dict[str, int]:
    """Write tables/*.csv of a results folder into a database, all of them or, if anything fails, none.

    Each becomes the table ``simulator_NAME`` with the columns ``run``, ``written_at`` and its own: text as
    text, figures as double precision, empty cells as NULL. Tables and columns that are not there yet are
    added; rows of other runs are left alone.

    Parameters
    ----------
    results : Path
        Folder of a finished run of any command.
    database : Database
    run : str, optional
        What the run is called; the name of the folder without it.
    schema : str, optional
        Schema of the tables; the database's own default without it.
    only : collection of str
        Names of the tables to write; all without them.

    Returns
    -------
    dict of str to int
        Rows written, by table.

    Raises
    ------
    InputError
        The folder is no results folder, a table is damaged or unknown, or the database refuses.
    """
    written_at = _written_at(results)
    tables = _read_tables(results, only)
    label = run or results.resolve().name
    with database.writing() as connection:
        return {
            PREFIX + name: _write(
                connection, _labelled(table, label, written_at), PREFIX + name, label, schema
            )
            for name, table in tables.items()
        }


def _written_at(results: Path) -> str:
    try:
        return str(json.loads((results / MANIFEST).read_text(encoding="utf-8"))["written_at"])
    except (OSError, ValueError, KeyError, TypeError):
        what = f"is not a results folder: it has no {MANIFEST} that can be read"
        raise InputError.of(str(results), what, "Name the folder of a finished run.") from None


def _read_tables(results: Path, only: Collection[str]) -> dict[str, pd.DataFrame]:
    paths = {path.stem: path for path in sorted((results / "tables").glob("*.csv"))}
    faults = [
        Fault(str(results), f"has no table '{name}'", f"There are: {', '.join(paths)}.")
        for name in only
        if name not in paths
    ]
    if not paths:
        faults.append(Fault(str(results), "holds no tables", "Name the folder of a finished run."))
    tables = {name: read_table(path, faults) for name, path in paths.items() if not only or name in only}
    if faults:
        raise InputError(faults)
    return tables


def _labelled(table: pd.DataFrame, run: str, written_at: str) -> pd.DataFrame:
    """Return a table with its run before its own columns, text as text and figures as floats."""
    columns: dict[str, Any] = {
        RUN: pd.Series(run, index=table.index, dtype=object),
        WRITTEN_AT: pd.Series(written_at, index=table.index, dtype=object),
    }
    for name in table.columns:
        cells = table[name]
        numeric = pd.api.types.is_numeric_dtype(cells) and not pd.api.types.is_bool_dtype(cells)
        columns[str(name)] = cells.astype("float64") if numeric else cells.astype(str).astype(object)
    return pd.DataFrame(columns)


def _write(connection: Connection, rows: pd.DataFrame, name: str, run: str, schema: str | None) -> int:
    from sqlalchemy import delete, insert

    target = _prepare(connection, rows, name, schema)
    connection.execute(delete(target).where(target.c[RUN] == run))
    cells = _cells(rows, target)
    for first in range(0, len(cells), ROWS_AT_ONCE):
        connection.execute(insert(target), cells[first : first + ROWS_AT_ONCE])
    return len(cells)


def _prepare(connection: Connection, rows: pd.DataFrame, name: str, schema: str | None) -> Table:
    """Return the table to write into, made if it is not there, with every column that is needed."""
    from sqlalchemy import Column, Float, MetaData, Table, Text, inspect
    from sqlalchemy.schema import CreateColumn
    from sqlalchemy.sql import quoted_name

    def column(heading: str) -> Column[Any]:
        kind = Float(53) if pd.api.types.is_numeric_dtype(rows[heading]) else Text()
        return Column(quoted_name(heading, quote=True), kind)

    table_name = quoted_name(name, quote=True)
    quoted_schema = quoted_name(schema, quote=True) if schema else None
    if not inspect(connection).has_table(name, schema=schema):
        made = Table(table_name, MetaData(), *map(column, rows.columns), schema=quoted_schema)
        made.create(connection)
        return made
    there = {entry["name"] for entry in inspect(connection).get_columns(name, schema=schema)}
    if RUN not in there:
        what = f"is there and is not one of ours: it has no column '{RUN}'"
        raise InputError.of(f"the table {name}", what, "Rename it, or choose another schema with --schema.")
    present = Table(table_name, MetaData(), schema=quoted_schema, autoload_with=connection)
    full_name = connection.dialect.identifier_preparer.format_table(present)
    for heading in [heading for heading in rows.columns if heading not in there]:
        definition = CreateColumn(column(heading)).compile(dialect=connection.dialect)
        connection.exec_driver_sql(f"ALTER TABLE {full_name} ADD COLUMN {definition}")
    return Table(table_name, MetaData(), schema=quoted_schema, autoload_with=connection)


def _cells(rows: pd.DataFrame, target: Table) -> list[dict[str, Any]]:
    """Return rows as a database takes them: empty cells are NULL, figures in columns of text are text."""
    from sqlalchemy import Text
    from sqlalchemy.types import String

    cells: dict[str, Any] = {}
    for heading in rows.columns:
        is_text = isinstance(target.c[heading].type, String | Text)
        values = rows[heading].astype(object).where(rows[heading].notna(), None).tolist()
        if is_text:
            values = [None if value in (None, "") else str(value) for value in values]
        else:
            values = [None if value == "" else value for value in values]
        cells[str(heading)] = values
    return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]
