"""The commands that ask a scenario one question: each names its own options and who answers it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Period, number
from simulator.cli.runner import Asked, question, show_answer, show_notes
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.report.answer import Answer

LEFT_OUT = ("deal terms", "referrals", "days to collect")
"""Assumptions that are in the summary and hardly change where reps go."""
MOST_REPS, MOST_HEADS, MOST_QUARTERS = 30, 20, 40

Quarters = Annotated[
    int | None,
    number("--quarters", 1, MOST_QUARTERS, help="Fiscal quarters to simulate; at least 8 without it."),
]
ClosingYears = Annotated[
    float,
    typer.Option("--closing-years", min=0.0, max=10.0, help="Years that ARR gained counts for at the end."),
]


@question(on_workers=True)
def pipeline(asked: Asked) -> Answer:
    """How much pipeline must be created by quarter and segment for the targets at 50, 80 and 90 %."""
    from simulator.report.forecast import pipeline_results as results

    return results.pipeline(asked.scenario, paths=asked.paths, work=asked.work)


MeasureName = Annotated[
    str, typer.Option("--measure", help="mean, p10, p50, p90, p_hit (bookings), arr, nrr or grr.")
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


def _show_sensitivity(console: Console, answer: Answer) -> None:
    show_answer(console, answer)
    show_notes(console, answer.notes)


@question(on_workers=True, show=_show_sensitivity)
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


@question(on_workers=True)
def sweep(asked: Asked, *, period: Period = None) -> Answer:
    """What if? Every combination of the values under 'sweep:' in the scenario, on the same random numbers."""
    from simulator.report.sensitivity import sweep_results as results

    return results.sweep(asked.file, asked.overrides, period=period, paths=asked.paths, work=asked.work)


Reps = Annotated[int, number("--reps", 1, MOST_REPS, help="Most reps to hire.")]
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


def _show_hire(console: Console, answer: Answer) -> None:
    from simulator.scenario.numbers import count_text

    show_answer(console, answer)
    names = dict.fromkeys(
        f"{item['name'].split(': ')[-1]} ({item['source']})"
        for item in answer.assumptions
        if item["source"].startswith(("assumption", "published")) and not item["name"].startswith(LEFT_OUT)
    )
    if names and console.details:
        console.say(f"\nNote: not from your data: {', '.join(names)}.")
    elif names:
        console.say(f"Not from your data: {count_text(len(names), 'figure')}. Which: --details")


@question(on_workers=True, show=_show_hire)
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


@question()
def terms(asked: Asked) -> Answer:
    """What do deal terms cost? Bookings now against customers' value later, by policy of the deal desk."""
    from simulator.report.terms import results

    return results.terms(asked.scenario, paths=asked.paths, work=asked.work)


@question()
def checklist(asked: Asked) -> Answer:
    """Who owns the customer after the signature? Five questions, their gaps, and what each gap costs."""
    from simulator.report.terms import checklist as results

    return results.checklist(asked.scenario, paths=asked.paths, work=asked.work)


@question()
def ownership(asked: Asked, *, quarters: Quarters = None, closing_years: ClosingYears = 1.0) -> Answer:
    """Who should own customers? All sales, split, all CSM or mirrored, with the same people each time."""
    from simulator.report.ownership import results

    return results.ownership(
        asked.scenario,
        quarters=quarters,
        closing_years=closing_years,
        paths=asked.paths,
        work=asked.work,
    )


Roles = Annotated[
    list[str] | None,
    typer.Option("--role", help="Only this role, not ae and all who own customers."),
]
UpTo = Annotated[int, typer.Option("--up-to", min=1, max=MOST_HEADS, help="Most heads added to a segment.")]
SegmentName = Annotated[str | None, typer.Option("--segment", help="Show this segment only.")]


@question()
def headcount(
    asked: Asked,
    *,
    role: Roles = None,
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
