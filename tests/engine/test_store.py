"""Figures of all simulations come back as they were put, whether they stand in memory or in a file."""

import errno
import mmap
import os
import subprocess
import sys

import numpy as np
import pytest

from simulator.engine.run import result_buffer as store
from simulator.engine.run.result_buffer import Store

SHAPES = [(7, 2, 3, 5), (7, 0, 3, 4), (7, 4, 1)]


def filled(shapes, seed=1):
    rng = np.random.default_rng(seed)
    kept, wanted = Store(shapes), [rng.standard_normal(shape) for shape in shapes]
    for rows in np.array([4, 1, 6]), np.array([0, 3]), np.array([5, 2]):
        kept.put(rows, [array[rows] for array in wanted])
    return kept, wanted


@pytest.mark.parametrize("most_in_memory", [0, 10**9])
@pytest.mark.parametrize("most_held", [0, 10**9])
def test_what_was_put_comes_back(monkeypatch, tmp_path, most_in_memory, most_held):
    monkeypatch.setattr(store, "MOST_IN_MEMORY", most_in_memory)
    monkeypatch.setattr(store, "MOST_HELD", most_held)
    monkeypatch.setattr(store, "user_cache_path", lambda _: tmp_path / "cache")
    kept, wanted = filled(SHAPES)
    assert all(np.array_equal(a, b) for a, b in zip(kept.arrays, wanted, strict=True))
    assert (kept._map is not None) == (most_in_memory == 0)
    # Each measure lies in one piece, and the file has no name that could be left behind.
    assert kept.arrays[0][..., 2].flags.c_contiguous
    assert not list(tmp_path.rglob("*.*"))


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_without_room_on_disk_memory_serves(monkeypatch, tmp_path, fault):
    def refuse(*_):
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(store, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr(store, "user_cache_path", lambda _: tmp_path)
    monkeypatch.setattr(os, "posix_fallocate", refuse)
    kept, wanted = filled(SHAPES)
    assert kept._map is None
    assert all(np.array_equal(a, b) for a, b in zip(kept.arrays, wanted, strict=True))


@pytest.mark.parametrize(("module", "name"), [(os, "posix_fallocate"), (mmap, "MADV_DONTNEED")])
def test_where_the_system_knows_no_such_files_memory_serves(monkeypatch, tmp_path, module, name):
    monkeypatch.setattr(store, "MOST_IN_MEMORY", 0)
    monkeypatch.setattr(store, "user_cache_path", lambda _: tmp_path)
    monkeypatch.delattr(module, name)
    kept, wanted = filled(SHAPES)
    assert kept._map is None
    assert all(np.array_equal(a, b) for a, b in zip(kept.arrays, wanted, strict=True))


GROWTH = """
import resource, sys
import numpy as np
from simulator.engine.run.result_buffer import Store
n = 20_000
kept = Store([(n, 4, 6, 60)])
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for first in range(0, n, 100):
    kept.put(np.arange(first, first + 100), [np.full((100, 4, 6, 60), float(first))])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, kept.arrays[0][:, 0, 0, 7].sum())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems keep what is large in memory")
def test_memory_does_not_grow_with_what_is_put(tmp_path):
    surroundings = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    command = [sys.executable, "-c", GROWTH]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=surroundings)
    grown_kb, total = done.stdout.split()
    assert float(total) == 100 * sum(range(0, 20_000, 100))
    # 230 MB are put; 4 MB are held, and each page of a block lies in another place.
    assert float(grown_kb) < 40_000
