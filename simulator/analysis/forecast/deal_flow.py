"""What has happened to the open deals due in a quarter since a day: a sum that foots."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.qualified import states_at, won_deals
from simulator.fiscal import FiscalCalendar, day_number
from simulator.history.states import DealStates
from simulator.history.tables import History

STEPS = ("opening", "created", "pulled_in", "raised", "cut", "slipped", "won", "lost", "closing")
"""Rows of a deal flow, in order; what takes away is negative."""

Amounts = dict[int, float]


def deal_flow(
    history: History, states: DealStates, calendar: FiscalCalendar, quarter: int, since: dt.date
) -> pd.DataFrame:
    """Return how the open amount due by the end of a quarter changed from one day to the as-of date.

    Parameters
    ----------
    history : History
        Known up to its as-of date.
    states : DealStates
        Of its deals.
    calendar : FiscalCalendar
    quarter : int
        Deals planned to close in it or earlier are due.
    since : datetime.date
        The day at whose end the sum begins.

    Returns
    -------
    DataFrame
        step (``STEPS``), amount (in the history's currency; opening and the steps add up to closing) and n
        (deals). Amounts that are not known count as 0. A deal that came in and was won in between is in both
        steps.
    """
    start, end = day_number(since) + 1, day_number(states.as_of) + 1
    known, before = _open(states, start), _due(states, calendar, quarter, start)
    still, now = _open(states, end), _due(states, calendar, quarter, end)
    won = _won_within(history, states, start)
    rows: dict[str, list[float]] = {step: [] for step in STEPS}
    rows["opening"], rows["closing"] = list(before.values()), list(now.values())
    for deal in sorted({*before, *now, *won}):
        came = before.get(deal, math.nan)
        if deal not in before:
            came = now.get(deal, won.get(deal, 0.0))
            rows["pulled_in" if deal in known else "created"].append(came)
        if deal not in now:
            rows["slipped" if deal in still else "won" if deal in won else "lost"].append(-came)
        elif now[deal] != came:
            rows["raised" if now[deal] > came else "cut"].append(now[deal] - came)
    sums = [float(sum(rows[step])) for step in STEPS]
    return pd.DataFrame({"step": STEPS, "amount": sums, "n": [len(rows[step]) for step in STEPS]})


def _open(states: DealStates, day: float) -> set[int]:
    return set(states.deal[states_at(states, day)].tolist())


def _due(states: DealStates, calendar: FiscalCalendar, quarter: int, day: float) -> Amounts:
    """Return the open amount of each deal that is due by the end of the quarter."""
    at = states_at(states, day)
    month = states.close_month[at]
    kept = at[(month >= 0) & (calendar.quarter(month) <= quarter)]
    return dict(zip(states.deal[kept].tolist(), np.nan_to_num(states.amount[kept]).tolist(), strict=True))


def _won_within(history: History, states: DealStates, day: float) -> Amounts:
    """Return the last open amount of the deals that were won after a day."""
    won = won_deals(history)
    last = dict(zip(states.deal.tolist(), np.nan_to_num(states.amount).tolist(), strict=True))
    return {deal: last[deal] for deal in won.index[won["closed"] >= day].tolist() if deal in last}
