"""Workers in processes of their own, under a real scheduler: the same bits, even if one of them dies."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engine.run.batches import build
from simulator.engine.run.dask import workers_at
from simulator.errors import InputError
from tests.engine.several_lives import digest, simulations

pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")

ROOT = Path(__file__).parents[2]
N_PATHS = 2_000


def play(address: str, killed: str = "no", n_paths: int = N_PATHS) -> tuple[str, int]:
    """Return the digest of simulations played on workers, and how often progress was told."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.engine.several_lives"]
    done = subprocess.run(
        [*command, address, str(n_paths), killed],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found, reported = done.stdout.split()
    return found, int(reported)


@pytest.fixture(scope="module")
def alone() -> str:
    """Return the digest of the same simulations played on threads of this process."""
    return digest(simulations(N_PATHS, threads=1))


def test_processes_on_this_machine_give_the_same_bits_and_report(alone):
    assert play("local:2") == (alone, N_PATHS // 100)
    assert digest(simulations(N_PATHS, seed=8)) != alone


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Return the address of a scheduler, and two workers of its that nobody starts again."""
    file = tmp_path / "scheduler.json"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    options = ["--no-dashboard", "--scheduler-file", str(file)]
    head = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    worker = [sys.executable, "-m", "distributed.cli.dask_worker"]
    started = [
        subprocess.Popen(
            [*head, *options, "--host", "127.0.0.1", "--port", "0", "--idle-timeout", "120"], **quiet
        )
    ]
    try:
        await_file(file)
        more = ["--no-nanny", "--nthreads", "1", "--local-directory", str(tmp_path)]
        started += [subprocess.Popen([*worker, *options, *more], **quiet) for _ in range(2)]
        yield json.loads(file.read_text())["address"], started[1:]
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()


def await_file(file: Path) -> None:
    for _ in range(600):
        if file.exists() and file.stat().st_size:
            return
        time.sleep(0.1)
    pytest.fail("the scheduler did not start")


def test_a_worker_killed_on_the_way_costs_time_and_not_the_result(alone, scheduler):
    address, workers = scheduler
    found, reported = play(address, killed="yes")
    assert (found, reported) == (alone, N_PATHS // 100)
    assert sum(process.poll() is not None for process in workers) == 1, "nobody was killed: nothing is shown"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nonsense", "is not an address"),
        ("local:0", "not local:N"),
        ("local:many", "not local:N"),
        ("tcp://127.0.0.1:9", "no workers are to be had"),
    ],
)
def test_addresses_that_lead_nowhere(address, words, monkeypatch):
    monkeypatch.setattr("simulator.engine.run.dask.SECONDS_TO_CONNECT", 1)
    with pytest.raises(InputError, match=re.escape(words)), workers_at(address):
        pass


def test_a_worker_of_another_build_is_refused_by_what_differs():
    from simulator.engine.run.dask import _unpacked

    with pytest.raises(InputError, match="numba 0"):
        _unpacked(b"", tuple("numba 0" if part.startswith("numba") else part for part in build()))
