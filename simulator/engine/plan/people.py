"""People after the sale, as arrays for the kernels: seats, capacity, who does what, what that does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from simulator.calibration.renewals import TERM_CLASSES
from simulator.engine.keys import rate_uniforms
from simulator.engine.plan.customers import mix_of
from simulator.engine.plan.deals import CENTS, Compiled
from simulator.engine.plan.roles import (
    HOURS_PER_MONTH,
    RoleTerms,
    customer_time,
    employed,
    ramp_of,
    reps_remedy,
    role_names,
    role_terms,
)
from simulator.engine.plan.seats import (
    LONGEST_WAIT,
    Seat,
    lever,
    ramp_array,
    seat_arrays,
    seats_of,
    stretched,
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
from simulator.kernels.customers.accounts import GROWS, ODDS, SELLS, SLOWER
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import FIRST_SOLD
from simulator.kernels.people.coverage import AE, BY_ACCOUNTS, BY_ARR, BY_HOURS, N_ACTIVITIES, PeoplePlan
from simulator.scenario.ownership import ACTIVITIES
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
Calibrated = Mapping[tuple[str, str], Effect]

DAYS_PER_YEAR = 12.0
EVEN_VARIABLE_SHARE = 0.5
MOST_TAKEN = 0.95


@dataclass(frozen=True)
class _Books:
    """By segment at as_of: accounts, mean ARR (cents), renewals and new ones a month; sales cycle."""

    n_accounts: Floats
    arr: Floats
    renewals: Floats
    new: Floats
    cycles: Floats


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
    books = replace(_books(compiled), cycles=cycles)
    people = _people(compiled, scenario, history, books, worst)
    customers = compiled.customers
    if scenario.effects.observed_coverage == "as_of":
        before = observed if observed is not None else scenario
        then = people
        if observed is not None or before.effects.observed_ownership is not None:
            before = _as_observed(before)
            then = _people(compiled, before, history, books, worst)
        reached, taken = _coverage(compiled, then, books)
        missing = np.maximum(0.0, 1.0 - reached)
        factors = np.prod(then.worst ** missing[None, :, :, None], axis=2)
        customers = _without(customers, factors)
        # What customers take of the reps' time now, their open deals per rep already show.
        slots = compiled.capacity.slots_per_rep / (1.0 - taken)
        compiled = replace(compiled, capacity=compiled.capacity._replace(slots_per_rep=slots))
        people = people._replace(deal_rate=_deal_rate(customers))
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


def _books(compiled: Compiled) -> _Books:
    plan, n = compiled.customers, len(compiled.segments)
    there = plan.money[:, 0] > 0.0
    segment, term = plan.state[there, 0], plan.state[there, 3].astype(np.float64)
    n_accounts = np.bincount(segment, minlength=n).astype(np.float64)
    arr = np.bincount(segment, plan.money[there, 0], n)
    renewals = np.bincount(segment, 1.0 / np.maximum(term, 1.0), n)
    started = plan.time[there, 1] > plan.start - DAYS_PER_YEAR
    new = np.bincount(segment, started, n) / DAYS_PER_YEAR
    some = np.maximum(n_accounts, 1.0)
    amount = np.array([values.mean() for values in compiled.rates.amounts.reshape(n, -1)]) * CENTS
    usual = amount * plan.arr_per_amount.mean(axis=0)
    mean = np.where(n_accounts > 0.0, arr / some, usual)
    return _Books(
        n_accounts, mean, np.where(n_accounts > 0.0, renewals / some, 1 / 12), new / some, np.zeros(n)
    )


def _deal_rate(plan: CustomerPlan) -> Floats:
    """Return expansion deals per account and month, shape (draw, segment)."""
    sold = plan.growth_rate * (1.0 - plan.driver_cdf[..., FIRST_SOLD - 1])
    segment, arr = plan.state[:, 0], plan.money[:, 0]
    band = (arr[:, None] >= plan.size_edges[segment]).sum(axis=1)
    accounts = np.zeros(sold.shape[1:])
    np.add.at(accounts, (segment, band), arr > 0.0)
    accounts[accounts.sum(axis=1) == 0.0] = 1.0
    return np.asarray((sold * accounts).sum(axis=2) / accounts.sum(axis=1))


def _people(
    compiled: Compiled, scenario: Scenario, history: History | None, books: _Books, worst: Floats
) -> PeoplePlan:
    names = role_names(scenario)
    segments, n_roles = compiled.segments, len(names)
    terms = {(item.role, item.segment): item for item in role_terms(scenario, history)}
    shape = n_roles, len(segments)
    kind = np.full(shape, BY_HOURS, dtype=np.int64)
    capacity, load = np.full(shape, HOURS_PER_MONTH[0]), np.ones(shape)
    share = np.zeros((len(segments), N_ACTIVITIES, n_roles))
    quality = np.ones_like(share)
    rate = _deal_rate(compiled.customers)
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
        customer_time=customer_time(scenario)[0],
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
        ramps[cell] = stretched(ramp_of(scenario, role)[0][None, :], lever(scenario, "ramp", segment))
        leaves[cell] = 1.0 - (1.0 - item.attrition) ** (lever(scenario, "attrition", segment) / 12.0)
        backfill[cell] = wait_cdf(item.backfill_months)
        hires = scenario.roles[role].of(segment).hires or ()
        seats += seats_of(item, cell, employed(history, role, segment), hires, first)
    return {
        **seat_arrays(seats, np.tile(leaves, (n_draws, 1))),
        "backfill_cdf": backfill,
        "ramp": np.tile(ramp_array(ramps), (n_draws, 1, 1)),
    }


def _coverage(compiled: Compiled, people: PeoplePlan, books: _Books) -> tuple[Floats, Floats]:
    """Return what is done at as_of, (segment, activity), and the reps' time that it takes, (segment,)."""
    heads = _ramped_at(people)
    aes = _aes_at(compiled)
    rate = people.deal_rate.mean(axis=0)
    n_roles, n_segments = people.kind.shape
    reached, taken = np.zeros((n_segments, N_ACTIVITIES)), np.zeros(n_segments)
    for place in range(n_segments):
        monthly = monthly_hours(people.work[place], rate[place], books.renewals[place], books.new[place])
        for role in range(n_roles):
            asked = float(monthly @ people.share[place, :, role]) * books.n_accounts[place]
            if asked <= 0.0:
                kappa = 1.0
            else:
                kind = people.kind[role, place]
                able = (aes[place] if role == AE else heads[role, place]) * people.capacity[role, place]
                able *= people.customer_time if role == AE else 1.0
                size = {BY_ACCOUNTS: 1.0, BY_ARR: books.arr[place]}.get(int(kind), 1.0)
                need = (
                    asked if kind == BY_HOURS else books.n_accounts[place] * size * people.load[role, place]
                )
                kappa = 1.0 if able >= need else able / need
            reached[place] += people.share[place, :, role] * people.quality[place, :, role] * kappa
            if role == AE and asked > 0.0 and aes[place] > 0.0:
                taken[place] = kappa * asked / (aes[place] * people.capacity[role, place])
    return reached, np.minimum(taken, MOST_TAKEN)


