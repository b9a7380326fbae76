"""What deal terms cost, in sentences that a finance team can read unexplained."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.terms.policies import NONE, PLAN, STATED, STRICT
from simulator.analysis.terms.terms import DealTerms
from simulator.report.money import format_money, format_share

NAMED_ASSUMPTIONS = 5
CLEAR = 1.96
"""Standard errors beyond which a mean is clearly not zero."""


def policy_words(name: str) -> str:
    """Return a policy as it is read: ``the success plan for every deal``."""
    fixed = {
        NONE: "no concessions",
        STATED: "the terms as stated",
        STRICT: "a strict deal desk",
        PLAN: "a success plan for every deal",
    }
    return fixed.get(name, name.replace("_", " "))


def terms_title(found: DealTerms) -> str:
    """Return the finding as a headline."""
    table = found.table
    best = table.iloc[int(table["value"].to_numpy().argmax())]
    most = table.iloc[int(table["bookings"].to_numpy().argmax())]
    if best["policy"] == most["policy"]:
        return f"Most is booked now, and worth most later, with {policy_words(best['policy'])}"
    return (
        f"Most is booked now with {policy_words(most['policy'])}; worth most by {found.periods[-1]}: "
        f"{policy_words(best['policy'])}"
    )


def terms_answers(found: DealTerms, currency: str, years: int) -> dict[str, str]:
    """Return the answer in a few sentences, by question.

    Parameters
    ----------
    found : DealTerms
    currency : str
    years : int
        Years for which customers are followed.
    """
    texts = {"answer": terms_title(found)}
    for _, row in found.table.iterrows():
        if row["policy"] != NONE:
            texts[str(row["policy"])] = say_policy(row, found, currency)
    for _, row in found.prices.iterrows():
        texts[f"price of {row['concession']}"] = say_price(row, currency)
    if found.gate:
        texts["gate"] = _gate(found, currency, years)
    texts["depends on"] = say_assumptions(found.assumptions, currency)
    return texts


def say_policy(row: pd.Series, found: DealTerms, currency: str) -> str:
    """Return what a policy changes now and later, against conceding nothing."""
    window = f"{found.window[0]} to {found.window[-1]}" if len(found.window) > 1 else found.window[0]
    text = (
        f"With {policy_words(row['policy'])}, new-business bookings of {window} change by "
        f"{_span(row, 'bookings_change', currency)} and the customers' value until {found.periods[-1]} by "
        f"{_span(row, 'value_change', currency)}, against no concessions; that is worth more in "
        f"{format_share(row['p_more'])} of simulations"
    )
    if not is_clear(row):
        return f"{text}; no measurable difference in the mean value"
    return text + _crossing(row)


def is_clear(row: pd.Series) -> bool:
    """Return whether a policy's value clearly differs from that of no concessions."""
    return bool(abs(row["value_change"]) >= CLEAR * row["value_change_error"])


def _crossing(row: pd.Series) -> str:
    if not row["crosses"]:
        return ""
    worse = "costs more than it has brought" if row["value_change"] < 0 else "has brought more than it cost"
    low, high = row["crosses_p10"], row["crosses_p90"]
    spread = f" ({low} to {high})" if low and low != high else ""
    return f"; from {row['crosses']}{spread} on it {worse}"


def say_price(row: pd.Series, currency: str) -> str:
    """Return what a signature that would not have come in the quarter costs."""
    name = str(row["concession"]).replace("_", " ")
    if not row["extra"] > 0 or pd.isna(row["price"]):
        return f"In {row['period']} {name} brings no signature that would not have come"
    return (
        f"In {row['period']} {name} is conceded to {row['conceded']:.0f} signatures, of which "
        f"{format_share(row['anyway'])} would have come in that quarter anyway: each one more costs "
        f"{format_money(row['price'], currency)} of discount and delivery, on a mean deal of "
        f"{format_money(row['mean_deal'], currency)}"
    )


def _gate(found: DealTerms, currency: str, years: int) -> str:
    gate = found.gate
    low, high = (format_money(float(gate[f"value_change_{p}"]), currency) for p in ("p10", "p90"))
    return (
        f"A success plan before every signature takes {gate['days']:g} days: it moves "
        f"{format_money(abs(float(gate['first_bookings_change'])), currency)} of bookings out of "
        f"{gate['period']} and {format_money(abs(float(gate['window_bookings_change'])), currency)} out of "
        f"{found.window[0]} to {found.window[-1]}, and returns "
        f"{format_money(float(gate['value_change']), currency)} "
        f"(P10 {low} to P90 {high}) of value over the {years} years after them"
    )


def say_assumptions(table: pd.DataFrame, currency: str) -> str:
    """Return the assumptions that move the answer most, with how far."""
    if table.empty:
        return "No effect of terms is assumed"
    named = [
        f"{row['name'].replace('_', ' ')} ({format_money(row['value_low'], currency)} to "
        f"{format_money(row['value_high'], currency)}; {row['source']})"
        for _, row in table.head(NAMED_ASSUMPTIONS).iterrows()
    ]
    more = len(table) - NAMED_ASSUMPTIONS
    rest = f"; {more} more are in tables/terms_assumptions.csv" if more > 0 else ""
    return "What the value depends on, from low to high end of each assumption: " + ", ".join(named) + rest


def _span(row: pd.Series, name: str, currency: str) -> str:
    low, high = (format_money(row[f"{name}_{p}"], currency) for p in ("p10", "p90"))
    return f"{format_money(row[name], currency)} (P10 {low} to P90 {high})"
