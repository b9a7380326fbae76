"""The tables that an import can make out of files, and the columns that each may be given."""

from __future__ import annotations

from typing import Literal

from simulator.history.tables import TABLES

CellKind = Literal["text", "date", "time", "month", "money", "count", "flag"]

_DEAL_EXTRAS: dict[str, CellKind] = {
    "stage": "text",
    "category": "text",
    "probability": "money",
    "is_closed": "flag",
    "is_won": "flag",
    "loss_reason": "text",
    "currency": "text",
    "won_amount": "money",
    "won_date": "date",
    "lost_date": "date",
    "modified": "time",
    "own_amount": "money",
}


def _columns(table: str) -> dict[str, CellKind]:
    return {column.name: column.kind for column in TABLES[table]}


ROLES: dict[str, dict[str, CellKind]] = {
    "opportunities": _columns("opportunities") | _DEAL_EXTRAS,
    "stage_changes": _columns("stage_changes")
    | {"category": "text", "probability": "money", "is_closed": "flag", "is_won": "flag", "currency": "text"},
    "field_changes": {
        "opportunity_id": "text",
        "changed_at": "time",
        "field": "text",
        "old_value": "text",
        "new_value": "text",
    },
    "stage_dates": {"opportunity_id": "text", "changed_at": "time", "stage": "text"},
    "events": {"opportunity_id": "text", "activity": "text", "timestamp": "time"},
    "snapshots": _columns("opportunities") | _DEAL_EXTRAS | {"snapshot_date": "date"},
    "customers": _columns("customers"),
    "arr_changes": _columns("arr_changes") | {"currency": "text"},
    "balances": {
        "customer_id": "text",
        "month": "month",
        "arr": "money",
        "segment": "text",
        "currency": "text",
    },
    "subscriptions": {
        "customer_id": "text",
        "segment": "text",
        "start_date": "date",
        "end_date": "date",
        "arr": "money",
        "opportunity_id": "text",
        "owner": "text",
        "csm": "text",
        "term_months": "count",
        "currency": "text",
    },
    "churn_events": {"customer_id": "text", "date": "date"},
    "reps": _columns("reps"),
    "leads": _columns("leads"),
    "lead_rows": {"date": "date", "segment": "text", "source": "text", "status": "text"},
    "calls": _columns("calls"),
    "assignments": _columns("assignments"),
}
"""Columns of each role by name, with their kind: those of the normalised tables and what leads to them."""

REQUIRED: dict[str, tuple[str, ...]] = {
    "opportunities": ("opportunity_id",),
    "stage_changes": ("opportunity_id", "changed_at", "stage"),
    "field_changes": ("opportunity_id", "changed_at", "field", "new_value"),
    "stage_dates": ("opportunity_id",),
    "events": ("opportunity_id", "activity", "timestamp"),
    "snapshots": ("opportunity_id", "snapshot_date", "stage"),
    "customers": ("customer_id",),
    "arr_changes": ("customer_id", "date", "arr_delta"),
    "balances": ("customer_id",),
    "subscriptions": ("customer_id", "start_date", "arr"),
    "churn_events": ("customer_id", "date"),
    "reps": ("rep_id", "role", "segment", "start_date"),
    "leads": ("month", "segment", "source", "leads", "mqls", "sqls", "sals"),
    "lead_rows": ("date", "status"),
    "calls": ("rep_id", "period", "as_of", "commit"),
    "assignments": ("customer_id", "role", "person", "from"),
}
"""Columns that a map must name. What else the normalised tables need is derived, and said."""

LENIENT = frozenset(
    {
        "probability",
        "is_won",
        "is_closed",
        "qualified_date",
        "won_date",
        "lost_date",
        "modified",
        "own_amount",
    }
)
"""Columns that help where they can be read; cells that cannot are passed over and counted."""

HAPPENED = frozenset({"created_date", "changed_at", "closed_date", "timestamp", "won_date", "lost_date"})
"""Dates of what has happened: none lies after the export."""
