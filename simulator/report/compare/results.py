"""The results folder of ``simulator compare``: tables, bridge charts, summary."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.compare.comparison import Comparison
from simulator.report.compare.words import FIGURES_ARE, bridge_title
from simulator.report.forecast.summary import PERCENTILES_ARE, records
from simulator.report.money import MoneyScale, money_scale, source_line
from simulator.report.output.manifest import write_json
from simulator.report.output.tables import write_table
from simulator.report.style import GREEN, INK, NAVY, ORANGE, STONE, draw_chart, money_axis


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


LABEL_ROOM = 0.24
LABEL_WIDTH = 30
CLOSE = 0.4
"""Where all steps happen above this share of the ends, the axis begins later and says so."""
ROOM = 0.35
"""Room on either side of the steps then, as a share of their range."""


def draw_bridge(
    steps: pd.DataFrame, folder: Path, *, name: str, file: str, footer: str, currency: str
) -> None:
    """Draw one period's steps of `bridge` as bars that hang on one another.

    Parameters
    ----------
    steps : DataFrame
        The rows of one period.
    folder : Path
    name : str
        The scenario that the bridge leads to.
    file : str
        Name of the chart's files.
    footer : str
    currency : str
    """
    levels = steps["p50"].to_numpy(dtype=np.float64)
    floor = _floor(levels)
    scale = money_scale(levels, currency)
    if floor > 0:
        scale = replace(scale, decimals=scale.decimals + 1)
    begins = "" if floor == 0 else f"; the axis begins at {scale.format(floor)}"
    labels = {"base": str(steps["label"].iloc[0]), "name": name}
    with draw_chart(
        folder,
        file,
        title=bridge_title(steps, labels, currency),
        subtitle="P50 of new-business bookings after each difference, made one after the other on the same "
        f"random numbers, in {currency}{begins}",
        footer=footer,
        size_inches=(10.0, 2.5 + 0.56 * (len(steps) + 1)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, box.x1 - LABEL_ROOM, box.height))
        _draw_steps(axes, levels, floor, scale)
        rows = [f"P50 of {labels['base']}", *steps["label"].iloc[1:], f"P50 of {name}"]
        wrapped = ["\n".join(textwrap.wrap(row, LABEL_WIDTH)[:3]) for row in rows]
        axes.set_yticks(range(len(rows)), wrapped)
        axes.invert_yaxis()
        money_axis(axes, currency, "x")


def _floor(levels: npt.NDArray[np.float64]) -> float:
    low, high = float(levels.min()), float(levels.max())
    if not high > 0 or low < CLOSE * high:
        return 0.0
    step = 10.0 ** np.floor(np.log10(max(high - low, 0.01 * high)))
    return float(max(0.0, np.floor((low - ROOM * (high - low)) / step) * step))


def _draw_steps(axes: Axes, levels: npt.NDArray[np.float64], floor: float, scale: MoneyScale) -> None:
    start, end = (round(float(level) / scale.step) * scale.step for level in (levels[0], levels[-1]))
    changes = np.diff(levels)
    shown = scale.round_parts([float(x) for x in changes], end - start) if len(changes) else []
    last = len(levels)
    axes.barh([0, last], [levels[0] - floor, levels[-1] - floor], left=floor, color=NAVY, height=0.6)
    axes.barh(
        range(1, last), np.abs(changes), left=np.minimum(levels[:-1], levels[1:]), height=0.6,
        color=[GREEN if change >= 0 else ORANGE for change in changes],
    )  # fmt: skip
    for row, level in enumerate(levels):
        axes.plot([level, level], [row + 0.3, row + 0.7], color=STONE, linewidth=1)
    high = float(levels.max())
    texts = [scale.format(start), *(_signed(scale, amount) for amount in shown), scale.format(end)]
    places = [levels[0], *np.maximum(levels[:-1], levels[1:]), levels[-1]]
    for row, (text, place) in enumerate(zip(texts, places, strict=True)):
        axes.annotate(
            text, (float(place), row), xytext=(5, 0), textcoords="offset points", va="center",
            fontweight="bold", fontsize=9.5, color=INK,
        )  # fmt: skip
    axes.set_xlim(floor, floor + 1.2 * max(high - floor, 1.0))


def _signed(scale: MoneyScale, amount: float) -> str:
    text = scale.format(amount)
    return f"+{text}" if amount > 0 and text != scale.format(0.0) else text
