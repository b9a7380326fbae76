"""How long it takes to win a new customer: what a hand-off after the signature has to carry over."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.engine.compile import Compiled
from simulator.history.tables import History

DAYS_PER_MONTH = 365.25 / 12
FEWEST_WINS = 20


def sales_cycle_months(compiled: Compiled, history: History | None) -> npt.NDArray[np.float64]:
    """Return the months from qualification to signature by segment, shape (segment,).

    The median of the history's wins where a segment has enough of them; else what a deal spends in the
    categories on its way, each left at its rate.
    """
    rate = compiled.rates.hazards.mean(axis=0).sum(axis=-1)
    days = np.where(rate > 0.0, 1.0 / np.maximum(rate, 1e-9), 0.0).sum(axis=-1)
    months = days / DAYS_PER_MONTH
    if history is None:
        return np.asarray(months)
    won = history.opportunities[history.opportunities["outcome"] == "won"]
    taken = (won["closed_date"] - won["qualified_date"].fillna(won["created_date"])).dt.days
    for place, segment in enumerate(compiled.segments):
        own = taken[(won["segment"] == segment).to_numpy()].dropna()
        if len(own) >= FEWEST_WINS:
            months[place] = float(own.median()) / DAYS_PER_MONTH
    return np.asarray(months)
