"""The reference plan: the sample company's calibrated rates, laid under a company of a stated size.

6 segments, 3,000 open deals, 500 SALs a month for 24 months, each taken up by a rep with a free slot,
4,000 customers and those won, all rates uncertain; the work of people after the sale is left out. Open
deals, seats and customers are those of the sample company, drawn again under keys of their own until
there are as many as stated.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from simulator.engine.plan.customers import with_customers
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.neutral import as_they_stand
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.run.simulate import compile_worked_deals
from simulator.scenario.load import load_scenario

ROOT = Path(__file__).resolve().parents[1]
N_OPEN = 3_000
SALS_PER_MONTH = 500.0
N_CUSTOMERS = 4_000
N_QUARTERS = 8
N_PATHS = 10_000
NEW_KEYS = np.uint64(1) << np.uint64(54)
"""Keys of what is drawn again: above all that names are given, below those of new deals."""


def prepare_reference() -> Prepared:
    """Return the sample company with a horizon of 24 months."""
    stated = {"horizon_quarters": N_QUARTERS, "simulation.paths": N_PATHS}
    return prepare(load_scenario(ROOT / "scenarios" / "base.yaml", stated))


def compile_reference(ready: Prepared) -> Compiled:
    """Return the reference plan, compiled."""
    deals = compile_worked_deals(ready.scenario, ready.calibration, ready.history)
    compiled = with_customers(deals, ready.scenario, ready.history)
    return with_many_customers(with_many_deals(compiled))


def with_many_deals(compiled: Compiled) -> Compiled:
    """Return the plan with as many open deals and SALs as stated, and as many more seats as open deals."""
    plan, capacity = compiled.plan, compiled.capacity
    rng = np.random.default_rng(1)
    again = np.sort(rng.integers(0, plan.open_entity.size, N_OPEN))
    seats = np.sort(np.resize(np.arange(capacity.seat_key.size), _as_many(capacity.seat_key.size, plan)))
    of_stream, power = plan.stream_segment, capacity.sourcing_power
    own, more = (
        np.maximum(np.bincount(segments, minlength=len(compiled.segments)), 1) ** power
        for segments in (capacity.seat_segment, capacity.seat_segment[seats])
    )
    by_reps = plan.stream_rep_sals * own[:, of_stream, None]
    monthly = float((plan.stream_sals + by_reps).mean(axis=0).sum(axis=0).mean())
    scale = SALS_PER_MONTH / monthly
    plan = plan._replace(
        open_entity=NEW_KEYS + np.arange(N_OPEN).astype(np.uint64),
        open_state=plan.open_state[again],
        open_amount=plan.open_amount[again],
        open_first=np.searchsorted(plan.open_state[again, 0], np.arange(len(compiled.segments) + 1)),
        stream_sals=plan.stream_sals * scale,
        stream_rep_sals=scale * by_reps / more[:, of_stream, None],
    )
    capacity = capacity._replace(
        open_order=as_they_stand(plan),
        seat_segment=capacity.seat_segment[seats],
        seat_key=NEW_KEYS + np.arange(N_OPEN, N_OPEN + seats.size).astype(np.uint64),
        seat_start=capacity.seat_start[seats],
        seat_delay_cdf=capacity.seat_delay_cdf[seats],
        seat_leaves=np.ascontiguousarray(capacity.seat_leaves[:, seats]),
    )
    return replace(compiled, plan=plan, capacity=capacity, open_deals=compiled.open_deals.iloc[again])


def _as_many(n_seats: int, plan: object) -> int:
    return round(n_seats * N_OPEN / plan.open_entity.size)


def with_many_customers(compiled: Compiled) -> Compiled:
    """Return the plan with as many customers as stated."""
    plan = compiled.customers
    there = np.flatnonzero(plan.money[:, 0] > 0.0)
    again = np.random.default_rng(2).choice(there, N_CUSTOMERS)
    plan = plan._replace(
        entity=NEW_KEYS + np.uint64(1 << 20) + np.arange(N_CUSTOMERS).astype(np.uint64),
        **{name: getattr(plan, name)[again] for name in ("state", "time", "money", "base")},
    )
    n = len(compiled.segments)
    segment = plan.state[:, 0]
    return replace(
        compiled,
        customers=plan,
        opening=np.bincount(segment, plan.money[:, 0], n).astype(np.float64),
        n_customers=np.bincount(segment, minlength=n).astype(np.float64),
    )
