"""``simulator init``: a starter workspace with a sample history and scenarios."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Json, Quiet
from simulator.errors import InputError

NEXT = """Next, with your own deals:
  cd {folder}
  simulator import salesforce Opportunity.csv OpportunityHistory.csv --to history --scenario forecast.yaml
  simulator run forecast.yaml
Or first with the sample company: simulator run base.yaml. README.md there has all the steps."""


def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder to make; empty, if it exists.")],
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Write a starter workspace: the sample company's history, its base scenario, overlays, a README."""
    from simulator.report.starter import write_starter

    if folder.is_symlink():
        raise InputError.of(
            str(folder), "is a link, not a folder", f"Name the folder itself: {folder.resolve()}"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError.of(
            str(folder), "there is something there already", "Name a new folder: simulator init my-company"
        )
    write_starter(folder)
    console = Console(quiet=quiet, as_json=json)
    console.data({"folder": str(folder)})
    console.say(f"A starter workspace is in {folder}.")
    console.say(NEXT.format(folder=folder))
