"""History -> Backtest: forecasts made again from days in the past, and how good they were."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.backtest.baselines import baseline_forecasts, bookings_by_quarter, know
from simulator.analysis.backtest.origins import Origin, knowable, last_whole_quarter, past_origins
from simulator.analysis.backtest.past_forecasts import BacktestSettings, past_forecasts
from simulator.analysis.backtest.scores import SIMULATION, score_table, scored, with_ranges
from simulator.analysis.diagnose.qualified import qualified_deals
from simulator.analysis.judgement.judgement import judged_forecasts
from simulator.analysis.steps import Progress
from simulator.analysis.totals import ALL, add_total, names_with_total
from simulator.arrays import Floats
from simulator.engine.paths import QUANTILES
from simulator.errors import InputError
from simulator.fiscal import first_of_month, month_number
from simulator.history.deal_types import NEW, deals_of_type
from simulator.history.states import deal_states
from simulator.history.tables import History

QUARTERS_BEFORE = 8
"""Quarters before those asked for whose errors give simple methods their first ranges."""


@dataclass(frozen=True)
class Backtest:
    """The record of forecasts made again strictly as of past days.

    Parameters
    ----------
    as_of : datetime.date
        Last day of the history that they are held against.
    origins : tuple of Origin
        When the forecasts were made.
    forecasts : DataFrame
        One row per origin, period, segment and method: as_of, week, period, ahead (0 is the quarter that
        had begun or began), segment, method, mean, p10, p50, p90, actual, crps, pinball10, pinball50,
        pinball90, pit, inside (1 where P10 to P90 held the actual). The range of a usual method is that of
        its own past errors (`with_ranges`).
    scores : DataFrame
        See `score_table`.
    notes : tuple of str
        What the reader should know.
    """

    as_of: dt.date
    settings: BacktestSettings
    origins: tuple[Origin, ...]
    forecasts: pd.DataFrame
    scores: pd.DataFrame
    notes: tuple[str, ...]


def backtest(
    history: History,
    settings: BacktestSettings,
    *,
    fresh: bool = False,
    progress: Progress | None = None,
    n_workers: int | None = None,
) -> Backtest:
    """Forecast past quarters from what was knowable and score the forecasts, next to the usual methods.

    New business alone: renewal and expansion deals count on neither side.

    Parameters
    ----------
    history : History
        All that is known by now.
    settings : BacktestSettings
    fresh : bool
        True: simulate again what is kept from an earlier run.
    progress : callable, optional
        Called with (origins done, origins in all).
    n_workers : int, optional
        Processes that simulate; by default as many as there are cores.

    Raises
    ------
    InputError
        The history is too short to forecast any past quarter, or a setting is out of range.
    """
    _check(settings)
    history = deals_of_type(history, NEW)
    deals = qualified_deals(history, deal_states(history))
    origins, notes = past_origins(history, deals, settings.calendar, settings.n_quarters, settings.weeks)
    known = [knowable(history, origin.as_of) for origin in origins]
    samples = past_forecasts(known, settings, fresh=fresh, progress=progress, n_workers=n_workers)
    last = last_whole_quarter(history, settings.calendar)
    actual = bookings_by_quarter(deals, settings.calendar, _segments(deals))
    frame = _Frame(settings, actual, last)
    tables = []
    for origin, past, sample in zip(origins, known, samples, strict=True):
        ours = {SIMULATION: add_total(sample.bookings, sample.segments)}
        tables.append(frame.rows(origin, sample.segments, ours | frame.simple(origin, past, sample.segments)))
    before = _before(history, deals, frame, samples[0].segments)
    forecasts = with_ranges(pd.concat(tables, ignore_index=True), before)
    said = dict.fromkeys(
        note for past in known for note in past.notes if "deals that were not yet" not in note
    )
    return Backtest(
        history.as_of, settings, tuple(origins), forecasts, score_table(forecasts), (*notes, *said)
    )


def _check(settings: BacktestSettings) -> None:
    if not all(0 <= week <= 12 for week in settings.weeks):
        raise InputError.of(
            "--weeks", "weeks of a quarter go from 0 to 12", "Give for example --weeks 0,4,8."
        )
    if settings.n_quarters < 1:
        raise InputError.of(
            "--origins", f"{settings.n_quarters} is not a number of quarters", "Give 1 or more."
        )


def _segments(deals: pd.DataFrame) -> tuple[str, ...]:
    return tuple(sorted(set(deals["segment"].fillna("unknown"))))


@dataclass(frozen=True)
class _Frame:
    """What is asked of every origin, and what was booked since."""

    settings: BacktestSettings
    actual: pd.DataFrame
    last_quarter: int

    def simple(self, origin: Origin, past: History, segments: tuple[str, ...]) -> dict[str, Floats]:
        """Return the single numbers of the usual methods, shape (1, period, segment and total)."""
        known = know(past, origin, self.settings.calendar, segments, self.settings.n_periods)
        points = baseline_forecasts(known) | judged_forecasts(known)
        return {method: values[None] for method, values in points.items()}

    def rows(self, origin: Origin, segments: tuple[str, ...], methods: dict[str, Floats]) -> pd.DataFrame:
        """Return a row for every period that is over by now, every segment and every method."""
        rows = []
        for ahead in range(min(self.settings.n_periods, self.last_quarter - origin.quarter + 1)):
            quarter = origin.quarter + ahead
            happened = self.actual.reindex([quarter], fill_value=0.0).iloc[0]
            label = {"as_of": origin.as_of, "week": origin.week}
            label |= {"period": self.settings.calendar.quarter_label(quarter), "quarter": quarter}
            for i, name in enumerate(names_with_total(segments)):
                y = float(happened.sum() if name == ALL else happened.get(name, 0.0))
                row = label | {"ahead": ahead, "segment": name}
                rows += [
                    row | {"method": method} | scored(values[:, ahead, i], y)
                    for method, values in methods.items()
                    if not np.isnan(values[0, ahead, i])
                ]
        return pd.DataFrame(rows)


def _before(history: History, deals: pd.DataFrame, frame: _Frame, segments: tuple[str, ...]) -> pd.DataFrame:
    """Return what the usual methods forecast in the quarters before, for the errors behind their ranges."""
    settings = frame.settings
    n_quarters = settings.n_quarters + QUARTERS_BEFORE
    origins, _ = past_origins(history, deals, settings.calendar, n_quarters, settings.weeks)
    first = frame.last_quarter - settings.n_quarters + 1
    tables = [
        frame.rows(origin, segments, frame.simple(origin, knowable(history, origin.as_of), segments))
        for origin in origins
        if origin.quarter < first
    ]
    return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


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
