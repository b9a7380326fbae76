"""Every assumption that a run rests on, with its source."""

from __future__ import annotations

import numpy as np

from simulator.calibration.calibration import DESTINATIONS, Calibration
from simulator.calibration.drift import DAMPING
from simulator.calibration.ramp import PUBLISHED_SOURCE
from simulator.engine.prepare import Prepared
from simulator.engine.rep_terms import gross_margin, rep_terms
from simulator.report.customer_assumptions import customer_assumptions
from simulator.report.people_assumptions import people_assumptions
from simulator.report.plan_assumptions import plan_assumptions
from simulator.scenario.schema import Scenario

CALIBRATED = "calibrated"
SCENARIO = "scenario"
MODEL = "model"


def list_assumptions(prepared: Prepared) -> list[dict[str, str]]:
    """Return name, value (in words) and source of each assumption.

    The source is ``calibrated`` (from the history), ``scenario`` (as the user wrote it) or ``model``
    (built in).
    """
    return [
        *_rates(prepared),
        *_stated(prepared.scenario),
        *_reps(prepared),
        *customer_assumptions(prepared),
        *plan_assumptions(prepared.scenario),
        *people_assumptions(prepared),
        *_switches(prepared),
    ]


def _assumption(name: str, value: str, source: str) -> dict[str, str]:
    return {"name": name, "value": value, "source": source}


def _rates(prepared: Prepared) -> list[dict[str, str]]:
    calibration, scenario = prepared.calibration, prepared.scenario
    if calibration is None:
        return [_assumption("rates of deals, amounts and demand", "as written for each segment", SCENARIO)]
    span = f"history from {calibration.first_day} to {calibration.as_of}"
    where = f"{scenario.calibration}, {span}" if scenario.calibration else span
    shocks = f"log sd {calibration.shock_close:.3f} on closing, {calibration.shock_demand:.3f} on demand"
    return [
        _assumption("rates of deals, amounts, close dates and demand", where, CALIBRATED),
        _assumption("shared shock of a quarter", shocks, CALIBRATED),
        *_drift(calibration),
    ]


def _drift(calibration: Calibration) -> list[dict[str, str]]:
    drift = calibration.drift
    if drift is None:
        return []
    won = np.exp(drift.level[DESTINATIONS.index("won")])
    now = f"deals are won {won:.2f} times as readily now as on average over the history"
    growth = f"SALs grow by {np.expm1(4 * drift.sals_growth):+.0%} a year"
    growth += f", a quarter by {DAMPING:.0%} of the one before"
    walk = f"log sd a quarter {drift.walk_close:.3f} on closing, {drift.walk_demand:.3f} on demand"
    return [_assumption("drift of rates", f"{now}; {growth}; {walk}", CALIBRATED)]


def _stated(scenario: Scenario) -> list[dict[str, str]]:
    """Return what the scenario states itself: rates of segments, levers, targets, the calendar."""
    rates = [
        _assumption(f"segments.{name}", _words(segment.model_dump(mode="json", exclude_none=True)), SCENARIO)
        for name, segment in scenario.segments.items()
    ]
    levers = [_assumption(f"levers.{lever.name}", str(lever), SCENARIO) for lever in scenario.levers]
    year = scenario.fiscal_year
    calendar = f"starts in month {year.start_month}, named after the year it {year.label}s in"
    return [*rates, *levers, _assumption("fiscal year", calendar, SCENARIO)]


def _reps(prepared: Prepared) -> list[dict[str, str]]:
    """Return what holds for the reps of each segment, and where each figure is from."""
    scenario, calibration = prepared.scenario, prepared.calibration
    if not scenario.reps.stated:
        return [_assumption("reps", "not simulated: every qualified deal is taken up at once", MODEL)]
    staffing = calibration.staffing if calibration is not None else None
    listed = [
        _assumption(f"reps of {terms.segment}: {key}", _figure(getattr(terms, key)), source)
        for terms in rep_terms(scenario, staffing)
        for key, source in terms.sources.items()
    ]
    if scenario.reps.ramp is not None:
        ramp = _assumption(
            "ramp of new reps", _words(scenario.reps.ramp.model_dump(exclude_none=True)), SCENARIO
        )
    elif staffing is not None and staffing.ramp.source == CALIBRATED:
        ramp = _assumption("ramp of new reps", "from wins by tenure", CALIBRATED)
    else:
        ramp = _assumption("ramp of new reps", "as published", f"published: {PUBLISHED_SOURCE}")
    margin, source = gross_margin(scenario)
    return [*listed, ramp, _assumption("gross margin on bookings", f"{margin:.0%}", source)]


def _figure(value: float) -> str:
    """Return a figure written out: 1,100,000 and 0.2262, never 1.1e+06."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def _words(values: object) -> str:
    if isinstance(values, dict):
        return ", ".join(f"{key}: {_words(value)}" for key, value in values.items())
    return str(values)


def _switches(prepared: Prepared) -> list[dict[str, str]]:
    settings = prepared.scenario.simulation
    switches = {
        "luck of which deals close": settings.luck,
        "uncertainty of the rates": settings.rate_uncertainty,
        "shared shock": settings.shared_shock,
    }
    spread = [_assumption(name, "on" if on else "off", SCENARIO) for name, on in switches.items()]
    law = "competing hazards by calendar month; the mix of new deals stays as it was"
    return [*spread, _assumption("law of a deal", law, MODEL)]
