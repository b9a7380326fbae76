"""Charts of a track record: rates by segment, ends of accepted deals, past coverage, pipeline created."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.conversion import told_horizon
from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.arrays import Floats
from simulator.report.charts.spec import COUNT, WHOLE_SHARE, ChartSpec, Series, banded, figures, money_unit
from simulator.report.diagnose.rates_words import rate
from simulator.report.documents.finished import clean_text
from simulator.report.money import format_multiple, format_share, source_line
from simulator.report.style import BLUE, ICE, MUTED, NAVY, ORANGE, SAND, SERIES, SKY, STONE

MEASURES = {
    "close_rate": ("Close rate", NAVY),
    "slippage_adjusted_close_rate": ("Slippage-adjusted close rate", SKY),
    "win_rate": ("Win rate", ORANGE),
}
ENDS = (("Won", NAVY), ("Lost to a competitor", ORANGE), ("Lost, no decision", SAND))
BOOKED = {
    "booked_from_basis": ("From best case + commit due", NAVY),
    "booked_from_pipeline": ("From pipeline due", BLUE),
    "booked_from_other": ("From other open deals", STONE),
    "booked_created": ("Created in the quarter", SAND),
}
SEGMENT_COLOURS = (*SERIES, BLUE, ICE, STONE)
LONGEST_NAME, MAX_GROUPS, N_DAYS = 36, 10, 12


def record_specs(record: TrackRecord, currency: str = "") -> tuple[ChartSpec, ...]:
    """Return every chart that the record has figures for.

    Parameters
    ----------
    record : TrackRecord
        What was measured.
    currency : str
        ISO code; empty: amounts are printed without one.
    """
    footer = source_line(record.window.as_of, record.window.name, f"{record.n_deals:,} qualified deals")
    found = (
        _rates(record, footer),
        _conversion(record, footer),
        past_coverage_spec(record.coverage, footer, currency),
        _created(record.created, footer, currency),
    )
    return tuple(spec for spec in found if spec is not None)


def _rates(record: TrackRecord, footer: str) -> ChartSpec | None:
    """Return close and win rates by segment with their intervals."""
    table = record.rates[record.rates["by"].isin(["all", "segment"]) & (record.rates["basis"] == "count")]
    if rate(record, "close_rate") is None:
        return None
    size = table[table["measure"] == "close_rate"].sort_values("n", ascending=False)
    groups = list(dict.fromkeys(["all", *size["group"]]))[:MAX_GROUPS]
    rows = {
        measure: table[table["measure"] == measure]
        .drop_duplicates("group")
        .set_index("group")
        .reindex(groups)
        for measure in MEASURES
    }
    return ChartSpec(
        name="rates_by_segment",
        shape="dots",
        title=_rates_title(record),
        subtitle="Share of deals that ended, by number, with 80% intervals; by amount: the table",
        footer=footer,
        unit=WHOLE_SHARE,
        categories=tuple(group_name(group) for group in groups),
        series=tuple(
            banded(measure, *look, rows[measure], ("low", "value", "high"))
            for measure, look in MEASURES.items()
        ),
    )  # fmt: skip


def _rates_title(record: TrackRecord) -> str:
    close, adjusted = rate(record, "close_rate"), rate(record, "slippage_adjusted_close_rate")
    title = f"We win {format_share(close['value'])} of the deals that end" if close is not None else ""
    if adjusted is not None:
        title += f", {format_share(adjusted['value'])} of those due in a quarter"
    return title


def group_name(group: str) -> str:
    """Return a group's name as a chart shows it, on one line that leaves room for the figures."""
    name = "All" if group == "all" else clean_text(group).replace("_", " ")
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"


def _conversion(record: TrackRecord, footer: str) -> ChartSpec | None:
    """Return what has become of accepted deals by the days since."""
    estimate, horizon = record.incidence, told_horizon(record.conversion)
    if not horizon or not len(estimate.days):
        return None
    days = np.unique(np.round(np.linspace(0, horizon, N_DAYS + 1)))
    shares = np.array([estimate.at(float(day))[0] if day else np.zeros(3) for day in days])
    return ChartSpec(
        name="conversion",
        shape="lines",
        title=_conversion_title(shares[-1], horizon),
        subtitle="Share of accepted deals (SALs) that had ended so, by days since they were "
        "accepted; open deals count while they were seen",
        footer=footer,
        unit=WHOLE_SHARE,
        categories=tuple(f"{day:.0f}" for day in days),
        series=tuple(
            Series(name, name, colour, figures(shares[:, at])) for at, (name, colour) in enumerate(ENDS)
        ),
    )


