"""Exports of Stripe, ChartMogul, Recurly and Baremetrics, and tables of monthly revenue."""

from __future__ import annotations

import re

import pandas as pd

from simulator.history.importers.balances import ANNUAL, MONTHLY, month_columns, read_heading
from simulator.history.importers.crm.deals import Recognition, Values
from simulator.history.importers.crm.headings import heading_key, keys, names, recognised, speaks_of
from simulator.history.importers.crm.unknown_headings import (
    likely_headings,
    quantity_times_price,
    unused,
)
from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.fields.dates import read_dates
from simulator.history.importers.fields.units import heading_unit
from simulator.history.importers.fields.words import codes, folded, words
from simulator.history.importers.import_log import listed, map_line
from simulator.history.importers.readers.sheet import Sheet
from simulator.history.importers.specs import SOURCES

BILLING = ("stripe", "chartmogul", "recurly", "baremetrics", "mrr")
PER_YEAR = {"day": 365.0, "week": 52.0, "month": 12.0, "quarter": 4.0, "year": 1.0, "annual": 1.0}
NEVER_PAID = ("trialing", "trial", "incomplete", "incomplete_expired", "in_trial", "future", "pending")
RUNNING = ("active", "past_due", "live", "unpaid")
MOVEMENTS = {
    "new": r"new|first",
    "expansion": r"expansion|upgrade|expand",
    "contraction": r"contraction|downgrade|contract",
    "churn": r"churn|cancel",
    "reactivation": r"reactivation|reactivate|resurrect",
}
CUSTOMER = "the customer"
IDS = ("id", "subscriptionid", "subscriptionuuid", "uuid", "contractnumber", "contractid")
"""Keys of headings of ids of subscriptions."""


def recognise_billing(kind: str, given: Recognition) -> Values:
    """Return the tables of a map for exports of a billing system, by what their rows are.

    A sheet with a column for each month, or with a month, a customer and an amount, holds balances; one with
    movements of MRR their changes; any other the subscriptions themselves.
    """
    tables: Values = {}
    for name, sheet in given.sheets.items():
        if len(month_columns(sheet)) >= 2:
            _add(tables, "balances", name, _wide(sheet, given), given)
        elif _movements(sheet):
            _add(tables, "arr_changes", name, _changes(sheet, given), given)
        elif kind == "mrr" or _is_long(sheet):
            _add(tables, "balances", name, _long(sheet, given), given)
        else:
            _add(tables, "subscriptions", name, _subscriptions(sheet, given, kind), given)
    if "subscriptions" in tables and "drop" not in given.said_table("subscriptions"):
        _fault_changed([given.sheets[name] for name in tables["subscriptions"]["file"]], given)
    return {"tables": tables}


def _fault_changed(sheets: list[Sheet], given: Recognition) -> None:
    """Ask which row counts of a subscription that is not the same in two files."""
    for key in IDS if len(sheets) > 1 else ():
        ids = [keys(sheet).get(key) for sheet in sheets]
        if None in ids or any(
            sheet.frame[str(h)].duplicated().any() for sheet, h in zip(sheets, ids, strict=True)
        ):
            continue
        rows = pd.concat([sheet.frame.astype("str") for sheet in sheets], join="inner").drop_duplicates()
        changed = rows.loc[rows[str(ids[0])].duplicated(), str(ids[0])] if ids[0] in rows else ()
        if len(changed):
            line = f"tables: {{subscriptions: {{drop: {{duplicates: {ids[0]!r}, keep: last}}}}}}"
            what = f"subscription {listed(changed, 3)} is there several times with different contents"
            remedy = f"Name the newest file last, and say in a map (--map map.yaml): {line}"
            given.log.fault(listed([sheet.file for sheet in sheets]), what, remedy)
        return


def _add(tables: Values, role: str, name: str, found: tuple[Values, Values], given: Recognition) -> None:
    """Add a file to a table; columns that files head differently are taken from either."""
    columns, more = found
    table = tables.setdefault(role, {**more, "file": [], "columns": {}, "drop": []})
    table["file"].append(name)
    table["drop"] += [rule for rule in more.get("drop", []) if rule not in table["drop"]]
    for ours, spec in columns.items():
        before = table["columns"].get(ours, spec)
        table["columns"][ours] = spec if before == spec else _of_either(before, spec, name, given)


