"""Deal states and histories written by hand."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd

from simulator.fiscal import day_number
from simulator.history.states import DealStates
from simulator.history.tables import History, empty_table

COLUMNS = tuple(field.name for field in dataclasses.fields(DealStates) if field.name != "as_of")
INTEGERS = {"deal", "category", "late", "close_month", "pushes", "exit", "exit_close_month"}


def day(text: str) -> float:
    """Day number of an ISO date at midnight."""
    return day_number(dt.date.fromisoformat(text))


def month(text: str) -> int:
    """Month number of a text such as 2026-03."""
    year, number = map(int, text.split("-"))
    return year * 12 + number - 1


def made_states(as_of: str, *rows: dict) -> DealStates:
    """Make states from rows; what a row leaves out takes a plain value."""
    filled = []
    for row in rows:
        plain = {
            "deal": 0,
            "category": 0,
            "late": 0,
            "close_month": -1,
            "pushes": 0,
            "amount": 1000.0,
            "exit": -1,
        }
        full = {**plain, "entered": row["start"], **row}
        full.setdefault("exit_close_month", full["close_month"])
        filled.append(full)
    arrays = {
        name: np.array([row[name] for row in filled], dtype=np.int64 if name in INTEGERS else np.float64)
        for name in COLUMNS
    }
    return DealStates(as_of=dt.date.fromisoformat(as_of), **arrays)


def states_of(as_of: str, **columns: np.ndarray) -> DealStates:
    """Make states from whole columns."""
    return DealStates(as_of=dt.date.fromisoformat(as_of), **columns)


def made_opportunities(n: int, **columns: list) -> pd.DataFrame:
    """Make a table of opportunities with all its columns; those not given are empty."""
    table = empty_table("opportunities").reindex(range(n))
    columns = {"opportunity_id": [f"d{i}" for i in range(n)], "segment": ["all"] * n, **columns}
    for name, values in columns.items():
        table[name] = pd.Series(values, index=range(n)).astype(table[name].dtype)
    return table


def made_history(as_of: str, opportunities: pd.DataFrame, changes: list[tuple] = ()) -> History:
    """Make a history from opportunities and (id, time, stage, amount, close date) rows."""
    stage_changes, stages = empty_table("stage_changes"), empty_table("stages")
    if changes:
        names = ["opportunity_id", "changed_at", "stage", "amount", "close_date"]
        frame = pd.DataFrame(changes, columns=names)
        stage_changes = frame.astype({name: stage_changes[name].dtype for name in names})
        rows = [
            ("talk", "pipeline", None),
            ("best", "best_case", None),
            ("commit", "commit", None),
            ("won", "closed", "won"),
            ("lost", "closed", "lost_no_decision"),
            ("beaten", "closed", "lost_competition"),
        ]
        frame = pd.DataFrame(rows, columns=["stage", "category", "outcome"]).astype("str")
        stages = stages.reindex(range(len(rows)))
        for name in frame.columns:
            stages[name] = frame[name]
    return History(dt.date.fromisoformat(as_of), opportunities, stage_changes, stages)
