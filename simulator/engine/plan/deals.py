"""Turn a calibration and a scenario into the one tuple of arrays that the kernels read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.calibration import AGE_BINS, FACTOR_LEVELS, Calibration, month_steps
from simulator.engine.draws.deals import RateDraws, draw_rates
from simulator.engine.keys import STREAM_BITS, unique_keys
from simulator.engine.plan import effects as lever_effects
from simulator.engine.plan.concessions import concession_plan
from simulator.engine.plan.demand import with_streams
from simulator.engine.plan.effects import EffectRows, effect_rows
from simulator.engine.plan.horizon import Horizon, horizon
from simulator.engine.plan.levels import amount_level, evidence_pull, expected_sals, month_effect, shock_sd
from simulator.engine.plan.neutral import no_customers, nobody, unlimited
from simulator.engine.plan.stated_rates import with_inline_rates
from simulator.engine.room import check_room, free_memory
from simulator.fiscal import day_number, months_of_days
from simulator.history.tables import CATEGORIES
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.deals.close_dates import NEVER
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.people.capacity import CapacityPlan
from simulator.kernels.people.coverage import PeoplePlan
from simulator.kernels.simd import aligned
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CENTS = 100.0


@dataclass(frozen=True)
class Compiled:
    """A plan for the kernels and the names of its axes.

    Parameters
    ----------
    plan : DealPlan
    capacity : CapacityPlan
    customers : CustomerPlan
    people : PeoplePlan
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    n_customers : ndarray of float64, shape (segment,)
        Customers at as_of.
    booked_by_customers : ndarray of float64, shape (segment, 2)
        Expansion and renewal bookings of the first quarter up to as_of. Unit: currency.
    horizon : Horizon
    segments : tuple of str
    open_deals : pandas.DataFrame
        The open deals in axis order, amounts in scenario currency (unknown ones missing).
    calibration : Calibration
        With the scenario's own rates laid over it.
    rates : RateDraws
        Before the levers.
    roles : tuple of str
        Of the people after the sale, in axis order; account executives first.
    """

    plan: DealPlan
    capacity: CapacityPlan
    customers: CustomerPlan
    people: PeoplePlan
    opening: Floats
    n_customers: Floats
    booked_by_customers: Floats
    horizon: Horizon
    segments: tuple[str, ...]
    open_deals: pd.DataFrame
    calibration: Calibration
    rates: RateDraws
    roles: tuple[str, ...] = ()


def compile_scenario(
    scenario: Scenario, calibration: Calibration | None, open_deals: pd.DataFrame, as_of: dt.date
) -> Compiled:
    """Compile a scenario.

    Parameters
    ----------
    scenario : Scenario
    calibration : Calibration, optional
        None: the scenario states all its rates itself.
    open_deals : pandas.DataFrame
        One row per open deal, columns as ``history.states.open_deals`` returns them.
    as_of : datetime.date
        Last day known.

    Raises
    ------
    InputError
        A lever cannot be applied, or names a source that there is none of.
    """
    full, stated = with_inline_rates(scenario, calibration)
    full = with_streams(scenario, full)
    settings = scenario.simulation
    n_draws = settings.rate_draws if settings.rate_uncertainty else 1
    rates = draw_rates(full, settings.seed, n_draws, settings.rate_uncertainty)
    ahead = horizon(as_of, scenario.fiscal_calendar(), scenario.horizon_quarters)
    open_deals = _in_segment_order(open_deals, full.segments)
    plan = _deal_plan(scenario, (full, stated, rates), ahead, open_deals)
    return Compiled(
        plan=plan,
        capacity=unlimited(plan),
        customers=no_customers(plan),
        people=nobody(len(full.segments), n_draws),
        opening=np.zeros(len(full.segments)),
        n_customers=np.zeros(len(full.segments)),
        booked_by_customers=np.zeros((len(full.segments), 2)),
        horizon=ahead,
        segments=full.segments,
        open_deals=open_deals,
        calibration=full,
        rates=rates,
    )


def _deal_plan(
    scenario: Scenario,
    rated: tuple[Calibration, npt.NDArray[np.bool_], RateDraws],
    ahead: Horizon,
    open_deals: pd.DataFrame,
) -> DealPlan:
    """Return the plan of the deals' kernels: what reps source and customers refer is still to come."""
    full, stated, rates = rated
    rows = effect_rows(full, rates, open_deals)
    levers = lever_effects.resolve(scenario, full.segments, full.arrivals, ahead.months)
    sals = expected_sals(scenario, full, rates, levers.sals, ahead)
    return DealPlan(
        month_end=ahead.month_end,
        first_month=int(ahead.months[0]),
        first_month_of_quarter=int(scenario.fiscal_calendar().month_of_quarter(int(ahead.months[0]))),
        hazard=hazard_table(rates, stated, levers),
        age_bin=np.searchsorted(AGE_BINS, np.arange(AGE_BINS[-1] + 1), side="right") - 1,
        clock=rates.clock,
        clock_steps=month_steps(ahead.months) - day_number(ahead.as_of) - 1.0,
        month_effect=month_effect(full, levers.month_effect, ahead, scenario),
        effect=rows.effect,
        offset_cdf=_offset_cdf(rates.offset, full),
        push_cdf=_cdf(lever_effects.lengthen(rates.push, levers.push_length)),
        redate=rates.redate,
        early_push=rates.early_push,
        slip_share=np.minimum(levers.slippage, 1.0),
        entry_cdf=_cdf(rates.entry),
        late_entry=rates.late_entry,
        amount=np.rint(rates.amounts * levers.amount[:, None] * CENTS),
        multiplier_new=rates.multiplier_new * levers.close_multiplier[:, None],
        multiplier_open=rates.multiplier_open * levers.close_multiplier[:, None],
        open_entity=unique_keys([f"deal/{name}" for name in open_deals["opportunity_id"]]),
        open_state=_open_state(open_deals, full, rows, ahead),
        open_amount=np.rint(np.nan_to_num(open_deals["amount"].to_numpy(np.float64) * CENTS, nan=-1.0)),
        open_first=_segment_starts(open_deals, full.segments),
        stream_key=_stream_keys(full),
        stream_segment=full.arrivals.segment.astype(np.int64),
        stream_sals=sals,
        stream_rep_sals=np.zeros_like(sals),
        stream_referrals=np.zeros_like(sals),
        referral_stream=np.full(len(full.segments), -1, dtype=np.int64),
        stream_dispersion=full.arrivals.dispersion.astype(np.float64),
        stream_profile_cdf=rows.stream_profile_cdf,
        stream_effect_row=rows.stream_row,
        shock_sd=shock_sd(full) * scenario.simulation.shared_shock,
        amount_level=amount_level(scenario, full, rates, ahead.months.size),
        pull=evidence_pull(scenario, full, ahead),
        concessions=concession_plan(scenario.terms, full.segments),
    )


