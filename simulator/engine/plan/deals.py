"""Turn a calibration and a scenario into the one tuple of arrays that the kernels read."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.calibration import AGE_BINS, DESTINATIONS, FACTOR_LEVELS, Calibration, month_steps
from simulator.calibration.drift import grown
from simulator.engine.draws.deals import RateDraws, draw_rates
from simulator.engine.keys import STREAM_BITS, unique_keys
from simulator.engine.plan import effects as lever_effects
from simulator.engine.plan.concessions import concession_plan
from simulator.engine.plan.demand import lay_demand, with_streams
from simulator.engine.plan.effects import EffectRows, effect_rows
from simulator.engine.plan.neutral import no_customers, nobody, unlimited
from simulator.engine.plan.stated_rates import with_inline_rates
from simulator.engine.room import check_room, free_memory
from simulator.fiscal import FiscalCalendar, day_number, month_number, month_start_day
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
class Horizon:
    """The months and quarters that are simulated.

    Parameters
    ----------
    as_of : datetime.date
        Last day known.
    months : ndarray of int64, shape (month,)
        Month numbers.
    month_end : ndarray of float64, shape (month,)
        Days from the midnight that ends ``as_of``.
    quarters : ndarray of int64, shape (period,)
        Quarter numbers.
    month_share : ndarray of float64, shape (month,)
        Share of each month that lies ahead: 1, or less for the first.
    partial : bool
        Whether the first quarter had begun by ``as_of``.
    """

    as_of: dt.date
    months: Ints
    month_end: Floats
    quarters: Ints
    month_share: Floats
    partial: bool


def horizon(as_of: dt.date, calendar: FiscalCalendar, n_quarters: int) -> Horizon:
    """Return the months from the day after ``as_of`` to the end of the last quarter."""
    tomorrow = as_of + dt.timedelta(days=1)
    first = month_number(tomorrow)
    first_quarter = int(calendar.quarter(first))
    months = np.arange(first, calendar.first_month(first_quarter + n_quarters))
    midnight = day_number(tomorrow)
    month_end = month_start_day(months + 1) - midnight
    length = month_start_day(months + 1) - month_start_day(months)
    share = np.minimum(np.diff(month_end, prepend=0.0) / length, 1.0)
    partial = tomorrow.day > 1 or first > calendar.first_month(first_quarter)
    return Horizon(as_of, months, month_end, first_quarter + np.arange(n_quarters), share, partial)


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
    rows = effect_rows(full, rates, open_deals)
    levers = lever_effects.resolve(scenario, full.segments, full.arrivals, ahead.months)
    plan = DealPlan(
        month_end=ahead.month_end,
        first_month=int(ahead.months[0]),
        first_month_of_quarter=int(scenario.fiscal_calendar().month_of_quarter(int(ahead.months[0]))),
        hazard=hazard_table(rates, stated, levers),
        age_bin=np.searchsorted(AGE_BINS, np.arange(AGE_BINS[-1] + 1), side="right") - 1,
        clock=rates.clock,
        clock_steps=month_steps(ahead.months) - day_number(as_of) - 1.0,
        month_effect=_month_effect(full, levers.month_effect, ahead, scenario),
        effect=rows.effect,
        offset_cdf=_offset_cdf(rates.offset, full, stated),
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
        stream_sals=_sals(scenario, full, rates, levers.sals, ahead),
        stream_rep_sals=np.zeros((n_draws, len(full.arrivals.source), ahead.months.size)),
        stream_referrals=np.zeros((n_draws, len(full.arrivals.source), ahead.months.size)),
        referral_stream=np.full(len(full.segments), -1, dtype=np.int64),
        stream_dispersion=full.arrivals.dispersion.astype(np.float64),
        stream_profile_cdf=rows.stream_profile_cdf,
        stream_effect_row=rows.stream_row,
        shock_sd=_shock_sd(full) * settings.shared_shock,
        amount_level=_amount_level(scenario, full, rates, ahead.months.size),
        pull=_pull(scenario, full, ahead),
        concessions=concession_plan(scenario.terms, full.segments),
    )
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
    # One pass writes the table: it is by far the largest array of a plan.
    table = aligned((n_draws, n_segments, n_categories, *cells, 8))
    np.multiply(base[:, :, :, None, None, None, None, None], factors[:, None], out=table)
    for segment, category in np.argwhere(stated):
        table[:, segment, category] = base[:, segment, category, None, None, None, None, None]
    # A deal in the late stage cannot advance to it once more.
    table[:, :, :, 1, ..., n_destinations - 1] = 0.0
    lever_effects.slip_more(table[..., :n_destinations], levers.slippage)
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


def _offset_cdf(offset: Floats, calibration: Calibration, stated: npt.NDArray[np.bool_]) -> Floats:
    """Return the cumulative offsets with a last bin for deals that never get a close date."""
    dated = calibration.has_close_dates & (calibration.offset.concentration.sum(axis=1) > 0.0)
    none = np.where(dated, 0.0, 1.0)
    shares = np.where(dated[None, :, None], np.nan_to_num(offset), 0.0)
    last = np.broadcast_to(none, (offset.shape[0], none.size))[..., None]
    return _cdf(np.concatenate([shares, last], axis=-1))


def _sals(
    scenario: Scenario, calibration: Calibration, rates: RateDraws, lever: Floats, ahead: Horizon
) -> Floats:
    """Return expected SALs, shape (draw, stream, month)."""
    season = rates.season[:, ahead.months % 12]
    inline = np.isinf(calibration.arrivals.exposure_months)
    seasonal = np.where(inline[None, :, None], 1.0, season[:, None, :])
    sals = rates.sals[:, :, None] * seasonal * lever[None, :, :] * ahead.month_share
    sals = sals * _growth(scenario, calibration, rates, ahead.months.size)
    sals = sals * ~_before_next_snapshot(calibration, ahead, scenario.fiscal_calendar())
    if not scenario.demand:
        return sals
    return lay_demand(scenario, calibration, sals, seasonal * lever[None, :, :] * ahead.month_share)


def _month_effect(calibration: Calibration, levers: Floats, ahead: Horizon, scenario: Scenario) -> Floats:
    """Return factors of single months, shape (segment or 0, month, 8).

    They are those of levers and of the season of closing; before the next snapshot nothing ends.
    """
    drift, calendar = calibration.drift, scenario.fiscal_calendar()
    unseen = _before_next_snapshot(calibration, ahead, calendar)
    has_season = drift is not None and bool(drift.season_close.any())
    if not has_season and not unseen.any():
        return levers
    effect = levers.copy() if len(levers) else np.ones((len(calibration.segments), ahead.months.size, 8))
    if drift is not None and has_season:
        season = np.exp(drift.season_close[calendar.quarter(ahead.months) % 4])
        effect[..., DESTINATIONS.index("won")] *= season
    effect[:, unseen] = 0.0
    return effect


def _before_next_snapshot(
    calibration: Calibration, ahead: Horizon, calendar: FiscalCalendar
) -> npt.NDArray[np.bool_]:
    """Return which months of the quarter that has begun end before deals are seen again, shape (month,)."""
    snapshot = calibration.next_snapshot
    if snapshot is None or not ahead.partial:
        return np.zeros(ahead.months.size, dtype=np.bool_)
    begun = calendar.quarter(ahead.months) == ahead.quarters[0]
    return np.asarray(begun & (month_start_day(ahead.months + 1) <= day_number(snapshot)))


def _shock_sd(calibration: Calibration) -> Floats:
    drift = calibration.drift
    walks = (0.0, 0.0) if drift is None else (drift.walk_close, drift.walk_demand)
    return np.array([calibration.shock_close, calibration.shock_demand, *walks])


def _amount_level(scenario: Scenario, calibration: Calibration, rates: RateDraws, n_months: int) -> Floats:
    """Return what the trend makes of the amounts of new deals, shape (draw, month)."""
    if calibration.drift is None or rates.amount_drift is None:
        return np.ones((rates.hazards.shape[0], n_months))
    covariance = calibration.drift.amounts_covariance
    return _drifted(rates.amount_drift, covariance, n_months, scenario.simulation.rate_uncertainty)


def _drifted(drawn: Floats, covariance: Floats, n_months: int, uncertain: bool) -> Floats:
    """Return the factor that a level and its damped growth make of each month, shape (draw, month)."""
    terms = np.stack([np.ones(n_months), grown((np.arange(n_months) + 0.5) / 3.0)])
    variance = np.einsum("cm,cd,dm->m", terms, covariance, terms)
    # Uncertainty does not raise the rates by itself.
    return np.asarray(np.exp(drawn @ terms - 0.5 * variance * uncertain))


def _pull(scenario: Scenario, calibration: Calibration, ahead: Horizon) -> Floats:
    """Return the log factor on what is signed and its spread, shape (quarter or 0, 2).

    Every path moves the same way towards what simple methods expect, as far as their weight says.
    """
    pull, evidence = calibration.pull, scenario.forecast.evidence
    asked = evidence > 0.0 and scenario.simulation.shared_shock
    if pull is None or not asked or calibration.as_of != ahead.as_of:
        return np.zeros((0, 2))
    place = np.minimum(np.arange(len(ahead.quarters)), len(pull.log_factor) - 1)
    drawn = pull.weight(evidence)[:, None] * np.stack([pull.log_factor, pull.excess_sd()], axis=1)
    return np.asarray(drawn[place])


def _growth(scenario: Scenario, calibration: Calibration, rates: RateDraws, n_months: int) -> Floats:
    """Return what the drift of demand makes of calibrated SALs, shape (draw, stream, month)."""
    if calibration.drift is None or rates.sals_drift is None:
        return np.ones((1, 1, 1))
    covariance = calibration.drift.sals_covariance
    factor = _drifted(rates.sals_drift, covariance, n_months, scenario.simulation.rate_uncertainty)
    inline = np.isinf(calibration.arrivals.exposure_months)
    return np.where(inline[None, :, None], 1.0, factor[:, None, :])


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
    entered_days = np.floor(open_deals["entered"].to_numpy(np.float64)).astype(np.int64)
    entered = pd.Series(entered_days.astype("datetime64[D]"))
    entered_month = (entered.dt.year * 12 + entered.dt.month - 1).to_numpy(np.int64)
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
