"""Exports of Salesforce: which file is what, by its headings and rows."""

from __future__ import annotations

from simulator.history.importers.crm.deals import (
    Recognition,
    Values,
    add_deals,
    deal_columns,
    drop_rules,
    either,
    fault_ruined_ids,
)
from simulator.history.importers.crm.headings import heading_key, keys, names, recognised
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.lines import LINE, varying
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.roles import REQUIRED

KIND_NAMES = {
    "opportunities": "deals (Opportunity)",
    "stage_changes": "history of stages (OpportunityHistory)",
    "field_changes": "history of fields (OpportunityFieldHistory)",
}
TARGETS = {
    heading_key(name)
    for name in ("To Stage", "Zu Phase", "In Phase", "Vers l'étape", "A etapa", "Para a fase")
}
TARGETS |= {heading_key(name) for name in ("Alla fase", "Naar fase", "変更後フェーズ")}
"""Keys of headings of the stage that a change leads to."""
GROUPS = {"stage_changes": "change", "field_changes": "field"}


def recognise_salesforce(given: Recognition) -> Values:
    """Return the tables of a map for exports of Opportunity and its histories.

    Export headings in several languages, names of the API and the snake_case of warehouse copies are
    known. A file is the history of fields if it has old and new values; the history of stages if it has
    versions (``_fivetran_start``), a target stage, ids of its own next to those of the deals, or several
    rows per deal at different times; and else the deals.
    """
    tables: Values = {}
    roles = {name: _role(sheet) for name, sheet in given.sheets.items()}
    dated = bool({"stage_changes", "field_changes"} & set(roles.values()))
    for name, sheet in given.sheets.items():
        role = roles[name]
        given.log.note(f"{sheet.file} is read as {KIND_NAMES[role]}.")
        if role == "opportunities":
            columns = deal_columns(sheet, given, dated=dated)
            add_deals(tables, name, columns, drop_rules(sheet, role, columns, given), given)
        else:
            _add_history(tables, name, sheet, role, given)
    if tables and "opportunities" not in tables and "stage_changes" in tables:
        _deals_from_history(tables, given)
    return {"tables": tables}


def _role(sheet: Sheet) -> str:
    have = set(keys(sheet))
    field = recognised(sheet, names("field"))
    if {"field", "new_value"} <= set(field):
        return "field_changes"
    if {"fivetranstart", "fivetranend"} <= have or have & TARGETS or {"id", "opportunityid"} <= have:
        return "stage_changes"
    columns = recognised(sheet, names("change"))
    if "opportunity_id" not in columns or "changed_at" not in columns or "stage" not in columns:
        return "opportunities"
    ids = as_text(sheet.frame[columns["opportunity_id"]])
    if not ids.duplicated().any() or heading_key(columns["opportunity_id"]) in names("deal")["name"]:
        return "opportunities"
    differ = varying(sheet, columns["opportunity_id"])
    is_product = any(LINE.search(heading_key(heading)) for heading in differ)
    times = columns["changed_at"] in differ
    states = {columns.get(name) for name in ("stage", "amount", "close_date")} & differ
    return "stage_changes" if times and states and not is_product else "opportunities"


def _add_history(tables: Values, name: str, sheet: Sheet, role: str, given: Recognition) -> None:
    columns = recognised(sheet, names(GROUPS[role]))
    said = given.said_columns(role)
    missing = [column for column in REQUIRED[role] if column not in columns and column not in said]
    if missing:
        what = f"looks like {KIND_NAMES[role]} but has no column for {', '.join(missing)}"
        given.log.fault(sheet.file, what, f"Export it with these columns. {sheet.near(missing[0])}")
        return
    fault_ruined_ids(sheet, columns["opportunity_id"], given.log)
    table = tables.setdefault(role, {"file": [], "columns": {}, "drop": []})
    table["file"].append(name)
    table["columns"] = either(table["columns"], columns)
    table["drop"] += [r for r in drop_rules(sheet, role, columns, given) if r not in table["drop"]]


def _deals_from_history(tables: Values, given: Recognition) -> None:
    """Take the deals from the last row of each in the history, where that is the only file."""
    table = tables["stage_changes"]
    sheet = given.sheets[table["file"][0]]
    columns: Values = deal_columns(sheet, given, dated=True)
    columns["opportunity_id"] = table["columns"]["opportunity_id"]
    if columns.get("created_date") == table["columns"]["changed_at"]:
        columns.pop("created_date")
    columns["modified"] = table["columns"]["changed_at"]
    tables["opportunities"] = {"file": table["file"], "columns": columns, "drop": table["drop"]}
    given.log.note(f"{sheet.file} is the only file: the deals are taken from the last row of each.")
