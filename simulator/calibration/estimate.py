"""From a history to a calibration, step by step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.calibration.amount_trend import amount_trend
from simulator.calibration.amounts import DealAmounts, deal_amounts
from simulator.calibration.calibration import DESTINATIONS, Calibration, Clock, OwnFactors
from simulator.calibration.clock import month_clock
from simulator.calibration.close_dates import CloseDates, close_dates, entries, late_entries
from simulator.calibration.customers import calibrate_customers
from simulator.calibration.deals import DealRates, fit_deal_rates, reachable
from simulator.calibration.demand import Demand, demand
from simulator.calibration.effects import Traits, deal_traits, profiles
from simulator.calibration.evidence import simple_methods
from simulator.calibration.exposure import DealMonths, aggregate
from simulator.calibration.own_factors import own_notes, rep_factors
from simulator.calibration.seen import SeenDeals, deals_seen
from simulator.calibration.staffing import calibrate_staffing
from simulator.calibration.trends import Courses, deal_courses
from simulator.calibration.without_deals import of_new_customers
from simulator.fiscal import FiscalCalendar, date_of_day
from simulator.history.deal_types import NEW, deals_of_type, with_new_customers
from simulator.history.states import DealStates, deal_states
from simulator.history.tables import History

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
    seen = deals_seen(history, states, calendar, segments)
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
        evidence=simple_methods(
            history,
            seen.states,
            seen.segment,
            calendar,
            open_amounts=amounts.has_open_amounts,
            course=courses.won,
        ),
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


def _of_deals(history: History, seen: SeenDeals, calendar: FiscalCalendar) -> _OfDeals:
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


def _outcome_notes(months: DealMonths) -> list[str]:
    seen = np.bincount(months.event[months.event >= 0], minlength=len(DESTINATIONS))
    notes = []
    if seen[WON] == 0:
        notes.append("No deal was won in this history: rates of winning rest on a weak prior.")
    if seen[WON + 1] == 0 and seen[WON + 2] > 0:
        notes.append("No loss is recorded as lost to competition: losses are not told apart.")
    return notes
