"""From a history to a calibration, step by step."""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Ints, Mask
from simulator.calibration.amount_trend import amount_trend
from simulator.calibration.amounts import DealAmounts, deal_amounts
from simulator.calibration.calibration import DESTINATIONS, Calibration, Clock, OwnFactors
from simulator.calibration.clock import month_clock
from simulator.calibration.close_dates import CloseDates, arrivals_seen, close_dates, entries, late_entries
from simulator.calibration.customers import calibrate_customers
from simulator.calibration.deals import DealRates, fit_deal_rates, reachable
from simulator.calibration.demand import Demand, demand
from simulator.calibration.effects import Traits, deal_traits, profiles
from simulator.calibration.evidence import simple_methods
from simulator.calibration.exposure import DealMonths, aggregate, deal_months
from simulator.calibration.own_factors import own_notes, rep_factors
from simulator.calibration.staffing import calibrate_staffing
from simulator.calibration.trends import Courses, deal_courses
from simulator.calibration.window import (
    between_snapshots,
    first_known_end,
    next_snapshot,
    snapshot_note,
    states_from,
)
from simulator.calibration.without_deals import of_new_customers
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar, date_of_day
from simulator.history.deal_types import NEW, deals_of_type, with_new_customers
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import History

UNKNOWN_SEGMENT = "unknown"
FEW_DATES = 0.1
"""Share of the time at risk with a planned close date below which there are none to speak of."""
WON = DESTINATIONS.index("won")


def calibrate(
    history: History, calendar: FiscalCalendar, segments: tuple[str, ...] | None = None
) -> Calibration:
    """Estimate every rate that the engine needs from one history.

    The rates of deals are those of new business. Renewal and expansion deals have rates of their own.

    Parameters
    ----------
    history : History
        Nothing in it is dated after its as_of; open deals are censored there.
    calendar : FiscalCalendar
        Fiscal quarters, for the effect of the month of the quarter and the shared shock.
    segments : tuple of str, optional
        Names in axis order; by default all that the qualified deals have, in alphabetical order.

    Raises
    ------
    InputError
        The history holds neither a qualified deal nor a customer, or none of a segment asked for.
    """
    deals = with_new_customers(deals_of_type(history, NEW))
    found = calibrate_states(deals, deal_states(deals), calendar, segments, whole=history)
    return of_new_customers(found) if history.opportunities.empty else found


def calibrate_states(
    history: History,
    states: DealStates,
    calendar: FiscalCalendar,
    segments: tuple[str, ...] | None = None,
    whole: History | None = None,
) -> Calibration:
    """Estimate every rate from a history whose deal states are known already (see ``calibrate``).

    ``whole`` holds the deals of all types: those of expansion show how customers expand.
    """
    seen = _seen(history, states, calendar, segments)
    found = _of_deals(history, seen, calendar)
    amounts, rates, dates, courses = found.amounts, found.rates, found.dates, found.courses
    customers = calibrate_customers(whole or history, seen.names)
    staffing = calibrate_staffing(history, seen.states, seen.names)
    notes = (
        *seen.notes,
        *found.notes,
        *(customers.notes if customers is not None else ()),
        *(staffing.notes if staffing is not None else ()),
    )
    return Calibration(
        segments=seen.names,
        as_of=history.as_of,
        first_day=date_of_day(seen.states.start.min()),
        calendar=calendar,
        has_stages=seen.has_stages,
        has_close_dates=seen.has_dates,
        has_late_stages=bool((seen.states.late == 1).any()),
        has_open_amounts=amounts.has_open_amounts,
        next_snapshot=seen.snapshot,
        hazards=rates.hazards,
        factors=rates.factors,
        effects=rates.effects,
        factor_covariance=rates.factor_covariance,
        segment_ages=rates.segment_ages,
        reps=found.reps,
        effect_covariance=rates.effect_covariance,
        profiles=profiles(found.traits, seen.segment, seen.arrived & seen.qualified, len(seen.names)),
        amounts=amounts.new,
        multiplier_new=amounts.multiplier_new,
        multiplier_open=amounts.multiplier_open,
        size_edges=amounts.size_edges,
        offset=dates.offset,
        push=dates.push,
        redate=dates.redate,
        early_push=dates.early_push,
        entry=entries(seen.states, seen.segment, seen.arrived, len(seen.names)),
        late_entry=late_entries(seen.states),
        arrivals=found.demand.arrivals,
        shock_close=courses.won.shock,
        shock_demand=courses.sals.shock,
        drift=courses.drift(),
        clock=found.clock,
        evidence=simple_methods(history, seen.states, seen.segment, calendar, amounts.has_open_amounts),
        customers=customers,
        staffing=staffing,
        notes=notes,
    )


@dataclass(frozen=True)
class _OfDeals:
    """What is estimated from the deals."""

    amounts: DealAmounts
    traits: Traits
    rates: DealRates
    clock: Clock | None
    dates: CloseDates
    demand: Demand
    courses: Courses
    reps: OwnFactors | None
    notes: tuple[str, ...]


def _of_deals(history: History, seen: _Seen, calendar: FiscalCalendar) -> _OfDeals:
    names, segment, states, months = seen.names, seen.segment, seen.states, seen.months
    deals, span = history.opportunities, (history.as_of, calendar)
    amounts = deal_amounts(states, months, deals, segment=segment, arrived=seen.arrived, names=names)
    traits = deal_traits(deals, seen.qualified, amounts.size)
    profile, levels = traits.profile_codes(len(segment))
    exposure = aggregate(months, profile, len(names), len(levels))
    possible = reachable(exposure, seen.has_stages)
    rates = fit_deal_rates(exposure, levels, traits.levels, possible, (months, profile))
    expected = rates.expected(months, profile, levels)
    reps = rep_factors(months, expected, deals, seen.qualified)
    clock = month_clock(months)
    wanted = demand(
        states,
        deals,
        segment=segment,
        arrived=seen.arrived,
        names=names,
        as_of=history.as_of,
        calendar=calendar,
    )
    courses = Courses(
        deal_courses(months, rates, (profile, levels), clock, span),
        wanted.course,
        amount_trend(states, amounts, segment, span),
    )
    notes = (
        *amounts.notes,
        *traits.notes,
        *rates.notes,
        *own_notes(rates.segment_ages, reps, names, int(seen.qualified.sum())),
        *_outcome_notes(months),
        *wanted.notes,
        *courses.notes(),
    )
    dates = close_dates(states, months, segment, seen.arrived, len(names))
    return _OfDeals(amounts, traits, rates, clock, dates, wanted, courses, reps, notes)


@dataclass(frozen=True)
class _Seen:
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


def _seen(
    history: History, states: DealStates, calendar: FiscalCalendar, asked: tuple[str, ...] | None
) -> _Seen:
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
    return _Seen(names, segment, states, qualified, arrived, months, has_stages, has_dates, snapshot, said)


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


def _outcome_notes(months: DealMonths) -> list[str]:
    seen = np.bincount(months.event[months.event >= 0], minlength=len(DESTINATIONS))
    notes = []
    if seen[WON] == 0:
        notes.append("No deal was won in this history: rates of winning rest on a weak prior.")
    if seen[WON + 1] == 0 and seen[WON + 2] > 0:
        notes.append("No loss is recorded as lost to competition: losses are not told apart.")
    return notes
