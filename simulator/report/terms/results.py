"""The results folder of ``simulator terms``: tables, charts, summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from simulator.analysis.terms.terms import DealTerms
from simulator.report.forecast.summary import records
from simulator.report.money import source_line
from simulator.report.output.manifest import write_json
from simulator.report.output.tables import write_table
from simulator.report.terms.charts import draw_crossing, draw_policies


@dataclass(frozen=True)
class TermsResults:
    """All that one ``simulator terms`` found."""

    scenario: str
    as_of: dt.date
    currency: str
    terms: DealTerms
    answers: Mapping[str, str]
    notes: tuple[str, ...]
    assumptions: tuple[dict[str, str], ...]


def terms_summary(results: TermsResults) -> dict[str, object]:
    """Return the content of summary.json."""
    found = results.terms
    return {
        "scenario": results.scenario,
        "as_of": results.as_of.isoformat(),
        "currency": results.currency,
        "figures_are": "new-business bookings signed in the window; value is gross margin on the revenue of "
        "the customers signed, less the cost of what was promised, to the end of the run-off",
        "answers": dict(results.answers),
        "window": list(found.window),
        "until": found.periods[-1],
        "n_paths": found.n_paths,
        "policies": records(found.table),
        "prices": records(found.prices),
        "success_plan": dict(found.gate),
        "hangs_on": records(found.assumptions),
        "notes": list(results.notes),
        "assumptions": list(results.assumptions),
    }


def write_terms(results: TermsResults, draft: Path) -> None:
    """Write tables/, charts/ and summary.json into a folder that `publish` gave."""
    found = results.terms
    tables, charts = draft / "tables", draft / "charts"
    tables.mkdir()
    charts.mkdir()
    write_table(found.table, tables / "terms.csv")
    write_table(found.curve, tables / "terms_curve.csv")
    write_table(found.prices, tables / "terms_prices.csv")
    write_table(found.assumptions, tables / "terms_assumptions.csv")
    write_json(terms_summary(results), draft / "summary.json")
    footer = source_line(
        results.as_of,
        f"Gross margin of {found.margin:.0%} on revenue less cost of delivery; effects of terms assumed",
        f"{found.n_paths:,} simulated futures of scenario “{results.scenario}”",
    )
    draw_policies(found, results.currency, footer, charts)
    draw_crossing(found, results.currency, footer, charts)
