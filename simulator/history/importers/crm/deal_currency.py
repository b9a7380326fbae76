"""The currency of the amounts of deals: converted ones, one of several columns, a column of codes."""

from __future__ import annotations

from simulator.history.importers.crm.headings import heading_key, is_converted, keys, names
from simulator.history.importers.crm.unknown_headings import share
from simulator.history.importers.fields.amounts import currency_codes, read_amounts
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.fields.units import heading_unit
from simulator.history.importers.fields.words import codes
from simulator.history.importers.import_log import ImportLog
from simulator.history.importers.readers.sheet import Sheet

CENT = 0.01
"""Difference below which amounts before and after converting are the same."""


def settle_currency(sheet: Sheet, columns: dict[str, str], log: ImportLog) -> None:
    """Name the currency of converted amounts, and keep the amount before it was converted."""
    amount = columns.get("amount", "")
    if not is_converted(amount):
        if amount and "currency" in columns:
            _take_one_currency(sheet, columns, log)
        return
    have = keys(sheet)
    own = next((have[key] for key in names("deal")["deal_amount"] if key in have), None)
    converted = next((have[key] for key in names("deal")["converted_currency"] if key in have), None)
    currency = columns.pop("currency", None)
    if "won_amount" in columns and not is_converted(columns["won_amount"]):
        log.note(f"{sheet.file}: '{columns.pop('won_amount')}' is not converted, and is left out.")
    if own is not None and own != amount:
        columns["own_amount"] = own
    if converted is not None:
        columns["currency"] = converted
    elif currency is not None:
        company = _company_currency(sheet, amount, own, currency)
        if company is not None:
            log.note(
                f"{sheet.file}: '{amount}' is in {company}: deals in {company} have the same amount twice."
            )
            log.file_currency[sheet.file] = company  # other files of the table may be in another
        elif not heading_unit(amount)[1]:
            log.note(f"{sheet.file} does not say the currency of '{amount}': write currency: USD in a map.")


def _take_one_currency(sheet: Sheet, columns: dict[str, str], log: ImportLog) -> None:
    """Take amounts of one currency, such as "Amount (USD)", where those of "Amount" are in several.

    Deals in that currency must have the same amount in both columns.
    """
    code = currency_codes(as_text(sheet.frame[columns["currency"]]))
    alike = [h for h in map(str, sheet.frame.columns) if heading_key(h) == heading_key(columns["amount"])]
    own = next((heading for heading in alike if not heading_unit(heading)[1]), None)
    for heading in alike if own is not None and len(code.dropna().unique()) > 1 else []:
        its = code == heading_unit(heading)[1]
        before, after = (read_amounts(sheet.frame[name]).numbers for name in (own, heading))
        if (
            its.any()
            and ((before - after).abs()[its] < CENT).all()
            and (before.notna() == after.notna()).all()
        ):
            log.note(f"{sheet.file}: '{heading}' is taken for the amount; '{own}' is in several currencies.")
            columns |= {"amount": heading, "own_amount": str(own)}
            del columns["currency"]
            return


def column_of_codes(sheet: Sheet, columns: dict[str, str]) -> dict[str, str]:
    """Return the one column that holds nothing but codes of currencies, however it is called."""
    found = []
    for heading in map(str, sheet.frame.columns):
        known = heading in columns.values() or is_converted(heading)
        if known or share(sheet, heading, codes().__contains__) < 1.0:
            continue
        if set(as_text(sheet.frame[heading]).dropna().unique()) <= codes():
            found.append(heading)
    return {"currency": found[0]} if len(found) == 1 else {}


def _company_currency(sheet: Sheet, amount: str, own: str | None, currency: str) -> str | None:
    """Return the one currency whose deals have the same amount before and after converting."""
    code = currency_codes(as_text(sheet.frame[currency]))
    if own is None:
        return str(code.dropna().iloc[0]) if len(code.dropna().unique()) == 1 else None
    before, after = (read_amounts(sheet.frame[name]).numbers for name in (own, amount))
    filled = before.notna() & after.notna() & (after != 0) & code.notna()
    alike = ((before - after).abs() < CENT)[filled].groupby(code[filled]).all()
    same = list(alike[alike].index)
    return str(same[0]) if len(same) == 1 else None
