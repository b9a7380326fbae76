"""Who plays the futures: threads of this process unless a command has set up somebody else."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Protocol

from simulator.engine.blocks import Block, Floats, Job

Range = tuple[int, int]
"""First path, and how many paths."""


class Crew(Protocol):
    """Something that plays ranges of futures; in whatever order, each with the same outcome."""

    def play(
        self, job: Job, ranges: Sequence[Range], into: tuple[Floats, ...], n_threads: int | None
    ) -> Iterator[Block]:
        """Play ranges of futures and yield each when it is done.

        Parameters
        ----------
        job : Job
        ranges : sequence of Range
        into : tuple of ndarray of float64, shape (path, …)
            Arrays for all futures from that of the lowest range on; a crew may play into them.
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
            This crew is this process.
        """


class Threads:
    """The threads of this process."""

    def play(
        self, job: Job, ranges: Sequence[Range], into: tuple[Floats, ...], n_threads: int | None
    ) -> Iterator[Block]:
        """Play ranges of futures on threads, straight into the arrays."""
        start = min((first for first, _ in ranges), default=0)
        with ThreadPoolExecutor(n_threads or os.cpu_count() or 1) as pool:
            waiting = {
                pool.submit(job.play, first, n_paths, rows(into, first - start, n_paths))
                for first, n_paths in ranges
            }
            try:
                while waiting:
                    finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                    for task in finished:
                        yield task.result()
            finally:
                for task in waiting:
                    task.cancel()

    def each(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Refuse: there is no elsewhere."""
        raise NotImplementedError


def rows(arrays: tuple[Floats, ...], first: int, n_paths: int) -> tuple[Floats, ...]:
    """Return the same rows of several arrays."""
    return tuple(array[first : first + n_paths] for array in arrays)


_CREW: ContextVar[Crew] = ContextVar("crew")
_HERE = Threads()


def crew() -> Crew:
    """Return who plays the futures at the moment."""
    return _CREW.get(_HERE)


def is_elsewhere() -> bool:
    """Return whether other processes or machines play them."""
    return getattr(crew(), "is_elsewhere", False)


@contextmanager
def working(hired: Crew) -> Iterator[None]:
    """Let somebody else play all futures that are simulated inside."""
    before = _CREW.set(hired)
    try:
        yield
    finally:
        _CREW.reset(before)
