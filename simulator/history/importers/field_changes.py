"""Changes of single fields (Salesforce OpportunityFieldHistory) as whole states after each change."""

from __future__ import annotations

import pandas as pd

from simulator.history.importers.columns import DOUBTFUL, empty_column
from simulator.history.importers.crm.headings import heading_key, names
from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_text, look_up, map_unique
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.import_log import ImportLog, files_in, listed, map_line
from simulator.history.importers.mapping import Mapping
from simulator.history.importers.readers.sheet import Sheet

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
        # Untracked: the present category tells only of the present stage, never of the past.
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
