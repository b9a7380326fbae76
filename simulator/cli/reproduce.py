"""``simulator reproduce``: a finished run simulated again from its manifest, compared to the last bit."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from simulator.cli.console import Console
from simulator.cli.options import Json, Quiet, Workers, whole
from simulator.errors import InputError

if TYPE_CHECKING:
    from simulator.report.output.reproduction import Finished, Reproduction

DIFFERENT = 1

Results = Annotated[Path, typer.Argument(metavar="RESULTS", help="Folder of a finished run.")]
Threads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        parser=whole("--threads", 1),
        help="Processor threads; any number gives the same.",
    ),
]


def reproduce(
    results: Results,
    *,
    threads: Threads = None,
    workers: Workers = None,
    quiet: Quiet = False,
    json: Json = False,
) -> None:
    """Do the same figures come again? Runs from the manifest, and compares tables and paths bit for bit."""
    from simulator.report.output.reproduction import (
        check_figures,
        check_inputs,
        compare_figures,
        other_versions,
        read_finished,
    )

    console = Console(quiet=quiet, as_json=json)
    finished = read_finished(results)
    notes = check_inputs(finished)
    check_figures(finished)
    with tempfile.TemporaryDirectory(prefix="simulator-") as place:
        _run_again(finished, _Ground(threads, workers), Path(place), console)
        outcome = compare_figures(finished, Path(place))
    versions = other_versions(finished)
    _answer(console, results, outcome, [*notes, *versions])
    console.data(
        {
            "folder": str(results),
            "reproduced": not outcome.different,
            "same": outcome.same,
            "rewritten": outcome.rewritten,
            "different": outcome.different,
            "other_versions": versions,
            "notes": notes,
        }
    )
    if outcome.different:
        _fail(results, outcome, versions, as_json=json)


@dataclass(frozen=True)
class _Ground:
    """What to run on this time."""

    threads: int | None
    workers: str | None


def _run_again(finished: Finished, ground: _Ground, place: Path, console: Console) -> None:
    from simulator.engine.prepare import prepare
    from simulator.report.simulation import simulate_run
    from simulator.report.work import Work

    scenario = finished.scenario
    if ground.threads is not None:
        scenario = scenario.with_simulation(threads=ground.threads)
    work = Work(console, ground.workers)
    work.note("Reading the history and estimating its rates …")
    prepared = prepare(scenario)  # without the cache: the rates are part of what is reproduced
    work.compile(prepared)
    with work.executor():
        run = simulate_run(prepared, work)
    run.write_tables(place)


def _answer(console: Console, results: Path, outcome: Reproduction, notes: list[str]) -> None:
    n_files = len(outcome.same) + len(outcome.rewritten) + len(outcome.different)
    console.say()
    if not outcome.different:
        how = "to the last bit" if not outcome.rewritten else "figure by figure"
        console.say(f"{results} is reproduced: all {n_files} tables and paths are the same {how}.")
    for name in outcome.rewritten:
        console.say(f"Note: {name} holds the same figures in other bytes (another version wrote it).")
    for note in notes:
        console.say(f"Note: {note}.")


def _fail(results: Path, outcome: Reproduction, versions: list[str], *, as_json: bool) -> None:
    """Say which files differ: other versions are the user's to restore, anything else is a bug of ours."""
    listed = ", ".join(outcome.different)
    if as_json:
        raise typer.Exit(DIFFERENT)
    if versions:
        remedy = "Install the versions that manifest.json lists, and try again."
        raise InputError.of(str(results), f"is not reproduced: {listed} differ", remedy)
    raise RuntimeError(f"{results} is not reproduced with the same inputs and versions: {listed} differ")
