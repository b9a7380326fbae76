"""Pipeline created, and what the targets need, in sentences."""

from __future__ import annotations

import math

import pandas as pd

from simulator.analysis.forecast.pipeline import PipelineNeeded
from simulator.analysis.totals import ALL
from simulator.report.money import format_money

FIGURES_ARE = "qualified pipeline created: amounts at SAL, those that gave up waiting for a rep taken off"


def pipeline_answers(needed: PipelineNeeded, currency: str) -> list[str]:
    """Return what is created in each quarter, and what the targets ask for, a sentence each."""
    created = needed.created[needed.created["segment"] == ALL]
    asked = needed.needed
    rows = asked[asked["segment"] == ALL].set_index("period") if len(asked) else asked
    sentences = []
    for _, row in created.iterrows():
        period = str(row["period"])
        low, middle, high = (format_money(row[p], currency) for p in ("p10", "p50", "p90"))
        text = f"{period}: {middle} of qualified pipeline is created (P10 {low} to P90 {high})"
        if period in rows.index:
            text += f"; {_needs(rows[rows.index == period].iloc[0], currency)}"
        sentences.append(text)
    if not len(rows):
        sentences.append("No target is stated for all segments, so none says how much is needed")
    return sentences


def _needs(row: pd.Series, currency: str) -> str:
    parts = []
    for chance in (50, 80, 90):
        amount, target = row[f"needed_p{chance}"], row[f"for_p{chance}"]
        if math.isnan(amount):
            parts.append(f"{chance}%: out of reach by pipeline alone ({target})")
        else:
            parts.append(f"{chance}%: {format_money(amount, currency)} (for {target})")
    return "for the targets from then on it takes, at " + ", ".join(parts)
