"""The judgement of a run: read, compared with the simulation, written into the results folder."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.judgement.judgement import Judgement, blend_weights, judge, weeks_gone
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.errors import InputError
from simulator.history.deal_calls import read_deal_calls
from simulator.report.forecast.summary import records
from simulator.report.judgement.words import judgement_notes
from simulator.report.output.second_process import Job

NEEDED = ("week", "ahead", "segment", "method", "n_quarters", "absolute_error")


def look_at_judgement(prepared: Prepared, paths: Paths) -> Judgement | None:
    """Return the forecasts by judgement next to the simulation; None where there are no deals on record.

    Raises
    ------
    InputError
        The table of judgements, or the record of the blend, is at fault.
    """
    history, scenario = prepared.history, prepared.scenario
    if history is None or history.opportunities.empty:
        return None
    calls: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()
    if scenario.judgement is not None:
        calls, notes = read_deal_calls(scenario.judgement, frozenset(paths.open_deals))
    weights = None
    if scenario.blend is not None:
        weights = blend_weights(_record(scenario.blend), weeks_gone(paths))
    volume = [name for name, segment in scenario.segments.items() if segment.motion == "smb"]
    return judge(paths, history, calls, weights, notes, arithmetic=volume)


def check_judgement(prepared: Prepared) -> None:
    """Refuse a table of judgements or a record that cannot be read, before anything is simulated.

    Raises
    ------
    InputError
    """
    scenario = prepared.scenario
    if scenario.judgement is not None:
        read_deal_calls(scenario.judgement, frozenset())
    if scenario.blend is not None:
        _record(scenario.blend)


def _record(folder: Path) -> pd.DataFrame:
    file = folder / "tables" / "backtest.csv"
    try:
        table = pd.read_csv(file)
    except (OSError, ValueError) as error:
        raise InputError.of(
            str(file), "cannot be read as a table", "Run 'simulator backtest' again."
        ) from error
    missing = [name for name in NEEDED if name not in table]
    if missing:
        what = f"lacks the columns {', '.join(missing)}"
        raise InputError.of(str(file), what, "Run 'simulator backtest' again.")
    return table


def with_judgement(summary: dict[str, Any], judgement: Judgement | None) -> dict[str, Any]:
    """Return the summary with the figures and the notes of the judgement."""
    if judgement is None:
        return summary
    return summary | {
        "judgement": records(judgement.table),
        "notes": [*summary["notes"], *judgement_notes(judgement)],
    }


def judgement_chart_jobs(judgement: Judgement, forecast: Forecast, charts: Path) -> list[Job]:
    """Return the charts of the judgement, to be drawn into an existing folder."""
    from simulator.report.charts.picture import draw_picture
    from simulator.report.judgement.chart import habits_spec, judgement_spec

    specs = (judgement_spec(judgement, forecast), habits_spec(judgement, forecast))
    return [partial(draw_picture, spec, charts) for spec in specs if spec is not None]


def judgement_tables(judgement: Judgement) -> dict[str, pd.DataFrame]:
    """Return the tables of the judgement by name."""
    tables = {"judgement": judgement.table, "in_blood": judgement.deals}
    return tables | ({"rep_calls": judgement.reps} if len(judgement.reps) else {})
