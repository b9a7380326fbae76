"""History -> Backtest: forecasts made again from days in the past, and how good they were."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.backtest.baselines import baseline_forecasts, bookings_by_quarter, know
from simulator.analysis.backtest.origins import Origin, knowable, last_whole_quarter, past_origins
from simulator.analysis.backtest.past_forecasts import BacktestSettings, Samples, past_forecasts
from simulator.analysis.backtest.scores import SIMULATION, crps, pinball, pit, score_table
from simulator.analysis.diagnose.qualified import qualified_deals
from simulator.analysis.judgement.judgement import judged_forecasts
from simulator.analysis.steps import Progress
from simulator.analysis.totals import ALL, add_total, names_with_total
from simulator.engine.paths import QUANTILES
from simulator.errors import InputError
from simulator.history.deal_types import NEW, deals_of_type
from simulator.history.states import deal_states
from simulator.history.tables import History

Floats = npt.NDArray[np.float64]


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
        pinball90, pit, inside (1 where P10 to P90 held the actual). A method without spread has its one
        number in every percentile and neither pit nor inside.
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
    """Forecast past quarters from what was knowable and score the forecasts, beside the usual methods.

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
    tables = [
        _forecasts(origin, past, sample, actual, settings=settings, last_quarter=last)
        for origin, past, sample in zip(origins, known, samples, strict=True)
    ]
    forecasts = pd.concat(tables, ignore_index=True)
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


def _forecasts(
    origin: Origin,
    past: History,
    samples: Samples,
    actual: pd.DataFrame,
    *,
    settings: BacktestSettings,
    last_quarter: int,
) -> pd.DataFrame:
    """Return the rows of one origin: every period that is over by now, every segment, every method."""
    names = names_with_total(samples.segments)
    ours = add_total(samples.bookings, samples.segments)
    known = know(past, origin, settings.calendar, samples.segments, settings.n_periods)
    points = baseline_forecasts(known) | judged_forecasts(known)
    rows = []
    for ahead in range(min(settings.n_periods, last_quarter - origin.quarter + 1)):
        quarter = origin.quarter + ahead
        happened = actual.reindex([quarter], fill_value=0.0).iloc[0]
        label = {"as_of": origin.as_of, "week": origin.week}
        label |= {"period": settings.calendar.quarter_label(quarter), "quarter": quarter, "ahead": ahead}
        for i, name in enumerate(names):
            y = float(happened.sum() if name == ALL else happened.get(name, 0.0))
            row = label | {"segment": name}
            rows.append(row | {"method": SIMULATION} | _scored(ours[:, ahead, i], y))
            rows += [
                row | {"method": method} | _scored(np.array([values[ahead, i]]), y)
                for method, values in points.items()
                if not np.isnan(values[ahead, i])
            ]
    return pd.DataFrame(rows)


def _scored(samples: Floats, actual: float) -> dict[str, float]:
    """Return the figures of one forecast; of a single number, without spread, those that it has."""
    low, middle, high = np.quantile(samples, QUANTILES)
    losses = pinball([low, middle, high], actual, QUANTILES)
    spread = samples.size > 1
    return {
        "mean": float(samples.mean()),
        "p10": float(low),
        "p50": float(middle),
        "p90": float(high),
        "actual": actual,
        "crps": crps(samples, actual),
        **{f"pinball{round(100 * q)}": float(loss) for q, loss in zip(QUANTILES, losses, strict=True)},
        "pit": pit(samples, actual) if spread else np.nan,
        "inside": float(low <= actual <= high) if spread else np.nan,
    }
