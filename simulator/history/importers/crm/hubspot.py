"""Deals exports of HubSpot, with one column of dates for each stage."""

from __future__ import annotations

import re
from typing import Any

from simulator.history.importers.crm.headings import DEAL, recognised
from simulator.history.importers.import_log import ImportLog
from simulator.history.importers.readers.sheet import Sheet

Values = dict[str, Any]

ENTERED_LABEL = re.compile(r'^date entered ["“]?(?P<stage>.+?)["”]?$', re.I)
ENTERED_NAME = re.compile(r"^hs_(v2_)?date_entered_(?P<stage>.+)$", re.I)
PIPELINE_SUFFIX = re.compile(r"^(?P<stage>.+?)\s*\((?P<pipeline>[^()]*(?:\([^()]*\))?[^()]*)\)$")
NOT_STAGES = ("current stage", "current_stage")


def recognise_hubspot(sheets: dict[str, Sheet], log: ImportLog) -> Values:
    """Return the tables of a map for exports of deals, told by their headings or property names."""
    tables: Values = {}
    for name, sheet in sheets.items():
        columns = recognised(
            sheet, DEAL | {"opportunity_id": ("recordid", "objectid", "dealid", "id", "dealname")}
        )
        if "opportunity_id" not in columns or "stage" not in columns:
            what = "is no export of deals: it has no 'Record ID' or no 'Deal Stage'"
            log.fault(sheet.file, what, f"Export deals with all properties. {sheet.near('Record ID')}")
            continue
        _settle_segment(columns, sheet)
        spec: Values = dict(columns)
        spec["stage"] = {"column": columns["stage"]}
        table = tables.setdefault("opportunities", {"file": [], "columns": spec})
        table["file"].append(name)
        entered = stage_columns(sheet)
        if entered:
            dates = tables.setdefault("stage_dates", {"file": [], "columns": {}, "entered": entered})
            dates["file"].append(name)
            dates["columns"] = {"opportunity_id": columns["opportunity_id"]}
        else:
            log.note(
                f"{sheet.file} has no columns 'Date entered …': export all properties of the deals, or only "
                "their present stage is known."
            )
    return {"tables": tables}


def stage_columns(sheet: Sheet) -> dict[str, str]:
    """Return the headings that hold when a deal entered a stage, with the stage.

    Where an export has both generations of a property (``hs_date_entered_`` and ``hs_v2_``) the newer
    one is taken.
    """
    found: dict[str, tuple[str, bool]] = {}
    for heading in map(str, sheet.frame.columns):
        match = ENTERED_LABEL.match(heading.strip()) or ENTERED_NAME.match(heading.strip())
        if match is None or match["stage"].casefold() in NOT_STAGES:
            continue
        newer = heading.lower().startswith("hs_v2_")
        key = match["stage"]
        if key not in found or newer:
            found[key] = (heading, newer)
    return {heading: _label(stage, sheet) for stage, (heading, _) in found.items()}


def _label(stage: str, sheet: Sheet) -> str:
    """Return the name of a stage without its pipeline, unless deals carry it with the pipeline."""
    match = PIPELINE_SUFFIX.match(stage)
    if match is None:
        return stage
    column = sheet.find("Deal Stage")
    present = set(sheet.frame[column].astype("str")) if column else set()
    return stage if stage in present else match["stage"]


def _settle_segment(columns: dict[str, str], sheet: Sheet) -> None:
    """Leave out a pipeline as segment where there is only one."""
    heading = columns.get("segment")
    if heading is not None and heading.casefold() == "pipeline" and sheet.frame[heading].nunique() < 2:
        del columns["segment"]
