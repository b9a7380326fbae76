"""An event log, one row per event of a case, as changes of stage."""

from __future__ import annotations

import pandas as pd

from simulator.history.importers.fields.cells import look_up, map_unique
from simulator.history.importers.import_log import ImportLog, files_in, listed
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import plain
from simulator.history.importers.specs import EventsSpec
from simulator.history.tables import OUTCOMES

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
