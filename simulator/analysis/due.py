"""Deals due in a quarter: planned to close in it at its start, or created into it; what became of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.qualified import OPEN, deal_bounds, states_at
from simulator.analysis.window import Window
from simulator.history.states import DealStates

SLIPPED = OPEN
"""Outcome code, within the quarter, of a due deal that neither was won nor lost in it."""


def due_deals(states: DealStates, deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return one row per deal and whole quarter of the window in which it was due.

    A deal is due in a quarter if its close date at the quarter's first moment lies in it, or if it was
    qualified during the quarter with a close date in it. It slipped if it was still open when the
    quarter ended, whether somebody moved the date or not.

    Parameters
    ----------
    states : DealStates
        All deals' states.
    deals : DataFrame
        Of ``qualified_deals``.
    window : Window
        Which quarters.

    Returns
    -------
    DataFrame
        The columns of ``deals`` plus ``quarter`` (int64), ``ending`` (int64: outcome code within the
        quarter, ``SLIPPED`` otherwise), ``due_amount`` (float64: as of then) and ``carried`` (bool: open
        at the quarter's start).
    """
    parts = [_due_in(states, deals, window, quarter) for quarter in window.quarters]
    return pd.concat(parts) if parts else _due_columns(deals.iloc[:0], [], [], [], 0)


def _due_in(states: DealStates, deals: pd.DataFrame, window: Window, quarter: int) -> pd.DataFrame:
    start, end = window.bounds(quarter)
    carried = states_at(states, start)
    first, _ = deal_bounds(states)
    created = first[(states.start[first] > start) & (states.start[first] < end)]
    state = np.concatenate([carried, created])
    due = (states.close_month[state] >= 0) & (window.calendar.quarter(states.close_month[state]) == quarter)
    rows = deals.loc[states.deal[state[due]]]
    ended = rows["ended"].to_numpy() < end
    ending = np.where(ended, rows["outcome"].to_numpy(), SLIPPED)
    was_carried = (np.arange(len(state)) < len(carried))[due]
    return _due_columns(rows, ending, states.amount[state[due]], was_carried, quarter)


def _due_columns(
    rows: pd.DataFrame, ending: object, amount: object, carried: object, quarter: int
) -> pd.DataFrame:
    return rows.assign(
        quarter=quarter,
        ending=np.asarray(ending, dtype=np.int64),
        due_amount=np.asarray(amount, dtype=np.float64),
        carried=np.asarray(carried, dtype=bool),
    )


def past_due(states: DealStates, window: Window) -> int:
    """Return how many deals open at as_of carry a close date in a month that is over."""
    state = states_at(states, window.now)
    month = states.close_month[state]
    this_month = int(pd.Timestamp(window.as_of).year * 12 + pd.Timestamp(window.as_of).month - 1)
    return int(((month >= 0) & (month < this_month)).sum())
