"""The charts of a forecast as data, from its tables: at the end of a run and when a folder is read back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.forecast.composition import PARTS
from simulator.analysis.totals import ALL
from simulator.report.charts.spec import MULTIPLE, ChartSpec, Series, Unit, figures, money_unit, unit_of
from simulator.report.forecast.findings import PART_WORDS, foot_waterfall, say_chance
from simulator.report.style import BLUE, GREEN, MUTED, NAVY, ORANGE, PART_COLOURS, SAND, SKY

RANGE = {
    "p90": ("P90", SKY),
    "p50": ("P50", NAVY),
    "p10": ("P10", SKY),
    "target": ("Target", ORANGE),
    "booked": ("Booked", NAVY),
}
CURVE_COLOURS = (NAVY, SKY, GREEN, SAND, BLUE, MUTED)
"""Neighbours differ in lightness; orange is the target's."""

COVERED = {
    "coverage": ("Coverage now", NAVY),
    "needed_p50": ("Needed for a 50% chance", SKY),
    "needed_p80": ("Needed for an 80% chance", BLUE),
    "needed_p90": ("Needed for a 90% chance", ORANGE),
}
STEPS = {
    "created": ("Created", SKY),
    "won": ("Won", GREEN),
    "lost_competition": ("Lost to competition", ORANGE),
    "lost_no_decision": ("Lost, no decision", SAND),
}
PIPELINE = {
    "opening": ("Opening", NAVY),
    "created": STEPS["created"],
    "won": STEPS["won"],
    "closing": ("Closing", MUTED),
}


@dataclass(frozen=True)
class Frame:
    """What a run's charts have in common.

    Parameters
    ----------
    currency : str
        ISO code.
    periods : tuple of str
        Fiscal quarters of the horizon.
    footer : str
        As-of date and source.
    under_way : bool
        The first quarter has begun.
    """

    currency: str
    periods: tuple[str, ...]
    footer: str
    under_way: bool = False


