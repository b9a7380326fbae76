"""The charts of a forecast as data, from its tables: at the end of a run and when a folder is read back."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.forecast.composition import PARTS
from simulator.analysis.forecast.spread import SOURCES
from simulator.analysis.totals import ALL
from simulator.report.charts.spec import (
    WHOLE_SHARE,
    ChartSpec,
    Series,
    Unit,
    figures,
    money_unit,
)
from simulator.report.forecast.findings import (
    PART_WORDS,
    SOURCE_WORDS,
    say_chance,
)
from simulator.report.money import source_line
from simulator.report.style import BLUE, GREEN, MUTED, NAVY, ORANGE, PART_COLOURS, SAND, SKY

RANGE = {
    "p90": ("P90", SKY),
    "p50": ("P50", NAVY),
    "p10": ("P10", SKY),
    "target": ("Target", ORANGE),
    "booked": ("Booked so far", NAVY),
}
CURVE_COLOURS = (NAVY, SKY, GREEN, SAND, BLUE, MUTED)
"""Neighbours differ in lightness; orange is the target's."""

SPREAD_COLOURS = {"luck": SKY, "rates": NAVY, "shock": ORANGE}


@dataclass(frozen=True)
class Frame:
    """What a run's charts have in common.

    Parameters
    ----------
    currency : str
        ISO code.
    periods : tuple of str
        Fiscal quarters of the horizon.
    as_of : datetime.date
    simulations : str
        How many simulations, of which scenario.
    under_way : bool
        The first quarter has begun.
    """

    currency: str
    periods: tuple[str, ...]
    as_of: dt.date
    simulations: str
    under_way: bool = False

    def foot(self, measure: str, *more: str, simulated: bool = True) -> str:
        """Return the footer of a chart of one measure; simulations are named where it shows any."""
        return source_line(self.as_of, measure, *more, self.simulations if simulated else "")

    @property
    def bookings_footer(self) -> str:
        """Footer of a chart of simulated bookings."""
        return self.foot(f"Bookings in {self.currency}, not ARR or revenue")

    @property
    def open_deals(self) -> str:
        """What a chart of open deals measures."""
        return f"Amount of open deals in {self.currency}, not bookings"


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
        footer=frame.bookings_footer,
        unit=unit,
        categories=frame.periods,
        series=series_of(rows, {key: RANGE[key] for key in shown}),
        below=_say_targets(rows, unit),
        under_way=frame.under_way,
    )


def series_of(rows: pd.DataFrame, looks: dict[str, tuple[str, str]]) -> tuple[Series, ...]:
    """Return a series for each column that has a name and a colour."""
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
        footer=frame.bookings_footer,
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
        footer=frame.bookings_footer,
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


def segments_spec(bookings: pd.DataFrame, frame: Frame) -> ChartSpec | None:
    """Return a heat map: the chance of each segment's target, else its P50; None with one segment."""
    rows = bookings[(bookings["kind"] == "new") & (bookings["segment"] != ALL)]
    rows = rows[rows["period"].isin(frame.periods)]
    names = list(dict.fromkeys(rows["segment"]))
    if len(names) < 2:
        return None
    has_targets = bool(rows["p_hit"].notna().any())
    grid = rows.pivot_table(
        index="segment", columns="period", values="p_hit" if has_targets else "p50", sort=False
    )
    grid = grid.reindex(columns=list(frame.periods))
    first = grid[frame.periods[0]].dropna()
    last, best = (str(first.idxmin()), str(first.idxmax())) if len(first) else (names[0], names[0])
    what = "Chance of the target" if has_targets else "P50 of new bookings"
    unit = WHOLE_SHARE if has_targets else money_unit(rows["p50"], frame.currency)
    high, low = (unit.write(float(value)) for value in (first.max(), first.min()))
    title = f"{what} in {frame.periods[0]}: most in {best} ({high}), least in {last} ({low})"
    return ChartSpec(
        name="segment_chances",
        shape="heat",
        title=title,
        subtitle=f"{what} by segment and quarter; orange is least, blue is most",
        footer=frame.bookings_footer,
        unit=unit,
        categories=frame.periods,
        series=tuple(Series(str(name), str(name), NAVY, figures(row)) for name, row in grid.iterrows()),
    )


def spread_spec(spread: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return what the distance from P10 to P90 comes from, by quarter."""
    parts = {source: spread[spread["source"] == source].set_index("period") for source in (*SOURCES, "total")}
    widths = parts["total"]["width"].reindex(list(frame.periods))
    shares = {source: parts[source]["variance_share"].reindex(list(frame.periods)) for source in SOURCES}
    unit = money_unit(widths, frame.currency)
    return ChartSpec(
        name="spread",
        shape="bars",
        title=title,
        subtitle="Share of each source in the variance of new bookings; shares add up to 100%. Next to each "
        "quarter: the distance from P10 to P90",
        footer=frame.bookings_footer,
        unit=WHOLE_SHARE,
        categories=frame.periods,
        series=tuple(
            Series(source, SOURCE_WORDS[source].capitalize(), SPREAD_COLOURS[source], figures(shares[source]))
            for source in SOURCES
            if (shares[source] > 0).any()
        )
        or (Series("luck", "None", SKY, (0.0,) * len(frame.periods)),),
        totals=tuple(sum(row) for row in zip(*map(figures, shares.values()), strict=True)),
        below=tuple(unit.write(width) for width in widths),
    )
