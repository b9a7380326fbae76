"""``simulator sensitivity``: what moves a figure most, and how far a lever must turn for a target."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Json, NPaths, Out, Quiet, ScenarioFile, Seed, Set, Workers
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
    from simulator.analysis.compare.measures import Measure
    from simulator.analysis.sensitivity.inputs import Turn
    from simulator.analysis.sensitivity.main_effects import MainEffects
    from simulator.analysis.sensitivity.sensitivity import GoalSeek, Sensitivity
    from simulator.engine.prepare import Prepared
    from simulator.report.sensitivity.results import SensitivityResults

FEW_PATHS = 500
"""Paired differences need far fewer futures than the forecast itself."""

MeasureName = Annotated[
    str, typer.Option("--measure", help="mean, p10, p50, p90, p_hit (bookings), arr, nrr or grr.")
]
Period = Annotated[
    str | None, typer.Option("--period", metavar="QUARTER", help="Of FY28Q1, say; all if left out.")
]
Seek = Annotated[
    str | None,
    typer.Option("--seek", metavar="LEVER", help="Find the lever's value at which the target is hit …"),
]
Chance = Annotated[str, typer.Option("--chance", help="… with this probability.")]

Shares = Annotated[
    bool,
    typer.Option("--shares", help="Also turn all at once, and share out what the figure then varies by."),
]


def sensitivity(
    scenario: ScenarioFile,
    *,
    measure: MeasureName = "p50",
    period: Period = None,
    seek: Seek = None,
    chance: Chance = "80%",
    shares: Shares = False,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What moves a figure most? Every lever and assumption over its interval, on the same futures."""
    from simulator.analysis.sensitivity.inputs import list_turns
    from simulator.analysis.sensitivity.sensitivity import measure_sensitivity, without_customers
    from simulator.report.output.folder import check_replaceable
    from simulator.report.sensitivity.results import SensitivityResults, sensitivity_summary
    from simulator.report.sensitivity.words import sensitivity_answers

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    share = _goal(seek, chance)
    prepared = _prepare(scenario, overrides(set_, seed=seed), paths, console, timings)
    folder = out or default_folder(f"{prepared.scenario.name}-sensitivity")
    check_replaceable(folder)
    figure = _measure(measure, period, prepared, seek)
    if not figure.of_customers:
        prepared = without_customers(prepared)
    compile_first(prepared, console, timings)
    turns = list_turns(prepared, with_customers=figure.of_customers)
    with executor_for(workers, console):
        with timings.measure("turns"), console.progress("Turning one thing at a time") as advance:
            found: Sensitivity = measure_sensitivity(prepared, turns, figure, advance)
        effects = _effects(prepared, turns, figure, console, timings) if shares else None
        if seek is not None:
            console.note(f"Looking for the value of {seek} at which the target is hit …")
        with timings.measure("goal-seek"):
            goal = _seek(prepared, seek, share, figure)
    as_of, currency = prepared.scenario.as_of, prepared.scenario.currency
    if as_of is None:
        raise ValueError("the as-of date is not known yet")
    results = SensitivityResults(
        scenario=prepared.scenario.name,
        as_of=as_of,
        currency=currency,
        sensitivity=found,
        goal=goal,
        effects=effects,
        answers=sensitivity_answers(found, goal, currency, effects),
        notes=(*_own_notes(figure), *prepared.notes),
    )
    _write(results, prepared, folder, timings, console)
    _answer(console, results, folder)
    console.data({"folder": str(folder), **sensitivity_summary(results)})


def _goal(seek: str | None, chance: str) -> float:
    """Read the options of the goal-seek; all their faults at once."""
    from simulator.scenario.levers import LEVERS
    from simulator.scenario.numbers import ReadingError, read_share

    faults, share = [], float("nan")
    if seek is not None and seek not in LEVERS:
        faults.append(Fault("--seek", f"there is no lever '{seek}'", f"Levers: {', '.join(LEVERS)}."))
    try:
        share = read_share(chance)
        if not 0 < share < 1:
            faults.append(
                Fault("--chance", f"'{chance}' is not between 0% and 100%", "Write 80%, for example.")
            )
    except ReadingError as error:
        faults.append(Fault("--chance", str(error), error.remedy))
    if faults:
        raise InputError(faults)
    return share


def _prepare(
    file: Path, overrides: list[str], paths: int | None, console: Console, timings: Timings
) -> Prepared:
    from simulator.engine.prepare import prepare
    from simulator.scenario.load import load_scenario

    loaded = load_scenario(file, overrides)
    n_paths = paths or min(FEW_PATHS, loaded.simulation.paths)
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        return prepare(loaded.with_simulation(paths=n_paths), kept=calibration_cache(console))


def _measure(name: str, period: str | None, prepared: Prepared, seek: str | None) -> Measure:
    from simulator.analysis.compare.comparison import labels
    from simulator.analysis.compare.measures import P_HIT, read_measure
    from simulator.scenario.settled import horizon

    scenario = prepared.scenario
    calendar = scenario.fiscal_calendar()
    periods = tuple(calendar.quarter_label(quarter) for quarter in horizon(scenario))
    known = labels(periods)
    chosen = known[-1] if period is None else period.strip().upper()
    if chosen not in known:
        raise InputError.of("--period", f"'{period}' is not simulated", f"There are: {', '.join(known)}.")
    figure = read_measure(name.strip().lower(), chosen, periods, scenario.targets)
    if seek is not None:
        read_measure(P_HIT, chosen, periods, scenario.targets)
    if figure.of_customers and not scenario.customers.simulate:
        what = f"'{name}' needs customers, and the scenario does not simulate them"
        raise InputError.of("--measure", what, "Set customers.simulate to true.")
    return figure


def _effects(
    prepared: Prepared, turns: tuple[Turn, ...], figure: Measure, console: Console, timings: Timings
) -> MainEffects:
    from simulator.analysis.sensitivity.main_effects import measure_main_effects

    with timings.measure("shares"), console.progress("Turning everything at once") as advance:
        return measure_main_effects(prepared, turns, figure, progress=advance)


def _seek(prepared: Prepared, lever: str | None, chance: float, figure: Measure) -> GoalSeek | None:
    from simulator.analysis.sensitivity.inputs import lever_turn
    from simulator.analysis.sensitivity.sensitivity import seek_goal

    return None if lever is None else seek_goal(prepared, lever_turn(lever, prepared), figure, chance)


def _own_notes(figure: Measure) -> tuple[str, ...]:
    notes = ["each thing is turned alone: what two do together may be more or less than the sum"]
    if not figure.of_customers:
        notes.append("levers of customers are left out: they do not move new-business bookings")
    return tuple(notes)


def _write(
    results: SensitivityResults, prepared: Prepared, folder: Path, timings: Timings, console: Console
) -> None:
    from simulator.report.sensitivity.results import write_sensitivity

    with results_of(prepared, folder, timings) as draft:
        console.note("Writing tables and drawing charts …")
        with timings.measure("report"):
            write_sensitivity(results, draft)


def _answer(console: Console, results: SensitivityResults, folder: Path) -> None:
    console.say()
    for sentence in results.answers.values():
        console.say(f"{sentence}.")
    console.say()
    for note in results.notes:
        console.say(f"Note: {note[0].upper() + note[1:].rstrip('.')}.")
    console.say(f"\nTables, charts and summary are in {folder}.")
