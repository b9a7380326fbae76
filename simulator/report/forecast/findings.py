"""The sentences that say what a forecast found: chart titles and the answer that is printed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.forecast.composition import (
    STEPS,
    waterfall_of,
)
from simulator.analysis.forecast.coverage import ENTERPRISE, SLIPPAGE_ADJUSTED, SMB, Coverage
from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.forecast.spread import SOURCES
from simulator.analysis.totals import ALL, horizon_label
from simulator.report.money import (
    NO_BREAK,
    MoneyScale,
    format_money,
    format_multiple,
    format_share,
    money_scale,
)

SOURCE_WORDS = {
    "luck": "luck of which deals close",
    "rates": "uncertainty of the rates",
    "shock": "good or bad quarters for all",
}
SOURCE_SUBJECTS = {
    "luck": "The luck of which deals close makes",
    "rates": "Uncertainty of the rates makes",
    "shock": "Good or bad quarters for all make",
}
BASIS_WORDS = {
    "enterprise": "best case, commit and closed",
    "enterprise_slippage_adjusted": "best case, commit and closed; rule of thumb with slippage",
    "smb": "pipeline, best case, commit, closed and expected from new deals,",
}
PART_WORDS = {
    "booked": "already booked",
    "commit": "open in commit",
    "best_case": "open in best case",
    "pipeline": "open in pipeline",
    "created": "yet to be created",
}


def headline_period(forecast: Forecast) -> str:
    """Return the period that is spoken of first: the first with a target, else the first."""
    for period in forecast.periods:
        if math.isfinite(forecast.total(period)["target"]):
            return period
    return forecast.periods[0]


def say_range(forecast: Forecast, period: str) -> str:
    """Return what a period books: ``New bookings of FY27Q4: most likely $9.8M to $13.1M``."""
    row, what = forecast.total(period), f"New bookings of {period}"
    low, high = (format_money(row[p], forecast.currency) for p in ("p10", "p90"))
    if row["mean"] <= 0:
        return f"{what}: nothing in any simulation"
    return f"{what}: {high}" if low == high else f"{what}: most likely {low} to {high}"


def say_headline(forecast: Forecast, period: str) -> str:
    """Return the P50 of what a period books, with its range."""
    row = forecast.total(period)
    low, middle, high = (format_money(row[p], forecast.currency) for p in ("p10", "p50", "p90"))
    if row["mean"] <= 0 or low == high:
        return say_range(forecast, period)
    return f"New bookings of {period}: P50{NO_BREAK}{middle}, most likely {low} to {high} (P10 to P90)"


def say_hit(forecast: Forecast, period: str) -> str:
    """Return how likely the target of a period is; nothing without a target."""
    row = forecast.total(period)
    if not math.isfinite(row["target"]):
        return ""
    target = format_money(row["target"], forecast.currency)
    if row["p_hit"] >= 1:
        how = "already booked" if row["booked"] >= row["target"] else "hit in every simulation"
    elif row["p_hit"] <= 0:
        how = "hit in none of the simulations"
    else:
        how = f"hit in {format_share(row['p_hit'])} of simulations"
    return f"the {target} target is {how}"


def say_chance(p_hit: float) -> str:
    """Return the chance of a target in three words."""
    if p_hit <= 0 or p_hit >= 1:
        return "never hit" if p_hit <= 0 else "always hit"
    return f"hit in {format_share(p_hit)}"


def fan_title(forecast: Forecast) -> str:
    """Return the finding of the bookings chart."""
    period = headline_period(forecast)
    return "; ".join(part for part in (say_range(forecast, period), say_hit(forecast, period)) if part)


def exceedance_title(forecast: Forecast) -> str:
    """Return the finding of the chart of chances."""
    period = headline_period(forecast)
    row = forecast.total(period)
    even, safe = (format_money(row[p], forecast.currency) for p in ("p50", "p10"))
    if row["mean"] <= 0 or even == safe:
        return say_range(forecast, period)
    return f"{period}: an even chance of reaching {even}, and nine chances in ten of {safe}"


def headline_coverage(coverage: Coverage, period: str) -> pd.Series | None:
    """Return the coverage of the joint total of a period, enterprise basis first."""
    row = coverage.row(period, ALL, ENTERPRISE)
    return coverage.row(period, ALL, SMB) if row is None else row


def capacity_title(rows: pd.DataFrame, currency: str) -> str:
    """Return whether the ramped reps carry the plan; ``rows`` are those of all segments together."""
    planned = rows[rows["target"] > 0]
    row = (rows if planned.empty else planned).iloc[0]
    text = f"{row['period']}: ramped reps carry {format_money(row['ramped_quota'], currency)} of quota"
    if planned.empty:
        return text
    needed, target = float(row["attainment_needed"]), format_money(row["target"], currency)
    return f"{text} for a {target} target: they must attain {format_share(needed)} of it"


def coverage_title(forecast: Forecast, coverage: Coverage) -> str:
    """Return the finding of the coverage chart."""
    period = headline_period(forecast)
    row = headline_coverage(coverage, period)
    if row is None or not math.isfinite(row["target"]):
        return "Pipeline that is due in each quarter; no target to measure it against"
    if not math.isfinite(row["coverage"]):
        return "Coverage cannot be measured: open deals have no close dates"
    has = f"{period} is covered {format_multiple(row['coverage'])}"
    if row["note"] == "target already booked":
        return f"{has}: its target is already booked"
    needed = row["needed_p80"]
    if not math.isfinite(needed):
        return f"{has}; {row['note']}" if row["note"] else has
    if row["coverage"] >= needed:
        return f"{has}, enough for an 80% chance of the target ({format_multiple(needed)} needed)"
    return f"{has}; an 80% chance of the target takes {_above(needed, row['coverage'])}"


def _above(needed: float, coverage: float) -> str:
    """Return the multiple needed with as many decimals as it takes to tell it from today's."""
    short = format_multiple(needed)
    return short if short != format_multiple(coverage) else f"{needed:.2f}×"


