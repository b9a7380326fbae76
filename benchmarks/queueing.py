"""Time the queue of SALs for reps against SimPy in one run: ``python benchmarks/queueing.py``.

Both live the same M/M/c+M queue (one category, exponential times, fixed heads) and must agree on the
share that gives up before they are compared. Rounds alternate, each is warmed up first, medians are
compared. The table is written to results/benchmarks_queue.md.
"""

import argparse
import math
import platform
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import simpy

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.engine.plan.capacity import with_reps
from simulator.engine.run.simulate import compile_deals, run
from simulator.kernels.flows import FLOWS
from simulator.scenario.load import scenario_from_dict

DAYS_PER_MONTH = 365.25 / 12
ARRIVALS, SERVICE, PATIENCE, REPS = 1.0, 1 / 40, 1 / 30, 36
QUARTERS = 8
OUR_PATHS, THEIR_PATHS, ROUNDS = 200, 6, 5
AGREE_ERRORS = 4.0


@dataclass(frozen=True)
class Round:
    """What one round cost: processor seconds; by path, SALs that came and that gave up."""

    seconds: float
    n_sals: np.ndarray
    n_waited_out: np.ndarray

    @property
    def ns_per_sal(self) -> float:
        """Nanoseconds of processor time for each SAL."""
        return 1e9 * self.seconds / float(self.n_sals.sum())


def scenario():
    """Return the queue as a scenario."""
    own = {
        "heads": REPS,
        "open_deals_per_rep": 1,
        "attrition": 0,
        "quota": 1,
        "self_sourced_sals_per_month": 0,
        "patience_days": math.log(2) / PATIENCE,
    }
    segment = {
        "sals_per_month": ARRIVALS * DAYS_PER_MONTH,
        "amount": {"fixed": 1000},
        "pipeline": {"to": {"won": 1.0}, "median_days": math.log(2) / SERVICE},
    }
    return scenario_from_dict(
        {
            "as_of": "2026-12-31",
            "horizon_quarters": QUARTERS,
            "segments": {"one": segment},
            "reps": {"ramp": [1.0], "segments": {"one": own}},
            "simulation": {"paths": OUR_PATHS, "rate_draws": 1, "threads": 1},
        }
    )


def our_round(compiled, settings) -> Round:
    """Simulate with the kernels, on one thread."""
    began = time.process_time()
    flows = run(compiled, settings, None).flows.sum(axis=(1, 2))
    seconds = time.process_time() - began
    return Round(seconds, flows[:, FLOWS.index("n_created")], flows[:, FLOWS.index("n_waited_out")])


def their_round(number: int) -> Round:
    """Simulate with SimPy."""
    began = time.process_time()
    counts = np.array([_simpy_path(1000 * number + path) for path in range(THEIR_PATHS)])
    return Round(time.process_time() - began, counts[:, 0], counts[:, 1])


def waited_out(rounds: list[Round]) -> tuple[float, float]:
    """Return the share that gives up waiting and its standard error over paths."""
    sals = np.concatenate([r.n_sals for r in rounds])
    lost = np.concatenate([r.n_waited_out for r in rounds])
    share = lost.sum() / sals.sum()
    return float(share), float(np.sqrt(((lost - share * sals) ** 2).sum()) / sals.sum())


def _simpy_path(seed: int) -> tuple[int, int]:
    rng = np.random.default_rng(seed)
    world = simpy.Environment()
    slots = simpy.Resource(world, REPS)
    counts = [0, 0]

    def sal():
        counts[0] += 1
        with slots.request() as turn:
            got = yield turn | world.timeout(rng.exponential(1 / PATIENCE))
            if turn in got:
                yield world.timeout(rng.exponential(1 / SERVICE))
            else:
                counts[1] += 1

    def demand():
        while True:
            yield world.timeout(rng.exponential(1 / ARRIVALS))
            world.process(sal())

    world.process(demand())
    world.run(QUARTERS * 365.25 / 4)
    return counts[0], counts[1]


def main() -> None:
    """Run both, check that they agree, print the table and write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, nothing written")
    quick = parser.parse_args().quick
    settings = scenario()
    compiled = with_reps(compile_deals(settings, None, None), settings, None)
    our_round(compiled, settings)
    ours, theirs = [], []
    for number in range(1 if quick else ROUNDS):
        theirs.append(their_round(number))
        ours.append(our_round(compiled, settings))
    # Every round of ours has the same seed: one tells as much as all.
    (own_lost, own_error), (other_lost, other_error) = waited_out(ours[:1]), waited_out(theirs)
    if abs(own_lost - other_lost) > AGREE_ERRORS * math.hypot(own_error, other_error):
        raise SystemExit(f"they do not agree: {own_lost:.3f} and {other_lost:.3f} give up waiting")
    own, other = (statistics.median(r.ns_per_sal for r in rounds) for rounds in (ours, theirs))
    text = (
        "# The queue of SALs for reps against SimPy\n\n"
        f"One M/M/{REPS}+M queue over {QUARTERS} quarters, one thread, processor time, medians of "
        f"{len(ours)} rounds on {platform.machine()}, Python {platform.python_version()}. Every SAL is "
        "created, waits, is taken up or gives up, and its deal is lived to its end.\n\n"
        "| who | ns per SAL | ratio | give up waiting |\n| --- | ---: | ---: | ---: |\n"
        f"| simulator | {own:,.0f} | 1 | {own_lost:.1%} ± {own_error:.1%} |\n"
        f"| SimPy {simpy.__version__} | {other:,.0f} | {other / own:,.0f} "
        f"| {other_lost:.1%} ± {other_error:.1%} |\n\n"
        "Run again with `python benchmarks/queueing.py`.\n"
    )
    print(text)
    if not quick:
        (ROOT / "results" / "benchmarks_queue.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