def _in_segment_order(open_deals: pd.DataFrame, segments: tuple[str, ...]) -> pd.DataFrame:
    place = {name: number for number, name in enumerate(segments)}
    known = open_deals[open_deals["segment"].isin(segments)]
    return known.iloc[np.argsort(known["segment"].map(place).to_numpy(np.int64), kind="stable")]


def _segment_starts(open_deals: pd.DataFrame, segments: tuple[str, ...]) -> Ints:
    place = {name: number for number, name in enumerate(segments)}
    counts = np.bincount(open_deals["segment"].map(place).to_numpy(np.int64), minlength=len(segments))
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def hazard_table(
    rates: RateDraws, stated: npt.NDArray[np.bool_], levers: lever_effects.LeverEffects
) -> Floats:
    """Return the hazards by cell, shape (draw, cell, 8), levers of the whole horizon included.

    Cells run over (segment, category, late, age bin, due, linearity, pushes).
    """
    n_draws, n_segments, n_categories, n_destinations = rates.hazards.shape
    factors = _cell_factors(rates)
    cells = factors.shape[2:-1]
    n_bytes = n_draws * n_segments * n_categories * int(np.prod(cells)) * 8 * 8
    check_room("simulation.rate_draws", n_draws, n_bytes, free_memory(), "memory")
    base = np.zeros((n_draws, n_segments, n_categories, 8))
    base[..., :n_destinations] = rates.hazards * levers.hazard[None, :, None, :]
    base = base[:, :, :, None, None, None, None, None]
    own = base
    if rates.segment_ages is not None:
        own = np.repeat(base, cells[1], axis=4)
        own[..., :n_destinations] *= rates.segment_ages[:, :, :, None, :, None, None, None]
    # One pass writes the table: it is by far the largest array of a plan.
    table = aligned((n_draws, n_segments, n_categories, *cells, 8))
    np.multiply(own, factors[:, None], out=table)
    for segment, category in np.argwhere(stated):
        table[:, segment, category] = base[:, segment, category]
    # A deal in the late stage cannot advance to it once more.
    table[:, :, :, 1, ..., n_destinations - 1] = 0.0
    lever_effects.slip_more(table[..., :n_destinations], levers.slippage)
    lever_effects.pull_in(table[..., :n_destinations], levers.pull_ins)
    return table.reshape(n_draws, -1, 8)


