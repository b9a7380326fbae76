"""Quick and full answers to what a scenario changes, on simulations that are kept for a while."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from simulator.analysis.compare.comparison import Comparison, on_the_ground_of
from simulator.analysis.compare.comparison import compare as compare_paths
from simulator.analysis.forecast.forecast import Forecast, forecast_bookings
from simulator.engine.paths import Paths
from simulator.engine.plan.deals import Compiled
from simulator.engine.prepare import Prepared
from simulator.report.answer import Answer
from simulator.report.compare.results import compare
from simulator.report.run import Run
from simulator.report.simulation import simulate_run
from simulator.report.work import Advance, Work
from simulator.scenario.schema import Scenario

QUICK_PATHS = 100
"""Simulations, and draws of the rates, of a quick answer: ten times the ten that are stratified together."""
MOST_KEPT, MOST_SIMULATIONS = 8, 6_000
"""Answers, and simulations of all of them together, that are kept (sample company: 16 MB a thousand)."""
WITHOUT_EFFECT = {"name", "description", "targets", "type_targets", "sensitivity", "sweep", "simulation"}
"""Parts of a scenario that its simulations do not depend on; those of ``simulation`` are named apart."""


class Stopped(Exception):  # noqa: N818 - no error: somebody wanted it
    """What was asked is not wanted any more."""


class Memory:
    """The simulations asked for last, by all that they depend on; the same for every tab."""

    def __init__(self, most: int = MOST_KEPT) -> None:
        self.most = most
        self._kept: OrderedDict[tuple[object, ...], tuple[Prepared, Paths]] = OrderedDict()
        self._lock = threading.Lock()

    def recall(self, prepared: Prepared, make: Callable[[], Paths]) -> Paths:
        """Return the simulations of a scenario, made where they are not kept."""
        key = _key(prepared)
        with self._lock:
            kept = self._kept.get(key)
        paths = kept[1] if kept is not None else make()
        with self._lock:
            self._kept[key] = kept or (prepared, paths)
            self._kept.move_to_end(key)
            while len(self._kept) > self.most or self._is_large():
                self._kept.popitem(last=False)
        return replace(paths, scenario=prepared.scenario.name)

    def _is_large(self) -> bool:
        total = sum(paths.n_paths for _, paths in self._kept.values())
        return total > MOST_SIMULATIONS and len(self._kept) > 1


def simulated(scenario: Scenario) -> tuple[object, ...]:
    """Return all of a scenario that its simulations depend on."""
    settings = scenario.simulation.model_dump(exclude={"threads"})
    return scenario.model_dump_json(exclude=WITHOUT_EFFECT), tuple(settings.items())


def _key(prepared: Prepared) -> tuple[object, ...]:
    return *simulated(prepared.scenario), id(prepared.calibration), id(prepared.history)


class Watch:
    """Who asks: told how far an answer is, and able to stop it.

    Attributes
    ----------
    text : str
        What happens now.
    share : float, optional
        Of it done; None where that is not known.
    """

    def __init__(self) -> None:
        self.text = ""
        self.share: float | None = None
        self.stopped = threading.Event()

    def note(self, text: str) -> None:
        """Take a line that says what happens now."""
        self.text, self.share = text, None
        self._go_on()

    @contextmanager
    def progress(self, title: str) -> Iterator[Advance]:
        """Give a function to call as a step goes on; it raises `Stopped` where nobody waits any more."""
        self.note(title)
        yield self._advance
        self._go_on()

    def _advance(self, done: int, total: int) -> None:
        self.share = done / total if total else None
        self._go_on()

    def _go_on(self) -> None:
        if self.stopped.is_set():
            raise Stopped


class RememberingWork(Work):
    """Work that simulates nothing twice, and stops where nobody waits for it."""

    def __init__(self, memory: Memory, watch: Watch) -> None:
        super().__init__(watch)
        self.memory = memory

    def simulate(
        self, prepared: Prepared, compiled: Compiled | None = None, title: str = "Simulating"
    ) -> Paths:
        """Return the simulations of a scenario, those made before where there are any."""
        return self.memory.recall(
            prepared, lambda: super(RememberingWork, self).simulate(prepared, compiled, title)
        )

    @contextmanager
    def executor(self) -> Iterator[None]:
        """Simulate in this process; there is nothing to continue after a stop."""
        yield


@dataclass(frozen=True)
class Reply:
    """What a changed scenario comes to, next to its base.

    Parameters
    ----------
    scenario : Scenario
        As changed.
    paths : Paths
        Simulations of the changed scenario.
    forecast : Forecast
        Of the changed scenario.
    comparison : Comparison
        With the base.
    run : Run, optional
        All that is known of it; None in a quick reply.
    compared : Answer, optional
        What ``simulator compare`` answers; None in a quick reply.
    seconds : float
        From the question to the reply.
    """

    scenario: Scenario
    paths: Paths
    forecast: Forecast
    comparison: Comparison
    run: Run | None
    compared: Answer | None
    seconds: float

    @property
    def quick(self) -> bool:
        """Whether fewer simulations were made than the scenario asks for."""
        return self.run is None


def quick_reply(base: Prepared, edited: Scenario, work: Work) -> Reply:
    """Return what a changed scenario comes to in `QUICK_PATHS` simulations.

    Their random numbers are those of the first simulations of the full answer.
    """
    began = time.perf_counter()
    first = _quick(base.stated or base.scenario)
    ends = [work.prepare(first, base), work.prepare(on_the_ground_of(first, edited), base)]
    work.compile(ends[1])
    paths = [work.simulate(item) for item in ends]
    targets = [item.scenario.targets for item in ends]
    found = compare_paths(paths, targets)
    forecast = forecast_bookings(paths[1], targets[1])
    return Reply(edited, paths[1], forecast, found, None, None, time.perf_counter() - began)


def _quick(scenario: Scenario) -> Scenario:
    asked = scenario.simulation
    return scenario.with_simulation(
        paths=min(QUICK_PATHS, asked.paths), precision=None, rate_draws=min(QUICK_PATHS, asked.rate_draws)
    )


def full_reply(base: Prepared, edited: Scenario, work: Work) -> Reply:
    """Return what a changed scenario comes to, as ``simulator run`` and ``simulator compare`` say it."""
    began = time.perf_counter()
    first = base.stated or base.scenario
    run = simulate_run(work.prepare(on_the_ground_of(first, edited), base), work)
    work.note("Measuring …")
    _ = run.answer
    compared = compare(base, edited, work=work)
    return Reply(edited, run.paths, run.forecast, compared.found, run, compared, time.perf_counter() - began)
