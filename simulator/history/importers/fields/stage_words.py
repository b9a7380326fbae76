"""The words by which CRMs name forecast categories and closed stages."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

from simulator.history.importers.fields.cells import map_unique
from simulator.history.importers.import_log import ImportLog, listed

CATEGORY_WORDS = {
    "omitted": "omitted",
    "notforecasted": "omitted",
    "dontforecast": "omitted",
    "pipeline": "pipeline",
    "bestcase": "best_case",
    "upside": "best_case",
    "mostlikely": "best_case",
    "likely": "best_case",
    "forecast": "commit",
    "commit": "commit",
    "closed": "closed",
    "closedwon": "closed",
}
"""Forecast categories of CRMs, letters only, and ours."""

WON = re.compile(r"\b(closed?[ _-]*won|won|signed|booked)\b", re.I)
LOST = re.compile(
    r"\b(closed?[ _-]*lost|lost|no[ _-]*decision|dead|disqualified|cancell?ed|abandoned)\b", re.I
)
CLOSED_KEYS = {"closedwon": "won", "closedlost": "lost_no_decision"}


def category_words(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Return the forecast categories of a CRM as ours; words that are not known are missing."""
    return map_unique(cells, lambda cell: CATEGORY_WORDS.get(_letters(cell))).astype("str")


def end_by_name(stage: str) -> str | None:
    """Return the outcome that the name of a stage tells, or None."""
    if _letters(stage) in CLOSED_KEYS:
        return CLOSED_KEYS[_letters(stage)]
    if LOST.search(stage):
        return "lost_no_decision"
    return "won" if WON.search(stage) else None


def note_most_likely(cells: pd.Series[Any], log: ImportLog) -> None:
    """Say that "Most Likely" counts as best case, where a CRM uses it, and which words were not known."""
    words = cells.dropna().unique()
    if any(_letters(word) in ("mostlikely", "likely") for word in words):
        log.note("Forecast category Most Likely counts as best_case.")
    unknown = [word for word in words if _letters(word) not in CATEGORY_WORDS]
    if unknown:
        log.note(f"Forecast categories that are not known and were passed over: {listed(unknown, 6)}.")


def _letters(cell: str) -> str:
    return re.sub(r"[^a-z]", "", str(cell).casefold())
