"""``simulator import``: exports of a CRM into a normalised history, and what was made of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.console import Console
from simulator.cli.options import AsOf, FiscalLabel, FiscalStart, Json, Quiet, read_calendar, read_day
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.fiscal import FiscalCalendar
    from simulator.history.hygiene import Hygiene
    from simulator.history.importers.import_log import Understanding
    from simulator.history.importers.importer import Imported

KIND_HELP = (
    "salesforce, hubspot, pipedrive, dynamics, zoho or close (deals); stripe, chartmogul, recurly, "
    "baremetrics or mrr (revenue); snapshots, table or sql."
)
Kind = Annotated[str, typer.Argument(metavar="KIND", help=KIND_HELP)]
Files = Annotated[list[Path] | None, typer.Argument(metavar="FILE...", help="CSV, XLSX or Parquet files.")]
To = Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write the history to.")]
Map = Annotated[
    Path | None, typer.Option("--map", metavar="MAP.yaml", help="What your columns and words mean.")
]
FirstScenario = Annotated[
    Path | None,
    typer.Option("--scenario", metavar="FILE.yaml", help="Also write a scenario to start from, commented."),
]
Url = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="sql: the database, or env:NAME [default: SIMULATOR_SQL_URL]."),
]
Query = Annotated[
    list[str] | None,
    typer.Option("--query", metavar="TABLE=SELECT", help="sql: a query, table or @file.sql for a table."),
]
Param = Annotated[
    list[str] | None,
    typer.Option("--param", metavar="NAME=VALUE", help="sql: what :NAME stands for in the queries."),
]

Yes = Annotated[
    bool, typer.Option("--yes", help="Accept what contradicts what was understood (it is listed).")
]
Explain = Annotated[
    bool, typer.Option("--explain", help="Also print where every column is taken from and how it is read.")
]
WriteMap = Annotated[
    Path | None,
    typer.Option("--write-map", metavar="FILE.yaml", help="Write the map of what was understood, to review."),
]

REPORT = "import.json"
HYGIENE = "hygiene.csv"
ENDS = ("won", "lost", "open")


def import_history(
    kind: Kind,
    files: Files = None,
    *,
    to: To,
    map_: Map = None,
    as_of: AsOf = None,
    scenario: FirstScenario = None,
    fiscal_start: FiscalStart = "1",
    fiscal_label: FiscalLabel = "end",
    url: Url = None,
    query: Query = None,
    param: Param = None,
    yes: Yes = False,
    explain: Explain = False,
    write_map: WriteMap = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Turn exports of a CRM into a history, and say what was understood and what was left out.

    The table by fiscal quarter is there to be compared with the CRM. Where evidence contradicts what was
    understood, a person is asked; without a terminal it is a fault unless --yes is given.

    With --scenario a first scenario is written too: its segments, its currency, and what was booked a
    year before as targets to replace. --fiscal-start and --fiscal-label are those of the table and of it.
    """
    from simulator.history.importers.map_file import write_map_file
    from simulator.report.first_scenario import refuse_existing

    console, calendar = Console(quiet=quiet, as_json=json), read_calendar(fiscal_start, fiscal_label)
    if scenario is not None:
        refuse_existing(scenario)
    asked = {"--url": url, "--query": query or [], "--param": param or []}
    imported = _import(kind, files or [], asked, map_, read_day(as_of))
    written = _say_and_write(imported, to, calendar, console, yes=yes, explain=explain)
    if write_map is not None:
        write_map_file(imported, kind, write_map)
    _go_on(imported, to, scenario, calendar, console)
    console.data(written)


