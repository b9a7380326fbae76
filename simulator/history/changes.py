"""The rows of stage_changes as arrays: deal, time, category, close month and amount after each change."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.fiscal import month_numbers
from simulator.history.matching import positions
from simulator.history.stage_map import stage_map
from simulator.history.tables import OUTCOMES, History

MIN_CLOSED_FOR_PLANS = 10
REPEATING_SHARE = 0.9


@dataclass(frozen=True)
class Changes:
    """Changes of deals in the order (deal, time); simultaneous ones keep the order of the table.

    All arrays have shape (change,).

    Parameters
    ----------
    deal : row number of the deal in ``History.opportunities``
    time : day number
    category : code of ``stage_map``
    late : 1 in the late stage of the category, else 0
    outcome : position in OUTCOMES that a closed stage stands for, -1 where none
    close_month : month number of the planned close date, -1 where none is known yet
    amount : amount, NaN where none is known yet
    """

    deal: Ints
    time: Floats
    category: Ints
    late: Ints
    outcome: Ints
    close_month: Ints
    amount: Floats

    def at(self, rows: Ints | Mask) -> Changes:
        """Return the changes at the given rows."""
        return Changes(**{name: values[rows] for name, values in vars(self).items()})

    def added(self, other: Changes) -> Changes:
        """Return both sets of changes in order; of simultaneous ones, those of ``other`` come last."""
        both = {name: np.concatenate([values, getattr(other, name)]) for name, values in vars(self).items()}
        return Changes(**both).at(np.lexsort((both["time"], both["deal"])))

    def with_time(self, time: Floats) -> Changes:
        """Return the same changes at other times."""
        return replace(self, time=time)


def day_numbers(dates: pd.Series) -> Floats:
    """Return day numbers, shape (row,); a date without a time of day is its midday, a missing one NaN."""
    values = dates.to_numpy().astype("datetime64[ns]")
    days = values.astype(np.int64) / 86_400e9
    days = np.where(days == np.floor(days), days + 0.5, days)
    return np.where(np.isnat(values), np.nan, days)


def close_months(dates: pd.Series) -> Ints:
    """Return month numbers, shape (row,); -1 where the date is missing."""
    return np.maximum(month_numbers(dates.to_numpy()), -1)


def outcome_codes(outcomes: pd.Series) -> Ints:
    """Return positions in OUTCOMES, shape (row,); -1 where missing."""
    return pd.Categorical(outcomes, categories=OUTCOMES).codes.astype(np.int64)


def plans_repeat_closing(history: History) -> bool:
    """Return whether the planned close dates are only the closing dates, written over the plan.

    Many exports hold one close date per deal: of an open deal the plan, of a closed one the day it closed.
    Rates by due date would then learn that deals close exactly when planned. True where the plans have no
    history of their own and, of ten or more closed deals, nine in ten have both dates on the same day.
    """
    if history.stage_changes["close_date"].notna().any():
        return False
    deals = history.opportunities
    both = deals[deals["outcome"].notna() & deals["closed_date"].notna() & deals["close_date"].notna()]
    same = (both["close_date"].dt.normalize() == both["closed_date"].dt.normalize()).to_numpy()
    return len(same) >= MIN_CLOSED_FOR_PLANS and bool(same.mean() >= REPEATING_SHARE)


def known_plans(history: History) -> Ints:
    """Return the close month that ``opportunities`` has, shape (deal,); -1 where it is missing or no plan."""
    if plans_repeat_closing(history):
        return np.full(len(history.opportunities), -1, dtype=np.int64)
    return close_months(history.opportunities["close_date"])


def last_known(known: Mask, group: Ints) -> Ints:
    """Return the row of the last known value at or before each row of its group, -1 where there is none.

    Both arrays have shape (row,), rows in the order of ``group``.
    """
    rows = np.arange(len(known))
    last = np.maximum.accumulate(np.where(known, rows, -1)) if len(known) else rows
    first = np.searchsorted(group, group, side="left")
    return np.where(last >= first, last, -1).astype(np.int64)


def _carried(
    values: npt.NDArray[np.generic], known: Mask, deal: Ints, otherwise: npt.NDArray[np.generic]
) -> Floats:
    """Carry values forward within a deal; a deal that never has one takes ``otherwise[deal]``."""
    last = last_known(known, deal)
    ever = np.zeros(len(otherwise), dtype=bool)
    ever[deal[known]] = True
    missing = np.array(np.nan)
    carried = np.where(last >= 0, values[last] if len(values) else values, missing)
    return np.where(ever[deal], carried, otherwise[deal]).astype(np.float64)


def deal_changes(history: History) -> Changes:
    """Return the changes of a history up to its as-of date; orphans are left out.

    The category is that of the day on which the deal entered the stage: a later change of the mapping
    moves nothing. Amounts and close months are carried forward from change to change; a deal whose changes
    never say one takes that of ``opportunities``.

    Raises
    ------
    InputError
        A stage has no row in ``stages``.
    """
    table = history.stage_changes
    deal = positions(table["opportunity_id"], history.opportunities["opportunity_id"])
    time = day_numbers(table["changed_at"])
    end = np.datetime64(history.as_of, "D").astype(np.int64) + 1
    rows = np.flatnonzero((deal >= 0) & (time < end))
    rows = rows[np.lexsort((time[rows], deal[rows]))]
    table, deal, time = table.iloc[rows], deal[rows].astype(np.int64), time[rows]
    return _mapped(history, table, deal, time)


def _mapped(history: History, table: pd.DataFrame, deal: Ints, time: Floats) -> Changes:
    stages = stage_map(history.stages)
    stage = stages.codes(table["stage"])
    entering = np.ones(len(stage), dtype=bool)
    entering[1:] = (stage[1:] != stage[:-1]) | (deal[1:] != deal[:-1])
    epoch = stages.epochs(np.floor(time[last_known(entering, deal)]).astype(np.int64))
    months = close_months(table["close_date"])
    plans = known_plans(history).astype(np.float64)
    month = _carried(months, months >= 0, deal, plans)
    amounts = table["amount"].to_numpy(dtype=np.float64)
    final = history.opportunities["amount"].to_numpy(dtype=np.float64)
    return Changes(
        deal=deal,
        time=time,
        category=stages.category[epoch, stage],
        late=stages.late[epoch, stage],
        outcome=stages.outcome[epoch, stage],
        close_month=np.nan_to_num(month, nan=-1).astype(np.int64),
        amount=_carried(amounts, ~np.isnan(amounts), deal, final),
    )
