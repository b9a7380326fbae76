"""Where a quarter stands: booked so far next to past quarters, what came of what was due, quotas booked."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.qualified import Window, states_at, won_deals
from simulator.arrays import Floats
from simulator.calibration.roster import roster
from simulator.engine.paths import QUANTILES, Paths
from simulator.fiscal import (
    FiscalCalendar,
    date_of_day,
    day_number,
    month_number,
    month_start_day,
    months_of_days,
)
from simulator.history.states import DealStates
from simulator.history.tables import History

DAYS_OF_MONTH = (10, 20, 31)
"""Days on which a quarter is looked at; 31 is the last of each month."""


@dataclass(frozen=True)
class Pacing:
    """The first quarter of a forecast, day by day, next to past quarters.

    Parameters
    ----------
    days : DataFrame
        One row a day looked at: period, date, day (of the quarter, from 1), booked (in it by the end of that
        day; missing after the as-of date), p10, p50, p90 and mean (simulated to be booked by then; known at
        the end of each month), past_low, past_median, past_high (booked by the same day of past quarters),
        past_share (median share of their bookings in by then). Unit: scenario currency.
    quarters : DataFrame
        One row a past quarter: period, booked_by_now (by the day of the as-of date), booked.
    """

    days: pd.DataFrame
    quarters: pd.DataFrame

    @property
    def today(self) -> pd.Series | None:
        """The row of the as-of date; None where the quarter has not begun."""
        known = self.days[self.days["booked"].notna()]
        return known.iloc[-1] if len(known) else None

    def paced(self) -> Floats:
        """Return what the quarter ends with at the slowest, the median and the fastest past pace.

        What is booked / the share of its bookings that a past quarter had in by the same day. NaN before
        any booking, and where a past quarter had booked nothing by then.
        """
        shares = (self.quarters["booked_by_now"] / self.quarters["booked"]).to_numpy(np.float64)
        if self.today is None or not len(shares) or not (shares > 0).all():
            return np.full(3, np.nan)
        return np.asarray(float(self.today["booked"]) / np.quantile(shares, [1.0, 0.5, 0.0]))


def measure_pacing(history: History, paths: Paths, past: Sequence[int]) -> Pacing:
    """Return how far the first quarter is, next to past quarters on the same day.

    The same day: as many days into the same month of the quarter, the last of a shorter month.

    Parameters
    ----------
    history : History
        Known up to its as-of date; new business alone.
    paths : Paths
        Simulations from the as-of date on.
    past : sequence of int
        Quarter numbers to compare with, whole and over.
    """
    quarter, calendar = int(paths.quarters[0]), paths.calendar
    places = _places(paths)
    days = _days(calendar, quarter, places)
    now = day_number(paths.as_of) + 1
    known = [(one, _booked(history, paths, calendar, one, places)) for one in past]
    known = [(one, amounts) for one, amounts in known if amounts[-1] > 0]
    before = np.array([amounts for _, amounts in known]).reshape(-1, len(days))
    table = pd.DataFrame(
        {
            "period": paths.periods[0],
            "date": [date_of_day(day - 1).isoformat() for day in days],
            "day": (days - float(month_start_day(calendar.first_month(quarter)))).astype(np.int64),
            "booked": np.where(days <= now, _booked(history, paths, calendar, quarter, places), np.nan),
        }
    ).assign(**_simulated(paths, days), **_of_past(before))
    at = int(np.flatnonzero(days <= now)[-1]) if paths.partial else -1
    quarters = pd.DataFrame(
        {
            "period": pd.Series([calendar.quarter_label(one) for one, _ in known], dtype="str"),
            "booked_by_now": before[:, at] if at >= 0 else np.zeros(len(known)),
            "booked": before[:, -1],
        }
    )
    return Pacing(table, quarters)


def _places(paths: Paths) -> list[tuple[int, int]]:
    """Return the days looked at, as month of the quarter and day of the month, the as-of date among them."""
    places = {(month, day) for month in range(3) for day in DAYS_OF_MONTH}
    if paths.partial:
        month = month_number(paths.as_of) - paths.calendar.first_month(int(paths.quarters[0]))
        is_last = (paths.as_of + dt.timedelta(days=1)).day == 1
        places.add((month, 31 if is_last else paths.as_of.day))
    return sorted(places)


def _days(calendar: FiscalCalendar, quarter: int, places: Sequence[tuple[int, int]]) -> Floats:
    """Return the day numbers at whose beginning each of the days is over."""
    months = calendar.first_month(quarter) + np.array([month for month, _ in places])
    return np.minimum(month_start_day(months) + [day for _, day in places], month_start_day(months + 1))


def _booked(
    history: History, paths: Paths, calendar: FiscalCalendar, quarter: int, places: Sequence[tuple[int, int]]
) -> Floats:
    """Return what the segments of the forecast had booked of a quarter by the end of each day."""
    won = won_deals(history)
    won = won[won["segment"].isin(paths.segments)]
    closed = won["closed"].to_numpy()
    amount = np.nan_to_num(won["amount"].to_numpy(np.float64))
    start = float(month_start_day(calendar.first_month(quarter)))
    ends = _days(calendar, quarter, places)
    return np.array([amount[(closed >= start) & (closed < end)].sum() for end in ends])


def _simulated(paths: Paths, days: Floats) -> dict[str, Floats]:
    """Return percentiles and mean of what is booked by the end of each month that is not over."""
    inside = paths.calendar.quarter(paths.months) == paths.quarters[0]
    sums = paths.booked.sum() + np.cumsum(paths.monthly_bookings[:, inside].sum(axis=2), axis=1)
    ends = month_start_day(paths.months[inside] + 1)
    at = np.searchsorted(days, ends)
    found = {name: np.full(len(days), np.nan) for name in ("p10", "p50", "p90", "mean")}
    for name, values in zip(found, (*np.quantile(sums, QUANTILES, axis=0), sums.mean(axis=0)), strict=True):
        found[name][at] = values
    return found


def _of_past(before: Floats) -> dict[str, Floats]:
    names = ("past_low", "past_median", "past_high")
    if not len(before):
        return {name: np.full(before.shape[1], np.nan) for name in (*names, "past_share")}
    amounts = np.quantile(before, [0.0, 0.5, 1.0], axis=0)
    share = np.median(before / before[:, -1:], axis=0)
    return {**dict(zip(names, amounts, strict=True)), "past_share": share}


STEPS = ("opening", "created", "pulled_in", "raised", "cut", "slipped", "won", "lost", "closing")
"""Rows of a deal flow, in order; what takes away is negative."""

Amounts = dict[int, float]


def deal_flow(
    history: History, states: DealStates, calendar: FiscalCalendar, quarter: int, since: dt.date
) -> pd.DataFrame:
    """Return how the open amount due by the end of a quarter changed from one day to the as-of date.

    Parameters
    ----------
    history : History
        Known up to its as-of date.
    states : DealStates
        Of its deals.
    calendar : FiscalCalendar
    quarter : int
        Deals planned to close in it or earlier are due.
    since : datetime.date
        The day at whose end the sum begins.

    Returns
    -------
    DataFrame
        step (``STEPS``), amount (in the history's currency; opening and the steps add up to closing) and n
        (deals). Amounts that are not known count as 0. A deal that came in and was won in between is in both
        steps.
    """
    start, end = day_number(since) + 1, day_number(states.as_of) + 1
    known, before = _open(states, start), _due(states, calendar, quarter, start)
    still, now = _open(states, end), _due(states, calendar, quarter, end)
    won = _won_within(history, states, start)
    rows: dict[str, list[float]] = {step: [] for step in STEPS}
    rows["opening"], rows["closing"] = list(before.values()), list(now.values())
    for deal in sorted({*before, *now, *won}):
        came = before.get(deal, math.nan)
        if deal not in before:
            came = now.get(deal, won.get(deal, 0.0))
            rows["pulled_in" if deal in known else "created"].append(came)
        if deal not in now:
            rows["slipped" if deal in still else "won" if deal in won else "lost"].append(-came)
        elif now[deal] != came:
            rows["raised" if now[deal] > came else "cut"].append(now[deal] - came)
    sums = [float(sum(rows[step])) for step in STEPS]
    return pd.DataFrame({"step": STEPS, "amount": sums, "n": [len(rows[step]) for step in STEPS]})


def _open(states: DealStates, day: float) -> set[int]:
    return set(states.deal[states_at(states, day)].tolist())


def _due(states: DealStates, calendar: FiscalCalendar, quarter: int, day: float) -> Amounts:
    """Return the open amount of each deal that is due by the end of the quarter."""
    at = states_at(states, day)
    month = states.close_month[at]
    kept = at[(month >= 0) & (calendar.quarter(month) <= quarter)]
    return dict(zip(states.deal[kept].tolist(), np.nan_to_num(states.amount[kept]).tolist(), strict=True))


def _won_within(history: History, states: DealStates, day: float) -> Amounts:
    """Return the last open amount of the deals that were won after a day."""
    won = won_deals(history)
    last = dict(zip(states.deal.tolist(), np.nan_to_num(states.amount).tolist(), strict=True))
    return {deal: last[deal] for deal in won.index[won["closed"] >= day].tolist() if deal in last}


QUARTERS = 4
LEAST_MONTHS = 6
"""Months with a quota, of twelve, below which an attainment says little."""
ATTAINMENT_COLUMNS = ("rep_id", "segment", "months", "quota", "booked", "attainment")


def attainment(history: History, window: Window) -> pd.DataFrame:
    """Return what each account executive booked of the quota of the last four whole quarters.

    Parameters
    ----------
    history : History
        New business alone.
    window : Window
        Whole quarters; the last four of them count.

    Returns
    -------
    DataFrame
        Columns ``ATTAINMENT_COLUMNS``, one row for each rep with a quota who was there for six months or
        more: months there, quota for these months (not reduced while ramping), booked and booked / quota.
    """
    quarters = window.quarters[-QUARTERS:]
    names = tuple(sorted(set(history.opportunities["segment"].dropna())))
    reps = roster(history.reps, names)
    reps = reps[reps["quota"] > 0].drop_duplicates("rep_id")
    if not quarters or reps.empty:
        return pd.DataFrame(columns=list(ATTAINMENT_COLUMNS))
    first = window.calendar.first_month(quarters[0])
    last = window.calendar.first_month(quarters[-1] + 1)
    months = reps["end"].clip(upper=last) - reps["start"].clip(lower=first)
    won = won_deals(history)
    month = months_of_days(won["closed"].to_numpy(np.float64))
    booked = won[(month >= first) & (month < last)].groupby("owner")["amount"].sum()
    table = pd.DataFrame(
        {
            "rep_id": reps["rep_id"],
            "segment": [names[place] for place in reps["segment"]],
            "months": months,
            "quota": reps["quota"] * months / 12,
            "booked": reps["rep_id"].map(booked).astype("float64").fillna(0.0),
        }
    )
    table = table[table["months"] >= LEAST_MONTHS]
    return table.assign(attainment=table["booked"] / table["quota"]).reset_index(drop=True)
