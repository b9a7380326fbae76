"""The tornado: what each turn does to a figure, widest first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from simulator.analysis.compare.measures import P_HIT
from simulator.analysis.sensitivity.main_effects import MainEffects
from simulator.analysis.sensitivity.sensitivity import Sensitivity
from simulator.analysis.sensitivity.sweep import SweptScenario
from simulator.report.money import format_money, format_share
from simulator.report.sensitivity.words import (
    format_factor,
    format_figure,
    is_clear,
    say_measure,
    sensitivity_title,
    shares_title,
)
from simulator.report.style import BLUE, ICE, INK, MUTED, NAVY, ORANGE, SAND, draw_chart, money_axis

MOST_ROWS = 16
LABEL_ROOM = 0.2


def draw_tornado(found: Sensitivity, currency: str, footer: str, folder: Path) -> None:
    """Draw the figure at the lower and the higher end of every turn, around where it stands."""
    rows = found.table.head(MOST_ROWS)
    base = format_figure(found.base, found.measure, currency)
    unshown = "; what moves it least is in sensitivity.csv" if len(found.table) > len(rows) else ""
    with draw_chart(
        folder,
        "tornado",
        title=sensitivity_title(found, currency),
        subtitle=f"{say_measure(found.measure)}, each turned alone over its interval (dark: upper end, "
        f"light: lower end), from {base} as things stand{unshown}; "
        "grey names: not told from the simulation's noise",
        footer=footer,
        size_inches=(10.0, 2.4 + 0.36 * (len(rows) + 1)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((LABEL_ROOM, box.y0, box.x1 - LABEL_ROOM, box.height))
        for end, colour in (("low", SAND), ("high", NAVY)):
            axes.barh(range(len(rows)), rows[f"change_{end}"], left=found.base, color=colour, height=0.66)
        axes.axvline(found.base, color=INK, linewidth=0.9)
        _set_limits(axes, rows, found.base)
        for place, (_, row) in enumerate(rows.iterrows()):
            _label_ends(axes, row, place)
        axes.set_yticks(range(len(rows)), list(rows["name"]))
        for label, (_, row) in zip(axes.get_yticklabels(), rows.iterrows(), strict=True):
            label.set_color(INK if is_clear(row) else MUTED)
        axes.invert_yaxis()
        if found.measure.is_share:
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0%}"))
            axes.grid(axis="x")
        else:
            money_axis(axes, currency, "x")


def _set_limits(axes: Axes, rows: pd.DataFrame, base: float) -> None:
    values = [base, *rows["value_low"], *rows["value_high"]]
    low, high = min(values), max(values)
    room = 0.12 * (high - low) or max(abs(base), 1.0) * 0.1
    axes.set_xlim(low - room, high + room)


def _label_ends(axes: Axes, row: pd.Series, place: int) -> None:
    """Write each end's factor beside its bar; on the same side the longer bar's stands outside."""
    left = "low" if row["value_low"] <= row["value_high"] else "high"
    right = "high" if left == "low" else "low"
    for end, side, offset in ((left, "right", -4), (right, "left", 4)):
        outermost = min if end == left else max
        anchor = outermost(row[f"value_{end}"], row[f"value_{end}"] - row[f"change_{end}"])
        axes.annotate(
            format_factor(row[end]), (anchor, place), xytext=(offset, 0), textcoords="offset points",
            va="center", ha=side, fontsize=8.5, color=MUTED,
        )  # fmt: skip


EFFECT_MOST_ROWS = 14
EFFECT_LABEL_ROOM = 0.2


def draw_main_effects(effects: MainEffects, currency: str, footer: str, folder: Path) -> None:
    """Draw the share that each thing explains by itself; what is left is theirs together."""
    rows = effects.table.head(EFFECT_MOST_ROWS)
    with draw_chart(
        folder,
        "main_effects",
        title=shares_title(effects, currency),
        subtitle=f"Share of the variance of the {say_measure(effects.measure)} that each explains by itself, "
        f"bars with 80 % intervals; {effects.together:.0%} is left to things turning together "
        f"({effects.n_settings} settings spread evenly over the intervals)",
        footer=footer,
        size_inches=(10.0, 2.4 + 0.36 * (len(rows) + 1)),
    ) as axes:
        box = axes.get_position()
        axes.set_position((EFFECT_LABEL_ROOM, box.y0, box.x1 - EFFECT_LABEL_ROOM, box.height))
        places = range(len(rows))
        axes.barh(places, rows["share"], color=NAVY, height=0.62)
        axes.hlines(places, rows["share_low"], rows["share_high"], color=MUTED, linewidth=1.6)
        for place, share, high in zip(places, rows["share"], rows["share_high"], strict=True):
            axes.annotate(
                f"{share:.0%}", (max(share, high), place), xytext=(5, 0), textcoords="offset points",
                va="center", fontsize=9, color=INK,
            )  # fmt: skip
        axes.set_yticks(places, list(rows["name"]))
        axes.invert_yaxis()
        axes.set_xlim(0, min(1.0, 1.18 * max(float(rows["share_high"].max()), 0.05)))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0%}")
        axes.grid(axis="x")


MOST_RANKED = 24
SWEEP_LABEL_ROOM = 0.34
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
        axes.set_position((SWEEP_LABEL_ROOM, box.y0, box.x1 - SWEEP_LABEL_ROOM, box.height))
        places = range(len(best))
        axes.hlines(places, best["p10"], best["p90"], color=BLUE, linewidth=4, alpha=0.45)
        axes.plot(best["p50"], places, "o", color=NAVY)
        axes.set_yticks(places, [say_setting(row, sweep.swept.keys) for _, row in best.iterrows()])
        axes.invert_yaxis()
        money_axis(axes, sweep.currency, "x")


def say_setting(row: pd.Series, keys: tuple[str, ...]) -> str:
    """Return a setting in words: the last part of each key and its value."""
    return ", ".join(f"{key.rsplit('.', 1)[-1]} {row[key]}" for key in keys)
