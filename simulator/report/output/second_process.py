"""A second process that draws and writes, so that charts and documents do not wait for each other."""

from __future__ import annotations

import gc
import importlib
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import connection, get_context, parent_process
from typing import Protocol

from simulator.garbage import look_seldom

Job = Callable[[], object]
"""A call of a function of this package with arguments that another process can be handed: a `partial`."""

TO_LOAD = (
    "simulator.report.forecast.results",
    "simulator.report.customers.charts",
    "simulator.report.judgement.chart",
    "simulator.report.documents.page",
    "simulator.report.documents.workbook",
    "simulator.report.documents.deck",
)
"""What the second process loads while the first one reads and simulates."""

SHARED = "simulator.report.run"
"""What both processes need of it."""


class Team(Protocol):
    """Whoever does jobs, which may go on side by side."""

    def begin(self, jobs: Sequence[Job]) -> None:
        """Take jobs and return at once: they are done from now on, or at the latest by `finish`."""

    def finish(self) -> None:
        """Return when all jobs that began are done.

        Raises
        ------
        Exception
            What a job raised.
        """

    def stop(self) -> None:
        """Drop the jobs that nobody has started on, and return when no other is going on any more."""


class Alone:
    """A team of one: this process, which does one job after the other once it is to finish."""

    def __init__(self) -> None:
        self._jobs: list[Job] = []

    def begin(self, jobs: Sequence[Job]) -> None:
        """Take jobs."""
        self._jobs += jobs

    def finish(self) -> None:
        """Do the jobs."""
        while self._jobs:
            self._jobs.pop(0)()

    def stop(self) -> None:
        """Drop the jobs."""
        self._jobs.clear()


class Pair:
    """A team of two: the second process does jobs from the first on, this one helps from the last.

    Where the second process cannot start, or dies, this one does its jobs.
    """

    def __init__(self, pool: ProcessPoolExecutor) -> None:
        self._pool = pool
        self._handed: list[tuple[Job, Future[object]]] = []

    def begin(self, jobs: Sequence[Job]) -> None:
        """Hand jobs to the second process."""
        self._handed += [(job, self._submit(job)) for job in jobs]

    def finish(self) -> None:
        """Do what the second process has not begun, and wait for the rest."""
        for job, future in reversed(self._handed):
            if future.cancel():
                job()
        for job, future in self._handed:
            if not future.cancelled():
                _await(job, future)
        self._handed.clear()

    def stop(self) -> None:
        """Take back what the second process has not begun, and wait for the rest."""
        begun = [future for _, future in self._handed if not future.cancel()]
        wait(begun)
        self._handed.clear()

    def _submit(self, job: Job) -> Future[object]:
        try:
            return self._pool.submit(job)
        except BrokenProcessPool as broken:
            lost: Future[object] = Future()
            lost.set_exception(broken)
            return lost


@contextmanager
def second_process(worth_it: bool = True) -> Iterator[Team]:
    """Give a team of this process and a second one, started at once.

    The second process loads what it needs while this one goes on. It ends with this block, and with this
    process even if that is killed.

    Parameters
    ----------
    worth_it : bool
        False: no second process; starting one costs a second of another processor.
    """
    if not worth_it or (os.cpu_count() or 1) < 2:
        yield Alone()
        return
    way = _way_to_start()
    if way == "fork":
        importlib.import_module(SHARED)
    pool = ProcessPoolExecutor(1, mp_context=get_context(way), initializer=_begin)
    try:
        with warnings.catch_warnings():
            # Threads of libraries that only compute, and are not at work yet, are no danger to a copy.
            warnings.simplefilter("ignore", DeprecationWarning)
            pool.submit(_load)
        yield Pair(pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _way_to_start() -> str:
    """Return ``fork`` where a copy of this process is safe: it then has loaded already what both need."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


@contextmanager
def all_done(team: Team) -> Iterator[None]:
    """Let a team work inside on what begins there; all that began has ended when this returns or raises.

    So nobody still writes into a folder that is then moved or removed.
    """
    try:
        yield
        team.finish()
    finally:
        team.stop()


def _await(job: Job, future: Future[object]) -> None:
    try:
        future.result()
    except BrokenProcessPool:
        job()


def _begin() -> None:
    """Leave Ctrl-C to the first process, and do not outlive it."""
    look_seldom()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _load() -> None:
    for name in TO_LOAD:
        importlib.import_module(name)
    gc.freeze()  # what is loaded stays, and need not be looked through again and again
