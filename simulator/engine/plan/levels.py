"""How rates move over the months ahead: growth, season, shocks, trend of amounts, and what draws them."""

from __future__ import annotations

import numpy as np

from simulator.arrays import Floats, Mask
from simulator.calibration.calibration import DESTINATIONS, Calibration
from simulator.calibration.drift import grown
from simulator.engine.draws.deals import RateDraws
from simulator.engine.plan.demand import lay_demand
from simulator.engine.plan.horizon import Horizon
from simulator.fiscal import FiscalCalendar, day_number, month_start_day
from simulator.scenario.schema import Scenario


def expected_sals(
    scenario: Scenario, calibration: Calibration, rates: RateDraws, lever: Floats, ahead: Horizon
) -> Floats:
    """Return expected SALs, shape (draw, stream, month)."""
    season = rates.season[:, ahead.months % 12]
    inline = np.isinf(calibration.arrivals.exposure_months)
    seasonal = np.where(inline[None, :, None], 1.0, season[:, None, :])
    sals = rates.sals[:, :, None] * seasonal * lever[None, :, :] * ahead.month_share
    sals = sals * demand_course(scenario, calibration, rates, ahead.months.size)
    sals = sals * ~_before_next_snapshot(calibration, ahead, scenario.fiscal_calendar())
    if not scenario.demand:
        return sals
    return lay_demand(scenario, calibration, sals, seasonal * lever[None, :, :] * ahead.month_share)


def month_effect(calibration: Calibration, levers: Floats, ahead: Horizon, scenario: Scenario) -> Floats:
    """Return factors of single months, shape (segment or 0, month, 8).

    They are those of levers and of the season of closing; before the next snapshot nothing ends.
    """
    drift, calendar = calibration.drift, scenario.fiscal_calendar()
    unseen = _before_next_snapshot(calibration, ahead, calendar)
    has_season = drift is not None and bool(drift.season_close.any())
    if not has_season and not unseen.any():
        return levers
    effect = every_month(levers, len(calibration.segments), ahead.months.size)
    if drift is not None and has_season:
        season = np.exp(drift.season_close[calendar.quarter(ahead.months) % 4])
        effect[..., DESTINATIONS.index("won")] *= season
    effect[:, unseen] = 0.0
    return effect


def every_month(effect: Floats, n_segments: int, n_months: int) -> Floats:
    """Return a copy of the factors of single months; without rows they are 1, shape (segment, month, 8)."""
    return effect.copy() if len(effect) else np.ones((n_segments, n_months, 8))


def _before_next_snapshot(calibration: Calibration, ahead: Horizon, calendar: FiscalCalendar) -> Mask:
    """Return which months of the quarter that has begun end before deals are seen again, shape (month,)."""
    snapshot = calibration.next_snapshot
    if snapshot is None or not ahead.partial:
        return np.zeros(ahead.months.size, dtype=np.bool_)
    begun = calendar.quarter(ahead.months) == ahead.quarters[0]
    return np.asarray(begun & (month_start_day(ahead.months + 1) <= day_number(snapshot)))


def shock_sd(calibration: Calibration) -> Floats:
    """Return the spread of shocks on closing and demand, shape (2,)."""
    return np.array([calibration.shock_close, calibration.shock_demand])


def amount_level(scenario: Scenario, calibration: Calibration, rates: RateDraws, n_months: int) -> Floats:
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


def evidence_pull(scenario: Scenario, calibration: Calibration, ahead: Horizon) -> Floats:
    """Return the log factor on what is signed and its spread, shape (quarter or 0, 2).

    Every path moves the same way towards what simple methods expect, as far as their weight says, and the
    spread towards theirs.
    """
    pull, evidence = calibration.pull, scenario.forecast.evidence
    asked = evidence > 0.0 and scenario.simulation.shared_shock
    if pull is None or not asked or calibration.as_of != ahead.as_of:
        return np.zeros((0, 2))
    place = np.minimum(np.arange(len(ahead.quarters)), len(pull.log_factor) - 1)
    weight = pull.weight(evidence)
    return np.stack([weight * pull.log_factor, pull.added_sd(weight)], axis=1)[place]


def demand_course(scenario: Scenario, calibration: Calibration, rates: RateDraws, n_months: int) -> Floats:
    """Return what the drift of demand makes of calibrated SALs, shape (draw, stream, month)."""
    if calibration.drift is None or rates.sals_drift is None:
        return np.ones((1, 1, 1))
    covariance = calibration.drift.sals_covariance
    factor = _drifted(rates.sals_drift, covariance, n_months, scenario.simulation.rate_uncertainty)
    inline = np.isinf(calibration.arrivals.exposure_months)
    return np.where(inline[None, :, None], 1.0, factor[:, None, :])
