"""The commands about a workspace of scenarios: begin one, check a scenario, plan in the browser."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.console import Console, json_text, write_answer
from simulator.cli.options import Json, Out, Quiet, ScenarioFile, Set
from simulator.errors import InputError

NEXT = """Next, with your own deals:
  cd {folder}
  simulator import salesforce Opportunity.csv OpportunityHistory.csv --to history --scenario forecast.yaml
  simulator run forecast.yaml
Or first with the sample company: simulator run base.yaml. README.md there has all the steps."""
Workspace = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace: a folder with scenarios.")]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of this machine; 0 takes a free one.")
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open it in the browser.")]


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


def validate(scenario: ScenarioFile, set_: Set = None, quiet: Quiet = False, json: Json = False) -> None:
    """Check a scenario, its history and its calibration: all faults at once, or what it will simulate."""
    from simulator.scenario.load import load_scenario
    from simulator.scenario.settled import sentences, settled

    loaded = load_scenario(scenario, set_ or ())
    segments: tuple[str, ...] = ()
    last_day = sources = None
    if loaded.history is not None:
        from simulator.history.load import load_history

        history = load_history(loaded.history, loaded.as_of)
        segments = tuple(history.opportunities["segment"].dropna().unique())
        sources = tuple(history.opportunities["source"].dropna().unique())
        last_day = history.as_of
    if loaded.calibration is not None:
        from simulator.calibration.file import load_calibration

        calibration = load_calibration(loaded.calibration)
        segments, last_day = calibration.segments, last_day or calibration.as_of
    full = settled(loaded, segments, last_day, sources)
    console = Console(quiet=quiet, as_json=json)
    console.say(f"{scenario} is valid.")
    for line in sentences(full):
        console.say(f"  {line}")
    for note in full.notes:
        console.say(f"  Note: {note}.")
    console.data({"valid": True, "scenario": full.to_dict(), "notes": list(full.notes), "faults": []})


def schema(out: Out = None, json: Json = False) -> None:
    """Write the JSON Schema of scenario files, for completion and checks in editors.

    In VS Code with the YAML extension, put this line on top of a scenario:
    # yaml-language-server: $schema=scenario.schema.json
    """
    from simulator.scenario.schema import scenario_schema

    if out is None:
        write_answer(json_text(scenario_schema()))
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json_text(scenario_schema()), encoding="utf-8")
    except OSError as error:
        error.filename = error.filename or str(out)
        raise
    console = Console(as_json=json)
    console.say(f"Written: {out}")
    console.data({"file": str(out)})


def app(folder: Workspace, port: Port = 0, browser: Browser = True, quiet: Quiet = False) -> None:
    """Open a workspace in the browser: forecast, what-if, people; save what differs as a scenario.

    The page is served to this machine only, and only to who opens the address that is printed.
    """
    if importlib.util.find_spec("nicegui") is None:
        raise InputError.of(
            "app", "the page needs NiceGUI, which is not installed", "Install the extra: 'app'."
        )
    from simulator.app.server import serve

    console = Console(quiet=quiet)
    serve(
        folder,
        port,
        lambda address: console.say(f"The page is at {address}\nStop it with Ctrl+C."),
        show=browser,
    )
