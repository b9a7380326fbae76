"""What was forecast of the latest quarter as of each of its weeks."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from simulator.analysis.backtest.origins import knowable
from simulator.analysis.backtest.past_forecasts import BacktestSettings, past_forecasts
from simulator.analysis.steps import Progress
from simulator.engine.paths import QUANTILES
from simulator.fiscal import first_of_month, month_number
from simulator.history.deal_types import NEW, deals_of_type
from simulator.history.tables import History

TRACK_COLUMNS = ("period", "as_of", "p10", "p50", "p90", "booked", "actual", "n_paths")


def forecast_track(
    history: History,
    settings: BacktestSettings,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    n_workers: int | None = None,
) -> pd.DataFrame:
    """Return the forecasts of the quarter of the as-of date, made again as of each week of it.

    Parameters
    ----------
    history, settings, fresh, progress, n_workers
        As of ``backtest``; of the settings its calendar, simulations and seed.

    Returns
    -------
    DataFrame
        Columns ``TRACK_COLUMNS``, one row a week, the day before the quarter first: p10, p50 and p90 of its
        new bookings, booked in it by that day, actual, what it ended with (missing while
        it goes on), and n_paths, the simulations of each forecast.
    """
    history, calendar = deals_of_type(history, NEW), settings.calendar
    quarter = int(calendar.quarter(month_number(history.as_of)))
    start, end = (first_of_month(calendar.first_month(quarter + later)) for later in (0, 1))
    days = [start + dt.timedelta(days=7 * week - 1) for week in range(14)]
    days = [day for day in days if day <= history.as_of and day < end - dt.timedelta(days=1)]
    known = [knowable(history, day) for day in days]
    samples = past_forecasts(known, settings, fresh=fresh, progress=progress, n_workers=n_workers)
    deals = history.opportunities
    won = deals[(deals["outcome"] == "won") & (deals["closed_date"] >= pd.Timestamp(start))]

    def booked(day: dt.date) -> float:
        return float(won.loc[won["closed_date"] < pd.Timestamp(day + dt.timedelta(days=1)), "amount"].sum())

    is_over = history.as_of >= end - dt.timedelta(days=1)
    rows = [
        (calendar.quarter_label(quarter), day.isoformat(),
         *np.quantile(sample.bookings[:, 0].sum(axis=1), QUANTILES), booked(day),
         booked(end - dt.timedelta(days=1)) if is_over else np.nan, settings.n_paths)
        for day, sample in zip(days, samples, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(TRACK_COLUMNS))
