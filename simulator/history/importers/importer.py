"""From files of a CRM to a History, whatever the kind of files."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from simulator.errors import Fault, InputError
from simulator.history.findings import Finding
from simulator.history.importers.assemble import assemble
from simulator.history.importers.balances import read_heading
from simulator.history.importers.crm.deals import Recognition, either
from simulator.history.importers.crm.headings import known_headings, recognised
from simulator.history.importers.crm.headings import names as headings
from simulator.history.importers.crm.hubspot import recognise_hubspot
from simulator.history.importers.crm.salesforce import recognise_salesforce
from simulator.history.importers.crm.subscriptions import BILLING, recognise_billing
from simulator.history.importers.crm.systems import SYSTEMS, recognise_system
from simulator.history.importers.extract import Files
from simulator.history.importers.fields.named_days import NAME_DAYS, day_in_name
from simulator.history.importers.import_log import ImportLog, Understanding, listed, understanding
from simulator.history.importers.map_file import check_map, read_map
from simulator.history.importers.mapping import Mapping, merged
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.steady import steady
from simulator.history.tables import History
from simulator.yaml_source import Tree

KINDS = ("salesforce", "hubspot", *SYSTEMS, *BILLING, "snapshots", "table")

NO_MAP = (
    "Write a map that says what the columns mean (--map MAP.yaml); docs/importing.md shows one for each kind."
)


@dataclass(frozen=True)
class Imported:
    """A history, how it was understood, what its files contradict each other in, and the map of it all.

    The map has no tables where these were made of columns that the importer computed.
    """

    history: History
    understanding: Understanding
    oddities: tuple[Finding, ...]
    conflicts: tuple[Fault, ...] = ()
    map_values: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, kind: str, history: History, log: ImportLog, map_values: dict[str, Any]) -> Imported:
        """Return a history with what its import understood, found odd, and found in conflict."""
        understood = understanding(kind, history, log)
        return cls(history, understood, tuple(log.oddities), tuple(log.conflicts), map_values)


def import_files(
    kind: str,
    paths: Sequence[Path],
    map_path: Path | None = None,
    as_of: dt.date | None = None,
    *,
    accept: bool = False,
) -> Imported:
    """Read files of one kind as a history.

    Parameters
    ----------
    kind : str
        Where the files come from: one of KINDS.
    paths : sequence of Path
        The files; those that a map names may also lie next to the map.
    map_path : Path, optional
        Map of columns and words; needed for ``table``, completes what is recognised for the others.
    as_of : datetime.date, optional
        Last day to know of; what is dated later is taken away and counted.
    accept : bool
        Whether evidence that contradicts what was understood is passed on in ``conflicts`` instead of
        being a fault.

    Raises
    ------
    InputError
        All faults of the map and of the files; conflicts that were not accepted; or files
        that changed while they were read.
    """
    if kind not in KINDS:
        remedy = f"The kinds are: {', '.join(KINDS)}, sql."
        raise InputError.of("KIND", f"there is no kind of import '{kind}'", remedy)
    with steady(*paths, map_path):
        imported = _import(kind, paths, map_path, as_of)
    if imported.conflicts and not accept:
        raise InputError(imported.conflicts)
    return imported


def _import(kind: str, paths: Sequence[Path], map_path: Path | None, as_of: dt.date | None) -> Imported:
    log = ImportLog()
    tree = read_map(map_path) if map_path is not None else None
    label = str(map_path) if map_path is not None else "the map"
    said = dict(tree.values) if tree is not None else {}
    given = _by_name(paths)
    first = check_map({"files": said.get("files") or {}}, tree, label)
    _refuse_queries(first, label)
    files = Files({}, first.files, log)
    said = _with_all_files(said, given)
    values = merged(_recognise(kind, said, given, files, tree), said)
    mapping = check_map(values, tree, label)
    if not mapping.tables.given():
        raise InputError.of(label, "says nothing of tables", NO_MAP)
    used = _resolve(mapping, given, map_path, files)
    _refuse_unused(given, used, mapping, label)
    _refuse_months_as_dates(mapping, files, label)
    history = assemble(mapping, files, log, kind not in ("snapshots", "table"), as_of)
    if log.computed & {meaning.taken_from for meaning in log.meanings}:
        values.pop("tables")  # they name columns that the files do not have
    return Imported.of(kind, history, log, values)


def _with_all_files(said: dict[str, Any], given: dict[str, Path]) -> dict[str, Any]:
    """Return the map with all files that a pattern of a table fits, such as deals*.csv."""
    stated = said.get("files")
    files: dict[str, Any] = stated if isinstance(stated, dict) else {}
    named: dict[str, Any] = {}

    def fitting(name: str) -> list[str]:
        spec = files.get(name, name)
        pattern = Path(str(spec.get("path", "") if isinstance(spec, dict) else spec)).name
        found = [] if pattern in given else [one for one in given if fnmatchcase(one, pattern)]
        if len(found) > 1 and isinstance(spec, dict):
            named.update({one: {**spec, "path": one} for one in found})
        return found if len(found) > 1 else [name]

    tables = {}
    for role, spec in _tables(said).items():
        tables[role] = spec
        if isinstance(spec, dict) and isinstance(spec.get("file"), str | list):
            names = spec["file"] if isinstance(spec["file"], list) else [spec["file"]]
            tables[role] = {**spec, "file": [one for name in names for one in fitting(str(name))]}
    return {**said, "tables": tables, "files": {**files, **named}} if tables else said


def _refuse_queries(mapping: Mapping, label: str) -> None:
    names = [name for name, spec in mapping.files.items() if spec.query is not None]
    if names:
        remedy = "Import it with: simulator import sql --url … --map …"
        raise InputError.of(label, f"{listed(names)}: a query, which is no file", remedy)


def _by_name(paths: Sequence[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        if path.name in named:
            raise InputError.of(str(path), f"there are two files called {path.name}", "Rename one of them.")
        named[path.name] = path
    return named


def _recognise(
    kind: str, said: dict[str, Any], given: dict[str, Path], files: Files, tree: Tree | None
) -> dict[str, Any]:
    """Return the map that the headings of the files suggest; empty where the user's map says it all."""
    if kind == "table":
        if tree is None:
            raise InputError.of("--map", "tables of your own need a map", NO_MAP)
        return {}
    if any("file" in (spec or {}) for spec in _tables(said).values() if isinstance(spec, dict)):
        return {}
    if not given:
        raise InputError.of("FILE", "no files are named", "Name the files to import.")
    lookups = _lookup_files(said)
    sheets: dict[str, Sheet] = {}
    for name, path in given.items():
        if name in lookups:
            continue
        files.paths[name] = path
        sheets |= files.all_sheets(name, known_headings)
    files.log.stop_if_faulty()
    recognition = Recognition(sheets, said, files.log)
    if kind == "salesforce":
        values = recognise_salesforce(recognition)
    elif kind == "hubspot":
        values = recognise_hubspot(recognition)
    elif kind in SYSTEMS:
        values = recognise_system(kind, recognition)
    elif kind in BILLING:
        values = recognise_billing(kind, recognition)
    else:
        values = _recognise_snapshots(sheets, said, files.log)
    files.log.stop_if_faulty()
    named = {
        name: {"path": spec.path, "sheet": spec.sheet} for name, spec in files.specs.items() if spec.sheet
    }
    return {**values, "files": named} if named else values


