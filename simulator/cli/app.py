"""``simulator app``: a page for planners, in the browser of this machine."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Quiet
from simulator.errors import InputError

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace: a folder with scenarios.")]
Port = Annotated[
    int, typer.Option("--port", min=0, max=65535, help="Port of this machine; 0 takes a free one.")
]
Browser = Annotated[bool, typer.Option("--browser/--no-browser", help="Whether to open it in the browser.")]


def app(folder: Folder, port: Port = 0, browser: Browser = True, quiet: Quiet = False) -> None:
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
