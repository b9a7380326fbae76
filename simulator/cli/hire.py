"""``simulator hire``: where the next reps go, what they are worth, what is in the way of each segment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import (
    Json,
    NPaths,
    Out,
    Quiet,
    ScenarioFile,
    Seed,
    Set,
    Workers,
    whole,
)
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    executor_for,
    overrides,
    results_of,
)
from simulator.errors import Fault, InputError

if TYPE_CHECKING:
    from simulator.analysis.hire.allocation import Hiring
    from simulator.analysis.hire.ladder import RepLadder
    from simulator.analysis.hire.reps_for_target import RepsForTarget
    from simulator.engine.prepare import Prepared
    from simulator.report.hire.results import HiringResults

BESIDE_THE_POINT = ("deal terms", "referrals", "days to collect")
"""Assumptions that the summary lists and the answer in words does not."""
LEAST_QUARTERS = 8
"""A rep's ramp and a sales cycle lie between the hire and the first bookings: a year tells too little."""
MOST_REPS = 30
MOST_PATHS, FIRST_PATHS = 4000, 1000
CONSTRAINT_PATHS = 400

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
    typer.Option("--indifference", metavar="MONEY", help="Below it two answers are as good as each other."),
]
Quarters = Annotated[
    int | None,
    typer.Option(
        "--quarters",
        metavar="N",
        parser=whole("--quarters", 1, 40),
        help="Fiscal quarters to look at; at least 8.",
    ),
]


