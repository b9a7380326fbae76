"""Changes of single fields (Salesforce OpportunityFieldHistory) as whole states after each change."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simulator.history.importers.columns import empty_column
from simulator.history.importers.crm.headings import heading_key, names
from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_text, look_up, map_unique
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.import_log import ImportLog, listed, map_line
from simulator.history.importers.readers.sheet import Sheet

FIELDS = ("stage", "amount", "close_date", "category")
"""Columns of ours whose changes matter; their fields are called as the headings of deals are."""


def changes_from_fields(rows: pd.DataFrame, deals: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return the state of every deal at its creation and after each change of a field that matters.

    A field that was never changed has had its present value all along; one that was changed began
    with the old value of its first change.
    """
    files = listed(rows["file"].unique())
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
        # Untracked: the present category tells only of the present stage, never of the past.
        deals = deals.assign(category=empty_column("text", deals.index))
    states = pd.concat([_starts(rows, deals), _changes(rows, log)], ignore_index=True)
    states = states.sort_values(["opportunity_id", "changed_at"], kind="stable")
    filled = states.groupby("opportunity_id")[list(FIELDS)].ffill()
    states = states.assign(**{name: filled[name] for name in filled.columns})
    return states.drop_duplicates(["opportunity_id", "changed_at"], keep="last")


def _starts(rows: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    start = deals[["opportunity_id", "stage", "amount", "close_date", "category", "file", "row"]].copy()
    start["changed_at"] = deals["created_date"]
    for field in FIELDS:
        first = rows[rows["field"] == field].drop_duplicates("opportunity_id").set_index("opportunity_id")
        old = _typed(first["old_value"], field, None)
        changed = start["opportunity_id"].isin(first.index)
        start[field] = start[field].mask(changed, look_up(start["opportunity_id"], old))
    return start


def _changes(rows: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    states = rows[["opportunity_id", "changed_at", "file", "row"]].copy()
    for field in FIELDS:
        its = rows["field"] == field
        new = rows.loc[its].set_index("row")["new_value"]
        typed = _typed(new, field, log, listed(rows["file"].unique()))
        states[field] = pd.Series(typed.to_numpy(), index=rows.index[its]).reindex(rows.index)
    return states


def _typed(values: pd.Series[Any], field: str, log: ImportLog | None, file: str = "") -> pd.Series[Any]:
    """Return values of a field with its type; what cannot be read is a fault where a log is given."""
    if field == "amount":
        amounts = read_amounts(values)
        if log is not None and len(amounts.bad):
            log.cell_faults(file, "new value", amounts.bad, "'{value}' is not an amount", "Correct it.")
        return amounts.numbers
    if field == "close_date":
        dates = read_dates(values, Sheet(file, pd.DataFrame({"new value": values})))
        if log is not None and len(dates.bad):
            log.cell_faults(file, "new value", dates.bad, dates.what, dates.remedy)
        return dates.days
    return as_text(values)
