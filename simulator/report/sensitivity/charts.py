"""Charts of what moves a figure: the tornado, main effects, and a sweep of settings."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.compare.measures import P_HIT
from simulator.analysis.sensitivity.main_effects import MainEffects
from simulator.analysis.sensitivity.sensitivity import Sensitivity
from simulator.analysis.sensitivity.sweep import SweptScenario
from simulator.report.charts.spec import SHARE, WHOLE_SHARE, ChartSpec, Series, banded, figures, money_unit
from simulator.report.sensitivity.words import (
    format_factor,
    format_figure,
    is_clear,
    say_lever,
    say_measure,
    sensitivity_title,
    shares_title,
)
from simulator.report.simulation_error import error_margin
from simulator.report.style import NAVY, SAND

MOST_ROWS = 14


def tornado_spec(found: Sensitivity, currency: str, footer: str) -> ChartSpec:
    """Return what either end of every input changes, with the 80% interval of the simulation."""
    rows = found.table.head(MOST_ROWS)
    base = format_figure(found.base, found.measure, currency)
    unshown = "; what moves it least is in sensitivity.csv" if len(found.table) > len(rows) else ""
    changes = rows[["change_low", "change_high"]].to_numpy(np.float64)
    return ChartSpec(
        name="tornado",
        shape="bars",
        title=sensitivity_title(found, currency),
        subtitle=f"Change of the {say_measure(found.measure)} from {base} when one input moves alone; thin "
        f"lines: 80% interval of the simulation{unshown}",
        footer=footer,
        unit=SHARE if found.measure.is_share else money_unit(np.abs(changes).ravel(), currency),
        categories=tuple(say_lever(name) for name in rows["name"]),
        series=tuple(
            Series(
                end,
                name,
                colour,
                figures(rows[f"change_{end}"]),
                low=figures(rows[f"change_{end}"] - error_margin(rows[f"error_{end}"])),
                high=figures(rows[f"change_{end}"] + error_margin(rows[f"error_{end}"])),
            )
            for end, name, colour in (("low", "Lower end", SAND), ("high", "Upper end", NAVY))
        ),
        below=tuple(
            f"{format_factor(row['low'])} to {format_factor(row['high'])}"
            + ("" if is_clear(row) else ", no measurable difference")
            for _, row in rows.iterrows()
        ),
    )


def effects_spec(effects: MainEffects, currency: str, footer: str) -> ChartSpec:
    """Return the share that each input explains by itself; what is left is theirs together."""
    rows = effects.table.head(MOST_ROWS)
    return ChartSpec(
        name="main_effects",
        shape="bars",
        title=shares_title(effects, currency),
        subtitle=f"Share of the variance of the {say_measure(effects.measure)} that each explains by itself, "
        f"with 80% intervals; {effects.together:.0%} is left to inputs moving together "
        f"({effects.n_settings} settings spread evenly over the intervals)",
        footer=footer,
        unit=WHOLE_SHARE,
        categories=tuple(say_lever(name) for name in rows["name"]),
        series=(
            banded("share", "Share of variance", NAVY, rows, ("share_low", "share", "share_high")),
        ),
    )  # fmt: skip


MOST_RANKED = 24


@dataclass(frozen=True)
class Drawing:
    """What to draw: the sweep, its period and currency, the sentence over it and the line under it."""

    swept: SweptScenario
    period: str
    currency: str
    title: str
    footer: str


def sweep_spec(sweep: Drawing) -> ChartSpec:
    """Return the figures of one period by setting: a line, a heat map of two keys, or a ranking."""
    table = sweep.swept.table
    rows = table[(table["period"] == sweep.period) & (table["setting"] > 0)]
    return _grid_spec(sweep, rows) if len(sweep.swept.keys) == 2 else _ranges_spec(sweep, rows)


def _ranges_spec(sweep: Drawing, rows: pd.DataFrame) -> ChartSpec:
    is_line = len(sweep.swept.keys) == 1
    shown = rows if is_line else rows.sort_values("p50", ascending=False, kind="stable").head(MOST_RANKED)
    left_out = (
        f"; the best {MOST_RANKED} of {len(rows)}, all are in sweep.csv" if len(shown) < len(rows) else ""
    )
    target = rows["target"].dropna()
    return ChartSpec(
        name="sweep",
        shape="lines" if is_line else "dots",
        title=sweep.title,
        subtitle=f"P10, P50 and P90 of new bookings of {sweep.period} by "
        f"{sweep.swept.keys[0] if is_line else 'setting'}; dashed: the target{left_out}",
        footer=sweep.footer,
        unit=money_unit(rows["p90"], sweep.currency),
        categories=tuple(say_setting(row, sweep.swept.keys) for _, row in shown.iterrows()),
        series=(
            banded("p50", "P50", NAVY, shown, ("p10", "p50", "p90")),
        ),
        mark=float(target.iloc[0]) if len(target) else float("nan"),
        mark_word="Target",
    )  # fmt: skip


def _grid_spec(sweep: Drawing, rows: pd.DataFrame) -> ChartSpec:
    down, across = sweep.swept.keys
    figure = P_HIT if rows[P_HIT].notna().all() else "p50"
    names = [list(dict.fromkeys(map(str, rows[key]))) for key in (down, across)]
    cells = rows[figure].to_numpy(np.float64).reshape(len(names[0]), len(names[1]))
    what = "Chance of the target" if figure == P_HIT else "P50 of new bookings"
    return ChartSpec(
        name="sweep",
        shape="heat",
        title=sweep.title,
        subtitle=f"{what} of {sweep.period}; rows: {down}, columns: {across}; orange is least, blue is most",
        footer=sweep.footer,
        unit=WHOLE_SHARE if figure == P_HIT else money_unit(cells.ravel(), sweep.currency),
        categories=tuple(names[1]),
        series=tuple(
            Series(name, name, NAVY, figures(row)) for name, row in zip(names[0], cells, strict=True)
        ),
    )


def say_setting(row: pd.Series, keys: tuple[str, ...]) -> str:
    """Return a setting in words: the last part of each key and its value."""
    return ", ".join(f"{key.rsplit('.', 1)[-1]} {row[key]}" for key in keys)
