"""Where the company stands at as_of: what is open, when it is due, and what the quarter has booked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.engine.plan.deals import CENTS, Compiled
from simulator.engine.plan.horizon import Horizon
from simulator.fiscal import month_numbers
from simulator.history.deal_types import with_new_customers
from simulator.history.tables import CATEGORIES, History
from simulator.kernels.deals.close_dates import NEVER


@dataclass(frozen=True)
class Position:
    """The start of every path; arrays as documented in ``engine.paths.Paths``."""

    booked: Floats
    n_booked: Floats
    open_amount: Floats
    due_amount: Floats
    due_by_month: Floats
    past_due_amount: Floats
    n_past_due: Ints
    n_open: Ints


def position(compiled: Compiled, history: History | None) -> Position:
    """Return what is open and what is already booked."""
    plan, ahead = compiled.plan, compiled.horizon
    n_segments = len(compiled.segments)
    segment, category = plan.open_state[:, 0], plan.open_state[:, 1]
    mean = plan.amount.mean(axis=(0, 2))
    amount = np.where(plan.open_amount < 0.0, mean[segment], plan.open_amount) / CENTS
    open_amount = np.zeros((len(CATEGORIES), n_segments))
    n_open = np.zeros((len(CATEGORIES), n_segments), dtype=np.int64)
    np.add.at(open_amount, (category, segment), amount)
    np.add.at(n_open, (category, segment), 1)
    due_amount = np.zeros((ahead.quarters.size, len(CATEGORIES), n_segments))
    close_month = plan.open_state[:, 4]
    month = np.maximum(close_month, 0)
    period = (month + plan.first_month_of_quarter) // 3
    late = compiled.open_deals["past_due"].to_numpy(bool)
    due = (close_month < NEVER) & (period < ahead.quarters.size) & ~late
    np.add.at(due_amount, (period[due], category[due], segment[due]), amount[due])
    due_by_month = np.zeros((ahead.months.size, n_segments))
    np.add.at(due_by_month, (month[due], segment[due]), amount[due])
    past_due_amount, n_past_due = np.zeros_like(open_amount), np.zeros_like(n_open)
    np.add.at(past_due_amount, (category[late], segment[late]), amount[late])
    np.add.at(n_past_due, (category[late], segment[late]), 1)
    booked, n_booked = _booked(compiled, ahead, history)
    return Position(
        booked, n_booked, open_amount, due_amount, due_by_month, past_due_amount, n_past_due, n_open
    )


def _booked(compiled: Compiled, ahead: Horizon, history: History | None) -> tuple[Floats, Floats]:
    """Return what was won in the first quarter up to as_of, by segment: amount and count."""
    n_segments = len(compiled.segments)
    if history is None or not ahead.partial:
        return np.zeros(n_segments), np.zeros(n_segments)
    deals = with_new_customers(history).opportunities
    won = deals[(deals["outcome"] == "won") & deals["closed_date"].notna()]
    months = month_numbers(won["closed_date"].to_numpy().astype("datetime64[D]"))
    first = compiled.calibration.calendar.first_month(int(ahead.quarters[0]))
    won = won[(months >= first) & (months <= int(ahead.months[0]))]
    by_segment = won.groupby("segment", observed=True)["amount"].agg(["sum", "count"])
    by_segment = by_segment.reindex(list(compiled.segments)).fillna(0.0)
    return by_segment["sum"].to_numpy(np.float64), by_segment["count"].to_numpy(np.float64)
