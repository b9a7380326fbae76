"""``simulator sensitivity``: what moves a figure most, and the value of a lever that reaches a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.runner import Asked, question, show_answer, show_notes

if TYPE_CHECKING:
    from simulator.report.answer import Answer

MeasureName = Annotated[
    str, typer.Option("--measure", help="mean, p10, p50, p90, p_hit (bookings), arr, nrr or grr.")
]
Period = Annotated[
    str | None, typer.Option("--period", metavar="QUARTER", help="Such as FY28Q1; all quarters without it.")
]
Seek = Annotated[
    str | None,
    typer.Option("--seek", metavar="LEVER", help="Find the lever's value that reaches the target …"),
]
Chance = Annotated[str, typer.Option("--chance", help="… with this probability.")]
Shares = Annotated[
    bool,
    typer.Option("--shares", help="Also move all inputs at once, and split the variance among them."),
]


def _show(console: Console, answer: Answer) -> None:
    show_answer(console, answer)
    show_notes(console, answer.notes)


@question(on_workers=True, show=_show)
def sensitivity(
    asked: Asked,
    *,
    measure: MeasureName = "p50",
    period: Period = None,
    seek: Seek = None,
    chance: Chance = "80%",
    shares: Shares = False,
) -> Answer:
    """What moves a figure most? Every lever and assumption over its interval, one at a time."""
    from simulator.report.sensitivity import results

    return results.sensitivity(
        asked.scenario,
        measure=measure,
        period=period,
        seek=seek,
        chance=chance,
        shares=shares,
        paths=asked.paths,
        work=asked.work,
    )
