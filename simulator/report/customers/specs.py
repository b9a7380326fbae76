"""The charts of ARR and of bookings by kind as data, from their tables."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from simulator.analysis.customers.arr import MOVEMENTS
from simulator.analysis.totals import ALL
from simulator.report.charts.spec import SHARE, ChartSpec, Series, banded, figures, money_unit, unit_of
from simulator.report.customers.words import MOVEMENT_WORDS, foot_snowball, kinds_title, say_snowball
from simulator.report.forecast.specs import Frame, totals_of
from simulator.report.style import GREEN, ICE, NAVY, ORANGE, SAND, SKY, STONE

MOVEMENT_COLOURS = {
    "new": SKY,
    "expansion": GREEN,
    "contraction": SAND,
    "churn": ORANGE,
    "reactivation": ICE,
}
KINDS = {"new": ("New customers", NAVY), "expansion": ("Expansion", GREEN), "renewal": ("Renewal", STONE)}
RETENTION = {"nrr": ("NRR", NAVY), "grr": ("GRR", ORANGE)}

CUT_BELOW = 0.6
"""The snowball's axis is cut where all movements lie above this share of the opening ARR."""


def _measure(arr: pd.DataFrame, name: str, frame: Frame) -> pd.DataFrame:
    rows = totals_of(arr[arr["measure"] == name], frame.periods)
    return rows.set_index("period").reindex(list(frame.periods))


def snowball_spec(arr: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return how ARR gets from its opening to its closing; the figures add up as shown."""
    scale, opening, parts, closing = foot_snowball(arr, frame.currency)
    amounts = (opening, *parts.values(), closing)
    lowest = float(np.cumsum(amounts[:-1]).min())
    floor = _floor(lowest, scale.unit) if lowest > CUT_BELOW * max(opening, 1.0) else 0.0
    cut = f"; the axis begins at {scale.format_short(floor)}" if floor > 0 else ""
    return ChartSpec(
        name="arr_snowball",
        shape="bridge",
        title=title,
        subtitle=f"Annual recurring revenue (ARR) through {frame.periods[-1]}, means of all simulations, "
        f"which add up: {say_snowball(arr, frame.currency)}{cut}",
        footer=frame.foot(f"ARR in {frame.currency}: not bookings, not revenue"),
        unit=unit_of(scale),
        categories=(
            "ARR today",
            *(MOVEMENT_WORDS[name].capitalize() for name in MOVEMENTS),
            "ARR at the end",
        ),
        series=(Series("amount", "ARR", NAVY, amounts),),
        colours=(NAVY, *(MOVEMENT_COLOURS[name] for name in MOVEMENTS), NAVY),
        floor=floor,
    )


def _floor(lowest: float, unit: float) -> float:
    """Return a round number somewhat below the lowest figure."""
    step = 10.0 ** math.floor(math.log10(lowest / unit)) / 2 * unit
    return math.floor(0.92 * lowest / step) * step


def retention_spec(arr: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return NRR and GRR by quarter with their ranges; no figures where no customer is a year old."""
    rows = {key: _measure(arr, key, frame) for key in RETENTION}
    return ChartSpec(
        name="nrr_grr",
        shape="lines",
        title=title,
        subtitle=(
            "Cohort method: ARR at the end of each quarter of the customers of 12 months before / their ARR "
            "then; GRR counts no customer for more than then. P50"
        ),
        footer=frame.foot("Share of the ARR of existing customers"),
        unit=SHARE,
        categories=frame.periods,
        series=tuple(
            banded(key, name, colour, rows[key], ("p10", "p50", "p90"))
            for key, (name, colour) in RETENTION.items()
        ),
        mark=1.0,
        mark_word="All of the ARR of a year before:",
    )


def kinds_spec(bookings: pd.DataFrame, frame: Frame) -> ChartSpec:
    """Return bookings by quarter and kind: new customers, expansion and renewal."""
    table = bookings[(bookings["segment"] == ALL) & bookings["period"].isin(frame.periods)]
    kinds = [kind for kind in KINDS if (table["kind"] == kind).any()]
    means = {
        kind: table[table["kind"] == kind].set_index("period")["mean"].reindex(list(frame.periods))
        for kind in kinds
    }
    signed = "What was signed before as-of is in the first quarter" if frame.under_way else ""
    totals = figures(np.sum([means[kind].to_numpy(np.float64) for kind in kinds], axis=0))
    return ChartSpec(
        name="bookings_by_kind",
        shape="stack",
        title=kinds_title(bookings, frame.currency),
        subtitle=(
            "Value signed in each quarter, mean of all simulations; renewals at their annual value. Growth "
            "without a sale is in the ARR when it happens, and here when the next renewal signs it. "
            "Figures are rounded and may not add up in the last digit"
        ),
        footer=frame.foot(f"Bookings in {frame.currency}: not ARR, not revenue", signed),
        unit=money_unit(totals, frame.currency),
        categories=frame.periods,
        series=tuple(Series(kind, *KINDS[kind], figures(means[kind])) for kind in kinds),
        totals=totals,
        under_way=frame.under_way,
    )
