"""What the commands that simulate share: overrides, folders, compiling once, timings, the manifest."""

from __future__ import annotations

import re
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.cli.console import Console

if TYPE_CHECKING:
    from simulator.engine.calibration_cache import CalibrationCache
    from simulator.engine.prepare import Prepared
    from simulator.engine.run.executor import Executor


class Timings:
    """Seconds by step of a run."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def measure(self, step: str) -> Iterator[None]:
        """Count the time of a step."""
        began = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - began


def default_folder(name: str) -> Path:
    """Return where the results of a scenario go: ``results/`` and its name, safe as a folder name."""
    return Path("results") / (re.sub(r"[^\w.-]+", "-", name).strip(".-") or "scenario")


def overrides(set_: list[str] | None, *, paths: int | None = None, seed: int | None = None) -> list[str]:
    """Return what ``--set``, ``--paths`` and ``--seed`` lay over the scenario files."""
    given = {"simulation.paths": paths, "simulation.seed": seed}
    return [*(set_ or ()), *(f"{key}={value}" for key, value in given.items() if value is not None)]


def calibration_cache(console: Console) -> CalibrationCache:
    """Return the rates that earlier commands estimated; the console is told when some are taken over."""
    from simulator.engine.calibration_cache import CalibrationCache

    return CalibrationCache(lambda: console.note("Taking the rates estimated from the same files before …"))


def compile_first(prepared: Prepared, console: Console, timings: Timings) -> None:
    """Compile the kernels where they are not, and say so, so that the clock of the simulation is its own."""
    from simulator.engine.run.simulate import compilation_note, kernels_are_compiled, simulate

    if not kernels_are_compiled():
        console.note(compilation_note())
        with timings.measure("compile"):
            one = prepared.scenario.with_simulation(paths=1, rate_draws=1)
            simulate(one, prepared.calibration, prepared.history)


@contextmanager
def executor_for(workers: str | None, console: Console) -> Iterator[None]:
    """Play all futures inside on workers where they are named; go on where a stopped run was.

    Raises
    ------
    InputError
        There are no workers at that address.
    """
    from simulator.engine.run.checkpoints import Checkpointing
    from simulator.engine.run.executor import Threads, working

    def say_taken(taken: int, n_paths: int) -> None:
        console.note(f"Going on from an earlier run that was stopped: {taken:,} of {n_paths:,} futures …")

    with ExitStack() as stack:
        crew: Executor = Threads()
        if workers is not None:
            from simulator.engine.run.dask import workers_at

            console.note(f"Looking for workers at {workers} …")
            crew = hired = stack.enter_context(workers_at(workers))
            console.note(f"Playing on {hired.n_threads} threads of workers.")
        keeping = Checkpointing(crew, say_taken)
        stack.enter_context(working(keeping))
        yield
        keeping.forget()


@contextmanager
def results_of(prepared: Prepared, folder: Path, timings: Timings) -> Iterator[Path]:
    """Give a folder to write results into; with its manifest it takes the place of ``folder``."""
    from simulator.report.output.folder import publish
    from simulator.report.output.manifest import write_manifest

    with publish(folder) as draft:
        yield draft
        write_manifest(
            draft,
            folder=folder,
            command=shlex.join(["simulator", *sys.argv[1:]]),
            inputs=prepared.files,
            scenario=prepared.scenario.to_dict(),
            seed=prepared.scenario.simulation.seed,
            timings_seconds=timings.seconds,
        )
