"""The results folder of ``simulator hire``: tables, charts, summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from simulator.analysis.hire.allocation import Hiring
from simulator.report.forecast.summary import records
from simulator.report.hire.charts import draw_allocation, draw_marginal
from simulator.report.money import source_line
from simulator.report.output.manifest import write_json
from simulator.report.output.tables import write_table
from simulator.scenario.dates import month_text


@dataclass(frozen=True)
class HiringResults:
    """All that one ``simulator hire`` found."""

    scenario: str
    as_of: dt.date
    currency: str
    hiring: Hiring
    constraints: pd.DataFrame
    answers: Mapping[str, str]
    notes: tuple[str, ...]
    assumptions: tuple[dict[str, str], ...]


def hiring_summary(results: HiringResults) -> dict[str, object]:
    """Return the content of summary.json."""
    hiring = results.hiring
    return {
        "scenario": results.scenario,
        "as_of": results.as_of.isoformat(),
        "currency": results.currency,
        "figures_are": "bookings and contribution gained over the horizon, against the same futures without",
        "answers": dict(results.answers),
        "allocation": dict(zip(hiring.segments, hiring.allocation.tolist(), strict=True)),
        "n_reps": hiring.n_hired,
        "start": month_text(hiring.question.start),
        "payback_month": month_text(hiring.payback_month) if hiring.payback_month is not None else None,
        "indifference": round(hiring.indifference, 2),
        "separated": hiring.separated,
        "n_allocations": hiring.n_allocations,
        "n_paths": hiring.n_paths,
        "allocations": records(hiring.allocations),
        "marginal": records(hiring.marginal),
        "constraints": records(results.constraints),
        "notes": list(results.notes),
        "assumptions": list(results.assumptions),
    }


def write_hiring(results: HiringResults, draft: Path) -> None:
    """Write tables/, charts/ and summary.json into a folder that `publish` gave."""
    hiring = results.hiring
    tables, charts = draft / "tables", draft / "charts"
    tables.mkdir()
    charts.mkdir()
    write_table(hiring.allocations, tables / "hiring.csv")
    write_table(hiring.marginal, tables / "hiring_marginal.csv")
    monthly = hiring.monthly.assign(month=[month_text(int(m)) for m in hiring.monthly["month"]])
    write_table(monthly, tables / "hiring_monthly.csv")
    write_table(results.constraints, tables / "constraints.csv")
    write_json(hiring_summary(results), draft / "summary.json")
    footer = source_line(
        results.as_of,
        "Gross margin on bookings less base pay, commission and hiring",
        f"{hiring.n_paths:,} simulated futures of scenario “{results.scenario}”",
    )
    draw_allocation(hiring, results.currency, footer, charts)
    draw_marginal(hiring, results.currency, footer, charts)
