"""Hygiene of customers, ARR movements, leads and calls."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.history.findings import Finding, finding
from simulator.history.matching import occurs, positions
from simulator.history.tables import History

CENT = 0.005
TOLERANCE = 0.01
GROWING = ("expansion", "reactivation", "new")
SHRINKING = ("contraction", "churn")


def book_findings(history: History) -> list[Finding]:
    """Return what is odd about customers, leads and calls; nothing of tables that are not there."""
    found: list[Finding] = []
    if len(history.arr_changes):
        found += _movements(history)
    if len(history.customers):
        found += _customers(history)
    if len(history.leads):
        found.append(_funnels(history.leads))
    if len(history.calls):
        found.append(_callers(history))
    return found


def _running(history: History) -> pd.DataFrame:
    """Return the movements in order, with each customer's ARR before and after."""
    moves = history.arr_changes.reset_index(drop=True)
    codes = pd.factorize(moves["customer_id"])[0]
    moves = moves.assign(customer=codes).sort_values(["customer", "date"], kind="stable")
    begun = moves["customer"].isin(moves.loc[moves["movement"] == "new", "customer"])
    where = positions(moves["customer_id"], history.customers["customer_id"])
    arr = history.customers["arr"].to_numpy(dtype=np.float64)
    opening = np.nan_to_num(arr[where]) if len(arr) else np.zeros(len(moves))
    opening = np.where(begun.to_numpy(dtype=bool) | (where < 0), 0.0, opening)
    after = moves.groupby("customer")["arr_delta"].cumsum() + opening
    return moves.assign(after=after, before=after - moves["arr_delta"])


def _movements(history: History) -> list[Finding]:
    moves = _running(history)
    names, size = moves["customer_id"], moves["arr_delta"].abs().to_numpy()
    movement, delta = moves["movement"], moves["arr_delta"]
    wrong = (movement.isin(GROWING) & (delta < 0)) | (movement.isin(SHRINKING) & (delta > 0))
    churn = (movement == "churn").to_numpy()
    gone = churn & (moves["before"] <= CENT).to_numpy()
    left = churn & ~gone & (moves["after"] > CENT).to_numpy()
    below = (moves["after"] < -CENT).to_numpy() & ~gone
    strange = ~occurs(names, history.customers["customer_id"]) & (len(history.customers) > 0)
    return [
        finding("movements with the wrong sign", wrong.to_numpy(dtype=bool), names, size),
        finding("churn of customers already gone", gone, names, size, churn),
        finding("churn that leaves ARR behind", left, names, size, churn),
        finding("ARR below zero", below, names, size),
        finding("movements of unknown customers", strange, names, size),
    ]


def _customers(history: History) -> list[Finding]:
    customers, moves = history.customers, history.arr_changes
    arr = customers["arr"].to_numpy(dtype=np.float64)
    started = _sum_by_customer(customers, moves[moves["movement"] == "new"])
    now = _sum_by_customer(customers, moves)
    foots = [np.isclose(arr, total, rtol=TOLERANCE, atol=CENT) for total in (started, now)]
    deals = history.opportunities
    won = occurs(customers["opportunity_id"], deals.loc[deals["outcome"] == "won", "opportunity_id"])
    with_deal = customers["opportunity_id"].notna().to_numpy()
    names = customers["customer_id"]
    return [
        finding(
            "customers whose ARR does not foot",
            ~np.isnan(arr) & ~np.isnan(started) & ~foots[0] & ~foots[1],
            names,
            arr,
        ),
        finding("customers of deals that were not won", with_deal & ~won, names, arr, with_deal),
    ]


def _sum_by_customer(
    customers: pd.DataFrame, moves: pd.DataFrame
) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the sum of each customer's movements, NaN where there are none."""
    total = moves.groupby("customer_id")["arr_delta"].sum()
    return customers["customer_id"].map(total).to_numpy(dtype=np.float64)


def _funnels(leads: pd.DataFrame) -> Finding:
    steps = leads[["leads", "mqls", "sqls", "sals"]].to_numpy(dtype=np.float64)
    names = leads["month"].dt.strftime("%Y-%m") + " " + leads["segment"] + " " + leads["source"]
    widens = np.asarray((np.diff(steps, axis=1) > 0).any(axis=1))
    return finding("funnels that widen", widens, names)


def _callers(history: History) -> Finding:
    calls = history.calls
    return finding(
        "calls of unknown reps",
        ~occurs(calls["rep_id"], history.reps["rep_id"]),
        calls["rep_id"],
        calls["commit"].to_numpy(dtype=np.float64),
    )
