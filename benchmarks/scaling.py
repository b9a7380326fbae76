"""What a million customers, 100,000 simulations and 60 months cost on N workers, from what is measured here.

Run: python benchmarks/scaling.py. Writes results/scaling.md. Processor seconds are measured, not the wall's.
"""

import argparse
import pickle
import platform
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.engine.run.batches import Job
from simulator.engine.run.dask import workers_at
from simulator.engine.run.simulate import compile_plan
from tests.small_companies import company, segment
from tests.small_customers import GROWING, customer

SEGMENTS = ("one", "two", "three", "four", "five", "six")
QUARTERS = 20
MONTHS = 3 * QUARTERS
CUSTOMERS, PATHS = 1_000_000, 100_000
WORKERS = (2, 8, 32, 128, 512)
N_TASKS = 400
FUTURES_PER_TASK = 100
ROUNDS = 5


def job_of(n_customers: int) -> Job:
    """Return a job of this many customers over six segments, in whom everything happens."""
    names = [SEGMENTS[i % len(SEGMENTS)] for i in range(n_customers)]
    existing = [{**customer(f"c{i}"), "segment": name} for i, name in enumerate(names)]
    segments = {name: segment(customers=GROWING) for name in SEGMENTS}
    scenario = company(segments, customers={"existing": existing}, horizon_quarters=QUARTERS)
    compiled = compile_plan(scenario, None, None)
    return Job.of(compiled, 1, 1)


def seconds_per_path(job: Job, n_paths: int) -> float:
    """Return the processor seconds of a future, the least of some rounds."""
    job.simulate(np.arange(1))
    best = np.inf
    for turn in range(ROUNDS):
        began = time.thread_time()
        job.simulate(np.arange(turn * n_paths, (turn + 1) * n_paths))
        best = min(best, (time.thread_time() - began) / n_paths)
    return float(best)


def nothing(number: int) -> int:
    """Do nothing, on a worker."""
    return number


def seconds_per_task() -> float:
    """Return the processor seconds that handing out a task and taking its result cost the one who asks."""
    with workers_at("local:1") as workers:
        list(workers.each(nothing, [(0,)]))
        began = time.process_time()
        for _ in workers.each(nothing, [(number,) for number in range(N_TASKS)]):
            pass
        return (time.process_time() - began) / N_TASKS


def measure(n_small: int, n_large: int, n_paths: int) -> dict[str, float]:
    """Return the costs by customer and month, by path and by task."""
    small, large = job_of(n_small), job_of(n_large)
    fixed_and_few, fixed_and_many = seconds_per_path(small, n_paths), seconds_per_path(large, n_paths)
    per_customer_month = (fixed_and_many - fixed_and_few) / (n_large - n_small) / MONTHS
    bytes_small, bytes_large = len(pickle.dumps(small)), len(pickle.dumps(large))
    return {
        "ns": 1e9 * per_customer_month,
        "fixed": max(0.0, fixed_and_few - per_customer_month * n_small * MONTHS),
        "bytes_customer": (bytes_large - bytes_small) / (n_large - n_small),
        "bytes_path": float(sum(array.nbytes for array in large.empty(1))),
        "task": seconds_per_task(),
    }


def report(cost: dict[str, float]) -> str:
    """Return results/scaling.md."""
    path_seconds = cost["ns"] * 1e-9 * CUSTOMERS * MONTHS + cost["fixed"]
    total = path_seconds * PATHS
    n_tasks = PATHS / FUTURES_PER_TASK
    lines = [
        "# A million customers, 100,000 simulations, 60 months",
        "",
        f"`python benchmarks/scaling.py` on {platform.machine()}, {platform.system()}; Python "
        f"{platform.python_version()}. Processor time, so other work on the machine does not count.",
        "",
        "| measured | |",
        "| --- | --- |",
        f"| a customer-month | {cost['ns']:.1f} ns |",
        f"| a future besides | {1e3 * cost['fixed']:.2f} ms |",
        f"| the job, sent to each worker once | {cost['bytes_customer']:.0f} bytes a customer |",
        f"| a future's figures, sent back | {cost['bytes_path'] / 1e3:.1f} kB |",
        f"| a task, for the one who hands it out | {1e3 * cost['task']:.1f} ms |",
        "",
        f"One future takes {path_seconds:.1f} processor seconds, all of them {total / 3600:,.0f} processor "
        f"hours; {n_tasks:,.0f} tasks of {FUTURES_PER_TASK} simulations take "
        f"{path_seconds * FUTURES_PER_TASK / 60:,.0f} minutes each.",
        "",
        "| worker threads | hours | job to all workers | last task, idle at the end |",
        "| --- | --- | --- | --- |",
    ]
    for n in WORKERS:
        rounds = np.ceil(n_tasks / n)
        hours = rounds * path_seconds * FUTURES_PER_TASK / 3600
        sent = n * cost["bytes_customer"] * CUSTOMERS / 1e9
        idle = 1.0 - n_tasks / (rounds * n)
        lines.append(f"| {n} | {hours:,.1f} | {sent:,.1f} GB | {idle:.0%} of the threads' time |")
    lines += [
        "",
        f"The one who asks holds all figures, on disk: {PATHS * cost['bytes_path'] / 1e9:,.1f} GB. Handing "
        f"out takes it {n_tasks * cost['task']:,.0f} seconds in all.",
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, nargs=2, default=(2_000, 12_000))
    parser.add_argument("--paths", type=int, default=4)
    given = parser.parse_args()
    with ThreadPoolExecutor(1) as pool:
        cost = pool.submit(measure, *given.customers, given.paths).result()
    text = report(cost)
    (ROOT / "results" / "scaling.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
