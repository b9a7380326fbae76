"""How far simple methods lie from what the calibrated rates lead to expect."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.calibration.calibration import Calibration
from simulator.calibration.evidence import METHODS, OFFSET
from simulator.calibration.pull import Evidence, Pull
from simulator.engine.paths import Paths
from simulator.engine.run.simulate import compile_deals, simulate_compiled
from simulator.history.tables import History
from simulator.notes import CALIBRATED, HowMade
from simulator.scenario.customers import Customers
from simulator.scenario.schema import FiscalYear, Scenario
from simulator.scenario.settled import settled

PILOT_PATHS, MOST_TIMES = 200, 10
PILOT_ERROR = 0.03
"""Standard error of the log of a quarter's mean beyond which a pilot gets up to MOST_TIMES as many paths.

Where few paths sign much, few paths say little of the mean, and what they miss moves every forecast alike.
"""
PILOT_DRAWS = 50
PILOT_SEED = 1
WIDTH_OF_80 = 2.563
"""P10 to P90 of a standard normal."""


def with_pull(calibration: Calibration, history: History | None) -> Calibration:
    """Return a calibration that knows where simple methods see the coming quarters.

    A pilot of the bare rates, without anything that a scenario states, is simulated: its mean and its
    spread are compared with those of the methods. The mean, because methods average or extrapolate past
    totals: where half of all quarters sign nothing, the median of the paths says nothing of their level.

    Parameters
    ----------
    calibration : Calibration
    history : History, optional
        What it was estimated from: the open deals are those of its last day.
    """
    evidence = calibration.evidence
    if history is None or evidence is None or calibration.pull is not None or not calibration.segments:
        return calibration
    if history.as_of != calibration.as_of:
        return calibration
    return replace(calibration, pull=_pull(evidence, _pilot(calibration, evidence, history)))


def _pilot(calibration: Calibration, evidence: Evidence, history: History) -> Paths:
    """Simulate the bare rates, with as many paths as the mean takes."""
    pilot = _simulated(calibration, evidence, history, PILOT_PATHS)
    times = int(np.ceil((_error(evidence, pilot) / PILOT_ERROR) ** 2))
    if times <= 1:
        return pilot
    return _simulated(calibration, evidence, history, PILOT_PATHS * min(times, MOST_TIMES))


def _error(evidence: Evidence, pilot: Paths) -> float:
    """Return the standard error of the log of a quarter's mean bookings, of the least sure quarter."""
    signed = pilot.bookings_by_origin().sum(axis=(2, 3))
    added = OFFSET * evidence.level * 3.0 / evidence.months[0]
    return float((signed.std(axis=0) / (signed.mean(axis=0) + added)).max() / np.sqrt(len(signed)))


def _simulated(calibration: Calibration, evidence: Evidence, history: History, n_paths: int) -> Paths:
    calendar = calibration.calendar
    bare = Scenario(
        name="pilot",
        fiscal_year=FiscalYear(start_month=calendar.start_month, label=calendar.label),
        horizon_quarters=int(np.ceil(evidence.months.sum() / 3)),
        customers=Customers(simulate=False),
    ).with_simulation(paths=n_paths, rate_draws=PILOT_DRAWS, seed=PILOT_SEED, threads=1)
    scenario = settled(bare, calibration.all_segments, history.as_of)
    return simulate_compiled(compile_deals(scenario, calibration, history), scenario, history)


def _pull(evidence: Evidence, pilot: Paths) -> Pull:
    """Compare window by window, and average by quarter."""
    monthly = np.asarray(pilot.monthly_bookings).sum(axis=2)
    first = pilot.calendar.first_month(int(pilot.quarters[0]))
    quarter = (np.asarray(pilot.months) - first) // 3
    window = np.arange(monthly.shape[1]) if evidence.months[0] == 1 else quarter
    n = min(int(window.max()) + 1, len(evidence.centre))
    added = OFFSET * evidence.level
    found, of_quarter = [], []
    for place in range(n):
        signed = monthly[:, window == place].sum(axis=1)
        of_quarter.append(int(quarter[window == place][0]))
        if not signed.any():
            found.append((0.0, 0.0, 0.0))
            continue
        seen = np.log(signed + added)
        low, high = np.quantile(seen, [0.1, 0.9]).tolist()
        factor = np.log((evidence.centre[place] + added) / (signed.mean() + added))
        found.append((factor, (high - low) / WIDTH_OF_80, evidence.log_sd[place]))
    share = np.bincount(of_quarter)
    return Pull(*(np.bincount(of_quarter, values) / share for values in zip(*found, strict=True)))


def evidence_note(scenario: Scenario, calibration: Calibration | None) -> str | None:
    """Return what the forecast leans on besides the rates of deals, in a sentence; None: on nothing."""
    share = scenario.forecast.evidence
    pull = calibration.pull if calibration is not None else None
    if pull is None or share <= 0.0 or not scenario.simulation.shared_shock:
        return None
    if calibration is None or calibration.as_of != scenario.as_of:
        return None
    weight = float(pull.weight(share)[0])
    ratio = float(np.exp(pull.log_factor[0]))
    value = (
        f"simple methods of forecasting expect {abs(ratio - 1.0):.0%} "
        f"{'more' if ratio >= 1.0 else 'less'} bookings in the first quarter than the rates of deals do, and "
        f"the forecast goes {weight:.0%} of the way to them; the methods: {', '.join(METHODS)}; "
        "'forecast: {evidence: 0}' uses the rates alone"
    )
    return HowMade("level of bookings", value, CALIBRATED)