def _cell_factors(rates: RateDraws) -> Floats:
    """Return the product of all factors, shape (draw, category, stage, age, due, linearity, pushes, 8)."""
    n_draws, _, n_categories, n_destinations = rates.hazards.shape
    product = np.ones((n_draws, n_categories, 1, 8))
    lengths = []
    for name in ("stage", "age", "due", "linearity", "pushes"):
        lengths.append(len(FACTOR_LEVELS[name]))
        factor = np.ones((n_draws, n_categories, lengths[-1], 8))
        if name in rates.factors:
            factor[..., :n_destinations] = rates.factors[name]
        product = product[:, :, :, None] * factor[:, :, None]
        product = product.reshape(n_draws, n_categories, -1, 8)
    return product.reshape(n_draws, n_categories, *lengths, 8)


def _cdf(shares: Floats) -> Floats:
    cumulative = np.cumsum(shares, axis=-1)
    return cumulative / cumulative[..., -1:]


def _offset_cdf(offset: Floats, calibration: Calibration) -> Floats:
    """Return the cumulative offsets with a last bin for deals that never get a close date."""
    dated = calibration.has_close_dates & (calibration.offset.concentration.sum(axis=1) > 0.0)
    none = np.where(dated, 0.0, 1.0)
    shares = np.where(dated[None, :, None], np.nan_to_num(offset), 0.0)
    last = np.broadcast_to(none, (offset.shape[0], none.size))[..., None]
    return _cdf(np.concatenate([shares, last], axis=-1))


def _stream_keys(calibration: Calibration) -> npt.NDArray[np.uint64]:
    arrivals = calibration.arrivals
    names = [
        f"stream/{calibration.segments[segment]}/{source}"
        for segment, source in zip(arrivals.segment, arrivals.source, strict=True)
    ]
    return unique_keys(names, STREAM_BITS)


def _open_state(open_deals: pd.DataFrame, calibration: Calibration, rows: EffectRows, ahead: Horizon) -> Ints:
    """Return where every open deal stands, shape (open deal, 7); months count from the first simulated."""
    first = int(ahead.months[0])
    position = {name: place for place, name in enumerate(calibration.segments)}
    entered_month = months_of_days(open_deals["entered"].to_numpy(np.float64))
    close_month = open_deals["close_month"].to_numpy(np.int64)
    return np.stack(
        [
            open_deals["segment"].map(position).to_numpy(np.int64),
            open_deals["category"].map(_category_code).to_numpy(np.int64),
            open_deals["late"].to_numpy(np.int64),
            entered_month - first,
            np.where(close_month < 0, NEVER, close_month - first),
            open_deals["pushes"].to_numpy(np.int64),
            rows.open_row,
        ],
        axis=1,
    )


def _category_code(category: object) -> int:
    return CATEGORIES.index(category) if isinstance(category, str) else int(category)  # type: ignore[call-overload]
