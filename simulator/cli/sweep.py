"""``simulator sweep``: a scenario at every setting of a grid, on the same random numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.runner import Asked, question

if TYPE_CHECKING:
    from simulator.report.answer import Answer

Period = Annotated[
    str | None, typer.Option("--period", metavar="QUARTER", help="Such as FY28Q1; all quarters without it.")
]


@question(on_workers=True)
def sweep(asked: Asked, *, period: Period = None) -> Answer:
    """What if? Every combination of the values under 'sweep:' in the scenario, on the same random numbers."""
    from simulator.report.sensitivity import sweep_results as results

    return results.sweep(asked.file, asked.overrides, period=period, paths=asked.paths, work=asked.work)
