"""Columns that say how deals ended by what stands in them, under whatever heading."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from simulator.history.importers.fields.cells import as_flags, as_text
from simulator.history.importers.fields.stage_words import end_by_name, outcome_word
from simulator.history.importers.fields.words import folded, phrases, words
from simulator.history.importers.readers.sheet import Sheet

if TYPE_CHECKING:
    from simulator.history.importers.crm.deals import Recognition, Values


def add_ends(sheet: Sheet, columns: dict[str, str], given: Recognition) -> None:
    """Add columns that say how deals ended by what stands in them: yes and no, or won, lost and open."""
    free = [str(h) for h in sheet.frame.columns if str(h) not in columns.values()]
    for column, heading in _flag_columns(sheet, free).items():
        if column not in columns and "outcome" not in columns:
            columns[column] = heading
    stages = as_text(sheet.frame[columns["stage"]]).dropna().unique() if "stage" in columns else ()
    said = {"outcome", "is_won", "is_closed", "category", "probability"} & (
        set(columns) | set(given.said_columns())
    )
    if said or any(end_by_name(stage) for stage in stages):
        return
    for heading in free:
        cells = as_text(sheet.frame[heading]).dropna().unique()
        ends = {outcome_word(cell) for cell in cells[:20]}
        if (
            len(cells) <= 20
            and None not in ends
            and "won" in ends
            and any(str(e)[:4] == "lost" for e in ends)
        ):
            given.log.note(f"{sheet.file}: '{heading}' says which deals are won, lost and open.")
            columns["outcome"] = heading
            return


def _flag_columns(sheet: Sheet, headings: list[str]) -> dict[str, str]:
    """Return the columns of yes and no whose headings say won or closed, in whatever language."""
    found: dict[str, str] = {}
    won = {phrase for phrase, end in phrases("ends").items() if end == "won" and " " not in phrase}
    for heading in headings:
        text = folded(heading)
        tokens = set(re.findall(r"[^\W\d_]+", text))
        column = "is_closed" if _names_one(text, tokens, words("closed")) else None
        column = "is_won" if _names_one(text, tokens, won) else column
        if column is None or column in found or end_by_name(heading) == "lost_no_decision":
            continue
        flags, bad = as_flags(as_text(sheet.frame[heading]))
        if bad.empty and set(flags.dropna()) == {0.0, 1.0}:
            found[column] = heading
    return found


def lost_flag(sheet: Sheet, columns: Values, given: Recognition) -> Values:
    """Return the outcome by a mark of lost deals, such as "Is Closed Lost" next to that of won ones."""
    known = set(columns) | set(given.said_columns())
    won = columns.get("is_won")
    if {"outcome", "is_closed"} & known or not isinstance(won, str):
        return {}
    is_won = as_flags(as_text(sheet.frame[won]))[0]
    for heading in map(str, sheet.frame.columns):
        if heading in columns.values() or end_by_name(heading) != "lost_no_decision":
            continue
        cells = as_text(sheet.frame[heading])
        lost, bad = as_flags(cells)
        if bad.empty and set(lost.dropna()) == {0.0, 1.0} and not ((lost == 1) & (is_won == 1)).any():
            words_ = {str(cell): "lost" for cell in cells[lost == 1].unique()}
            given.log.note(f"{sheet.file}: '{heading}' says which deals are lost.")
            return {"outcome": {"column": heading, "values": words_, "others": "empty"}}
    return {}


def _names_one(text: str, tokens: set[str], known: Iterable[str]) -> bool:
    return any(word in tokens if word.isascii() else word in text for word in known)
