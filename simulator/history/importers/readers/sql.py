"""Tables of a warehouse, read by queries, as a History."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping as MappingOf
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from simulator.database import Database, bound_names, check_select, read_rows
from simulator.errors import Fault, InputError
from simulator.history.importers.assemble import assemble
from simulator.history.importers.extract import Files
from simulator.history.importers.import_log import FileRead, ImportLog, listed
from simulator.history.importers.importer import Imported
from simulator.history.importers.map_file import check_map, read_map
from simulator.history.importers.mapping import Mapping, merged
from simulator.history.importers.readers.sheet import Sheet, plain
from simulator.history.importers.readers.workbook import arrow_sheet
from simulator.history.importers.roles import ROLES
from simulator.history.tables import TABLES

STAGES = "stages"
FEW_TYPES = (
    pa.types.is_null,
    pa.types.is_boolean,
    pa.types.is_integer,
    pa.types.is_floating,
    pa.types.is_decimal,
    pa.types.is_date,
    pa.types.is_timestamp,
    pa.types.is_string,
)
NAMES = f"Queries may be called like our tables ({', '.join([*ROLES, STAGES])}) or as the map's files are."


def import_queries(
    database: Database,
    queries: MappingOf[str, str],
    *,
    values: MappingOf[str, str] | None = None,
    map_path: Path | None = None,
    as_of: dt.date | None = None,
) -> Imported:
    """Read the answers to queries as a history, all as of one moment of the database.

    Parameters
    ----------
    database : Database
    queries : mapping of str to str
        By name, a SELECT or the name of a table or view. A query called like one of our tables is that
        table, its columns called like ours; any other name is that of a file in the map.
    values : mapping of str to str, optional
        For what the queries leave open, such as ``:since``; bound, never put into their text.
    map_path : Path, optional
        Map of columns and words; its files may be queries (``files: {deals: {query: …}}``).
    as_of : datetime.date, optional
        Last day to know of; also bound to ``:as_of``.

    Raises
    ------
    InputError
        All faults of the queries and the map, then of the database, then of the rows.
    """
    tree = read_map(map_path) if map_path is not None else None
    label = str(map_path) if map_path is not None else "the queries"
    said = dict(tree.values) if tree is not None else {}
    specs = check_map({"files": said.get("files") or {}}, tree, label).files
    asked = {name: spec.query for name, spec in specs.items() if spec.query is not None} | dict(queries)
    bound = _bound(asked, dict(values or {}), as_of)
    log = ImportLog()
    files = Files({}, specs, log)
    files.sheets = _read(database, asked, bound, log)
    mapping = check_map(merged(_called_like_ours(files.sheets, said, log), said), tree, label)
    _refuse_misfits(mapping, files, label)
    return Imported.of("sql", assemble(mapping, files, log, False, as_of), log, {})


def _bound(asked: dict[str, str], values: dict[str, str], as_of: dt.date | None) -> dict[str, str]:
    """Return the values to bind, after a look at the queries themselves."""
    if not asked:
        remedy = "Name them: --query opportunities='select … from …', or a map with queries."
        raise InputError.of("--query", "there are no queries", remedy)
    faults = [
        Fault(f"query {name}", wrong, "One SELECT, or the name of a table or view.")
        for name, query in asked.items()
        if (wrong := check_select(query)) is not None
    ]
    if faults:
        raise InputError(faults)
    known = values if as_of is None else {"as_of": as_of.isoformat(), **values}
    open_names = {(name, left) for name, query in asked.items() for left in bound_names(query)}
    faults += [
        Fault(f"query {name}", f"nothing is given for :{left}", f"Add --param {left}=….")
        for name, left in sorted(open_names)
        if left not in known
    ]
    unused = sorted(set(values) - {left for _, left in open_names})
    faults += [Fault("--param", f"no query asks for :{name}", "Check the spelling.") for name in unused]
    if faults:
        raise InputError(faults)
    return known


def _read(
    database: Database, asked: dict[str, str], bound: dict[str, str], log: ImportLog
) -> dict[str, Sheet]:
    sheets = {}
    with database.reading() as connection:
        for name, query in asked.items():
            headings, columns = read_rows(connection, query, bound)
            table = pa.table([_arrow(cells) for cells in columns], names=list(map(str, range(len(columns)))))
            sheet = arrow_sheet(name, table, headings, first_row=1)
            log.files[name] = FileRead(name, table.num_rows, len(headings), f"query of {database.name}")
            log.headings[name] = set(map(str, sheet.frame.columns))
            sheets[name] = sheet
    return sheets


def _arrow(cells: list[Any]) -> pa.Array:
    """Return a column of a result typed as the database meant it; what is no cell of ours becomes text."""
    values = [_plain_cell(cell) for cell in cells]
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError):
        array = None
    if array is not None and any(is_one(array.type) for is_one in FEW_TYPES):
        return array.cast(pa.string()) if pa.types.is_null(array.type) else array
    return pa.array([None if value is None else str(value) for value in values], type=pa.string())


def _plain_cell(cell: Any) -> Any:
    if isinstance(cell, dt.datetime) and cell.tzinfo is not None:
        return cell.astimezone(dt.UTC)
    return bytes(cell).decode("utf-8", "replace") if isinstance(cell, bytes | memoryview) else cell


def _called_like_ours(sheets: dict[str, Sheet], said: dict[str, Any], log: ImportLog) -> dict[str, Any]:
    """Return the map that follows from queries called like our tables; the user's own map goes before."""
    tables = said.get("tables")
    named = {
        file
        for spec in (tables.values() if isinstance(tables, dict) else ())
        if isinstance(spec, dict)
        for file in (spec["file"] if isinstance(spec.get("file"), list) else [spec.get("file")])
    }
    values: dict[str, Any] = {"tables": {}}
    for name, sheet in sheets.items():
        if name in named:
            continue
        if name == STAGES and STAGES not in said:
            values[STAGES] = _stages(sheet, log)
        elif name in ROLES:
            have = {plain(heading): str(heading) for heading in sheet.frame.columns}
            columns = {column: have[column] for column in ROLES[name] if column in have}
            values["tables"][name] = {"file": [name], "columns": columns}
    return values