def _say_and_write(
    imported: Imported, to: Path, calendar: FiscalCalendar, console: Console, *, yes: bool, explain: bool
) -> dict[str, Any]:
    """Write the history once a person agrees, and say what was understood; return it as plain values."""
    from simulator.history.hygiene import check_hygiene, write_hygiene
    from simulator.history.importers.import_log import quarters
    from simulator.history.save import history_folder, write_tables

    by_quarter = quarters(imported.history, calendar)
    if imported.conflicts:
        _settle(imported, by_quarter, yes, console)
    hygiene = check_hygiene(imported.history, imported.oddities)
    understood = imported.understanding
    kept = _own_tables(to, set(understood.tables))
    with history_folder(to, kept) as draft:
        write_tables(imported.history, draft)
        write_hygiene(hygiene, draft / HYGIENE)
        _write_report(understood, draft / REPORT)
    if explain:
        _print_columns(understood, console)
    _print(understood, by_quarter, hygiene, console)
    written = ", ".join(f"{name}.csv ({n:,} rows)" for name, n in understood.tables.items())
    console.say(f"\nWritten to {to}: {written}, {HYGIENE}, {REPORT}.")
    if kept:
        console.say(f"Kept as they were, for you put them there: {', '.join(sorted(kept))}.")
    return {**asdict(understood), "quarters": by_quarter, "folder": str(to), "kept": sorted(kept)}


def _settle(imported: Imported, by_quarter: list[dict[str, Any]], yes: bool, console: Console) -> None:
    """Ask a person whether conflicting evidence is to be accepted; refuse where nobody can answer."""
    import sys

    if not yes and not (console.talks and sys.stdin.isatty()):
        raise InputError(imported.conflicts)
    for fault in imported.conflicts:
        console.say(f"{fault.where}: {fault.what}\n    {fault.remedy}")
    if yes:
        return
    _print_quarters(by_quarter, console)
    if not typer.confirm("Is it right so?", default=False):
        raise InputError(imported.conflicts)


def _own_tables(folder: Path, imported: set[str]) -> set[str]:
    """Return the tables in a folder that no import wrote: the user's own, which stay."""
    import json

    from simulator.history.tables import TABLES

    report = folder / REPORT
    if not report.is_file():
        return set()
    try:
        before = set(json.loads(report.read_text(encoding="utf-8"))["tables"])
    except (ValueError, KeyError, TypeError):
        return set()
    there = {
        name for name in TABLES for suffix in (".csv", ".parquet") if (folder / (name + suffix)).exists()
    }
    return there - before - imported


def _go_on(
    imported: Imported, to: Path, scenario: Path | None, calendar: FiscalCalendar, console: Console
) -> None:
    """Write the first scenario where one is wanted, and say what comes next."""
    from simulator.report.first_scenario import first_scenario, write_first_scenario

    if scenario is not None:
        write_first_scenario(first_scenario(imported.history, to, scenario, calendar), scenario)
    console.say("\nNext:")
    console.say(f"  simulator audit {to}   what is odd in it, and what that does to a forecast")
    if scenario is None:
        console.say("  simulator import … --scenario forecast.yaml   writes a scenario to start from")
    else:
        console.say(f"  read {scenario}, and give your targets")
        console.say(f"  simulator run {scenario}   the forecast: page, workbook, slides")


def _import(
    kind: str,
    files: list[Path],
    asked: dict[str, Any],
    map_: Path | None,
    as_of: dt.date | None,
) -> Imported:
    """Import files, or what the options of ``asked`` say of a database."""
    if kind != "sql":
        from simulator.history.importers.importer import import_files

        for option, given in asked.items():
            _refuse(option, given, "It belongs to databases: simulator import sql …")
        return import_files(kind, files, map_, as_of, accept=True)
    from simulator.database import open_database
    from simulator.history.importers.readers.sql import import_queries

    _refuse("FILE", files, "sql reads a database; what is in files is imported by itself.")
    queries = {name: _query(text) for name, text in _pairs("--query", asked["--query"]).items()}
    values = _pairs("--param", asked["--param"])
    return import_queries(open_database(asked["--url"]), queries, values=values, map_path=map_, as_of=as_of)


def _query(text: str) -> str:
    """Return a query, read from its file where it is ``@file.sql``."""
    return Path(text[1:]).read_text(encoding="utf-8") if text.startswith("@") else text


def _pairs(option: str, given: list[str]) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in given:
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (sign and name.isidentifier() and value):
            raise InputError.of(option, f"'{text[:40]}' is not of the form NAME=…", "See --help.")
        if name in pairs:
            raise InputError.of(option, f"'{name}' is there twice", "Keep one.")
        pairs[name] = value
    return pairs


