"""What was knowable at the end of a day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.fiscal import EPOCH
from simulator.history.matching import occurs, positions
from simulator.history.stage_map import CLOSED, stage_map
from simulator.history.tables import TABLES, History

UNDATED = ("owner", "team", "competitor", "source", "compelling_event")
"""Columns of opportunities that are as they were last, whenever that was entered."""
MAY_SHOW_LATER = "may show what came later"
"""What a note says of what has no dates."""

HAPPENED = {
    "opportunities": ("created_date", "qualified_date", "closed_date"),
    "stage_changes": ("changed_at",),
    "arr_changes": ("date",),
    "leads": ("month",),
}
"""Dates of things that have happened; plans may lie ahead."""


def latest_date(tables: Mapping[str, pd.DataFrame]) -> dt.date:
    """Return the day of the last thing that happened; where there is none, the last customer's start.

    A start may lie ahead of the signature, so that it only counts where nothing else is dated; with nothing
    dated at all the date is 1970-01-01.
    """
    dates = [tables[name][column].max() for name, columns in HAPPENED.items() for column in columns]
    known = [date for date in dates if not pd.isna(date)] or [tables["customers"]["start_date"].max()]
    known = [date for date in known if not pd.isna(date)]
    return max(known).date() if known else EPOCH


def history_as_of(history: History, as_of: dt.date) -> History:
    """Return what the history would have been at the end of a day.

    Whatever is dated later vanishes, and so do outcomes reached later. A deal's amount and close date are
    those of its last change up to then; where changes do not say them they are the final ones, and a note
    says so. A deal that was qualified later is not yet a deal and is left out.

    Parameters
    ----------
    history : History
    as_of : datetime.date
        A day after ``history.as_of`` only moves the as-of date.
    """
    if as_of >= history.as_of:
        return replace(history, as_of=as_of)
    cut = pd.Timestamp(as_of) + pd.Timedelta(days=1)
    notes: list[str] = []
    changes = history.stage_changes[history.stage_changes["changed_at"] < cut]
    deals = _opportunities(history, changes, cut, notes)
    arr_changes = history.arr_changes[history.arr_changes["date"] < cut]
    tables = {
        "opportunities": deals,
        "stage_changes": changes[occurs(changes["opportunity_id"], deals["opportunity_id"])],
        "stages": _stages(history.stages, cut),
        "customers": _customers(history, deals["opportunity_id"], cut, notes),
        "arr_changes": arr_changes,
        "reps": _until(history.reps, cut, "start_date", "end_date"),
        # What a month brought is counted when it is over.
        "leads": history.leads[history.leads["month"] < cut.to_period("M").start_time],
        "calls": history.calls[history.calls["as_of"] < cut],
        "assignments": _until(history.assignments, cut, "from", "to"),
    }
    whole = {name: tables[name].reset_index(drop=True) for name in TABLES}
    orphans = history.orphan_changes[history.orphan_changes["changed_at"] < cut].reset_index(drop=True)
    said = tuple(dict.fromkeys((*history.notes, *notes)))
    return History(as_of, **whole, notes=said, orphan_changes=orphans, currency=history.currency)


def _opportunities(
    history: History, changes: pd.DataFrame, cut: pd.Timestamp, notes: list[str]
) -> pd.DataFrame:
    deals = history.opportunities
    known = deals["created_date"] < cut
    unqualified = known & (deals["qualified_date"] >= cut)
    if unqualified.any():
        notes.append(f"{int(unqualified.sum()):,} deals that were not yet qualified are left out.")
    deals = deals[known & ~unqualified].copy()
    by_change = _closed_by_change(history, changes, deals)
    by_plan = (deals["close_date"] < cut) & ~_closed_by_change(history, history.stage_changes, deals)
    ended = (deals["closed_date"] < cut) | (deals["closed_date"].isna() & (by_change | by_plan))
    deals["outcome"] = deals["outcome"].where(ended)
    deals["closed_date"] = deals["closed_date"].where(ended)
    _restate(deals, changes, history, notes)
    filled = [column for column in UNDATED if deals[column].notna().any()]
    if filled:
        notes.append(f"{', '.join(filled)} carry no dates and are as last recorded, which {MAY_SHOW_LATER}.")
    return deals


def _closed_by_change(history: History, changes: pd.DataFrame, deals: pd.DataFrame) -> pd.Series:
    """Return which deals stand in a closed stage after their last change."""
    last = changes.drop_duplicates("opportunity_id", keep="last")
    if last.empty:
        return pd.Series(False, index=deals.index)
    stages = stage_map(history.stages)
    days = last["changed_at"].to_numpy().astype("datetime64[D]").astype(np.int64)
    closed = stages.category[stages.epochs(days), stages.codes(last["stage"])] >= CLOSED
    return pd.Series(occurs(deals["opportunity_id"], last["opportunity_id"][closed]), index=deals.index)


def _restate(deals: pd.DataFrame, changes: pd.DataFrame, history: History, notes: list[str]) -> None:
    """Put back the amounts and close dates that the deals had."""
    if deals.empty:
        return
    for column, words in (("amount", "amounts"), ("close_date", "close dates")):
        recorded = history.stage_changes.loc[history.stage_changes[column].notna(), "opportunity_id"]
        has_past = occurs(deals["opportunity_id"], recorded)
        past = _last_values(deals["opportunity_id"], changes, column)
        final = int((~has_past & deals[column].notna()).sum())
        deals[column] = past.where(has_past, deals[column])
        if final:
            notes.append(
                f"The {words} of {final:,} deals have no history: as last known, they {MAY_SHOW_LATER}."
            )


def _last_values(names: pd.Series, changes: pd.DataFrame, column: str) -> pd.Series:
    """Return the last known value of each deal, missing where it has none."""
    known = changes[changes[column].notna()].drop_duplicates("opportunity_id", keep="last")
    row = pd.Series(positions(names, known["opportunity_id"]), index=names.index)
    return known[column].reset_index(drop=True).reindex(row).set_axis(names.index)


def _stages(stages: pd.DataFrame, cut: pd.Timestamp) -> pd.DataFrame:
    """Return the mappings that held; a stage that only got one later keeps its first, undated."""
    ahead = stages["valid_from"] >= cut
    only = ahead & ~stages["stage"].isin(stages.loc[~ahead, "stage"])
    first = stages[only].sort_values("valid_from", kind="stable").drop_duplicates("stage")
    kept = stages[~ahead | stages.index.isin(first.index)].copy()
    kept["valid_from"] = kept["valid_from"].where(kept["valid_from"] < cut)
    return kept


def _customers(history: History, deals: pd.Series, cut: pd.Timestamp, notes: list[str]) -> pd.DataFrame:
    """Return the customers of the day, with the ARR that they started at."""
    customers = history.customers[history.customers["start_date"] < cut].copy()
    customers["opportunity_id"] = customers["opportunity_id"].where(
        occurs(customers["opportunity_id"], deals)
    )
    moves = history.arr_changes
    started = moves[moves["movement"] == "new"].groupby("customer_id")["arr_delta"].sum()
    customers["arr"] = customers["customer_id"].map(started).astype("float64").fillna(customers["arr"])
    undated = int((~occurs(customers["customer_id"], moves["customer_id"]) & customers["arr"].notna()).sum())
    if undated:
        notes.append(f"The ARR of {undated:,} customers has no history: as last known, it {MAY_SHOW_LATER}.")
    return customers


def _until(spells: pd.DataFrame, cut: pd.Timestamp, start: str, end: str) -> pd.DataFrame:
    """Return the spells that had begun, without the ends that were not known yet."""
    spells = spells[spells[start] < cut].copy()
    spells[end] = spells[end].where(spells[end] < cut)
    return spells
