"""Measure the reference plan and the work around it: ``python benchmarks/reference.py [--quick]``.

Every figure is taken in a process of its own, so that memory and the first compilation are those of
one task. Figures are written to results/benchmarks_reference.md; a quick run prints them only.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SAMPLE = ROOT / "scenarios" / "sample" / "history"
CHANGE_ROWS, DEALS = 1_000_000, 100_000
MEGA = 1024.0


def peak_mb() -> float:
    """Return the most memory that this process has held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGA


def measure_paths(n_paths: int, n_threads: int) -> dict[str, float]:
    """Return seconds and memory of the reference plan, kernels loaded and warm."""
    from benchmarks.reference_plan import compile_reference, prepare_reference
    from simulator.engine.run.simulate import run

    ready = prepare_reference()
    start, used = time.perf_counter(), time.process_time()
    compiled = compile_reference(ready)
    compile_wall, compile_cpu = time.perf_counter() - start, time.process_time() - used
    run(compiled, ready.scenario.with_simulation(paths=2), None)
    before = peak_mb()
    start, used = time.perf_counter(), time.process_time()
    run(compiled, ready.scenario.with_simulation(paths=n_paths, threads=n_threads), None)
    wall, cpu = time.perf_counter() - start, time.process_time() - used
    return {
        "paths": n_paths,
        "threads": n_threads,
        "wall": wall,
        "cpu": cpu,
        "compile_wall": compile_wall,
        "compile_cpu": compile_cpu,
        "before_mb": before,
        "peak_mb": peak_mb(),
    }


def many_histories(folder: Path, times: int) -> None:
    """Write the sample company's deals and changes this many times over, each under ids of its own."""
    shutil.copytree(SAMPLE, folder)
    (folder / "calls.csv").unlink(missing_ok=True)
    for name in ("opportunities", "stage_changes"):
        table = pd.read_csv(SAMPLE / f"{name}.csv", dtype=str, keep_default_na=False)
        parts = [table.assign(opportunity_id=table["opportunity_id"] + f"-{copy}") for copy in range(times)]
        pd.concat(parts).to_csv(folder / f"{name}.csv", index=False)


def _rows(name: str) -> int:
    with (SAMPLE / f"{name}.csv").open(encoding="utf-8") as lines:
        return sum(1 for _ in lines) - 1


def _timed(work: Callable[[], object]) -> dict[str, float]:
    start, used = time.perf_counter(), time.process_time()
    work()
    return {
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - used,
        "peak_mb": peak_mb(),
    }


