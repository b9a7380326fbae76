"""People after the sale, as arrays for the kernels: seats, capacity, who does what, what that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from simulator.arrays import Floats
from simulator.engine.keys import rate_uniforms
from simulator.engine.plan.coverage_today import (
    Books,
    books_of,
    coverage_today,
    deal_rate_of,
    without_coverage,
)
from simulator.engine.plan.deals import CENTS, Compiled
from simulator.engine.plan.roles import (
    HOURS_PER_MONTH,
    RoleTerms,
    customer_time,
    employed,
    reps_remedy,
    role_names,
    role_terms,
)
from simulator.engine.plan.seats import (
    LONGEST_WAIT,
    Seat,
    ramp_array,
    role_leaves,
    role_ramp,
    seat_arrays,
    seats_of,
    wait_cdf,
)
from simulator.engine.plan.service_coverage import (
    Effect,
    book_load,
    effect_terms,
    monthly_hours,
    quality_of,
    work_hours,
    worst_draws,
)
from simulator.errors import InputError
from simulator.fiscal import DAYS_PER_MONTH
from simulator.history.tables import History
from simulator.kernels.people.coverage import BY_ARR, BY_HOURS, N_ACTIVITIES, PeoplePlan
from simulator.scenario.ownership import ACTIVITIES
from simulator.scenario.schema import Scenario

Calibrated = Mapping[tuple[str, str], Effect]

EVEN_VARIABLE_SHARE = 0.5
FEWEST_WINS = 20
"""Wins of a segment below which its sales cycle is that of the rates."""


def with_people(
    compiled: Compiled,
    scenario: Scenario,
    history: History | None,
    *,
    observed: Scenario | None = None,
    calibrated: Calibrated | None = None,
    powers: Floats | None = None,
    cycle_months: Floats | None = None,
) -> Compiled:
    """Return a compiled scenario whose customers are looked after by people, where it states any.

    Parameters
    ----------
    compiled : Compiled
        With its reps and customers.
    scenario : Scenario
        Settled.
    history : History, optional
        Its people are those of as_of where the scenario states no heads.
    observed : Scenario, optional
        The scenario whose heads and ownership the rates of customers were earned with; this one where
        left out.
    calibrated : mapping, optional
        Effects that the history tells; None: none does.
    powers : ndarray of float64, shape (segment, activity), optional
        That the effects of each activity are taken to; 0: no effect.
    cycle_months : ndarray of float64, shape (segment,), optional
        Length of the sales cycle; that of the history, or of the rates, where left out.

    Raises
    ------
    InputError
        Account executives own an activity in a segment whose reps are not simulated.
    """
    if not scenario.simulates_roles or not compiled.customers.terms.size:
        return compiled
    _ae_is_simulated(compiled, scenario)
    names = role_names(scenario)
    effects = effect_terms(scenario, calibrated)
    worst = _worst(compiled, scenario, effects)
    if powers is not None:
        worst = worst ** powers[None, :, :, None]
    cycles = sales_cycle_months(compiled, history) if cycle_months is None else cycle_months
    books = replace(books_of(compiled), cycles=cycles)
    people = _people(compiled, scenario, history, books, worst)
    customers = compiled.customers
    if scenario.effects.observed_coverage == "as_of":
        before = observed if observed is not None else scenario
        then = people
        if observed is not None or before.effects.observed_ownership is not None:
            before = _as_observed(before)
            then = _people(compiled, before, history, books, worst)
        reached, taken = coverage_today(compiled, then, books)
        missing = np.maximum(0.0, 1.0 - reached)
        factors = np.prod(then.worst ** missing[None, :, :, None], axis=2)
        customers = without_coverage(customers, factors)
        # What customers take of the reps' time now, their open deals per rep already show.
        slots = compiled.capacity.slots_per_rep / (1.0 - taken)
        compiled = replace(compiled, capacity=compiled.capacity._replace(slots_per_rep=slots))
        people = people._replace(deal_rate=deal_rate_of(customers))
    return replace(compiled, people=people, customers=customers, roles=names)


def _as_observed(scenario: Scenario) -> Scenario:
    stated = scenario.effects.observed_ownership
    return scenario if stated is None else scenario.replace(ownership=stated)


def _ae_is_simulated(compiled: Compiled, scenario: Scenario) -> None:
    silent = [
        name
        for name, limited in zip(compiled.segments, compiled.capacity.limited, strict=True)
        if not limited and (table := scenario.ownership.of(name)) is not None and "ae" in table.roles
    ]
    if silent:
        raise InputError.of(
            scenario.places.get(("ownership",), f"scenario {scenario.name}"),
            f"ownership gives account executives customers in {', '.join(silent)}, but reps are not "
            "simulated there",
            f"{reps_remedy(silent, compiled.calibration.staffing)} Or write 'ownership: all_csm'.",
        )


def _worst(compiled: Compiled, scenario: Scenario, effects: tuple[Effect, ...]) -> Floats:
    settings = scenario.simulation
    n_draws = compiled.plan.hazard.shape[0]
    normals = {
        effect.name: ndtri(rate_uniforms(settings.seed, f"effect/{effect.name}", n_draws)[:, 0])
        if settings.rate_uncertainty and effect.high > effect.low
        else np.zeros(n_draws)
        for effect in effects
    }
    return worst_draws(effects, normals, (n_draws, len(compiled.segments)))


def _people(
    compiled: Compiled, scenario: Scenario, history: History | None, books: Books, worst: Floats
) -> PeoplePlan:
    names = role_names(scenario)
    segments, n_roles = compiled.segments, len(names)
    terms = {(item.role, item.segment): item for item in role_terms(scenario, history)}
    shape = n_roles, len(segments)
    kind = np.full(shape, BY_HOURS, dtype=np.int64)
    capacity, load = np.full(shape, HOURS_PER_MONTH[0]), np.ones(shape)
    share = np.zeros((len(segments), N_ACTIVITIES, n_roles))
    quality = np.ones_like(share)
    rate = deal_rate_of(compiled.customers)
    work = np.zeros((len(segments), N_ACTIVITIES, 4))
    for place, segment in enumerate(segments):
        table = scenario.ownership.of(segment)
        deals = float(rate[:, place].mean())
        work[place] = work_hours(scenario, segment, books.arr[place] / CENTS, deals)
        monthly = monthly_hours(work[place], deals, books.renewals[place], books.new[place])
        for number, role in enumerate(names):
            own = [table.owners(a).get(role, 0.0) if table is not None else 0.0 for a in ACTIVITIES]
            share[place, :, number] = own
            item = terms.get((role, segment))
            variable = item.variable_share if item is not None else EVEN_VARIABLE_SHARE
            quality[place, :, number] = quality_of(scenario, role, segment, variable, books.cycles[place])
            if item is not None:
                kind[number, place] = item.kind
                capacity[number, place] = item.capacity * (CENTS if item.kind == BY_ARR else 1.0)
                load[number, place] = book_load(role, np.array(own), monthly, item)
    # Where nothing is said of a segment its customers live on as calibrated.
    silent = [place for place, name in enumerate(segments) if scenario.ownership.of(name) is None]
    worst = worst.copy()
    worst[:, silent] = 1.0
    return PeoplePlan(
        **_seats(compiled, scenario, history, names, terms),
        kind=kind,
        capacity=capacity,
        load=load,
        customer_time=np.full(len(segments), customer_time(scenario)[0]),
        share=share,
        quality=quality,
        work=work,
        deal_rate=rate,
        worst=worst,
    )


def _seats(
    compiled: Compiled,
    scenario: Scenario,
    history: History | None,
    names: tuple[str, ...],
    terms: Mapping[tuple[str, str], RoleTerms],
) -> dict[str, np.ndarray]:
    segments, n_draws = compiled.segments, compiled.plan.hazard.shape[0]
    first = int(compiled.horizon.months[0])
    n_cells = len(names) * len(segments)
    seats: list[Seat] = []
    leaves, backfill = np.zeros(n_cells), np.ones((n_cells, LONGEST_WAIT))
    ramps = [np.ones((1, 1))] * n_cells
    for (role, segment), item in terms.items():
        cell = names.index(role) * len(segments) + segments.index(segment)
        ramps[cell] = role_ramp(scenario, item)
        leaves[cell] = role_leaves(scenario, item)
        backfill[cell] = wait_cdf(item.backfill_months)
        hires = scenario.roles[role].of(segment).hires or ()
        seats += seats_of(item, cell, employed(history, role, segment), hires, first)
    return {
        **seat_arrays(seats, np.tile(leaves, (n_draws, 1))),
        "backfill_cdf": backfill,
        "ramp": np.tile(ramp_array(ramps), (n_draws, 1, 1)),
    }


def sales_cycle_months(compiled: Compiled, history: History | None) -> Floats:
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
