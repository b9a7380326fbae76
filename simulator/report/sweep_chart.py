"""A sweep drawn: a line over one key, a map over two, a ranking over more."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.measures import P_HIT
from simulator.analysis.sweep import SweptScenario
from simulator.report.money import format_money, format_share
from simulator.report.style import BLUE, ICE, INK, NAVY, ORANGE, draw_chart, money_axis

MOST_RANKED = 24
LABEL_ROOM = 0.34
CHART = "sweep"


@dataclass(frozen=True)
class Drawing:
    """What to draw: the sweep, its period and currency, the sentence over it and the line under it."""

    swept: SweptScenario
    period: str
    currency: str
    title: str
    footer: str


def draw_sweep(sweep: Drawing, folder: Path) -> None:
    """Draw the figures of one period by setting."""
    table = sweep.swept.table
    rows = table[(table["period"] == sweep.period) & (table["setting"] > 0)]
    draw = {1: _draw_line, 2: _draw_map}.get(len(sweep.swept.keys), _draw_ranking)
    draw(sweep, rows, folder)


def _draw_line(sweep: Drawing, rows: pd.DataFrame, folder: Path) -> None:
    (key,) = sweep.swept.keys
    subtitle = f"P10, P50 and P90 of new bookings of {sweep.period} by {key}; dashed: the target"
    with draw_chart(folder, CHART, title=sweep.title, subtitle=subtitle, footer=sweep.footer) as axes:
        places = np.arange(len(rows))
        axes.fill_between(places, rows["p10"], rows["p90"], color=ICE)
        axes.plot(places, rows["p50"], color=NAVY, marker="o")
        if rows["target"].notna().any():
            axes.plot(places, rows["target"], color=ORANGE, linestyle="--")
        for place, (_, row) in zip(places, rows.iterrows(), strict=True):
            chance = f"\n{format_share(row[P_HIT])} hit" if np.isfinite(row[P_HIT]) else ""
            text = format_money(row["p50"], sweep.currency) + chance
            axes.annotate(text, (place, row["p50"]), xytext=(0, 9), textcoords="offset points", ha="center")
        axes.set_xticks(places, [str(value) for value in rows[key]])
        axes.set_xlabel(key)
        axes.set_ylim(bottom=0)
        axes.margins(x=0.08)
        money_axis(axes, sweep.currency)


def _draw_map(sweep: Drawing, rows: pd.DataFrame, folder: Path) -> None:
    down, across = sweep.swept.keys
    figure = P_HIT if rows[P_HIT].notna().all() else "p50"
    names = [list(dict.fromkeys(map(str, rows[key]))) for key in (down, across)]
    cells = rows[figure].to_numpy(np.float64).reshape(len(names[0]), len(names[1]))
    what = "Chance of the target" if figure == P_HIT else "P50 of new bookings"
    subtitle = f"{what} of {sweep.period}; darker is more"
    with draw_chart(folder, CHART, title=sweep.title, subtitle=subtitle, footer=sweep.footer) as axes:
        middle = (cells.min() + cells.max()) / 2
        axes.imshow(cells, cmap="Blues", aspect="auto", vmin=cells.min() - (cells.max() - cells.min()) * 0.3)
        for (row, column), value in np.ndenumerate(cells):
            text = format_share(value) if figure == P_HIT else format_money(value, sweep.currency)
            colour = "white" if value > middle else INK
            axes.text(column, row, text, ha="center", va="center", color=colour)
        axes.set_xticks(range(len(names[1])), names[1])
        axes.set_yticks(range(len(names[0])), names[0])
        axes.set_xlabel(across)
        _label_above(axes, down)
        axes.grid(False)


def _label_above(axes: Axes, key: str) -> None:
    axes.annotate(
        key, (0, 1), xytext=(-4, 6), textcoords="offset points", xycoords="axes fraction", ha="right"
    )


def _draw_ranking(sweep: Drawing, rows: pd.DataFrame, folder: Path) -> None:
    best = rows.sort_values("p50", ascending=False, kind="stable").head(MOST_RANKED)
    unshown = (
        f"; the best {MOST_RANKED} of {len(rows)}, all are in sweep.csv" if len(rows) > MOST_RANKED else ""
    )
    subtitle = f"P10, P50 and P90 of new bookings of {sweep.period} by setting{unshown}"
    size = (10.0, 2.4 + 0.3 * len(best))
    with draw_chart(
        folder, CHART, title=sweep.title, subtitle=subtitle, footer=sweep.footer, size_inches=size
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, box.x1 - LABEL_ROOM, box.height))
        places = range(len(best))
        axes.hlines(places, best["p10"], best["p90"], color=BLUE, linewidth=4, alpha=0.45)
        axes.plot(best["p50"], places, "o", color=NAVY)
        axes.set_yticks(places, [say_setting(row, sweep.swept.keys) for _, row in best.iterrows()])
        axes.invert_yaxis()
        money_axis(axes, sweep.currency, "x")


def say_setting(row: pd.Series, keys: tuple[str, ...]) -> str:
    """Return a setting in words: the last part of each key and its value."""
    return ", ".join(f"{key.rsplit('.', 1)[-1]} {row[key]}" for key in keys)
