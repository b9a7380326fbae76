"""Room for figures of all paths: in memory, or where they are many in a file that ends with the process."""

from __future__ import annotations

import contextlib
import mmap
import os
import tempfile
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
from platformdirs import user_cache_path

from simulator.arrays import Floats, Ints
from simulator.engine.room import check_room, free_disk, free_memory

Shape = tuple[int, ...]

MOST_IN_MEMORY = 64_000_000
"""Bytes; what is larger stands in a file."""
MOST_HELD = 4_000_000
"""Bytes of a file that are held in memory while it is filled."""
NUMBER_BYTES = 8


class Store:
    """Arrays of shape (path, …, measure), written path by path and read measure by measure.

    Each measure lies in one piece, so that reading one leaves the others on disk. The file has no name: the
    system takes it back when the process ends, however it ends. Where no file can be made, because the disk
    is full or the system knows no such files, the arrays stand in memory.

    Parameters
    ----------
    shapes : sequence of tuple of int
        Of the arrays.

    Raises
    ------
    InputError
        There is no room for this many paths.
    """

    def __init__(self, shapes: Sequence[Shape]) -> None:
        sizes = [int(np.prod(shape)) for shape in shapes]
        n_bytes = sum(sizes) * NUMBER_BYTES
        if n_bytes > MOST_IN_MEMORY:
            room = max(free_disk(user_cache_path("simulator")), free_memory())
            check_room("simulation.paths", shapes[0][0], n_bytes, room, "disk")
        self._map = _nameless_file(n_bytes) if n_bytes > MOST_IN_MEMORY else None
        if self._map is not None:
            # Else the system brings in, and counts as ours, what lies around each page that is written to.
            self._map.madvise(mmap.MADV_RANDOM)
        self._held = 0
        buffer = self._map if self._map is not None else bytearray(n_bytes)
        starts = accumulate(sizes, initial=0)
        self.arrays = tuple(
            _by_measure(np.frombuffer(buffer, np.float64, size, start * NUMBER_BYTES), shape)
            for shape, size, start in zip(shapes, sizes, starts, strict=False)
        )

    def put(self, rows: Ints, parts: Sequence[Floats]) -> None:
        """Write some paths; now and then let go of what of them is in memory.

        Not each time: paths near by share pages, and those that are let go have to be fetched again.
        """
        for array, part in zip(self.arrays, parts, strict=True):
            array[rows] = part
            self._held += part.nbytes
        if self._map is not None and self._held > MOST_HELD:
            self._map.madvise(mmap.MADV_DONTNEED)
            self._held = 0


def _by_measure(numbers: Floats, shape: Shape) -> Floats:
    return np.moveaxis(numbers.reshape(shape[-1], *shape[:-1]), 0, -1)


def _nameless_file(n_bytes: int) -> mmap.mmap | None:
    """Return this many bytes of a file without a name; None where none can be had."""
    if not (hasattr(os, "posix_fallocate") and hasattr(mmap, "MADV_DONTNEED")):
        return None
    folder = user_cache_path("simulator")
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            # All of it at once: a disk that fills up later would end the process without a word.
            os.posix_fallocate(file.fileno(), 0, n_bytes)
            return mmap.mmap(file.fileno(), n_bytes)
    return None
