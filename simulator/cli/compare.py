"""``simulator compare``: what scenarios change against the first, or what moved a forecast between days."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from simulator.cli.console import Console
from simulator.cli.options import Details, Json, NPaths, Out, Period, Quiet, Seed, Set, Workers
from simulator.cli.runner import answer_into, default_folder, overrides, show_answer, show_notes
from simulator.errors import Fault, InputError

if TYPE_CHECKING:
    from simulator.report.answer import Answer
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
    details: Details = False,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """What do scenarios change? Paired differences on the same random numbers, and a bridge of the P50s."""
    from simulator.report.compare.forecast_bridge import compare_days
    from simulator.report.compare.results import compare as compare_scenarios
    from simulator.report.compare.results import load_all

    console = Console(quiet=quiet, as_json=json, details=details)
    if since is not None or any(place.is_dir() for place in scenarios):
        earlier, later = _load_days(scenarios, since, overrides(set_, seed=seed))
        folder = out or default_folder(f"{later.name}-since-{earlier.as_of}")
        runs = None if since is not None else (scenarios[0], scenarios[1])
        ask = partial(compare_days, earlier, later, runs=runs, period=period, paths=paths)
    else:
        loaded = load_all(scenarios, overrides(set_, paths=paths, seed=seed))
        folder = out or default_folder("-vs-".join(scenario.name for scenario in loaded))
        ask = partial(compare_scenarios, *loaded, period=period)
    answer_into(folder, ask, console, workers, _show)


def _load_days(places: list[Path], since: str | None, given: list[str]) -> tuple[Scenario, Scenario]:
    """Return the scenarios of the earlier and the later day."""
    from simulator.report.output.reproduction import read_finished
    from simulator.scenario.load import load_scenario

    if since is not None:
        if len(places) != 1 or places[0].is_dir():
            raise InputError.of("--since", "goes with one scenario file", "Name the file, and one day.")
        later = load_scenario(places[0], given)
        return load_scenario(places[0], [*given, f"as_of={since}"]), later
    files = [place for place in places if not place.is_dir()]
    if files or len(places) != 2:
        remedy = "Name the folders of two finished runs, the earlier one first."
        wrong = [Fault(str(place), "is not a folder", remedy) for place in files]
        raise InputError(wrong or [Fault(str(places[0]), f"{len(places)} folders are named", remedy)])
    if given:
        raise InputError.of("--set", "does not go with finished runs", "Run the scenario again with it.")
    return read_finished(places[0]).scenario, read_finished(places[1]).scenario


def _show(console: Console, answer: Answer) -> None:
    figures: dict[str, Any] = dict(answer.figures)
    if "differences" not in figures:
        show_answer(console, answer)
    else:
        lines = []
        for name, sentence in answer.sentences.items():
            lines.append(f"{sentence}.")
            lines.append(f"  What differs: {'; '.join(figures['differences'][name]) or 'nothing'}.")
            if name in figures["p50_moved_by"]:
                lines.append(f"  What moves the P50: {figures['p50_moved_by'][name]}.")
        console.brief(lines)
    show_notes(console, answer.notes)