def _stages(sheet: Sheet, log: ImportLog) -> dict[str, list[dict[str, str]]]:
    """Return the rows of a table of stages as a map says them."""
    found = {name: sheet.find(name) for name in (column.name for column in TABLES[STAGES])}
    if found["stage"] is None or found["category"] is None:
        log.fault(sheet.file, "needs the columns stage and category", "Name them with AS in the query.")
        log.stop_if_faulty()
    stages: dict[str, list[dict[str, str]]] = {}
    columns = {name: sheet.frame[heading] for name, heading in found.items() if heading is not None}
    log.used |= {(sheet.file, heading) for heading in found.values() if heading is not None}
    for row in pd.DataFrame(columns).to_dict("records"):
        given = {name: str(cell) for name, cell in row.items() if not pd.isna(cell) and str(cell).strip()}
        spec = {"to": given.get("outcome") or given.get("category", "")}
        spec |= {name: given[name] for name in ("phase", "valid_from") if name in given}
        if "valid_from" in spec:
            spec["valid_from"] = spec["valid_from"][:10]
        stages.setdefault(given.get("stage", ""), []).append(spec)
    return stages


def _refuse_misfits(mapping: Mapping, files: Files, label: str) -> None:
    """Refuse files of the map that no query fills, and queries that the map does not use."""
    used = {name for spec in mapping.tables.given().values() for name in spec.file}
    used |= {rule.file for spec in mapping.tables.given().values() for rule in spec.join}
    faults = [
        Fault(label, f"uses '{name}', which is not among the queries", f"Add --query {name}='select …'.")
        for name in sorted(used - set(files.sheets))
    ]
    unused = sorted(set(files.sheets) - used - ({STAGES} if mapping.stages else set()))
    if unused:
        faults.append(Fault(label, f"nothing is made of the queries {listed(unused)}", NAMES))
    if faults:
        raise InputError(faults)
