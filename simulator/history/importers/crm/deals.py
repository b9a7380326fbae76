"""The columns of a file of deals, whatever CRM wrote it; what is missing is said with its remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

from simulator.history.importers.crm.deal_currency import column_of_codes, settle_currency
from simulator.history.importers.crm.deal_ends import add_ends, lost_flag
from simulator.history.importers.crm.headings import (
    heading_key,
    heading_of,
    is_converted,
    keys,
    names,
    recognised,
    speaks_of,
)
from simulator.history.importers.crm.unknown_headings import (
    columns_by_words,
    fault_missing,
    is_date,
    likely_headings,
    share,
    unused,
)
from simulator.history.importers.fields.cells import as_flags, as_text
from simulator.history.importers.import_log import ImportLog, listed, map_line
from simulator.history.importers.lines import lines_rule
from simulator.history.importers.readers.sheet import Sheet

Values = dict[str, Any]

ENDS = ("stage", "outcome", "is_won", "won_date")
RUINED = r"\d[.,]\d+E\+?\d+"
ALWAYS = (("opportunity_id",), ("amount",))
DAYS_OF_ENDS = ("close_date", "closed_date", "won_date", "lost_date")
DELETED = (
    *("isdeleted", "fivetrandeleted", "deleted"),
    *("archived", "isarchived", "archiviert", "archive", "archivado"),
)


@dataclass(frozen=True)
class Recognition:
    """What a recogniser works with: the files, what the user's map says of them, and the log."""

    sheets: dict[str, Sheet]
    said: Values
    log: ImportLog

    def said_table(self, table: str) -> Values:
        """Return what the map says of a table."""
        tables = self.said.get("tables")
        spec = tables.get(table) if isinstance(tables, dict) else None
        return spec if isinstance(spec, dict) else {}

    def said_columns(self, table: str = "opportunities") -> Values:
        """Return the columns that the map gives for a table; None where it takes one away."""
        columns = self.said_table(table).get("columns")
        return columns if isinstance(columns, dict) else {}

    def add_column(self, sheet: Sheet, heading: str, values: pd.Series[Any]) -> None:
        """Add a column computed from others; it is not in the file, so that no written map can name it."""
        sheet.frame[heading] = values
        self.log.headings[sheet.file].add(heading)
        self.log.computed.add(heading)


def deal_columns(
    sheet: Sheet,
    given: Recognition,
    *,
    without: Iterable[str] = ("outcome",),
    dated: bool = False,
    ids: str | None = None,
) -> dict[str, str]:
    """Return the columns of a file of deals, and record what is missing as faults.

    Parameters
    ----------
    without : iterable of str
        Columns that this CRM does not have under such a heading.
    dated : bool
        Whether other files or columns say when the deals were created.
    ids : str, optional
        Heading of the ids, where it is known by other means.
    """
    said = given.said_columns()
    columns = _under_known_headings(sheet, without, ids, said)
    if "opportunity_id" not in columns and "opportunity_id" not in said:
        _names_for_ids(sheet, columns, given.log)
    if "currency" not in columns and "currency" not in said:
        columns |= column_of_codes(sheet, columns)
    columns |= columns_by_words(sheet, columns, set(said), given.log)
    named = _headings(said.get("amount"), sheet)
    if not named or any(is_converted(heading) for heading in named):
        settle_currency(sheet, columns, given.log)
    _settle_segment(sheet, columns)
    _settle_days(sheet, columns)
    add_ends(sheet, columns, given)
    known = set(columns) | {name for name, value in said.items() if value is not None}
    wanted = (*ALWAYS, ENDS) if dated else (*ALWAYS, ("created_date",), ENDS, DAYS_OF_ENDS)
    if not dated and "close_date" not in known and known & set(DAYS_OF_ENDS):
        _note_no_due_day(sheet, columns, given.log)
    fault_missing(sheet, [some[0] for some in wanted if not known & set(some)], columns, given.log)
    if "opportunity_id" in columns:
        fault_ruined_ids(sheet, columns["opportunity_id"], given.log)
    return columns


