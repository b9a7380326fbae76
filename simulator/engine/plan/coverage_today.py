"""What people do for the customers at as_of, and rates without it: those earned with it hold it already."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.renewals import TERM_CLASSES
from simulator.engine.plan.customers import mix_of
from simulator.engine.plan.deals import CENTS, Compiled
from simulator.engine.plan.service_coverage import monthly_hours
from simulator.kernels.customers.accounts import GROWS, ODDS, SELLS, SLOWER
from simulator.kernels.customers.customer import CustomerPlan
from simulator.kernels.customers.flows import FIRST_SOLD
from simulator.kernels.people.coverage import AE, BY_ACCOUNTS, BY_ARR, BY_HOURS, N_ACTIVITIES, PeoplePlan

MONTHS_PER_YEAR = 12.0
MOST_TAKEN = 0.95


@dataclass(frozen=True)
class Books:
    """By segment at as_of: accounts, mean ARR (cents), renewals and new ones a month; sales cycle."""

    n_accounts: Floats
    arr: Floats
    renewals: Floats
    new: Floats
    cycles: Floats


def books_of(compiled: Compiled) -> Books:
    """Return the customers that people look after at as_of; sales cycles are left 0."""
    plan, n = compiled.customers, len(compiled.segments)
    there = plan.money[:, 0] > 0.0
    segment, term = plan.state[there, 0], plan.state[there, 3].astype(np.float64)
    n_accounts = np.bincount(segment, minlength=n).astype(np.float64)
    arr = np.bincount(segment, plan.money[there, 0], n)
    renewals = np.bincount(segment, 1.0 / np.maximum(term, 1.0), n)
    started = plan.time[there, 1] > plan.start - MONTHS_PER_YEAR
    new = np.bincount(segment, started, n) / MONTHS_PER_YEAR
    some = np.maximum(n_accounts, 1.0)
    amount = np.array([values.mean() for values in compiled.rates.amounts.reshape(n, -1)]) * CENTS
    usual = amount * plan.arr_per_amount.mean(axis=0)
    mean = np.where(n_accounts > 0.0, arr / some, usual)
    return Books(
        n_accounts, mean, np.where(n_accounts > 0.0, renewals / some, 1 / 12), new / some, np.zeros(n)
    )


def deal_rate_of(plan: CustomerPlan) -> Floats:
    """Return expansion deals per account and month, shape (draw, segment)."""
    sold = plan.growth_rate * (1.0 - plan.driver_cdf[..., FIRST_SOLD - 1])
    segment, arr = plan.state[:, 0], plan.money[:, 0]
    band = (arr[:, None] >= plan.size_edges[segment]).sum(axis=1)
    accounts = np.zeros(sold.shape[1:])
    np.add.at(accounts, (segment, band), arr > 0.0)
    accounts[accounts.sum(axis=1) == 0.0] = 1.0
    return np.asarray((sold * accounts).sum(axis=2) / accounts.sum(axis=1))


def coverage_today(compiled: Compiled, people: PeoplePlan, books: Books) -> tuple[Floats, Floats]:
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
                able *= people.customer_time[place] if role == AE else 1.0
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


def without_coverage(plan: CustomerPlan, factors: Floats) -> CustomerPlan:
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