def _refuse(option: str, given: object, remedy: str) -> None:
    if given:
        raise InputError.of(option, "does not go with this kind of import", remedy)


def _write_report(understanding: Understanding, path: Path) -> None:
    import json

    text = json.dumps(asdict(understanding), indent=1, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _print_quarters(rows: list[dict[str, Any]], console: Console) -> None:
    """Print deals and amounts by fiscal quarter: won and lost by their end, open ones by their close date."""
    headings = ("quarter", "won", "amount", "lost", "amount", "open, due", "amount")
    console.say("\nBy fiscal quarter, to compare with your CRM")
    cells = []
    for row in rows:
        pairs = ((f"{row[end]:,}", f"{row[f'{end}_amount']:,.2f}") for end in ENDS)
        cells.append((row["quarter"], *chain(*pairs)))
    console.rows(headings, cells, fold=True, right=True)


def _print_columns(understanding: Understanding, console: Console) -> None:
    for table, file in dict.fromkeys((m.table, m.file) for m in understanding.meanings):
        console.say(f"\n{table} from {file}")
        its = [m for m in understanding.meanings if (m.table, m.file) == (table, file)]
        cells = [(m.column, m.taken_from, m.read_as) for m in its]
        console.rows(("column", "taken from", "read as"), cells, fold=True)


def _print(
    understanding: Understanding, by_quarter: list[dict[str, Any]], hygiene: Hygiene, console: Console
) -> None:
    from simulator.scenario.numbers import count_text

    console.say("Files")
    for read in understanding.files:
        console.say(f"  {read.file}: {read.rows:,} rows, {read.columns} columns, {read.read_as}")
        if read.unused:
            console.say(f"    not used: {', '.join(read.unused)}")
    if understanding.stages:
        console.say("\nStages")
        cells = [(s.stage, s.category, s.outcome, s.valid_from, s.decided_by) for s in understanding.stages]
        console.rows(("stage", "category", "outcome", "since", "decided by"), cells, fold=True)
    if by_quarter:
        _print_quarters(by_quarter, console)
    _print_figures(understanding.figures, console)
    console.say("\nLeft out" if understanding.dropped else "\nNothing was left out.")
    for dropped in understanding.dropped:
        place = dropped.file or dropped.table
        example = f" ({dropped.example})" if dropped.example else ""
        console.say(f"  {count_text(dropped.rows, 'row')} of {place}: {dropped.reason}{example}")
    console.say("\nTo know")
    for note in understanding.notes:
        console.say(f"  {note}")
    n_found = len(hygiene.table)
    console.say(f"  Hygiene: {count_text(n_found, 'kind')} of oddities; see {HYGIENE}.")


def _print_figures(figures: dict[str, Any], console: Console) -> None:
    from simulator.scenario.numbers import count_text

    unit = f" {figures['currency']}" if figures["currency"] else ""
    console.say(f"Figures, as of {figures['as_of']}")
    if "deals" in figures:
        console.say(
            f"  deals created {figures['first_created']} to {figures['last_created']}, "
            f"closed {figures['first_closed'] or 'never'} to {figures['last_closed'] or 'never'}"
        )
        for outcome, n in figures["deals"].items():
            without = figures["without_amount"].get(outcome, 0)
            amount = f"{figures['amounts'].get(outcome, 0.0):,.2f}{unit}"
            rest = f" ({without:,} without an amount)" if without else ""
            console.say(
                f"  {outcome}: {count_text(n, 'deal')}, {amount if without < n else 'amounts unknown'}{rest}"
            )
        segments = ", ".join(f"{name} ({n:,})" for name, n in figures["segments"].items())
        console.say(f"  segments: {segments}")
    if "arr" in figures:
        moves = ", ".join(f"{name} {amount:,.2f}" for name, amount in figures["arr_movements"].items())
        console.say(f"  annual recurring revenue: {moves}; in all {figures['arr']:,.2f}{unit}")