def totals_of(table: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of all segments together, one a quarter."""
    rows = table[(table["segment"] == ALL) & table["period"].isin(periods)]
    return rows.reset_index(drop=True)


def new_totals(bookings: pd.DataFrame, periods: tuple[str, ...]) -> pd.DataFrame:
    """Return the rows of new bookings of all segments together."""
    return totals_of(bookings[bookings["kind"] == "new"], periods)


def fan_spec(bookings: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return P10, P50 and P90 of new bookings by quarter against the target."""
    rows = new_totals(bookings, frame.periods)
    unit = money_unit(rows["p90"], frame.currency)
    shown = [key for key in RANGE if rows[key].notna().any() and (key != "booked" or rows[key].any())]
    return ChartSpec(
        name="bookings_fan",
        shape="range",
        title=title,
        subtitle="New bookings by fiscal quarter, all segments; 80% of simulations fall between P10 and P90",
        footer=frame.footer,
        unit=unit,
        categories=frame.periods,
        series=_series(rows, {key: RANGE[key] for key in shown}),
        below=_say_targets(rows, unit),
        under_way=frame.under_way,
    )


def _series(rows: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> tuple[Series, ...]:
    return tuple(Series(key, name, colour, figures(rows[key])) for key, (name, colour) in looks.items())


def _say_targets(rows: pd.DataFrame, unit: Unit) -> tuple[str, ...]:
    """Return each quarter's target and the chance of hitting it."""
    return tuple(
        f"target {unit.write(target)}\n{say_chance(chance)}" if math.isfinite(target) else ""
        for target, chance in zip(rows["target"], rows["p_hit"], strict=True)
    )


def curves_spec(exceedance: pd.DataFrame, bookings: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return, for each quarter, the chance of reaching each number, with the target marked."""
    totals = new_totals(bookings, frame.periods)
    unit = money_unit(totals["p90"], frame.currency)
    series = []
    for at, (_, row) in enumerate(totals.iterrows()):
        curve = exceedance[(exceedance["period"] == row["period"]) & (exceedance["segment"] == ALL)]
        marks = [(key, float(row[key]), chance) for key, chance in (("p90", 0.1), ("p50", 0.5), ("p10", 0.9))]
        if math.isfinite(row["target"]):
            marks.append(("target", float(row["target"]), float(row["p_hit"])))
        series.append(
            Series(
                str(row["period"]), str(row["period"]), CURVE_COLOURS[at % len(CURVE_COLOURS)],
                figures(curve["probability"]), x=figures(curve["amount"]), marks=tuple(marks),
            )
        )  # fmt: skip
    return ChartSpec(
        name="probability_of_hitting",
        shape="curves",
        title=title,
        subtitle="Share of simulations in which new bookings reach at least the amount below",
        footer=frame.footer,
        unit=unit,
        categories=(),
        series=tuple(series),
        below=_say_targets(totals, unit),
    )


def parts_spec(composition: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return what the P50 of each quarter is made of, each part as its table has it."""
    rows = totals_of(composition, frame.periods)
    amounts = rows.pivot_table(index="part", columns="period", values="amount", sort=False)
    amounts = amounts.reindex(index=list(PARTS), columns=list(frame.periods)).fillna(0.0)
    totals = figures(amounts.sum())
    unit = money_unit(totals, frame.currency)
    parts = [part for part in PARTS if amounts.loc[part].any()] or ["created"]
    return ChartSpec(
        name="p50_composition",
        shape="stack",
        title=title,
        subtitle="P50 of new bookings by fiscal quarter, by where the deals are today, all segments"
        + ("" if _foots(amounts, unit) else "; rounded, so parts may differ from the P50 in the last digit"),
        footer=frame.footer,
        unit=unit,
        categories=frame.periods,
        series=tuple(
            Series(
                part, PART_WORDS[part].capitalize(), PART_COLOURS[part], figures(amounts.loc[part].to_numpy())
            )
            for part in parts
        ),
        totals=totals,
        total_word="P50 ",
        under_way=frame.under_way,
    )


def _foots(amounts: pd.DataFrame, unit: Unit) -> bool:
    """Return whether rounded parts add up to their rounded total in every quarter."""
    step = unit.scale.step if unit.scale is not None else 1.0
    steps = np.floor(amounts.to_numpy(np.float64) / step + 0.5)
    return bool((steps.sum(axis=0) == np.floor(amounts.sum().to_numpy(np.float64) / step + 0.5)).all())


def coverage_spec(coverage: pd.DataFrame, frame: Frame, title: str) -> ChartSpec | None:
    """Return coverage of each quarter and the coverage that its target needs; None without targets."""
    rows = totals_of(coverage, frame.periods)
    rows = rows[rows["basis"] == rows["basis"].iloc[0]] if len(rows) else rows
    if rows["coverage"].isna().all():
        return None
    shown = {key: look for key, look in COVERED.items() if rows[key].notna().any()}
    return ChartSpec(
        name="coverage",
        shape="columns",
        title=title,
        subtitle="Deals due in each quarter as a multiple of its target, and the multiple needed",
        footer=frame.footer,
        unit=MULTIPLE,
        categories=tuple(map(str, rows["period"])),
        series=_series(rows, shown),
        under_way=frame.under_way,
    )


def waterfall_spec(waterfall: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return how open pipeline gets from today to the end of the horizon; the figures add up as shown."""
    rows = waterfall[waterfall["segment"] == ALL]
    found = foot_waterfall(rows.iloc[-1], frame.currency)
    created, *left = found.steps.values()
    amounts = (found.opening, created, *(-amount for amount in left), found.closing)
    return ChartSpec(
        name="pipeline_waterfall",
        shape="bridge",
        title=title,
        subtitle="Amount of open deals, mean of all simulations; won at the amount before signing",
        footer=frame.footer,
        unit=unit_of(found.scale),
        categories=("Open today", *(name for name, _ in STEPS.values()), "Open at the end"),
        series=(Series("amount", "Amount", NAVY, tuple(amounts)),),
        colours=(NAVY, *(colour for _, colour in STEPS.values()), NAVY),
    )


def pipeline_spec(waterfall: pd.DataFrame, frame: Frame) -> ChartSpec:
    """Return open pipeline quarter by quarter, for the sheet that holds its table."""
    rows = totals_of(waterfall, frame.periods)
    return ChartSpec(
        name="pipeline",
        shape="columns",
        title="Open pipeline from quarter to quarter",
        subtitle="",
        footer=frame.footer,
        unit=money_unit(rows[list(PIPELINE)].max(), frame.currency),
        categories=frame.periods,
        series=_series(rows, PIPELINE),
    )
