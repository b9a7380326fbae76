"""``simulator compare`` between two days: one scenario with ``--since``, or two finished runs."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.console import Console
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    executor_for,
)
from simulator.errors import Fault, InputError

if TYPE_CHECKING:
    import pandas as pd

    from simulator.engine.prepare import Prepared
    from simulator.report.compare.forecast_bridge import PassageResults
    from simulator.scenario.schema import Scenario

MOST_PATHS = 2000
"""Nine forecasts are played; the median of so many futures moves by some two per cent of its spread."""


@dataclass(frozen=True)
class Asked:
    """What the command line asks for."""

    places: list[Path]
    since: str | None
    period: str | None
    overrides: list[str]
    n_paths: int | None
    out: Path | None
    workers: str | None


def is_between_days(places: list[Path], since: str | None) -> bool:
    """Return whether two days are compared: a day is given, or the folders of finished runs."""
    return since is not None or any(place.is_dir() for place in places)


def compare_days(asked: Asked, console: Console) -> None:
    """Say what happened to the P50 between two days, and write it."""
    from simulator.analysis.compare.forecast_bridge import attribute
    from simulator.engine.prepare import prepare
    from simulator.report.output.folder import check_replaceable

    timings = Timings()
    loaded = _load(asked)
    folder = asked.out or default_folder(f"{loaded[1].name}-since-{loaded[0].as_of}")
    check_replaceable(folder)
    console.note("Reading the histories and their rates …")
    with timings.measure("prepare"):
        prepared = (
            prepare(loaded[0], kept=calibration_cache(console)),
            prepare(loaded[1], kept=calibration_cache(console)),
        )
    compile_first(prepared[1], console, timings)
    with (
        executor_for(asked.workers, console),
        timings.measure("simulate"),
        console.progress("One step at a time") as advance,
    ):
        steps = attribute(*prepared, advance)
    results = _results(asked, prepared, steps)
    _write(results, prepared, folder, timings)
    console.say()
    console.say(results.answer())
    for note in results.notes:
        console.say(f"Note: {note}")
    console.say(f"\nTable, chart and summary are in {folder}.")
    console.data({"folder": str(folder), **results.summary()})


def _load(asked: Asked) -> tuple[Scenario, Scenario]:
    """Return the scenarios of the earlier and the later day."""
    from simulator.report.output.reproduction import read_finished
    from simulator.scenario.load import load_scenario

    places = asked.places
    if asked.since is not None:
        if len(places) != 1 or places[0].is_dir():
            raise InputError.of("--since", "goes with one scenario file", "Name the file, and one day.")
        later = load_scenario(places[0], asked.overrides)
        earlier = load_scenario(places[0], [*asked.overrides, f"as_of={asked.since}"])
        return _on_paths(earlier, asked), _on_paths(later, asked)
    files = [place for place in places if not place.is_dir()]
    if files or len(places) != 2:
        remedy = "Name the folders of two finished runs, the earlier one first."
        wrong = [Fault(str(place), "is not a folder", remedy) for place in files]
        raise InputError(wrong or [Fault(str(places[0]), f"{len(places)} folders are named", remedy)])
    if asked.overrides:
        raise InputError.of("--set", "does not go with finished runs", "Run the scenario anew with it.")
    first, second = (read_finished(place).scenario for place in places)
    return first, second


def _on_paths(scenario: Scenario, asked: Asked) -> Scenario:
    """Return a scenario with the paths asked for, or as many as tell the steps apart."""
    n_paths = asked.n_paths or min(scenario.simulation.paths, MOST_PATHS)
    return scenario.with_simulation(paths=n_paths)


def _results(asked: Asked, prepared: tuple[Prepared, Prepared], steps: pd.DataFrame) -> PassageResults:
    from simulator.report.compare.forecast_bridge import PassageResults, said_then

    before, after = (item.scenario for item in prepared)
    if asked.since is None:
        steps = said_then(steps, (asked.places[0], asked.places[1]))
    periods = list(dict.fromkeys(steps["period"]))
    period = periods[0] if asked.period is None else asked.period.strip().upper()
    if period not in periods:
        raise InputError.of(
            "--period", f"'{asked.period}' is not simulated", f"There are: {', '.join(periods)}."
        )
    if before.as_of is None or after.as_of is None:
        raise ValueError("the as-of date is not known yet")
    return PassageResults(
        scenarios=(before.name, after.name),
        days=(before.as_of, after.as_of),
        currency=after.currency,
        period=period,
        n_paths=after.simulation.paths,
        steps=steps,
        notes=(
            "Undated columns of the history (owner, competitor, source …) are as last recorded on both days.",
        ),
    )


def _write(
    results: PassageResults, prepared: tuple[Prepared, Prepared], folder: Path, timings: Timings
) -> None:
    from simulator.report.compare.forecast_bridge import write_passage
    from simulator.report.output.folder import publish
    from simulator.report.output.manifest import COMPARED, write_manifest

    named = {f"{item.scenario.name} as of {item.scenario.as_of}": item.scenario for item in prepared}
    with publish(folder) as draft:
        with timings.measure("report"):
            write_passage(results, draft)
        write_manifest(
            draft,
            folder=folder,
            command=shlex.join(["simulator", *sys.argv[1:]]),
            inputs=[content for item in prepared for content in item.files],
            scenario={COMPARED: {name: item.to_dict() for name, item in named.items()}},
            seed=prepared[1].scenario.simulation.seed,
            timings_seconds=timings.seconds,
        )