def _tables(said: dict[str, Any]) -> dict[str, Any]:
    tables = said.get("tables")
    return tables if isinstance(tables, dict) else {}


def _lookup_files(said: dict[str, Any]) -> set[str]:
    """Return the names of files that the map only looks things up in."""
    names = set()
    for spec in _tables(said).values():
        joins = spec.get("join") if isinstance(spec, dict) else None
        for rule in joins if isinstance(joins, list) else []:
            if isinstance(rule, dict):
                names.add(str(rule.get("file")))
    return names


def _recognise_snapshots(sheets: dict[str, Sheet], said: dict[str, Any], log: ImportLog) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    named = _tables(said).get("snapshots")
    known = set(named.get("columns") or {}) if isinstance(named, dict) else set()
    aside = {"name", "deal_amount", "converted_currency", "period", "outcome"}
    wanted = {k: v for k, v in headings("deal").items() if k not in aside} | headings("snapshot")
    in_names = _form_of_names(sheets)
    for sheet in sheets.values():
        columns = either(columns, recognised(sheet, wanted))
        if in_names and not {"snapshot_date"} & (set(columns) | known):
            log.note("The day of each snapshot is that in the name of its file.")
            columns["snapshot_date"] = {"file_name": in_names}
        missing = {"opportunity_id", "snapshot_date", "stage"} - set(columns) - known
        for column in sorted(missing):
            log.fault(sheet.file, f"no column is recognised as {column}", f"{NO_MAP} {sheet.near(column)}")
    return {"tables": {"snapshots": {"file": list(sheets), "columns": columns}}}


