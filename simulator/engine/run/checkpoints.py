"""Paths of a long run kept on disk as they are simulated, so that a stopped run continues from there."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from simulator.arrays import Ints
from simulator.cache import Cache
from simulator.engine.run.batches import Block, Job
from simulator.engine.run.executor import Executor

LONG_SECONDS = 20.0
"""A shorter run is simulated again sooner than it is looked up."""
SECONDS_BETWEEN = 10.0

Said = Callable[[int, int], None]
"""Called with (paths taken from an earlier run, paths in all)."""


class Checkpointing:
    """An executor whose finished paths are kept on disk once a run is long, and taken from there next time.

    Parameters
    ----------
    executor : Executor
        It simulates what is not kept.
    said : callable, optional
        Called when paths are taken from an earlier run.
    folder : Path, optional
        By default below the user's cache folder.
    long_seconds : float
        From when on a run is long.
    seconds_between : float
        Between two checkpoints.
    """

    def __init__(
        self,
        executor: Executor,
        said: Said | None = None,
        *,
        folder: Path | None = None,
        long_seconds: float = LONG_SECONDS,
        seconds_between: float = SECONDS_BETWEEN,
    ) -> None:
        self.executor, self.said = executor, said
        self.is_elsewhere = getattr(executor, "is_elsewhere", False)
        self.cache = Cache("checkpoints", days=7, most_bytes=4_000_000_000, folder=folder)
        self.long_seconds, self.seconds_between = long_seconds, seconds_between
        self.used: set[str] = set()

    def simulate(self, job: Job, tasks: Sequence[Ints], n_threads: int | None) -> Iterator[Block]:
        """Yield what is kept, then simulate the rest and keep it."""
        wanted = {paths.tobytes(): paths for paths in tasks}
        n_paths = sum(paths.size for paths in tasks)
        taken = 0
        name = functools.cache(lambda: self._name(job))
        # Where nothing is kept, no job needs its fingerprint.
        kept = self.cache.recall(name(), lambda file: _read(file, job)) if self.cache.holds_any() else ()
        for block in (block for blocks in kept for block in blocks):
            if wanted.pop(block.paths.tobytes(), None) is not None:
                taken += block.paths.size
                yield block
        if taken and self.said is not None:
            self.said(taken, n_paths)
        if wanted:
            yield from self._kept(name, self.executor.simulate(job, list(wanted.values()), n_threads))

    def each(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Pass on to the executor."""
        return self.executor.each(function, calls)

    def forget(self) -> None:
        """Remove the paths of the runs that came to their end."""
        for name in self.used:
            self.cache.forget(name)

    def _name(self, job: Job) -> str:
        name = job.fingerprint()
        self.used.add(name)
        return name

    def _kept(self, name: Callable[[], str], blocks: Iterator[Block]) -> Iterator[Block]:
        began = last = time.monotonic()
        fresh: list[Block] = []
        for block in blocks:
            now = time.monotonic()
            # What the first seconds simulate is not held: memory would grow with every short run.
            if now - began >= self.long_seconds:
                fresh.append(block)
            if fresh and now - last >= self.seconds_between:
                self.cache.keep(name(), functools.partial(_write, fresh), alone=False)
                fresh, last = [], now
            yield block


def _write(blocks: Sequence[Block], file: Path) -> None:
    arrays: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        arrays[f"paths_{number}"] = block.paths
        for kind, parts in (("by_path", block.by_path), ("sums", block.sums)):
            arrays |= {f"{kind}_{number}_{i}": part for i, part in enumerate(parts)}
    with file.open("wb") as raw:
        np.savez_compressed(raw, **arrays)


def _read(file: Path, job: Job) -> list[Block]:
    """Return the blocks of a file; of another shape they are refused."""
    sums = job.empty_sums()
    blocks = []
    with file.open("rb") as raw, np.load(raw, allow_pickle=False) as kept:
        for number in range(sum(name.startswith("paths_") for name in kept.files)):
            paths = kept[f"paths_{number}"]
            like = job.empty(paths.size)
            by_path = tuple(kept[f"by_path_{number}_{i}"] for i in range(len(like)))
            tallies = tuple(kept[f"sums_{number}_{i}"] for i in range(len(sums)))
            pairs = zip((*by_path, *tallies), (*like, *sums), strict=True)
            if any(got.shape != wanted.shape or got.dtype != wanted.dtype for got, wanted in pairs):
                raise ValueError("another shape")
            blocks.append(Block(paths, by_path, tallies))
    return blocks
