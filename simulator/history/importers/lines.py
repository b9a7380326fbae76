"""One row per deal: of rows for each product, of exports that overlap, and of credits."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from simulator.arrays import Ints
from simulator.history.importers.crm.headings import heading_key
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.import_log import ImportLog, files_in, listed
from simulator.history.importers.readers.sheet import Sheet

LINE = re.compile(
    r"product|produ[kc]t|line|quantity|menge|quantit|sku|totalprice|listprice|salesprice|unitprice|商品|製品"
)
"""Keys of headings of what is sold in a deal, of which a deal may have several."""
ABOUT_ROWS = ["file", "row", "product", "deal"]


def varying(sheet: Sheet, id_heading: str) -> set[str]:
    """Return the headings whose cells differ between rows of the same deal."""
    ids = as_text(sheet.frame[id_heading])
    rows = sheet.frame[ids.duplicated(keep=False) & ids.notna()]
    if rows.empty:
        return set()
    grouped = rows.astype(object).fillna("").astype(str).groupby(ids[rows.index])
    distinct = grouped.nunique().max()
    return {str(heading) for heading, n in distinct.items() if n > 1 and heading != id_heading}


def lines_rule(sheet: Sheet, sources: dict[str, set[str]], log: ImportLog) -> str | None:
    """Return how the amounts of rows for each product make that of a deal: ``once`` or ``sum``.

    ``sources`` are the headings that each column is taken from.
    """
    amounts = sources.get("amount", set())
    differ = varying(sheet, next(iter(sources["opportunity_id"])))
    products = {heading for heading in differ if LINE.search(heading_key(heading))}
    others = differ - products - amounts
    if not products or others & set().union(*sources.values()):
        return None
    rule = "sum" if amounts & differ else "once"
    how = "the amount of the deal is the sum of its rows" if rule == "sum" else "its amount is counted once"
    log.note(f"{sheet.file}: several rows a deal differ in {listed(sorted(products))} only: {how}.")
    return rule


def one_row_a_deal(deals: pd.DataFrame, rule: str | None, log: ImportLog) -> pd.DataFrame:
    """Return one row per deal; rows that contradict each other stay, and are faults later.

    ``rule`` says what the rows of one deal are: parts of it (``sum``) or its products (``once``). Else rows
    that are the same are one deal, and of rows that differ the one modified last is taken.
    """
    if not deals["opportunity_id"].duplicated().any():
        return deals
    if rule is not None:
        if rule == "sum":
            total = deals.groupby("opportunity_id")["amount"].transform(lambda a: a.sum(min_count=1))
            deals = deals.assign(amount=total)
        again = deals["opportunity_id"].duplicated()
        return log.leave_out(deals, again, "opportunities", "further products of the same deal")
    same = deals.duplicated([c for c in deals.columns if c not in ABOUT_ROWS])
    reason = "the same deal again, alike in all columns"
    deals = log.leave_out(deals, same, "opportunities", reason, "opportunity_id")
    again = deals["opportunity_id"].duplicated(keep=False)
    if again.any() and deals.loc[again, "modified"].notna().all():
        order = np.lexsort((in_file_order(deals, "modified"), deals["modified"].to_numpy()))
        older = deals.iloc[order]["opportunity_id"].duplicated(keep="last").reindex(deals.index)
        deals = log.leave_out(deals, older, "opportunities", "earlier states of the same deal")
    elif again.any():
        remedy = (
            "Keep one of them, or say in a map which counts: tables: {opportunities: {drop: {duplicates: "
            "opportunity_id, keep: last}}}; if the rows are parts or products of a deal: tables: "
            "{opportunities: {lines: sum}} or {lines: once}."
        )
        for name, rows in list(deals[again].groupby("opportunity_id"))[:5]:
            differ = [c for c in rows.columns.difference(ABOUT_ROWS) if len(rows[c].drop_duplicates()) > 1]
            what = f"deal '{name}' is there {len(rows)} times with different contents ({listed(differ)})"
            where = f"{files_in(rows)}, rows {listed(rows['row'])}"
            log.fault(where, what, remedy)
    return deals


def in_file_order(rows: pd.DataFrame, time: str) -> Ints:
    """Return a number that grows in the order in which the rows of one moment happened.

    A file sorted with the newest first has the earlier of two rows of one second below.
    """
    position: Ints = rows["row"].to_numpy(dtype=np.int64).copy()
    deal = rows["deal"].to_numpy() if "deal" in rows else pd.factorize(rows["opportunity_id"])[0]
    days = rows[time].to_numpy()
    file = pd.factorize(rows["file"])[0]
    for one in range(file.max(initial=-1) + 1):
        its = np.flatnonzero(file == one)
        if (np.diff(position[its]) < 0).any():
            its = its[np.argsort(position[its], kind="stable")]
        same = deal[its][1:] == deal[its][:-1]
        steps = np.diff(days[its]).astype("timedelta64[s]").astype(np.int64)
        steps = steps[same] if steps[same].any() else steps
        if np.sign(steps).sum() < 0:
            position[its] *= -1
    return position


def without_credits(
    deals: pd.DataFrame, changes: pd.DataFrame, log: ImportLog
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Leave out deals below zero, with their changes; a change to an amount below zero loses its amount."""
    credit = deals["amount"] < 0
    if credit.any():
        files, first = files_in(deals), deals[credit].iloc[0]
        total = float(deals.loc[credit, "amount"].sum())
        reason = f"amounts below zero, {total:,.2f} in all: credits or downgrades, no deals"
        example = f"{first['opportunity_id']}, row {first['row']}"
        log.drop("opportunities", files, reason, int(credit.sum()), example)
        changes = changes[~changes["opportunity_id"].isin(deals.loc[credit, "opportunity_id"])]
        deals = deals[~credit]
    below = changes["amount"] < 0
    if below.any():
        log.note(f"{int(below.sum()):,} changes have an amount below zero: the amount before is kept.")
        changes = changes.assign(amount=changes["amount"].mask(below))
    return deals, changes
