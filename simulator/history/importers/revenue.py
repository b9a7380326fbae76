"""Customers and their recurring revenue, from subscriptions or from changes without a name."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.fiscal import DAYS_PER_MONTH
from simulator.history.importers.balances import CENT, are_balances, changes_from_balances
from simulator.history.importers.contradictions import start_oddities
from simulator.history.importers.fields.cells import look_up
from simulator.history.importers.import_log import ImportLog, files_in, listed
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.specs import SubscriptionsSpec


def changes_from_subscriptions(subscriptions: pd.DataFrame, mapping: Mapping, log: ImportLog) -> pd.DataFrame:
    """Return one change of ARR at the start and one at the end of each subscription.

    A subscription or contract term that begins at most ``gap_days`` after another of the same customer ended
    follows it: in between nothing churned. Ends that lie ahead have not happened.
    """
    files, table = files_in(subscriptions), "subscriptions"
    subscriptions = _less_discounts(subscriptions, files, log)
    worthless = ~(subscriptions["arr"] > 0)
    paid = log.leave_out(subscriptions, worthless, table, "subscriptions without recurring revenue")
    backwards = paid["end_date"] < paid["start_date"]
    paid = log.leave_out(paid, backwards, table, "subscriptions that end before they start")
    if are_balances(paid):
        log.note(f"{files}: one row per customer and month, without ends: read as balances of each month.")
        return changes_from_balances(paid.rename(columns={"start_date": "month"}), mapping, log)
    spec = mapping.tables.subscriptions or SubscriptionsSpec(file=(), columns={})
    paid = _ended(_renewed_by_term(paid, spec.gap_days, files, log), spec, mapping, files, log)
    ended = paid[paid["end_date"].notna()]
    columns = ["customer_id", "date", "arr_delta", "file", "row"]
    starts = paid.assign(date=paid["start_date"], arr_delta=paid["arr"])[columns]
    ends = ended.assign(date=ended["end_date"], arr_delta=-ended["arr"])[columns]
    return pd.concat([starts, ends], ignore_index=True)


def _less_discounts(subscriptions: pd.DataFrame, files: str, log: ImportLog) -> pd.DataFrame:
    """Return the subscriptions less what is below zero in rows of the same customer and days."""
    arr = subscriptions["arr"]
    if not (arr < 0).any():
        return subscriptions
    keys = [subscriptions[name] for name in ("customer_id", "start_date", "end_date")]
    sides = (arr.clip(lower=0.0), arr.clip(upper=0.0))
    price, discount = (side.groupby(keys, dropna=False).transform("sum") for side in sides)
    taken = (arr < 0) & (price > 0)
    if taken.any():
        log.note(
            f"{files}: {int(taken.sum()):,} amounts below zero lower those of the same customer and days."
        )
    return subscriptions.assign(arr=arr.where(arr <= 0, arr * (1.0 + discount / price).clip(lower=0.0)))


def _renewed_by_term(paid: pd.DataFrame, gap_days: int, files: str, log: ImportLog) -> pd.DataFrame:
    """Return terms of a stated length and no end, each ending where one begins as its months are over."""
    stated = paid["end_date"].isna() & (paid["term_months"] > 0)
    if not stated.any():
        return paid
    planned = paid["start_date"] + pd.to_timedelta(
        paid["term_months"].where(stated) * DAYS_PER_MONTH, unit="D"
    )
    following = _next_starts(paid.assign(end_date=planned), gap_days)
    renewed = stated & ((following - planned).abs() <= pd.Timedelta(days=gap_days))
    if renewed.any():
        log.note(f"{files}: {int(renewed.sum()):,} terms are renewed by another when their months are over.")
    return paid.assign(end_date=paid["end_date"].mask(renewed, following))


def _ended(
    paid: pd.DataFrame, spec: SubscriptionsSpec, mapping: Mapping, files: str, log: ImportLog
) -> pd.DataFrame:
    """Return the subscriptions with the first day without each as their end; running ones without one."""
    starts = np.sort(paid["start_date"].dropna().unique())
    if not len(starts) or paid["end_date"].isna().all():
        return paid
    if spec.ends == "inclusive" or (spec.ends is None and _ends_are_last_days(paid)):
        log.note(
            f"{files}: the end is the last day of a term; a customer who leaves is gone on the next day."
        )
        paid = paid.assign(end_date=paid["end_date"] + pd.Timedelta(days=1))
    paid = _followed(paid, spec.gap_days, files, log)
    if spec.all_ended:
        return paid
    last = pd.Timestamp(mapping.as_of) if mapping.as_of else _last_known(paid, starts)
    ahead = paid["end_date"] > last
    if ahead.any():
        log.note(
            f"{files}: {int(ahead.sum()):,} ends after {last:%Y-%m-%d}, the last thing that happened, lie "
            "ahead: these subscriptions run. If some have ended, say as_of in the map."
        )
    return paid.assign(end_date=paid["end_date"].mask(ahead))


def _followed(paid: pd.DataFrame, gap_days: int, files: str, log: ImportLog) -> pd.DataFrame:
    """Return the terms, each ending where a term of the same customer that renews it begins."""
    following = _next_starts(paid, gap_days)
    gap = (following - paid["end_date"]).dt.days
    renewed = gap.abs() <= gap_days
    early, late = int((renewed & (gap < 0)).sum()), int((renewed & (gap > 0)).sum())
    if early or late:
        log.note(
            f"{files}: {late:,} terms begin up to {gap_days} days after the one before ended, {early:,} "
            f"up to {gap_days} days before it ends: they renew it (gap_days in the map says otherwise)."
        )
    return paid.assign(end_date=paid["end_date"].mask(renewed, following))


def _ends_are_last_days(paid: pd.DataFrame) -> bool:
    """Return whether terms end on the day before the next begins, or a whole number of months less a day."""
    ends, following = paid["end_date"], _next_starts(paid)
    gap = (following - ends).dt.days
    if gap.isin((0, 1)).any():
        return bool((gap == 1).sum() > (gap == 0).sum())
    return bool(
        (ends.dropna() + pd.Timedelta(days=1)).dt.day.eq(paid["start_date"][ends.notna()].dt.day).mean() > 0.9
    )


def _next_starts(paid: pd.DataFrame, early_days: int = 0) -> pd.Series[pd.Timestamp]:
    """Return the customer's first start after each start, from ``early_days`` before each end on."""
    left = paid.dropna(subset=["start_date", "end_date"])[["customer_id", "start_date", "end_date"]]
    soonest = left["end_date"] - pd.Timedelta(days=early_days)
    after = left["start_date"] + pd.Timedelta(days=1)
    left = left.assign(at=soonest.where(soonest > after, after)).sort_values("at")
    right = paid.dropna(subset=["start_date"]).sort_values("start_date")[["customer_id", "start_date"]]
    right = right.rename(columns={"start_date": "following"})
    found = pd.merge_asof(
        left[["customer_id", "at"]].reset_index(),
        right,
        left_on="at",
        right_on="following",
        by="customer_id",
        direction="forward",
    )
    return found.set_index("index")["following"].reindex(paid.index)


def _last_known(paid: pd.DataFrame, starts: np.ndarray) -> pd.Timestamp:
    """Return the last day that the file knows of: the last start, or the ends that came soon after it.

    Where every subscription has an end, ends are those of terms and may lie ahead of any day.
    """
    last = pd.Timestamp(starts[-1])
    if paid["end_date"].notna().all():
        return last
    days = np.sort(paid["end_date"].dropna().unique())
    usual = (last - pd.Timestamp(starts[0])) / max(len(starts), 1)
    for day in days[days > last]:
        if pd.Timestamp(day) - last > min(max(pd.Timedelta(days=31), 4 * usual), pd.Timedelta(days=92)):
            break
        last = pd.Timestamp(day)
    return last


def name_movements(changes: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return changes of ARR, one per customer and day, named by what they do to the customer's balance.

    From nothing: new the first time, reactivation later; upwards: expansion; downwards: contraction;
    down to nothing: churn.
    """
    if len(changes) == 0:
        return changes.assign(movement=pd.Series(dtype="str"))
    files = files_in(changes)
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
    base = log.leave_out(base, base["start_date"].isna(), "customers", "customers without any start")
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
