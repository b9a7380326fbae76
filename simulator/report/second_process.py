"""A second process that draws and writes beside the first: charts and documents do not wait in one line."""

from __future__ import annotations

import importlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import connection, get_context, parent_process

Job = Callable[[], object]
"""A call of a function of this package with arguments that another process can be handed: a `partial`."""

Runner = Callable[[Sequence[Job]], None]
"""Runs jobs, which may go on side by side, and returns when all are done."""

TO_LOAD = ("simulator.report.results", "simulator.report.customer_charts", "simulator.report.exports")
"""What the second process loads while the first one simulates."""


def in_order(jobs: Sequence[Job]) -> None:
    """Run jobs one after the other, in this process."""
    for job in jobs:
        job()


@contextmanager
def second_process(worth_it: bool = True) -> Iterator[Runner]:
    """Give a runner that shares jobs between this process and a second one, started at once.

    The second process loads what it needs while this one goes on. Where it cannot start, or dies, this one
    does its jobs. It ends with this block, and with this process even if that is killed.

    Parameters
    ----------
    worth_it : bool
        False: no second process; starting one costs two seconds of another processor.
    """
    if not worth_it or (os.cpu_count() or 1) < 2:
        yield in_order
        return
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=_begin)
    try:
        pool.submit(_load)
        yield partial(_share, pool)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _share(pool: ProcessPoolExecutor, jobs: Sequence[Job]) -> None:
    """Hand out jobs from the first to the second process, and do them from the last in this one.

    All that began has ended when this returns or raises, so that nobody still writes into a folder that is
    then removed.
    """
    handed: list[tuple[Job, Future[object]]] = []
    try:
        handed.extend((job, pool.submit(job)) for job in jobs)
        for job, future in reversed(handed):
            if future.cancel():
                job()
        for job, future in handed:
            if not future.cancelled():
                _await(job, future)
    except BrokenProcessPool:
        in_order(jobs)
    finally:
        for _, future in handed:
            if not future.cancel() and not future.done():
                future.exception()


def _await(job: Job, future: Future[object]) -> None:
    try:
        future.result()
    except BrokenProcessPool:
        job()


def _begin() -> None:
    """Leave Ctrl-C to the first process, and do not outlive it."""
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