@dataclass(frozen=True)
class WaterfallFigures:
    """The amounts of the waterfall of the whole horizon, rounded such that what is shown adds up."""

    scale: MoneyScale
    opening: float
    steps: dict[str, float]
    closing: float

    def text(self, amount: float) -> str:
        """Return an amount as it is shown everywhere on the chart."""
        return self.scale.format(amount)


def waterfall_figures(forecast: Forecast, waterfall: pd.DataFrame) -> WaterfallFigures:
    """Return the mean waterfall of the horizon in figures that foot as they are printed."""
    return foot_waterfall(waterfall_of(waterfall, horizon_label(forecast.periods)), forecast.currency)


def foot_waterfall(row: pd.Series, currency: str) -> WaterfallFigures:
    """Return one row of the waterfall in figures that foot as they are printed."""
    total = float(row["opening"] + row["created"])
    scale = money_scale([total], currency)
    opening, created = scale.round_parts([row["opening"], row["created"]], total)
    left = scale.round_parts([row[step] for step in (*STEPS[1:], "closing")], opening + created)
    steps = dict(zip(STEPS, [created, *left[:-1]], strict=True))
    return WaterfallFigures(scale, opening, steps, left[-1])


def waterfall_title(forecast: Forecast, waterfall: pd.DataFrame) -> str:
    """Return the finding of the pipeline waterfall."""
    figures = waterfall_figures(forecast, waterfall)
    opening, closing = figures.text(figures.opening), figures.text(figures.closing)
    if opening == closing:
        verb = f"stays at {closing}"
    else:
        verb = f"{'grows' if figures.closing > figures.opening else 'shrinks'} from {opening} to {closing}"
    created, won, competition, no_decision = (figures.steps[step] for step in STEPS)
    parts = f"{figures.text(created)} created, {figures.text(won)} won"
    lost = figures.text(competition + no_decision)
    return f"Open pipeline {verb} over {horizon_label(forecast.periods)}: {parts}, {lost} lost"


