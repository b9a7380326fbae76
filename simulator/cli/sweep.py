"""``simulator sweep``: a scenario at every setting of a grid, on the same random numbers."""

from __future__ import annotations

import json as json_text
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
    from simulator.engine.prepare import Prepared
    from simulator.scenario.schema import Scenario
    from simulator.scenario.sweep import Setting

FEW_PATHS = 1000
"""Paired differences need fewer futures than the forecast itself."""

Period = Annotated[
    str | None,
    typer.Option("--period", metavar="QUARTER", help="What to speak of; all if left out."),
]


def sweep(
    scenario: ScenarioFile,
    *,
    period: Period = None,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What if? Every combination of the values under 'sweep:' in the scenario, on the same futures."""
    from simulator.analysis.sensitivity.sweep import play_settings
    from simulator.engine.prepare import prepare
    from simulator.report.output.folder import check_replaceable
    from simulator.report.sensitivity.results import SweepResults, sweep_answers, sweep_summary, write_sweep

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    loaded, points = _load(scenario, overrides(set_, seed=seed), paths)
    folder = out or default_folder(f"{loaded.name}-sweep")
    check_replaceable(folder)
    console.note("Reading the history and its rates …")
    with timings.measure("prepare"):
        prepared = prepare(loaded, kept=calibration_cache(console))
    spoken = _period(period, prepared)
    compile_first(prepared, console, timings)
    with (
        executor_for(workers, console),
        timings.measure("sweep"),
        console.progress("Setting by setting") as advance,
    ):
        swept = play_settings(prepared, points, advance)
    as_of = prepared.scenario.as_of
    if as_of is None:
        raise ValueError("the as-of date is not known yet")
    currency = prepared.scenario.currency
    results = SweepResults(loaded.name, as_of, currency, spoken, swept, prepared.notes)
    with results_of(prepared, folder, timings) as draft:
        write_sweep(results, draft)
    console.say()
    for sentence in sweep_answers(results).values():
        console.say(f"{sentence}.")
    console.say(f"\nTable, chart and summary are in {folder}.")
    console.data({"folder": str(folder), **sweep_summary(results)})


def _load(file: Path, given: list[str], paths: int | None) -> tuple[Scenario, list[tuple[Setting, Scenario]]]:
    """Read the scenario as it stands and at every setting; the faults of all settings at once."""
    from simulator.scenario.load import load_scenario
    from simulator.scenario.sweep import settings

    loaded = load_scenario(file, given)
    if not loaded.sweep:
        remedy = "Add, for example, 'sweep: {levers.sals: [-20%, 1, +20%]}'."
        raise InputError.of(str(file), "has no 'sweep:' to play", remedy)
    faults: list[Fault] = []
    points: list[tuple[Setting, Scenario]] = []
    for setting in settings(loaded.sweep):
        laid = [f"{key}={json_text.dumps(value)}" for key, value in setting.items()]
        try:
            points.append((setting, load_scenario(file, [*given, *laid])))
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(dict.fromkeys(faults))
    n_paths = paths or min(FEW_PATHS, loaded.simulation.paths)
    return loaded.with_simulation(paths=n_paths), points


def _period(text: str | None, prepared: Prepared) -> str:
    """Return the period to speak of: the horizon where none is named."""
    from simulator.analysis.compare.comparison import labels
    from simulator.scenario.settled import horizon

    scenario = prepared.scenario
    calendar = scenario.fiscal_calendar()
    known = labels(tuple(calendar.quarter_label(quarter) for quarter in horizon(scenario)))
    chosen = known[-1] if text is None else text.strip().upper()
    if chosen not in known:
        raise InputError.of("--period", f"'{text}' is not simulated", f"There are: {', '.join(known)}.")
    return chosen
