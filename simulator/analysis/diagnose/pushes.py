"""How often and how far close dates move, and how much of what is due slips."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.due_deals import (
    SLIPPED,
)
from simulator.analysis.diagnose.qualified import Window
from simulator.analysis.diagnose.rates import MIN_DEALS, TOO_FEW, WON
from simulator.analysis.intervals import share_interval
from simulator.history.states import DealStates

COLUMNS = ("measure", "group", "basis", "n", "value", "low", "high", "note")
"""Measures: deals_by_pushes (share of ended deals with so many pushes), close_rate_by_pushes,
push_length (share of pushes that move the date by so many months), push_length_months (mean, median) and
slipped (share of what was due in a quarter)."""

PUSH_LEVELS = ("0", "1", "2", "3", "4+")
LENGTH_LEVELS = ("1", "2", "3", "4-6", "7+")
LENGTH_EDGES = (2, 3, 4, 7)


def pushes(states: DealStates, deals: pd.DataFrame, due: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the distribution of pushes, their lengths, and the slipped share of each quarter.

    Parameters
    ----------
    states : DealStates
        All deals' states.
    deals, due : DataFrame
        Of ``qualified_deals`` and ``due_deals``.
    window : Window
        Deals that ended and dates that moved within it.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``. Shares with 80 % Jeffreys intervals; months without.
    """
    ended = deals[window.holds(deals["ended"])]
    level = ended["pushes"].clip(upper=len(PUSH_LEVELS) - 1).to_numpy(dtype=np.int64)
    count = np.bincount(level, minlength=len(PUSH_LEVELS))
    won = np.bincount(level[(ended["outcome"] == WON).to_numpy()], minlength=len(PUSH_LEVELS))
    length = push_lengths(states, window)
    lengths = np.bincount(np.digitize(length, LENGTH_EDGES), minlength=len(LENGTH_LEVELS))
    total = np.full(len(PUSH_LEVELS), count.sum())
    tables = [
        _share_lines("deals_by_pushes", PUSH_LEVELS, count, total, few=1),
        _share_lines(
            "close_rate_by_pushes",
            (*PUSH_LEVELS, "any"),
            np.append(won, won[1:].sum()),
            np.append(count, count[1:].sum()),
            few=MIN_DEALS,
        ),
        _share_lines("push_length", LENGTH_LEVELS, lengths, np.full(len(lengths), lengths.sum()), few=1),
        _length_lines(length),
        *(_slipped(due, window, basis) for basis in ("count", "amount")),
    ]
    return pd.concat([t for t in tables if len(t)], ignore_index=True)[list(COLUMNS)]


def push_lengths(states: DealStates, window: Window) -> np.typing.NDArray[np.int64]:
    """Return by how many months each push of the window moved the close date, shape (push,)."""
    known = (states.close_month >= 0) & (states.exit_close_month >= 0)
    inside = (states.end >= window.start) & (states.end < window.end)
    moved = states.exit_close_month - states.close_month
    return np.asarray(moved[known & inside & (moved > 0)], dtype=np.int64)


def _share_lines(
    measure: str, levels: tuple[str, ...], part: np.typing.NDArray[np.int64],
    whole: np.typing.NDArray[np.int64], few: int,
) -> pd.DataFrame:  # fmt: skip
    enough = whole >= few
    low, high = share_interval(part, whole)
    value = np.where(enough, part / np.maximum(whole, 1), np.nan)
    return pd.DataFrame(
        {"measure": measure, "group": levels, "basis": "count", "n": whole, "value": value}
        | {"low": np.where(enough, low, np.nan), "high": np.where(enough, high, np.nan)}
        | {"note": np.where(enough, "", TOO_FEW)}
    )


def _length_lines(length: np.typing.NDArray[np.int64]) -> pd.DataFrame:
    if not len(length):
        return pd.DataFrame(columns=list(COLUMNS))
    values = [float(length.mean()), float(np.median(length))]
    return pd.DataFrame(
        {"measure": "push_length_months", "group": ["mean", "median"], "basis": "count", "n": len(length)}
        | {"value": values, "low": np.nan, "high": np.nan, "note": ""}
    )


def _slipped(due: pd.DataFrame, window: Window, basis: str) -> pd.DataFrame:
    weight = (
        pd.Series(1.0, index=due.index)
        if basis == "count"
        else due["due_amount"].where(due["due_amount"] > 0)
    )
    rows = pd.DataFrame({"quarter": due["quarter"], "w": weight, "s": weight * (due["ending"] == SLIPPED)})
    rows = rows[rows["w"].notna()]
    sums = rows.assign(w2=rows["w"] ** 2, n=1).groupby("quarter").sum()
    effective = sums["w"] ** 2 / sums["w2"]
    share = sums["s"] / sums["w"]
    low, high = share_interval(share * effective, effective)
    return pd.DataFrame(
        {"measure": "slipped", "group": [window.calendar.quarter_label(int(q)) for q in sums.index]}
        | {
            "basis": basis,
            "n": sums["n"].to_numpy(),
            "value": share.to_numpy(),
            "low": low,
            "high": high,
            "note": "",
        }
    )