def spread_title(spread: pd.DataFrame, period: str) -> str:
    """Return the finding of the spread chart."""
    shares = spread_column(spread, period, "variance_share")
    if not spread_column(spread, period, "sd")["total"] > 0:
        return f"{period} has no spread: every simulation books the same"
    first = max(SOURCES, key=lambda source: shares[source])
    return f"{SOURCE_SUBJECTS[first]} {format_share(shares[first])} of the spread of {period}"


def spread_column(spread: pd.DataFrame, period: str, column: str) -> dict[str, float]:
    """Return one figure of a period's spread by source."""
    rows = spread[spread["period"] == period]
    return {str(s): float(v) for s, v in zip(rows["source"], rows[column], strict=True)}


def composition_title(forecast: Forecast) -> str:
    """Return the finding of the chart of what the P50 is made of."""
    created = _shares(forecast, "created")
    if created.isna().all():
        return "The P50 is zero in every quarter"
    later = created[created > 0.5]
    if later.empty:
        first = headline_period(forecast)
        return f"{format_share(1 - created[first])} of the {first} P50 is already booked or open today"
    if later.index[0] == created.index[0] or len(later) == len(created):
        return f"Most of the P50 has yet to be created: {format_share(later.iloc[0])} in {later.index[0]}"
    return f"From {later.index[0]} on, more than half of the P50 has yet to be created"


def _shares(forecast: Forecast, part: str) -> pd.Series:
    table = forecast.composition
    rows = table[(table["segment"] == ALL) & (table["part"] == part)]
    return rows.set_index("period")["share"]


def say_parts(forecast: Forecast, period: str) -> str:
    """Return what the P50 of a period is made of, largest part first."""
    table = forecast.composition
    rows = table[(table["period"] == period) & (table["segment"] == ALL) & (table["amount"] > 0)]
    rows = rows.sort_values("amount", ascending=False, kind="stable")
    parts = [
        f"{format_money(row['amount'], forecast.currency)} {PART_WORDS[row['part']]}"
        for _, row in rows.iterrows()
    ]
    return ", ".join(parts) if parts else "nothing"


def say_spread(spread: pd.DataFrame, period: str, currency: str) -> str:
    """Return what the spread of a period is made of."""
    if not spread_column(spread, period, "sd")["total"] > 0:
        return "none"
    shares = spread_column(spread, period, "variance_share")
    width = spread_column(spread, period, "width")["total"]
    parts = [f"{SOURCE_WORDS[s]} {format_share(shares[s])}" for s in SOURCES if shares[s] > 0]
    return f"{format_money(width, currency)} from P10 to P90: {', '.join(parts)}"


def say_coverage(coverage: Coverage, period: str) -> str:
    """Return coverage against what is needed and the rules of thumb, for one period."""
    row = headline_coverage(coverage, period)
    if row is None:
        return "not measured"
    if not math.isfinite(row["coverage"]):
        return f"not measured ({row['note'] or 'no target'})"
    text = f"{format_multiple(row['coverage'])} now"
    if math.isfinite(row["needed_p50"]):
        needed = "/".join(format_multiple(row[f"needed_p{c}"]) for c in (50, 80, 90))
        text += f"; {needed} needed for a 50/80/90% chance"
    if math.isfinite(row["rule_of_thumb"]):
        text += f"; rule of thumb {format_multiple(row['rule_of_thumb'])}"
    adjusted = coverage.row(period, ALL, SLIPPAGE_ADJUSTED)
    if adjusted is not None and math.isfinite(adjusted["rule_of_thumb"]):
        text += f" ({format_multiple(adjusted['rule_of_thumb'])} with slippage)"
    return f"{text}; {row['note']}" if row["note"] else text