def _form_of_names(sheets: dict[str, Sheet]) -> str | None:
    """Return the form of the day that the names of all files hold, if there is one."""
    return next((f for f in NAME_DAYS if all(day_in_name(s.file, f) for s in sheets.values())), None)


def _resolve(mapping: Mapping, given: dict[str, Path], map_path: Path | None, files: Files) -> set[str]:
    """Find the files that the map names, among those given or next to it; return the given ones used."""
    names = {name for spec in mapping.tables.given().values() for name in spec.file}
    names |= {rule.file for spec in mapping.tables.given().values() for rule in spec.join}
    used = set()
    for name in sorted(names):
        pattern = mapping.files[name].path if name in mapping.files else name
        if name in files.paths and Path(pattern).name in given:
            used.add(Path(pattern).name)
            continue
        matches = [g for g in given if fnmatchcase(g, Path(pattern).name)]
        near = map_path.parent / pattern if map_path is not None else Path(pattern)
        if len(matches) == 1:
            files.paths[name] = given[matches[0]]
            used.add(matches[0])
        elif len(matches) > 1:
            files.log.fault(name, f"several files fit '{pattern}': {listed(matches)}", "Give one of them.")
        elif len(names) == 1 and len(given) == 1:
            only = next(iter(given))
            files.paths[name] = given[only]
            used.add(only)
        elif near.is_file():
            files.paths[name] = near
        else:
            what = f"the map names the file '{pattern}', which is neither given nor next to the map"
            files.log.fault(name, what, f"Files given: {listed(given) or 'none'}.")
    files.log.stop_if_faulty()
    return used


def _refuse_months_as_dates(mapping: Mapping, files: Files, label: str) -> None:
    """Refuse a heading that is itself a month where dates are wanted: such a table has a column a month."""
    spec = mapping.tables.subscriptions
    start = spec.columns["start_date"].column if spec else None
    if spec is None or start is None or read_heading(start) is None:
        return
    customer = listed(spec.columns["customer_id"].headings(), 1)
    what = f"'{start}' is the name of a month: the table has a column for each month, not one of dates"
    remedy = (
        f"Write instead of subscriptions: balances: {{file: {spec.file[0]}, columns: "
        f"{{customer_id: {customer}}}, "
        "months: all, times: 12} (times: 12 for monthly revenue, times: 1 for annual)."
    )
    files.log.fault(label, what, remedy)
    files.log.stop_if_faulty()


def _refuse_unused(given: dict[str, Path], used: set[str], mapping: Mapping, label: str) -> None:
    unused = [name for name in given if name not in used]
    if unused:
        patterns = listed(spec.path for spec in mapping.files.values())
        what = f"{listed(unused)}: given, but the map does not use {'it' if len(unused) == 1 else 'them'}"
        raise InputError.of(label, what, f"Its files are: {patterns}." if patterns else "Leave it out.")
