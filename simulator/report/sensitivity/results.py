"""The results folder of ``simulator sensitivity``: table, tornado, summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.compare.measures import P_HIT
from simulator.analysis.sensitivity.main_effects import MainEffects
from simulator.analysis.sensitivity.sensitivity import GoalSeek, Sensitivity
from simulator.analysis.sensitivity.sweep import SweptScenario
from simulator.report.forecast.summary import PERCENTILES_ARE, records
from simulator.report.money import format_money, format_share, source_line
from simulator.report.output.manifest import write_json
from simulator.report.output.tables import write_table
from simulator.report.sensitivity.charts import (
    Drawing,
    draw_main_effects,
    draw_sweep,
    draw_tornado,
    say_setting,
)
from simulator.report.sensitivity.words import say_measure

VALUES = ("value", "change", "error")


@dataclass(frozen=True)
class SensitivityResults:
    """All that one ``simulator sensitivity`` found."""

    scenario: str
    as_of: dt.date
    currency: str
    sensitivity: Sensitivity
    goal: GoalSeek | None
    answers: Mapping[str, str]
    notes: tuple[str, ...]
    effects: MainEffects | None = None


def sensitivity_table(found: Sensitivity) -> pd.DataFrame:
    """Return the table as it is written: with the measure, amounts to the cent, shares to six decimals."""
    table = found.table.copy()
    # Shares and amounts stand in the same columns, so the decimals depend on the measure, not the column.
    columns = [*(f"{name}_{end}" for name in VALUES for end in ("low", "high")), "swing"]
    for column in columns:
        decimals = 6 if found.measure.is_share else 2
        table[column] = table[column].round(decimals).add(0.0).astype(object)
    table.insert(0, "measure", found.measure.name)
    table.insert(1, "period", found.measure.period)
    return table


def shares_table(effects: MainEffects) -> pd.DataFrame:
    """Return the shares of the variance as they are written: with the measure, to six decimals."""
    table = effects.table.copy()
    for column in ("share", "share_low", "share_high"):
        table[column] = table[column].round(6).add(0.0).astype(object)
    table.insert(0, "measure", effects.measure.name)
    table.insert(1, "period", effects.measure.period)
    return table


def sensitivity_summary(results: SensitivityResults) -> dict[str, object]:
    """Return the content of summary.json."""
    found, goal = results.sensitivity, results.goal
    summary: dict[str, object] = {
        "scenario": results.scenario,
        "as_of": results.as_of.isoformat(),
        "currency": results.currency,
        "figures_are": f"{say_measure(found.measure)}, each thing turned alone on the same random numbers",
        "percentiles_are": PERCENTILES_ARE,
        "n_paths": found.n_paths,
        "answers": dict(results.answers),
        "measure": found.measure.name,
        "period": found.measure.period,
        "base": found.base,
        "sensitivity": records(sensitivity_table(found)),
        "notes": list(results.notes),
    }
    if goal is not None:
        plain = {"factor": goal.factor, "reached": goal.reached, "error": goal.error}
        found_goal = {key: value if value == value else None for key, value in plain.items()}  # noqa: PLR0124
        curve = records(goal.curve.astype({"factor": object}))
        summary["goal_seek"] = {
            "lever": goal.lever, "chance": goal.chance, **found_goal, "curve": curve,
        }  # fmt: skip
    if results.effects is not None:
        effects = results.effects
        summary["shares"] = {
            "together": round(effects.together, 6), "mean": effects.mean, "sd": effects.sd,
            "n_settings": effects.n_settings, "main_effects": records(shares_table(effects)),
        }  # fmt: skip
    return summary


def write_sensitivity(results: SensitivityResults, draft: Path) -> None:
    """Write tables/, charts/ and summary.json into a folder that `publish` gave."""
    tables, charts = draft / "tables", draft / "charts"
    tables.mkdir()
    charts.mkdir()
    write_table(sensitivity_table(results.sensitivity), tables / "sensitivity.csv")
    if results.goal is not None:
        curve = results.goal.curve
        write_table(curve.astype({"factor": object}), tables / "goal_seek.csv")
    if results.effects is not None:
        write_table(shares_table(results.effects), tables / "main_effects.csv")
    write_json(sensitivity_summary(results), draft / "summary.json")
    kind = "ARR" if results.sensitivity.measure.of_customers else "Bookings, new business"
    footer = source_line(
        results.as_of,
        kind,
        f"{results.sensitivity.n_paths:,} simulated futures of scenario “{results.scenario}”, the same for "
        "each turn",
    )
    draw_tornado(results.sensitivity, results.currency, footer, charts)
    if results.effects is not None:
        draw_main_effects(results.effects, results.currency, footer, charts)


CLEAR_ERRORS = 2.0


@dataclass(frozen=True)
class SweepResults:
    """All that one ``simulator sweep`` found."""

    scenario: str
    as_of: dt.date
    currency: str
    period: str
    swept: SweptScenario
    notes: tuple[str, ...]


def sweep_answers(results: SweepResults) -> dict[str, str]:
    """Return the answers, a sentence each: where most is booked, and how much setting matters."""
    table, currency = results.swept.table, results.currency
    rows = table[table["period"] == results.period]
    base, points = rows[rows["setting"] == 0].iloc[0], rows[rows["setting"] > 0]
    ranked = points.sort_values("p50", ascending=False, kind="stable")
    best, worst = ranked.iloc[0], ranked.iloc[-1]
    chance = f", and hits the target in {format_share(best[P_HIT])}" if np.isfinite(best[P_HIT]) else ""
    texts = {
        "base": f"As it stands the P50 of {results.period} is {format_money(base['p50'], currency)}",
        "best": f"Of {len(points)} settings {say_setting(best, results.swept.keys)} books most: "
        f"P50 {format_money(best['p50'], currency)}{chance}",
        "worst": f"Least is booked with {say_setting(worst, results.swept.keys)}: "
        f"P50 {format_money(worst['p50'], currency)}",
    }
    if not best["p50_change"] > CLEAR_ERRORS * best["p50_error"]:
        texts["doubt"] = "The best setting is not told from the scenario as it stands by so few futures"
    return texts


def sweep_summary(results: SweepResults) -> dict[str, object]:
    """Return the content of summary.json."""
    return {
        "scenario": results.scenario,
        "as_of": results.as_of.isoformat(),
        "currency": results.currency,
        "figures_are": "new-business bookings at every setting, on the same random numbers",
        "percentiles_are": PERCENTILES_ARE,
        "n_paths": results.swept.n_paths,
        "answers": sweep_answers(results),
        "keys": list(results.swept.keys),
        "sweep": records(results.swept.table),
        "notes": list(results.notes),
    }


def write_sweep(results: SweepResults, draft: Path) -> None:
    """Write tables/, charts/ and summary.json into a folder that `publish` gave."""
    (draft / "tables").mkdir()
    (draft / "charts").mkdir()
    write_table(results.swept.table, draft / "tables" / "sweep.csv")
    write_json(sweep_summary(results), draft / "summary.json")
    origin = (
        f"{results.swept.n_paths:,} simulated futures of scenario “{results.scenario}”, the same each time"
    )
    footer = source_line(results.as_of, "Bookings, new business", origin)
    title = sweep_answers(results)["best"]
    drawing = Drawing(results.swept, results.period, results.currency, title, footer)
    draw_sweep(drawing, draft / "charts")