def hire(
    scenario: ScenarioFile,
    *,
    reps: Reps = 5,
    role: Role = "ae",
    start: Start = None,
    budget: Budget = None,
    indifference: Indifference = None,
    quarters: Quarters = None,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Where do the next reps go? The best allocation, its worth, its ties, and the way to a target."""
    from simulator.analysis.bottlenecks import find_constraints
    from simulator.analysis.hire.allocation import HiringSettings, allocate_reps
    from simulator.analysis.hire.ladder import RepLadder
    from simulator.report.hire.results import HiringResults, hiring_summary
    from simulator.report.hire.words import hiring_answers
    from simulator.report.output.folder import check_replaceable

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    money = _options(role, budget, indifference)
    prepared = _prepare(scenario, overrides(set_, seed=seed), quarters, console, timings)
    folder = out or default_folder(f"{prepared.scenario.name}-hire")
    check_replaceable(folder)
    question = HiringSettings(
        n_reps=reps,
        start=_start_month(start, prepared),
        budget=money["budget"],
        indifference=money["indifference"],
        first_paths=min(FIRST_PATHS, paths or FIRST_PATHS),
        most_paths=paths or MOST_PATHS,
    )
    compile_first(prepared, console, timings)
    ladder = RepLadder(prepared, question.start, reps)
    with executor_for(workers, console):
        with timings.measure("hire"), console.progress("Trying reps in every segment") as advance:
            hiring = allocate_reps(ladder, question, advance)
        with timings.measure("constraints"), console.progress("Relaxing what is in the way") as advance:
            constraints = find_constraints(prepared, min(CONSTRAINT_PATHS, question.most_paths), advance)
        with timings.measure("target"):
            needed = _needed(prepared, ladder, hiring)
    currency, periods = prepared.scenario.currency, _periods(prepared, ladder)
    results = HiringResults(
        scenario=prepared.scenario.name,
        as_of=ladder.deals.horizon.as_of,
        currency=currency,
        hiring=hiring,
        constraints=constraints,
        answers=hiring_answers(hiring, periods, currency, constraints, needed),
        notes=prepared.notes,
        assumptions=_assumptions(prepared),
    )
    _write(results, prepared, folder, timings, console)
    _answer(console, results, folder)
    console.data({"folder": str(folder), **hiring_summary(results)})


def _options(role: str, budget: str | None, indifference: str | None) -> dict[str, float]:
    """Read the options that are not plain numbers; all their faults at once."""
    from simulator.scenario.numbers import ReadingError, read_money

    faults, money = [], {"budget": float("inf"), "indifference": float("nan")}
    if role.strip().lower() != "ae":
        what = f"'{role}' is not a role that this command places"
        faults.append(Fault("--role", what, "It places account executives: --role ae."))
    for name, text in (("budget", budget), ("indifference", indifference)):
        try:
            money[name] = read_money(text) if text is not None else money[name]
        except ReadingError as error:
            faults.append(Fault(f"--{name}", str(error), error.remedy))
    if faults:
        raise InputError(faults)
    return money


def _prepare(
    file: Path, overrides: list[str], quarters: int | None, console: Console, timings: Timings
) -> Prepared:
    from simulator.engine.prepare import prepare
    from simulator.scenario.load import load_scenario

    loaded = load_scenario(file, overrides)
    if not loaded.reps.stated:
        raise InputError.of(
            str(file),
            "no reps are stated, so every deal is taken up at once and a rep adds nothing",
            "Add a 'reps:' section: 'reps: {all: {patience_days: 60}}' takes the rest from the history.",
        )
    wanted = quarters or max(loaded.horizon_quarters, LEAST_QUARTERS)
    customers = loaded.customers.model_copy(update={"simulate": False})
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        return prepare(
            replace(loaded, horizon_quarters=wanted, customers=customers), kept=calibration_cache(console)
        )


def _start_month(text: str | None, prepared: Prepared) -> int:
    """Return the month in which the reps start: two months from now where none is given."""
    from simulator.fiscal import month_number
    from simulator.scenario.dates import month_text, read_month
    from simulator.scenario.numbers import ReadingError
    from simulator.scenario.settled import horizon

    scenario = prepared.scenario
    as_of = scenario.as_of
    if as_of is None:
        raise ValueError("the as-of date is not known yet")
    now = month_number(as_of)
    last = scenario.fiscal_calendar().first_month(horizon(scenario)[-1] + 1) - 1
    if text is None:
        return min(now + 2, last)
    try:
        month = read_month(text)
    except ReadingError as error:
        raise InputError.of("--start", str(error), error.remedy) from error
    if month <= now:
        what = f"{month_text(month)} is not after as_of ({as_of})"
        raise InputError.of("--start", what, f"The next month is {month_text(now + 1)}.")
    if month > last:
        what = f"{month_text(month)} is after all that is simulated (until {month_text(last)})"
        raise InputError.of("--start", what, "Start earlier, or look further with --quarters.")
    return month


def _periods(prepared: Prepared, ladder: RepLadder) -> tuple[str, ...]:
    calendar = prepared.scenario.fiscal_calendar()
    return tuple(calendar.quarter_label(int(quarter)) for quarter in ladder.deals.horizon.quarters)


def _needed(prepared: Prepared, ladder: RepLadder, hiring: Hiring) -> tuple[RepsForTarget, int | None] | None:
    """Return how many reps the last target takes and by when; None where there is no target."""
    from simulator.analysis.hire.reps_for_target import latest_start, reps_for_target
    from simulator.analysis.totals import ALL
    from simulator.engine.plan.position import position

    periods = _periods(prepared, ladder)
    targets = {period: by.get(ALL) for period, by in prepared.scenario.targets.items()}
    places = [place for place, period in enumerate(periods) if targets.get(period)]
    if not places:
        return None
    place = places[-1]
    here = position(ladder.deals, prepared.history)
    booked = float(here.booked.sum()) if place == 0 else 0.0
    target = float(targets[periods[place]] or 0.0)
    found = reps_for_target(hiring.futures, booked=booked, place=place, period=periods[place], target=target)
    if not (found.reached and found.allocation.any()):
        return found, None
    return found, latest_start(ladder, found, booked=booked, place=place, n_paths=FIRST_PATHS)


def _assumptions(prepared: Prepared) -> tuple[dict[str, str], ...]:
    from simulator.report.assumptions import list_assumptions

    return tuple(list_assumptions(prepared))


def _write(
    results: HiringResults, prepared: Prepared, folder: Path, timings: Timings, console: Console
) -> None:
    from simulator.report.hire.results import write_hiring

    with results_of(prepared, folder, timings) as draft:
        console.note("Writing tables and drawing charts …")
        with timings.measure("report"):
            write_hiring(results, draft)


def _answer(console: Console, results: HiringResults, folder: Path) -> None:
    console.say()
    for sentence in results.answers.values():
        console.say(f"{sentence}.")
    assumed = [
        a
        for a in results.assumptions
        if a["source"].startswith(("assumption", "published")) and not a["name"].startswith(BESIDE_THE_POINT)
    ]
    if assumed:
        names = ", ".join(dict.fromkeys(f"{a['name'].split(': ')[-1]} ({a['source']})" for a in assumed))
        console.say(f"\nNote: not from your data: {names}.")
    console.say(f"\nTables, charts and summary are in {folder}.")
