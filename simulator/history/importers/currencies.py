"""One currency a history: named by the files or the map, converted by stated rates, never mixed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.history.importers.crm.headings import is_converted
from simulator.history.importers.fields.amounts import DOLLARS, SIGNS, currency_codes
from simulator.history.importers.fields.cells import look_up
from simulator.history.importers.fields.words import codes
from simulator.history.importers.import_log import ImportLog, files_in, listed, map_line
from simulator.history.importers.mapping import Mapping

Tables = dict[str, pd.DataFrame]

MONEY: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "opportunities": (("amount", "won_amount", "own_amount"), ("closed_date", "close_date", "created_date")),
    "snapshots": (("amount", "won_amount"), ("snapshot_date",)),
    "stage_changes": (("amount",), ("changed_at",)),
    "subscriptions": (("arr",), ("start_date",)),
    "balances": (("arr",), ("month",)),
    "arr_changes": (("arr_delta",), ("date",)),
}
"""Tables whose rows may name a currency, with their amounts and the dates that say the rate, best first."""
SAME = 0.005
"""Share by which an amount may differ from another that is the same but for rounding."""
FEW = 3
"""Deals from which their amounts are compared with their histories."""


def in_one_currency(read: Tables, mapping: Mapping, log: ImportLog) -> Tables:
    """Return the tables with all amounts in one currency, and record which.

    Amounts in several are converted by the map's ``rates`` of the month in which a deal closes or a change
    happens; without rates they are a fault.
    """
    if mapping.currency == "none":
        unit = f", in {mapping.unit}" if mapping.unit else ""
        log.note(f"Amounts are no money{unit}: the map says currency: none.")
        return read
    read = {role: _with_codes(role, frame, log) for role, frame in read.items()}
    log.stop_if_faulty()
    deals = read.get("opportunities")
    converted = _converted_sources(mapping)
    stated = mapping.currency and not mapping.rates and converted and all(converted)
    if deals is not None and stated and len(deals["currency"].dropna().unique()) > 1:
        # Several currencies next to amounts that are all converted say what they were converted from.
        read["opportunities"] = deals.assign(currency=mapping.currency)
    seen = {role: _seen(role, read, mapping, log) for role in read}
    if "stage_changes" in seen and "opportunities" in seen and any(converted):
        seen.pop("stage_changes")  # brought to the deals' currency deal by deal
    every = set().union(*seen.values()) if seen else set()
    target = mapping.currency or (next(iter(every)) if len(every) == 1 else "")
    if not target and len(every) > 1:
        _fault_several(every, "", log)
        return read
    missing = every - {target} - set(mapping.rates)
    if missing:
        _fault_several(every, target, log)
        return read
    log.currency = target
    if not every - {target}:
        return read
    log.note(f"Amounts in {listed(sorted(every - {target}))} are converted to {target} by the map's rates.")
    return {role: _converted(role, read, mapping, target, seen.get(role, set())) for role in read}


def _with_codes(role: str, frame: pd.DataFrame, log: ImportLog) -> pd.DataFrame:
    """Return a table whose currencies are ISO codes; words that are no currency are faults."""
    if role not in MONEY or frame["currency"].isna().all():
        return frame
    found = currency_codes(frame["currency"])
    known = found.str.fullmatch("[A-Z]{3}").fillna(False) | found.isin(list(SIGNS)) | found.isna()
    for file, rows in frame[~known].groupby("file"):
        remedy = (
            "Say in a map what it means: "
            + map_line(role, "currency", f"{{values: {{{rows['currency'].iloc[0]!r}: USD}}}}")
            + "; or take the column away: currency: null there"
        )
        cells = rows.set_index("row")["currency"]
        log.cell_faults(str(file), "currency", cells, "'{value}' is no currency", remedy)
    return frame.assign(currency=found)


def _converted_sources(mapping: Mapping) -> list[bool]:
    """Return, for each column that the amounts of the deals are taken from, whether the CRM converted it."""
    spec = mapping.tables.opportunities
    amount = spec.columns.get("amount") if spec else None
    return [is_converted(heading) for heading in amount.headings()] if amount is not None else []


def _seen(role: str, read: Tables, mapping: Mapping, log: ImportLog) -> set[str]:
    """Return the codes that a table's rows, cells and headings name; its rows get codes for their signs."""
    found = set(log.currencies.get(role, set()))
    if role in MONEY:
        found |= set(read[role]["currency"].dropna().unique())
    names = {"$": mapping.currency if mapping.currency in DOLLARS else "USD"}
    dollars = found & DOLLARS
    if "$" in found and len(dollars) == 1:
        names["$"] = next(iter(dollars))
    if "kr" in found:
        known = (found | {mapping.currency or ""}) & codes("kr")
        names["kr"] = next(iter(known)) if len(known) == 1 else ""
        if not names["kr"]:
            remedy = "Say in a map which: currency: SEK (or NOK, DKK, ISK)."
            log.fault(files_in(read[role]), "amounts are in kr, which four countries have", remedy)
    if role in MONEY and found & set(names):
        read[role] = read[role].assign(currency=read[role]["currency"].replace(names))
    return {names.get(code, code) for code in found} - {""}