def _ramped_at(people: PeoplePlan) -> Floats:
    """Return ramped heads at as_of, shape (role, segment)."""
    heads = np.zeros(people.kind.size)
    last = people.ramp.shape[2] - 1
    for cell, start in zip(people.seat_segment, people.seat_start, strict=True):
        if start <= 0:
            heads[cell] += people.ramp[0, cell, min(-start, last)]
    return heads.reshape(people.kind.shape)


def _aes_at(compiled: Compiled) -> Floats:
    """Return ramped account executives at as_of, shape (segment,)."""
    capacity = compiled.capacity
    reps = np.zeros(len(compiled.segments))
    last = capacity.ramp.shape[2] - 1
    for segment, start in zip(capacity.seat_segment, capacity.seat_start, strict=True):
        if start <= 0:
            reps[segment] += capacity.ramp[:, segment, min(-start, last)].mean()
    return reps


def _without(plan: CustomerPlan, factors: Floats) -> CustomerPlan:
    """Return a plan whose rates are those at full coverage, given what coverage did when they were earned."""
    if np.all(factors == 1.0):
        return plan
    segment = np.zeros(plan.churn.shape[1], dtype=np.int64)
    n_laws = len(TERM_CLASSES) * plan.term_cdf.shape[0]
    segment[:n_laws] = np.arange(n_laws) // len(TERM_CLASSES)
    segment[plan.state[:, 2]] = plan.state[:, 0]
    odds = 1.0 / factors[:, segment, ODDS][:, :, None]
    churn = np.where(plan.churn >= 1.0, 1.0, odds * plan.churn / (1.0 + (odds - 1.0) * plan.churn))
    by_driver = np.diff(plan.driver_cdf, axis=3, prepend=0.0) * plan.growth_rate[..., None]
    by_driver[..., :FIRST_SOLD] /= factors[:, :, GROWS, None, None]
    by_driver[..., FIRST_SOLD:] /= factors[:, :, SELLS, None, None]
    rate, cdf = mix_of(by_driver)
    return plan._replace(
        churn=churn,
        growth_rate=rate,
        driver_cdf=cdf,
        time_to_value=plan.time_to_value / factors[:, :, SLOWER, None],
    )


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
