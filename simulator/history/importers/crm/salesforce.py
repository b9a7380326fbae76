"""Exports of Salesforce: which file is what, told by its headings."""

from __future__ import annotations

from typing import Any

from simulator.history.importers.crm.headings import CHANGE, DEAL, FIELD, keys, recognised
from simulator.history.importers.fields.cells import as_flags, as_text
from simulator.history.importers.import_log import ImportLog
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.roles import REQUIRED

Values = dict[str, Any]

DELETED = ("isdeleted", "fivetrandeleted", "deleted")
KIND_NAMES = {
    "opportunities": "deals (Opportunity)",
    "stage_changes": "history of stages (OpportunityHistory)",
    "field_changes": "history of fields (OpportunityFieldHistory)",
}


def recognise_salesforce(sheets: dict[str, Sheet], keep_deleted: bool, log: ImportLog) -> Values:
    """Return the tables of a map for exports of Opportunity and its histories.

    Export headings, names of the API and the snake_case of warehouse copies are known. A file is the
    history of fields if it has old and new values; the history of stages if it has versions
    (``_fivetran_start``), a target stage, ids of its own beside those of the deals, or several rows
    per deal; and else the deals.
    """
    tables: Values = {}
    for name, sheet in sheets.items():
        role = _role(sheet)
        columns = recognised(
            sheet, {"opportunities": DEAL, "stage_changes": CHANGE, "field_changes": FIELD}[role]
        )
        missing = [column for column in REQUIRED[role] if column not in columns]
        if missing:
            what = f"looks like {KIND_NAMES[role]} but has no column for {', '.join(missing)}"
            log.fault(sheet.file, what, f"Export it with these columns. {sheet.near(missing[0])}")
            continue
        log.note(f"{sheet.file} is read as {KIND_NAMES[role]}.")
        drop = _drop_rules(sheet, role, columns, keep_deleted, log)
        _add(tables, role, name, {"columns": columns, "drop": drop}, log)
    if tables and "opportunities" not in tables and "stage_changes" in tables:
        _deals_from_history(tables, sheets, log)
    return {"tables": tables}


def _role(sheet: Sheet) -> str:
    have = set(keys(sheet))
    if "newvalue" in have and have & {"field", "fieldevent"}:
        return "field_changes"
    if {"fivetranstart", "fivetranend"} <= have or "tostage" in have or {"id", "opportunityid"} <= have:
        return "stage_changes"
    columns = recognised(sheet, CHANGE)
    if "opportunity_id" in columns and "changed_at" in columns and len(sheet.frame):
        ids = as_text(sheet.frame[columns["opportunity_id"]])
        if ids.nunique() < ids.notna().sum():
            return "stage_changes"
    return "opportunities"


def _add(tables: Values, role: str, name: str, table: Values, log: ImportLog) -> None:
    """Add one file to its table; a second file of the same kind must have the same headings."""
    if role not in tables:
        tables[role] = {"file": [name], **table}
    elif tables[role]["columns"] == table["columns"]:
        tables[role]["file"].append(name)
    else:
        what = f"is {KIND_NAMES[role]} like {tables[role]['file'][0]}, but its headings differ"
        log.fault(name, what, "Export both in the same way, or import one of them.")


def _drop_rules(
    sheet: Sheet, role: str, columns: dict[str, str], keep_deleted: bool, log: ImportLog
) -> list[Values]:
    have = keys(sheet)
    rules: list[Values] = []
    deleted = next((have[name] for name in DELETED if name in have), None)
    if deleted is not None and not keep_deleted:
        flags, _ = as_flags(as_text(sheet.frame[deleted]))
        if len(flags) and bool((flags == 1).all()):
            log.note(
                f"{sheet.file}: every row is marked as deleted ({deleted}), which no live CRM says of all "
                "its deals: the mark is passed over. If they are really gone, do not import the file."
            )
        else:
            rules.append({"column": deleted, "equals": ["true"], "reason": f"deleted in the CRM ({deleted})"})
    active = have.get("fivetranactive")
    ids = as_text(sheet.frame[columns["opportunity_id"]])
    if role == "opportunities" and active is not None and ids.duplicated().any():
        rules.append({"column": active, "equals": ["false"], "reason": f"older version of a deal ({active})"})
    return rules


def _deals_from_history(tables: Values, sheets: dict[str, Sheet], log: ImportLog) -> None:
    """Take the deals from the last row of each in the history, where that is the only file."""
    table = tables["stage_changes"]
    sheet = sheets[table["file"][0]]
    columns = recognised(sheet, DEAL) | {"opportunity_id": table["columns"]["opportunity_id"]}
    if "created_date" in columns and columns["created_date"] == table["columns"]["changed_at"]:
        columns.pop("created_date")
    by_id = {
        "duplicates": [columns["opportunity_id"]],
        "keep": "last",
        "reason": "earlier states of the same deal",
    }
    tables["opportunities"] = {"file": table["file"], "columns": columns, "drop": [*table["drop"], by_id]}
    log.note(f"{sheet.file} is the only file: the deals are taken from the last row of each.")
