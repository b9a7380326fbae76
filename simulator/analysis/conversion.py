"""What becomes of accepted deals within a number of days, those still open counted as long as seen."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.incidence import Incidence, cumulative_incidence
from simulator.analysis.intervals import estimate_interval
from simulator.analysis.qualified import UNKNOWN
from simulator.analysis.rates import MIN_DEALS
from simulator.analysis.window import Window
from simulator.history.tables import OUTCOMES

HORIZONS_DAYS = (30, 60, 90, 180, 365)

COLUMNS = (
    "by", "group", "basis", "outcome", "within_days", "n", "n_followed", "share", "low", "high", "note",
)  # fmt: skip

TOO_SHORT = "too few were watched that long"


def accepted(deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the deals qualified since the window began, with how long each was watched.

    Returns
    -------
    DataFrame
        ``deals`` plus ``watched_days`` (float64: to its end, or to as_of) and ``followed_days`` (float64:
        from SAL to as_of, how long it could have been watched).
    """
    recent = deals[deals["qualified"] >= window.start]
    followed = window.now - recent["qualified"]
    watched = recent["ended"].fillna(window.now) - recent["qualified"]
    return recent.assign(watched_days=watched.clip(lower=0.0), followed_days=followed)


def conversion(deals: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the cumulative incidence of each outcome by days since SAL, overall and by segment.

    Parameters
    ----------
    deals : DataFrame
        Of ``qualified_deals``.
    window : Window
        Deals accepted since its start are followed to as_of.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``; outcome is one of ``OUTCOMES`` or "open", share its Aalen-Johansen estimate
        with 80 % interval; n deals, n_followed of them accepted at least that many days before as_of.
        By amount each deal counts with its amount at SAL. NaN where too few could be followed that long.
    """
    cohort = accepted(deals, window)
    parts = [("all", "all", cohort)]
    if len(set(cohort["segment"].fillna(UNKNOWN))) > 1:
        groups = cohort.groupby(cohort["segment"].fillna(UNKNOWN).astype("str"), sort=True)
        parts += [("segment", str(name), rows) for name, rows in groups]
    rows = [
        line
        for by, group, part in parts
        for basis in ("count", "amount")
        for line in _lines(by, group, basis, part)
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def told_horizon(table: pd.DataFrame) -> int:
    """Return the longest horizon that a tenth of the deals was watched for; 0 where there is none.

    Parameters
    ----------
    table : DataFrame
        Of ``conversion``.
    """
    rows = table[(table["by"] == "all") & (table["basis"] == "count") & table["share"].notna()]
    told = rows[rows["n_followed"] >= 0.1 * rows["n"]]
    return int(told["within_days"].max()) if len(told) else 0


def incidence_of(cohort: pd.DataFrame, basis: str = "count") -> Incidence:
    """Return the estimate for deals of ``accepted``, by count or by amount at SAL."""
    known = cohort if basis == "count" else cohort[cohort["first_amount"] > 0]
    weight = None if basis == "count" else known["first_amount"]
    return cumulative_incidence(known["watched_days"], known["outcome"], len(OUTCOMES), weight=weight)


def _lines(by: str, group: str, basis: str, cohort: pd.DataFrame) -> list[tuple[object, ...]]:
    known = cohort if basis == "count" else cohort[cohort["first_amount"] > 0]
    if basis == "amount" and len(known) < 0.5 * len(cohort):
        return []
    estimate = incidence_of(known, basis)
    amounts = np.ones(len(known)) if basis == "count" else known["first_amount"].to_numpy()
    effective = amounts.sum() ** 2 / (amounts**2).sum() if len(known) else 0.0
    lines: list[tuple[object, ...]] = []
    for days in HORIZONS_DAYS:
        n_followed = int((known["followed_days"] >= days).sum())
        note = "" if n_followed >= (1 if by == "all" else MIN_DEALS) else TOO_SHORT
        cells = _shares(estimate, days, effective) if not note else np.full((len(OUTCOMES) + 1, 3), np.nan)
        for outcome, cell in zip((*OUTCOMES, "open"), cells, strict=True):
            lines.append((by, group, basis, outcome, days, len(known), n_followed, *cell, note))
    return lines


def _shares(estimate: Incidence, days: int, effective: float) -> npt.NDArray[np.float64]:
    """Share, low and high by outcome, the still open last."""
    ended, open_ = estimate.at(days), estimate.staying_at(days)
    share, variance = (np.append(ended[i], open_[i]) for i in (0, 1))
    return np.stack([share, *estimate_interval(share, variance, effective)], axis=1)