def _of_either(first: Values | str, second: Values | str, name: str, given: Recognition) -> Values:
    """Return a column that two files head differently, or of which they have other words."""
    old: Values = {"column": first} if isinstance(first, str) else first
    new: Values = {"column": second} if isinstance(second, str) else second
    if old.get("times") != new.get("times"):
        what = f"'{new['column']}' counts otherwise than the same column of other files"
        given.log.fault(name, what, "Write both in the same unit, or import the files one by one.")
    headings = list(dict.fromkeys([*old.get("first_of", [old.get("column")]), new["column"]]))
    merged = {key: value for key, value in (old | new).items() if key not in ("column", "first_of")}
    if "values" in merged:
        merged["values"] = {**old.get("values", {}), **new.get("values", {})}
    return merged | ({"first_of": headings} if len(headings) > 1 else {"column": headings[0]})


def _a_year(heading: str) -> Values:
    """Return how a monthly amount is that of a year, in the unit that its heading names."""
    return {"column": heading, "times": 12 * heading_unit(heading)[2]}


def _need(sheet: Sheet, table: str, columns: Values, needed: tuple[str, ...], given: Recognition) -> None:
    said = given.said_columns(table)
    for column in needed:
        if column in columns or column in said:
            continue
        free = unused(sheet, columns)
        likely = likely_headings(sheet, column, free)
        what = f"no column is read as {column}; not used: {listed(free, 8)}"
        heading = likely[0] if likely else "<your heading>"
        if column != "arr" or speaks_of(heading, "annual"):
            remedy = f"Say it in a map (--map map.yaml): {map_line(table, column, repr(heading))}"
        else:
            times = 12 * heading_unit(heading)[2]
            source = quantity_times_price(free) or f"column: {heading!r}"
            line = map_line(table, column, f"{{{source}, times: {times:g}}}")
            remedy = (
                f"Say it in a map (--map map.yaml): {line} (per month), or times: {times / 12:g} (per year)"
            )
        given.log.fault(sheet.file, what, remedy)


def _wide(sheet: Sheet, given: Recognition) -> tuple[Values, Values]:
    months = month_columns(sheet)
    columns: Values = recognised(
        sheet, {k: v for k, v in names("balance").items() if k in ("customer_id", "currency")}
    )
    if "customer_id" not in columns:
        texts = [str(h) for h in sheet.frame.columns if str(h) not in months]
        if texts:
            columns["customer_id"] = texts[0]
    _need(sheet, "balances", columns, ("customer_id",), given)
    if any(
        read.is_quarter for month in months if (read := read_heading(month))
    ) and "times" not in given.said_table("balances"):
        what = "its columns are quarters: revenue of a quarter, or monthly revenue at its end?"
        line = "tables: {balances: {times: 4}}"
        given.log.fault(
            sheet.file, what, f"Say in a map (--map map.yaml): {line} (of a quarter), or times: 12"
        )
    said = list(filter(MONTHLY.search, months)) or [*months, sheet.file]
    annual = any(map(ANNUAL.search, said))
    _say_monthly(sheet, annual, given)
    return columns, {"months": "all", "times": 1.0 if annual else 12.0}


def _long(sheet: Sheet, given: Recognition) -> tuple[Values, Values]:
    columns: Values = recognised(sheet, names("balance"))
    annual = "arr" in columns
    if not annual and "mrr" in columns:
        columns["arr"] = _a_year(columns["mrr"])
    columns.pop("mrr", None)
    yearless = [str(h) for h in sheet.frame.columns if folded(h) in words("month")]
    if len(yearless) > 1:
        what = f"columns such as {listed(yearless, 3)} name months of no year"
        given.log.fault(sheet.file, what, "Write the year into each heading, such as Jan 2025.")
        return columns, {}
    _need(sheet, "balances", columns, ("customer_id", "month", "arr"), given)
    _doubt_payments(sheet, columns, given)
    _say_monthly(sheet, annual, given)
    return columns, {}


