"""Time the customers beside the deals, and against NumPy and a plain Python loop, in one run.

``python benchmarks/customers.py [--quick]``. 4,000 customers and those won over 24 months. Rounds
alternate, everyone is warmed up first, medians are compared. Ratios are written to
results/benchmarks_customers.md; a quick run prints them only.
"""

import argparse
import datetime as dt
import math
import random
import statistics
import sys
import time
from bisect import bisect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks import workloads
from benchmarks.run import describe_machine
from simulator.calibration.contracts import customer_book
from simulator.engine.plan.customers import DrawSettings, compile_customers
from simulator.engine.plan.horizon import Horizon
from simulator.engine.plan.neutral import no_customers, nobody, unlimited
from simulator.engine.plan.stated_customers import with_inline_customers
from simulator.engine.run.batches import by_segment
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History, empty_table
from simulator.kernels.block import simulate_block
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import (
    ARR_FLOWS,
    CHURN,
    CONTRACTION,
    DRIVERS,
    FIRST_DRIVER,
    FIRST_SOLD,
    N_ARR_FLOWS,
    REACTIVATION,
)
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.workspace import Plans, open_workspace
from simulator.scenario.load import scenario_from_dict

N_CUSTOMERS = 4000
MOST_WON = 6000
SEGMENTS = tuple(f"segment {i}" for i in range(workloads.N_SEGMENTS))
AS_OF = dt.date(2026, 10, 31)
RATES = {
    "annual_churn": "12%",
    "alike": 6,
    "expansion": {
        "consumption": {"events_per_year": 0.4, "size": "6%"},
        "seats_organic": {"events_per_year": 0.4, "size": "8%"},
        "seats_proactive": {"events_per_year": 0.1, "size": "10%"},
        "features": {"events_per_year": 0.15, "size": "15%"},
        "new_solution": {"events_per_year": 0.1, "size": "30%"},
    },
    "price_rise": {"share": "40%", "size": "4%"},
    "contraction": {"share": "8%", "size": "20%"},
    "time_to_value_months": 4,
    "cycle_days": 60,
    "reactivation": {"per_year": "6%", "size": "80%"},
}
KINDS = ("churn", "contraction", "expansion", "reactivation")


