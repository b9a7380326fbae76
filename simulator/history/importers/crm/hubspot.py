"""Deals exports of HubSpot, with one column of dates for each stage."""

from __future__ import annotations

import re

from simulator.history.importers.crm.deals import (
    Recognition,
    Values,
    add_deals,
    deal_columns,
    drop_rules,
    either,
)
from simulator.history.importers.crm.headings import heading_of
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.readers.sheet import Sheet

ENTERED_LABEL = re.compile(
    r"^(?:date entered|datum (?:der |des )?(?:eingabe|eintritts?)(?: in)?|eingangsdatum|eintrittsdatum"
    r"|date d['\u2019](?:entrée|accès)(?: (?:dans|à))?|date de saisie|fecha de (?:entrada|ingreso)(?: en)?"
    r"|data de entrada(?: em)?|data (?:di )?(?:ingresso|inserimento)(?: in)?|datum ingevoerd|ステージ移行日)"
    r"[ :]*[\"“„«»]*\s*(?P<stage>.+?)\s*[\"“”»]*$",
    re.I,
)
ENTERED_NAME = re.compile(r"^hs_(v2_)?date_entered_(?P<stage>.+)$", re.I)
PIPELINE_SUFFIX = re.compile(r"^(?P<stage>.+?)\s*\((?P<pipeline>[^()]*(?:\([^()]*\))?[^()]*)\)$")
LEFT = re.compile(
    r"exit|verlassen|sorti|salida|sa[ií]da|uscita|verlaten|lämna|opuszcz|出た|離脱|終了|滞在|時間|期間", re.I
)
"""Words of headings that say when a deal left a stage, or how long it stayed."""
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
    if not found:
        return _by_stage_names(sheet)
    return {heading: _label(stage, sheet) for stage, (heading, _) in found.items()}


def _by_stage_names(sheet: Sheet) -> dict[str, str]:
    """Return the columns of dates whose heading holds the name of a stage, in whatever language."""
    column = heading_of(sheet, "stage")
    stages = sorted(as_text(sheet.frame[column]).dropna().unique(), key=len, reverse=True) if column else []
    found: dict[str, str] = {}
    for heading in map(str, sheet.frame.columns):
        stage = next((s for s in stages if str(s) in heading and str(s) != heading), None)
        cells = as_text(sheet.frame[heading]).dropna()
        if stage is None or LEFT.search(heading) or cells.empty or stage in found.values():
            continue
        if len(read_dates(cells, sheet).bad) == 0:
            found[heading] = str(stage)
    return found if len(found) > 1 else {}


def _label(stage: str, sheet: Sheet) -> str:
    """Return the name of a stage without its pipeline, unless deals carry it with the pipeline."""
    match = PIPELINE_SUFFIX.match(stage)
    if match is None:
        return stage
    column = heading_of(sheet, "stage")
    present = set(sheet.frame[column].astype("str")) if column else set()
    return stage if stage in present else match["stage"]
