"""Stage changes out of what systems keep: snapshots, logs of events, and histories of single fields."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.history.importers.columns import DOUBTFUL, empty_column
from simulator.history.importers.crm.headings import heading_key, names
from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_text, look_up, map_unique
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.fields.stages import is_closed_stage
from simulator.history.importers.import_log import ImportLog, files_in, listed, map_line
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import Sheet, plain
from simulator.history.importers.specs import EventsSpec, SnapshotsSpec
from simulator.history.tables import OUTCOMES

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
    deals = rows.drop_duplicates("opportunity_id", keep="last").drop(columns="snapshot_date")
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


ENDS = frozenset({*OUTCOMES, "lost", "closed"})


def changes_from_events(
    events: pd.DataFrame, spec: EventsSpec, mapping: Mapping, log: ImportLog
) -> pd.DataFrame:
    """Return the events that change a deal's stage, in order; the first end of a deal is its last change.

    Activities that the map's ``stages`` do not name are left out and listed. Of an activity that
    ``take`` calls first or last only that event of each case counts; otherwise each does.
    """
    files = files_in(events)
    names = {plain(stage): stage for stage in mapping.stages}
    stage = map_unique(events["activity"], lambda activity: names.get(plain(activity))).astype("str")
    other = events.loc[stage.isna(), "activity"].value_counts(dropna=False)
    if len(other):
        shown = listed([f"{activity} ({n:,})" for activity, n in other.items()], 40)
        log.drop("events", files, "activities that are no stage in the map", int(other.sum()), shown)
    changes = events.assign(stage=stage, changed_at=events["timestamp"])[stage.notna()]
    changes = changes.sort_values(["opportunity_id", "changed_at"], kind="stable")
    changes = _taken(changes, spec, files, log)
    return _up_to_the_end(changes, mapping, files, log)


def _taken(changes: pd.DataFrame, spec: EventsSpec, files: str, log: ImportLog) -> pd.DataFrame:
    for activity, which in spec.take.items():
        if which == "each":
            continue
        its = changes["stage"].map(plain) == plain(activity)
        if not its.any():
            log.note(f"{files}: there is no event '{activity}', which the map names under take")
        again = its & changes[its].duplicated("opportunity_id", keep=which).reindex(
            its.index, fill_value=False
        )
        changes = log.leave_out(changes, again, "events", f"only the {which} '{activity}' of a case counts")
    return changes


def _up_to_the_end(changes: pd.DataFrame, mapping: Mapping, files: str, log: ImportLog) -> pd.DataFrame:
    ends = {stage for stage, specs in mapping.stages.items() if specs[-1].to in ENDS}
    is_end = changes["stage"].isin(ends).astype("int64")
    n_before = is_end.groupby(changes["opportunity_id"]).cumsum() - is_end
    late = n_before > 0
    if late.any():
        reason = "events after the first end of their case"
        example = changes.loc[late, "opportunity_id"].iloc[0]
        log.drop("events", files, reason, int(late.sum()), f"case {example}")
    return changes[~late]


def deals_from_changes(changes: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return one row per deal of the changes, created with the first of them."""
    ordered = changes.sort_values("changed_at", kind="stable")
    first = ordered.groupby("opportunity_id", sort=False, as_index=False).first()
    deals = first[["opportunity_id", "file", "row"]].assign(created_date=first["changed_at"].dt.normalize())
    last = ordered.groupby("opportunity_id").last()
    for column in ("amount", "close_date"):
        if column in last:
            deals[column] = look_up(deals["opportunity_id"], last[column])
    log.note("No file of deals: a deal counts as created with its first event.")
    return deals


FIELDS = ("stage", "amount", "close_date", "category")
"""Columns of ours whose changes matter; their fields are called as the headings of deals are."""


