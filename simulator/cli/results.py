"""The commands about a finished run: its page in the browser, its documents, the same figures again."""

from __future__ import annotations

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console, PartlyWrittenError
from simulator.cli.options import Json, Quiet, Workers, number
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.report.output.reproduction import Finished, Reproduction
    from simulator.report.work import Work

DIFFERENT = 1

ResultsFolder = Annotated[Path, typer.Argument(metavar="RESULTS", help="Folder that `simulator run` wrote.")]
Only = Annotated[
    str | None, typer.Option("--only", metavar="FORMATS", help="Some of html,xlsx,pptx; all without it.")
]
Template = Annotated[
    Path | None,
    typer.Option("--template", metavar="FILE.pptx", help="A presentation whose look the slides take over."),
]
ToSql = Annotated[
    str | None,
    typer.Option("--to-sql", metavar="URL", help="Write the tables into this database, or env:NAME."),
]
Schema = Annotated[str | None, typer.Option("--schema", metavar="NAME", help="Schema of those tables.")]
Run = Annotated[
    str | None, typer.Option("--run", metavar="NAME", help="What the run is called there; the folder's name.")
]
Tables = Annotated[
    str | None, typer.Option("--tables", metavar="NAMES", help="Some of the tables, such as bookings,arr.")
]
Threads = Annotated[int | None, number("--threads", 1, help="Processor threads; any number gives the same.")]


def open_results(results: ResultsFolder, *, quiet: Quiet = False, json: Json = False) -> None:
    """Open the page of a finished run in the browser; with --json only say where it is."""
    console = Console(quiet=quiet, as_json=json)
    page = results / "report.html"
    if not page.is_file():
        remedy = "Name a folder that `simulator run` wrote, or write the page with `simulator report`."
        raise InputError.of(str(results), "has no report.html", remedy)
    console.data({"page": str(page)})
    if json:
        return
    opened = webbrowser.open(page.resolve().as_uri())
    console.say(f"{'Opened' if opened else 'Open this file in a browser'}: {page}")


def report(
    results: ResultsFolder,
    *,
    only: Only = None,
    template: Template = None,
    to_sql: ToSql = None,
    schema: Schema = None,
    run: Run = None,
    tables: Tables = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write report.html, forecast.xlsx and board.pptx, or SQL tables, from a finished run."""
    from simulator.report.documents.exports import formats_of, write_exports

    console = Console(quiet=quiet, as_json=json)
    if to_sql is not None:
        rows = _send(results, to_sql, console, schema=schema, run=run, tables=tables)
        if only is None:
            console.data({"rows": rows})
            return
    formats = formats_of(only)
    console.note("Writing the report …")
    written: list[str] = []
    try:
        write_exports(results, formats, template, on_written=lambda path: written.append(str(path)))
    except KeyboardInterrupt:
        if not written:
            raise
        raise PartlyWrittenError(", ".join(written)) from None
    for path in written:
        console.say(f"Written: {path}")
    console.data({"files": written})


def _send(
    results: Path, url: str, console: Console, *, schema: str | None, run: str | None, tables: str | None
) -> dict[str, int]:
    from simulator.database import open_database
    from simulator.report.output.warehouse import write_to_database

    database = open_database(url, "--to-sql", must_exist=False)
    only = [name.strip() for name in (tables or "").split(",") if name.strip()]
    rows = write_to_database(results, database, run=run, schema=schema, only=only)
    for name, n_rows in rows.items():
        console.say(f"{database.name}: {name}, {n_rows:,} rows")
    return rows


def reproduce(
    results: ResultsFolder,
    *,
    threads: Threads = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do the same figures come again? Runs from the manifest, and compares tables and paths bit for bit."""
    from simulator.report.output.reproduction import (
        check_figures,
        check_inputs,
        compare_figures,
        other_versions,
        read_finished,
    )
    from simulator.report.work import Work

    console = Console(quiet=quiet, as_json=json)
    finished = read_finished(results)
    notes = check_inputs(finished)
    check_figures(finished)
    with tempfile.TemporaryDirectory(prefix="simulator-") as place:
        _run_again(finished, Path(place), threads, Work(console, workers))
        outcome = compare_figures(finished, Path(place))
    versions = other_versions(finished)
    _say_outcome(console, results, outcome, [*notes, *versions])
    console.data(
        {
            "folder": str(results),
            "reproduced": not outcome.different,
            "same": outcome.same,
            "rewritten": outcome.rewritten,
            "different": outcome.different,
            "other_versions": versions,
            "notes": notes,
        }
    )
    if outcome.different:
        _fail(results, outcome, versions, as_json=json)


def _run_again(finished: Finished, place: Path, threads: int | None, work: Work) -> None:
    from simulator.engine.prepare import prepare
    from simulator.report.output.reproduction import flow_since
    from simulator.report.simulation import simulate_run

    scenario = finished.scenario
    if threads is not None:
        scenario = scenario.with_simulation(threads=threads)
    work.note("Reading the history and estimating its rates …")
    prepared = prepare(scenario)  # without the cache: the rates are part of what is reproduced
    work.compile(prepared)
    with work.executor():
        run = simulate_run(prepared, work)
    since = flow_since(finished)
    if since is not None:
        run.look_back_to(since)
    run.write_tables(place)


def _say_outcome(console: Console, results: Path, outcome: Reproduction, notes: list[str]) -> None:
    n_files = len(outcome.same) + len(outcome.rewritten) + len(outcome.different)
    console.say()
    if not outcome.different:
        how = "to the last bit" if not outcome.rewritten else "figure by figure"
        console.say(f"{results} is reproduced: all {n_files} tables and paths are the same {how}.")
    for name in outcome.rewritten:
        console.say(f"Note: {name} holds the same figures in other bytes (another version wrote it).")
    for note in notes:
        console.say(f"Note: {note}.")


def _fail(results: Path, outcome: Reproduction, versions: list[str], *, as_json: bool) -> None:
    """Say which files differ: other versions are the user's to restore, anything else is a bug of ours."""
    listed = ", ".join(outcome.different)
    if as_json:
        raise typer.Exit(DIFFERENT)
    if versions:
        remedy = "Install the versions that manifest.json lists, and try again."
        raise InputError.of(str(results), f"is not reproduced: {listed} differ", remedy)
    raise RuntimeError(f"{results} is not reproduced with the same inputs and versions: {listed} differ")