def _say_monthly(sheet: Sheet, annual: bool, given: Recognition) -> None:
    how = "ARR, as its headings say" if annual else "monthly revenue, times 12 (else import it with a map)"
    given.log.note(f"{sheet.file}: the amounts are taken for {how}.")


def _doubt_payments(sheet: Sheet, columns: Values, given: Recognition) -> None:
    """Find days all over the months: rows of invoices or payments, not of revenue by month."""
    if "month" not in columns:
        return
    days = read_dates(sheet.frame[str(columns["month"])], sheet).days.dropna()
    at_an_end = (days.dt.day == 1) | days.dt.is_month_end
    if not at_an_end.mean() < 0.5 or (days.dt.day == days.dt.day.iloc[0]).all():
        return
    what = f"'{columns['month']}' holds days all over the months: are the rows invoices or payments?"
    remedy = "Monthly revenue has a row per customer and month; if each row is that of a month, add --yes."
    given.log.conflict(sheet.file, what, remedy)


def _is_long(sheet: Sheet) -> bool:
    columns = recognised(sheet, names("balance"))
    if not {"customer_id", "month"} <= set(columns) or not {"mrr", "arr"} & set(columns):
        return False
    return bool(as_text(sheet.frame[columns["customer_id"]]).duplicated().any())


def _movements(sheet: Sheet) -> bool:
    columns = recognised(sheet, names("movement"))
    return "date" in columns and bool({"mrr_delta", "arr_delta"} & set(columns))


def _changes(sheet: Sheet, given: Recognition) -> tuple[Values, Values]:
    columns: Values = recognised(sheet, names("movement"))
    monthly = columns.pop("mrr_delta", None)
    if "arr_delta" not in columns and monthly is not None:
        columns["arr_delta"] = _a_year(monthly)
    source = columns.get("arr_delta")
    if source is not None and str(sheet.frame.columns[0]).islower():  # names of an API, which counts in cents
        heading = monthly or str(source)
        _ask_cents(sheet, heading, "arr_changes", "arr_delta", given)
    if "movement" in columns:
        cells = as_text(sheet.frame[str(columns["movement"])]).dropna().unique()
        known = {
            str(cell): ours
            for cell in cells
            for ours, pattern in MOVEMENTS.items()
            if re.search(rf"(?<![a-z])(?:{pattern})", str(cell).replace("_", " ").casefold())
        }
        columns["movement"] = {"column": columns["movement"], "values": known}
    _need(sheet, "arr_changes", columns, ("customer_id", "date", "arr_delta"), given)
    return columns, {}


def _subscriptions(sheet: Sheet, given: Recognition, kind: str) -> tuple[Values, Values]:
    wanted_names = names("subscription")
    if kind == "recurly":  # canceled there means not to be renewed: it runs until it expires
        wanted_names = {**wanted_names, "end_date": names("expiry")["end_date"]}
    found = recognised(sheet, wanted_names)
    wanted = ("customer_id", "start_date", "end_date", "currency", "segment")
    columns: Values = {name: found[name] for name in wanted if name in found}
    if "arr" in found:
        columns["arr"] = found["arr"]
    elif "mrr" in found:
        columns["arr"] = _a_year(found["mrr"])
    elif "unit_price" in found and not _is_said("arr", given):
        columns["arr"] = {"column": _yearly(sheet, found, given), "times": 1.0}
        _ask_cents(sheet, found["unit_price"], "subscriptions", "arr", given)
    _need(sheet, "subscriptions", columns, ("customer_id", "start_date", "arr"), given)
    drop = []
    if "status" in found:
        reason = "subscriptions that never paid (trials, incomplete)"
        never = [*NEVER_PAID, "paused"] if kind == "stripe" else list(NEVER_PAID)  # there after a trial only
        drop.append({"column": found["status"], "equals": never, "reason": reason})
        _running(sheet, found, columns, given, RUNNING + (("canceled",) if kind == "recurly" else ()))
    ended = re.search("cancel|churn|ended", heading_key(found.get("end_date", ""))) is not None
    return columns, {"drop": drop, "all_ended": "status" in found or ended}


