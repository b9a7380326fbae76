"""Time the deal kernel against C, NumPy and SimPy in one run: ``python benchmarks/run.py [--quick]``.

Everyone simulates the same company under the same law. Rounds alternate between the peers, each is
warmed up first, and medians are compared. Ratios are written to results/benchmarks.md; a quick run
prints them only.
"""

import argparse
import os
import platform
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numba
import numpy as np
import simpy
from llvmlite.binding import get_host_cpu_name

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import peer_numpy, peer_simpy, workloads
from benchmarks.peer_c import FLAGS, CompiledPeer, compiler_version
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.flows import FLOWS

N_DEAL_FLOWS = FLOWS.index("n_created") + 1
QUIET, QUIET_C = "kernel, nothing happens", "C, nothing happens"
ONE_THREAD, TWO_THREADS = "one thread", "two threads"
BUSY = 1.3
PEER_PATHS = {"numpy": 8, "simpy": 1}


@dataclass(frozen=True)
class Contender:
    """Something that simulates: its name, what one round is, how many deals that is, and its clock.

    Processor time leaves out what else the machine does; threads need the clock on the wall.
    """

    name: str
    simulate: Callable[[], object]
    n_deals: float
    clock: Callable[[], float] = time.thread_time


@dataclass(frozen=True)
class Timing:
    """Seconds of every round of a contender, and the deals simulated in one."""

    name: str
    seconds: tuple[float, ...]
    n_deals: float

    @property
    def ns_per_deal(self) -> float:
        """Median nanoseconds per deal."""
        return statistics.median(self.seconds) / self.n_deals * 1e9

    def relative_to(self, other: "Timing") -> float:
        """Return the median over the rounds of the time per deal relative to another contender's."""
        pairs = zip(self.seconds, other.seconds, strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs) * other.n_deals / self.n_deals


def expect_deals(plan: DealPlan) -> float:
    """Return how many deals a path holds on average."""
    return plan.open_entity.size + float(plan.stream_sals.sum(axis=(1, 2)).mean())


def race(contenders: list[Contender], n_rounds: int) -> dict[str, Timing]:
    """Warm every contender up, then time them in turn, round by round."""
    for contender in contenders:
        contender.simulate()
    seconds: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for _ in range(n_rounds):
        for contender in contenders:
            start = contender.clock()
            contender.simulate()
            seconds[contender.name].append(contender.clock() - start)
    return {c.name: Timing(c.name, tuple(seconds[c.name]), c.n_deals) for c in contenders}


def simulate_on_threads(plan: DealPlan, n_paths: int, n_threads: int) -> None:
    """Simulate paths in equal parts on threads."""
    part = n_paths // n_threads
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(lambda k: workloads.simulate_paths(plan, k * part, part), range(n_threads)))


def still_company(n_draws: int) -> DealPlan:
    """Return the reference company with nothing happening to its deals but time."""
    plan = workloads.reference_plan(n_draws)
    still = {name: np.zeros_like(getattr(plan, name)) for name in ("hazard", "redate", "early_push")}
    return plan._replace(**still)


def enter_still(plan: DealPlan, c_peer: CompiledPeer, n_paths: int) -> list[Contender]:
    """Return the kernel and C on a company where nothing happens."""
    n_steps = c_peer.simulate_paths(0, n_paths)[1]
    return [
        Contender(QUIET, lambda: workloads.simulate_paths(plan, 0, n_paths), n_steps),
        Contender(QUIET_C, lambda: c_peer.simulate_paths(0, n_paths), n_steps),
    ]


def enter(plan: DealPlan, c_peer: CompiledPeer, n_paths: int) -> list[Contender]:
    """Return everyone who takes part.

    SimPy simulates a company of a twentieth of the size: its cost per deal is the same.
    """
    n_deals = expect_deals(plan)
    small = workloads.reference_plan(n_draws=1, n_open=150, sals_per_month=25.0)
    rng, python_rng = np.random.default_rng(1), random.Random(1)
    n_numpy, n_simpy = PEER_PATHS["numpy"], PEER_PATHS["simpy"]
    return [
        Contender("kernel", lambda: workloads.simulate_paths(plan, 0, n_paths), n_paths * n_deals),
        Contender("C", lambda: c_peer.simulate_paths(0, n_paths), n_paths * n_deals),
        Contender("NumPy", lambda: peer_numpy.simulate_paths(plan, 0, n_numpy, rng), n_numpy * n_deals),
        Contender(
            "SimPy",
            lambda: peer_simpy.simulate_paths(small, 0, n_simpy, python_rng),
            n_simpy * expect_deals(small),
        ),
    ]


def enter_threads(plan: DealPlan, n_paths: int) -> list[Contender]:
    """Return the kernel on one thread and on two, by the clock on the wall; nobody on a busy machine."""
    if os.getloadavg()[0] > BUSY:
        return []
    n_deals = n_paths * expect_deals(plan)
    one, two = (
        (lambda: simulate_on_threads(plan, n_paths, 1)),
        (lambda: simulate_on_threads(plan, n_paths, 2)),
    )
    return [
        Contender(ONE_THREAD, one, n_deals, time.perf_counter),
        Contender(TWO_THREADS, two, n_deals, time.perf_counter),
    ]


