"""Demand that a scenario states by source, laid over the calibrated streams of SALs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import betaincinv

from simulator.arrays import Floats
from simulator.calibration.calibration import Calibration
from simulator.calibration.funnel import Funnel
from simulator.engine.keys import rate_uniforms
from simulator.errors import Fault, InputError
from simulator.scenario.demand import DemandSource
from simulator.scenario.schema import Scenario
from simulator.yaml_source import Tree

SHARES = ("mql_share", "sql_share", "sal_share")


def with_streams(scenario: Scenario, calibration: Calibration) -> Calibration:
    """Return the calibration with a stream for every segment and source that the scenario states.

    A source that the segment has not had yet becomes a stream of its own: Poisson, with the company's
    season, and nothing certain about its rate (`stated_sals` gives that).
    """
    arrivals = calibration.arrivals
    known = {(int(s), name) for s, name in zip(arrivals.segment, arrivals.source, strict=True)}
    wanted = [
        (calibration.segments.index(name), item.source)
        for item in scenario.demand
        for name in item.segments
        if name in calibration.segments
    ]
    referrals = scenario.referrals
    wanted += [
        (place, referrals.source_name)
        for place, name in enumerate(calibration.segments)
        if referrals.holds_for(name) and referrals.per_customer_per_year is not None
    ]
    new = [key for key in dict.fromkeys(wanted) if key not in known]
    if not new:
        return calibration

    def longer(values: Floats, value: float) -> Floats:
        return np.append(values, np.full(len(new), value))

    return replace(
        calibration,
        arrivals=replace(
            arrivals,
            segment=np.append(arrivals.segment, [s for s, _ in new]).astype(np.int64),
            source=(*arrivals.source, *(name for _, name in new)),
            shape=longer(arrivals.shape, 0.0),
            rate=longer(arrivals.rate, 1.0),
            dispersion=longer(arrivals.dispersion, np.inf),
            events=longer(arrivals.events, 0.0),
            exposure_months=longer(arrivals.exposure_months, 0.0),
        ),
    )


def lay_demand(scenario: Scenario, calibration: Calibration, sals: Floats, seasonal: Floats) -> Floats:
    """Return expected SALs with what the scenario states in place of what is calibrated.

    Parameters
    ----------
    scenario : Scenario
    calibration : Calibration
        After `with_streams`.
    sals : ndarray of float64, shape (draw, stream, month)
        As calibrated, levers included.
    seasonal : ndarray of float64, shape (draw, stream, month)
        Season, levers and the share of each month that lies ahead: what a rate per month is multiplied by.

    Raises
    ------
    InputError
        Shares of a funnel that neither the scenario nor the history tells.
    """
    laid = sals.copy()
    arrivals = calibration.arrivals
    streams = {
        (calibration.segments[int(s)], name): place
        for place, (s, name) in enumerate(zip(arrivals.segment, arrivals.source, strict=True))
    }
    faults: list[Fault] = []
    for number, item in enumerate(scenario.demand):
        for segment in item.segments:
            missing = _missing(item, segment, calibration)
            if missing:
                where = Tree(None, scenario.places).place(("demand", number))[0] or scenario.name
                what = f"demand.{number}: {', '.join(missing)} for {segment}: the history has no such leads"
                faults.append(Fault(where, what, "Give the shares, or 'sals_per_month' instead of leads."))
                continue
            per_month = _sals_per_month(item, segment, scenario, calibration, sals.shape[0])
            place = streams[segment, item.source]
            first = item.lag_months if item.lag_months is not None else _lag(item, segment, calibration)
            laid[:, place, first:] = per_month[:, None] * seasonal[:, place, first:]
    if faults:
        raise InputError(faults)
    return laid


def _funnel_row(item: DemandSource, segment: str, calibration: Calibration) -> tuple[Funnel, int] | None:
    funnel = calibration.staffing.funnel if calibration.staffing is not None else None
    if funnel is None:
        return None
    place = calibration.segments.index(segment)
    rows = [i for i, s in enumerate(funnel.segment) if s == place and funnel.source[i] == item.source]
    return (funnel, rows[0]) if rows else None


def _missing(item: DemandSource, segment: str, calibration: Calibration) -> list[str]:
    if item.leads_per_month is None or _funnel_row(item, segment, calibration) is not None:
        return []
    return [key for key in SHARES if getattr(item, key) is None]


def _lag(item: DemandSource, segment: str, calibration: Calibration) -> int:
    row = _funnel_row(item, segment, calibration)
    if item.leads_per_month is None or row is None:
        return 0
    return max(int(row[0].lag_months[row[1]]), 0)


def _sals_per_month(
    item: DemandSource, segment: str, scenario: Scenario, calibration: Calibration, n_draws: int
) -> Floats:
    """Return SALs a month, shape (draw,): leads worked × MQL × SQL × SAL share, calibrated ones drawn."""
    if item.sals_per_month is not None:
        return np.full(n_draws, item.sals_per_month)
    total = np.full(n_draws, item.worked_leads)
    row = _funnel_row(item, segment, calibration)
    settings = scenario.simulation
    for step, key in enumerate(SHARES):
        stated = getattr(item, key)
        if stated is not None:
            total *= stated
        elif row is not None:
            a, b = row[0].share[row[1], step].tolist()
            if settings.rate_uncertainty:
                name = f"{key}/{segment}/{item.source}"
                total *= betaincinv(a, b, rate_uniforms(settings.seed, name, n_draws)[:, 0])
            else:
                total *= a / (a + b)
    return total


def cost_per_sal(
    scenario: Scenario, calibration: Calibration, segment: str, source: str
) -> tuple[float, str]:
    """Return what a SAL of a source costs, and where that is from; NaN where nothing tells.

    A stated cost per lead is divided by the share of leads that become SALs: leads that no SDR works
    cost as much and bring nothing.
    """
    for item in reversed(scenario.demand):
        if item.source != source or segment not in item.segments:
            continue
        if item.cost_per_sal is not None:
            return item.cost_per_sal, "scenario"
        if item.cost_per_lead is not None and item.leads_per_month:
            certain = scenario.with_simulation(rate_uncertainty=False)
            sals = float(_sals_per_month(item, segment, certain, calibration, 1)[0])
            return (item.cost_per_lead * item.leads_per_month / sals if sals > 0 else np.nan), "scenario"
    funnel = calibration.staffing.funnel if calibration.staffing is not None else None
    if funnel is not None:
        place = calibration.segments.index(segment)
        for i, name in enumerate(funnel.source):
            if name == source and int(funnel.segment[i]) == place and funnel.cost[i] > 0.0:
                return float(funnel.cost_per_sal()[i]), "calibrated"
    return float("nan"), ""