def _note_no_due_day(sheet: Sheet, columns: dict[str, str], log: ImportLog) -> None:
    """Say that open deals have no day on which they may close, and which column may be it."""
    likely = likely_headings(sheet, "close_date", unused(sheet, columns))
    if likely:
        line = map_line("opportunities", "close_date", repr(likely[0]))
        log.note(
            f"{sheet.file}: no column is read as the day that open deals are expected to close; it may be "
            f"{listed([repr(heading) for heading in likely], 3)}: {line}."
        )


def _under_known_headings(
    sheet: Sheet, without: Iterable[str], ids: str | None, said: Values
) -> dict[str, str]:
    """Return the columns whose headings are known, but for those that the map takes away."""
    aside = {*without, "name", "deal_amount", "converted_currency", "period"}
    columns = recognised(sheet, {k: v for k, v in names("deal").items() if k not in aside})
    if not set(ENDS) & set(columns) and (status := heading_of(sheet, "outcome")) is not None:
        columns["stage"] = status
    if ids is not None:
        columns["opportunity_id"] = ids
    taken_away = {heading_key(str(name)) for name, value in said.items() if value is None}
    return {
        ours: heading
        for ours, heading in columns.items()
        if heading_key(heading) not in taken_away or ours in said
    }


def _names_for_ids(sheet: Sheet, columns: dict[str, str], log: ImportLog) -> None:
    """Take numbers or names of deals as their ids, where no two deals have the same."""
    numbers = [
        h
        for h in likely_headings(sheet, "opportunity_id", unused(sheet, columns))
        if speaks_of(h, "opportunity_id")
    ]
    if numbers:
        log.note(f"{sheet.file}: '{numbers[0]}' is taken for the id of each deal: it never repeats.")
        columns["opportunity_id"] = numbers[0]
        return
    name = heading_of(sheet, "name")
    if name is None:
        return
    text = as_text(sheet.frame[name])
    doubled = text[text.duplicated(keep=False) & text.notna()]
    if doubled.empty:
        log.note(
            f"{sheet.file} has no column of ids: deals are distinguished by '{name}', which never repeats."
        )
        columns["opportunity_id"] = name
        return
    created = columns.get("created_date")
    what = f"has no column of ids, and '{name}' names several deals: {listed(doubled.unique(), 3)}"
    both = f"{{opportunity_id: {{together: ['{name}', '{created}']}}}}" if created else ""
    hint = f" Or in a map: tables: {{opportunities: {{columns: {both}}}}}" if created else ""
    log.fault(sheet.file, what, f"Export the id of the deals too.{hint}")
    columns["opportunity_id"] = name


def _settle_segment(sheet: Sheet, columns: dict[str, str]) -> None:
    """Leave out a pipeline as segment where there is only one."""
    heading = columns.get("segment")
    if heading is not None and heading_key(heading) == "pipeline" and sheet.frame[heading].nunique() < 2:
        del columns["segment"]


def _settle_days(sheet: Sheet, columns: dict[str, str]) -> None:
    """Take columns called closed or won that hold days for the days of closing and winning."""
    for flag, day in (("is_closed", "closed_date"), ("is_won", "won_date")):
        if flag in columns and day not in columns and share(sheet, columns[flag], is_date) > 0.8:
            columns[day] = columns.pop(flag)


def fault_ruined_ids(sheet: Sheet, heading: str, log: ImportLog) -> None:
    """Name ids that a spreadsheet has turned into rounded numbers."""
    if pd.api.types.is_numeric_dtype(sheet.frame[heading].dtype):
        return
    cells = sheet.frame[heading]
    text = as_text(cells[cells.astype("str").str.contains("E+", regex=False, na=False)])
    ruined = text[text.str.fullmatch(RUINED).fillna(False).astype(bool)]
    if len(ruined):
        what = "'{value}' is what a spreadsheet leaves of a long id: its last digits are lost"
        remedy = (
            "Export the file again, and do not save it from a spreadsheet (or import the column as text)."
        )
        log.cell_faults(sheet.file, heading, ruined, what, remedy)


