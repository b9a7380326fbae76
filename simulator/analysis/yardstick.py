"""How much better than usual a company's better quarters are: one yardstick for whatever may hold it back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.due_deals import SLIPPED, due_deals
from simulator.analysis.diagnose.qualified import OPEN, Window, qualified_deals, rate_window
from simulator.arrays import Floats
from simulator.calibration.roster import workload_of
from simulator.engine.prepare import Prepared
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import OUTCOMES, History

PIPELINE, CLOSING, SLIPPAGE, CAPACITY = "pipeline", "closing", "slippage", "capacity"
KINDS = (PIPELINE, CLOSING, SLIPPAGE, CAPACITY)
BETTER = 0.75
"""A better quarter: the 75th percentile of the past, the 25th of what should be low."""
LAST_QUARTERS = 8
FEWEST_QUARTERS = 4
A_TENTH = 1.1
"""Assumed better by, where the history has too few quarters to tell."""
WON = OUTCOMES.index("won")


@dataclass(frozen=True)
class Better:
    """One thing as in the company's better quarters.

    Parameters
    ----------
    kind : str
    factor : float
        Of its lever: SALs, odds of winning, slippage, deals of full attention a rep; 1: no better.
    usual, better : float
        What it is on average and in a better quarter; NaN: not measured, a tenth better is assumed.
    """

    kind: str
    factor: float
    usual: float = float("nan")
    better: float = float("nan")

    @property
    def measured(self) -> bool:
        """Whether the history tells."""
        return bool(np.isfinite(self.usual))


def better_quarters(prepared: Prepared) -> dict[str, Better]:
    """Return pipeline, closing, slippage and capacity as in the better of the last eight quarters.

    Parameters
    ----------
    prepared : Prepared
        Without a history a tenth better is assumed of each.
    """
    found = {kind: Better(kind, 1.0 / A_TENTH if kind == SLIPPAGE else A_TENTH) for kind in KINDS}
    history = prepared.history
    states = deal_states(history) if history is not None else None
    if history is None or states is None or not len(states.deal):
        return found
    deals = qualified_deals(history, states)
    calendar = prepared.scenario.fiscal_calendar()
    window = rate_window(calendar, history.as_of, float(deals["qualified"].min()), LAST_QUARTERS)
    if len(window.quarters) < FEWEST_QUARTERS:
        return found
    series = {
        PIPELINE: _counts(deals["qualified"], window),
        CLOSING: _close_rates(deals, window),
        SLIPPAGE: _slippage(states, deals, window),
        CAPACITY: _loads(prepared, history, states, window),
    }
    return found | {
        kind: _better(kind, values) for kind, values in series.items() if len(values) >= FEWEST_QUARTERS
    }


def _better(kind: str, values: Floats) -> Better:
    usual = float(values.mean())
    low_is_good = kind in (SLIPPAGE, CAPACITY)
    better = float(np.quantile(values, 1.0 - BETTER if low_is_good else BETTER))
    better = min(better, usual) if low_is_good else max(better, usual)
    if usual <= 0.0 or better <= 0.0:
        return Better(kind, 1.0, usual, better)
    if kind == CLOSING:
        return Better(kind, _odds(better) / _odds(usual), usual, better)
    return Better(kind, usual / better if kind == CAPACITY else better / usual, usual, better)


def _odds(rate: float) -> float:
    return rate / max(1.0 - rate, 1e-9)


def _counts(day: pd.Series, window: Window) -> Floats:
    bounds = [window.bounds(quarter) for quarter in window.quarters]
    return np.array([float(((day >= start) & (day < end)).sum()) for start, end in bounds])


def _close_rates(deals: pd.DataFrame, window: Window) -> Floats:
    ended = deals[deals["outcome"] != OPEN]
    n = _counts(ended["ended"], window)
    won = _counts(ended.loc[ended["outcome"] == WON, "ended"], window)
    return np.asarray(won[n > 0] / n[n > 0])


def _slippage(states: DealStates, deals: pd.DataFrame, window: Window) -> Floats:
    due = due_deals(states, deals, window)
    if due.empty:
        return np.zeros(0)
    return np.asarray((due["ending"] == SLIPPED).groupby(due["quarter"]).mean().to_numpy(np.float64))


def _loads(prepared: Prepared, history: History, states: DealStates, window: Window) -> Floats:
    """Return the open deals per ramped rep by quarter, of the segments whose reps have a limit."""
    observed = prepared.calibration
    staffing = observed.staffing if observed is not None else None
    if observed is None or staffing is None:
        return np.zeros(0)
    found = workload_of(history, states, observed.segments, staffing.ramp, 7.0)
    if found is None:
        return np.zeros(0)
    work, productivity, _ = found
    per_rep = np.bincount(work.day, minlength=len(work.days)) / np.maximum(productivity.sum(axis=0), 1e-9)
    bounds = [window.bounds(quarter) for quarter in window.quarters]
    parts = [per_rep[(work.days >= start) & (work.days < end)] for start, end in bounds]
    return np.array([part.mean() for part in parts if len(part)])
