"""What simulates the paths: threads of this process unless a command has set up something else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import islice
from typing import Any, Protocol

from simulator.arrays import Ints
from simulator.engine.run.batches import Block, Job

AHEAD = 3
"""Tasks handed out per thread, so that none waits and few results do."""


class Executor(Protocol):
    """Something that simulates paths; in whatever order, each with the same outcome."""

    def simulate(self, job: Job, tasks: Sequence[Ints], n_threads: int | None) -> Iterator[Block]:
        """Simulate tasks of some paths each and yield each when it is done.

        Parameters
        ----------
        job : Job
        tasks : sequence of ndarray of int64, shape (path,)
            Numbers of the paths.
        n_threads : int, optional
            Threads of this process; None: as many as there are processors.
        """

    def each(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Call a function with each of several arguments elsewhere; yield place and result as they come.

        Raises
        ------
        NotImplementedError
            This executor is this process.
        """


class Threads:
    """The threads of this process."""

    def simulate(self, job: Job, tasks: Sequence[Ints], n_threads: int | None) -> Iterator[Block]:
        """Simulate tasks on threads, no more ahead than keeps them busy."""
        n_threads = n_threads or os.cpu_count() or 1
        left = iter(tasks)
        with ThreadPoolExecutor(n_threads) as pool:
            waiting = {pool.submit(job.simulate, paths) for paths in islice(left, AHEAD * n_threads)}
            try:
                while waiting:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for task in finished:
                        waiting |= {pool.submit(job.simulate, paths) for paths in islice(left, 1)}
                        yield task.result()
            finally:
                for task in waiting:
                    task.cancel()

    def each(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Refuse: there is no elsewhere."""
        raise NotImplementedError


_EXECUTOR: ContextVar[Executor] = ContextVar("executor")
_HERE = Threads()


def executor() -> Executor:
    """Return what simulates the paths at the moment."""
    return _EXECUTOR.get(_HERE)


def is_elsewhere() -> bool:
    """Return whether other processes or machines simulate them."""
    return getattr(executor(), "is_elsewhere", False)


@contextmanager
def working(other: Executor) -> Iterator[None]:
    """Let another executor simulate all paths that are simulated inside."""
    before = _EXECUTOR.set(other)
    try:
        yield
    finally:
        _EXECUTOR.reset(before)