def _is_said(column: str, given: Recognition) -> bool:
    """Return whether the map says where a column of subscriptions comes from, not only how it is read."""
    said = given.said_columns("subscriptions").get(column)
    return isinstance(said, str) or (isinstance(said, dict) and bool(set(said) & set(SOURCES)))


def _ask_cents(sheet: Sheet, heading: str, table: str, column: str, given: Recognition) -> None:
    """Ask whether amounts without any decimals are cents, as the APIs of billing systems have them."""
    said = given.said_columns(table).get(column)
    text = as_text(sheet.frame[heading]).dropna()
    numbers = read_amounts(text).numbers
    currencies = (
        set(as_text(sheet.frame[keys(sheet)["currency"]]).str.upper()) if "currency" in keys(sheet) else set()
    )
    whole = bool(len(text)) and bool(text.str.fullmatch(r"-?\d+").all()) and bool(numbers.abs().max() >= 100)
    if isinstance(said, dict) or not whole or (currencies and currencies <= codes("no_decimals")):
        return
    yearly = 12 if "mrr" in heading_key(heading) else 1
    what = f"'{heading}' has no decimals: it may be in cents, as the API has it"
    remedy = (
        f"Say in a map (--map map.yaml): {map_line(table, column, f'{{times: {yearly / 100:g}}}')} (cents) "
        f"or times: {yearly}"
    )
    given.log.fault(sheet.file, what, remedy)


def _running(
    sheet: Sheet, found: dict[str, str], columns: Values, given: Recognition, running: tuple[str, ...]
) -> None:
    """Empty the end of subscriptions that the status calls running: they only end at the end of a term."""
    if "end_date" not in found:
        return
    status = as_text(sheet.frame[found["status"]]).str.lower()
    planned = status.isin(running) & as_text(sheet.frame[found["end_date"]]).notna()
    if planned.any():
        heading = f"{found['end_date']} (ended)"
        given.add_column(sheet, heading, sheet.frame[found["end_date"]].mask(planned))
        columns["end_date"] = heading
        given.log.note(f"{sheet.file}: {int(planned.sum()):,} subscriptions still run; their end lies ahead.")


def _yearly(sheet: Sheet, found: dict[str, str], given: Recognition) -> Values | str:
    """Return price × quantity × intervals a year as a column of the sheet."""
    frame = sheet.frame
    price = read_amounts(frame[found["unit_price"]])
    if len(bad := pd.concat([price.bad, price.doubtful])):
        given.log.cell_faults(
            sheet.file, found["unit_price"], bad, "'{value}' is not an amount", "Correct it."
        )
    given.log.see_currencies("subscriptions", price.currencies, "arr")
    if "interval" not in found:
        what = f"nothing says whether '{found['unit_price']}' is per month or per year"
        remedy = (
            "Say it in a map: tables: {subscriptions: {columns: {arr: {column: "
            f"{found['unit_price']!r}, times: 12}}}}}}}} (monthly) or times: 1"
        )
        given.log.fault(sheet.file, what, remedy)
        return found["unit_price"]
    interval = as_text(frame[found["interval"]]).str.lower()
    per_year = interval.map(lambda cell: next((n for word, n in PER_YEAR.items() if word in str(cell)), None))
    unknown = interval[per_year.isna() & interval.notna()]
    if len(unknown):
        what = "'{value}' is no interval such as month or year"
        given.log.cell_faults(sheet.file, found["interval"], unknown, what, "Write month or year.")
    factor = per_year.astype("float64")
    if "interval_count" in found:
        factor = factor / read_amounts(frame[found["interval_count"]]).numbers.fillna(1.0)
    quantity = read_amounts(frame[found["quantity"]]).numbers.fillna(1.0) if "quantity" in found else 1.0
    heading = "price × quantity × intervals a year"
    scale = heading_unit(found["unit_price"])[2]
    given.add_column(sheet, heading, price.numbers * scale * quantity * factor)
    given.log.used |= {(sheet.file, found[n]) for n in ("unit_price", "quantity", "interval") if n in found}
    return heading