def changes_from_fields(
    rows: pd.DataFrame, deals: pd.DataFrame, mapping: Mapping, log: ImportLog
) -> pd.DataFrame:
    """Return the state of every deal at its creation and after each change of a field that matters.

    A field that was never changed has had its present value all along; one that was changed began
    with the old value of its first change.
    """
    files = files_in(rows)
    known = {key: ours for ours in FIELDS for key in names("deal")[ours]}
    ours = map_unique(rows["field"], lambda name: known.get(heading_key(name))).astype("str")
    other = rows.loc[ours.isna(), "field"].value_counts(dropna=False)
    if len(other):
        shown = listed([f"{name} ({n:,})" for name, n in other.items()])
        log.drop("field_changes", files, "fields that do not matter here", int(other.sum()), shown)
    if ours.isna().all():
        what = f"holds no change of stage, amount or close date; its fields are: {listed(other.index)}"
        first = str(other.index[0])
        line = map_line("field_changes", "field", f"{{values: {{{first!r}: StageName}}}}")
        remedy = f"Export it with the field Stage; or say in a map which it is: {line}."
        log.fault(files, what, remedy)
        log.stop_if_faulty()
    rows = rows.assign(field=ours)[ours.notna()]
    rows = rows.sort_values(["opportunity_id", "changed_at"], kind="stable")
    if not (rows["field"] == "category").any():
        # Untracked: the present category is that of the present stage, not of past ones.
        deals = deals.assign(category=empty_column("text", deals.index))
    values = {field: _typed(rows[rows["field"] == field], field, mapping, log) for field in FIELDS}
    changes = rows[["opportunity_id", "changed_at", "file", "row"]].assign(
        **{field: typed["new_value"].reindex(rows.index) for field, typed in values.items()}
    )
    states = pd.concat([_starts(rows, deals, values), changes], ignore_index=True)
    states = states.sort_values(["opportunity_id", "changed_at"], kind="stable")
    filled = states.groupby("opportunity_id")[list(FIELDS)].ffill()
    states = states.assign(**{name: filled[name] for name in filled.columns})
    return states.drop_duplicates(["opportunity_id", "changed_at"], keep="last")


def _starts(rows: pd.DataFrame, deals: pd.DataFrame, values: dict[str, pd.DataFrame]) -> pd.DataFrame:
    start = deals[["opportunity_id", "stage", "amount", "close_date", "category", "file", "row"]].copy()
    start["changed_at"] = deals["created_date"]
    for field, typed in values.items():
        first = rows.loc[typed.index].drop_duplicates("opportunity_id")
        old = typed.loc[first.index, "old_value"].set_axis(first["opportunity_id"])
        changed = start["opportunity_id"].isin(old.index)
        start[field] = start[field].mask(changed, look_up(start["opportunity_id"], old))
    return start


def _typed(its: pd.DataFrame, field: str, mapping: Mapping, log: ImportLog) -> pd.DataFrame:
    """Return old and new values of a field with its type; read together, one shows how others are written."""
    sides, file = ("old_value", "new_value"), files_in(its)
    stacked = pd.concat([its[side] for side in sides], ignore_index=True)
    row = pd.concat([its["row"]] * 2, ignore_index=True)

    def fault(bad: pd.Series, what: str, remedy: str) -> None:
        log.cell_faults(file, "old and new value", bad.set_axis(row[bad.index]), what, remedy)

    if field == "amount":
        amounts = read_amounts(stacked, mapping.decimal)
        fault(amounts.bad, "'{value}' is not an amount", "Correct it.")
        fault(amounts.doubtful, *DOUBTFUL)
        typed = amounts.numbers
    elif field == "close_date":
        sheet = Sheet(file, pd.DataFrame({"value": stacked}))
        dates = read_dates(stacked, sheet, mapping.timezone, mapping.date_format)
        fault(dates.bad, dates.what, dates.remedy)
        typed = dates.days
    else:
        typed = as_text(stacked)
    parts = (typed.iloc[: len(its)], typed.iloc[len(its) :])
    return pd.DataFrame({side: part.array for side, part in zip(sides, parts, strict=True)}, its.index)
