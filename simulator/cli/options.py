"""Options that several commands share, so that they are named and explained alike."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="The scenario's YAML file.")]
HistoryFolder = Annotated[Path, typer.Argument(metavar="HISTORY", help="Folder of the normalised history.")]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value of the scenario: --set levers.sals=+20%."
    ),
]
Out = Annotated[Path | None, typer.Option("-o", "--out", metavar="PATH", help="Where to write.")]
NPaths = Annotated[int | None, typer.Option("--paths", min=1, help="Number of futures to simulate.")]
Seed = Annotated[int | None, typer.Option("--seed", min=0, help="Same seed, same result.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="DATE", help="Use only what was known on this day.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing but faults.")]
Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for scripts.")]
