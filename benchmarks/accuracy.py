"""How much the answers of the sample company move from seed to seed, and whether the errors stated are right.

Run: python benchmarks/accuracy.py [--seeds 16] [--paths 2000] [--repetitions 200] [--choices 4]. Writes
results/accuracy.md. The standard deviation over seeds is what a user sees move. Plain Monte Carlo draws every
rate anew; a Latin hypercube spreads each rate's draws evenly, ten at a time. How often stated intervals hold
takes more repetitions than seeds, of a quarter of the paths each.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.analysis.precision import mean_error, quantile_error, share_error
from simulator.calibration.posteriors import Z_HIGH
from simulator.engine import keys
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.run.simulate import compile_plan, simulate_compiled
from simulator.report.headcount.results import headcount
from simulator.report.hire.results import hire
from simulator.scenario.load import load_scenario

BASE = ROOT / "scenarios" / "base.yaml"
OTHER = ROOT / "scenarios" / "more_pipeline.yaml"
HIRING = ROOT / "scenarios" / "hire_pipeline.yaml"
PERIOD = 1
METHODS = {"plain Monte Carlo": 1, "Latin hypercube": keys.STRATA}
Found = dict[str, np.ndarray]
"""By figure, value and stated error of each seed, shape (seed, 2); and the seconds of simulation, (seed,)."""


def run(given: Prepared, seed: int, n_paths: int) -> tuple[Paths, float]:
    """Simulate a prepared scenario with another seed; return the processor seconds it takes, too."""
    scenario = given.scenario.with_simulation(seed=seed, paths=n_paths, threads=1)
    compiled = compile_plan(scenario, given.calibration, given.history)
    began = time.process_time()
    return simulate_compiled(compiled, scenario, given.history), time.process_time() - began


def figures(base: Paths, other: Paths | None, target: float) -> dict[str, tuple[float, float]]:
    """Return each figure with the Monte Carlo error that is stated of it."""
    bookings, draw = base.bookings_new().sum(axis=2), base.rate_draw
    quarter, year = bookings[:, PERIOD], bookings.sum(axis=1)
    change = other.bookings_new().sum(axis=(1, 2)) - year if other is not None else np.zeros_like(year)
    return {
        "P50 of the quarter": (float(np.median(quarter)), quantile_error(quarter, 0.5, draw)),
        "P(target) of the quarter": (float((quarter >= target).mean()), share_error(quarter >= target, draw)),
        "P50 of the year": (float(np.median(year)), quantile_error(year, 0.5, draw)),
        "difference of two scenarios": (float(change.mean()), mean_error(change, draw)),
    }


def measure(base: Prepared, other: Prepared | None, n_seeds: int, n_paths: int) -> Found:
    """Return each figure of every seed, and how long its simulation took."""
    rows, seconds = [], []
    for seed in range(1, n_seeds + 1):
        paths, took = run(base, seed, n_paths)
        target = base.scenario.targets[paths.periods[PERIOD]]["all"]
        rows.append(figures(paths, run(other, seed, n_paths)[0] if other is not None else None, target))
        seconds.append(took)
    found = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    return {**found, "seconds": np.array(seconds)}


def held(values: np.ndarray) -> float:
    """Return how often the stated 80 % interval holds the mean over the seeds."""
    return float((np.abs(values[:, 0] - values[:, 0].mean()) <= Z_HIGH * values[:, 1]).mean())


def choices(n_seeds: int) -> list[str]:
    """Return a line for each seed of what `hire` and `headcount` answer, and how sure they are."""
    lines = []
    for seed in range(1, n_seeds + 1):
        given = {"simulation.seed": seed}
        reps = hire(load_scenario(HIRING, given)).found
        heads = headcount(load_scenario(BASE, given)).found.table
        first = heads[heads["heads_added"] == 1].sort_values("npv", ascending=False).iloc[0]
        where = ", ".join(f"{n} {name}" for name, n in zip(reps.segments, reps.allocation, strict=True) if n)
        lines.append(
            f"| {seed} | {where or 'no one'} | {reps.answer['p_best']:.0%} | {first['role']}, "
            f"{first['segment']} | {first['npv'] / 1e3:,.0f}k |"
        )
    return lines


def report(by_method: dict[str, Found], often: Found, n_paths: int, answers: list[str]) -> str:
    """Return results/accuracy.md."""
    plain, better = by_method.values()
    n_seeds, n_often, seconds = len(better["seconds"]), len(often["seconds"]), better["seconds"].mean()
    quarter = better["P50 of the quarter"][:, 0]
    error = quarter.std(ddof=1) / quarter.mean()
    lines = [
        "# How much an answer moves with the seed",
        "",
        f"`python benchmarks/accuracy.py --seeds {n_seeds} --paths {n_paths} --repetitions {n_often} "
        f"--choices {len(answers)}`: the sample company, {n_paths:,} simulations, {n_seeds} seeds. How often "
        f"the stated 80 % interval holds is of {n_often} repetitions of {n_paths // 4:,} simulations.",
        "",
        f"The P50 of the quarter moves by {error:.2%} (± {error / np.sqrt(2 * (n_seeds - 1)):.2%}) with "
        f"{n_paths:,} simulations, which take {seconds:.1f} processor seconds on this machine; with as many "
        f"as one processor second simulates by {error * np.sqrt(seconds):.2%}.",
        "",
        "| figure | value | sd, plain | sd, Latin hypercube | error stated | stated 80 % holds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in (name for name in better if name != "seconds"):
        a, b = plain[name], better[name]
        scale, unit = (100, " points") if "P(" in name else (1e-3, "k")
        value = f"{100 * b[:, 0].mean():.0f} %" if "P(" in name else f"{1e-3 * b[:, 0].mean():,.0f}k"
        spread = [scale * x for x in (a[:, 0].std(ddof=1), b[:, 0].std(ddof=1), b[:, 1].mean())]
        cells = [f"{x:,.1f}{unit}" for x in spread]
        holds = f"{held(often[name]):.0%}" if often[name].any() else ""
        lines.append(f"| {name} | {value} | {' | '.join(cells)} | {holds} |")
    lines += [
        "",
        "## Choices",
        "",
        f"`hire` on scenarios/{HIRING.name}, `headcount` on {BASE.name}.",
        "",
        "| seed | `hire` | P(best) | `headcount`, first | its NPV |",
    ]
    return "\n".join([*lines, "| --- | --- | --- | --- | --- |", *answers, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--paths", type=int, default=2000)
    parser.add_argument("--repetitions", type=int, default=200)
    parser.add_argument("--choices", type=int, default=4)
    given = parser.parse_args()
    base = prepare(load_scenario(BASE))
    other = prepare(load_scenario(OTHER), like=base)
    run(base, 0, 10)
    found = {}
    for method, strata in METHODS.items():
        keys.STRATA = strata
        found[method] = measure(base, other, given.seeds, given.paths)
    often = measure(base, None, given.repetitions, given.paths // 4)
    text = report(found, often, given.paths, choices(given.choices))
    (ROOT / "results" / "accuracy.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