def drop_rules(sheet: Sheet, role: str, columns: dict[str, str], given: Recognition) -> list[Values]:
    """Return the rules for rows that the CRM marks as deleted or replaced."""
    have = keys(sheet)
    rules: list[Values] = []
    deleted = next((have[name] for name in DELETED if name in have), None)
    if deleted is not None and given.said.get("deleted") != "keep":
        flags, _ = as_flags(as_text(sheet.frame[deleted]))
        if len(flags) and bool((flags == 1).all()):
            given.log.note(
                f"{sheet.file}: every row is marked as deleted ({deleted}), which no live CRM says of all "
                "its deals: the mark is passed over. If they are really gone, do not import the file."
            )
        else:
            _ask_archived(sheet, deleted, int((flags == 1).sum()), given)
            rules.append({"column": deleted, "equals": ["true"], "reason": f"deleted in the CRM ({deleted})"})
    active = have.get("fivetranactive")
    versions = role == "opportunities" and active is not None and "opportunity_id" in columns
    if versions and as_text(sheet.frame[columns["opportunity_id"]]).duplicated().any():
        rules.append({"column": active, "equals": ["false"], "reason": f"older version of a deal ({active})"})
    return rules


def _ask_archived(sheet: Sheet, heading: str, n: int, given: Recognition) -> None:
    """Ask whether archived deals count; HubSpot's API calls deleted ones ``archived``."""
    key = heading_key(heading)
    if n and "archiv" in key and key != "archived" and "deleted" not in given.said:
        what = f"{n:,} deals are archived ('{heading}'): put out of sight, or gone?"
        remedy = "Say in a map: deleted: keep (they count) or deleted: drop (they are left out)"
        given.log.fault(sheet.file, what, remedy)


def add_deals(tables: Values, name: str, columns: Values, drop: list[Values], given: Recognition) -> None:
    """Add a file to the table of deals; a column that files head differently is taken from either."""
    table = tables.setdefault("opportunities", {"file": [], "columns": {}, "drop": []})
    table["file"].append(name)
    table["drop"] += [rule for rule in drop if rule not in table["drop"]]
    columns = columns | lost_flag(given.sheets[name], columns, given)
    table["columns"] = either(table["columns"], columns)
    if isinstance(columns.get("opportunity_id"), str):
        sheet = given.sheets[name]
        sources = {ours: _headings(spec, sheet) for ours, spec in columns.items()}
        said = {ours: _headings(spec, sheet) for ours, spec in given.said_columns().items()}
        rule = lines_rule(sheet, sources | {ours: found for ours, found in said.items() if found}, given.log)
        if rule is not None:
            table["lines"] = rule


def _headings(spec: object, sheet: Sheet) -> set[str]:
    """Return the headings of a sheet that a column is taken from; a product or quotient has several."""
    found = spec if isinstance(spec, dict) else {"column": spec}
    named = [found.get(way) for way in ("column", "product_of", "quotient_of")]
    keyed = {
        str(heading).casefold() for way in named for heading in (way if isinstance(way, list) else [way])
    }
    return {heading for heading in map(str, sheet.frame.columns) if heading.casefold() in keyed}


def either(first: Values, second: Values) -> Values:
    """Return columns of two files: one heading where they agree, else the first of both that is there.

    Converted amounts, and their currency, come before others, which the file of these may have too.
    """
    result = dict(first)
    for ours, heading in second.items():
        if ours not in result or result[ours] == heading:
            result[ours] = heading
            continue
        if isinstance(heading, dict) or (isinstance(result[ours], dict) and "first_of" not in result[ours]):
            continue  # a column with words of its own is no choice of headings: the first file's stays
        old = result[ours]["first_of"] if isinstance(result[ours], dict) else [result[ours]]
        both = dict.fromkeys([*old, heading])
        result[ours] = {"first_of": sorted(both, key=lambda one: not is_converted(str(one)))}
    return result
