"""The results folder of a backtest: tables, the reliability chart, summary and manifest."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from simulator.analysis.backtest.backtest import Backtest
from simulator.analysis.totals import ALL
from simulator.file_digest import FileDigest
from simulator.report.backtest.words import backtest_findings, record_sentence
from simulator.report.output.folder import publish
from simulator.report.output.manifest import write_json, write_manifest
from simulator.report.output.tables import write_table


def write_backtest(
    result: Backtest, folder: Path, *, command: str, inputs: Sequence[FileDigest] = (), currency: str = ""
) -> dict[str, Any]:
    """Write tables/backtest.csv, tables/backtest_forecasts.csv, chart, summary and manifest; all or nothing.

    Parameters
    ----------
    result : Backtest
    folder : Path
        Where the results shall stand; older results there are replaced.
    command : str
        What the user typed.
    inputs : sequence of FileDigest
        What was read.
    currency : str
        ISO code of the amounts; empty: unknown.

    Returns
    -------
    dict
        The summary.

    Raises
    ------
    InputError
        The place is taken by something else, or cannot be written.
    """
    from simulator.report.backtest.charts import draw_backtest

    summary = backtest_summary(result, currency)
    with publish(folder) as draft:
        for name in ("tables", "charts"):
            (draft / name).mkdir()
        write_table(result.scores, draft / "tables" / "backtest.csv")
        made = result.forecasts.drop(columns="quarter")
        write_table(made, draft / "tables" / "backtest_forecasts.csv")
        draw_backtest(result, draft / "charts", currency)
        write_json(summary, draft / "summary.json")
        write_manifest(draft, folder=folder, command=command, inputs=inputs, seed=result.settings.seed)
    return summary


def backtest_summary(result: Backtest, currency: str = "") -> dict[str, Any]:
    """Return the record, the findings and the scores of the total as values that JSON can hold."""
    scores = result.scores[result.scores["segment"] == ALL]
    return {
        "as_of": result.as_of.isoformat(),
        "currency": currency or None,
        "origins": [origin.as_of.isoformat() for origin in result.origins],
        "n_paths": result.settings.n_paths,
        "n_rate_draws": result.settings.n_rate_draws,
        "record": record_sentence(result),
        "findings": backtest_findings(result),
        "scores": [{str(k): _plain(v) for k, v in row.items()} for row in scores.to_dict("records")],
        "notes": list(result.notes),
    }


def _plain(value: object) -> object:
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
