"""Tables and histories written down in a test."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

import pandas as pd

from simulator.history.load import make_history
from simulator.history.states import DealStates
from simulator.history.tables import TABLES, History, empty_table

STAGES = (
    ("Lead", "lead", None),
    ("Discovery", "pipeline", None),
    ("Evaluation", "best_case", None),
    ("Negotiation", "commit", None),
    ("Redlining", "commit", None),
    ("Won", "closed", "won"),
    ("Lost", "closed", "lost_no_decision"),
    ("Lost to rival", "closed", "lost_competition"),
    ("Shelved", "omitted", None),
)


def table(name: str, rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    """Return a normalised table with all its columns and types."""
    types = empty_table(name).dtypes
    frame = pd.DataFrame(list(rows), columns=[column.name for column in TABLES[name]])
    return frame.astype(types.to_dict())


def stages() -> pd.DataFrame:
    return table("stages", [dict(zip(("stage", "category", "outcome"), row, strict=True)) for row in STAGES])


def deal(name: str = "A", **more: object) -> dict[str, object]:
    return {"opportunity_id": name, "segment": "mid", "amount": 10.0, "created_date": "2026-01-01"} | more


def change(
    name: str, at: str, stage: str, amount: float | None = None, close: str | None = None
) -> dict[str, object]:
    return {"opportunity_id": name, "changed_at": at, "stage": stage, "amount": amount, "close_date": close}


def history(
    deals: Iterable[Mapping[str, object]],
    changes: Iterable[Mapping[str, object]] = (),
    as_of: str = "2026-06-30",
    **tables: pd.DataFrame,
) -> History:
    """Return a history of deals and changes with the stages above, up to ``as_of``."""
    given = {"opportunities": table("opportunities", deals), "stage_changes": table("stage_changes", changes)}
    if len(given["stage_changes"]):
        given["stages"] = stages()
    return make_history(given | tables, as_of=dt.date.fromisoformat(as_of))


def state_rows(states: DealStates) -> pd.DataFrame:
    """Return the states as a table, one row each."""
    return pd.DataFrame({name: value for name, value in vars(states).items() if name != "as_of"})


def noon(date: str) -> float:
    return float((dt.date.fromisoformat(date) - dt.date(1970, 1, 1)).days) + 0.5


def midnight_after(date: str) -> float:
    return noon(date) + 0.5


def month(text: str) -> int:
    return int(text[:4]) * 12 + int(text[5:7]) - 1
