"""Two processes share jobs: all are done, faults reach the first, and nobody outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.report.output.second_process import all_done, second_process

SHARED = """
import sys, time
from functools import partial
from pathlib import Path
from simulator.report.output.second_process import second_process
if __name__ == "__main__":
    with second_process() as team:
        team.begin([partial(Path.touch, Path(sys.argv[1], "begun")), partial(time.sleep, 0.1)])
        team.finish()
        print("ready", flush=True)
        time.sleep(60)
"""


def stamp(path: Path, seconds: float) -> None:
    time.sleep(seconds)
    path.write_text(str(os.getpid()))


def refuse() -> None:
    raise InputError.of("deals.csv, row 3", "amount is negative", "Correct it.")


@pytest.mark.parametrize("worth_it", [True, False])
def test_every_job_is_done_once(tmp_path: Path, worth_it: bool) -> None:
    jobs = [partial(stamp, tmp_path / f"{number}", 0.4) for number in range(8)]
    with second_process(worth_it) as team, all_done(team):
        team.begin([partial(time.sleep, 0.0)] * 3)
        team.finish()
        team.begin(jobs[:3])
        team.begin(jobs[3:])
    processes = {path.read_text() for path in tmp_path.iterdir()}
    assert len(list(tmp_path.iterdir())) == 8
    assert processes <= {str(os.getpid())} if not worth_it else str(os.getpid()) in processes


def test_a_fault_in_either_process_reaches_the_user() -> None:
    for jobs in ([partial(refuse)], [partial(time.sleep, 0.2), partial(time.sleep, 0.2), partial(refuse)]):
        with pytest.raises(InputError, match=r"deals\.csv, row 3"), second_process() as team, all_done(team):
            team.begin(jobs)


# Python 3.11 has a thread of the pool fall over a job that was taken back while the process died.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_second_process_that_dies_loses_nothing(tmp_path: Path) -> None:
    here = os.getpid()
    with second_process() as team:
        team.begin([partial(die_elsewhere, here)])
        team.begin([partial(stamp, tmp_path / f"{n}", 0.1) for n in range(4)])
        team.finish()
        team.begin([partial(stamp, tmp_path / "later", 0.0)])
        team.finish()
    assert len(list(tmp_path.iterdir())) == 5


def die_elsewhere(here: int) -> None:
    if os.getpid() != here:
        os._exit(9)


@pytest.mark.parametrize("worth_it", [True, False])
def test_after_a_fault_nobody_goes_on_writing(tmp_path: Path, worth_it: bool) -> None:
    with second_process(worth_it) as team:
        with pytest.raises(KeyError), all_done(team):
            team.begin([partial(stamp, tmp_path / f"{number}", 0.3) for number in range(20)])
            time.sleep(0.5)
            raise KeyError
        written = sorted(tmp_path.iterdir())
        time.sleep(0.7)
        assert sorted(tmp_path.iterdir()) == written
        assert len(written) < 20


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="children are counted in /proc")
def test_the_second_process_ends_with_a_first_that_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "shared.py"
    script.write_text(SHARED)
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "ready\n"
        children = Path(f"/proc/{first.pid}/task/{first.pid}/children").read_text().split()
        first.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while any(_lives(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children
    assert not any(_lives(child) for child in children)


def _lives(process: str) -> bool:
    stat = Path(f"/proc/{process}/stat")
    try:
        return stat.read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
