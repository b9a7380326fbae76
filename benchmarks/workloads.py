"""The reference workload: a company of six segments, with open deals and demand for two years.

The rates have the shape of calibrated ones: they differ by segment, category, age, due status,
month of quarter and pushes, and by rate draw. Every peer reads the same plan.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.engine.plan.neutral import no_concessions, no_customers, nobody, unlimited
from simulator.kernels.block import simulate_block
from simulator.kernels.customers.flows import N_ARR_FLOWS
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.flows import N_FLOWS
from simulator.kernels.workspace import Plans, open_workspace

N_SEGMENTS = 6
N_MONTHS = 24
N_AGE_BINS = 6
N_EFFECT_ROWS = 24
DAYS_PER_MONTH = 365.25 / 12
FIRST_MONTH = 2026 * 12 + 10
SEED = 20260101
MOST_DEALS = 6000

# Per day from pipeline, best case, commit (rows) to pipeline, best case, commit, won, lost to a
# competitor, lost to no decision, late stage of the same category (columns).
BASE = np.array(
    [
        [0.0000, 0.0060, 0.0005, 0.0002, 0.0015, 0.0050, 0.0080],
        [0.0010, 0.0000, 0.0080, 0.0010, 0.0030, 0.0040, 0.0100],
        [0.0005, 0.0020, 0.0000, 0.0200, 0.0020, 0.0030, 0.0150],
    ]
)
AGE = np.array([1.0, 1.2, 1.1, 0.9, 0.7, 0.5])
AGE_BIN = np.array([0, 1, 2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5])
WON_BY_DUE = np.array([0.4, 1.6, 0.8])
WON_BY_MONTH_OF_QUARTER = np.array([0.7, 0.9, 1.4])
WON_BY_PUSHES = np.array([1.0, 0.9, 0.7])
LATE = np.array([0.6, 1.2, 1.5, 1.8, 0.9, 0.7, 0.0])


@dataclass(frozen=True)
class Outcome:
    """What a block of paths gave.

    Parameters
    ----------
    flows : ndarray of float64, shape (path, quarter, segment, flow)
        Cents, or deals.
    bookings : ndarray of float64, shape (path, month, segment)
        Cents.
    open_wins : ndarray of int64, shape (open deal, quarter)
    """

    flows: np.ndarray
    bookings: np.ndarray
    open_wins: np.ndarray


def make_hazards(rng: np.random.Generator, n_draws: int) -> np.ndarray:
    """Return hazards per day, shape (draw, cell, 8), with a spread over segments and rate draws."""
    segments = np.exp(0.2 * rng.standard_normal((N_SEGMENTS, 3, 7)))
    draws = np.exp(0.1 * rng.standard_normal((n_draws, N_SEGMENTS, 3, 7)))
    base = BASE * segments * draws
    won = np.einsum("a,d,l,p->adlp", AGE, WON_BY_DUE, WON_BY_MONTH_OF_QUARTER, WON_BY_PUSHES)
    moved = np.einsum("a,d,l,p->adlp", AGE, np.ones(3), np.ones(3), np.ones(3))
    factors = np.stack([moved, moved, moved, won, moved, moved, moved], axis=-1)
    stages = np.stack([np.ones(7), LATE])
    hazards = np.einsum("dsck,tk,abefk->dsctabefk", base, stages, factors)
    padded = np.zeros((n_draws, N_SEGMENTS * 3 * 2 * N_AGE_BINS * 27, 8))
    padded[..., :7] = hazards.reshape(n_draws, -1, 7)
    return padded


def cumulate(weights: np.ndarray) -> np.ndarray:
    """Return cumulative shares along the last axis, ending at exactly 1."""
    sums = np.cumsum(weights, axis=-1)
    return sums / sums[..., -1:]


def slice_lognormal(
    rng: np.random.Generator, shape: tuple[int, ...], median: float, sigma: float
) -> np.ndarray:
    """Return sorted lognormal values along the last axis: slices of a distribution."""
    return np.sort(median * np.exp(sigma * rng.standard_normal(shape)), axis=-1)


def make_open_states(rng: np.random.Generator, n_open: int) -> np.ndarray:
    """Return the states of open deals in the order of their segments, shape (open deal, 7)."""
    category = rng.choice(3, n_open, p=[0.6, 0.25, 0.15])
    columns = [
        np.sort(rng.integers(0, N_SEGMENTS, n_open)),
        category,
        rng.integers(0, 2, n_open),
        -rng.integers(0, 9, n_open),
        rng.integers(-2, 9, n_open),
        rng.integers(0, 4, n_open),
        rng.integers(0, N_EFFECT_ROWS, n_open),
    ]
    return np.stack(columns, axis=1).astype(np.int64)


def reference_plan(n_draws: int = 200, n_open: int = 3000, sals_per_month: float = 500.0) -> DealPlan:
    """Return the plan of the reference company.

    Parameters
    ----------
    n_draws : int
        Draws of the rates; each holds a table of its own.
    n_open : int
        Deals open at the start.
    sals_per_month : float
        Expected new deals per month, all segments together.
    """
    rng = np.random.default_rng(7)
    size = (n_draws, N_SEGMENTS)
    offsets = np.array([1.0, 3.0, 5.0, 6.0, 5.0, 4.0, 3.0, 2.0, 1.5, 1.0, 0.8, 0.7, 1.0])
    pushes = np.array([5.0, 3.0, 2.0, 1.0, 0.5, 0.5])
    entries = np.array([8.0, 1.0, 0.6, 0.2, 0.1, 0.1])
    effect = np.ones((n_draws, N_EFFECT_ROWS, 8))
    effect[..., :7] = np.exp(0.2 * rng.standard_normal((n_draws, N_EFFECT_ROWS, 7)))
    n_profiles = N_EFFECT_ROWS // 3
    open_state = make_open_states(rng, n_open)
    return DealPlan(
        month_end=np.cumsum(np.full(N_MONTHS, DAYS_PER_MONTH)),
        first_month=FIRST_MONTH,
        first_month_of_quarter=0,
        hazard=make_hazards(rng, n_draws),
        age_bin=AGE_BIN,
        clock=np.ones((n_draws, 0, 4)),
        clock_steps=np.zeros((N_MONTHS, 3)),
        month_effect=np.ones((0, N_MONTHS, 8)),
        effect=effect,
        offset_cdf=np.broadcast_to(cumulate(offsets), (*size, offsets.size)).copy(),
        push_cdf=np.broadcast_to(cumulate(pushes), (*size, pushes.size)).copy(),
        redate=np.tile([0.85, 0.3], (n_draws, 1)),
        early_push=np.full(size, 0.05),
        slip_share=np.ones(N_SEGMENTS),
        entry_cdf=np.broadcast_to(cumulate(entries), (*size, 6)).copy(),
        late_entry=np.tile([0.1, 0.2, 0.3], (n_draws, 1)),
        amount=np.rint(slice_lognormal(rng, (*size, 1024), 4_000_000.0, 0.9)),
        multiplier_new=slice_lognormal(rng, (*size, 256), 0.95, 0.1),
        multiplier_open=slice_lognormal(rng, (*size, 256), 0.97, 0.1),
        open_entity=rng.integers(0, 2**54, n_open).astype(np.uint64),
        open_state=open_state,
        open_amount=np.rint(4_000_000.0 * np.exp(0.9 * rng.standard_normal(n_open))),
        open_first=np.searchsorted(open_state[:, 0], np.arange(N_SEGMENTS + 1)),
        stream_key=np.arange(N_SEGMENTS).astype(np.uint64),
        stream_segment=np.arange(N_SEGMENTS),
        stream_sals=np.full((*size, N_MONTHS), sals_per_month / N_SEGMENTS),
        stream_rep_sals=np.zeros((*size, N_MONTHS)),
        stream_referrals=np.zeros((*size, N_MONTHS)),
        referral_stream=np.full(N_SEGMENTS, -1),
        stream_dispersion=np.full(N_SEGMENTS, 20.0),
        stream_profile_cdf=np.broadcast_to(cumulate(np.ones(n_profiles)), (N_SEGMENTS, n_profiles)).copy(),
        stream_effect_row=np.broadcast_to(
            np.arange(N_EFFECT_ROWS).reshape(n_profiles, 3), (N_SEGMENTS, n_profiles, 3)
        ).copy(),
        shock_sd=np.array([0.1, 0.1]),
        amount_level=np.ones((n_draws, N_MONTHS)),
        pull=np.zeros((0, 2)),
        concessions=no_concessions(),
    )


def simulate_paths(plan: DealPlan, first_path: int, n_paths: int) -> Outcome:
    """Run the kernel over consecutive paths on one thread."""
    outcome = empty_outcome(plan, n_paths)
    paths = np.arange(first_path, first_path + n_paths)
    bookings = np.zeros((*outcome.bookings.shape, 3))
    measures = np.zeros((*outcome.flows.shape[:3], 0))
    out = (outcome.flows, np.empty((n_paths, 0, N_SEGMENTS, N_ARR_FLOWS)), bookings, measures)
    plans = Plans(plan, unlimited(plan), no_customers(plan), nobody(N_SEGMENTS, plan.hazard.shape[0]))
    simulate_block(
        plans,
        open_workspace(plans, outcome.open_wins, MOST_DEALS, 0),
        np.uint64(SEED),
        paths,
        1,
        paths % plan.hazard.shape[0],
        np.zeros(N_SEGMENTS),
        out,
    )
    outcome.bookings[:] = bookings[..., 0]
    return outcome


def empty_outcome(plan: DealPlan, n_paths: int) -> Outcome:
    """Return arrays to be filled."""
    n_months = plan.month_end.shape[0]
    n_quarters = (n_months + plan.first_month_of_quarter + 2) // 3
    return Outcome(
        flows=np.empty((n_paths, n_quarters, N_SEGMENTS, N_FLOWS)),
        bookings=np.empty((n_paths, n_months, N_SEGMENTS)),
        open_wins=np.zeros((plan.open_entity.shape[0], n_quarters), dtype=np.int64),
    )


def write_plan(plan: DealPlan, fields: tuple[str, ...], path: Path) -> None:
    """Write fields of a plan for other languages: of each its rank, its shape and its 8-byte values."""
    with path.open("wb") as file:
        for field in fields:
            array = np.ascontiguousarray(getattr(plan, field))
            if array.dtype.itemsize != 8:
                raise TypeError(f"a plan holds 8-byte values only, not {array.dtype}")
            np.array([array.ndim, *array.shape], dtype=np.int64).tofile(file)
            array.tofile(file)
