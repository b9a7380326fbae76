"""Where a quarter stands: booked so far, what past quarters had booked by the same day, what is simulated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.diagnose.qualified import won_deals
from simulator.engine.paths import QUANTILES, Paths
from simulator.fiscal import FiscalCalendar, date_of_day, day_number, month_number, month_start_day
from simulator.history.tables import History

Floats = npt.NDArray[np.float64]
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
            "period": [calendar.quarter_label(one) for one, _ in known],
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
