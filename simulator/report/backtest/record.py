"""The record of past forecasts kept next to a history, for every later run on it to show."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simulator.engine.prepare import Prepared
from simulator.engine.pull import evidence_note
from simulator.fiscal import FiscalCalendar
from simulator.report.output.manifest import write_json

if TYPE_CHECKING:
    import pandas as pd

    from simulator.analysis.backtest.backtest import Backtest


@dataclass(frozen=True)
class Record:
    """What a backtest found, in one sentence.

    Parameters
    ----------
    sentence : str
        As it stands on a board page.
    as_of : datetime.date
        Last day of the history that the past forecasts were held against.
    quarters : tuple of dict
        period, p10, p50, p90 of each quarter, as forecast at its start.
    track : tuple of dict
        Rows of `forecast_track`, where the backtest was asked for them.
    """

    sentence: str
    as_of: dt.date
    quarters: tuple[dict[str, Any], ...] = ()
    track: tuple[dict[str, Any], ...] = ()

    def answer(self) -> str:
        """Return the record as one of a run's answers."""
        return f"{self.sentence} (backtest of the history up to {self.as_of})"


def record_path(history: Path) -> Path:
    """Return the file next to a history's folder that keeps its record."""
    folder = history.resolve()
    return folder.parent / f"{folder.name}.backtest.json"


def keep_record(result: Backtest, history: Path, track: pd.DataFrame | None = None) -> Path | None:
    """Keep the record next to the history; return the file, or None where nothing can be written there."""
    from simulator.report.backtest.charts import main_rows
    from simulator.report.backtest.words import record_sentence
    from simulator.report.forecast.summary import records

    calendar = result.settings.calendar
    content = {
        "record": record_sentence(result),
        "as_of": result.as_of.isoformat(),
        "fiscal_start": calendar.start_month,
        "fiscal_label": calendar.label,
        "n_quarters": result.settings.n_quarters,
        "n_paths": result.settings.n_paths,
        "quarters": [
            {"period": str(row["period"])} | {key: round(float(row[key]), 2) for key in ("p10", "p50", "p90")}
            for _, row in main_rows(result).iterrows()
        ],
        "track": records(track) if track is not None else [],
    }
    try:
        write_json(content, record_path(history))
    except OSError:
        return None
    return record_path(history)


def read_record(history: Path, calendar: FiscalCalendar, as_of: dt.date) -> Record | None:
    """Return the record kept next to a history; None where there is none of these quarters by that day.

    Parameters
    ----------
    history : Path
        Folder of the history.
    calendar : FiscalCalendar
        Of the run: quarters cut otherwise are other quarters.
    as_of : datetime.date
        Last day of the run; a record that knows more is not shown.
    """
    try:
        content = json.loads(record_path(history).read_text(encoding="utf-8"))
        rows, track = (tuple(dict(row) for row in content.get(key, ())) for key in ("quarters", "track"))
        record = Record(str(content["record"]), dt.date.fromisoformat(content["as_of"]), rows, track)
        quarters = content["fiscal_start"], content["fiscal_label"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    fits = quarters == (calendar.start_month, calendar.label) and record.as_of <= as_of
    return record if fits else None


def past_forecasts_said(history: Path, calendar: FiscalCalendar, as_of: dt.date, currency: str) -> str:
    """Return how past forecasts of a history held, or the command that finds it out, in a sentence."""
    record = read_record(history, calendar, as_of)
    if record is not None:
        return f"{record.answer()}."
    command = f"simulator backtest {history} --fiscal-start {calendar.start_month}"
    command += f" --fiscal-label {calendar.label}" + (f" --currency {currency}" if currency else "")
    return f"No backtest yet. Run `{command}` to see how past forecasts performed."


def add_record(summary: dict[str, Any], prepared: Prepared) -> None:
    """Add the record of past forecasts to a run's summary and answers, or how to make one to its notes.

    The answer says as well what the level of the forecast leans on.
    """
    scenario = prepared.scenario
    summary["record"] = None
    if scenario.history is None or prepared.history is None or prepared.history.opportunities.empty:
        return
    calendar, as_of = scenario.fiscal_calendar(), prepared.history.as_of
    record = read_record(scenario.history, calendar, as_of)
    said = past_forecasts_said(scenario.history, calendar, as_of, scenario.currency)
    if record is None:
        summary["notes"] = [*summary["notes"], said]
        return
    leans = evidence_note(scenario, prepared.calibration)
    summary["record"] = record.answer()
    summary["answers"] = {**summary["answers"], "record": f"{said} {leans}" if leans else record.answer()}
