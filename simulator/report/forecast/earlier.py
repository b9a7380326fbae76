"""What changed since the run that stood in the results folder: what it forecast, and its open deals."""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from simulator.analysis.forecast.open_deals import deal_changes
from simulator.analysis.totals import ALL
from simulator.errors import InputError
from simulator.history.tables import History
from simulator.report.documents.finished import Finished, read_finished
from simulator.report.money import format_money, format_share
from simulator.report.simulation_error import CLEAR_ERRORS, OF_80, say_error_margin

if TYPE_CHECKING:
    from simulator.report.run import Run

CHANGES, PREVIOUS = "deal_changes", "previous_forecast"
"""The tables of what changed, by name."""
READ = {"deals", "open_deals", "bookings"}
"""What is read of the run before."""
FORECAST = ["p10", "p50", "p90", "target", "p_hit", "p50_error"]


@dataclass(frozen=True)
class Earlier:
    """The run that stood in a results folder.

    Parameters
    ----------
    day : datetime.date
        Its as-of date.
    since : datetime.date, optional
        The day whose forecast is compared with: its own, or where that is today the one it looked back to.
    run : Finished
        Its tables.
    """

    day: dt.date
    since: dt.date | None
    run: Finished

    def tables(self, run: Run, tables: dict[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
        """Return what changed since, given a run and its tables, by name.

        A run on the same day forecast the same quarter once more: what stood there of the day before that
        is kept, so that a second run does not hide what changed since last time.
        """
        said = {CHANGES: self._changes(tables, run.prepared.history)}
        if self.day == run.paths.as_of:
            then = self.run.tables.get(PREVIOUS)
        else:
            errors = pd.DataFrame(self.run.summary["monte_carlo_error"])
            then = _forecast(self.run.tables["bookings"], errors).add_suffix("_then")
            then.insert(0, "since", self.day.isoformat())
            then = then.rename(columns={"period_then": "period"})
        if then is None:
            return said
        now = _forecast(tables["bookings"], run.forecast.precision)
        return said | {PREVIOUS: _next_to(then, now, tables.get("past_quarters"))}

    def _changes(self, tables: dict[str, pd.DataFrame], history: History | None) -> pd.DataFrame:
        """Return what has changed in the open deals."""
        deals, period = tables["deals"], str(tables["bookings"]["period"].iloc[0])
        chances = self.run.tables["open_deals"]
        chance = chances[chances["period"] == period].set_index("opportunity_id")["p_win"]
        then = self.run.tables["deals"].copy()
        then["p"] = then["opportunity_id"].map(chance).astype("float64")
        now = deals.assign(p=deals["p_this"], amount=deals["amount"].round(2))
        keys = ["opportunity_id", "segment", "owner", "category", "amount", "close_month", "p"]
        outcomes = pd.Series(dtype=object)
        if history is not None:
            known = history.opportunities
            ended = known[known["closed_date"].notna() | known["outcome"].notna()]
            outcomes = ended.set_index("opportunity_id")["outcome"].fillna("lost")
        table = deal_changes(then[keys], now[keys], outcomes, period)
        table.insert(0, "since", self.day.isoformat())
        return table


def read_earlier(folder: Path, scenario: str, as_of: dt.date) -> Earlier | None:
    """Return the run that stands in a results folder, where it is of this scenario and not of a later day."""
    try:
        run = read_finished(folder, only=READ | {PREVIOUS})
        day = dt.date.fromisoformat(str(run.summary["as_of"]))
        flow = dt.date.fromisoformat(str(run.summary["flow_since"])) if "flow_since" in run.summary else None
    except (InputError, ValueError):
        return None
    same = run.summary["scenario"] == scenario and day <= as_of
    return Earlier(day, day if day < as_of else flow, run) if same and set(run.tables) >= READ else None


def _forecast(bookings: pd.DataFrame, errors: pd.DataFrame) -> pd.DataFrame:
    """Return what a run forecast of new bookings, all segments together, and the error of its P50."""
    rows = bookings[(bookings["segment"] == ALL) & (bookings["kind"] == "new")]
    return rows.merge(errors[["period", "p50_error"]], on="period", how="left")[["period", *FORECAST]]


def _next_to(then: pd.DataFrame, now: pd.DataFrame, past: pd.DataFrame | None) -> pd.DataFrame:
    """Return an earlier forecast next to that of now, and of quarters that are over to what they booked."""
    kept = then[["since", "period", *(f"{key}_then" for key in FORECAST)]]
    table = kept.merge(now, on="period", how="left")
    result = {} if past is None else dict(zip(past["period"], past["booked"], strict=True))
    table["result"] = table["period"].map(result).astype("float64")
    return table[table["p50"].notna() | table["result"].notna()].reset_index(drop=True)


def say_previous(table: pd.DataFrame, currency: str) -> tuple[str, ...]:
    """Say what the last run forecast next to what came of it, and next to the forecast of now."""
    return tuple(f"{_say_quarter(row, currency)}." for row in table.to_dict("records")[:2])


def _say_quarter(row: dict[Any, Any], currency: str) -> str:
    """Say it of one quarter: the odds too where it has a target, and how sure a change is."""

    def amount(key: str) -> str:
        return format_money(float(row[key]), currency)

    then = f"P50 {amount('p50_then')} ({amount('p10_then')} to {amount('p90_then')})"
    if math.isfinite(row["p_hit_then"]):
        then += f", {format_share(row['p_hit_then'])} chance of {amount('target_then')}"
    said = f"{row['period']}, forecast on {row['since']}: {then}"
    if math.isfinite(row["result"]):
        return f"{said}; it booked {amount('result')}"
    gap, error = row["p50"] - row["p50_then"], math.hypot(row["p50_error"], row["p50_error_then"])
    change = f"{format_money(abs(gap), currency)} {'more' if gap >= 0 else 'less'}"
    if abs(gap) <= CLEAR_ERRORS * error:
        change = "no measurable change"
    interval = f" ({say_error_margin(error, currency)}, {OF_80})"
    now = f"P50 {amount('p50')}, {change}{interval if error > 0 else ''}"
    if math.isfinite(row["p_hit"]):
        now += f", and {format_share(row['p_hit'])} chance"
        now += f" of {amount('target')}" if row["target"] != row["target_then"] else ""
    return f"{said}; now {now}"
