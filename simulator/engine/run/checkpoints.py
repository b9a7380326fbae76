"""Futures of a long run kept on disk as they are played, so that a stopped run goes on from there."""

from __future__ import annotations

import contextlib
import functools
import io
import secrets
import shutil
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from simulator.engine.run.batches import Block, Ints, Job
from simulator.engine.run.executor import Executor

LONG_SECONDS = 20.0
"""A run shorter than this is played again sooner than it is looked up."""
SECONDS_BETWEEN = 10.0
DAYS_KEPT = 7
MOST_BYTES = 4_000_000_000

DAMAGED = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)
"""What reading a broken file may raise."""

Said = Callable[[int, int], None]
"""Called with (futures taken from an earlier run, futures in all)."""


def cache_folder() -> Path:
    """Return the user's cache folder for futures that were played."""
    return user_cache_path("simulator") / "futures"


class Checkpointing:
    """A crew whose finished futures are kept on disk once a run is long, and taken from there the next time.

    Parameters
    ----------
    crew : Executor
        Who plays what is not kept.
    said : callable, optional
        Told of what is taken over.
    long_seconds : float
        From when on a run is long.
    """

    def __init__(
        self,
        crew: Executor,
        said: Said | None = None,
        *,
        folder: Path | None = None,
        long_seconds: float = LONG_SECONDS,
        seconds_between: float = SECONDS_BETWEEN,
    ) -> None:
        self.crew, self.said = crew, said
        self.is_elsewhere = getattr(crew, "is_elsewhere", False)
        self.folder = folder if folder is not None else cache_folder()
        self.long_seconds, self.seconds_between = long_seconds, seconds_between
        self.used: set[Path] = set()

    def play(self, job: Job, tasks: Sequence[Ints], n_threads: int | None) -> Iterator[Block]:
        """Yield what is kept, then play the rest and keep it."""
        wanted = {paths.tobytes(): paths for paths in tasks}
        n_paths = sum(paths.size for paths in tasks)
        taken = 0
        place = functools.cache(lambda: self._place(job))
        for block in _recalled(place(), job) if self._has_any() else ():
            if wanted.pop(block.paths.tobytes(), None) is not None:
                taken += block.paths.size
                yield block
        if taken and self.said is not None:
            self.said(taken, n_paths)
        if wanted:
            yield from self._kept(place, self.crew.play(job, list(wanted.values()), n_threads))

    def each(
        self, function: Callable[..., Any], calls: Sequence[tuple[Any, ...]]
    ) -> Iterator[tuple[int, Any]]:
        """Pass on to the crew."""
        return self.crew.each(function, calls)

    def forget(self) -> None:
        """Remove the futures of the runs that came to their end."""
        for place in self.used:
            shutil.rmtree(place, ignore_errors=True)

    def _has_any(self) -> bool:
        """Return whether futures of any run are kept; where none are, no job needs its fingerprint."""
        return any(self.folder.glob("*/*.npz"))

    def _place(self, job: Job) -> Path:
        """Return where the futures of a job are kept."""
        place = self.folder / job.fingerprint()
        self.used.add(place)
        return place

    def _kept(self, place: Callable[[], Path], blocks: Iterator[Block]) -> Iterator[Block]:
        began = last = time.monotonic()
        fresh: list[Block] = []
        tidy = True
        for block in blocks:
            now = time.monotonic()
            # What the first seconds play is not held: memory would grow with every short run.
            if now - began >= self.long_seconds:
                fresh.append(block)
            if fresh and now - last >= self.seconds_between:
                if tidy:
                    forget_old(self.folder)
                    tidy = False
                _keep(place(), fresh)
                fresh, last = [], now
            yield block


def _keep(place: Path, blocks: Sequence[Block]) -> None:
    """Write blocks into one file that appears whole; a folder that cannot be written to is left alone."""
    arrays: dict[str, Any] = {}
    for number, block in enumerate(blocks):
        arrays[f"paths_{number}"] = block.paths
        for kind, parts in (("by_path", block.by_path), ("sums", block.sums)):
            arrays |= {f"{kind}_{number}_{i}": part for i, part in enumerate(parts)}
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    draft = place / f".{secrets.token_hex(8)}"
    with contextlib.suppress(OSError):
        place.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content.getvalue())
            draft.rename(draft.with_name(draft.name[1:] + ".npz"))
        finally:
            draft.unlink(missing_ok=True)


def _recalled(place: Path, job: Job) -> Iterator[Block]:
    """Yield the blocks kept of a job; files that are damaged or of another shape are passed over."""
    for file in sorted(place.glob("*.npz")):
        with contextlib.suppress(OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error):
            yield from _read(file, job)


def _read(file: Path, job: Job) -> list[Block]:
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


def forget_old(folder: Path) -> None:
    """Remove what nobody came back for within a week, and the oldest of what is too much."""
    with contextlib.suppress(OSError):
        places = sorted((path.stat().st_mtime, path) for path in folder.iterdir() if path.is_dir())
        sizes = {path: sum(file.stat().st_size for file in path.iterdir()) for _, path in places}
        oldest = time.time() - DAYS_KEPT * 86400
        for changed, path in places:
            if changed < oldest or sum(sizes.values()) > MOST_BYTES:
                shutil.rmtree(path, ignore_errors=True)
                sizes.pop(path)
