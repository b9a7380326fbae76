"""What one hygiene check found: how many, how much, for example which, what it does and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.fiscal import day_number
from simulator.history.changes import Changes, deal_changes
from simulator.history.deal_lifecycle import Spans, deal_spans
from simulator.history.hygiene_words import WORDS
from simulator.history.matching import occurs
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import History

N_EXAMPLES = 3


@dataclass(frozen=True)
class Finding:
    """The result of one check.

    Parameters
    ----------
    check : what is odd, in a few words
    of : what ``share`` is a share of
    n : how many are
    share : ``n`` / all of them; 0 where there are none
    amount : their amount, in the history's currency; NaN where they have none
    examples : up to three of them, the largest first
    effect : what it does to the forecast
    fix : what to do about it
    """

    check: str
    of: str
    n: int
    share: float
    amount: float
    examples: tuple[str, ...]
    effect: str
    fix: str


def short(amount: float) -> str:
    """Return an amount as people say it: 4.2M, 750K."""
    for size, unit in ((1e9, "bn"), (1e6, "M"), (1e3, "K")):
        if abs(amount) >= size:
            return f"{amount / size:.3g}{unit}"
    return f"{amount:,.0f}"


def finding(
    check: str, mask: Mask, names: pd.Series, amounts: Floats | None = None, among: Mask | None = None
) -> Finding:
    """Return what a check found.

    Parameters
    ----------
    check : str
        Its name in WORDS.
    mask : ndarray of bool, shape (row,)
        The rows at fault.
    names : Series of str, shape (row,)
        What to call them.
    amounts : ndarray of float64, shape (row,), optional
        Their amounts, NaN where unknown.
    among : ndarray of bool, shape (row,), optional
        The rows that could have been at fault; all where not given.
    """
    words = WORDS[check]
    at = np.flatnonzero(mask)
    n_all = int(among.sum()) if among is not None else len(mask)
    share = len(at) / n_all if n_all else 0.0
    known = np.nan_to_num(amounts[at]) if amounts is not None else np.zeros(len(at))
    amount = float(known.sum()) if amounts is not None and (~np.isnan(amounts[at])).any() else np.nan
    largest = at[np.argsort(-known, kind="stable")]
    examples = list(dict.fromkeys(str(name) for name in names.iloc[largest[:1000]] if not pd.isna(name)))
    effect = words.effect.format(money=f" ({short(amount)})" if amount > 0 else "")
    return Finding(check, words.of, len(at), share, amount, tuple(examples[:N_EXAMPLES]), effect, words.fix)


class Evidence:
    """What the checks look at, each worked out once."""

    def __init__(self, history: History) -> None:
        self.history = history
        changes = history.stage_changes
        mapped = occurs(changes["stage"], history.stages["stage"])
        self.readable = replace(history, stage_changes=changes[mapped])

    @cached_property
    def changes(self) -> Changes:
        """Changes of the deals."""
        return deal_changes(self.readable)

    @cached_property
    def spans(self) -> Spans:
        """Beginning and end of the deals."""
        return deal_spans(self.readable, self.changes)

    @cached_property
    def states(self) -> DealStates:
        """States of the deals."""
        return deal_states(self.readable)

    @property
    def names(self) -> pd.Series:
        """Ids of the deals."""
        return self.history.opportunities["opportunity_id"]

    @property
    def amounts(self) -> Floats:
        """Latest amounts of the deals."""
        return self.history.opportunities["amount"].to_numpy(dtype=np.float64)

    @cached_property
    def open(self) -> Mask:
        """Deals that are qualified and open."""
        return np.asarray(self.spans.observed & (self.spans.outcome < 0))

    @cached_property
    def closed(self) -> Mask:
        """Deals that were qualified and have ended."""
        return np.asarray(self.spans.observed & (self.spans.outcome >= 0))

    @property
    def midnight(self) -> float:
        """Day number of the end of as_of."""
        return day_number(self.history.as_of) + 1

    def of_deals(self, deal: Ints) -> Mask:
        """Return a mask over the deals of the given row numbers."""
        mask = np.zeros(len(self.names), dtype=bool)
        mask[deal] = True
        return mask

    def about_deals(self, check: str, mask: Mask, among: Mask | None = None) -> Finding:
        """Return a finding about deals."""
        return finding(check, mask, self.names, self.amounts, among)