def measure_import(n_rows: int) -> dict[str, float]:
    """Return what reading and checking a history with this many rows of changes takes."""
    from simulator.history.load import load_history

    with tempfile.TemporaryDirectory() as folder:
        many_histories(Path(folder) / "history", -(-n_rows // _rows("stage_changes")))
        return _timed(lambda: load_history(Path(folder) / "history"))


def measure_calibration(n_deals: int) -> dict[str, float]:
    """Return what calibrating this many deals takes, the history loaded."""
    from simulator.calibration.estimate import calibrate
    from simulator.fiscal import FiscalCalendar
    from simulator.history.load import load_history

    with tempfile.TemporaryDirectory() as folder:
        many_histories(Path(folder) / "history", -(-n_deals // _rows("opportunities")))
        history = load_history(Path(folder) / "history")
        return _timed(lambda: calibrate(history, FiscalCalendar(2)))


def measure_hire(n_reps: int) -> dict[str, float]:
    """Return what the answer to where this many reps go takes, in the sample company's six segments."""
    with tempfile.TemporaryDirectory() as folder:
        scenario = str(ROOT / "scenarios" / "base.yaml")
        command = [sys.executable, "-m", "simulator.cli.main", "hire", scenario, "--reps", str(n_reps)]
        command += ["--out", str(Path(folder) / "hire")]
        return _timed_children(command, dict(os.environ))


def measure_start(_: int) -> dict[str, float]:
    """Return what the first start after installing takes, compilation included, and the next one."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); from benchmarks import workloads as w; "
        "w.simulate_paths(w.reference_plan(n_draws=1, n_open=2, sals_per_month=1.0), 0, 1)"
    )
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", code, str(ROOT)]
        surroundings = {**os.environ, "NUMBA_CACHE_DIR": folder}
        first = _timed_children(command, surroundings)
        again = _timed_children(command, surroundings)
        bare = _timed_children([sys.executable, "-c", "import numba, numpy"], surroundings)
    return {
        "wall": first["wall"],
        "cpu": first["cpu"],
        "peak_mb": first["peak_mb"],
        "next_wall": again["wall"],
        "next_cpu": again["cpu"],
        "added_cpu": again["cpu"] - bare["cpu"],
    }


def _timed_children(command: list[str], surroundings: dict[str, str]) -> dict[str, float]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    subprocess.run(command, check=True, cwd=ROOT, env=surroundings, stdout=subprocess.DEVNULL)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": wall, "cpu": cpu, "peak_mb": after.ru_maxrss / MEGA}


TASKS: dict[str, Callable[..., dict[str, float]]] = {
    "paths": measure_paths,
    "import": measure_import,
    "calibration": measure_calibration,
    "hire": measure_hire,
    "start": measure_start,
}


SLOW = {
    "hire": ("`hire` of 5 reps over 6 segments", 5),
    "start": ("the first start of the simulation, compiling it", 0),
}


def measure(task: str, *numbers: int) -> dict[str, float]:
    """Return the figures of a task, measured in a process of its own."""
    command = [sys.executable, str(Path(__file__)), "--task", task, *map(str, numbers)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def bytes_per_path() -> float:
    """Return the memory that one future of the plan keeps: three arrays by period, segment and flow."""
    from benchmarks.reference_plan import N_QUARTERS
    from benchmarks.workloads import N_SEGMENTS
    from simulator.kernels.customers.flows import N_ARR_FLOWS
    from simulator.kernels.flows import N_FLOWS

    return 8.0 * N_SEGMENTS * N_QUARTERS * (N_FLOWS + N_ARR_FLOWS + 3 * 3)


def _second_thread(paths: list[dict[str, float]]) -> str:
    """Return how much sooner two threads are done than one, where both played as many simulations."""
    for one in paths:
        for two in paths:
            if one["threads"] == 1 and two["threads"] == 2 and one["paths"] == two["paths"]:
                return f"Two threads are {one['wall'] / two['wall']:.2f} times as fast as one. "
    return ""


def write_report(paths: list[dict[str, float]], others: dict[str, dict[str, float]], load: float) -> str:
    """Return the figures as Markdown."""
    from benchmarks.reference_plan import N_CUSTOMERS, N_OPEN, N_QUARTERS, SALS_PER_MONTH
    from benchmarks.run import describe_machine

    most = max(paths, key=lambda row: row["paths"])
    lines = [
        "# Benchmarks of the reference plan",
        "",
        "Written by `python benchmarks/reference.py`, each task in a process of its own, kernels compiled "
        "before.",
        "",
        f"Machine: {describe_machine()}.",
        f"Others' load when the measurement began: {load:.1f} of {os.cpu_count()} cores. The clock on the "
        "wall includes their share; processor time does not, but caches are shared.",
        "",
        f"Plan (`benchmarks/reference_plan.py`): the sample company's calibrated rates with all their "
        f"uncertainty, 6 segments, {N_OPEN:,} open deals, {SALS_PER_MONTH:,.0f} SALs a month for "
        f"{3 * N_QUARTERS} months taken up by reps, {N_CUSTOMERS:,} customers and those won.",
        "",
        "| paths | threads | seconds | processor seconds | of one path | peak memory | of it for the paths |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in paths:
        lines.append(
            f"| {row['paths']:,.0f} | {row['threads']:.0f} | {row['wall']:.1f} | {row['cpu']:.1f} "
            f"| {row['cpu'] / row['paths'] * 1e3:.2f} ms | {row['peak_mb']:,.0f} MiB "
            f"| {row['peak_mb'] - row['before_mb']:,.0f} MiB |"
        )
    lines += [
        "",
        f"{_second_thread(paths)}Compiling the plan's arrays takes {most['compile_cpu']:.1f} processor "
        f"seconds more. Each future has {bytes_per_path() / 1e3:.1f} kB of figures; where they are many they "
        "stand in a file, so that memory does not grow with their number.",
        "",
        "| task | seconds | processor seconds | peak memory |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name, row in others.items():
        lines.append(f"| {name} | {row['wall']:.1f} | {row['cpu']:.1f} | {row['peak_mb']:,.0f} MiB |")
        if "next_cpu" in row:
            lines.append(
                f"| the next start | {row['next_wall']:.1f} | {row['next_cpu']:.1f} | |\n"
                f"| of it more than importing numba and NumPy | | {row['added_cpu']:.1f} | |"
            )
    return "\n".join([*lines, ""])


def main() -> None:
    """Measure, print, and unless in a hurry write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes; writes nothing")
    parser.add_argument("--most-paths", type=int, default=40_000, help="leave out longer runs")
    parser.add_argument("--leave-out", nargs="*", default=[], choices=["hire", "start"], help="long tasks")
    parser.add_argument("--task", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.task:
        name, *numbers = options.task
        print(json.dumps(TASKS[name](*map(int, numbers))))
        return
    load = os.getloadavg()[0]
    measure("paths", 2, 1)
    sizes = [(20, 1), (20, 2)] if options.quick else [(10_000, 1), (10_000, 2), (40_000, 2)]
    paths = [measure("paths", *size) for size in sizes if size[0] <= options.most_paths]
    n_rows, n_deals = (1, 1) if options.quick else (CHANGE_ROWS, DEALS)
    others = {
        f"reading and checking a history of {n_rows:,} rows of changes": measure("import", n_rows),
        f"calibrating {n_deals:,} deals": measure("calibration", n_deals),
    }
    slow = () if options.quick else ("hire", "start")
    for name in slow:
        if name not in options.leave_out:
            others[SLOW[name][0]] = measure(name, SLOW[name][1])
    report = write_report(paths, others, load)
    print(report)
    if not options.quick:
        (ROOT / "results" / "benchmarks_reference.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
