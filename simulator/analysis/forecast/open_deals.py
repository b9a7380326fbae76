"""Paths -> open deals: of each its chance, when it is expected, its share of the P50 and of the spread."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.arrays import Floats
from simulator.engine.paths import Paths

LOOKED_AT = ("this", "next")
"""The quarters that are told deal by deal: the first of the horizon and the one after it."""

COLUMNS = (
    "opportunity_id", "p_this", "p_next", "p_horizon", "expected_month", "expected_this", "expected_next",
    "share_p50_this", "share_p50_next", "share_spread_this", "share_spread_next",
)  # fmt: skip


def drill_down(paths: Paths) -> pd.DataFrame:
    """Return what the simulations say of every open deal.

    Parameters
    ----------
    paths : Paths

    Returns
    -------
    DataFrame
        One row an open deal, columns ``COLUMNS``. ``p_*``: share of simulations in which it is won in the
        quarter (over the horizon). ``expected_month``: the month of its mean signature where it is won
        within the horizon, such as ``2027-01``; empty where it never is. ``expected_*``: mean of what is
        signed, 0 where it is not won. ``share_p50_*``: that, scaled as all that is simulated must be to add
        up to the P50, as a share of the P50; with what is booked and what deals not created yet bring, the
        shares add up to 1. ``share_spread_*``: Cov(deal, total) / Var(total), with the total of the quarter;
        with the share of deals not created yet these add up to 1 (Euler's rule for the variance).
        NaN where the horizon has no such quarter, or there is nothing to share.
    """
    n_deals, n_periods = paths.open_wins.shape
    n_futures = paths.n_paths * paths.n_averaged
    chance = paths.open_wins / n_futures
    tally = paths.open_tally if paths.open_tally is not None else np.full((n_deals, n_periods, 3), np.nan)
    table = {"opportunity_id": np.asarray(paths.open_deals, dtype=object)}
    for place, name in enumerate(LOOKED_AT):
        told = place < n_periods
        nothing = np.full(n_deals, np.nan)
        expected = tally[:, place, 0] if told else nothing
        table |= {
            f"p_{name}": chance[:, place] if told else nothing,
            f"expected_{name}": expected,
            f"share_p50_{name}": _share_of_p50(paths, place, expected) if told else nothing,
            f"share_spread_{name}": _share_of_spread(paths, place, tally[:, place]) if told else nothing,
        }
    table["p_horizon"] = chance.sum(axis=1)
    table["expected_month"] = _months(paths.as_of, tally[..., 2].sum(axis=1), chance.sum(axis=1))
    return pd.DataFrame(table)[list(COLUMNS)]


def _share_of_p50(paths: Paths, place: int, expected: Floats) -> Floats:
    total = paths.bookings_new()[:, place].sum(axis=1)
    booked = float(paths.booked.sum()) if place == 0 else 0.0
    p50, mean = float(np.median(total)), float(total.mean())
    if p50 <= 0.0 or mean <= booked:
        return np.full(len(expected), np.nan)
    return np.asarray(expected * (p50 - booked) / (mean - booked) / p50)


def _share_of_spread(paths: Paths, place: int, tally: Floats) -> Floats:
    total = paths.bookings_by_origin()[:, place].sum(axis=(1, 2))
    variance = float(total.var())
    if variance <= 0.0:
        return np.full(len(tally), np.nan)
    return np.asarray((tally[:, 1] - tally[:, 0] * total.mean()) / variance)


def _months(as_of: dt.date, days: Floats, chance: Floats) -> npt.NDArray[np.object_]:
    """Return the month in which the mean signature falls, by the mean days to it where it comes."""
    months = np.full(len(days), "", dtype=object)
    for i in np.flatnonzero((chance > 0.0) & np.isfinite(days)):
        months[i] = f"{as_of + dt.timedelta(days=1 + int(days[i] / chance[i])):%Y-%m}"
    return months


CHANGES = (
    "opportunity_id", "segment", "owner", "change", "category_before", "category", "close_month_before",
    "close_month", "amount_before", "amount", "period", "p_before", "p_now",
)  # fmt: skip
"""Columns of ``deal_changes``."""

LEAST_MOVE = 0.05
"""Change of a chance below which it is not told."""


def deal_changes(before: pd.DataFrame, now: pd.DataFrame, outcomes: pd.Series, period: str) -> pd.DataFrame:
    """Return what changed of each open deal between two runs, the largest changes in money first.

    Parameters
    ----------
    before, now : DataFrame
        opportunity_id, segment, owner, category, amount, close_month, p (chance in ``period``).
    outcomes : Series
        How deals have ended by now (won or which loss), by opportunity_id.
    period : str
        The quarter of the chances.

    Returns
    -------
    DataFrame
        Columns ``CHANGES``; ``change`` is won, lost or gone (no longer there), new, or what moved:
        category, close date, amount, chance (by 5 points or more), joined by commas.
    """
    both = before.merge(now, on="opportunity_id", how="outer", suffixes=("_before", ""), indicator=True)
    ended = both["opportunity_id"].map(outcomes)
    rows = []
    for row, end in zip(both.to_dict("records"), ended, strict=True):
        words = _changed(row, end)
        if not words:
            continue
        side = "_before" if row["_merge"] == "left_only" else ""
        told = {str(key): value for key, value in row.items()}
        told |= {key: row[f"{key}{side}"] for key in ("segment", "owner")}
        told |= {"change": words, "period": period, "p_now": row["p"]}
        moved = abs(_money(row, "") - _money(row, "_before"))
        rows.append(told | {"_moved": moved})
    table = pd.DataFrame(rows, columns=[*CHANGES, "_moved"])
    return table.sort_values("_moved", ascending=False, kind="stable", ignore_index=True)[list(CHANGES)]


def _money(row: Mapping[Hashable, Any], side: str) -> float:
    amount, chance = (float(row[f"{key}{side}"] or 0.0) for key in ("amount", "p"))
    return float(np.nan_to_num(amount) * np.nan_to_num(chance))


def _changed(row: Mapping[Hashable, Any], end: object) -> str:
    if row["_merge"] == "left_only":
        return "won" if end == "won" else "lost" if isinstance(end, str) else "gone"
    if row["_merge"] == "right_only":
        return "new"
    words = [
        key.replace("_", " ").replace("month", "date")
        for key in ("category", "close_month", "amount")
        if row[key] != row[f"{key}_before"] and not (pd.isna(row[key]) and pd.isna(row[f"{key}_before"]))
    ]
    if abs(float(row["p"]) - float(row["p_before"])) >= LEAST_MOVE:
        words.append("chance")
    return ", ".join(words)
