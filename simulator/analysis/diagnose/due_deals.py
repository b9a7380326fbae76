"""Deals due in a quarter: planned to close in it at its start, or created into it; what became of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.qualified import OPEN, Window, deal_bounds, states_at
from simulator.analysis.precision import effective_trials, share_interval
from simulator.arrays import Floats, Ints, Mask
from simulator.history.deal_lifecycle import past_due
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES, History

SLIPPED = OPEN
"""Outcome code, within the quarter, of a due deal that neither was won nor lost in it."""

ENDINGS_COLUMNS = ("category", "basis", "ending", "n", "share", "low", "high")

MIN_PLANNED = 0.5
"""Least share of deals with a planned close date for slippage to be told."""


def due_deals(states: DealStates, deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return one row per deal and whole quarter of the window in which it was due.

    A deal is due in a quarter if its close date at the quarter's first moment lies in it, or if it was
    qualified during the quarter with a close date in it. It slipped if it was still open when the
    quarter ended, whether somebody moved the date or not. No rows where ``plans_known`` says no.

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
        quarter, ``SLIPPED`` otherwise), and as of the moment it was due ``due_amount`` (float64),
        ``due_category`` (int64 code), ``due_pushes`` (int64) and ``carried`` (bool: open at the start of
        the quarter).
    """
    quarters = window.quarters if plans_known(states) else ()
    parts = [_due_in(states, deals, window, quarter) for quarter in quarters]
    none = np.empty(0, dtype=np.int64)
    return (
        pd.concat(parts)
        if parts
        else _rows(states, deals, none, quarter=0, end=0.0, carried=none.astype(bool))
    )


def plans_known(states: DealStates) -> bool:
    """Return whether most deals, and most of those that ended, had a planned close date.

    Where only the deals still open have one, everything that was due would seem to have slipped.
    """
    _, last = deal_bounds(states)
    planned, ended = states.close_month[last] >= 0, states.exit[last] >= len(CATEGORIES)
    return all(
        bool(planned[part].mean() >= MIN_PLANNED) for part in (slice(None), ended) if planned[part].size
    )


def _due_in(states: DealStates, deals: pd.DataFrame, window: Window, quarter: int) -> pd.DataFrame:
    start, end = window.bounds(quarter)
    carried = states_at(states, start)
    first, _ = deal_bounds(states)
    created = first[(states.start[first] > start) & (states.start[first] < end)]
    state = np.concatenate([carried, created])
    due = (states.close_month[state] >= 0) & (window.calendar.quarter(states.close_month[state]) == quarter)
    was_carried = (np.arange(len(state)) < len(carried))[due]
    return _rows(states, deals, state[due], quarter=quarter, end=end, carried=was_carried)


def _rows(
    states: DealStates,
    deals: pd.DataFrame,
    state: Ints,
    *,
    quarter: int,
    end: float,
    carried: Mask,
) -> pd.DataFrame:
    rows = deals.loc[states.deal[state]]
    ended = rows["ended"].to_numpy() < end
    return rows.assign(
        quarter=quarter,
        ending=np.where(ended, rows["outcome"].to_numpy(), SLIPPED).astype(np.int64),
        due_amount=states.amount[state],
        due_category=states.category[state],
        due_pushes=states.pushes[state],
        carried=carried,
    )


def due_endings(due: pd.DataFrame) -> pd.DataFrame:
    """Return what became, within the quarter, of deals due at its start, by the category they were in then.

    Parameters
    ----------
    due : DataFrame
        Of ``due_deals``.

    Returns
    -------
    DataFrame
        Columns ``ENDINGS_COLUMNS``: n deals of the category over all quarters of the window, and the share
        of them (basis "count") or of their amount that day ("amount") with each ending, with 80 % interval.
    """
    carried = due[due["carried"]]
    lines: list[tuple[object, ...]] = []
    for code, category in enumerate(CATEGORIES):
        rows = carried[carried["due_category"] == code]
        money = rows["due_amount"].to_numpy()
        for basis, weight in (("count", np.ones(len(rows))), ("amount", np.where(money > 0, money, 0.0))):
            ending = rows["ending"].to_numpy()
            for outcome, name in enumerate((*OUTCOMES, "slipped")):
                met = ending == (outcome if outcome < len(OUTCOMES) else SLIPPED)
                if weight.sum() > 0:
                    lines.append((category, basis, name, int((weight > 0).sum()), *_share(weight, met)))
    return pd.DataFrame(lines, columns=list(ENDINGS_COLUMNS))


def _share(weight: Floats, met: Mask) -> tuple[float, float, float]:
    part, part2 = weight[met].sum(), (weight[met] ** 2).sum()
    share = part / weight.sum()
    trials = effective_trials(weight.sum(), (weight**2).sum(), part, part2)
    low, high = share_interval(share * trials, trials)
    return float(share), float(low), float(high)


def n_past_due(history: History, deals: pd.DataFrame) -> int:
    """Return how many of the qualified deals are open and carry a close date before as_of."""
    is_open = np.zeros(len(history.opportunities), dtype=bool)
    is_open[deals.index[deals["outcome"] == OPEN]] = True
    return int(past_due(history, is_open).sum())
