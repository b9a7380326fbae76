"""``simulator open``: the page of finished results in the browser."""

from __future__ import annotations

import webbrowser

from simulator.cli.console import Console
from simulator.cli.options import Json, Quiet
from simulator.cli.report import ResultsFolder
from simulator.errors import InputError


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
