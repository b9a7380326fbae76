"""``simulator report``: page, workbook and slides out of a finished run, or its tables into a database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Json, Quiet
from simulator.cli.streams import PartlyWrittenError

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
        rows = _send(results, to_sql, _Place(schema, run, tables), console)
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


@dataclass(frozen=True)
class _Place:
    """Where in a database the tables go, and which of them."""

    schema: str | None
    run: str | None
    tables: str | None


def _send(results: Path, url: str, place: _Place, console: Console) -> dict[str, int]:
    from simulator.database import open_database
    from simulator.report.output.warehouse import write_to_database

    database = open_database(url, "--to-sql", must_exist=False)
    only = [name.strip() for name in (place.tables or "").split(",") if name.strip()]
    rows = write_to_database(results, database, run=place.run, schema=place.schema, only=only)
    for name, n_rows in rows.items():
        console.say(f"{database.name}: {name}, {n_rows:,} rows")
    return rows
