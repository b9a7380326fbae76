"""How much the answers of the sample company move from seed to seed, with and without stratified draws.

Run: python benchmarks/accuracy.py [--seeds 16] [--paths 2000]. Writes results/accuracy.md. The standard
deviation over seeds is what a user sees move; processor seconds hold the making of the plan too. Plain Monte
Carlo draws every rate anew; a Latin hypercube spreads each rate's draws evenly, ten at a time.
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
from simulator.engine.run.simulate import simulate
from simulator.scenario.load import load_scenario

BASE = ROOT / "scenarios" / "base.yaml"
OTHER = ROOT / "scenarios" / "more_pipeline.yaml"
PLAIN, STRATIFIED = 1, keys.STRATA
METHODS = {"plain Monte Carlo": PLAIN, "Latin hypercube": STRATIFIED}


def run(given: Prepared, seed: int, n_paths: int) -> Paths:
    """Simulate a prepared scenario with another seed."""
    scenario = given.scenario.with_simulation(seed=seed, paths=n_paths)
    return simulate(scenario, given.calibration, given.history)


def figures(base: Paths, other: Paths, period: int, target: float) -> dict[str, tuple[float, float]]:
    """Return each figure with the Monte Carlo error that is stated of it."""
    bookings, more = (paths.bookings_new().sum(axis=2) for paths in (base, other))
    quarter, change, draw = bookings[:, period], (more - bookings).sum(axis=1), base.rate_draw
    return {
        "P50 of the quarter": (float(np.median(quarter)), quantile_error(quarter, 0.5, draw)),
        "P(target) of the quarter": (float((quarter >= target).mean()), share_error(quarter >= target, draw)),
        "P50 of the year": (
            float(np.median(bookings.sum(axis=1))),
            quantile_error(bookings.sum(axis=1), 0.5, draw),
        ),
        "difference of two scenarios": (float(change.mean()), mean_error(change, draw)),
    }


def measure(n_seeds: int, n_paths: int) -> dict[str, dict[str, np.ndarray]]:
    """Return values, stated errors and processor seconds by method and figure, over the seeds."""
    base = prepare(load_scenario(BASE))
    other = prepare(load_scenario(OTHER), like=base)
    period = 1
    run(base, 0, 10)
    found: dict[str, dict[str, np.ndarray]] = {}
    for method, strata in METHODS.items():
        keys.STRATA = strata
        rows, seconds = [], []
        for seed in range(1, n_seeds + 1):
            began = time.process_time()
            paths = run(base, seed, n_paths)
            seconds.append(time.process_time() - began)
            target = base.scenario.targets[paths.periods[period]]["all"]
            rows.append(figures(paths, run(other, seed, n_paths), period, target))
        found[method] = {name: np.array([row[name] for row in rows]) for name in rows[0]}
        found[method]["seconds"] = np.array(seconds)
    keys.STRATA = STRATIFIED
    return found


def held(values: np.ndarray) -> float:
    """Return how often the stated 80 % interval holds the mean over the seeds."""
    return float((np.abs(values[:, 0] - values[:, 0].mean()) <= Z_HIGH * values[:, 1]).mean())


def report(found: dict[str, dict[str, np.ndarray]], n_seeds: int, n_paths: int) -> str:
    """Return results/accuracy.md."""
    plain, better = found.values()
    lines = [
        "# How much an answer moves with the seed",
        "",
        f"`python benchmarks/accuracy.py --seeds {n_seeds} --paths {n_paths}`: the sample company, "
        f"{n_paths:,} simulations, {n_seeds} seeds. One seed takes {better['seconds'].mean():.1f} processor "
        f"seconds ({plain['seconds'].mean():.1f} with plain Monte Carlo), preparing of the plan included.",
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
        lines.append(f"| {name} | {value} | {' | '.join(cells)} | {held(b):.0%} |")
    return "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=16)
    parser.add_argument("--paths", type=int, default=2000)
    given = parser.parse_args()
    text = report(measure(given.seeds, given.paths), given.seeds, given.paths)
    (ROOT / "results" / "accuracy.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
