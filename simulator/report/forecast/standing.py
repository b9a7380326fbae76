"""Where the quarter stands, in a sentence and as charts: its pace, and its forecast week by week."""

from __future__ import annotations

import datetime as dt
import math

import pandas as pd

from simulator.analysis.forecast.pacing import Pacing
from simulator.report.charts.spec import ChartSpec, Series, banded, figures, money_unit
from simulator.report.forecast.specs import RANGE, Frame, series_of
from simulator.report.money import format_money, format_share, source_line
from simulator.report.output.tables import round_figures
from simulator.report.style import BLUE, MUTED, NAVY

TRACK_LOOKS = {key: RANGE[key] for key in ("p90", "p50", "p10", "booked")}
PAST = ("past_low", "past_median", "past_high")
RESULT = {"actual": ("Result", MUTED)}


def say_pace(pacing: Pacing | None, currency: str) -> str:
    """Return how far the quarter is next to past quarters on the same day; nothing without any."""
    if pacing is None or pacing.quarters.empty:
        return ""
    days, n = pacing.days, len(pacing.quarters)
    period, today = str(days["period"].iloc[0]), pacing.today
    if today is None:
        months = days[days["mean"].notna()].iloc[:2]
        past, ahead = ([format_share(share) for share in shares] for shares in (
            months["past_share"], months["mean"] / days["mean"].iloc[-1]))  # fmt: skip
        return (
            f"{period} has not begun; the last {n} quarters had {' and '.join(past)} of their bookings in "
            f"after one and two months, and the simulation has {' and '.join(ahead)}"
        )
    booked, low, middle, high = (
        format_money(today[key], currency) for key in ("booked", "past_low", "past_median", "past_high")
    )
    said = (
        f"{period} has booked {booked} by day {today['day']} of {days['day'].iloc[-1]}; "
        f"the last {n} quarters had {low} to {high} by that day, {middle} in the middle"
    )
    slow, _, fast = pacing.paced()
    if not math.isfinite(slow):
        return said
    return f"{said}, a pace that ends at {format_money(slow, currency)} to {format_money(fast, currency)}"


def pace_spec(pacing: Pacing | None, frame: Frame) -> ChartSpec | None:
    """Return what is booked by each day, of past quarters, of this one, and as simulated."""
    if pacing is None or pacing.quarters.empty:
        return None
    days = round_figures(pacing.days)
    today = days["booked"].notna().cumsum().where(days["booked"].notna()) == days["booked"].notna().sum()
    # The simulated line begins where the booked one ends.
    ahead = {key: days[key].where(~today, days["booked"]) for key in ("p10", "p50", "p90")}
    series = [
        banded("past_median", f"Past {len(pacing.quarters)} quarters", MUTED, days, PAST),
        banded("p50", "Simulated", BLUE, ahead, ("p10", "p50", "p90")),
    ]
    if today.any():
        series.append(Series("booked", "Booked so far", NAVY, figures(days["booked"])))
    return ChartSpec(
        name="pacing",
        shape="lines",
        title=say_pace(pacing, frame.currency),
        subtitle="New bookings of the quarter by the end of each day; past quarters: the middle one "
        "and all of them (band) on the same day; simulated: P50 and P10 to P90 (band)",
        footer=frame.bookings_footer,
        unit=money_unit([*days["past_high"], *days["p90"].dropna()], frame.currency),
        categories=tuple(_day(date) for date in days["date"]),
        series=tuple(series),
    )


def _day(date: str) -> str:
    day = dt.date.fromisoformat(date)
    return f"{day.day} {day:%b}"


def track_spec(track: pd.DataFrame, as_of: dt.date, currency: str) -> ChartSpec | None:
    """Return what was forecast of a quarter as of each past week of it, and what it had booked by then."""
    if len(track) < 2:
        return None
    rows = round_figures(track)
    first, last = rows.iloc[0], rows.iloc[-1]
    widths = [format_money(row["p90"] - row["p10"], currency) for row in (first, last)]
    is_over = math.isfinite(first["actual"])
    ended = f" and ended at {format_money(first['actual'], currency)}" if is_over else ""
    middles = (format_money(row["p50"], currency) for row in (first, last))
    return ChartSpec(
        name="forecast_track",
        shape="range",
        title=f"The forecast of {first['period']} went from {' to '.join(middles)}{ended}; "
        f"its range from {' to '.join(widths)}",
        subtitle="New bookings of the quarter as forecast at the end of each day, with only what was known "
        "then; 80% of simulations fall between P10 and P90",
        footer=source_line(as_of, f"Forecast again as of each day, {first['n_paths']:,.0f} simulations each"),
        unit=money_unit([*rows["p90"], first["actual"]], currency),
        categories=(*(_day(date) for date in rows["as_of"]), *(("Result",) if is_over else ())),
        series=series_of(_with_result(rows) if is_over else rows, TRACK_LOOKS | (RESULT if is_over else {})),
    )


def _with_result(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the weeks, then a row that holds what the quarter ended with alone."""
    end = {"actual": rows["actual"].iloc[0]}
    return pd.concat([rows.assign(actual=math.nan), pd.DataFrame([end])], ignore_index=True)
