"""What moves a figure most, and how far a lever must go, in sentences."""

from __future__ import annotations

import math

import pandas as pd

from simulator.analysis.compare.measures import P_HIT, Measure
from simulator.analysis.sensitivity.main_effects import MainEffects
from simulator.analysis.sensitivity.sensitivity import GoalSeek, Sensitivity
from simulator.report.money import format_money, format_share, join_words
from simulator.report.simulation_error import CLEAR_ERRORS, OF_80, error_margin, say_error_in_points
from simulator.scenario.levers import LEVERS

MEASURE_WORDS = {
    "mean": "mean bookings",
    "p10": "P10 bookings",
    "p50": "P50 bookings",
    "p90": "P90 bookings",
    P_HIT: "chance of the target",
    "arr": "ARR at the end",
    "nrr": "NRR (cohort method)",
    "grr": "GRR (cohort method)",
}
LEVER_WORDS = {
    "velocity": "speed of deals",
    "open_deals_per_rep": "deals a rep can work",
    "sals": "new accepted leads (SALs)",
    "close_multiplier": "prices at signing",
    "amount": "size of deals",
    "close_odds": "odds of winning",
    "no_decision": "deals lost without a decision",
    "push_length": "length of slips",
    "pull_ins": "deals that close before they are due",
    "slippage": "slippage of close dates",
    "competitive_losses": "losses to competitors",
    "attrition": "reps who leave",
    "ramp": "time to ramp a rep",
    "backfill_months": "months to fill a seat",
    "shared_shock": "good or bad quarters for all",
    "patience": "how long deals wait for a rep",
}


def say_lever(name: str) -> str:
    """Return a lever as people say it; an assumption by its key."""
    return LEVER_WORDS.get(name, name.replace("_", " "))


def say_measure(measure: Measure) -> str:
    """Return the figure in words, such as ``P50 bookings of FY28Q1``."""
    return f"{MEASURE_WORDS[measure.name]} of {measure.period}"


def format_figure(value: float, measure: Measure, currency: str) -> str:
    """Return a value of the measure: money, or a share in percent."""
    if not measure.is_share or not math.isfinite(value):
        return format_money(value, currency)
    return format_share(value) if measure.name == P_HIT else f"{value:.1%}"


def format_factor(factor: float) -> str:
    """Return a factor as levers are written."""
    return f"×{factor:.3g}"


def is_clear(row: pd.Series) -> bool:
    """Return whether either end of an input differs from base by more than the simulation's own noise."""
    return any(
        abs(row[f"change_{end}"]) > CLEAR_ERRORS * row[f"error_{end}"] and row[f"change_{end}"] != 0
        for end in ("low", "high")
    )


def sensitivity_title(found: Sensitivity, currency: str) -> str:
    """Return which lever moves the figure most, and how far."""
    row = found.table.iloc[0]
    if not row["swing"] > 0:
        return f"No input moves the {say_measure(found.measure)}"
    ends = " and ".join(
        f"{format_figure(row[f'value_{end}'], found.measure, currency)} at {format_factor(row[end])}"
        for end in ("low", "high")
    )
    return f"Largest lever on the {say_measure(found.measure)}: {say_lever(row['name'])}, {ends}"


def say_effect(row: pd.Series, measure: Measure, currency: str) -> str:
    """Return the larger of the two changes that an input makes, with its 80% interval."""
    end = "high" if abs(row["change_high"]) >= abs(row["change_low"]) else "low"
    change, error = float(row[f"change_{end}"]), error_margin(float(row[f"error_{end}"]))
    sign = "+" if change >= 0 else ""
    margin = f"{100 * error:.1f} points" if measure.is_share else format_money(error, currency, 2)
    text = f"{100 * change:.1f}".replace("-", "−") if measure.is_share else format_money(change, currency)
    return f"{say_lever(row['name'])} {sign}{text} ± {margin} at {format_factor(row[end])}"


def shares_title(effects: MainEffects, currency: str) -> str:
    """Return how far the figure varies when all inputs are moved at once, and what most of it comes from."""
    first = effects.table.iloc[0]
    if not effects.sd > 0:
        return f"No input moves the {say_measure(effects.measure)}"
    spread = format_figure(effects.sd, effects.measure, currency)
    return (
        f"With all inputs moved at once the {say_measure(effects.measure)} varies by {spread} "
        f"(one standard deviation), {first['share']:.0%} of the variance from {first['name']}"
    )


def sensitivity_answers(
    found: Sensitivity, goal: GoalSeek | None, currency: str, effects: MainEffects | None = None
) -> dict[str, str]:
    """Return the answers, a sentence each."""
    base = format_figure(found.base, found.measure, currency)
    texts = {
        "base": f"As things stand the {say_measure(found.measure)}: {base}",
        "most": sensitivity_title(found, currency),
    }
    clear = [row for _, row in found.table.iterrows() if is_clear(row)]
    if clear:
        named = "; ".join(say_effect(row, found.measure, currency) for row in clear[:4])
        texts["next"] = f"What each does alone: {named}"
    quiet = [say_lever(row["name"]) for _, row in found.table.iterrows() if not is_clear(row)]
    if quiet:
        texts["quiet"] = f"No measurable difference with {found.n_paths:,} simulations: {join_words(quiet)}"
    if effects is not None:
        texts["shares"] = shares_title(effects, currency)
    if goal is not None:
        texts["goal"] = say_goal(goal, found.measure.period)
    return texts


def say_goal(goal: GoalSeek, period: str) -> str:
    """Return the factor at which the target is hit with the chance wanted, or that there is none."""
    what = f"{goal.lever} ({LEVERS[goal.lever].multiplies})"
    if not math.isfinite(goal.factor):
        curve = goal.curve
        ends = " to ".join(format_factor(curve["factor"].iloc[place]) for place in (0, -1))
        return (
            f"No factor of {what} from {ends} makes the chance of the {period} target "
            f"{format_share(goal.chance)}: the nearest is {format_share(goal.reached)}"
        )
    margin = f" ({say_error_in_points(goal.error)}, {OF_80})" if math.isfinite(goal.error) else ""
    return (
        f"The {period} target is hit in {format_share(goal.reached)} of simulations{margin} with "
        f"{what} at {format_factor(goal.factor)}, all else as it stands"
    )
