"""How deals move: how long they stay in a category, how often and how far their close dates are pushed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.conversion import cumulative_incidence
from simulator.analysis.diagnose.due_deals import (
    SLIPPED,
)
from simulator.analysis.diagnose.qualified import OPEN, UNKNOWN, Window
from simulator.analysis.diagnose.rates import (
    MIN_DEALS,
    TOO_FEW,
    WON,
)
from simulator.analysis.precision import share_interval
from simulator.arrays import Ints
from simulator.history.states import DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES

COLUMNS = (
    "by", "group", "category", "n", "n_open", "median_days", "low", "high", "p80_days",
    "n_advanced", "n_went_back", *(f"n_{name}" for name in OUTCOMES), "note",
)  # fmt: skip


def spells(states: DealStates, deals: pd.DataFrame) -> pd.DataFrame:
    """Return one row per stay of a deal in a category.

    Returns
    -------
    DataFrame
        ``deal`` (row number), ``segment``, ``outcome`` (code of the deal), ``category`` (code),
        ``entered`` (day number), ``days`` (float64: to its end or as_of), ``seen_from_days`` (float64:
        age at which it was first seen), ``exit`` (int64: category, then outcome codes; -1 still there).
    """
    n = len(states.deal)
    new = np.ones(n, dtype=bool)
    same = (np.diff(states.deal) == 0) & (np.diff(states.category) == 0) & (np.diff(states.entered) == 0)
    new[1:] = ~same
    first = np.flatnonzero(new)
    last = np.append(first[1:] - 1, n - 1) if n else first
    whose = deals.loc[states.deal[first], ["segment", "outcome"]]
    leaves = (states.exit[last] >= 0) & (states.exit[last] < len(CATEGORIES) + len(OUTCOMES))
    return whose.reset_index().assign(
        category=states.category[first],
        entered=states.entered[first],
        days=np.maximum(states.end[last] - states.entered[first], 0.0),
        seen_from_days=states.start[first] - states.entered[first],
        exit=np.where(leaves, states.exit[last], OPEN),
    )


def dwell(states: DealStates, deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return days in each category: Kaplan-Meier median and 80th percentile, stays still going on included.

    Parameters
    ----------
    states : DealStates
        All deals' states.
    deals : DataFrame
        Of ``qualified_deals``.
    window : Window
        Stays that began since its start are followed to as_of.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``, by "all", "segment" or "outcome" (won or lost deals only: of those nobody is
        still there, so it tells how they differ, not how long a deal takes). ``low``, ``high``: 80 %
        interval of the median. NaN: not reached within the history, or too few.
    """
    recent = spells(states, deals)
    recent = recent[recent["entered"] >= window.start]
    segment = recent["segment"].fillna(UNKNOWN).astype("str")
    ended = recent["outcome"] != OPEN
    result = pd.Series(np.where(recent["outcome"] == WON, "won", "lost"), index=recent.index)
    parts: list[tuple[str, pd.Series[str]]] = [
        ("all", pd.Series("all", index=recent.index, dtype="str")),
        ("outcome", result[ended].astype("str")),
    ]
    if len(set(segment)) > 1:
        parts.insert(1, ("segment", segment))
    lines = []
    for by, names in parts:
        for category in range(len(CATEGORIES)):
            rows = recent.loc[names.index[recent.loc[names.index, "category"] == category]]
            lines += [_line(by, str(g), category, part) for g, part in rows.groupby(names.loc[rows.index])]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def _line(by: str, group: str, category: int, rows: pd.DataFrame) -> tuple[object, ...]:
    exits = rows["exit"].to_numpy()
    count = np.bincount(exits[exits >= 0], minlength=len(CATEGORIES) + len(OUTCOMES))
    counts = (count[category + 1 : len(CATEGORIES)].sum(), count[:category].sum(), *count[len(CATEGORIES) :])
    n_open = int((exits == OPEN).sum())
    times, note = _times(rows), ""
    if by != "all" and len(rows) < MIN_DEALS:
        times, note = (np.nan,) * 4, TOO_FEW
    return (by, group, CATEGORIES[category], len(rows), n_open, *times, *(int(c) for c in counts), note)


def _times(rows: pd.DataFrame) -> tuple[float, ...]:
    left = np.where(rows["exit"] == OPEN, -1, 0)
    # A deal that was there from its first day is at risk from before day 0: exits on day 0 count.
    entry = np.where(rows["seen_from_days"] > 0, rows["seen_from_days"], -1.0)
    estimate = cumulative_incidence(rows["days"], left, 1, entry_days=entry)
    return (estimate.quantile(0.5), *estimate.quantile_interval(0.5), estimate.quantile(0.8))


PUSH_COLUMNS = ("measure", "group", "basis", "n", "value", "low", "high", "note")
"""Measures: deals_by_pushes (share of ended deals with this many pushes), close_rate_by_pushes,
push_length (share of pushes that move the date by this many months), push_length_months (mean, median) and
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
        Columns ``PUSH_COLUMNS``. Shares with 80 % Jeffreys intervals; months without.
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
    return pd.concat([t for t in tables if len(t)], ignore_index=True)[list(PUSH_COLUMNS)]


def push_lengths(states: DealStates, window: Window) -> Ints:
    """Return by how many months each push of the window moved the close date, shape (push,)."""
    known = (states.close_month >= 0) & (states.exit_close_month >= 0)
    inside = (states.end >= window.start) & (states.end < window.end)
    moved = states.exit_close_month - states.close_month
    return np.asarray(moved[known & inside & (moved > 0)], dtype=np.int64)


def _share_lines(measure: str, levels: tuple[str, ...], part: Ints, whole: Ints, few: int) -> pd.DataFrame:
    enough = whole >= few
    low, high = share_interval(part, whole)
    value = np.where(enough, part / np.maximum(whole, 1), np.nan)
    return pd.DataFrame(
        {"measure": measure, "group": levels, "basis": "count", "n": whole, "value": value}
        | {"low": np.where(enough, low, np.nan), "high": np.where(enough, high, np.nan)}
        | {"note": np.where(enough, "", TOO_FEW)}
    )


def _length_lines(length: Ints) -> pd.DataFrame:
    if not len(length):
        return pd.DataFrame(columns=list(PUSH_COLUMNS))
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
