"""The charts of pipeline, coverage and capacity as data, from their tables."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.analysis.forecast.coverage import BASIS_CATEGORIES, SMB, Coverage, counted_amount
from simulator.analysis.totals import ALL
from simulator.engine.paths import Paths
from simulator.history.tables import CATEGORIES
from simulator.report.charts.spec import (
    COUNT,
    MULTIPLE,
    ChartSpec,
    Series,
    Unit,
    figures,
    money_unit,
    unit_of,
)
from simulator.report.forecast.findings import BASIS_WORDS, PART_WORDS, foot_waterfall
from simulator.report.forecast.specs import RANGE, Frame, series_of, totals_of
from simulator.report.money import capitalise, format_share
from simulator.report.style import BLUE, GREEN, INK, NAVY, ORANGE, PART_COLOURS, SAND, SKY, STONE

NEEDED = {
    "needed_p50": ("Needed for a 50% chance", SAND),
    "needed_p80": ("Needed for an 80% chance", ORANGE),
    "needed_p90": ("Needed for a 90% chance", INK),
}
ATTAINMENT_BANDS = (
    (0.0, 0.25, "under 25%"),
    (0.25, 0.5, "25 to 50%"),
    (0.5, 0.75, "50 to 75%"),
    (0.75, 1.0, "75 to 100%"),
    (1.0, 1.25, "100 to 125%"),
    (1.25, math.inf, "125% and more"),
)
"""Of a quota: from, to below, and the words."""
QUOTAS = {
    "ramped_quota": ("Ramped quota", BLUE),
    "street_quota": ("Street quota", STONE),
    "target": ("Target", ORANGE),
}
STEPS = {
    "created": ("Created", SKY),
    "won": ("Won", GREEN),
    "lost_competition": ("Lost to competition", ORANGE),
    "lost_no_decision": ("Lost, no decision", SAND),
}


def coverage_spec(coverage: pd.DataFrame, counted: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return what is due in each quarter by category, as a multiple of its target, and the multiples needed.

    Parameters
    ----------
    coverage : DataFrame
        Of `Coverage`.
    counted : DataFrame
        Amounts that count towards each quarter, one column for each part; see `counted_parts`.
    frame : Frame
    title : str

    Where no quarter has a target, amounts are drawn instead.
    """
    rows = totals_of(coverage, frame.periods)
    basis = str(rows["basis"].iloc[0])
    rows = rows[rows["basis"] == basis].set_index("period").reindex(list(frame.periods))
    target = rows["target"].where(rows["target"] > 0)
    in_multiples = bool(target.notna().any())
    stack = counted.set_axis(list(frame.periods)).where(rows["amount"].notna(), 0.0)
    stack = stack.div(target, axis=0).fillna(0.0) if in_multiples else stack
    totals = figures(stack.sum(axis=1))
    unit = MULTIPLE if in_multiples else money_unit(totals, frame.currency)
    measure = "as a multiple of its target" if in_multiples else f"in {frame.currency}"
    counts = BASIS_WORDS.get(basis, basis)
    due = (
        f"Deals due / target, both in {frame.currency}"
        if in_multiples
        else f"Amount of deals due in {frame.currency}, not bookings"
    )
    return ChartSpec(
        name="coverage",
        shape="stack",
        title=title,
        subtitle=f"{capitalise(counts)} due in each quarter, {measure}"
        + (", next to what is needed for the chance named" if in_multiples else ""),
        footer=frame.foot(due),
        unit=unit,
        categories=frame.periods,
        series=tuple(
            Series(part, PART_WORDS[part].capitalize(), PART_COLOURS[part], figures(stack[part]))
            for part in stack.columns
        ),
        totals=totals,
        levels=series_of(rows, NEEDED) if in_multiples else (),
        below=tuple(_say_coverage(row, unit) for _, row in rows.iterrows()),
        under_way=frame.under_way,
    )


def _say_coverage(row: pd.Series, unit: Unit) -> str:
    """Return the multiple needed, or why nothing can be said."""
    if math.isnan(row["amount"]):
        return "no close dates"
    if unit == MULTIPLE and not row["target"] > 0:
        return "no target"
    if not row["amount"] > 0:
        return "none due"
    if unit != MULTIPLE:
        return ""  # what is needed is a multiple of a target
    needed = float(row["needed_p80"])
    return f"{unit.write(needed)} needed for 80%" if math.isfinite(needed) else ""


