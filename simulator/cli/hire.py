"""``simulator hire``: where the next reps go, what they are worth, what limits each segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import whole
from simulator.cli.runner import Asked, question, show_answer
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.report.answer import Answer

LEFT_OUT = ("deal terms", "referrals", "days to collect")
"""Assumptions that are in the summary and hardly change where reps go."""
MOST_REPS = 30

Reps = Annotated[
    int, typer.Option("--reps", metavar="N", parser=whole("--reps", 1, MOST_REPS), help="Most reps to hire.")
]
Role = Annotated[str, typer.Option("--role", help="Whom to hire: ae (account executives).")]
Start = Annotated[
    str | None, typer.Option("--start", metavar="MONTH", help="When they start, such as 2027-01.")
]
Budget = Annotated[
    str | None, typer.Option("--budget", metavar="MONEY", help="Most that they may cost a year, such as 1M.")
]
Indifference = Annotated[
    str | None,
    typer.Option("--indifference", metavar="MONEY", help="Smaller differences do not count, such as 50k."),
]
Quarters = Annotated[
    int | None,
    typer.Option(
        "--quarters", metavar="N", parser=whole("--quarters", 1, 40),
        help="Fiscal quarters to simulate; at least 8 without it.",
    ),
]  # fmt: skip


def _show(console: Console, answer: Answer) -> None:
    show_answer(console, answer)
    names = dict.fromkeys(
        f"{item['name'].split(': ')[-1]} ({item['source']})"
        for item in answer.assumptions
        if item["source"].startswith(("assumption", "published")) and not item["name"].startswith(LEFT_OUT)
    )
    if names:
        console.say(f"\nNote: not from your data: {', '.join(names)}.")


@question(on_workers=True, show=_show)
def hire(
    asked: Asked,
    *,
    reps: Reps = 5,
    role: Role = "ae",
    start: Start = None,
    budget: Budget = None,
    indifference: Indifference = None,
    quarters: Quarters = None,
) -> Answer:
    """Where do the next reps go? The best allocation, its worth, its ties, and what a target takes."""
    from simulator.report.hire import results

    if role.strip().lower() != "ae":
        what = f"'{role}' is not a role that this command places"
        raise InputError.of("--role", what, "It places account executives: --role ae.")
    return results.hire(
        asked.scenario,
        reps=reps,
        start=start,
        budget=budget,
        indifference=indifference,
        quarters=quarters,
        paths=asked.paths,
        work=asked.work,
    )
