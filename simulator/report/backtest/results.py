"""How past forecasts held: the question asked of a history, and its answer with the scores and the chart."""

from __future__ import annotations

import datetime as dt
import math
from pathlib import Path

import pandas as pd

from simulator.analysis.backtest.backtest import Backtest, forecast_track
from simulator.analysis.backtest.backtest import backtest as score
from simulator.analysis.backtest.past_forecasts import BacktestSettings
from simulator.analysis.totals import ALL
from simulator.file_digest import FileDigest, contents
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history
from simulator.history.steady import steady
from simulator.report.answer import Answer, Provenance, draw_specs
from simulator.report.backtest.charts import backtest_specs
from simulator.report.backtest.words import backtest_findings, record_sentence
from simulator.report.forecast.standing import track_spec
from simulator.report.work import Work

QUARTERS = 8


def backtest(
    history: Path | str,
    settings: BacktestSettings | None = None,
    *,
    as_of: dt.date | None = None,
    currency: str = "",
    fresh: bool = False,
    track: bool = False,
    work: Work | None = None,
) -> Answer:
    """Forecast past quarters with only what was known then, and score that next to the usual methods.

    Parameters
    ----------
    history : Path or str
        Folder of the normalised history.
    settings : BacktestSettings, optional
        Without it the last 8 calendar quarters, from the start of each.
    as_of : datetime.date, optional
        Use only what was known on this day.
    currency : str
        ISO code of the amounts; empty: unknown.
    fresh : bool
        Simulate again what is kept from an earlier backtest.
    track : bool
        Also forecast the latest quarter as of each of its weeks.
    work : Work, optional
        Where progress is reported, and which workers simulate.

    Returns
    -------
    Answer
        Tables: backtest, backtest_forecasts; forecast_track where it is asked for.

    Raises
    ------
    InputError
        The history is at fault or too short, or a setting is out of range.
    """
    work = work or Work()
    folder = Path(history)
    with steady(folder):
        loaded, read = load_history(folder, as_of), contents([folder])
    work.note("Forecasting past quarters, each with the rates known then …")
    chosen = settings or BacktestSettings(FiscalCalendar(), n_quarters=QUARTERS)
    with work.executor():
        with work.step("backtest", "Backtest") as advance:
            found = score(loaded, chosen, fresh=fresh, progress=advance)
        if not track:
            return backtest_answer(found, currency, read)
        with work.step("track", "Week by week") as advance:
            weeks = forecast_track(loaded, chosen, fresh=fresh, progress=advance)
    return backtest_answer(found, currency, read, weeks)


def backtest_answer(
    found: Backtest,
    currency: str = "",
    inputs: tuple[FileDigest, ...] = (),
    track: pd.DataFrame | None = None,
) -> Answer:
    """Return what a backtest found, with its tables, its charts and words."""
    tables = {"backtest": found.scores, "backtest_forecasts": found.forecasts.drop(columns="quarter")}
    weeks = track_spec(track, found.as_of, currency) if track is not None else None
    scores = found.scores[found.scores["segment"] == ALL]
    findings = backtest_findings(found)
    settings = found.settings
    return Answer(
        question="backtest",
        currency=currency,
        provenance=Provenance(
            found.as_of, settings.n_paths, settings.seed, settings.n_rate_draws, inputs=inputs
        ),
        sentences={str(number): text for number, text in enumerate(findings, start=1)},
        tables=tables if track is None else tables | {"forecast_track": track},
        draws=draw_specs(*backtest_specs(found, currency), weeks),
        figures={
            "origins": [origin.as_of.isoformat() for origin in found.origins],
            "n_rate_draws": settings.n_rate_draws,
            "record": record_sentence(found),
            "findings": findings,
            "scores": [{str(k): _plain(v) for k, v in row.items()} for row in scores.to_dict("records")],
        },
        notes=tuple(found.notes),
        found=found,
    )


def _plain(value: object) -> object:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
