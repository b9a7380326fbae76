"""What two files of one company say differently of the same thing."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.history.findings import Finding, short
from simulator.history.importers.import_log import ImportLog, files_in

NEAR_DAYS = 31
"""Days by which the end of revenue and a churn event may differ and still be the same thing."""
N_EXAMPLES = 3


def churn_oddities(
    churn_events: pd.DataFrame, subscriptions: pd.DataFrame | None, changes: pd.DataFrame, log: ImportLog
) -> None:
    """Compare a list of churn events with the ends of revenue, which are what is imported."""
    ends, events = _ends(subscriptions, changes), churn_events[["customer_id", "date"]].dropna()
    left, right = ends.sort_values("ended"), events.sort_values("date")
    near, back = _nearest(left, right, "ended", "date"), _nearest(right, left, "date", "ended")
    files = files_in(churn_events)
    reason = "only compared with the ends of revenue, not imported"
    log.drop("churn_events", files, reason, len(churn_events))
    same = int((near["ended"] == near["date"]).sum())
    log.note(
        f"{files}: of {len(left):,} ends of revenue {int(near['date'].notna().sum()):,} have a churn event "
        f"of the same customer within {NEAR_DAYS} days ({same:,} on the day), and of {len(right):,} churn "
        f"events {int(back['ended'].notna().sum()):,} have such an end. Where they differ the revenue counts."
    )
    log.oddities += [
        _oddity(
            "revenue that ends without a churn event", "ends of revenue", near[near["date"].isna()], len(near)
        ),
        _oddity(
            "churn events without an end of revenue", "churn events", back[back["ended"].isna()], len(back)
        ),
    ]


def _nearest(left: pd.DataFrame, right: pd.DataFrame, day: str, other: str) -> pd.DataFrame:
    """Return the rows of one table with those of the other that are nearest, customer by customer."""
    return pd.merge_asof(
        left,
        right,
        left_on=day,
        right_on=other,
        by="customer_id",
        tolerance=pd.Timedelta(days=NEAR_DAYS),
        direction="nearest",
    )


def _ends(subscriptions: pd.DataFrame | None, changes: pd.DataFrame) -> pd.DataFrame:
    if subscriptions is not None:
        ended = subscriptions[subscriptions["end_date"].notna()]
        return ended.rename(columns={"end_date": "ended"})[["customer_id", "ended", "arr"]]
    ended = changes[changes["movement"] == "churn"].rename(columns={"date": "ended"})
    return ended.assign(arr=-ended["arr_delta"])[["customer_id", "ended", "arr"]]


def _oddity(check: str, of: str, rows: pd.DataFrame, n_all: int) -> Finding:
    amount = float(rows["arr"].sum()) if rows["arr"].notna().any() else np.nan
    money = f" ({short(amount)} of annual recurring revenue)" if amount > 0 else ""
    return Finding(
        check,
        of,
        len(rows),
        len(rows) / n_all if n_all else 0.0,
        amount,
        tuple(rows["customer_id"].astype("str").unique()[:N_EXAMPLES]),
        f"Two files disagree on who left{money}: churn is counted from the revenue, and may be too high or "
        "too low if the list of churn events is right.",
        "Reconcile billing and the list of churn events.",
    )


def start_oddities(customers: pd.DataFrame, started: pd.Series[pd.Timestamp]) -> list[Finding]:
    """Return the customers whose start date is not the day of their first revenue."""
    known = customers["start_date"].notna() & started.notna()
    rows = customers[known & (customers["start_date"] != started)]
    return [
        Finding(
            "start dates that are not those of the first revenue",
            "customers",
            len(rows),
            len(rows) / int(known.sum()) if known.any() else 0.0,
            np.nan,
            tuple(rows["customer_id"].astype("str")[:N_EXAMPLES]),
            "The day of the first revenue counts: tenure and renewal dates follow from it.",
            "Correct the start dates, or the days of the revenue.",
        )
    ]
