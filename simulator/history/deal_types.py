"""Deals by type: new business, expansion, renewal. They have their own rates and are never added together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from simulator.history.matching import occurs
from simulator.history.tables import TYPES, History

NEW, EXPANSION, RENEWAL = TYPES


def deal_types(opportunities: pd.DataFrame) -> pd.Series:
    """Return the type of each deal; deals that name none are new business."""
    return opportunities["type"].fillna(NEW)


def deals_of_type(history: History, *types: str) -> History:
    """Return a history whose deals and stage changes are those of some types; all else stays.

    Parameters
    ----------
    history : History
    types : str
        Of ``TYPES``.
    """
    chosen = deal_types(history.opportunities).isin(types)
    if chosen.all():
        return history
    deals = history.opportunities[chosen]
    changes = history.stage_changes
    changes = changes[occurs(changes["opportunity_id"], deals["opportunity_id"])]
    return replace(
        history,
        opportunities=deals.reset_index(drop=True),
        stage_changes=changes.reset_index(drop=True),
    )


def types_apart(opportunities: pd.DataFrame) -> Iterator[tuple[str, int]]:
    """Yield each type other than new business that the deals have, and how many deals that is."""
    counts = deal_types(opportunities).value_counts()
    for kind in (EXPANSION, RENEWAL):
        if counts.get(kind, 0):
            yield kind, int(counts[kind])
