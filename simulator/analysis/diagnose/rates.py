"""Close rate, win rate and slippage-adjusted close rate, by count and by amount, with intervals."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import chdtrc

from simulator.analysis.diagnose.due_deals import (
    SLIPPED,
    due_deals,
)
from simulator.analysis.diagnose.qualified import DIMENSIONS, UNKNOWN, Window, qualified_deals, rate_window
from simulator.analysis.forecast.coverage import HistoricalRates
from simulator.analysis.precision import effective_trials, share_interval
from simulator.arrays import Floats, Mask
from simulator.fiscal import FiscalCalendar
from simulator.history.states import deal_states
from simulator.history.tables import OUTCOMES, History

WON, LOST_COMPETITION = OUTCOMES.index("won"), OUTCOMES.index("lost_competition")

MEASURES = ("close_rate", "win_rate", "slippage_adjusted_close_rate", "slippage")

MIN_DEALS = 10
"""Fewer deals than this in a group, and no rate is quoted for it."""

COLUMNS = (
    "measure", "by", "group", "basis", "n", "value", "low", "high", "numerator", "denominator", "note",
)  # fmt: skip

TOO_FEW = "too few"
NO_AMOUNTS = "amounts of lost deals are not recorded"
NO_REASONS = "no loss is put down to a competitor"
LEAK = "recorded mostly after the outcome was known"


def rates(
    deals: pd.DataFrame, due: pd.DataFrame, window: Window, by: tuple[str, ...] | None = None
) -> pd.DataFrame:
    """Return every rate overall and by each dimension that the history has.

    Close rate = won / (won + lost_competition + lost_no_decision) and win rate = won / (won +
    lost_competition), of the deals that ended in the window. Slippage-adjusted close rate =
    won / (won + lost + slipped) and slippage = slipped / (won + lost + slipped), of the deals due in each
    quarter of the window.

    Parameters
    ----------
    deals : DataFrame
        Of ``qualified_deals``.
    due : DataFrame
        Of ``due_deals``.
    window : Window
        Where deals must have ended.
    by : tuple of str, optional
        Dimensions asked for; all that the history has by default.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``: measure, by ("all" or a dimension), group, basis ("count" or "amount"), n
        (deals behind it), value and its 80 % interval low, high (Jeffreys; by amount with the effective
        number of deals), numerator, denominator (deals or money), note. Where fewer than ``MIN_DEALS``
        deals are behind a group, value and interval are NaN and the note says so.
    """
    ended = deals[window.holds(deals["ended"])]
    decided = ended[ended["outcome"] <= LOST_COMPETITION]
    trials = {
        "close_rate": _trials(ended, ended["outcome"] == WON, ended["amount"]),
        "win_rate": _trials(decided, decided["outcome"] == WON, decided["amount"]),
        "slippage_adjusted_close_rate": _trials(due, due["ending"] == WON, due["due_amount"]),
        "slippage": _trials(due, due["ending"] == SLIPPED, due["due_amount"]),
    }
    asked = ["all", *(dimensions(deals) if by is None else by)]
    tables = [_measure(name, trials[name], dimension) for name in MEASURES for dimension in asked]
    table = pd.concat(tables, ignore_index=True)[list(COLUMNS)]
    return _mark_unreasoned(_mark_leaks(table, ended), ended)


def dimensions(deals: pd.DataFrame) -> tuple[str, ...]:
    """Return the segment, and every other dimension in which the deals differ."""
    return tuple(d for d in DIMENSIONS if d == "segment" or deals[d].nunique() + deals[d].isna().any() > 1)


def rate_by_segment(table: pd.DataFrame, measure: str, basis: str = "count") -> dict[str, float]:
    """Return one rate by segment, ``all`` among them; NaN where there were too few deals.

    Parameters
    ----------
    table : DataFrame
        Of ``rates``.
    measure : str
        One of ``MEASURES``.
    basis : str
        "count" or "amount".
    """
    rows = table[
        (table["measure"] == measure) & (table["basis"] == basis) & table["by"].isin(["all", "segment"])
    ]
    return {str(group): float(value) for group, value in zip(rows["group"], rows["value"], strict=True)}


def chance_explains(groups: pd.DataFrame) -> bool:
    """Return whether the rates of groups differ no more than chance makes them (chi-square, 1 %).

    Parameters
    ----------
    groups : DataFrame
        Rows of ``rates`` of one measure and dimension, by count.
    """
    won = groups["numerator"].to_numpy(dtype=np.float64)
    n = groups["denominator"].to_numpy(dtype=np.float64)
    share = won.sum() / n.sum() if n.sum() else 0.0
    if len(groups) < 2 or share in {0.0, 1.0}:
        return True
    chi2 = ((won - n * share) ** 2 / (n * share * (1 - share))).sum()
    return bool(chdtrc(len(groups) - 1, chi2) > 0.01)


def leaking(deals: pd.DataFrame, dimension: str) -> bool:
    """Return whether a column is filled so unevenly over outcomes that a rate by it says nothing.

    True where the share of deals with a value differs by more than 30 points between won and lost.
    """
    filled = deals[dimension].notna()
    won = deals["outcome"] == WON
    if not won.any() or won.all():
        return False
    return bool(abs(filled[won].mean() - filled[~won].mean()) > 0.3)


def _mark_unreasoned(table: pd.DataFrame, ended: pd.DataFrame) -> pd.DataFrame:
    """Leave out a win rate that is 100 % only because no loss says why."""
    lost = ended["outcome"] > WON
    if lost.any() and not (ended["outcome"] == LOST_COMPETITION).any():
        return _blank(table, (table["measure"] == "win_rate").to_numpy(), NO_REASONS)
    return table


def _mark_leaks(table: pd.DataFrame, ended: pd.DataFrame) -> pd.DataFrame:
    for dimension in dimensions(ended):
        if leaking(ended, dimension):
            rows = table["by"] == dimension
            table.loc[rows, ["value", "low", "high"]] = np.nan
            table.loc[rows, "note"] = LEAK
    return table


def _trials(rows: pd.DataFrame, success: pd.Series[bool], amount: pd.Series[float]) -> pd.DataFrame:
    money = amount.where(amount > 0)
    return rows[list(DIMENSIONS)].assign(success=success.astype(float), money=money, all="all")


def _measure(measure: str, trials: pd.DataFrame, by: str) -> pd.DataFrame:
    codes, names = pd.factorize(trials[by].fillna(UNKNOWN).to_numpy(dtype=object))
    success, money = trials["success"].to_numpy(), trials["money"].to_numpy()
    known = np.isfinite(money)
    by_count = _shares(codes, names, np.ones(len(codes)), success).assign(basis="count")
    by_amount = _shares(codes[known], names, money[known], success[known]).assign(basis="amount")
    if not amounts_known(trials):
        by_amount = _blank(by_amount, np.ones(len(by_amount), dtype=bool), NO_AMOUNTS)
    table = pd.concat([by_count, by_amount], ignore_index=True)
    few = (table["n"] < (1 if by == "all" else MIN_DEALS)).to_numpy()
    return _blank(table, few, TOO_FEW).assign(measure=measure, by=by)


def _blank(table: pd.DataFrame, rows: Mask, note: str) -> pd.DataFrame:
    table.loc[rows, ["value", "low", "high"]] = np.nan
    table.loc[rows, "note"] = note
    return table


def amounts_known(trials: pd.DataFrame) -> bool:
    """Return whether most of the successes and most of the failures come with an amount."""
    success = trials["success"] > 0
    known = trials["money"].notna()
    return all(bool(known[part].mean() >= 0.5) for part in (success, ~success) if part.any())


def _shares(
    codes: npt.NDArray[np.intp],
    names: npt.NDArray[np.object_],
    weight: Floats,
    success: Floats,
) -> pd.DataFrame:
    """Weighted shares of success by group, the largest groups first; groups without a deal are left out."""
    won = weight * success
    n, w, w2, y, y2 = (
        np.bincount(codes, v, minlength=len(names))
        for v in (np.ones(len(codes)), weight, weight**2, won, won**2)
    )
    order = np.lexsort((names.astype(str), -y, -n))
    order = order[n[order] > 0]
    n, w, w2, y, y2 = (total[order] for total in (n, w, w2, y, y2))
    value, trials = y / w, effective_trials(w, w2, y, y2)
    low, high = share_interval(value * trials, trials)
    return pd.DataFrame(
        {"group": names[order].astype(str), "n": n.astype(np.int64), "value": value, "low": low, "high": high}
        | {"numerator": y, "denominator": w, "note": ""}
    )


N_QUARTERS = 8


def historical_rates(history: History, calendar: FiscalCalendar) -> HistoricalRates:
    """Return close rates over the last eight whole quarters.

    By amount, as coverage is money; by count where the amounts are not known.

    Parameters
    ----------
    history : History
        As of the day of the forecast. One without qualified deals gives no rates.
    calendar : FiscalCalendar
        Fiscal quarters.
    """
    states = deal_states(history)
    if not len(states.deal):
        return HistoricalRates()
    deals = qualified_deals(history, states)
    window = rate_window(calendar, history.as_of, float(deals["qualified"].min()), N_QUARTERS)
    table = rates(deals, due_deals(states, deals, window), window, by=("segment",))

    def by_segment(measure: str) -> dict[str, float]:
        by_count = rate_by_segment(table, measure, "count")
        by_amount = rate_by_segment(table, measure, "amount")
        known = {name: rate for name, rate in by_amount.items() if math.isfinite(rate)}
        return by_count | known

    return HistoricalRates(by_segment("close_rate"), by_segment("slippage_adjusted_close_rate"))
