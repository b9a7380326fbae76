"""How long deals stay in each forecast category, and where they go from it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.conversion import cumulative_incidence
from simulator.analysis.diagnose.qualified import OPEN, UNKNOWN, Window
from simulator.analysis.diagnose.rates import (
    MIN_DEALS,
    TOO_FEW,
    WON,
)
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
