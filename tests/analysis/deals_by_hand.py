"""Small histories whose states are written down by hand, so that every answer is known."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simulator.fiscal import day_number, month_number
from simulator.history.states import CENSORED, CHANGED, DealStates
from simulator.history.tables import CATEGORIES, OUTCOMES, History, empty_table

CODES = {name: code for code, name in enumerate((*CATEGORIES, *OUTCOMES))}


@dataclass
class Deal:
    """A deal as steps (date, category, close month or None, amount) and how it ended, if it did."""

    steps: list[tuple[str, str, str | None, float]]
    ended: str | None = None
    outcome: str | None = None
    signed: float | None = None
    segment: str = "mid"
    more: dict[str, str] = field(default_factory=dict)


def noon(date: str) -> float:
    return day_number(dt.date.fromisoformat(date)) + 0.5


def month(text: str | None) -> int:
    return -1 if text is None else month_number(dt.date.fromisoformat(text + "-01"))


def by_hand(deals: list[Deal], as_of: str) -> tuple[History, DealStates]:
    """Return the opportunities table of the deals and their states."""
    rows = [_states(place, deal, as_of) for place, deal in enumerate(deals)]
    flat = [state for deal in rows for state in deal]
    names = list(DealStates.__dataclass_fields__)[1:]
    whole = {"deal", "category", "late", "close_month", "pushes", "exit", "exit_close_month"}
    arrays = {n: np.array([s[n] for s in flat], dtype=np.int64 if n in whole else np.float64) for n in names}
    date = dt.date.fromisoformat(as_of)
    return History(as_of=date, opportunities=_opportunities(deals)), DealStates(as_of=date, **arrays)


def _opportunities(deals: list[Deal]) -> pd.DataFrame:
    rows = [
        {
            "opportunity_id": f"D{place}",
            "segment": deal.segment,
            "amount": deal.signed if deal.signed is not None else deal.steps[-1][3],
            "created_date": deal.steps[0][0],
            "qualified_date": deal.steps[0][0],
            "outcome": deal.outcome,
            "closed_date": deal.ended,
            "close_date": deal.steps[-1][2] and f"{deal.steps[-1][2]}-15",
            **deal.more,
        }
        for place, deal in enumerate(deals)
    ]
    empty = empty_table("opportunities")
    return pd.DataFrame(rows).reindex(columns=empty.columns).astype(empty.dtypes.to_dict())


def _states(place: int, deal: Deal, as_of: str) -> list[dict[str, float]]:
    close = noon(deal.ended) if deal.ended else day_number(dt.date.fromisoformat(as_of)) + 1
    final = CODES[deal.outcome] if deal.outcome else CENSORED
    states: list[dict[str, float]] = []
    pushes, entered = 0, noon(deal.steps[0][0])
    for i, (date, category, planned, amount) in enumerate(deal.steps):
        following = deal.steps[i + 1] if i + 1 < len(deal.steps) else None
        if i and category != deal.steps[i - 1][1]:
            entered = noon(date)
        if i and month(planned) > month(deal.steps[i - 1][2]) >= 0:
            pushes += 1
        moved = following is not None and following[1] != category
        states.append(
            {
                "deal": place,
                "start": noon(date),
                "end": noon(following[0]) if following else close,
                "category": CODES[category],
                "late": 0,
                "entered": entered,
                "close_month": month(planned),
                "pushes": pushes,
                "amount": amount,
                "exit": (CODES[following[1]] if moved else CHANGED) if following else final,
                "exit_close_month": month(following[2]) if following else month(planned),
            }
        )
    return states
