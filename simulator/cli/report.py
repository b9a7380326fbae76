"""``simulator report``: page, workbook and slides out of a finished run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Json, Quiet

ResultsFolder = Annotated[Path, typer.Argument(metavar="RESULTS", help="Folder that `simulator run` wrote.")]
Only = Annotated[
    str | None, typer.Option("--only", metavar="FORMATS", help="Some of html,xlsx,pptx; all without it.")
]
Template = Annotated[
    Path | None,
    typer.Option("--template", metavar="FILE.pptx", help="A presentation whose look the slides take over."),
]


def report(
    results: ResultsFolder,
    *,
    only: Only = None,
    template: Template = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write report.html, forecast.xlsx and board.pptx from a finished run; nothing is simulated again."""
    from simulator.report.exports import formats_of, write_exports

    console = Console(quiet=quiet, as_json=json)
    formats = formats_of(only)
    console.note("Writing the report …")
    written = write_exports(results, formats, template)
    for path in written:
        console.say(f"Written: {path}")
    console.data({"files": [str(path) for path in written]})
