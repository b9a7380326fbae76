"""The tables and the summary of a track record."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.track_record import TrackRecord
from simulator.report.diagnose.rates_words import findings

TABLES = {
    "rates": "rates",
    "conversion": "conversion",
    "dwell": "dwell",
    "pushes": "pushes",
    "due": "due",
    "coverage_history": "coverage",
    "created": "created",
    "cycles": "cycles",
}
"""Tables of a diagnosis by name, and where a TrackRecord holds them."""


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
