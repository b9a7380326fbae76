"""Forecasts from past days: the same simulation, given only what was knowable."""

from __future__ import annotations

import functools
import hashlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.steps import Progress
from simulator.arrays import Floats
from simulator.cache import Cache, build
from simulator.calibration.calibration import Calibration
from simulator.calibration.estimate import calibrate
from simulator.engine.pull import with_pull
from simulator.engine.run.executor import executor, is_elsewhere
from simulator.engine.run.simulate import simulate
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import TABLES, History
from simulator.scenario.customers import Customers
from simulator.scenario.schema import FiscalYear, Scenario
from simulator.scenario.settled import settled


@dataclass(frozen=True)
class BacktestSettings:
    """What is forecast, how often, and with how many simulations.

    Parameters
    ----------
    calendar : FiscalCalendar
        Fiscal quarters.
    n_quarters : int
        Past quarters to forecast again.
    weeks : tuple of int
        Weeks into each quarter at which this is done; 0 is its start.
    n_periods : int
        Quarters ahead: this one, the next …
    n_paths, n_rate_draws, seed : int
        Of every simulation.
    """

    calendar: FiscalCalendar
    n_quarters: int = 8
    weeks: tuple[int, ...] = (0,)
    n_periods: int = 2
    n_paths: int = 500
    n_rate_draws: int = 50
    seed: int = 1


def simulate_origin(
    known: History, settings: BacktestSettings, calibration: Calibration | None = None
) -> Samples:
    """Return simulated bookings from one day on, with rates estimated from what was known by then.

    Parameters
    ----------
    known : History
        Strictly as of the origin (``knowable``).
    settings : BacktestSettings
    calibration : Calibration, optional
        Rates to use in place of those of ``known``.
    """
    rates = calibration if calibration is not None else with_pull(calibrate(known, settings.calendar), known)
    scenario = Scenario(
        name="backtest",
        fiscal_year=FiscalYear(start_month=settings.calendar.start_month, label=settings.calendar.label),
        horizon_quarters=settings.n_periods,
        customers=Customers(simulate=False),
    ).with_simulation(paths=settings.n_paths, rate_draws=settings.n_rate_draws, seed=settings.seed, threads=1)
    paths = simulate(settled(scenario, rates.all_segments, known.as_of), rates, known)
    return Samples(paths.segments, paths.bookings_new())


def past_forecasts(
    known: Sequence[History],
    settings: BacktestSettings,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    n_workers: int | None = None,
) -> list[Samples]:
    """Return the samples of every origin, from earlier runs where these had the same to go by.

    Parameters
    ----------
    known : sequence of History
        What was knowable on each day (``knowable``).
    settings : BacktestSettings
    fresh : bool
        True: simulate again what is kept.
    progress : callable, optional
        Called with (origins done, origins in all).
    n_workers : int, optional
        Processes; by default as many as there are cores.
    """
    relevant = (settings.calendar, settings.n_periods, settings.n_paths, settings.n_rate_draws, settings.seed)
    names = [fingerprint(past, relevant) for past in known]
    cache = Cache("backtest", days=90, most_bytes=200_000_000)
    found = {
        i: kept for i, name in enumerate(names) if not fresh for kept in islice(cache.recall(name, _read), 1)
    }
    missing = [i for i in range(len(known)) if i not in found]
    tell = progress or (lambda done, total: None)
    tell(len(found), len(known))
    for i, samples in _simulated(missing, known, settings, n_workers or os.cpu_count() or 1):
        cache.keep(names[i], functools.partial(_write, samples))
        found[i] = samples
        tell(len(found), len(known))
    return [found[i] for i in range(len(known))]


def _simulated(
    missing: list[int], known: Sequence[History], settings: BacktestSettings, n_workers: int
) -> Iterator[tuple[int, Samples]]:
    """Simulate origins on workers, or in this many processes, whichever ends first coming first."""
    if is_elsewhere():
        calls = [(known[i], settings) for i in missing]
        yield from ((missing[place], samples) for place, samples in executor().each(simulate_origin, calls))
        return
    n_workers = min(n_workers, len(missing))
    if n_workers < 2:
        for i in missing:
            yield i, simulate_origin(known[i], settings)
        return
    # Spawned: the compiled kernels' threads would not survive a fork.
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(n_workers, mp_context=spawn, initializer=_watch_parent)
    try:
        with _without_interrupts():
            tasks = {pool.submit(simulate_origin, known[i], settings): i for i in missing}
        for task in as_completed(tasks):
            yield tasks[task], task.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _without_interrupts() -> Iterator[None]:
    """Start workers deaf to Ctrl-C from their first moment; it then stops the parent, which stops them."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)


def _watch_parent() -> None:
    """Let a worker end with its parent, however that ends."""
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


SOURCES = (
    "*.py",
    *(f"{part}/**/*.py" for part in ("kernels", "engine", "calibration", "history", "scenario")),
)
"""Files of this package that a forecast depends on."""


def fingerprint(history: History, settings: tuple[object, ...]) -> str:
    """Return a name that changes with any cell known, any setting and any source file behind a forecast."""
    digest = hashlib.blake2b(digest_size=20)
    digest.update(repr((history.as_of, settings, build(*SOURCES))).encode())
    for name in TABLES:
        table: pd.DataFrame = getattr(history, name)
        digest.update(repr((name, list(table.columns), len(table))).encode())
        digest.update(pd.util.hash_pandas_object(table, index=False).to_numpy().tobytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Samples:
    """Simulated bookings of one origin.

    Parameters
    ----------
    segments : tuple of str
        Names, in axis order.
    bookings : ndarray of float64, shape (path, period, segment)
        What is already booked in the first quarter included. Unit: the history's currency.
    """

    segments: tuple[str, ...]
    bookings: Floats


def _write(samples: Samples, file: Path) -> None:
    with file.open("wb") as raw:
        np.savez(raw, segments=np.array(samples.segments, dtype=np.str_), bookings=samples.bookings)


def _read(file: Path) -> Samples:
    with file.open("rb") as raw, np.load(raw, allow_pickle=False) as kept:
        return Samples(tuple(map(str, kept["segments"])), np.asarray(kept["bookings"], dtype=np.float64))
