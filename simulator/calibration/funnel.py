"""The funnel before a deal: leads, MQLs, SQLs, SALs by source, what they cost and how long they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from simulator.calibration.shares import pool_shares
from simulator.fiscal import month_numbers

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

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