def _conversion_title(shares: Floats, horizon: int) -> str:
    span = "a year" if horizon == 365 else f"{horizon} days"
    won, to_competition, no_decision = shares
    lost = to_competition + no_decision
    title = f"Of 100 accepted deals, {100 * won:.0f} are won within {span}, {100 * lost:.0f} lost"
    main = "to no decision" if no_decision > to_competition else "to a competitor"
    return f"{title}, mostly {main}" if lost >= 0.01 else title


def past_coverage_spec(coverage: pd.DataFrame, footer: str, currency: str) -> ChartSpec | None:
    """Return what past quarters booked, by where it stood on the first day, next to what was due then.

    Parameters
    ----------
    coverage : DataFrame
        Of ``coverage_history``.
    footer : str
        As-of date and source.
    currency : str
        ISO code, or empty.
    """
    rows = coverage[coverage["segment"] == "all"]
    if rows.empty or not (rows["basis_with_pipeline"] > 0).any():
        return None
    due = Series("basis", "Best case + commit due on the first day", MUTED, figures(rows["basis"]))
    return ChartSpec(
        name="past_coverage",
        shape="stack",
        title=_coverage_title(rows),
        subtitle="Bookings of past quarters, by where the deal stood on the first day; line: "
        "what was due then; below: due as a multiple of bookings",
        footer=footer,
        unit=money_unit([*rows["booked"], *rows["basis"]], currency),
        categories=tuple(map(str, rows["quarter"])),
        series=tuple(Series(key, *look, figures(rows[key])) for key, look in BOOKED.items()),
        totals=figures(rows["booked"]),
        levels=(due,),
        total_word="Booked ",
        below=tuple(format_multiple(ratio) for ratio in rows["coverage"]),
    )


def _coverage_title(rows: pd.DataFrame) -> str:
    ratio, basis = rows["coverage"].median(), rows["basis"].sum()
    if not np.isfinite(ratio) or not basis:
        return "Pipeline due on the first day of each quarter, and what was booked"
    share = format_share(rows["booked_from_basis"].sum() / basis)
    return (
        f"Quarters begin with best case + commit at {format_multiple(ratio)} their bookings, "
        f"of which {share} closes in time"
    )


def _created(created: pd.DataFrame, footer: str, currency: str) -> ChartSpec | None:
    """Return the qualified pipeline created per quarter by segment."""
    total = created[created["segment"] == "all"]
    measure = "amount" if total["amount"].sum() > 0 else "n"
    if not total[measure].sum():
        return None
    parts = created[created["segment"] != "all"]
    grid = (parts if len(parts) else total).pivot_table(
        index="segment", columns="quarter", values=measure, sort=False
    )
    grid = grid.reindex(columns=list(total["quarter"])).fillna(0.0)
    grid = grid.loc[grid.sum(axis=1).sort_values(ascending=False).index]
    what = "amount when accepted (SAL)" if measure == "amount" else "deals (most amounts are not known)"
    running = "; the last quarter is still running" if total["partial"].any() else ""
    return ChartSpec(
        name="pipeline_created",
        shape="stack",
        title=_created_title(total, measure),
        subtitle=f"Qualified pipeline created per quarter, {what}{running}",
        footer=footer,
        unit=money_unit(total["amount"], currency) if measure == "amount" else COUNT,
        categories=tuple(map(str, total["quarter"])),
        series=tuple(
            Series(str(name), group_name(str(name)), SEGMENT_COLOURS[at % len(SEGMENT_COLOURS)], figures(row))
            for at, (name, row) in enumerate(grid.iterrows())
        ),
        totals=figures(grid.sum()),
        below=tuple(f"{n:,} deals" for n in total["n"]),
    )


def _created_title(total: pd.DataFrame, measure: str) -> str:
    whole = total[~total["partial"]][measure]
    half = min(4, len(whole) // 2)
    before = whole.iloc[-2 * half : -half].mean() if half else 0.0
    if not before > 0:
        return "Qualified pipeline created per quarter"
    change = whole.iloc[-half:].mean() / before - 1
    quarters = f"last {half} quarters" if half > 1 else "last quarter"
    earlier = f"the {half} before" if half > 1 else "the one before"
    if abs(change) < 0.02:
        return f"The {quarters} created as much qualified pipeline as {earlier}"
    word = "more" if change > 0 else "less"
    return f"The {quarters} created {abs(change):.0%} {word} qualified pipeline than {earlier}"
