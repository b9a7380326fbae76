"""A long run that is stopped goes on from what it had, with the same bits; damaged files are played again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.engine.run.batches import Job
from simulator.engine.run.checkpoints import Checkpointing
from simulator.engine.run.executor import Threads, working
from simulator.errors import Fault, InputError
from tests.engine.several_lives import digest, simulations

N_PATHS = 1_000
STOPPED = """
import os, signal, sys
from pathlib import Path
from simulator.engine.run.executor import Threads, working
from simulator.engine.run.checkpoints import Checkpointing
from tests.engine.several_lives import simulations

def progress(done, total):
    if done >= 600:
        os.kill(os.getpid(), signal.SIGKILL)

with working(Checkpointing(Threads(), folder=Path(sys.argv[1]), long_seconds=0, seconds_between=0)):
    simulations({n_paths}, progress, threads=1)
"""


class Stopped(Exception):
    """Somebody pressed Ctrl-C."""


def keeping(folder: Path) -> tuple[Checkpointing, list[tuple[int, int]]]:
    said: list[tuple[int, int]] = []
    told = Checkpointing(
        Threads(), lambda *taken: said.append(taken), folder=folder, long_seconds=0, seconds_between=0
    )
    return told, said


def stop_at(n_done: int):
    def progress(done: int, total: int) -> None:
        if done >= n_done:
            raise Stopped

    return progress


@pytest.fixture(scope="module")
def whole() -> str:
    return digest(simulations(N_PATHS))


def stop_early(folder: Path) -> None:
    with pytest.raises(Stopped), working(keeping(folder)[0]):
        simulations(N_PATHS, stop_at(400), threads=1)


def test_a_stopped_run_goes_on_with_the_same_bits(tmp_path, whole):
    stop_early(tmp_path)
    executor, said = keeping(tmp_path)
    counts: list[int] = []
    with working(executor):
        again = simulations(N_PATHS, lambda done, total: counts.append(done))
    assert digest(again) == whole
    assert said == [(400, N_PATHS)]
    assert counts[-1] == N_PATHS
    executor.forget()
    assert list(tmp_path.iterdir()) == []


def test_a_run_killed_without_warning_goes_on_too(tmp_path, whole):
    code = STOPPED.replace("{n_paths}", str(N_PATHS))
    root = Path(__file__).parents[2]
    ended = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert ended.returncode == -signal.SIGKILL
    executor, said = keeping(tmp_path)
    with working(executor):
        assert digest(simulations(N_PATHS)) == whole
    assert said == [(600, N_PATHS)]


def test_a_short_run_beside_an_empty_folder_takes_no_fingerprint(tmp_path, whole, monkeypatch):
    monkeypatch.setattr(Job, "fingerprint", lambda job: pytest.fail("a third of a second for nothing"))
    with working(Checkpointing(Threads(), folder=tmp_path)):
        assert digest(simulations(N_PATHS)) == whole
    assert list(tmp_path.iterdir()) == []


def test_another_scenario_takes_nothing_over(tmp_path):
    stop_early(tmp_path)
    executor, said = keeping(tmp_path)
    with working(executor):
        other = digest(simulations(N_PATHS, seed=8))
    assert said == []
    assert other == digest(simulations(N_PATHS, seed=8))


@pytest.mark.parametrize("damage", ["cut", "empty", "text", "foreign"])
def test_what_is_damaged_is_played_again(tmp_path, whole, damage):
    stop_early(tmp_path)
    file = min(tmp_path.iterdir())
    content = file.read_bytes()
    broken = {"cut": content[: len(content) // 2], "empty": b"", "text": b"not an archive"}
    if damage == "foreign":
        import numpy as np

        with file.open("wb") as raw:
            np.savez(raw, paths_0=np.arange(100), by_path_0_0=np.zeros((100, 1)))
    else:
        file.write_bytes(broken[damage])
    executor, said = keeping(tmp_path)
    with working(executor):
        assert digest(simulations(N_PATHS)) == whole
    assert said == [(300, N_PATHS)]


def test_a_folder_that_cannot_be_written_to_is_no_obstacle(tmp_path, whole):
    (tmp_path / "file").write_text("")
    executor, _ = keeping(tmp_path / "file" / "below")
    with working(executor):
        assert digest(simulations(N_PATHS)) == whole


def test_short_runs_leave_nothing(tmp_path):
    with working(Checkpointing(Threads(), folder=tmp_path)):
        simulations(N_PATHS)
    assert list(tmp_path.iterdir()) == []


def test_faults_arrive_whole_from_another_process():
    import pickle

    faults = (Fault("a", "b", "c"), Fault("d", "e"))
    assert pickle.loads(pickle.dumps(InputError(faults))).faults == faults
