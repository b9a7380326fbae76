"""Columns under headings that no list holds: taken by a word of the heading, or asked by their cells."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

import pandas as pd

from simulator.history.importers.crm.headings import heading_key, is_converted, names, speaks_of
from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.fields.day_order import ISO, PARTS
from simulator.history.importers.fields.named_days import iso_day
from simulator.history.importers.import_log import COUNT_DEALS, ImportLog, listed, map_line
from simulator.history.importers.readers.sheet import Sheet

MEANINGS = {
    "opportunity_id": "the id of the deal",
    "stage": "the stage of the deal, or won, lost and open",
    "amount": "the amount",
    "created_date": "the day the deal was created",
    "close_date": "the day the deal closed, or is expected to",
}
BY_WORDS = {"owner": "the owner", "source": "the source", "loss_reason": "the reason of loss"}
"""Columns that no deal needs and that one word of a heading names."""
HEAD = 200
MOST_SEGMENTS, MOST_STAGES = 12, 30
MANY_MISSING = 4


def columns_by_words(sheet: Sheet, columns: dict[str, str], said: set[str], log: ImportLog) -> dict[str, str]:
    """Return columns that help, such as the owner, by a word of their headings; say which may be a segment.

    Parameters
    ----------
    columns : dict of str to str
        Those found so far, with their headings.
    said : set of str
        Columns of which the map says something.
    """
    found: dict[str, str] = {}
    for ours, meaning in BY_WORDS.items():
        free = unused(sheet, {**columns, **found})
        fits = [h for h in free if speaks_of(h, ours) and not speaks_of(h, "not_used") and _repeats(sheet, h)]
        if ours in columns or ours in said or not fits:
            continue
        if len(fits) > 1:
            which = listed([f"'{heading}'" for heading in fits])
            line = map_line("opportunities", ours, repr(fits[0]))
            log.note(f"{sheet.file}: {meaning} may be {which}: say which in a map: {line}.")
            continue
        log.note(f"{sheet.file}: '{fits[0]}' is taken for {meaning} of each deal, by its name.")
        found[ours] = fits[0]
    if "segment" not in columns and "segment" not in said:
        _propose_segment(sheet, {**columns, **found}, log)
    return found


def unused(sheet: Sheet, columns: dict[str, str]) -> list[str]:
    """Return the headings that no column of ours is taken from."""
    return [str(heading) for heading in sheet.frame.columns if str(heading) not in columns.values()]


def _repeats(sheet: Sheet, heading: str) -> bool:
    """Return whether a column holds words of which most are there more than once, as names of people are."""
    cells = as_text(sheet.frame[heading]).dropna()
    few = len(cells) > 0 and (2 * cells.nunique() <= len(cells) or len(cells) < 4)
    return few and not share(sheet, heading, is_date) and share(sheet, heading, _is_number) < 0.5


def _propose_segment(sheet: Sheet, columns: dict[str, str], log: ImportLog) -> None:
    counts = {
        h: n
        for h in unused(sheet, columns)
        if speaks_of(h, "segment")
        and 2 <= (n := sheet.frame[h].nunique()) <= MOST_SEGMENTS
        and _repeats(sheet, h)
    }
    if counts:
        shown = listed([f"'{heading}' ({n} values)" for heading, n in counts.items()], 4)
        line = map_line("opportunities", "segment", repr(next(iter(counts))))
        log.note(f"{sheet.file}: all deals are in one segment; columns that may be one: {shown}: {line}.")


def fault_missing(sheet: Sheet, missing: list[str], columns: dict[str, str], log: ImportLog) -> None:
    """Say what was looked for, which headings may be meant, and the line of a map that says all of it."""
    free = unused(sheet, columns)
    likely = {column: likely_headings(sheet, column, free) for column in missing}
    specs: dict[str, str] = {}
    for column, headings in likely.items():
        untaken = [heading for heading in headings if repr(heading) not in specs.values()]
        specs[column] = _spec(column, free, untaken)
    whole = ", ".join(f"{column}: {spec}" for column, spec in specs.items())
    if {"opportunity_id", "amount", "created_date"} <= set(missing) or len(missing) >= MANY_MISSING:
        what = f"is no list of deals: no column is read as {listed([MEANINGS[name] for name in missing])}"
        line = f"tables: {{opportunities: {{columns: {{{whole}}}}}}}"
        remedy = (
            "Export a row for each deal: a pivot has only sums, and other tables need not be named. If it is "
            f"a list of deals, say in a map (--map map.yaml): {line}"
        )
        log.fault(sheet.file, what, remedy)
        return
    for column, headings in likely.items():
        tried = [name for name in names("deal")[column] if not is_converted(name)][:6]
        shown = listed([f"'{heading}'" for heading in headings or free], 6)
        looked = f"looked for {listed(tried)}; not used: {shown}"
        what = f"no column is read as {MEANINGS[column]} ({column}); {looked}"
        remedy = f"Say it in a map (--map map.yaml): tables: {{opportunities: {{columns: {{{whole}}}}}}}"
        weighted = [heading for heading in free if speaks_of(heading, "weighted")]
        if column == "amount" and weighted:
            remedy += f"; '{weighted[0]}' only if it is not weighted by the chance of winning"
        if column == "amount" and not headings:
            remedy += f", or count deals: {COUNT_DEALS}"
        log.fault(sheet.file, what, remedy)


def _spec(column: str, free: list[str], likely: list[str]) -> str:
    """Return where a map is to take a column from: quantity × price, and a year of a monthly value, too."""
    product = quantity_times_price(free)
    if column == "amount" and product:
        return f"{{{product}}}"
    if column == "amount" and likely and speaks_of(likely[0], "monthly"):
        return f"{{column: {likely[0]!r}, times: 12}}"
    return repr(likely[0] if likely else "<your heading>")


def quantity_times_price(free: list[str]) -> str:
    """Return the source of an amount in a map where headings speak of quantity and price; else nothing."""
    price = [h for h in free if speaks_of(h, "price")]
    quantity = [h for h in free if speaks_of(h, "quantity") and h not in price]
    return f"product_of: [{quantity[0]!r}, {price[0]!r}]" if quantity and price else ""


def likely_headings(sheet: Sheet, column: str, free: list[str]) -> list[str]:
    """Return unused headings whose cells look like what a column needs, the likeliest first."""
    if column.endswith(("date", "_at", "month")):
        fits = [heading for heading in free if share(sheet, heading, is_date) > 0.8]
        return _by_time(sheet, fits, latest_first=column == "close_date")
    if column in ("amount", "arr", "arr_delta"):
        fits = [h for h in free if share(sheet, h, _is_number) > 0.8 and share(sheet, h, is_date) < 0.5]
        aside = ("weighted", "quantity", "opportunity_id")
        fits = [h for h in fits if not any(speaks_of(h, word) for word in aside)]
    elif column.endswith("_id"):
        fits = [h for h in free if _is_unique(sheet, h) and share(sheet, h, is_date) < 0.5]
        fits.sort(key=lambda heading: not speaks_of(heading, "opportunity_id"))
        return fits
    else:
        fits = [h for h in free if 2 <= sheet.frame[h].nunique() <= MOST_STAGES and _repeats(sheet, h)]
    close = difflib.SequenceMatcher
    return sorted(fits, key=lambda heading: -close(None, heading_key(heading), heading_key(column)).ratio())


def _by_time(sheet: Sheet, headings: list[str], *, latest_first: bool) -> list[str]:
    """Return columns of dates in the order of their middle days: what is created comes before it closes."""
    middle = {h: read_dates(sheet.frame[h], sheet).days.median() for h in headings}
    known = [h for h in headings if not pd.isna(middle[h])]
    return sorted(known, key=lambda heading: middle[heading], reverse=latest_first) or headings


def _is_unique(sheet: Sheet, heading: str) -> bool:
    cells = as_text(sheet.frame[heading])
    return bool(cells.notna().all() and not cells.duplicated().any())


def share(sheet: Sheet, heading: str, is_one: Callable[[str], bool]) -> float:
    """Return the share of the first filled cells of a column that are of a kind."""
    cells = as_text(sheet.frame[heading]).dropna().head(HEAD)
    return sum(map(is_one, cells)) / len(cells) if len(cells) else 0.0


def is_date(cell: str) -> bool:
    """Return whether a cell is a day, in whatever form."""
    return any((re.fullmatch(ISO, cell), PARTS.match(cell), iso_day(cell)))


def _is_number(cell: str) -> bool:
    return bool(read_amounts(pd.Series([cell], dtype="str")).numbers.notna()[0])