def _fault_several(every: set[str], target: str, log: ImportLog) -> None:
    others = sorted(every - {target})
    home = target or ("USD" if "USD" in every else others[0])
    others = [code for code in others if code != home]
    rates = ", ".join(f"{code}: <one {code} in {home}>" for code in others)
    remedy = (
        "Export converted amounts (Salesforce: 'Amount (converted)'; HubSpot: 'Amount in company currency'), "
        f"or write in a map: {{currency: {home}, rates: {{{rates}}}}}; by month: rates: {{{others[0]}: "
        "{2025-01: <rate>, 2025-02: <rate>}}"
    )
    log.fault(
        "amounts", f"amounts are in several currencies: {listed(sorted(every | ({target} - {''})))}", remedy
    )


def _converted(role: str, read: Tables, mapping: Mapping, target: str, seen: set[str]) -> pd.DataFrame:
    frame = read[role]
    if role not in MONEY or not seen - {target}:
        return frame
    money, dates = MONEY[role]
    currency = frame["currency"]
    if role == "stage_changes" and "opportunities" in read:
        deals = read["opportunities"].drop_duplicates("opportunity_id").set_index("opportunity_id")
        currency = currency.fillna(look_up(frame["opportunity_id"], deals["currency"]))
        frame = frame.assign(
            **{
                d: look_up(frame["opportunity_id"], deals[d])
                for d in MONEY["opportunities"][1][:2]
                if d not in frame
            }
        )
        dates = tuple(d for d in MONEY["opportunities"][1][:2] if d in frame) + dates
    only = seen - {target}
    currency = currency.fillna(target if target in seen or len(only) > 1 else next(iter(only)))
    day = frame[dates[0]]
    for name in dates[1:]:
        day = day.fillna(frame[name])
    factor = pd.Series(1.0, index=frame.index)
    for code in only:
        its = currency == code
        factor[its] = _rates(mapping.rates[code], day[its])
    return frame.assign(**{name: frame[name] * factor for name in money if name in frame})


def _rates(stated: float | dict[str, float], days: pd.Series[Any]) -> pd.Series[Any]:
    """Return the rate of each day: that of its month, else the one before it, else the first."""
    if not isinstance(stated, dict):
        return pd.Series(float(stated), index=days.index)
    months = sorted(stated)
    at = (
        np.searchsorted(
            months, days.dt.strftime("%Y-%m").fillna(months[-1]).to_numpy(dtype=str), side="right"
        )
        - 1
    )
    return pd.Series([stated[months[max(i, 0)]] for i in at], index=days.index)


def history_like_deals(
    deals: pd.DataFrame, changes: pd.DataFrame, mapping: Mapping, log: ImportLog
) -> pd.DataFrame:
    """Return the changes with amounts in the currency of the deals, and check one against the other.

    The last amount in the history of a deal is the deal's own. Where the deals are converted and their
    history is not, each history is scaled so; where they differ for no known reason it is a conflict.
    """
    if changes["amount"].isna().all() or deals["amount"].isna().all():
        return changes
    known = changes[changes["amount"].notna()].drop_duplicates("opportunity_id", keep="last")
    last = look_up(deals["opportunity_id"], known.set_index("opportunity_id")["amount"])
    own = deals["own_amount"].fillna(last)
    ratio = deals["amount"] / own.where(own > 0)
    off = ((deals["amount"] / last.where(last > 0)) - 1).abs() > SAME
    compared = deals["amount"].gt(0) & last.gt(0)
    converted = any(_converted_sources(mapping))
    several = converted and len(changes["currency"].dropna().unique()) > 1
    if not several and (compared.sum() < FEW or off[compared].mean() <= 0.1):
        return changes
    files = files_in(changes)
    if not converted or not _steady(ratio, deals, changes):
        what = (
            f"the last amount in the history is not that of the deal for {int(off[compared].sum()):,} of "
            f"{int(compared.sum()):,} deals, such as {listed(deals.loc[compared & off, 'opportunity_id'], 3)}"
        )
        remedy = "Export both in one currency, with the same column of amounts; or confirm with --yes."
        log.conflict(files, what, remedy)
        return changes
    by_id = pd.Series(ratio.to_numpy(), index=pd.Index(deals["opportunity_id"]))
    factor = look_up(changes["opportunity_id"], by_id[~by_id.index.duplicated()])
    log.note(
        f"{files}: amounts are in each deal's own currency; they are scaled deal by deal to the converted "
        "amount, so that the last one is the deal's."
    )
    return changes.assign(amount=changes["amount"] * factor)


def _steady(ratio: pd.Series[Any], deals: pd.DataFrame, changes: pd.DataFrame) -> bool:
    """Return whether deals of one currency were converted at about one rate."""
    per_change = changes.dropna(subset=["currency"]).drop_duplicates("opportunity_id")
    currency = look_up(deals["opportunity_id"], per_change.set_index("opportunity_id")["currency"])
    if currency.isna().all():
        return True
    usual = ratio.groupby(currency).transform("median")
    return bool(((ratio / usual).between(0.5, 2.0) | ratio.isna() | currency.isna()).mean() > 0.9)