def find_differences(ours: workloads.Outcome, theirs: workloads.Outcome) -> np.ndarray:
    """Return how far the mean flows of two samples of paths are apart, in standard errors."""
    a, b = (outcome.flows[..., :N_DEAL_FLOWS].sum(axis=(1, 2)) for outcome in (ours, theirs))
    error = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    return (b.mean(axis=0) - a.mean(axis=0)) / error


def is_same(ours: workloads.Outcome, theirs: workloads.Outcome) -> bool:
    """Return whether two outcomes are equal bit for bit."""
    return all(np.array_equal(a, b) for a, b in zip(vars(ours).values(), vars(theirs).values(), strict=True))


def check_law(plan: DealPlan, c_peer: CompiledPeer, n_paths: int) -> list[str]:
    """Return in words how well the peers agree, after making sure that C agrees to the cent."""
    ours = workloads.simulate_paths(plan, 0, n_paths)
    if not is_same(ours, c_peer.simulate_paths(0, n_paths)[0]):
        raise SystemExit("the kernel and the C program disagree: their times mean nothing")
    numpy_gap = find_differences(ours, peer_numpy.simulate_paths(plan, 0, 8, np.random.default_rng(2)))
    small = workloads.reference_plan(n_draws=1, n_open=150, sals_per_month=25.0)
    simpy_gap = find_differences(
        workloads.simulate_paths(small, 0, 400), peer_simpy.simulate_paths(small, 0, 60, random.Random(2))
    )
    return [
        f"C: every flow, booking and win of {n_paths} paths is equal to the kernel's, bit for bit.",
        f"NumPy: mean flows within {abs(numpy_gap).max():.1f} standard errors of the kernel's.",
        f"SimPy: mean flows within {abs(simpy_gap).max():.1f} standard errors of the kernel's.",
    ]


def describe_machine() -> str:
    """Return processor, cores and versions in a line."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = [
            line for line in info.read_text(encoding="utf-8").splitlines() if line.startswith("model name")
        ]
        model = lines[0].split(":")[1].strip() if lines else model
    versions = f"Python {platform.python_version()}, numba {numba.__version__}, NumPy {np.__version__}"
    model = f"{model} ({get_host_cpu_name()})"
    return f"{model}, {os.cpu_count()} cores; {versions}, SimPy {simpy.__version__}, {compiler_version()}"


def describe_threads(times: dict[str, Timing]) -> str:
    """Return what a second thread brings; on a busy machine that cannot be measured."""
    if TWO_THREADS not in times:
        return "What a second thread brings was not timed: others kept the machine busy."
    return f"Two threads are {times[ONE_THREAD].relative_to(times[TWO_THREADS]):.2f} times as fast as one."


def write_report(
    times: dict[str, Timing], steps_per_deal: float, agreement: list[str], plan: DealPlan
) -> str:
    """Return the figures as Markdown."""
    lines = [
        "# Benchmarks",
        "",
        f"The deal kernel and the same law in C (gcc {' '.join(FLAGS)}), vectorised NumPy and SimPy,",
        "written by `make benchmarks` in one run: warmed up, in turn, medians of processor time.",
        "",
        f"Machine: {describe_machine()}.",
        "",
        f"Company: {workloads.N_SEGMENTS} segments, {plan.open_entity.size:,} open deals, "
        f"{plan.stream_sals[0, :, 0].sum():,.0f} SALs a month for {workloads.N_MONTHS} months, "
        f"{plan.hazard.shape[0]} rate draws. A deal is born, takes {steps_per_deal:.1f} steps (a month, or "
        "what an event leaves of one), and ends.",
        "",
        "| one thread | ns per deal | ns per step | time relative to the kernel |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name in ("kernel", "C", "NumPy", "SimPy"):
        ns = times[name].ns_per_deal
        ratio = times[name].relative_to(times["kernel"])
        lines.append(f"| {name} | {ns:,.0f} | {ns / steps_per_deal:,.1f} | {ratio:,.2f} |")
    still, still_c = times[QUIET].ns_per_deal, times[QUIET_C].ns_per_deal
    lines += [
        "",
        f"Where nothing ever happens to a deal, a month of it costs {still:.1f} ns in the kernel and "
        f"{still_c:.1f} ns in C.",
    ]
    lines += ["", describe_threads(times), "", "## Agreement", ""]
    return "\n".join([*lines, *(f"- {sentence}" for sentence in agreement), ""])


def main() -> None:
    """Race, check, print, and unless in a hurry write the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round on fewer paths; writes nothing")
    quick = parser.parse_args().quick
    n_paths, n_rounds = (10, 1) if quick else (100, 9)
    plan = workloads.reference_plan(n_draws=10 if quick else 200)
    with tempfile.TemporaryDirectory() as folder:
        c_peer = CompiledPeer(plan, Path(folder))
        agreement = check_law(plan, c_peer, n_paths)
        steps_per_deal = c_peer.simulate_paths(0, n_paths)[1] / n_paths / expect_deals(plan)
        still = still_company(n_draws=10)
        still_peer = CompiledPeer(still, Path(folder))
        times = race(enter_threads(plan, n_paths), n_rounds)
        times |= race(enter(plan, c_peer, n_paths) + enter_still(still, still_peer, n_paths), n_rounds)
        c_peer.close()
        still_peer.close()
    report = write_report(times, steps_per_deal, agreement, plan)
    print(report)
    if not quick:
        (ROOT / "results" / "benchmarks.md").write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
