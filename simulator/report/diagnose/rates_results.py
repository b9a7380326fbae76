"""The results folder of a diagnosis: tables, charts, summary and manifest."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.file_digest import FileDigest
from simulator.report.diagnose.rates_words import findings
from simulator.report.diagnose.results import Diagnosis, write_diagnosis
from simulator.report.output.folder import check_replaceable, publish
from simulator.report.output.manifest import write_json, write_manifest
from simulator.report.output.tables import write_table

TABLES = {
    "rates": "rates.csv",
    "conversion": "conversion.csv",
    "dwell": "dwell.csv",
    "pushes": "pushes.csv",
    "due": "due.csv",
    "coverage": "coverage_history.csv",
    "created": "created.csv",
    "cycles": "cycles.csv",
}
"""Tables of a TrackRecord and the files that they are written to, under ``tables/``."""


def write_track_record(
    record: TrackRecord,
    folder: Path,
    *,
    command: str,
    inputs: Sequence[FileDigest] = (),
    currency: str = "",
    diagnosis: Diagnosis | None = None,
) -> None:
    """Write tables/*.csv, charts, summary.json and manifest.json; the folder appears whole or not at all.

    Parameters
    ----------
    record : TrackRecord
        What was measured.
    folder : Path
        Where the results shall stand; older results there are replaced.
    command : str
        What the user typed.
    inputs : sequence of FileDigest
        What was read.
    currency : str
        ISO code of the amounts; empty: unknown.
    diagnosis : Diagnosis, optional
        What is written beside it.

    Raises
    ------
    InputError
        The place is taken by something else, or cannot be written.
    """
    from simulator.report.diagnose.rates_charts import draw_track_record

    check_replaceable(folder)
    with publish(folder) as draft:
        for name in ("tables", "charts"):
            (draft / name).mkdir()
        for field, name in TABLES.items():
            write_table(getattr(record, field), draft / "tables" / name)
        draw_track_record(record, draft / "charts", currency)
        summary = track_record_summary(record, currency)
        if diagnosis is not None:
            write_diagnosis(diagnosis, record, draft, currency)
            summary |= diagnosis.summary(currency)
        write_json(summary, draft / "summary.json")
        write_manifest(draft, folder=folder, command=command, inputs=inputs)


def track_record_summary(record: TrackRecord, currency: str = "") -> dict[str, Any]:
    """Return the findings and the main figures as values that JSON can hold."""
    rates = record.rates
    return {
        "as_of": record.window.as_of.isoformat(),
        "window": record.window.name,
        "quarters": [record.window.calendar.quarter_label(q) for q in record.window.quarters],
        "currency": currency or None,
        "n_deals": record.n_deals,
        "n_ended": record.n_ended,
        "n_open": record.n_open,
        "n_past_due": record.n_past_due,
        "findings": list(findings(record, currency)),
        "rates": _rows(rates[rates["by"].isin(["all", "segment"])]),
        "conversion": _rows(record.conversion[record.conversion["by"] == "all"]),
        "dwell": _rows(record.dwell[record.dwell["by"] == "all"]),
        "pushes": _rows(record.pushes),
        "due": _rows(record.due),
        "coverage_history": _rows(record.coverage[record.coverage["segment"] == "all"]),
        "created": _rows(record.created[record.created["segment"] == "all"]),
        "cycles": _rows(record.cycles),
        "notes": list(record.notes),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: object) -> object:
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return round(float(value), 6) if np.isfinite(value) else None
    return value
