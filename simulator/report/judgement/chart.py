"""The forecasts by judgement and the simulation side by side, and who calls high or low."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.judgement.judgement import METHODS, SIMULATION, Judgement
from simulator.analysis.judgement.rep_calls import COMPANY, UNTOLD
from simulator.analysis.totals import ALL
from simulator.report.judgement.words import METHOD_LABELS, say_habits, title
from simulator.report.money import format_money, source_line
from simulator.report.style import (
    BLUE,
    INK,
    MUTED,
    NAVY,
    ORANGE,
    SKY,
    STONE,
    draw_chart,
    draw_panels,
    money_axis,
)

MOST_REPS = 24
LABEL_ROOM = 0.29
FARTHEST = 1.6
"""Times the simulation's P90 up to which numbers are drawn to scale."""


def draw_judgement(judgement: Judgement, forecast: Forecast, folder: Path) -> None:
    """Draw judgement.png: a panel for this quarter and one for the next."""
    table = judgement.table[judgement.table["segment"] == ALL]
    if table.empty:
        table = judgement.table
    periods = list(dict.fromkeys(table["period"]))
    methods = [method for method in METHODS if method in set(table["method"])]
    with draw_panels(
        folder,
        "judgement",
        title=title(judgement, periods[0], forecast.currency),
        subtitle="Forecasts of new-business bookings by method; bars are the range of the simulation and the "
        f"upside that the in-blood number leaves out, in {forecast.currency}; the line is the target",
        footer=source_line(
            forecast.as_of, "calls, open deals and the simulation", f"scenario {forecast.scenario}"
        ),
        n_columns=len(periods),
        share_y=True,
        size_inches=(10.0, 2.6 + 0.5 * len(methods)),
    ) as panels:
        width = (0.965 - LABEL_ROOM - 0.04 * (len(periods) - 1)) / len(periods)
        for place, (axes, period) in enumerate(zip(panels, periods, strict=True)):
            box = axes.get_position()
            axes.set_position((LABEL_ROOM + place * (width + 0.04), box.y0, width, box.height))
            _draw_period(axes, table[table["period"] == period], methods, forecast, period)
        panels[0].set_yticks(range(len(methods)), [METHOD_LABELS[method] for method in methods])
        panels[0].invert_yaxis()


def _draw_period(
    axes: Axes, table: pd.DataFrame, methods: list[str], forecast: Forecast, period: str
) -> None:
    rows = table.set_index("method")
    target = float(forecast.total(period)["target"])
    reached = np.append(rows["high"].to_numpy(np.float64), target if np.isfinite(target) else 0.0)
    most = min(float(reached.max()), FARTHEST * float(rows["high"][SIMULATION]))
    for place, method in enumerate(methods):
        if method not in rows.index:
            axes.annotate(
                "no call yet",
                (0.0, place),
                xytext=(5, 0),
                textcoords="offset points",
                va="center",
                color=MUTED,
            )
            continue
        row = rows.loc[method]
        ours, number = method == SIMULATION, float(rows["number"][method])
        if row["high"] > row["low"]:
            axes.barh(
                place,
                min(row["high"], most) - row["low"],
                left=row["low"],
                height=0.3,
                color=SKY if ours else STONE,
            )
        # A method that is far off would press all others together: it is drawn at the edge.
        marker = "D" if ours else ">" if number > most else "o"
        axes.plot(min(number, most), place, marker, color=NAVY if ours else BLUE, markersize=8)
        edge = min(max(number, float(rows["high"][method])), most)
        text = format_money(number, forecast.currency)
        if not ours and row["high"] > row["low"]:
            text += f"\n+ {format_money(float(rows['high'][method]) - number, forecast.currency)}"
        axes.annotate(
            text, (edge, place), xytext=(8, 0), textcoords="offset points", va="center", fontsize=9.5,
            fontweight="bold", bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )  # fmt: skip
    if np.isfinite(target):
        axes.axvline(target, color=ORANGE, linewidth=1.6, zorder=0)
    axes.set_xlim(0.0, 1.5 * max(most, 1.0))
    axes.set_ylim(-0.6, len(methods) - 0.4)
    axes.set_title(period)
    axes.locator_params(axis="x", nbins=4)
    money_axis(axes, forecast.currency, "x")


def draw_habits(judgement: Judgement, forecast: Forecast, folder: Path) -> None:
    """Draw rep_calls.png: what each rep wins for each unit called, shrunk, with its interval."""
    reps = judgement.reps[judgement.reps["rep_id"] != COMPANY].sort_values("bias", kind="stable")
    if reps.empty:
        return
    surest = np.log(reps["bias"]).abs().sort_values(ascending=False, kind="stable").index[:MOST_REPS]
    shown = reps[reps.index.isin(surest)]
    left_out = len(reps) - len(shown)
    more = f"; {left_out} reps nearer to 1 are in the table" if left_out else ""
    with draw_chart(
        folder,
        "rep_calls",
        title=say_habits(judgement).split(";")[0],
        subtitle="Won for each unit called, with 80% interval, shrunk towards team and company; right of the "
        f"line is sandbagging, left of it happy ears{more}",
        footer=source_line(forecast.as_of, "calls and won deals of past quarters"),
        size_inches=(10.0, 2.4 + 0.24 * len(shown)),
    ) as axes:
        place = np.arange(len(shown))
        for colour, rows in (
            (STONE, shown["verdict"] == UNTOLD),
            (ORANGE, shown["bias_high"] < 1),
            (NAVY, shown["bias_low"] > 1),
        ):
            keep = rows.to_numpy(bool)
            axes.hlines(
                place[keep], shown["bias_low"][keep], shown["bias_high"][keep], color=colour, linewidth=3
            )
            axes.plot(
                shown["bias"][keep],
                place[keep],
                "o",
                color=colour if colour != STONE else MUTED,
                markersize=6,
            )
        axes.axvline(1.0, color=INK, linewidth=1)
        labels = [f"{row['rep_id']} ({row['segment']})"[:34] for _, row in shown.iterrows()]
        axes.set_yticks(place, labels, fontsize=9)
        box = axes.get_position()
        axes.set_position((0.25, box.y0, 0.715, box.height))
        axes.grid(axis="x")
        axes.set_ylim(-0.8, len(shown) - 0.2)
