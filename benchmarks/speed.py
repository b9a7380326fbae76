"""Time the commands on the sample company against an earlier revision, in one run on one machine.

Run: python benchmarks/speed.py [--against REVISION] [--rounds 3] [--tasks NAME ...]. Writes
results/speed.md. Each version has its own caches, compiles once, and then takes turns with the other, so
that both meet the same machine. Ratios of processor seconds are what counts: they leave out what else the
machine does, though not how fast it is.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BEFORE = "22b921b"
"""The version before speed and accuracy were worked on."""
Times = dict[str, list[list[tuple[float, float]]]]
"""By task and version, the processor seconds and the seconds on the clock of each round."""
COLD = "first run, with compiling"
SIMULATOR = "from simulator.cli.main import main; main()"
PATHS = """
import time
from benchmarks.reference_plan import compile_reference, prepare_reference
from simulator.engine.run.simulate import run
ready = prepare_reference()
plan = compile_reference(ready)
run(plan, ready.scenario.with_simulation(paths=2), None)
began = time.process_time()
run(plan, ready.scenario.with_simulation(paths=1000, threads=1), None)
print("measured", 10 * (time.process_time() - began))
"""
DEALS = """
import time
from benchmarks import workloads
plan = workloads.reference_plan()
workloads.simulate_paths(plan, 0, 1)
began = time.thread_time()
workloads.simulate_paths(plan, 0, 20)
deals = 20 * (plan.open_entity.size + plan.stream_sals.sum(axis=(1, 2)).mean())
print("measured", (time.thread_time() - began) / deals * 1e9)
"""


@dataclass(frozen=True)
class Task:
    """Something to time: Python code, its arguments, and the unit of what it measures itself, if it does."""

    code: str
    args: tuple[str, ...] = ()
    unit: str = "s"


TASKS = {
    COLD: Task(SIMULATOR, ("run", "scenarios/base.yaml", "--paths", "100", "--quiet")),
    "run of the sample": Task(SIMULATOR, ("run", "scenarios/base.yaml", "--quiet")),
    "hire --reps 5": Task(SIMULATOR, ("hire", "scenarios/base.yaml", "--reps", "5", "--quiet")),
    "headcount": Task(SIMULATOR, ("headcount", "scenarios/base.yaml", "--quiet")),
    "a deal of the kernel": Task(DEALS, unit="ns"),
    "reference plan, 10,000 paths": Task(PATHS),
}


@dataclass(frozen=True)
class Version:
    """Sources in a folder, and a folder for what they keep."""

    name: str
    sources: Path
    kept: Path

    def time(self, task: Task) -> tuple[float, float]:
        """Run a task once; return processor seconds, or what it measures itself, and seconds on the clock."""
        environment = {
            **{name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")},
            "PYTHONPATH": str(self.sources),
            "NUMBA_CACHE_DIR": str(self.kept / "kernels"),
            "XDG_CACHE_HOME": str(self.kept / "cache"),
        }
        out = ("-o", str(self.kept / "out")) if task.code == SIMULATOR else ()
        command = [sys.executable, "-c", task.code, *task.args, *out]
        before, began = children_seconds(), time.perf_counter()
        done = subprocess.run(
            command, check=False, cwd=self.sources, env=environment, stdout=subprocess.PIPE, text=True
        )
        wall, used = time.perf_counter() - began, children_seconds() - before
        if done.returncode != 0:
            raise SystemExit(f"{self.name} failed: {task.args or task.code}")
        said = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("measured")]
        return float(said[0]) if said else used, wall


def children_seconds() -> float:
    """Return the processor seconds of all processes that have ended below this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def race(versions: list[Version], names: list[str], rounds: int) -> Times:
    """Return what each version takes of each task, round by round; the first run is timed once."""
    found = {}
    for name in (COLD, *(name for name in names if name != COLD)):
        task = TASKS[name]
        if name != COLD:
            for version in versions:
                version.time(task)
        turns = [[version.time(task) for version in versions] for _ in range(1 if name == COLD else rounds)]
        found[name] = [list(times) for times in zip(*turns, strict=True)]
        print(name, found[name], flush=True)
    return found


def report(found: Times, versions: list[Version], rounds: int) -> str:
    """Return results/speed.md."""
    before, now = versions
    lines = [
        "# Speed",
        "",
        f"`python benchmarks/speed.py --against {before.name} --rounds {rounds}`: the sample company, "
        f"{before.name} and {now.name} by turns on one machine with {os.cpu_count()} processors "
        f"({platform.machine()}, Python {platform.python_version()}). Medians of processor seconds; the "
        "ratio is the median over the rounds. What the clock on the wall says depends on what else ran.",
        "",
        f"| task | {before.name} | {now.name} | ratio | clock, {before.name} | clock, {now.name} |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, (old, new) in found.items():
        unit = TASKS[name].unit
        ratio = statistics.median(b[0] / a[0] for a, b in zip(old, new, strict=True))
        cells = [f"{statistics.median(used for used, _ in times):.1f} {unit}" for times in (old, new)]
        clock = [f"{statistics.median(wall for _, wall in times):.1f} s" for times in (old, new)]
        lines.append(f"| {name} | {' | '.join(cells)} | {ratio:.2f} | {' | '.join(clock)} |")
    return "\n".join([*lines, ""])


def revision(root: Path) -> str:
    """Return the short name of the revision in a folder."""
    command = ["git", "-C", str(root), "rev-parse", "--short=7", "HEAD"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default=BEFORE, metavar="REVISION")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS))
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        before = Path(folder) / "before"
        git = ["git", "-C", str(ROOT), "worktree"]
        subprocess.run([*git, "add", "--detach", str(before), given.against], check=True, capture_output=True)
        try:
            versions = [
                Version(given.against, before, Path(folder) / "kept_before"),
                Version(revision(ROOT), ROOT, Path(folder) / "kept_now"),
            ]
            for version in versions:
                version.kept.mkdir()
            text = report(race(versions, given.tasks, given.rounds), versions, given.rounds)
        finally:
            subprocess.run([*git, "remove", "--force", str(before)], check=True)
    (ROOT / "results" / "speed.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
