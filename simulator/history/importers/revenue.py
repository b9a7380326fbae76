"""Customers and their recurring revenue, from subscriptions or from changes without a name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.history.importers.contradictions import start_oddities
from simulator.history.importers.fields.cells import look_up
from simulator.history.importers.import_log import ImportLog, listed

CENT = 0.005


def changes_from_subscriptions(subscriptions: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return one change of ARR at the start and one at the end of each subscription."""
    files = listed(subscriptions["file"].unique())
    worthless = ~(subscriptions["arr"] > 0)
    log.drop("subscriptions", files, "subscriptions without recurring revenue", int(worthless.sum()))
    paid = subscriptions[~worthless]
    backwards = paid["end_date"] < paid["start_date"]
    log.drop("subscriptions", files, "subscriptions that end before they start", int(backwards.sum()))
    paid = paid[~backwards]
    ended = paid[paid["end_date"].notna()]
    columns = ["customer_id", "date", "arr_delta", "file", "row"]
    starts = paid.assign(date=paid["start_date"], arr_delta=paid["arr"])[columns]
    ends = ended.assign(date=ended["end_date"], arr_delta=-ended["arr"])[columns]
    return pd.concat([starts, ends], ignore_index=True)


def name_movements(changes: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return changes of ARR, one per customer and day, named by what they do to the customer's balance.

    From nothing: new the first time, reactivation later; upwards: expansion; downwards: contraction;
    down to nothing: churn.
    """
    if len(changes) == 0:
        return changes.assign(movement=pd.Series(dtype="str"))
    files = listed(changes["file"].unique())
    kept = {"file": "first", "row": "first", "arr_delta": "sum"}
    daily = changes.groupby(["customer_id", "date"], as_index=False).agg(kept)
    daily = daily[daily["arr_delta"].abs() > CENT]
    after = daily.groupby("customer_id")["arr_delta"].cumsum()
    before = after - daily["arr_delta"]
    first = ~daily.duplicated("customer_id")
    up = daily["arr_delta"] > 0
    conditions = [first & up, up & (before < CENT), up, after < CENT]
    names = np.select(conditions, ["new", "reactivation", "expansion", "churn"], "contraction")
    daily = daily.assign(movement=pd.Series(names, index=daily.index).astype("str"))
    counts = listed([f"{n:,} {name}" for name, n in daily["movement"].value_counts().items()])
    log.note(f"{files}: movements of ARR named by the running balance of each customer: {counts}.")
    return daily


def customers_from_changes(
    customers: pd.DataFrame | None,
    subscriptions: pd.DataFrame | None,
    changes: pd.DataFrame,
    log: ImportLog,
) -> pd.DataFrame:
    """Return customers, completed by what subscriptions and changes of ARR say of them.

    A customer starts with the first change of its ARR where there is one, and its ARR at the start is
    that change; unless its start is stated and that change is said to be none (a list of changes that
    begins later than the customer).
    """
    first = changes.sort_values("date", kind="stable").drop_duplicates("customer_id").set_index("customer_id")
    base = _known_customers(customers, subscriptions)
    ids = base["customer_id"]
    is_start = first["movement"].isin(("new", "reactivation")) | first["movement"].isna()
    first = first[is_start | first.index.isin(ids[base["start_date"].isna()])]
    started = look_up(ids, first["date"])
    log.oddities += start_oddities(base, started)
    base["start_date"] = started.fillna(base["start_date"])
    base["arr"] = look_up(ids, first["arr_delta"]).fillna(base["arr"])
    never = base["start_date"].isna()
    log.drop("customers", listed(base["file"].unique()), "customers without any start", int(never.sum()))
    base = base[~never]
    unknown = ~changes["customer_id"].isin(base["customer_id"])
    log.drop("arr_changes", "", "changes of ARR of unknown customers", int(unknown.sum()))
    return base


def _known_customers(customers: pd.DataFrame | None, subscriptions: pd.DataFrame | None) -> pd.DataFrame:
    if subscriptions is None:
        assert customers is not None  # noqa: S101  one of both is there, or nobody calls this
        return customers.copy()
    from_subscriptions = (
        subscriptions.sort_values("start_date", kind="stable").drop_duplicates("customer_id").copy()
    )
    if customers is None:
        return from_subscriptions.drop(columns=["end_date"])
    base = customers.copy()
    lookup = from_subscriptions.set_index("customer_id")
    for column in ("segment", "opportunity_id", "owner", "csm", "term_months"):
        base[column] = base[column].fillna(look_up(base["customer_id"], lookup[column]))
    return base
