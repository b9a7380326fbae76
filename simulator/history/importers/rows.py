"""Rows of a sheet: leaving some out by rule, and looking up columns in another sheet."""

from __future__ import annotations

from typing import Any

import pandas as pd

from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_text, look_up, map_unique
from simulator.history.importers.fields.words import meaning
from simulator.history.importers.import_log import ImportLog, listed
from simulator.history.importers.readers.sheet import Sheet, plain
from simulator.history.importers.specs import DropRule, JoinRule


def drop_rows(sheet: Sheet, table: str, rules: tuple[DropRule, ...], log: ImportLog) -> Sheet:
    """Return the sheet without the rows that the rules leave out; every rule that hits is recorded."""
    frame = sheet.frame
    for rule in rules:
        hit = _hit(sheet, frame, rule, log)
        if hit is None or not hit.any():
            continue
        rows = frame.index[hit]
        log.drop(table, sheet.file, reason_of(rule), len(rows), f"row {rows[0]}")
        frame = frame[~hit]
    return sheet.with_rows(frame)


def _hit(  # noqa: PLR0911  one for each test
    sheet: Sheet, frame: pd.DataFrame, rule: DropRule, log: ImportLog
) -> pd.Series[Any] | None:
    if rule.duplicates is not None:
        columns = [found(sheet, name, log) for name in rule.duplicates]
        known = [column for column in columns if column is not None]
        return frame.duplicated(known, keep=rule.keep) if len(known) == len(columns) else None
    column = found(sheet, str(rule.column), log)
    if column is None:
        return None
    text = as_text(frame[column])
    if rule.empty is not None:
        return text.isna() == rule.empty
    if rule.below is not None or rule.above is not None:
        numbers = read_amounts(frame[column]).numbers
        below, above = rule.below, rule.above
        return numbers < below if below is not None else numbers > above
    if rule.matches is not None:
        return text.str.contains(rule.matches, regex=True).fillna(False).astype(bool)
    if rule.equals is not None:
        return _is_any(text, rule.equals)
    return ~_is_any(text, rule.other_than or ())


def _is_any(text: pd.Series[Any], words: tuple[str, ...]) -> pd.Series[Any]:
    """Return whether each cell is one of the words, without regard to case; yes/no in any spelling."""
    wanted = {plain(word) for word in words}
    flags = {meaning("flag", word) for word in wanted & {"true", "false"}}

    def is_one(cell: str) -> bool:
        return plain(cell) in wanted or (bool(flags) and meaning("flag", cell) in flags)

    return map_unique(text, is_one).fillna("" in wanted).astype(bool)


def reason_of(rule: DropRule) -> str:
    """Return why a rule leaves rows out: as the map says, else in words of the rule."""
    if rule.reason:
        return rule.reason
    if rule.duplicates is not None:
        return f"another row with the same {listed(rule.duplicates)} is kept, the {rule.keep} one"
    if rule.empty is not None:
        return f"'{rule.column}' is {'empty' if rule.empty else 'not empty'}"
    for test in ("below", "above", "matches"):
        if (limit := getattr(rule, test)) is not None:
            return f"'{rule.column}' {'is ' if test != 'matches' else ''}{test} {limit}"
    if rule.equals is not None:
        return f"'{rule.column}' is {listed(rule.equals)}"
    return f"'{rule.column}' is not {listed(rule.other_than or ())}"


def join_columns(sheet: Sheet, rule: JoinRule, other: Sheet, log: ImportLog) -> Sheet:
    """Return the sheet with columns looked up in another one, by the first row that has the same key.

    Keys that are not found give empty cells and a note; keys that are there twice with different
    values are faults.
    """
    ours, theirs = next(iter(rule.on.items())) if isinstance(rule.on, dict) else (rule.on, rule.on)
    key, other_key = found(sheet, ours, log), found(other, theirs, log)
    sources = {name: found(other, heading, log) for name, heading in rule.take.items()}
    if key is None or other_key is None or None in sources.values():
        return sheet
    lookup = other.frame.assign(**{other_key: as_text(other.frame[other_key])})
    lookup = lookup.dropna(subset=[other_key])[[other_key, *dict.fromkeys(map(str, sources.values()))]]
    _fault_doubled_keys(other.file, other_key, lookup.drop_duplicates(), log)
    lookup = lookup.drop_duplicates(other_key).set_index(other_key)
    keys = as_text(sheet.frame[key])
    joined = {name: look_up(keys, lookup[source]) for name, source in sources.items()}
    lost = keys[keys.notna() & ~keys.isin(lookup.index)]
    if len(lost):
        log.note(
            f"{sheet.file}: {len(lost):,} rows whose '{key}' is not in {other.file} "
            f"({listed(lost.unique(), 5)}) get no {listed(rule.take)}"
        )
    return sheet.with_rows(sheet.frame.assign(**joined))


def _fault_doubled_keys(file: str, key: str, lookup: pd.DataFrame, log: ImportLog) -> None:
    doubled = lookup[lookup.duplicated(key)]
    if len(doubled):
        what = "'{value}' is there twice with different values, so that it cannot be looked up"
        log.cell_faults(file, key, doubled[key], what, "Keep one row for each.")


def found(sheet: Sheet, heading: str, log: ImportLog) -> str | None:
    """Return the sheet's spelling of a heading; record a fault if it is not there or there twice."""
    column = sheet.find(heading)
    if column is None:
        log.fault(sheet.file, f"has no column '{heading}'", sheet.near(heading))
    elif column in sheet.ambiguous:
        what = f"has two columns '{column}' with different contents"
        log.fault(sheet.file, what, "Rename one of them in the file.")
        return None
    if column is not None:
        log.used.add((sheet.file, column))
    return column
