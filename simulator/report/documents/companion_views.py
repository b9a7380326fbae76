"""Hiring, headcount and the record of past forecasts and levers, as they are shown next to a run."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import Column, Kind, View, columns
from simulator.report.sensitivity.words import MEASURE_WORDS, is_clear, say_lever
from simulator.report.simulation_error import error_margin

MOST_ALLOCATIONS = 12
MONEY_OF_HIRING = {
    "gain_bookings": "Bookings gained",
    "gain_contribution": "Contribution gained",
    "gain_contribution_p10": "P10",
    "gain_contribution_p90": "P90",
}
MONEY_OF_HEADS = {
    "gain_arr": "ARR gained at the end",
    "gain_bookings_new": "New bookings gained",
    "cost": "Cost",
    "npv": "NPV (mean)",
    "npv_p10": "NPV P10",
    "npv_p90": "NPV P90",
    "marginal_npv": "NPV of the last head",
}
NOT_SEGMENTS = {
    "reps",
    "error",
    "behind",
    "behind_error",
    "p_best",
    "p_best_error",
    "tied",
    "unresolved",
    "answer",
}


def hiring_view(run: Finished) -> View:
    """Return the best allocations of more reps."""
    found = run.companions["hiring"]
    table = found.table.head(MOST_ALLOCATIONS).copy()
    segments = [c for c in table.columns if c not in NOT_SEGMENTS and not str(c).startswith("gain_")]
    table["tied"] = ["the answer" if a else "as good" if t else "" for a, t in zip(
        table["answer"].astype(bool), table["tied"].astype(bool), strict=True)]  # fmt: skip
    known = {key: label for key, label in MONEY_OF_HIRING.items() if key in table}
    return View(
        "hiring",
        "Where the next reps go",
        f"{found.answers[0]}. The best allocations, means over the simulations; contribution: "
        "gross margin less pay, commission and hiring.",
        (
            Column("tied", ""),
            Column("reps", "Reps", "count"),
            *columns("count", {segment: segment.replace("_", " ") for segment in segments}),
            *columns("money", known),
            Column("p_best", "Chance to be the best", "share"),
        ),
        table,
    )


def headcount_view(run: Finished) -> View:
    """Return what each head more is worth, by role and segment."""
    found = run.companions["headcount"]
    known = {key: label for key, label in MONEY_OF_HEADS.items() if key in found.table}
    return View(
        "headcount",
        "What one more head is worth",
        f"{found.answers[0]}. Gains against the same simulations without the heads.",
        (
            Column("role", "Role"),
            Column("segment", "Segment"),
            Column("heads_added", "Heads more", "count"),
            *columns("money", known),
            Column("p_roi_above_0", "Chance that it pays", "share"),
        ),
        found.table,
    )


def levers_view(run: Finished) -> View:
    """Return what each lever moves the figure by, with its interval."""
    found = run.companions["sensitivity"]
    table = found.table
    measure = str(table["measure"].iloc[0])
    kind: Kind = "share" if measure.startswith("p_hit") else "money"
    figure = MEASURE_WORDS.get(measure, measure)
    rows = pd.DataFrame(
        {
            "name": [say_lever(name) for name in table["name"]],
            "lower": [_lever_end(value) for value in table["low"]],
            "change_low": table["change_low"],
            "error_low": error_margin(table["error_low"]),
            "upper": [_lever_end(value) for value in table["high"]],
            "change_high": table["change_high"],
            "error_high": error_margin(table["error_high"]),
            "clear": [
                "" if clear else "no measurable difference"
                for clear in (is_clear(row) for _, row in table.iterrows())
            ],
        }
    )
    return View(
        "levers",
        "What moves the number",
        f"Change of the {figure} of {table['period'].iloc[0]} when one input moves alone, on the same "
        "random numbers; ±: 80% interval of the simulation.",
        (
            Column("name", "Lever"),
            Column("lower", "Lower"),
            *columns(kind, {"change_low": "Change", "error_low": "±"}),
            Column("upper", "Higher"),
            *columns(kind, {"change_high": "Change", "error_high": "±"}),
            Column("clear", ""),
        ),
        rows,
    )


def _lever_end(value: float) -> str:
    return f"{value - 1:+.0%}".replace("-", "−") if 0 < value < 5 else f"{value:g}"


def bridge_view(run: Finished) -> View:
    """Return what moved the P50 since the forecast before, a step a row, with its interval."""
    table = run.companions["bridge"].table
    table = table[table["period"] == table["period"].iloc[0]].reset_index(drop=True)
    return View(
        "bridge",
        "What moved the forecast, step by step",
        f"P50 of new bookings of {table['period'].iloc[0]}. Each step changes one thing on the same random "
        "numbers; all of them add up. ±: 80% interval of the simulation.",
        (
            Column("label", "Step"),
            Column("words", "What it is"),
            *columns("money", {"change": "Change", "error": "±", "p50": "P50 then"}),
        ),
        table.assign(error=error_margin(table["error"])),
    )


def record_view(run: Finished) -> View:
    """Return how past forecasts did next to the usual methods."""
    found = run.companions["backtest"]
    table = found.table[found.table["segment"] == ALL].copy()
    table["when"] = [_when(int(w), int(a)) for w, a in zip(table["week"], table["ahead"], strict=True)]
    table["method"] = table["method"].str.replace("_", " ")
    return View(
        "record",
        "How past forecasts did",
        f"{found.answers[0]}. Past quarters, forecast again from what was known then. Inside: results "
        "between P10 and P90 (80% is right); error of the range: CRPS.",
        (
            Column("when", "Made at"),
            Column("method", "Method"),
            Column("n", "Forecasts", "count"),
            *columns("money", {"crps": "Error of the range", "absolute_error": "Error of the middle"}),
            *columns("share", {"bias": "Bias", "inside": "Inside"}),
        ),
        table.reset_index(drop=True),
    )


def _when(week: int, ahead: int) -> str:
    """Return when forecasts were made, as seen from the quarter that they are of."""
    start = "the start" if week == 0 else f"week {week}"
    return f"{start} of {'that quarter' if ahead == 0 else f'the quarter {ahead} before'}"
