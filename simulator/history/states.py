"""The life of every deal as a sequence of states, each constant in category, stage, close date and amount.

Not yet written; the interface that calibration, rates, hygiene and the engine's open deals rely on.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from simulator.history.tables import History

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CENSORED = -1
"""Exit code of a state that is still going on at as_of."""
CHANGED = 7
"""Exit code of a state that ends because its close date or amount changed, nothing else."""
ADVANCE = 6
"""Exit code: from the early to the late stage of the same category. 0-2 category, 3-5 outcome."""


@dataclass(frozen=True)
class DealStates:
    """States of all qualified deals, in order of deal and time.

    All arrays have shape (state,) except ``first`` and ``last``, shape (deal,). Days are day numbers
    (``fiscal``); a date without a time of day counts as its midday; the state's interval is
    [start, end), cut at the midnight that ends ``as_of``.

    Parameters
    ----------
    deal : row number of the deal in ``History.opportunities``
    start, end : day numbers
    category : code in CATEGORIES
    late : 1 in the late stage of the category, else 0
    entered : day number at which the deal entered this category (this time)
    close_month : month number of the planned close date, -1 where there is none
    pushes : number of times that the close date was moved to a later month so far
    amount : amount in this state, NaN where unknown
    exit : what ends the state: a destination code, CHANGED or CENSORED
    exit_close_month : close_month after the state (equals close_month unless it moved)
    """

    as_of: dt.date
    deal: Ints
    start: Floats
    end: Floats
    category: Ints
    late: Ints
    entered: Floats
    close_month: Ints
    pushes: Ints
    amount: Floats
    exit: Ints
    exit_close_month: Ints


def deal_states(history: History) -> DealStates:
    """Return the states of all qualified deals of a history, up to its as-of date."""
    raise NotImplementedError
