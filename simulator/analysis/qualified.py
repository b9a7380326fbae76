"""One row per qualified deal: when its clock started, how and when it ended, and whose it was."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.history.states import CENSORED, DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES, History

OPEN = -1
"""Outcome code of a deal that had not ended by as_of; 0-2 are positions in OUTCOMES."""

DIMENSIONS = ("segment", "team", "owner", "competitor", "source", "product", "type")
"""What rates can be split by, where the history has it."""

UNKNOWN = "unknown"


def qualified_deals(history: History, states: DealStates) -> pd.DataFrame:
    """Return one row per qualified deal, in the order of the states.

    Parameters
    ----------
    history : History
        The tables that the states were made of.
    states : DealStates
        Its deals' states.

    Returns
    -------
    DataFrame
        Indexed by the row number in ``opportunities``. ``opportunity_id``, the ``DIMENSIONS`` (text,
        missing where the history leaves them out), ``qualified`` and ``ended`` (day numbers, float64, NaN
        while open), ``outcome`` (int64 code), ``amount`` (last known, signed for won deals),
        ``first_amount`` (when the clock started), ``pushes`` (int64).
    """
    first, last = deal_bounds(states)
    deal = states.deal[first]
    table = history.opportunities.iloc[deal]
    destination = states.exit[last]
    ended = (destination >= len(CATEGORIES)) & (destination < len(CATEGORIES) + len(OUTCOMES))
    amount = table["amount"].to_numpy(dtype=np.float64)
    names = {name: table[name].to_numpy() for name in ("opportunity_id", *DIMENSIONS)}
    names["team"] = _teams(history, table).to_numpy()
    return pd.DataFrame(
        names
        | {
            "qualified": states.start[first],
            "ended": np.where(ended, states.end[last], np.nan),
            "outcome": np.where(ended, destination - len(CATEGORIES), OPEN),
            "amount": np.where(np.isnan(amount), states.amount[last], amount),
            "first_amount": _first_amounts(states, first),
            "pushes": states.pushes[last],
        },
        index=pd.Index(deal, name="deal"),
    )


def deal_bounds(states: DealStates) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the positions of each deal's first and last state, each of shape (deal,)."""
    change = np.flatnonzero(np.diff(states.deal)) + 1
    n = len(states.deal)
    first = np.concatenate([[0], change]) if n else np.empty(0, dtype=np.int64)
    last = np.concatenate([change - 1, [n - 1]]) if n else np.empty(0, dtype=np.int64)
    return first.astype(np.int64), last.astype(np.int64)


def states_at(states: DealStates, day: float) -> npt.NDArray[np.int64]:
    """Return the positions of the states that deals were in at a moment, shape (open deal,)."""
    going_on = (states.start <= day) & ((states.end > day) | (states.exit == CENSORED) & (states.end >= day))
    return np.flatnonzero(going_on)


def _teams(history: History, table: pd.DataFrame) -> pd.Series[str]:
    by_rep = history.reps.drop_duplicates("rep_id").set_index("rep_id")["team"]
    return table["team"].fillna(table["owner"].map(by_rep).astype("str"))


def _first_amounts(states: DealStates, first: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Amounts at the start of the clock, else the first one that was entered."""
    amounts = pd.Series(states.amount).where(states.amount > 0)
    filled = amounts.groupby(states.deal, sort=False).bfill()
    return np.asarray(filled.to_numpy(dtype=np.float64)[first], dtype=np.float64)
