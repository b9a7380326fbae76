"""``simulator compare``: what scenarios change against the first, on the same random numbers."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.compare_days import Asked, compare_days, is_between_days
from simulator.cli.console import Console
from simulator.cli.options import Json, NPaths, Out, Quiet, Seed, Set, Workers
from simulator.cli.steps import (
    Timings,
    calibration_cache,
    compile_first,
    default_folder,
    executor_for,
    overrides,
)
from simulator.errors import Fault, InputError

if TYPE_CHECKING:
    from simulator.engine.paths import Paths
    from simulator.engine.prepare import Prepared
    from simulator.report.compare.results import ComparisonResults
    from simulator.scenario.schema import Scenario

Scenarios = Annotated[
    list[Path],
    typer.Argument(
        metavar="SCENARIO SCENARIO…",
        help="Scenario files, the first is the base; or one file with --since, or the folders of two runs.",
    ),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="What moved the P50 of one scenario since that day."),
]
Period = Annotated[
    str | None,
    typer.Option("--period", metavar="QUARTER", help="What to speak of, such as FY28Q1; all if left out."),
]


def compare(
    scenarios: Scenarios,
    *,
    since: Since = None,
    period: Period = None,
    out: Out = None,
    paths: NPaths = None,
    seed: Seed = None,
    set_: Set = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What do scenarios change? Paired differences on the same futures, and a bridge between the P50s."""
    from simulator.analysis.compare.comparison import check_comparable, on_the_ground_of
    from simulator.engine.prepare import prepare
    from simulator.report.compare.results import comparison_summary
    from simulator.report.output.folder import check_replaceable

    console, timings = Console(quiet=quiet, as_json=json), Timings()
    if is_between_days(scenarios, since):
        asked = Asked(scenarios, since, period, overrides(set_, seed=seed), paths, out, workers)
        compare_days(asked, console)
        return
    loaded = _load(scenarios, overrides(set_, paths=paths, seed=seed))
    folder = out or default_folder("-vs-".join(scenario.name for scenario in loaded))
    check_replaceable(folder)
    console.note("Reading the histories and their rates …")
    with timings.measure("prepare"):
        kept = calibration_cache(console)
        prepared = [prepare(loaded[0], kept=kept)]
        prepared += [prepare(on_the_ground_of(loaded[0], other), prepared[0], kept) for other in loaded[1:]]
    check_comparable(prepared)
    spoken = _period(period, prepared[0])
    compile_first(prepared[0], console, timings)
    with executor_for(workers, console):
        results = _compare(prepared, loaded, spoken, console, timings)
    _write(results, prepared, folder, timings, console)
    _answer(console, results, folder)
    console.data({"folder": str(folder), **comparison_summary(results)})


def _load(files: list[Path], overrides: list[str]) -> list[Scenario]:
    """Read all scenarios; the faults of all files at once."""
    from simulator.scenario.load import load_scenario

    faults: list[Fault] = []
    loaded: list[Scenario] = []
    if len(files) < 2:
        faults.append(
            Fault(str(files[0]), "is one scenario, with nothing to compare it to", "Name another one.")
        )
    for file in files:
        try:
            scenario = load_scenario(file, overrides)
        except InputError as error:
            faults.extend(error.faults)
            continue
        if scenario.name in [other.name for other in loaded]:
            what = f"is called '{scenario.name}', as another one is"
            faults.append(Fault(str(file), what, "Give it a 'name' of its own."))
        loaded.append(scenario)
    if faults:
        raise InputError(dict.fromkeys(faults))
    return loaded


def _period(text: str | None, prepared: Prepared) -> str:
    """Return the period to speak of: the horizon where none is named."""
    from simulator.analysis.compare.comparison import labels
    from simulator.scenario.settled import horizon

    scenario = prepared.scenario
    calendar = scenario.fiscal_calendar()
    known = labels(tuple(calendar.quarter_label(quarter) for quarter in horizon(scenario)))
    if text is None:
        return known[-1]
    if text.strip().upper() not in known:
        raise InputError.of("--period", f"'{text}' is not simulated", f"There are: {', '.join(known)}.")
    return text.strip().upper()


def _compare(
    prepared: list[Prepared], loaded: list[Scenario], period: str, console: Console, timings: Timings
) -> ComparisonResults:
    from simulator.analysis.compare.bridge import bridge
    from simulator.analysis.compare.comparison import compare as measure
    from simulator.report.compare.results import ComparisonResults
    from simulator.report.compare.words import compare_answers, say_differences, say_ground

    futures: list[Paths] = _simulate(prepared, console, timings)
    comparison = measure(futures, [item.scenario.targets for item in prepared])
    first, currency = prepared[0], prepared[0].scenario.currency
    with timings.measure("bridge"), console.progress("One difference at a time") as advance:
        bridges = {
            other.scenario.name: bridge(first, other, (futures[0], theirs), advance)
            for other, theirs in zip(prepared[1:], futures[1:], strict=True)
        }
    notes = [*say_ground(loaded[0], loaded[1:]), *(note for item in prepared for note in item.notes)]
    return ComparisonResults(
        as_of=futures[0].as_of,
        currency=currency,
        period=period,
        comparison=comparison,
        bridges=bridges,
        differences={other.name: tuple(say_differences(loaded[0], other)) for other in loaded[1:]},
        answers=compare_answers(comparison, period, currency),
        notes=tuple(dict.fromkeys(notes)),
    )


def _simulate(prepared: list[Prepared], console: Console, timings: Timings) -> list[Paths]:
    from simulator.analysis.compare.comparison import play

    futures = []
    for item in prepared:
        with timings.measure("simulate"), console.progress(f"Simulating {item.scenario.name}") as advance:
            futures.append(play(item, advance))
    return futures


def _write(
    results: ComparisonResults, prepared: list[Prepared], folder: Path, timings: Timings, console: Console
) -> None:
    from simulator.report.compare.results import write_comparison
    from simulator.report.output.folder import publish
    from simulator.report.output.manifest import COMPARED, write_manifest

    scenarios = {item.scenario.name: item.scenario.to_dict() for item in prepared}
    with publish(folder) as draft:
        console.note("Writing tables and drawing charts …")
        with timings.measure("report"):
            write_comparison(results, draft)
        write_manifest(
            draft,
            folder=folder,
            command=shlex.join(["simulator", *sys.argv[1:]]),
            inputs=[content for item in prepared for content in item.files],
            scenario={COMPARED: scenarios},
            seed=prepared[0].scenario.simulation.seed,
            timings_seconds=timings.seconds,
        )


def _answer(console: Console, results: ComparisonResults, folder: Path) -> None:
    from simulator.report.compare.words import say_bridge

    console.say()
    for name, sentence in results.answers.items():
        steps = results.bridges[name]
        console.say(f"{sentence}.")
        console.say(f"  What differs: {'; '.join(results.differences[name]) or 'nothing'}.")
        rows = steps[steps["period"] == results.period]
        if len(rows) > 1:
            console.say(f"  What moves the P50: {say_bridge(rows, results.currency)}.")
    console.say()
    for note in results.notes:
        console.say(f"Note: {note[0].upper() + note[1:].rstrip('.')}.")
    console.say(f"\nTables, charts and summary are in {folder}.")
