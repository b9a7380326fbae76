"""The results folder of ``simulator sweep``: table, chart, summary, and the answer in words."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from simulator.analysis.measures import P_HIT
from simulator.analysis.sweep import SweptScenario
from simulator.report.manifest import write_json
from simulator.report.money import format_money, format_share
from simulator.report.summary import PERCENTILES_ARE, records
from simulator.report.sweep_chart import Drawing, draw_sweep, say_setting
from simulator.report.tables import write_table
from simulator.report.wording import source_line

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
