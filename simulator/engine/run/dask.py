"""Paths simulated by worker processes, here or on other machines, over Dask: the same bits as at home."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

from simulator.arrays import Ints
from simulator.engine.run.batches import Block, Job, build
from simulator.errors import InputError

if TYPE_CHECKING:
    from distributed import Client, Future


LOCAL = "local:"
SECONDS_TO_CONNECT = 15
SECONDS_FOR_A_WORKER = 60
AHEAD = 4
"""Tasks handed out per thread of the workers: enough that none waits, few enough to hold their results."""
INSTALL = "Install it: pip install 'dask>=2024.12' 'distributed>=2024.12'."
FORM = (
    "Give local:N for N processes on this machine, or the scheduler's address, such as tcp://10.0.0.5:8786."
)


class Workers:
    """The workers of a Dask scheduler.

    A worker that dies in the middle of a task costs the time of that task: the scheduler gives it to another.

    Parameters
    ----------
    client : distributed.Client
    """

    is_elsewhere = True

    def __init__(self, client: Client) -> None:
        self.client = client

    @property
    def n_threads(self) -> int:
        """Threads of all workers there are at the moment."""
        return sum(self.client.nthreads().values())

    def simulate(self, job: Job, tasks: Sequence[Ints], n_threads: int | None) -> Iterator[Block]:
        """Simulate tasks on the workers; the job is sent to each worker once."""
        # A task, not scattered data: what a task made is made again when the worker that held it dies.
        there = self.client.submit(_unpacked, pickle.dumps(job), build(), pure=False)
        calls = [(there, paths) for paths in tasks]
        for _, block in self.each(_play, calls):
            yield block

    def each(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Call a function with each of several arguments on the workers; yield place and result as they come.

        Raises
        ------
        InputError
            A worker has other versions, workers die again and again, or the scheduler is gone.
        """
        from distributed import as_completed
        from distributed.client import FutureCancelledError
        from distributed.comm.core import CommClosedError
        from distributed.scheduler import KilledWorker, NoValidWorkerError

        left = iter(enumerate(calls))
        places: dict[Any, int] = {}

        def submit(n: int) -> list[Future[Any]]:
            made = []
            for place, call in [item for _, item in zip(range(n), left, strict=False)]:
                future = self.client.submit(function, *call, pure=False)
                places[future.key] = place
                made.append(future)
            return made

        try:
            first = submit(AHEAD * max(1, self.n_threads))
            waiting = as_completed(first, loop=self.client.loop)
            for future in waiting:
                yield places.pop(future.key), future.result()
                for more in submit(1):
                    waiting.add(more)
        except KilledWorker:
            what = "workers died again and again on the same simulations"
            raise InputError.of("--workers", what, "Give them more memory, or use fewer of them.") from None
        except (FutureCancelledError, CommClosedError, NoValidWorkerError, OSError, TimeoutError) as error:
            what = f"the scheduler is gone ({type(error).__name__})"
            raise InputError.of(
                "--workers", what, "Run the same command again: it goes on from there."
            ) from None


def _unpacked(job: bytes, expected: tuple[str, ...]) -> Job:
    """Return the job, on a worker that is built as the one who sent it."""
    here = build()
    if here != expected:
        pairs = [f"{theirs} there, {ours} here" for theirs, ours in zip(here, expected, strict=False)]
        odd = [pair for pair, a, b in zip(pairs, here, expected, strict=False) if a != b]
        what = f"a worker would not give the same bits: {'; '.join(odd)}"
        raise InputError.of("--workers", what, "Install the same versions on all machines.")
    found: Job = pickle.loads(job)  # noqa: S301  it comes from our own client, over the user's scheduler
    return found


def _play(job: Job, paths: Ints) -> Block:
    return job.simulate(paths)


@contextmanager
def workers_at(address: str) -> Iterator[Workers]:
    """Give the workers at an address; ``local:4`` starts that many processes, and stops them in the end.

    Raises
    ------
    InputError
        Dask is not installed, the address is none, or nobody is there.
    """
    try:
        import dask
        from distributed import Client, LocalCluster
    except ImportError:
        raise InputError.of("--workers", "workers need Dask, which is not installed", INSTALL) from None
    n_local = _n_local(address)
    with ExitStack() as stack:
        # A large plan is sent on purpose, and once.
        stack.enter_context(dask.config.set({"distributed.admin.large-graph-warning-threshold": "100GB"}))
        where: Any = address
        if n_local:
            where = stack.enter_context(
                LocalCluster(
                    n_workers=n_local,
                    threads_per_worker=1,
                    processes=True,
                    dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )
        try:
            client = stack.enter_context(Client(where, timeout=SECONDS_TO_CONNECT, set_as_default=False))
            client.wait_for_workers(1, timeout=SECONDS_FOR_A_WORKER)
        except (OSError, TimeoutError, ValueError) as error:
            what = f"no workers are to be had at {address} ({type(error).__name__})"
            raise InputError.of("--workers", what, FORM) from None
        yield Workers(client)


def _n_local(address: str) -> int:
    """Return how many processes to start; 0: the address is that of a scheduler."""
    if not address.startswith(LOCAL):
        if "://" not in address and ":" not in address:
            raise InputError.of("--workers", f"'{address}' is not an address", FORM)
        return 0
    text = address.removeprefix(LOCAL)
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 512):
        raise InputError.of("--workers", f"'{address}' is not local:N with N from 1 to 512", FORM)
    return int(text)
