"""``simulator headcount``: what one more head of each role is worth, before and after the sale."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    overrides,
    results_of,
)
from simulator.errors import Fault, InputError

if TYPE_CHECKING:
    from simulator.analysis.headcount.headcount import Headcount, HeadcountSettings
    from simulator.analysis.headcount.simulation import HeadcountSimulation
    from simulator.engine.prepare import Prepared

LEAST_QUARTERS = 8
"""Renewals come once a year: less would show little of what a head does."""
PATHS, FEWER_PATHS, RATE_DRAWS = 120, 40, 40
MOST_HEADS = 20

Role = Annotated[
    list[str] | None, typer.Option("--role", help="Only this role; ae and the owners of customers else.")
]
UpTo = Annotated[int, typer.Option("--up-to", min=1, max=MOST_HEADS, help="Most heads added to a segment.")]
SegmentName = Annotated[str | None, typer.Option("--segment", help="Show this segment only.")]
Quarters = Annotated[
    int | None, typer.Option("--quarters", min=1, max=40, help="Fiscal quarters to look at; at least 8.")
]
ClosingYears = Annotated[
    float,
    typer.Option("--closing-years", min=0.0, max=10.0, help="Years that ARR gained counts for at the end."),
]


def headcount(
    scenario: ScenarioFile,
    *,
    role: Role = None,
    up_to: UpTo = 5,
    segment: SegmentName = None,
    quarters: Quarters = None,
    closing_years: ClosingYears = 1.0,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What is one more head worth? ARR, cost, NPV and payback by role, and what that hangs on."""
    from simulator.analysis.headcount.simulation import HeadcountSimulation
    from simulator.report.assumptions import people_assumptions
    from simulator.report.headcount.results import HeadcountResults, headcount_summary, write_headcount
    from simulator.report.headcount.words import headcount_answers
    from simulator.report.output.folder import check_replaceable

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    prepared = prepare_roles(scenario, overrides(set_, seed=seed), quarters, console, timings)
    roles = _roles(prepared, role, segment)
    folder = out or default_folder(f"{prepared.scenario.name}-headcount")
    check_replaceable(folder)
    compile_first(prepared, console, timings)
    with timings.measure("compile scenario"):
        ladder = HeadcountSimulation(prepared, paths or PATHS)
    question = _question(ladder, roles, up_to, closing_years)
    found = _ask(ladder, question, console, timings)
    results = HeadcountResults(
        scenario=prepared.scenario.name,
        as_of=ladder.deals.horizon.as_of,
        currency=prepared.scenario.currency,
        headcount=found,
        effects=ladder.effects,
        segment=segment,
        answers=headcount_answers(found, ladder.effects, prepared.scenario.currency, segment),
        notes=prepared.notes,
        assumptions=tuple(people_assumptions(prepared)),
    )
    with results_of(prepared, folder, timings) as draft:
        console.note("Writing tables and drawing charts …")
        with timings.measure("report"):
            write_headcount(results, draft)
    console.say()
    for sentence in results.answers.values():
        console.say(f"{sentence}.")
    console.say(f"\nTables, charts and summary are in {folder}.")
    console.data({"folder": str(folder), **headcount_summary(results)})


def prepare_roles(
    file: Path, given: list[str], quarters: int | None, console: Console, timings: Timings
) -> Prepared:
    """Return a scenario that simulates roles, prepared to look far enough ahead.

    Raises
    ------
    InputError
        It states no roles, or no ownership.
    """
    from simulator.engine.prepare import prepare
    from simulator.scenario.load import load_scenario

    loaded = load_scenario(file, given)
    if not loaded.simulates_roles:
        raise InputError.of(
            str(file),
            "no one looks after customers here: that takes 'roles', 'ownership' and customers",
            "Add 'roles: {csm: {all: {book: {arr: 2M}}}}' and 'ownership: all_csm'; heads come from the "
            "history.",
        )
    wanted = quarters or max(loaded.horizon_quarters, LEAST_QUARTERS)
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        shorter = loaded.with_simulation(rate_draws=min(RATE_DRAWS, loaded.simulation.rate_draws))
        return prepare(replace(shorter, horizon_quarters=wanted), kept=calibration_cache(console))


def _roles(prepared: Prepared, asked: list[str] | None, segment: str | None) -> tuple[str, ...]:
    from simulator.engine.plan.roles import role_names
    from simulator.scenario.faults import suggestion
    from simulator.scenario.ownership import AE

    scenario = prepared.scenario
    known = [name for name in role_names(scenario) if name != AE or scenario.reps.stated]
    faults = [
        Fault("--role", f"'{name}' is no role of this scenario", suggestion(name, known, "Roles"))
        for name in asked or ()
        if name not in known
    ]
    if segment is not None and segment not in scenario.segments:
        what = f"there is no segment '{segment}'"
        faults.append(Fault("--segment", what, suggestion(segment, scenario.segments, "Segments")))
    if faults:
        raise InputError(faults)
    if asked:
        return tuple(dict.fromkeys(asked))
    owners = {r for s in scenario.segments if (t := scenario.ownership.of(s)) is not None for r in t.roles}
    return tuple(name for name in known if name in owners or name == AE)


def _question(
    ladder: HeadcountSimulation, roles: tuple[str, ...], up_to: int, closing_years: float
) -> HeadcountSettings:
    from simulator.analysis.headcount.headcount import HeadcountSettings
    from simulator.engine.plan.reps import gross_margin

    return HeadcountSettings(
        roles=roles,
        up_to=up_to,
        start=int(ladder.months[0]) + 1,
        margin=gross_margin(ladder.scenario)[0],
        closing_years=closing_years,
    )


def _ask(
    ladder: HeadcountSimulation, question: HeadcountSettings, console: Console, timings: Timings
) -> Headcount:
    import pandas as pd

    from simulator.analysis.headcount.assumptions import find_breakeven, head_sensitivity
    from simulator.analysis.headcount.headcount import Headcount, head_table
    from simulator.scenario.ownership import AE

    with timings.measure("headcount"), console.progress("Adding heads in every segment") as advance:
        table, _ = head_table(ladder, question, advance)
    few = min(FEWER_PATHS, ladder.n_paths)
    breakeven, sensitivity = [], []
    for role in question.roles:
        if role == AE:
            continue
        with timings.measure("break even"), console.progress(f"Where a {role} breaks even") as advance:
            breakeven.append(find_breakeven(ladder, question, role, few, advance))
        with timings.measure("assumptions"), console.progress(f"What a {role} hangs on") as advance:
            sensitivity.append(head_sensitivity(ladder, question, role, few, advance))
    calendar = ladder.scenario.fiscal_calendar()
    return Headcount(
        question=question,
        segments=ladder.segments,
        table=table,
        breakeven=pd.concat(breakeven, ignore_index=True) if breakeven else pd.DataFrame(),
        sensitivity=pd.concat(sensitivity, ignore_index=True) if sensitivity else pd.DataFrame(),
        n_paths=ladder.n_paths,
        periods=tuple(calendar.quarter_label(int(q)) for q in ladder.deals.horizon.quarters),
    )
