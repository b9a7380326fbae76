"""The results folder of ``simulator compare``: tables, bridge charts, summary."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from simulator.analysis.comparison import Comparison
from simulator.report.bridge_chart import draw_bridge
from simulator.report.comparison_words import FIGURES_ARE
from simulator.report.manifest import write_json
from simulator.report.summary import PERCENTILES_ARE, records
from simulator.report.tables import write_table
from simulator.report.wording import source_line


@dataclass(frozen=True)
class ComparisonResults:
    """All that one ``simulator compare`` found.

    Parameters
    ----------
    as_of : datetime.date
    currency : str
    period : str
        What the words and charts speak of.
    comparison : Comparison
    bridges : mapping of str to DataFrame
        By scenario, see `bridge`.
    differences : mapping of str to tuple of str
        What differs from the first scenario, in words.
    answers : mapping of str to str
    notes : tuple of str
    """

    as_of: dt.date
    currency: str
    period: str
    comparison: Comparison
    bridges: Mapping[str, pd.DataFrame]
    differences: Mapping[str, tuple[str, ...]]
    answers: Mapping[str, str]
    notes: tuple[str, ...]


def comparison_summary(results: ComparisonResults) -> dict[str, object]:
    """Return the content of summary.json."""
    return {
        "scenarios": list(results.comparison.scenarios),
        "as_of": results.as_of.isoformat(),
        "currency": results.currency,
        "figures_are": FIGURES_ARE,
        "percentiles_are": PERCENTILES_ARE,
        "n_paths": results.comparison.n_paths,
        "answers": dict(results.answers),
        "differences": {name: list(words) for name, words in results.differences.items()},
        "comparison": records(results.comparison.table),
        "bridges": {name: records(steps) for name, steps in results.bridges.items()},
        "notes": list(results.notes),
    }


def write_comparison(results: ComparisonResults, draft: Path) -> None:
    """Write tables/, charts/ and summary.json into a folder that `publish` gave."""
    tables, charts = draft / "tables", draft / "charts"
    tables.mkdir()
    charts.mkdir()
    write_table(results.comparison.table, tables / "compare.csv")
    steps = [table.assign(scenario=name) for name, table in results.bridges.items()]
    write_table(pd.concat(steps, ignore_index=True), tables / "bridge.csv")
    write_json(comparison_summary(results), draft / "summary.json")
    footer = source_line(
        results.as_of, "Bookings, new business", f"{results.comparison.n_paths:,} simulated futures of each"
    )
    for name, table in results.bridges.items():
        rows = table[table["period"] == results.period].reset_index(drop=True)
        draw_bridge(
            rows, charts, name=name, file=f"bridge_{_safe(name)}", footer=footer, currency=results.currency
        )


def _safe(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name).strip(".-") or "scenario"
