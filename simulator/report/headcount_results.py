"""The results folder of ``simulator headcount``: tables, charts, summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from simulator.analysis.headcount import Headcount
from simulator.engine.coverage_terms import Effect
from simulator.report.headcount_chart import draw_headcount
from simulator.report.manifest import write_json
from simulator.report.summary import records
from simulator.report.tables import write_table
from simulator.report.wording import source_line
from simulator.scenario.dates import month_text


@dataclass(frozen=True)
class HeadcountResults:
    """All that one ``simulator headcount`` found."""

    scenario: str
    as_of: dt.date
    currency: str
    headcount: Headcount
    effects: tuple[Effect, ...]
    segment: str | None
    answers: Mapping[str, str]
    notes: tuple[str, ...]
    assumptions: tuple[dict[str, str], ...] = ()


def headcount_summary(results: HeadcountResults) -> dict[str, object]:
    """Return the content of summary.json."""
    found, question = results.headcount, results.headcount.question
    return {
        "scenario": results.scenario,
        "as_of": results.as_of.isoformat(),
        "currency": results.currency,
        "figures_are": "gains against the same futures without the heads; NPV is gross margin on revenue "
        "gained, and on the ARR gained at the end, less what the heads cost, discounted",
        "answers": dict(results.answers),
        "start": month_text(question.start),
        "gross_margin": question.margin,
        "discount_rate": question.discount,
        "closing_years": question.closing_years,
        "n_paths": found.n_paths,
        "headcount": records(found.table),
        "breakeven": records(found.breakeven),
        "sensitivity": records(found.sensitivity),
        "effects": [asdict(effect) for effect in results.effects],
        "notes": list(results.notes),
        "assumptions": list(results.assumptions),
    }


def write_headcount(results: HeadcountResults, draft: Path) -> None:
    """Write tables/, charts/ and summary.json into a folder that `publish` gave."""
    found = results.headcount
    tables, charts = draft / "tables", draft / "charts"
    tables.mkdir()
    charts.mkdir()
    write_table(found.table, tables / "headcount.csv")
    if not found.breakeven.empty:
        write_table(found.breakeven, tables / "headcount_breakeven.csv")
        write_table(found.sensitivity, tables / "headcount_sensitivity.csv")
    write_json(headcount_summary(results), draft / "summary.json")
    footer = source_line(
        results.as_of,
        f"Gross margin of {found.question.margin:.0%} on revenue gained less cost, discounted at "
        f"{found.question.discount:.0%} a year",
        f"{found.n_paths:,} simulated futures of scenario “{results.scenario}”",
    )
    draw_headcount(found, results.currency, footer, charts, results.segment)
