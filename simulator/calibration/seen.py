"""What a history shows of its deals: the states, segments and months that rates can be learned from."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Ints, Mask
from simulator.calibration.close_dates import arrivals_seen
from simulator.calibration.exposure import DealMonths, deal_months
from simulator.calibration.window import (
    between_snapshots,
    first_known_end,
    next_snapshot,
    snapshot_note,
    states_from,
)
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, date_of_day
from simulator.history.states import DealStates
from simulator.history.tables import History

UNKNOWN_SEGMENT = "unknown"
FEW_DATES = 0.1
"""Share of the time at risk with a planned close date below which there are none to speak of."""


@dataclass(frozen=True)
class SeenDeals:
    """What a history shows of its deals, as far as it can be learned from.

    Parameters
    ----------
    names : tuple of str
        Segments, in axis order.
    segment : ndarray of int64, shape (opportunity,)
        Its segment; -1: not asked for.
    states : DealStates
    qualified, arrived : ndarray of bool, shape (opportunity,)
        It was qualified; its arrival was seen.
    months : DealMonths
    has_stages, has_dates : bool
        Stage changes, and planned close dates as they were at the time, are on record.
    snapshot : datetime.date, optional
        The day on which the next snapshot is due.
    notes : tuple of str
    """

    names: tuple[str, ...]
    segment: Ints
    states: DealStates
    qualified: Mask
    arrived: Mask
    months: DealMonths
    has_stages: bool
    has_dates: bool
    snapshot: dt.date | None
    notes: tuple[str, ...]


def deals_seen(
    history: History, states: DealStates, calendar: FiscalCalendar, asked: tuple[str, ...] | None
) -> SeenDeals:
    """Return what can be learned from a history's deals.

    Parameters
    ----------
    history : History
    states : DealStates
    calendar : FiscalCalendar
    asked : tuple of str, optional
        Segments in axis order; by default all that the qualified deals have, in alphabetical order.

    Raises
    ------
    InputError
        There is no qualified deal, or none of a segment asked for.
    """
    names, segment, notes = _segments(history.opportunities, states, asked)
    states = _rows(states, segment[states.deal] >= 0)
    snapshot = next_snapshot(states)
    if snapshot is not None:
        states = between_snapshots(states)
    states, cut_notes = _known_span(states)
    has_stages = len(history.stage_changes) > 0
    states, has_dates, date_notes = _usable_dates(history, states)
    qualified = np.zeros(len(segment), dtype=bool)
    qualified[states.deal] = True
    arrived = arrivals_seen(states, len(segment))
    months, quarter_notes = _told_linearity(deal_months(states, segment, calendar))
    said = (
        *notes,
        *_stage_notes(has_stages),
        *snapshot_note(snapshot, history.as_of),
        *cut_notes,
        *date_notes,
        *quarter_notes,
        *_arrival_notes(arrived, qualified),
    )
    return SeenDeals(
        names, segment, states, qualified, arrived, months, has_stages, has_dates, snapshot, said
    )


def _segments(
    opportunities: pd.DataFrame, states: DealStates, asked: tuple[str, ...] | None
) -> tuple[tuple[str, ...], Ints, list[str]]:
    """Return the segments' names, the code of each opportunity (-1: not asked for) and notes."""
    if not len(states.deal):
        raise InputError.of(
            "history",
            "there is no qualified deal in it, so there is nothing to calibrate",
            "Check qualified_date, the stage changes and the stage table, or give rates in the scenario.",
        )
    text = (
        opportunities["segment"]
        .astype(object)
        .where(opportunities["segment"].notna(), UNKNOWN_SEGMENT)
        .astype(str)
    )
    present = sorted(set(text.iloc[np.unique(states.deal)]))
    names = tuple(present) if asked is None else tuple(asked)
    position = {name: i for i, name in enumerate(names)}
    code = text.map(position).fillna(-1).to_numpy().astype(np.int64)
    notes = []
    left_out = [name for name in present if name not in position]
    if len(left_out) == len(present):
        raise InputError.of(
            "history",
            f"it holds no deal of the segments {', '.join(names)}",
            f"Its segments are: {', '.join(present)}.",
        )
    if left_out:
        notes.append(f"Deals of segments not asked for are left out: {', '.join(left_out)}.")
    notes += [
        f"{name}: no deal in this history; all its rates are the company's."
        for name in names
        if name not in present
    ]
    return names, code, notes


def _rows(states: DealStates, keep: Mask) -> DealStates:
    arrays = {f.name: getattr(states, f.name)[keep] for f in dataclasses.fields(states) if f.name != "as_of"}
    return dataclasses.replace(states, **arrays)


def _known_span(states: DealStates) -> tuple[DealStates, list[str]]:
    """Cut a history at the day from which it knows of deals that end."""
    cut = first_known_end(states)
    if cut is None:
        return states, []
    day = date_of_day(cut)
    note = (
        f"No deal ended before {day}, though many should have: the history holds only deals that were still "
        "open then. Rates, SALs and amounts are counted from that day."
    )
    return states_from(states, cut), [note]


def _usable_dates(history: History, states: DealStates) -> tuple[DealStates, bool, list[str]]:
    """Drop planned close dates that are known only as they stand now, or hardly known at all."""
    time = states.end - states.start
    dated = float(time[states.close_month >= 0].sum() / max(time.sum(), 1e-9))
    tracked = bool(history.stage_changes["close_date"].notna().any()) or bool(
        (states.exit_close_month != states.close_month).any()
    )
    if dated >= FEW_DATES and tracked:
        return states, True, []
    if dated < FEW_DATES:
        note = "No planned close dates: whether a deal is due, slippage and pushes are not modelled."
    else:
        note = (
            "Planned close dates are known only as they stand now, not as they were while deals were open; "
            "learning from them would let the end of a deal predict itself. Whether a deal is due, slippage "
            "and pushes are not modelled. A history of close-date changes (stage_changes.close_date) "
            "would repair it."
        )
    none = np.full(len(states.deal), -1, dtype=np.int64)
    still = np.zeros(len(states.deal), dtype=np.int64)
    return dataclasses.replace(states, close_month=none, exit_close_month=none, pushes=still), False, [note]


def _told_linearity(months: DealMonths) -> tuple[DealMonths, list[str]]:
    """Leave out the month of the quarter where any of the three was seen once only: it is a trend then."""
    seen = np.unique(np.stack([months.month, months.linearity]), axis=1)
    if np.bincount(seen[1], minlength=3).min() >= 2:
        return months, []
    note = "The history is too short to tell early from late months of a quarter: all count alike."
    return dataclasses.replace(months, linearity=np.zeros_like(months.linearity)), [note]


def _stage_notes(has_stages: bool) -> list[str]:
    if has_stages:
        return []
    return [
        "No stage changes: every deal counts as pipeline until it ends, so the forecast knows its age only."
    ]


def _arrival_notes(arrived: Mask, qualified: Mask) -> list[str]:
    n = int((qualified & ~arrived).sum())
    if not n:
        return []
    return [
        f"Deals already open when the history begins ({n:,}) count in the rates, "
        "not in SALs, first close dates or amounts of new deals."
    ]
