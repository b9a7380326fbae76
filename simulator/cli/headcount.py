"""``simulator headcount``: what one more head of each role is worth, before and after the sale."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.runner import Asked, question

if TYPE_CHECKING:
    from simulator.report.answer import Answer

MOST_HEADS = 20

Role = Annotated[
    list[str] | None,
    typer.Option("--role", help="Only this role, not ae and all who own customers."),
]
UpTo = Annotated[int, typer.Option("--up-to", min=1, max=MOST_HEADS, help="Most heads added to a segment.")]
SegmentName = Annotated[str | None, typer.Option("--segment", help="Show this segment only.")]
Quarters = Annotated[
    int | None,
    typer.Option("--quarters", min=1, max=40, help="Fiscal quarters to simulate; at least 8 without it."),
]
ClosingYears = Annotated[
    float,
    typer.Option("--closing-years", min=0.0, max=10.0, help="Years that ARR gained counts for at the end."),
]


@question()
def headcount(
    asked: Asked,
    *,
    role: Role = None,
    up_to: UpTo = 5,
    segment: SegmentName = None,
    quarters: Quarters = None,
    closing_years: ClosingYears = 1.0,
) -> Answer:
    """What is one more head worth? ARR, cost, NPV and payback by role, and what that depends on."""
    from simulator.report.headcount import results

    return results.headcount(
        asked.scenario,
        roles=role,
        up_to=up_to,
        segment=segment,
        quarters=quarters,
        closing_years=closing_years,
        paths=asked.paths,
        work=asked.work,
    )