def counted_parts(coverage: Coverage, paths: Paths) -> pd.DataFrame:
    """Return what counts towards each quarter, one column for each part, dark (certain) to light."""
    total = coverage.table[coverage.table["segment"] == ALL]
    basis = str(total["basis"].iloc[0])
    due = counted_amount(paths, basis).sum(axis=2)
    columns = {"booked": np.zeros(len(paths.periods))}
    columns["booked"][0] = paths.booked.sum()
    for category in reversed(BASIS_CATEGORIES["smb" if basis == SMB else "enterprise"]):
        columns[category] = due[:, CATEGORIES.index(category)]
    if basis == SMB:
        columns["created"] = paths.flow("won_created").mean(axis=0).sum(axis=1)
    return pd.DataFrame(columns)


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
        subtitle="Amount of open deals, mean of all simulations; won at the amount before signing. "
        f"{found.scale.format(float(rows.iloc[-1]['slipped']))} slips to a later quarter and stays open",
        footer=frame.foot(frame.open_deals),
        unit=unit_of(found.scale),
        categories=("Open today", *(name for name, _ in STEPS.values()), "Open at the end"),
        series=(Series("amount", "Amount", NAVY, tuple(amounts)),),
        colours=(NAVY, *(colour for _, colour in STEPS.values()), NAVY),
    )


def created_spec(created: pd.DataFrame, frame: Frame) -> ChartSpec:
    """Return the qualified pipeline that each quarter creates."""
    rows = totals_of(created, frame.periods)
    unit = money_unit(rows["p90"], frame.currency)
    first = rows.iloc[0]
    low, high = (unit.write(float(first[key])) for key in ("p10", "p90"))
    return ChartSpec(
        name="pipeline_created",
        shape="range",
        title=f"{first['period']} creates {low} to {high} of qualified pipeline",
        subtitle="Amount of the deals that sales accepts in each quarter, less those that give up waiting; "
        "80% of simulations fall between P10 and P90",
        footer=frame.foot(f"Qualified pipeline in {frame.currency}, not bookings"),
        unit=unit,
        categories=frame.periods,
        series=series_of(rows, {key: RANGE[key] for key in ("p90", "p50", "p10")}),
        under_way=frame.under_way,
    )


def attainment_spec(attainment: pd.DataFrame, frame: Frame) -> ChartSpec | None:
    """Return how many reps attained how much of their quota; None without quotas."""
    if attainment.empty:
        return None
    shares = attainment["attainment"]
    n, reached = len(shares), int((shares >= 1.0).sum())
    counts = [int(((shares >= low) & (shares < high)).sum()) for low, high, _ in ATTAINMENT_BANDS]
    return ChartSpec(
        name="attainment",
        shape="columns",
        title=f"{reached} of {n} reps booked their quota in the last four quarters; half of them booked "
        f"{format_share(float(shares.median()))} of it or more",
        subtitle="Reps by what they booked / their quota for the months they were there (six or more); quota "
        "is not reduced while a rep ramps",
        footer=frame.foot("Number of reps, from the history", simulated=False),
        unit=COUNT,
        categories=tuple(words for _, _, words in ATTAINMENT_BANDS),
        series=(Series("reps", "Reps", NAVY, tuple(map(float, counts))),),
    )


def capacity_spec(capacity: pd.DataFrame, frame: Frame, title: str) -> ChartSpec:
    """Return ramped and street quota of each quarter next to its target."""
    rows = capacity_rows(capacity)
    looks = {key: look for key, look in QUOTAS.items() if rows[key].notna().any()}
    ramped, *others = series_of(rows, looks)
    return ChartSpec(
        name="capacity",
        shape="columns",
        title=title,
        subtitle="Quota by quarter: of ramped reps (mean), and street quota, of all reps, next to the target",
        footer=frame.foot(f"Quota and bookings targets in {frame.currency}"),
        unit=money_unit(rows[list(looks)].max(), frame.currency),
        categories=frame.periods,
        series=(
            replace(ramped, low=figures(rows["ramped_quota_p10"]), high=figures(rows["ramped_quota_p90"])),
            *others,
        ),
        under_way=frame.under_way,
    )


def capacity_rows(capacity: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of all segments together (or of the only one)."""
    whole = capacity[capacity["segment"] == ALL]
    return (capacity if whole.empty else whole).reset_index(drop=True)
