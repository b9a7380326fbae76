"""The operating plan in sentences: contribution, cash, how long it lasts, what the hires change."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.operating.operating import (
    ACQUISITION_RATIO,
    POST_SALE_SHARE,
    PUBLISHED_CAC,
    OperatingView,
)
from simulator.report.forecast.summary import records
from simulator.report.money import format_cents, format_money, format_share
from simulator.report.output.second_process import Job


def operating_title(view: OperatingView, currency: str) -> str:
    """Return the finding as a headline: how long cash lasts, else what is contributed."""
    if np.isfinite(view.chance):
        cash = view.line("cash at the end")["p50"].iloc[-1]
        if view.chance == 0.0:
            middle = format_money(cash, currency)
            return f"Cash lasts through {view.before} in every simulation; P50 {middle} then"
        return f"Cash runs out by the end of {view.before} in {format_share(view.chance)} of simulations"
    last = view.line("contribution").iloc[-1]
    return f"Contribution of {view.periods[-1]}: P50 {format_money(last['p50'], currency)}"


def operating_answers(view: OperatingView, currency: str) -> dict[str, str]:
    """Return the operating plan in a few sentences, by question."""
    texts = {"contribution": _contribution(view, currency)}
    if np.isfinite(view.chance):
        texts["cash"] = _cash(view, currency)
    texts["acquisition"] = _acquisition(view, currency)
    texts["post_sale"] = say_post_sale(view)
    if view.hiring:
        texts["hiring_plan"] = _hiring(view, currency)
    return texts


def operating_summary(view: OperatingView, currency: str) -> dict[str, object]:
    """Return what summary.json holds of the operating plan."""
    return {
        "operating_answers": operating_answers(view, currency),
        "operating": records(view.table),
        "operating_run_out": records(view.run_out),
        "operating_hiring": dict(view.hiring),
        "operating_sources": dict(view.sources),
    }


def _contribution(view: OperatingView, currency: str) -> str:
    last = view.line("contribution").iloc[-1]
    result = view.line("operating result").iloc[-1]
    low, high = (format_money(last[p], currency) for p in ("p10", "p90"))
    return (
        f"In {view.periods[-1]} gross profit less sales expense (contribution) is "
        f"{format_money(last['p50'], currency)} (P10 {low} to P90 {high}), after all other costs "
        f"{format_money(result['p50'], currency)}"
    )


def _cash(view: OperatingView, currency: str) -> str:
    cash = view.line("cash at the end")
    end = cash.iloc[-1]
    low, high = (format_money(end[p], currency) for p in ("p10", "p90"))
    text = (
        f"Cash at the end of {view.periods[-1]}: P50 {format_money(end['p50'], currency)} (P10 {low} to P90 "
        f"{high}); it "
        + (
            f"runs out by the end of {view.before} in {format_share(view.chance)} of simulations"
            if view.chance > 0
            else f"lasts through {view.before} in every simulation"
        )
    )
    short = cash.index[cash["p10"] < 0.0]
    dry = cash.index[cash["p50"] < 0.0]
    if len(dry):
        return f"{text}, in half of them by {dry[0]}"
    return f"{text}, in one of ten by {short[0]}" if len(short) else text


def _acquisition(view: OperatingView, currency: str) -> str:
    ratio = view.line(ACQUISITION_RATIO)["mean"].iloc[-1]
    if not np.isfinite(ratio):
        return f"No new ARR is won in {view.periods[-1]} to hold acquisition cost against"
    one, cost, published = (format_cents(amount, currency) for amount in (1.0, ratio, PUBLISHED_CAC))
    said = f"(published: {published}, Benchmarkit 2025)"
    return f"Winning {one} of new ARR costs {cost} in {view.periods[-1]} {said}"


def say_post_sale(view: OperatingView) -> str:
    """Return the post-sale share of sales expense next to the published bands."""
    share = view.line(POST_SALE_SHARE)["mean"]
    held = share[np.isfinite(share)]
    if held.empty:
        return "No sales expense is simulated, so there is no post-sale share of it"
    first, last = format_share(held.iloc[0]), format_share(held.iloc[-1])
    bands = "under 5% in traditional software, over 10% at two thirds of pure-play cloud vendors, 15% to 20% "
    over_time = f"in {held.index[0]} and {last} in {held.index[-1]}"
    if first == last:
        over_time = f"from {held.index[0]} to {held.index[-1]}"
    return (
        f"Post-sale spend is {first} of sales expense {over_time}; "
        f"published: {bands}at some cloud vendors (Alexander Group 2016)"
    )


def _hiring(view: OperatingView, currency: str) -> str:
    plan: Mapping[str, float] = view.hiring

    def span(name: str) -> str:
        low, high = (format_money(plan[f"{name}_{p}"], currency) for p in ("p10", "p90"))
        return f"{format_money(plan[name], currency)} (P10 {low} to P90 {high})"

    text = f"The planned hires change contribution until {view.periods[-1]} by {span('contribution')}"
    if not np.isfinite(view.chance):
        return text
    return (
        f"{text} and cash at its end by {span('cash')}; cash has run out by then in "
        f"{format_share(plan['p_run_out'])} of simulations, without them in "
        f"{format_share(plan['p_run_out_without'])}"
    )


def operating_chart_jobs(view: OperatingView, forecast: Forecast, charts: Path) -> list[Job]:
    """Return what draws the charts of the operating plan."""
    from simulator.report.charts.picture import draw_picture
    from simulator.report.forecast.charts import frame_of
    from simulator.report.operating.charts import operating_specs

    return [partial(draw_picture, spec, charts) for spec in operating_specs(view, frame_of(forecast))]
