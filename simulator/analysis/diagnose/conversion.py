"""What becomes of accepted deals within a number of days, those still open counted as long as seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from simulator.analysis.diagnose.qualified import Window, by_segment
from simulator.analysis.diagnose.rates import (
    MIN_DEALS,
)
from simulator.analysis.precision import LEVEL, estimate_interval
from simulator.arrays import Floats
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
    rows = [
        line
        for place, (group, part) in enumerate(by_segment(accepted(deals, window)).items())
        for basis in ("count", "amount")
        for line in _lines("segment" if place else "all", group, basis, part)
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


def _shares(estimate: Incidence, days: int, effective: float) -> Floats:
    """Share, low and high by outcome, the still open last."""
    ended, open_ = estimate.at(days), estimate.staying_at(days)
    share, variance = (np.append(ended[i], open_[i]) for i in (0, 1))
    return np.stack([share, *estimate_interval(share, variance, effective)], axis=1)


@dataclass(frozen=True)
class Incidence:
    """Shares that have met each end by each time, open deals counted for as long as they were seen.

    Parameters
    ----------
    days : ndarray of float64, shape (time,)
        Times at which somebody met an end, ascending.
    at_risk : ndarray of float64, shape (time,)
        Deals (or effective deals) watched just before.
    share : ndarray of float64, shape (time, end)
        Aalen-Johansen cumulative incidence.
    variance : ndarray of float64, shape (time, end)
        Its sampling variance (Marubini & Valsecchi 1995, delta method).
    staying : ndarray of float64, shape (time,)
        Kaplan-Meier share that met no end.
    staying_log_variance : ndarray of float64, shape (time,)
        Greenwood's sum, the variance of log(staying).
    """

    days: Floats
    at_risk: Floats
    share: Floats
    variance: Floats
    staying: Floats
    staying_log_variance: Floats

    def at(self, horizon_days: float) -> tuple[Floats, Floats]:
        """Return the shares by a horizon and their variances, each of shape (end,)."""
        place = int(np.searchsorted(self.days, horizon_days, side="right")) - 1
        if place < 0:
            nothing = np.zeros(self.share.shape[1])
            return nothing, nothing
        return self.share[place], self.variance[place]

    def staying_at(self, horizon_days: float) -> tuple[float, float]:
        """Return the share still there at a horizon and its variance (Greenwood)."""
        place = int(np.searchsorted(self.days, horizon_days, side="right")) - 1
        if place < 0:
            return 1.0, 0.0
        left = float(self.staying[place])
        return left, left**2 * float(self.staying_log_variance[place]) if left > 0 else 0.0

    def quantile(self, share: float) -> float:
        """Return the days by which this share has met an end; NaN where it never came to that."""
        return _first_below(self.days, self.staying, 1 - share)

    def quantile_interval(self, share: float) -> tuple[float, float]:
        """Return the interval of a quantile (Brookmeyer & Crowley 1982, log-log).

        NaN: later than what was seen.
        """
        low, high = self._staying_band()
        return _first_below(self.days, low, 1 - share), _first_below(self.days, high, 1 - share)

    def _staying_band(self) -> tuple[Floats, Floats]:
        z = ndtri(0.5 + LEVEL / 2)
        with np.errstate(divide="ignore", invalid="ignore"):
            log = np.log(self.staying)
            factor = np.exp(z * np.sqrt(self.staying_log_variance) / log)
            low, high = np.exp(log / factor), np.exp(log * factor)
        gone = self.staying <= 0
        return np.where(gone, 0.0, low), np.where(gone, 0.0, high)


def _first_below(days: Floats, staying: Floats, level: float) -> float:
    below = np.flatnonzero(staying <= level + 1e-12)
    return float(days[below[0]]) if below.size else float("nan")


def cumulative_incidence(
    duration_days: npt.ArrayLike,
    end: npt.ArrayLike,
    n_ends: int,
    *,
    entry_days: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
) -> Incidence:
    """Return the Aalen-Johansen estimate of competing ends.

    Parameters
    ----------
    duration_days : array_like of float64, shape (deal,)
        Days until the end, or until the deal was last seen.
    end : array_like of int64, shape (deal,)
        Code of the end, 0 to n_ends - 1; -1 where it is still open.
    n_ends : int
        Number of competing ends.
    entry_days : array_like of float64, shape (deal,), optional
        Age at which each deal was first seen (left truncation); default 0.
    weight : array_like of float64, shape (deal,), optional
        Such as amounts; scaled so that they sum to Kish's effective number of deals.

    Returns
    -------
    Incidence
        Over the times at which somebody met an end; a deal seen until t is at risk at t.
    """
    duration, code = np.asarray(duration_days, dtype=np.float64), np.asarray(end, dtype=np.int64)
    entry = np.full(duration.shape, -1.0) if entry_days is None else np.asarray(entry_days, dtype=np.float64)
    scaled = _effective(np.ones(duration.shape) if weight is None else np.asarray(weight, dtype=np.float64))
    met = code >= 0
    days, place = np.unique(duration[met], return_inverse=True)
    events = np.zeros((len(days), n_ends))
    np.add.at(events, (place, code[met]), scaled[met])
    at_risk = _total_from(duration, scaled, days, "left") - _total_from(entry, scaled, days, "left")
    return _estimate(days, at_risk, events)


def _effective(weight: Floats) -> Floats:
    square = float((weight**2).sum())
    return weight * (weight.sum() / square) if square > 0 else weight


def _total_from(value: Floats, weight: Floats, days: Floats, side: str) -> Floats:
    """Sum of the weights whose value is at or after each day."""
    order = np.argsort(value)
    total = np.concatenate([[0.0], np.cumsum(weight[order])])
    return np.asarray(total[-1] - total[np.searchsorted(value[order], days, side=side)])  # type: ignore[call-overload]


def _estimate(days: Floats, at_risk: Floats, events: Floats) -> Incidence:
    gone = events.sum(axis=1)
    remain = np.maximum(at_risk - gone, 0.0)
    remain[remain < 1e-9 * at_risk] = 0.0
    staying = np.cumprod(remain / at_risk)
    before = np.concatenate([[1.0], staying[:-1]])
    share = np.cumsum(before[:, None] * events / at_risk[:, None], axis=0)
    with np.errstate(divide="ignore"):
        greenwood = np.where(remain > 0, gone / (at_risk * np.where(remain > 0, remain, 1.0)), 0.0)
    variance = _delta_variance(share, before, at_risk, events, greenwood)
    return Incidence(days, at_risk, share, variance, staying, np.cumsum(greenwood))


def _delta_variance(
    share: Floats, before: Floats, at_risk: Floats, events: Floats, greenwood: Floats
) -> Floats:
    """Σ(I−Iᵢ)² gᵢ + Σ Sᵢ₋₁² dᵢₖ(nᵢ−dᵢₖ)/nᵢ³ − 2 Σ(I−Iᵢ) Sᵢ₋₁ dᵢₖ/nᵢ², expanded into running sums."""
    n, s, g = at_risk[:, None], before[:, None], greenwood[:, None]
    own = s**2 * events * (n - events) / n**3
    cross = s * events / n**2
    g0, g1, g2 = (np.cumsum(g * share**power, axis=0) for power in (0, 1, 2))
    c0, c1 = np.cumsum(cross, axis=0), np.cumsum(cross * share, axis=0)
    spread = share**2 * g0 - 2 * share * g1 + g2
    return np.asarray(np.maximum(spread + np.cumsum(own, axis=0) - 2 * (share * c0 - c1), 0.0))
