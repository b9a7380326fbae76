"""Scenarios compared, in sentences."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from simulator.analysis.compare.comparison import Comparison
from simulator.report.money import format_money, format_share, join_words
from simulator.report.simulation_error import say_error_margin
from simulator.scenario.differences import differences
from simulator.scenario.schema import Scenario

FIGURES_ARE = (
    "bookings: value signed in the period, new business unless the measure says otherwise; differences are "
    "taken path by path, on the same random numbers"
)
GROUND = ("simulation.", "horizon_quarters")


def compare_answers(comparison: Comparison, period: str, currency: str) -> dict[str, str]:
    """Return what each scenario changes against the first in a period, a sentence each."""
    return {
        name: say_change(comparison.total(name, period), period, currency)
        for name in comparison.scenarios[1:]
    }


def say_change(row: pd.Series, period: str, currency: str) -> str:
    """Return what a scenario changes in a period: on average, how surely, how often, and the chance."""
    name, base = row["scenario"], row["against"]
    if row["p_more"] == 0 and row["p_less"] == 0:
        return f"{name} books in {period} what {base} books, in every simulation"
    low, high = (format_money(row[f"mean_change_{end}"], currency) for end in ("low", "high"))
    more = row["mean_change"] >= 0
    text = (
        f"{name} books {format_money(abs(row['mean_change']), currency)} {'more' if more else 'less'} than "
        f"{base} in {period} on average"
    )
    if math.isfinite(row["mean_change_low"]):
        text += f" (the simulation's 95% interval {low} to {high})"
    text += f", and more in {format_share(row['p_more'])} of simulations"
    p50s = " to ".join(format_money(row[key], currency) for key in ("base_p50", "p50"))
    text += f". The P50 goes from {p50s}"
    if math.isfinite(row["p_hit"]) and math.isfinite(row["base_p_hit"]):
        text += (
            f"; the chance of the target goes from {format_share(row['base_p_hit'])} to "
            f"{format_share(row['p_hit'])}"
        )
    return text


def say_differences(first: Scenario, other: Scenario) -> list[str]:
    """Return what differs between the scenarios as they are compared, in words."""
    return [words for words in differences(first, other) if not words.startswith(GROUND)]


def say_ground(first: Scenario, others: Sequence[Scenario]) -> list[str]:
    """Return that the seed and so on are those of the first, and what the others say that is not used."""
    settings = first.simulation
    notes = [
        f"all scenarios share the random numbers of {first.name}: seed {settings.seed}, "
        f"{settings.paths:,} simulations, {settings.rate_draws:,} draws of the rates, "
        f"{first.horizon_quarters} quarters"
    ]
    for other in others:
        unused = [words for words in differences(first, other) if words.startswith(GROUND)]
        if unused:
            notes.append(f"{other.name} asks for other settings, which are not used: {'; '.join(unused)}")
    return notes


def bridge_title(steps: pd.DataFrame, labels: Mapping[str, str], currency: str) -> str:
    """Return the finding of a bridge: what moves the P50 most, and from where to where."""
    period, name = steps["period"].iloc[0], labels["name"]
    start, end = (format_money(steps["p50"].iloc[place], currency) for place in (0, -1))
    moved = steps[steps["step"] > 0]
    verb = "stays at" if start == end else f"goes from {start} to"
    text = f"From {labels['base']} to {name} the P50 of {period} {verb} {end}"
    if len(moved) < 2 or not moved["change"].abs().max() > 0:
        return text
    first = moved.iloc[int(moved["change"].abs().to_numpy().argmax())]
    return f"{text}; {first['label']} moves it most"


def say_bridge(steps: pd.DataFrame, currency: str) -> str:
    """Return the steps of a bridge in one sentence, each with its 80% interval; they add up to rounding."""
    return join_words([
        f"{row['label']}: {'+' if row['change'] >= 0 else ''}{format_money(row['change'], currency)}"
        + (f" ({say_error_margin(row['error'], currency)})" if row["error"] > 0 else "")
        for _, row in steps[steps["step"] > 0].iterrows()
    ])  # fmt: skip
