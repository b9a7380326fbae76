"""What every question does before it is answered: read, compile, and say how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from simulator.analysis.totals import names_with_horizon
from simulator.engine.calibration_cache import CalibrationCache
from simulator.engine.prepare import Prepared, prepare
from simulator.errors import InputError
from simulator.scenario.load import load_scenario
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import horizon

if TYPE_CHECKING:
    from simulator.engine.paths import Paths
    from simulator.engine.plan.deals import Compiled
    from simulator.engine.run.executor import Executor

Advance = Callable[[int, int], None]
"""Called with (done, total) as a step goes on."""
Source = Scenario | Prepared | str | Path
"""A scenario: its file, what ``load_scenario`` returned, or what ``prepare`` returned."""


class Listener(Protocol):
    """Whoever wants to know how far a question is, such as the command line."""

    def note(self, text: str) -> None:
        """Take a line that says what happens now."""

    def progress(self, title: str) -> AbstractContextManager[Advance]:
        """Give a function to call as a step goes on."""


class Silence:
    """A listener that prints nothing."""

    def note(self, text: str) -> None:
        """Ignore a line."""

    def progress(self, title: str) -> AbstractContextManager[Advance]:
        """Give a function that does nothing."""
        return nullcontext(lambda done, total: None)


class Work:
    """The steps that all questions share, with the seconds that each of them took.

    Parameters
    ----------
    listener : Listener, optional
        Where progress is reported; nowhere without one.
    workers : str, optional
        Address of Dask workers, or ``local:N``; without it this process simulates. The figures are the same.

    Attributes
    ----------
    seconds : dict of str to float
        By step.
    """

    def __init__(self, listener: Listener | None = None, workers: str | None = None) -> None:
        self.listener: Listener = listener or Silence()
        self.workers = workers
        self.seconds: dict[str, float] = {}
        self._said_compiling = False

    def note(self, text: str) -> None:
        """Say what happens now."""
        self.listener.note(text)

    @contextmanager
    def step(self, name: str, title: str = "") -> Iterator[Advance]:
        """Count the seconds of a step; with a title, show how far it is."""
        began = time.perf_counter()
        with self.listener.progress(title) if title else Silence().progress("") as advance:
            yield advance
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - began

    def prepare(self, scenario: Scenario, like: Prepared | None = None) -> Prepared:
        """Read the history and estimate the rates; rates estimated before from the same files are reused."""
        if like is None:
            self.note("Reading the history and its rates …")
            # Rates estimated anew are tried out, which compiles the kernels too.
            self._say_compiling()
        cache = CalibrationCache(lambda: self.note("Reusing the rates estimated from the same files …"))
        with self.step("prepare"):
            return prepare(scenario, like, cache)

    def compile(self, prepared: Prepared) -> None:
        """Compile the kernels where they are not, so that the clock of the simulation is its own."""
        from simulator.engine.run.simulate import kernels_are_compiled, simulate

        if not kernels_are_compiled():
            self._say_compiling()
            with self.step("compile"):
                one = prepared.scenario.with_simulation(paths=1, rate_draws=1)
                simulate(one, prepared.calibration, prepared.history)

    def _say_compiling(self) -> None:
        """Say once that kernels are compiled, where they are not."""
        from simulator.engine.run.simulate import compilation_note, kernels_are_compiled

        if not self._said_compiling and not kernels_are_compiled():
            self._said_compiling = True
            self.note(compilation_note())

    def simulate(
        self, prepared: Prepared, compiled: Compiled | None = None, title: str = "Simulating"
    ) -> Paths:
        """Simulate a prepared scenario, compiled here where it was not before."""
        from simulator.engine.run.simulate import compile_plan, simulate_compiled

        scenario, history = prepared.scenario, prepared.history
        with self.step("simulate", title) as advance:
            plan = compiled or compile_plan(scenario, prepared.calibration, history)
            return simulate_compiled(plan, scenario, history, advance)

    @contextmanager
    def executor(self) -> Iterator[None]:
        """Simulate on the workers, where they are named; continue where a stopped run was.

        Raises
        ------
        InputError
            There are no workers at that address.
        """
        from simulator.engine.run.checkpoints import Checkpointing
        from simulator.engine.run.executor import Threads, working

        with ExitStack() as stack:
            executor: Executor = Threads()
            if self.workers is not None:
                from simulator.engine.run.dask import workers_at

                self.note(f"Connecting to the workers at {self.workers} …")
                executor = hired = stack.enter_context(workers_at(self.workers))
                self.note(f"Simulating on {hired.n_threads} threads of workers.")
            keeping = Checkpointing(executor, self._say_continued)
            stack.enter_context(working(keeping))
            yield
            keeping.forget()

    def _say_continued(self, taken: int, n_paths: int) -> None:
        self.note(f"Continuing a run that was stopped: {taken:,} of {n_paths:,} simulations are done …")


def load(source: Source) -> tuple[Scenario, Prepared | None]:
    """Return a scenario as loaded, and the prepared scenario whose history may be reused, where there is one.

    Raises
    ------
    InputError
        The file is at fault.
    """
    if isinstance(source, Prepared):
        return source.stated or source.scenario, source
    return (source if isinstance(source, Scenario) else load_scenario(Path(source))), None


def read_period(text: str | None, scenario: Scenario) -> str:
    """Return the period to speak of: the horizon where none is named.

    Raises
    ------
    InputError
        It is not simulated.
    """
    calendar = scenario.fiscal_calendar()
    known = names_with_horizon(tuple(calendar.quarter_label(quarter) for quarter in horizon(scenario)))
    chosen = known[-1] if text is None else text.strip().upper()
    if chosen not in known:
        raise InputError.of("--period", f"'{text}' is not simulated", f"There are: {', '.join(known)}.")
    return chosen
