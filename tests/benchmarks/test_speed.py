"""Two versions by turns: each is warmed up, and ratios are taken round by round."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from benchmarks import speed


@dataclass
class Clocked:
    """A version whose every run takes twice as long as the one before."""

    name: str
    seconds: float
    runs: list[speed.Task] = field(default_factory=list)

    def time(self, task: speed.Task) -> tuple[float, float]:
        self.runs.append(task)
        return self.seconds * 2 ** len(self.runs), 1.0


def test_versions_take_turns_and_the_ratio_is_that_of_rounds():
    versions = [Clocked("old", 1.0), Clocked("new", 0.25)]
    found = speed.race(versions, ["headcount"], 3)
    # Once with compiling, once to warm up, three times to be timed.
    assert [len(version.runs) for version in versions] == [5, 5]
    assert [used for used, _ in found["headcount"][0]] == [8.0, 16.0, 32.0]
    text = speed.report(found, versions, 3)
    assert "| headcount | 16.0 s | 4.0 s | 0.25 | 1.0 s | 1.0 s |" in text
    assert "| first run, with compiling | 2.0 s | 0.5 s | 0.25 |" in text


@pytest.mark.parametrize(("code", "most"), [("print('measured', 42.5)", 43.0), ("sum(range(10**6))", 3.0)])
def test_a_task_is_timed_by_the_processor_or_by_itself(tmp_path: Path, code, most):
    used, wall = speed.Version("here", speed.ROOT, tmp_path).time(speed.Task(code))
    assert used == 42.5 if "measured" in code else 0.0 < used < most
    assert wall > 0.0
    with pytest.raises(SystemExit, match="here failed"):
        speed.Version("here", speed.ROOT, tmp_path).time(speed.Task("raise ValueError"))
