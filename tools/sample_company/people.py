"""Reps, their deals, and the leads behind the deals, for a simulated history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np
import pandas as pd

REP_QUOTAS = {"enterprise": 1_100_000.0, "midmarket": 750_000.0, "smb": 420_000.0, "self_serve": 300_000.0}
SOURCE_FUNNEL = {
    "marketing": (0.35, 0.45, 0.5, 90.0),
    "outbound": (0.6, 0.5, 0.55, 0.0),
    "partner": (0.7, 0.6, 0.6, 20.0),
    "referral": (0.85, 0.75, 0.75, 0.0),
    "self_serve": (0.12, 0.35, 0.6, 4.0),
}
"""Share of leads that become MQL, of MQLs that become SQL, of SQLs that are accepted; cost per lead."""


def hire_reps(
    segments: dict[str, int],
    first_day: dt.date,
    as_of: dt.date,
    rng: np.random.Generator,
    role: str = "ae",
) -> pd.DataFrame:
    """Return a table of people of one role, some of whom joined later or left and were replaced.

    Parameters
    ----------
    segments : dict of str to int
        Seats of each segment.
    """
    rows = []
    span = (as_of - first_day).days
    for segment, seats in segments.items():
        team = segment.split("_")[-1].upper() if "_" in segment and segment != "self_serve" else "GLOBAL"
        quota = next(q for name, q in REP_QUOTAS.items() if segment.startswith(name))
        for seat in range(seats):
            start = first_day - dt.timedelta(days=int(rng.integers(30, 900)))
            if seat >= max(1, seats // 2):
                start = first_day + dt.timedelta(days=int(rng.integers(0, int(span * 0.7))))
            for hired, left in _one_after_the_other(start, as_of, rng):
                rows.append((segment, team, hired, left, quota))
    table = pd.DataFrame(rows, columns=["segment", "team", "start_date", "end_date", "quota"])
    table.insert(0, "rep_id", [f"{role.upper()}-{n:03d}" for n in range(1, len(table) + 1)])
    table.insert(1, "role", role)
    if role != "ae":
        table["quota"] = np.nan
    for name in ("start_date", "end_date"):
        table[name] = pd.to_datetime(table[name]).astype("datetime64[ns]")
    return table


def _one_after_the_other(
    start: dt.date, as_of: dt.date, rng: np.random.Generator
) -> Iterator[tuple[dt.date, dt.date | None]]:
    """Yield when each person in one seat was hired and left; None: is still there."""
    while start < as_of:
        end = start + dt.timedelta(days=max(int(rng.exponential(1500)), 200))
        yield start, end if end < as_of else None
        if end >= as_of:
            return
        start = end + dt.timedelta(days=int(rng.integers(30, 100)))


def assign_owners(deals: pd.DataFrame, reps: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the deals with an owner from their segment who was employed when they were qualified."""
    owner = np.full(len(deals), None, dtype=object)
    team = np.full(len(deals), None, dtype=object)
    left = reps["end_date"].fillna(pd.Timestamp.max)
    for row, (segment, day) in enumerate(zip(deals["segment"], deals["qualified_date"], strict=True)):
        there = (reps["segment"] == segment) & (reps["start_date"] <= day) & (left > day)
        choices = np.flatnonzero(there.to_numpy())
        if choices.size:
            chosen = int(rng.choice(choices))
            owner[row], team[row] = reps["rep_id"].iloc[chosen], reps["team"].iloc[chosen]
    return deals.assign(owner=owner, team=team)


def count_leads(deals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the monthly funnel behind the deals: what it took to get these SALs."""
    month = deals["qualified_date"].dt.to_period("M").dt.to_timestamp()
    sals = deals.groupby([month.rename("month"), "segment", "source"]).size().rename("sals").reset_index()
    funnel = np.array([SOURCE_FUNNEL[str(source)] for source in sals["source"]])
    n_sals = sals["sals"].to_numpy(np.int64)
    n_sqls = n_sals + rng.negative_binomial(n_sals, funnel[:, 2])
    n_mqls = n_sqls + rng.negative_binomial(n_sqls, funnel[:, 1])
    n_leads = n_mqls + rng.negative_binomial(n_mqls, funnel[:, 0])
    cost = (n_leads * funnel[:, 3] * rng.lognormal(0, 0.1, len(sals))).round(2)
    sals = sals.assign(leads=n_leads, mqls=n_mqls, sqls=n_sqls, cost=cost)
    sals["month"] = sals["month"].astype("datetime64[ns]")
    return sals[["month", "segment", "source", "leads", "mqls", "sqls", "sals", "cost"]]
