"""The results folder of ``simulator headcount``: tables, charts, summary."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from simulator.analysis.headcount.headcount import Headcount
from simulator.engine.plan.service_coverage import Effect
from simulator.report.forecast.summary import records
from simulator.report.headcount.words import headcount_title, role_word
from simulator.report.money import source_line
from simulator.report.output.manifest import write_json
from simulator.report.output.tables import write_table
from simulator.report.style import INK, SERIES, draw_panels, money_axis
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


MOST_COLUMNS = 3
MARKS = ("o", "s", "^", "D", "v", "P")


def draw_headcount(
    found: Headcount, currency: str, footer: str, folder: Path, segment: str | None = None
) -> None:
    """Draw the NPV that the 1st, 2nd … head adds, by role and segment."""
    segments = [name for name in found.segments if segment in (None, name)]
    n_columns = min(MOST_COLUMNS, len(segments))
    n_rows = -(-len(segments) // n_columns)
    roles = found.question.roles
    with draw_panels(
        folder,
        "headcount",
        title=headcount_title(found, currency, segment),
        subtitle=f"NPV that each further head adds until {found.periods[-1]}, mean, in {currency}; above the "
        "line a head earns more than it costs",
        footer=footer,
        n_rows=n_rows,
        n_columns=n_columns,
        share_y=True,
        top_inches=0.7,
        size_inches=(10.0, 2.3 + 2.2 * n_rows),
    ) as panels:
        for axes, name in zip(panels, segments, strict=False):
            for number, role in enumerate(roles):
                rows = found.table[(found.table["role"] == role) & (found.table["segment"] == name)]
                if rows.empty:
                    continue
                axes.plot(
                    rows["heads_added"], rows["marginal_npv"], color=SERIES[number % len(SERIES)],
                    marker=MARKS[number % len(MARKS)], linewidth=2, markersize=5, label=role_word(role),
                )  # fmt: skip
            axes.axhline(0, color=INK, linewidth=0.9)
            axes.set_title(name, fontsize=10)
            axes.set_xticks(np.arange(1, found.question.up_to + 1))
            axes.set_xlim(0.7, found.question.up_to + 0.3)
        values = found.table.loc[found.table["segment"].isin(segments), "marginal_npv"]
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        panels[0].set_ylim(low - 0.1 * (high - low), high + 0.12 * (high - low))
        for axes in panels[: len(segments)]:
            money_axis(axes, currency)
        for axes in panels[len(segments) :]:
            axes.remove()
        figure = panels[0].get_figure()
        assert isinstance(figure, Figure)  # noqa: S101  the panels are drawn on a figure of their own
        handles, labels = panels[0].get_legend_handles_labels()
        height = float(figure.get_figheight())
        above = panels[0].get_position().y1 + 0.66 / height
        figure.legend(handles, labels, loc="upper left", ncols=len(roles), bbox_to_anchor=(0.03, above))
