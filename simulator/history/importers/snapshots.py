"""Snapshots, one row per deal and day of the snapshot, as deals and their changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.history.importers.fields.cells import look_up
from simulator.history.importers.fields.stages import is_closed_stage
from simulator.history.importers.import_log import ImportLog, files_in
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.specs import SnapshotsSpec

STATE = ("stage", "amount", "close_date")
"""What makes a row a change: the first snapshot of a deal, and any that differs in one of these."""

VANISHED = "no longer in the snapshots"
"""Stage of a deal that is gone, where the map says what that means."""


def deals_from_snapshots(
    snapshots: pd.DataFrame, spec: SnapshotsSpec, mapping: Mapping, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the deals as of their last snapshot, and the changes between snapshots.

    What happened between two snapshots is dated at the later one. Deals that were closed already in
    the very first snapshot ended on an unknown earlier day and are left out.
    """
    files = files_in(snapshots)
    _fault_doubles(snapshots, log)
    rows = snapshots.sort_values(["opportunity_id", "snapshot_date"], kind="stable")
    rows = _without_old_ends(rows, mapping, files, log)
    changes = rows[_is_change(rows)].rename(columns={"snapshot_date": "changed_at"})
    deals = rows.drop_duplicates("opportunity_id", keep="last").drop(columns=["snapshot_date", "close_date"])
    deals = deals.assign(close_date=rows.drop_duplicates("opportunity_id", keep="last")["close_date"])
    first_seen = rows.groupby("opportunity_id")["snapshot_date"].min()
    seen = look_up(deals["opportunity_id"], first_seen)
    if deals["created_date"].isna().all():
        log.note(f"{files}: without a created date, a deal counts as created at its first snapshot.")
    created = deals["created_date"].fillna(seen)
    deals = deals.assign(created_date=created.where(created <= seen, seen))
    n_dates = snapshots["snapshot_date"].nunique()
    log.note(f"{files}: {n_dates} snapshots; what happened between two of them is dated at the later one.")
    gone = _vanished(deals, snapshots, mapping, spec.vanished, log)
    return _with_vanished(deals, changes, snapshots, gone, spec.vanished)


def _fault_doubles(snapshots: pd.DataFrame, log: ImportLog) -> None:
    doubled = snapshots[snapshots.duplicated(["opportunity_id", "snapshot_date"])]
    remedy = (
        "Keep one, or say in a map which counts: tables: {snapshots: {drop: {duplicates: "
        "[opportunity_id, snapshot_date], keep: last}}}."
    )
    log.row_faults(doubled, "opportunity_id", "'{value}' is there twice in the same snapshot", remedy)


def _is_change(rows: pd.DataFrame) -> pd.Series[bool]:
    changed = ~rows.duplicated("opportunity_id")
    for column in STATE:
        before = rows[column].shift()
        changed |= (rows[column] != before) & ~(rows[column].isna() & before.isna())
    return changed


def _without_old_ends(rows: pd.DataFrame, mapping: Mapping, files: str, log: ImportLog) -> pd.DataFrame:
    """Leave out deals closed in the first snapshot: whoever counted them would see a wave of old wins."""
    start = rows["snapshot_date"].min()
    old = rows[(rows["snapshot_date"] == start) & is_closed_stage(rows["stage"], mapping)]["opportunity_id"]
    gone = rows["opportunity_id"].isin(old)
    if len(old):
        reason = f"deals that were closed already in the first snapshot ({start:%Y-%m-%d}), on an unknown day"
        log.drop("snapshots", files, f"{reason}; {len(old):,} deals", int(gone.sum()), old.iloc[0])
    return rows[~gone]


def _with_vanished(
    deals: pd.DataFrame, changes: pd.DataFrame, snapshots: pd.DataFrame, gone: pd.Series[bool], fate: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """End the deals that vanished, at the first snapshot without them."""
    if fate == "keep_open" or not gone.any():
        return deals, changes
    dates = np.sort(snapshots["snapshot_date"].unique())
    last_seen = look_up(deals["opportunity_id"][gone], _last_seen(snapshots))
    next_date = dates[np.searchsorted(dates, last_seen.to_numpy(), side="right")]
    ends = deals[gone].assign(changed_at=next_date, stage=VANISHED)
    deals = deals.assign(stage=deals["stage"].mask(gone, VANISHED))
    return deals, pd.concat([changes, ends[changes.columns]], ignore_index=True)


def _last_seen(snapshots: pd.DataFrame) -> pd.Series[Any]:
    return snapshots.groupby("opportunity_id")["snapshot_date"].max()


def _vanished(
    deals: pd.DataFrame, snapshots: pd.DataFrame, mapping: Mapping, fate: str, log: ImportLog
) -> pd.Series[bool]:
    """Return which open deals are missing from the last snapshot, and say so."""
    last_seen = look_up(deals["opportunity_id"], _last_seen(snapshots))
    gone: pd.Series[bool] = last_seen < snapshots["snapshot_date"].max()
    gone &= ~is_closed_stage(deals["stage"], mapping)
    if gone.any():
        files = files_in(snapshots)
        gone_where = f"{files}: {int(gone.sum()):,} open deals vanish before the last snapshot"
        hint = "stay open as they were; say 'vanished: lost_no_decision' or 'won' in the map if they ended"
        log.note(f"{gone_where} and {hint if fate == 'keep_open' else f'count as {fate}'}.")
    return gone
