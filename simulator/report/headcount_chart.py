"""The chart of heads: what each further head of a role adds in NPV, one panel a segment, one scale."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from simulator.analysis.headcount import Headcount
from simulator.report.headcount_words import headcount_title, role_word
from simulator.report.style import INK, SERIES, draw_panels, money_axis

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
