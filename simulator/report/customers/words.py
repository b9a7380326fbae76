"""What the figures of customers say, in sentences: titles of charts and answers of a run."""

from __future__ import annotations

import math
from dataclasses import replace

import pandas as pd

from simulator.analysis.customers.arr import MOVEMENTS, SIGNS, Arr
from simulator.analysis.customers.lifetime import Lifetime
from simulator.analysis.totals import ALL
from simulator.report.money import NO_BREAK, MoneyScale, format_money, format_share, money_scale

MOVEMENT_WORDS = {
    "new": "new customers",
    "expansion": "expansion",
    "contraction": "contraction",
    "churn": "churn",
    "reactivation": "returning customers",
}


def last(arr: Arr, measure: str, segment: str = ALL) -> pd.Series:
    """Return the figures of one measure in the last period."""
    rows = arr.table[(arr.table["measure"] == measure) & (arr.table["segment"] == segment)]
    return rows.iloc[-1]


def foot_snowball(table: pd.DataFrame, currency: str) -> tuple[MoneyScale, float, dict[str, float], float]:
    """Return scale, opening, signed movements and closing of the horizon, rounded such that they add up."""
    total = table[table["segment"] == ALL]
    means = {name: rows["mean"].to_numpy() for name, rows in total.groupby("measure", sort=False)}
    opening, closing = float(means["opening"][0]), float(means["closing"][-1])
    parts = [SIGNS[name] * float(means[name].sum()) for name in MOVEMENTS]
    scale = fine_scale(max(opening, closing), max(abs(part) for part in parts), currency)
    start, end = (round(x / scale.step) * scale.step for x in (opening, closing))
    return scale, start, dict(zip(MOVEMENTS, scale.round_parts(parts, end - start), strict=True)), end


def fine_scale(total: float, movement: float, currency: str) -> MoneyScale:
    """Return the scale of the total, with decimals enough for the largest movement to have three digits."""
    scale = money_scale([total], currency)
    if scale.unit <= 1.0 or movement <= 0.0:
        return scale
    return replace(
        scale, decimals=min(3, max(scale.decimals, 2 - math.floor(math.log10(movement / scale.unit))))
    )


def snowball_title(arr: Arr) -> str:
    """Return the finding of the ARR snowball: the P50 with its range, next to the ARR of today."""
    opening = arr.table[(arr.table["measure"] == "opening") & (arr.table["segment"] == ALL)].iloc[0]
    closing = last(arr, "closing")
    start = format_money(opening["p50"], arr.currency)
    low, middle, high = (format_money(closing[p], arr.currency) for p in ("p10", "p50", "p90"))
    span = "" if low == high else f", most likely {low} to {high} (P10 to P90)"
    end = f"ARR at the end of {arr.periods[-1]}: P50{NO_BREAK}{middle}{span}"
    return f"{end}; {start} today"


def say_snowball(table: pd.DataFrame, currency: str) -> str:
    """Return what means of the horizon's movements add up to, as the chart shows them."""
    scale, opening, parts, closing = foot_snowball(table, currency)
    up = scale.format(parts["new"] + parts["expansion"] + parts["reactivation"])
    down = scale.format(-parts["contraction"] - parts["churn"])
    return f"{scale.format(opening)} + {up} gained − {down} lost = {scale.format(closing)}"


def retention_title(arr: Arr) -> str:
    """Return the finding of the chart of NRR and GRR."""
    nrr, grr = last(arr, "nrr"), last(arr, "grr")
    if not math.isfinite(nrr["mean"]):
        return "Nobody has been a customer for 12 months: there is no retention to measure yet"
    period = arr.periods[-1]
    return (
        f"NRR of {format_share(nrr['p50'])} by {period} ({format_share(nrr['p10'])} to "
        f"{format_share(nrr['p90'])}); {format_share(grr['p50'])} of the ARR stays without expansion"
    )


def lifetime_title(lifetime: Lifetime, currency: str) -> str:
    """Return the finding of the chart of lifetime value."""
    table = lifetime.new
    if table.empty:
        return "No customer to value"
    best = table.sort_values("value").iloc[-1]
    low, high = table["first_year_share"].min(), table["first_year_share"].max()
    share = (
        format_share(low) if format_share(low) == format_share(high) else f"{format_share(low)} to {high:.0%}"
    )
    return (
        f"The first year brings {share} of what a customer pays in {lifetime.years} years; the most, "
        f"{format_money(best['value'], currency)}, comes from {best['segment']}"
    )


def survival_title(table: pd.DataFrame) -> str:
    """Return the finding of the survival chart of one class of term."""
    seen = table[table["observed"].notna() & (table["renewal"] > 0)]
    if seen.empty:
        return "Too few customers have come to a renewal to see who stays"
    first, final = seen.iloc[0], seen.iloc[-1]
    if len(seen) < 2:
        return f"{format_share(first['observed'])} of customers keep their first renewal"
    rate = (final["observed"] / first["observed"]) ** (1 / (final["renewal"] - first["renewal"]))
    return (
        f"{format_share(first['observed'])} of customers keep their first renewal, then {format_share(rate)} "
        f"each: {format_share(final['observed'])} are left after {final['renewal']:.0f} renewals"
    )


def cohorts_title(table: pd.DataFrame) -> str:
    """Return the finding of the cohort heat map."""
    year = table[table["quarter"] == 4]
    if year.empty:
        return "ARR of each quarter's new customers as a share of what they started with"
    share = float((year["arr_share"] * year["n_customers"]).sum() / year["n_customers"].sum())
    return f"A year after they start, new customers stand at {format_share(share)} of their first ARR"


def kinds_title(bookings: pd.DataFrame, currency: str) -> str:
    """Return the finding of the chart of bookings by kind."""
    rows = bookings[(bookings["segment"] == ALL) & (bookings["kind"] != "all")]
    total = rows.groupby("kind")["mean"].sum()
    if not total.sum() > 0:
        return "Nothing is booked in any simulation"
    growth = total.get("new", 0.0) + total.get("expansion", 0.0)
    if not growth > 0:
        return "All bookings are renewals of what customers have already"
    share = total.get("expansion", 0.0) / growth
    return (
        f"Existing customers bring {format_share(share)} of the bookings that are not renewals: "
        f"{format_money(total.get('expansion', 0.0), currency)} of {format_money(growth, currency)} (means)"
    )


def customer_answers(arr: Arr, lifetime: Lifetime | None) -> dict[str, str]:
    """Return the answer of a run about customers in plain sentences."""
    texts = {"arr": snowball_title(arr)}
    if math.isfinite(last(arr, "nrr")["mean"]):
        texts["retention"] = f"{retention_title(arr)} (cohort method)"
    if lifetime is not None and not lifetime.new.empty:
        texts["lifetime"] = lifetime_title(lifetime, arr.currency)
    return texts
