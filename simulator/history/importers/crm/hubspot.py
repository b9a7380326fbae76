"""Deals exports of HubSpot, with one column of dates for each stage."""

from __future__ import annotations

import re
from typing import Any

from simulator.history.importers.crm.deals import Recognition, add_deals, deal_columns, drop_rules, either
from simulator.history.importers.crm.headings import names, recognised
from simulator.history.importers.readers.sheet import Sheet

Values = dict[str, Any]

ENTERED_LABEL = re.compile(
    r"^(?:date entered|datum (?:der |des )?(?:eingabe|eintritts?)(?: in)?|eingangsdatum|eintrittsdatum"
    r"|date d['\u2019](?:entrée|accès)(?: (?:dans|à))?|date de saisie|fecha de (?:entrada|ingreso)(?: en)?"
    r"|data de entrada(?: em)?|data (?:di )?(?:ingresso|inserimento)(?: in)?|datum ingevoerd|ステージ移行日)"
    r"[ :]*[\"“„«»]*\s*(?P<stage>.+?)\s*[\"“”»]*$",
    re.I,
)
ENTERED_NAME = re.compile(r"^hs_(v2_)?date_entered_(?P<stage>.+)$", re.I)
PIPELINE_SUFFIX = re.compile(r"^(?P<stage>.+?)\s*\((?P<pipeline>[^()]*(?:\([^()]*\))?[^()]*)\)$")
NOT_STAGES = ("current stage", "current_stage")


def recognise_hubspot(given: Recognition) -> Values:
    """Return the tables of a map for exports of deals, by their headings or names of properties."""
    tables: Values = {}
    for name, sheet in given.sheets.items():
        entered = stage_columns(sheet)
        columns = deal_columns(sheet, given, dated=bool(entered))
        add_deals(tables, name, columns, drop_rules(sheet, "opportunities", columns, given), given)
        if entered and "opportunity_id" in columns:
            dates = tables.setdefault("stage_dates", {"file": [], "columns": {}, "entered": {}})
            dates["file"].append(name)
            dates["entered"] |= entered
            dates["columns"] = either(dates["columns"], {"opportunity_id": columns["opportunity_id"]})
        elif not entered:
            given.log.note(
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
    column = recognised(sheet, {"stage": names("deal")["stage"]}).get("stage")
    present = set(sheet.frame[column].astype("str")) if column else set()
    return stage if stage in present else match["stage"]
