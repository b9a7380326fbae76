"""What other commands found of the same scenario or history, so that a report can show it too.

``simulator hire`` and ``simulator headcount`` write next to a run (``results/base-hire``), and so does
``simulator compare --since`` (``results/base-since-2026-10-01``); ``simulator backtest`` writes under the
history's name. They are shown where they speak of the same scenario, day and currency; others are left out,
for their figures would not belong to the run's.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from simulator.report.charts.spec import ChartSpec, load_specs
from simulator.report.output.folder import MANIFEST

SUMMARY = "summary.json"
FOLDERS = {"hire": "hiring", "headcount": "headcount", "sensitivity": "sensitivity"}
"""Main table by the command that follows the run's name in the folder's."""
NEEDED = {
    "hiring": {"reps", "gain_bookings", "gain_contribution", "p_best", "tied", "answer"},
    "headcount": {"role", "segment", "heads_added", "gain_arr", "cost", "npv", "p_roi_above_0"},
    "sensitivity": {"measure", "period", "name", "change_low", "error_low", "change_high", "error_high"},
    "bridge": {"period", "label", "words", "change", "error", "p50"},
    "backtest": {"week", "ahead", "segment", "method", "n", "crps", "absolute_error", "bias", "inside"},
}

ReadTable = Callable[[Path], pd.DataFrame]


@dataclass(frozen=True)
class Companion:
    """Another command's results.

    Parameters
    ----------
    folder : str
        Name of its folder.
    answers : tuple of str
        What it found, in sentences.
    table : DataFrame
        Its main table.
    specs : tuple of ChartSpec
        Its charts, each with its own footer.
    summary : dict
        summary.json.
    """

    folder: str
    answers: tuple[str, ...]
    table: pd.DataFrame
    specs: tuple[ChartSpec, ...] = ()
    summary: dict[str, Any] = field(default_factory=dict, compare=False)


def read_companions(folder: Path, run: dict[str, Any], read: ReadTable) -> dict[str, Companion]:
    """Return what stands next to a run and belongs to it, by main table; of several bridges the last.

    Parameters
    ----------
    folder : Path
        The run's results.
    run : dict
        Its summary.
    read : callable
        Returns the table of a file, fit to be shown.
    """
    folder = folder.absolute()
    found: dict[str, Companion] = {}
    for ending, table in FOLDERS.items():
        sibling = folder.with_name(f"{folder.name}-{ending}")
        summary = _summary(sibling)
        if all(summary.get(key) == run[key] for key in ("scenario", "as_of", "currency")):
            _add(found, table, sibling, summary, read)
    for sibling in sorted(folder.parent.glob(f"{folder.name}-since-*")):
        summary = _summary(sibling)
        ends = summary.get("scenarios"), summary.get("as_of", ())[1:]
        # With as many simulations its last P50 is that of the run.
        same = all(summary.get(key) == run[key] for key in ("currency", "n_paths"))
        if same and ends == ([run["scenario"]] * 2, [run["as_of"]]):
            _add(found, "bridge", sibling, summary, read)
    records = [path for path in sorted(folder.parent.glob("backtest-*")) if _is_of(_summary(path), run)]
    if len(records) == 1:
        _add(found, "backtest", records[0], _summary(records[0]), read)
    return found


def _is_of(summary: dict[str, Any], run: dict[str, Any]) -> bool:
    """Return whether a backtest's history ends on the run's day, in its currency where it names one."""
    return summary.get("as_of") == run["as_of"] and summary.get("currency") in (None, run["currency"])


def _summary(folder: Path) -> dict[str, Any]:
    """Return a folder's summary; nothing where it is no finished results folder."""
    if not (folder / MANIFEST).is_file():
        return {}
    try:
        summary = json.loads((folder / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return summary if isinstance(summary, dict) else {}


def _add(
    found: dict[str, Companion], table: str, folder: Path, summary: dict[str, Any], read: ReadTable
) -> None:
    path = folder / "tables" / f"{table}.csv"
    rows = read(path) if path.is_file() else pd.DataFrame()
    answers = summary.get("answers", summary.get("findings", ()))
    said = tuple(answers.values()) if isinstance(answers, dict) else tuple(answers)
    if len(rows) and set(rows.columns) >= NEEDED[table] and said:
        found[table] = Companion(folder.name, tuple(map(str, said)), rows, load_specs(folder), summary)
