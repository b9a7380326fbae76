"""Every command that plays simulations gives the same tables on workers as without."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.cli.test_run import SCENARIO, simulator

pytest.importorskip("distributed", reason="the extra 'distributed' is not installed")


def figures(folder: Path) -> dict[str, str]:
    """Return a digest of each table, and of the paths where there are any."""
    files = [*sorted((folder / "tables").glob("*.csv")), *folder.glob("paths.parquet")]
    assert files
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_run_on_workers_is_the_run_without_and_is_reproduced_by_either(tmp_path):
    (tmp_path / "base.yaml").write_text(SCENARIO)
    alone = simulator("run", "base.yaml", "--paths", "300", "-o", "alone", cwd=tmp_path)
    assert alone.returncode == 0, alone.stderr
    there = simulator("run", "base.yaml", "--paths", "300", "--workers", "local:2", "-o", "two", cwd=tmp_path)
    assert there.returncode == 0, there.stderr
    assert "2 threads of workers" in there.stderr
    assert figures(tmp_path / "two") == figures(tmp_path / "alone")
    again = simulator("reproduce", "two", "--threads", "1", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "same to the last bit" in again.stdout


def test_workers_that_are_not_there_are_said_before_anything_is_written(tmp_path):
    (tmp_path / "base.yaml").write_text(SCENARIO)
    done = simulator("run", "base.yaml", "--workers", "nowhere", "-o", "out", cwd=tmp_path)
    assert (done.returncode, (tmp_path / "out").exists()) == (2, False)
    assert "'nowhere' is not an address" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("hire", "scenarios/base.yaml", "--reps", "1", "--paths", "200"),
        ("sensitivity", "scenarios/base.yaml", "--paths", "100"),
        ("backtest", "scenarios/sample/history", "--origins", "2", "--paths", "50", "--fresh"),
        ("compare", "scenarios/base.yaml", "scenarios/more_pipeline.yaml", "--paths", "100"),
        ("pipeline", "scenarios/base.yaml", "--paths", "100"),
    ],
    ids=lambda command: command[0],
)
def test_every_command_that_plays_futures_gives_the_same_on_workers(command, tmp_path):
    root = Path(__file__).parents[2]
    for name, more in (("alone", ()), ("two", ("--workers", "local:2"))):
        done = simulator(*command, *more, "-o", str(tmp_path / name), cwd=root)
        assert done.returncode == 0, done.stderr
    assert figures(tmp_path / "two") == figures(tmp_path / "alone")
