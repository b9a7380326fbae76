"""Where SALs come from: leads and what becomes of them, by source, and what reps source themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from simulator.arrays import Floats, Ints
from simulator.calibration.pooling import pool_shares
from simulator.calibration.roster import Presence
from simulator.fiscal import month_numbers, months_of_days
from simulator.history.states import DealStates
from simulator.history.tables import History

STEPS = ("leads", "mqls", "sqls", "sals")
PRIOR_SHARES = (0.35, 0.45, 0.5)
LONGEST_LAG = 4
TELLING = 3.0
"""Log-likelihood by which one lag must beat the next best to be told."""
NOT_TOLD = -1


@dataclass(frozen=True)
class Funnel:
    """Conversion of leads by segment and source; arrays run over the streams.

    Parameters
    ----------
    segment : ndarray of int64, shape (stream,)
        Code of the segment.
    source : tuple of str
    share : ndarray of float64, shape (stream, 3, 2)
        Beta(a, b) of lead → MQL → SQL → SAL, pooled over the segments of a source.
    counts : ndarray of float64, shape (stream, 4)
        Leads, MQLs, SQLs and SALs behind it.
    months : ndarray of float64, shape (stream,)
        Months with leads.
    cost : ndarray of float64, shape (stream,)
        Spent in all. Unit: currency.
    lag_months : ndarray of int64, shape (stream,)
        Months from lead to SAL; -1 where the history does not tell.
    """

    segment: Ints
    source: tuple[str, ...]
    share: Floats
    counts: Floats
    months: Floats
    cost: Floats
    lag_months: Ints

    def cost_per_sal(self) -> Floats:
        """Return the cost per SAL of each stream; NaN where there was no SAL. Unit: currency."""
        sals = self.counts[:, 3]
        return np.asarray(np.divide(self.cost, sals, out=np.full(len(sals), np.nan), where=sals > 0))


def estimate_funnel(leads: pd.DataFrame, names: tuple[str, ...]) -> Funnel | None:
    """Estimate the funnel of every segment and source, or return None where there are no leads."""
    table = leads[leads["segment"].isin(names) & leads["source"].notna()]
    if table.empty or not table["leads"].sum() > 0:
        return None
    place = {name: i for i, name in enumerate(names)}
    keyed = table.assign(code=table["segment"].map(place), filled=table["cost"].fillna(0.0))
    keyed["number"] = month_numbers(keyed["month"].to_numpy().astype("datetime64[D]"))
    groups = [(str(key[0]), int(str(key[1])), rows) for key, rows in keyed.groupby(["source", "code"])]
    counts = np.array([[float(rows[step].sum()) for step in STEPS] for _, _, rows in groups])
    source = tuple(name for name, _, _ in groups)
    return Funnel(
        segment=np.array([code for _, code, _ in groups], dtype=np.int64),
        source=source,
        share=_shares(counts, source),
        counts=counts,
        months=np.array([float(rows["number"].nunique()) for _, _, rows in groups]),
        cost=np.array([float(rows["filled"].sum()) for _, _, rows in groups]),
        lag_months=np.array([_lag(rows) for _, _, rows in groups], dtype=np.int64),
    )


def _shares(counts: Floats, source: tuple[str, ...]) -> Floats:
    out = np.empty((len(source), len(PRIOR_SHARES), 2))
    for name in dict.fromkeys(source):
        rows = np.array([other == name for other in source])
        for step, prior in enumerate(PRIOR_SHARES):
            # Of a month's MQLs some were leads of the month before: never more than there were.
            trials = counts[rows, step]
            out[rows, step] = pool_shares(np.minimum(counts[rows, step + 1], trials), trials, prior)
    return out


def _lag(rows: pd.DataFrame) -> int:
    """Return the months from lead to SAL at which SALs follow the leads best, if one stands out."""
    first, last = int(rows["number"].min()), int(rows["number"].max())
    n = last - first + 1
    if n < 3 * LONGEST_LAG:
        return NOT_TOLD
    at = rows["number"].to_numpy() - first
    leads = np.bincount(at, rows["leads"].to_numpy(np.float64), minlength=n)
    sals = np.bincount(at, rows["sals"].to_numpy(np.float64), minlength=n)[LONGEST_LAG:]
    fits = []
    for lag in range(LONGEST_LAG + 1):
        before = leads[LONGEST_LAG - lag : n - lag]
        mean = np.maximum(before * sals.sum() / max(before.sum(), 1e-9), 1e-9)
        fits.append(float((special.xlogy(sals, mean) - mean).sum()))
    # SALs scatter more than Poisson counts: the log-likelihood counts less by that.
    best = int(np.argmax(fits))
    mean = np.maximum(leads[LONGEST_LAG - best : n - best] * sals.sum() / max(leads.sum(), 1e-9), 1e-9)
    scatter = max(1.0, float(((sals - mean) ** 2 / mean).mean()))
    second = sorted(fits)[-2]
    return best if (fits[best] - second) / scatter > TELLING else NOT_TOLD


OUTBOUND = "outbound"
PRIOR_POWER, PRIOR_POWER_SD = 0.7, 0.2
"""Of the number of reps, for the SALs that they source: an assumption; accounts to call run short."""


def self_sourced(
    history: History, states: DealStates, names: tuple[str, ...], productivity: Floats, there: Presence
) -> tuple[Floats, Floats]:
    """Return the SALs of source ``outbound`` and the ramped rep-months in which they came, by segment."""
    deals = history.opportunities.iloc[np.unique(states.deal)]
    place = {name: i for i, name in enumerate(names)}
    mine = deals[(deals["source"].str.lower() == OUTBOUND) & deals["segment"].isin(names)]
    sals = np.bincount(mine["segment"].map(place).to_numpy(np.int64), minlength=len(names))
    ramped = np.bincount(there.segment, productivity, minlength=len(names))
    return sals.astype(np.float64), np.asarray(ramped, dtype=np.float64)


def monthly_self_sourced(
    history: History, states: DealStates, names: tuple[str, ...], productivity: Floats, there: Presence
) -> tuple[Floats, Floats]:
    """Return SALs of source ``outbound`` and ramped reps by month, each of shape (segment, month)."""
    shape = len(names), there.last - there.first + 1
    ramped, sals = np.zeros(shape), np.zeros(shape)
    np.add.at(ramped, (there.segment, there.month - there.first), productivity)
    deals, first = np.unique(states.deal, return_index=True)
    mine = (history.opportunities["source"].str.lower() == OUTBOUND).to_numpy(bool)[deals]
    place = {name: i for i, name in enumerate(names)}
    segment = history.opportunities["segment"].astype(object).map(place).fillna(-1).to_numpy(np.int64)[deals]
    month = months_of_days(states.start[first]) - there.first
    known = mine & (segment >= 0) & (month > 0) & (month < shape[1])
    np.add.at(sals, (segment[known], month[known]), 1.0)
    return sals[:, 1:], ramped[:, 1:]


def saturation(sals: Floats, ramped: Floats) -> tuple[float, float]:
    """Return the power of the number of reps that their own SALs grow with, and its standard deviation.

    SALs of a segment and month ~ Poisson(level of the segment × reps ** power), the level left out by
    conditioning; Normal prior. Months count as a half: those of a quarter are alike.
    """
    grid = np.linspace(0.0, 1.4, 57)
    log_weight = -0.5 * ((grid - PRIOR_POWER) / PRIOR_POWER_SD) ** 2
    for count, reps in zip(sals, ramped, strict=True):
        there = reps > 0.0
        if count[there].sum() == 0.0:
            continue
        level = reps[there][None] ** grid[:, None]
        share = level / level.sum(axis=1, keepdims=True)
        log_weight += 0.5 * (np.log(share) @ count[there])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = float(weight @ grid)
    return mean, float(np.sqrt(weight @ (grid - mean) ** 2))
