"""Exports of Pipedrive, Dynamics 365, Zoho CRM and Close: one row per deal, each with its own ways."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from simulator.history.importers.crm.deals import Recognition, Values, add_deals, deal_columns, drop_rules
from simulator.history.importers.crm.headings import keys
from simulator.history.importers.fields.amounts import currency_codes, read_amounts
from simulator.history.importers.fields.cells import as_text
from simulator.history.importers.import_log import listed, map_line
from simulator.history.importers.readers.sheet import Sheet

SYSTEMS = {
    "pipedrive": (),
    "dynamics": (),
    "zoho": ("outcome",),
    "close": (),
}
"""Kinds of this module, with the columns that their exports do not have under a heading of that name."""

STATE_CODES = {"0": "open", "1": "won", "2": "lost"}
PERIODS = {
    "one_time": 1.0,
    "onetime": 1.0,
    "once": 1.0,
    "monthly": 12.0,
    "annual": 1.0,
    "yearly": 1.0,
    "quarterly": 4.0,
}


def recognise_system(kind: str, given: Recognition) -> Values:
    """Return the tables of a map for exports of deals of one system."""
    tables: Values = {}
    for name, sheet in given.sheets.items():
        hidden = _hidden_id(sheet) if kind == "dynamics" else None
        columns: Values = dict(deal_columns(sheet, given, without=SYSTEMS[kind], ids=hidden))
        if kind == "dynamics" and "outcome" in columns:
            _name_states(sheet, columns)
        if kind == "zoho":
            _refuse_unconverted(sheet, columns, given)
        drop = drop_rules(sheet, "opportunities", columns, given)
        if kind == "close":
            _value_of_close(sheet, columns, given)
        if isinstance(columns.get("outcome"), str) and (kind == "pipedrive" or "stage" not in columns):
            drop += [{"column": columns["outcome"], "equals": ["deleted"], "reason": "deleted in the CRM"}]
        add_deals(tables, name, columns, drop, given)
    given.log.note(
        "These exports hold the present state of each deal: changes of stage are learned from snapshots "
        "(export every week and import them as kind snapshots)."
    )
    return {"tables": tables}


def _refuse_unconverted(sheet: Sheet, columns: Values, given: Recognition) -> None:
    """Ask how the exchange rate of each deal is meant, where deals are in several currencies."""
    rate, currency, amount = (keys(sheet).get("exchangerate"), columns.get("currency"), columns.get("amount"))
    if rate is None or currency is None or amount is None or "amount" in given.said_columns():
        return
    code, rates = currency_codes(as_text(sheet.frame[str(currency)])), read_amounts(sheet.frame[rate]).numbers
    at_par = rates.eq(1.0).groupby(code).all()
    home = list(at_par[at_par].index)
    if code.nunique() < 2 or len(home) != 1 or given.said.get("rates"):
        return
    row = sheet.frame.index[(code != home[0]) & rates.gt(0)][0]
    paid = float(read_amounts(sheet.frame[str(amount)]).numbers[row])
    by, over = paid * rates[row], paid / rates[row]
    what = (
        f"amounts are in {listed(sorted(code.dropna().unique()))}, each with a rate: {paid:,.2f} {code[row]} "
        f"of row {row} are {over:,.2f} or {by:,.2f} {home[0]}"
    )
    line = (
        "tables: {opportunities: {columns: {currency: {constant: "
        f"{home[0]}}}, amount: {{quotient_of: [{amount!r}, {rate!r}]}}}}}}}}"
    )
    remedy = f"Look in Zoho which, and say in a map for the first: {line}; for the second product_of instead"
    given.log.fault(sheet.file, what, remedy)


def _hidden_id(sheet: Sheet) -> str | None:
    """Return the hidden column of ids of Dynamics, "(Do Not Modify) Opportunity" in any language."""
    for heading in map(str, sheet.frame.columns):
        cells = as_text(sheet.frame[heading])
        if re.match(r"\(\D+\)\s*\S", heading) and cells.notna().all() and not cells.duplicated().any():
            return heading
    return None


def _name_states(sheet: Sheet, columns: Values) -> None:
    """Give the numbers of statecode their names; the words of the CRM stay as they are."""
    cells = as_text(sheet.frame[str(columns["outcome"])]).dropna()
    if len(cells) and cells.isin(STATE_CODES).all():
        columns["outcome"] = {"column": columns["outcome"], "values": STATE_CODES}


def _value_of_close(sheet: Sheet, columns: Values, given: Recognition) -> None:
    """Say how a value of Close counts: cents where the formatted value proves it, a year's worth per deal."""
    have, said = keys(sheet), given.said_columns().get("amount", {})
    if "amount" not in columns or not isinstance(said, dict) or set(said) - {"times"}:
        return
    values = read_amounts(sheet.frame[str(columns["amount"])]).numbers
    times = said.get("times") or _cents(sheet, have, values)
    if times is None:
        what = "'value' may be in cents, as the API of Close has it: no column value_formatted decides it"
        remedy = f"Say in a map: {map_line('opportunities', 'amount', '{times: 0.01}')} (cents), or times: 1"
        given.log.fault(sheet.file, what, remedy)
        return
    columns["amount"] = {"column": columns["amount"], "times": times}
    if (period := have.get("valueperiod")) is None:
        return
    per_year = as_text(sheet.frame[period]).str.lower().map(PERIODS)
    if (per_year.fillna(1.0) != 1.0).any():
        annual = f"{columns['amount']['column']} per year"
        given.add_column(sheet, annual, values * per_year.fillna(1.0))
        columns["amount"] = {"column": annual, "times": times}
        n = int((per_year.fillna(1.0) != 1.0).sum())
        given.log.note(f"{sheet.file}: {n:,} values per month or quarter count as a year of them.")


def _cents(sheet: Sheet, have: dict[str, str], values: Any) -> float | None:
    """Return the factor that makes ``value`` the formatted value; None where nothing decides."""
    formatted = have.get("valueformatted")
    if formatted is not None:
        text = as_text(sheet.frame[formatted]).str.replace(
            r"\s*(?:monthly|annual(?:ly)?|per \w+|/\w+)$", "", regex=True
        )
        shown = read_amounts(text).numbers
        ratio = (shown / values)[(values > 0) & shown.notna()]
        for times in (0.01, 1.0):
            if len(ratio) and bool((np.abs(ratio / times - 1) < 0.02).mean() > 0.9):
                return times
        return None
    raw = as_text(sheet.frame[have["value"]]) if "value" in have else pd.Series(dtype="str")
    return 1.0 if raw.str.contains(r"[^\d]", regex=True).fillna(False).any() else None