def reference_customers(deals: DealPlan, n_draws: int) -> tuple[CustomerPlan, np.ndarray]:
    """Return the plan of the customers of the reference company, and their ARR by segment in cents."""
    rng = np.random.default_rng(11)
    stated = {name: {"customers": RATES} for name in SEGMENTS}
    scenario = scenario_from_dict({"as_of": AS_OF.isoformat(), "segments": stated})
    rates = with_inline_customers(scenario, None, SEGMENTS)
    days = rng.integers(30, 2400, N_CUSTOMERS)
    table = pd.DataFrame(
        {
            "customer_id": [f"C{i}" for i in range(N_CUSTOMERS)],
            "segment": rng.choice(SEGMENTS, N_CUSTOMERS),
            "start_date": pd.Timestamp(AS_OF) - pd.to_timedelta(days, "D"),
            "term_months": rng.choice([12.0, 12.0, 12.0, 36.0], N_CUSTOMERS),
            "arr": rng.lognormal(10.5, 0.9, N_CUSTOMERS).round(2),
        }
    )
    customers = pd.concat([empty_table("customers"), table], ignore_index=True)
    history = History(
        AS_OF,
        empty_table("opportunities"),
        customers=customers.astype({"customer_id": "str", "segment": "str", "start_date": "datetime64[ns]"}),
    )
    months = np.arange(workloads.FIRST_MONTH, workloads.FIRST_MONTH + workloads.N_MONTHS)
    quarters = np.arange(workloads.N_MONTHS // 3) + workloads.FIRST_MONTH // 3
    ahead = Horizon(AS_OF, months, deals.month_end, quarters, np.ones(months.size), partial=False)
    made = compile_customers(
        rates, customer_book(history, SEGMENTS), ahead, FiscalCalendar(2), DrawSettings(1, n_draws)
    )
    plan = made.plan._replace(month_end=deals.month_end, month_days=np.diff(deals.month_end, prepend=0.0))
    return by_segment(plan._replace(first_month_of_quarter=0)), made.opening


def run_kernel(
    deals: DealPlan, customers: CustomerPlan, opening: np.ndarray, n_paths: int
) -> tuple[np.ndarray, np.ndarray]:
    """Run the kernel; return the flows of deals and customers, shape (path, quarter, segment, flow)."""
    outcome = workloads.empty_outcome(deals, n_paths)
    n_quarters = outcome.flows.shape[1] if customers.terms.size else 0
    arr_flows = np.empty((n_paths, n_quarters, workloads.N_SEGMENTS, N_ARR_FLOWS))
    nobody_serves = nobody(workloads.N_SEGMENTS, deals.hazard.shape[0])
    plans = Plans(deals, unlimited(deals), customers, nobody_serves)
    measures = np.zeros((*outcome.flows.shape[:3], 0))
    simulate_block(
        plans,
        open_workspace(plans, outcome.open_wins, workloads.MOST_DEALS, customers.entity.size + MOST_WON),
        np.uint64(workloads.SEED),
        np.arange(n_paths),
        1,
        np.arange(n_paths) % deals.hazard.shape[0],
        opening,
        (outcome.flows, arr_flows, np.zeros((*outcome.bookings.shape, 3)), measures),
    )
    return outcome.flows, arr_flows


def run_numpy(plan: CustomerPlan, n_paths: int, rng: np.random.Generator) -> np.ndarray:
    """Live the customers of as_of month by month, all customers of all paths at once.

    The same law; growth within a month is drawn until the month is over. Returns sums by path of
    ``KINDS``.
    """
    n = plan.entity.size
    shape = (n_paths, n)
    draw = np.arange(n_paths)[:, None] % plan.churn.shape[0]
    segment, row, law = (np.broadcast_to(plan.state[:, k], shape) for k in (0, 2, 1))
    churn = plan.churn[draw, row, (rng.random(shape) * plan.churn.shape[2]).astype(int)]
    value = plan.time[:, 1] + plan.time_to_value[draw, segment, (rng.random(shape) * 64).astype(int)]
    arr = np.broadcast_to(plan.money[:, 0], shape).copy()
    former = arr.copy()
    renewal = np.broadcast_to(plan.time[:, 0], shape).copy()
    rate = plan.growth_rate[draw, segment, _bands(plan, segment, arr)]
    # Growth starts with first value; thereafter the clock has no memory.
    next_growth = np.maximum(value, 0.0) - np.log(rng.random(shape)) / rate
    totals = np.zeros((n_paths, len(KINDS)))
    for month in range(plan.month_end.size):
        while True:
            grows = (next_growth < month + 1) & (next_growth < np.where(arr > 0, renewal, np.inf))
            if not grows.any():
                due = (renewal < month + 1) & (arr > 0)
                back = (renewal < month + 1) & (arr == 0)
                if not (due | back).any():
                    break
                _turn(plan, rng, (draw, segment, law), (arr, former, renewal, churn), (due, back), totals)
                continue
            p, c = np.nonzero(grows)
            d, s = draw[p, 0], segment[p, c]
            band = _bands(plan, s, arr[p, c])
            driver = (rng.random(p.size)[:, None] >= plan.driver_cdf[d, s, band]).sum(axis=1)
            cycle = plan.cycle[d, s, (rng.random(p.size) * 64).astype(int)]
            ready = (driver < FIRST_SOLD) | (next_growth[p, c] - cycle >= value[p, c])
            size = plan.growth_size[d, s, driver, (rng.random(p.size) * 64).astype(int)]
            factor = plan.size_factor[s, band, (driver >= FIRST_SOLD).astype(int)]
            grown = np.rint(arr[p, c] * factor * size) * ready
            arr[p, c] += grown
            np.add.at(totals[:, 2], p, grown)
            rate[p, c] = plan.growth_rate[d, s, _bands(plan, s, np.where(arr > 0, arr, former)[p, c])]
            next_growth[p, c] -= np.log(rng.random(p.size)) / rate[p, c]
    return totals


def _bands(plan: CustomerPlan, segment: np.ndarray, arr: np.ndarray) -> np.ndarray:
    """Return the band of ARR of each customer."""
    return (arr[..., None] >= plan.size_edges[segment]).sum(axis=-1)


def _turn(
    plan: CustomerPlan, rng: np.random.Generator, where: tuple, state: tuple, turns: tuple, totals: np.ndarray
) -> None:
    """Renew those who are due, and bring back those whose time it is."""
    (draw, segment, law), (arr, former, renewal, churn), (due, back) = where, state, turns
    p, c = np.nonzero(due)
    leaves = rng.random(p.size) < churn[p, c]
    gone = (p[leaves], c[leaves])
    np.add.at(totals[:, 0], gone[0], arr[gone])
    former[gone], arr[gone] = arr[gone], 0.0
    wait = -np.log(rng.random(gone[0].size)) / plan.return_rate[draw[gone[0], 0], segment[gone]]
    renewal[gone] += wait
    stays = (p[~leaves], c[~leaves])
    d, s, of = draw[stays[0], 0], segment[stays], law[stays]
    u = rng.random(stays[0].size)
    cut = u < plan.contraction[d, of]
    rise = ~cut & (u < plan.contraction[d, of] + plan.price_rise[d, of])
    less = np.rint(arr[stays] * plan.contraction_size[d, s, (rng.random(u.size) * 64).astype(int)]) * cut
    more = np.rint(arr[stays] * plan.price_size[d, s, (rng.random(u.size) * 64).astype(int)]) * rise
    arr[stays] += more - less
    np.add.at(totals[:, 1], stays[0], less)
    np.add.at(totals[:, 2], stays[0], more)
    term = np.broadcast_to(plan.state[:, 3], arr.shape)
    renewal[stays] += term[stays]
    p, c = np.nonzero(back)
    size = plan.return_size[draw[p, 0], segment[p, c], (rng.random(p.size) * 64).astype(int)]
    arr[p, c] = np.rint(former[p, c] * size)
    np.add.at(totals[:, 3], p, arr[p, c])
    renewal[p, c] += term[p, c]


def run_python(plan: CustomerPlan, n_paths: int, rng: random.Random) -> np.ndarray:
    """Live the customers of as_of one by one from event to event in plain Python."""
    totals = np.zeros((n_paths, len(KINDS)))
    n_months = plan.month_end.size
    for path in range(n_paths):
        draw = path % plan.churn.shape[0]
        for index in range(plan.entity.size):
            segment, law, row, term = (int(x) for x in plan.state[index, :4])
            churn = plan.churn[draw, row, int(rng.random() * plan.churn.shape[2])]
            value = plan.time[index, 1] + plan.time_to_value[draw, segment, int(rng.random() * 64)]
            turn, arr = plan.time[index, 0], plan.money[index, 0]
            former, edges = arr, plan.size_edges[segment].tolist()
            rates = plan.growth_rate[draw, segment]
            growth = max(0.0, value) - math.log(rng.random()) / rates[bisect(edges, arr)]
            while min(growth, turn) < n_months:
                if growth < turn:
                    u, driver, band = rng.random(), 0, bisect(edges, arr)
                    while u >= plan.driver_cdf[draw, segment, band, driver]:
                        driver += 1
                    cycle = plan.cycle[draw, segment, int(rng.random() * 64)]
                    if driver < FIRST_SOLD or growth - cycle >= value:
                        size = plan.growth_size[draw, segment, driver, int(rng.random() * 64)]
                        more = round(arr * plan.size_factor[segment, band, int(driver >= FIRST_SOLD)] * size)
                        arr += more
                        totals[path, 2] += more
                    growth -= math.log(rng.random()) / rates[bisect(edges, arr or former)]
                elif arr == 0:
                    arr = round(former * plan.return_size[draw, segment, int(rng.random() * 64)])
                    totals[path, 3] += arr
                    turn += term
                elif rng.random() < churn:
                    totals[path, 0] += arr
                    former, arr = arr, 0
                    turn -= math.log(rng.random()) / plan.return_rate[draw, segment]
                else:
                    u = rng.random()
                    cut, rise = plan.contraction[draw, law], plan.price_rise[draw, law]
                    piece = int(rng.random() * 64)
                    if u < cut:
                        less = round(arr * plan.contraction_size[draw, segment, piece])
                        arr -= less
                        totals[path, 1] += less
                    elif u < cut + rise:
                        more = round(arr * plan.price_size[draw, segment, piece])
                        arr += more
                        totals[path, 2] += more
                    turn += term
    return totals


def kernel_totals(arr_flows: np.ndarray) -> np.ndarray:
    """Return sums by path of ``KINDS``."""
    flows = arr_flows.sum(axis=(1, 2))
    expansion = flows[:, FIRST_DRIVER : FIRST_DRIVER + len(DRIVERS)].sum(axis=1)
    return np.stack([flows[:, CHURN], flows[:, CONTRACTION], expansion, flows[:, REACTIVATION]], axis=1)


def errors_apart(a: np.ndarray, b: np.ndarray) -> float:
    """Return the largest difference of means, in standard errors."""
    error = np.sqrt(a.var(axis=0, ddof=1) / len(a) + b.var(axis=0, ddof=1) / len(b))
    return float(np.max(np.abs(a.mean(axis=0) - b.mean(axis=0)) / error))


def race(contenders: dict[str, Callable[[], object]], n_rounds: int) -> dict[str, float]:
    """Warm everyone up, then time them in turn; return the median seconds of processor time."""
    for simulate in contenders.values():
        simulate()
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(n_rounds):
        for name, simulate in contenders.items():
            start = time.thread_time()
            simulate()
            seconds[name].append(time.thread_time() - start)
    return {name: statistics.median(values) for name, values in seconds.items()}


def measure(n_paths: int, n_rounds: int) -> str:
    """Return the page of results."""
    n_draws = min(200, n_paths)
    deals = workloads.reference_plan(n_draws)
    idle = workloads.reference_plan(n_draws, n_open=0, sals_per_month=0.0)
    customers, opening = reference_customers(deals, n_draws)
    nobody, nothing = no_customers(deals), np.zeros(workloads.N_SEGMENTS)
    rng, plain = np.random.default_rng(1), random.Random(1)
    n_numpy, n_python = 10, 1
    _, both = run_kernel(deals, customers, opening, n_paths)
    won = both[..., ARR_FLOWS.index("n_new")].sum(axis=(1, 2)).mean()
    median = race(
        {
            "deals alone": lambda: run_kernel(deals, nobody, nothing, n_paths),
            "deals and customers": lambda: run_kernel(deals, customers, opening, n_paths),
            "kernel": lambda: run_kernel(idle, customers, opening, n_paths),
            "NumPy": lambda: run_numpy(customers, n_numpy, rng),
            "Python": lambda: run_python(customers, n_python, plain),
        },
        n_rounds,
    )
    deal_part = median["deals alone"] / n_paths
    customer_part = median["deals and customers"] / n_paths - deal_part
    steps = N_CUSTOMERS * workloads.N_MONTHS
    per_month = {
        "kernel": median["kernel"] / n_paths / steps * 1e9,
        "NumPy": median["NumPy"] / n_numpy / steps * 1e9,
        "Python": median["Python"] / n_python / steps * 1e9,
    }
    ours = kernel_totals(run_kernel(idle, customers, opening, 400)[1])
    apart_numpy = errors_apart(ours, run_numpy(customers, 200, rng))
    apart_python = errors_apart(ours, run_python(customers, 6, plain))
    lines = [
        "# Benchmarks of customers",
        "",
        "Written by `python benchmarks/customers.py`: one run, in turn, medians of processor time.",
        "",
        f"Machine: {describe_machine()}.",
        "",
        f"Company: {N_CUSTOMERS:,} customers and {won:,.0f} won over {workloads.N_MONTHS} months, beside the "
        "deals of the reference plan.",
        "",
        f"The customer part of a path takes {1e3 * customer_part:.2f} ms, the deal part "
        f"{1e3 * deal_part:.2f} ms: **{customer_part / deal_part:.2f} times as long**.",
        "",
        "| customers of as_of, one thread | ns per customer-month | time relative to the kernel |",
        "| --- | ---: | ---: |",
        *(f"| {name} | {ns:,.1f} | {ns / per_month['kernel']:,.1f} |" for name, ns in per_month.items()),
        "",
        "Mean churn, contraction, expansion and reactivation agree with the kernel's within "
        f"{apart_numpy:.1f} (NumPy) and {apart_python:.1f} (Python) standard errors.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few paths and rounds; print only")
    options = parser.parse_args()
    text = measure(*((40, 3) if options.quick else (200, 7)))
    print(text)
    if not options.quick:
        (ROOT / "results" / "benchmarks_customers.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
