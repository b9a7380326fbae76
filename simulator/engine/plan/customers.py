"""Turn the calibration of customers, a scenario's levers and a history into the plan of the kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats, Ints
from simulator.calibration.contracts import Book, arr_at
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.renewals import TERM_CLASSES, law_terms, renewals_behind, term_class
from simulator.engine.draws.customers import CustomerDraws, draw_customer_rates
from simulator.engine.draws.slices import N_CHURN_SLICES, churn_slices, nearest_step
from simulator.engine.keys import unique_keys
from simulator.engine.plan.concessions import promises
from simulator.engine.plan.customer_levers import CustomerLevers, booked_by_customers, customer_levers
from simulator.engine.plan.deals import CENTS, Compiled
from simulator.engine.plan.horizon import Horizon
from simulator.engine.plan.stated_customers import scenario_book, with_inline_customers
from simulator.fiscal import FiscalCalendar, month_start_day
from simulator.history.tables import History
from simulator.kernels.customers.customer import (
    EFFECT_CHURN,
    EFFECT_CONTRACTION,
    EFFECT_EXPANSION,
    EFFECT_PRICE,
    EFFECT_TIME_TO_VALUE,
    LONG_AGO,
    YEAR_QUARTERS,
    CustomerPlan,
)
from simulator.kernels.customers.flows import FIRST_SOLD
from simulator.scenario.levers import Lever
from simulator.scenario.schema import Scenario

LONG_TENURE_MONTHS = 36.0
"""A customer of that age has reached first value, whether or not it has grown."""
TERM_PRIOR_CUSTOMERS = 3.0
N_WEAR = 120
"""Renewals over which a customer's own chance to leave may change."""


@dataclass(frozen=True)
class CompiledCustomers:
    """The plan of the customer kernels and what it starts from.

    Parameters
    ----------
    plan : CustomerPlan
    segments : tuple of str
        Axis order.
    opening : ndarray of float64, shape (segment,)
        ARR at as_of. Unit: cents.
    n_opening : ndarray of float64, shape (segment,)
        Customers at as_of.
    customers : tuple of str
        Ids of the customers of as_of, in axis order; those who have left are among them.
    calibration : CustomerCalibration
        With its segments in axis order.
    rates : CustomerDraws
        Before the levers.
    """

    plan: CustomerPlan
    segments: tuple[str, ...]
    opening: Floats
    n_opening: Floats
    customers: tuple[str, ...]
    calibration: CustomerCalibration
    rates: CustomerDraws


@dataclass(frozen=True)
class DrawSettings:
    """Seed and number of the rate draws, and whether the rates are uncertain."""

    seed: int
    n_draws: int
    uncertain: bool = True


def compile_customers(
    calibration: CustomerCalibration,
    book: Book | None,
    ahead: Horizon,
    calendar: FiscalCalendar,
    settings: DrawSettings,
    *,
    levers: tuple[Lever, ...] = (),
) -> CompiledCustomers:
    """Return the plan of the customer kernels.

    Parameters
    ----------
    calibration : CustomerCalibration
        Its segments give the axis order.
    book : Book, optional
        Customers of as_of, coded by the same segments; None: there are none yet.
    ahead : Horizon
        Months that are simulated.
    calendar : FiscalCalendar
    settings : DrawSettings
    levers : tuple of Lever
        Of the scenario; others than those of customers are ignored.
    """
    segments = calibration.segments
    rates = draw_customer_rates(calibration, settings.seed, settings.n_draws, settings.uncertain)
    turned = customer_levers(levers, segments, ahead.months)
    existing = _existing(book, calibration, ahead, calendar)
    duration = calibration.churn.duration.ravel()
    churn = churn_table(rates, turned, existing.rows, duration)
    growth, cdf = mix_of(growth_by_driver(rates))
    by_law = np.repeat(turned.whole, len(TERM_CLASSES), axis=0)
    contraction = np.minimum(rates.contraction * by_law[:, EFFECT_CONTRACTION], 1.0)
    options = law_terms(calibration.terms, calibration.churn.at_any_time)
    length = month_start_day(ahead.months + 1) - month_start_day(ahead.months)
    plan = CustomerPlan(
        start=float(1.0 - ahead.month_share[0]),
        month_end=ahead.month_end,
        month_days=length,
        first_month_of_quarter=int(calendar.month_of_quarter(int(ahead.months[0]))),
        churn=churn,
        wear=np.diff(np.arange(N_WEAR + 1.0) ** duration[:, None], axis=1),
        contraction=contraction,
        price_rise=np.minimum(rates.price_rise, 1.0 - contraction),
        contraction_size=rates.contraction_size,
        price_size=rates.price_size * turned.whole[:, EFFECT_PRICE, None],
        growth_rate=growth * turned.whole[:, EFFECT_EXPANSION, None],
        driver_cdf=cdf,
        size_edges=np.rint(calibration.growth.by_size.edges * CENTS),
        size_factor=calibration.growth.by_size.size,
        growth_size=rates.growth_size,
        cycle=rates.cycle,
        time_to_value=rates.time_to_value * turned.whole[:, EFFECT_TIME_TO_VALUE, None],
        return_rate=rates.return_rate,
        return_size=rates.return_size,
        arr_per_amount=rates.arr_per_amount,
        term_cdf=_term_cdf(calibration.term_counts),
        terms=options,
        term_classes=term_class(calibration.terms),
        month_effect=turned.month_effect,
        promises=np.ones((0, 1, 3)),
        advocate_after=0,
        premium=1.0,
        entity=existing.entity,
        state=existing.state,
        time=existing.time,
        money=existing.money,
        base=existing.base,
    )
    n = len(segments)
    here = existing.money[:, 0]
    return CompiledCustomers(
        plan=plan,
        segments=segments,
        opening=np.bincount(existing.state[:, 0], here, n).astype(np.float64),
        n_opening=np.bincount(existing.state[:, 0], here > 0.0, n).astype(np.float64),
        customers=existing.ids,
        calibration=calibration,
        rates=rates,
    )


def with_customers(compiled: Compiled, scenario: Scenario, history: History | None) -> Compiled:
    """Return a compiled scenario with its customers, where it has any and they are to be simulated.

    Parameters
    ----------
    compiled : Compiled
        Without customers.
    scenario : Scenario
    history : History, optional
        Its customers; None: those that the scenario lists.
    """
    calibration = with_inline_customers(scenario, compiled.calibration.customers, compiled.segments)
    if calibration is None or not scenario.customers.simulate:
        return compiled
    book = scenario_book(scenario, history, compiled.segments)
    made = compile_customers(
        calibration,
        book,
        compiled.horizon,
        scenario.fiscal_calendar(),
        DrawSettings(
            scenario.simulation.seed, compiled.plan.hazard.shape[0], scenario.simulation.rate_uncertainty
        ),
        levers=scenario.levers,
    )
    return replace(
        compiled,
        customers=made.plan._replace(promises=promises(scenario.terms, compiled.segments)),
        opening=made.opening,
        n_customers=made.n_opening,
        booked_by_customers=_booked(
            book, compiled.horizon, scenario.fiscal_calendar(), len(compiled.segments)
        ),
    )


def _booked(book: Book | None, ahead: Horizon, calendar: FiscalCalendar, n_segments: int) -> Floats:
    """Return what customers have signed in the first quarter up to as_of, shape (segment, 2)."""
    if book is None or not ahead.partial:
        return np.zeros((n_segments, 2))
    return booked_by_customers(book, float(calendar.first_month(int(ahead.quarters[0]))), n_segments)


def growth_by_driver(rates: CustomerDraws) -> Floats:
    """Return growth events per month after first value, shape (draw, segment, band, driver)."""
    n_own, n_drivers = FIRST_SOLD, rates.growth.shape[2]
    factor = np.repeat(rates.growth_factor, [n_own, n_drivers - n_own], axis=3)
    return np.asarray(rates.growth[:, :, None, :] * factor)


def mix_of(by_driver: Floats) -> tuple[Floats, Floats]:
    """Return the sum over the last axis, drivers, and the cumulative share of each."""
    rate = by_driver.sum(axis=-1)
    cdf = np.cumsum(by_driver, axis=-1) / np.where(rate > 0.0, rate, 1.0)[..., None]
    cdf[..., -1] = 1.0
    return rate, cdf


def churn_table(rates: CustomerDraws, turned: CustomerLevers, rows: Ints, duration: Floats) -> Floats:
    """Return chances to churn, shape (draw, row, slice), levers of the whole horizon included.

    Parameters
    ----------
    rates : CustomerDraws
    turned : CustomerLevers
    rows : ndarray of int64, shape (row, 3)
        Law, renewals kept and renewals not kept, of each row after the laws of new customers.
    duration : ndarray of float64, shape (law,)
        Exponent of the renewals kept.
    """
    n_draws, n_laws = rates.churn_mean.shape
    new = np.stack([np.arange(n_laws), np.zeros(n_laws), np.zeros(n_laws)], axis=1)
    law, kept, left = np.concatenate([new.astype(np.int64), rows]).T
    mean, concentration = rates.churn_mean[:, law], rates.concentration[:, law]
    shape = (n_draws, law.size)
    slices = churn_slices(
        mean.ravel(),
        concentration.ravel(),
        np.broadcast_to(kept ** duration[law], shape).ravel(),
        np.broadcast_to(left, shape).ravel(),
    ).reshape(*shape, N_CHURN_SLICES)
    factor = turned.whole[law // len(TERM_CLASSES), EFFECT_CHURN][None, :, None]
    certain = slices >= 1.0
    return np.asarray(np.where(certain, 1.0, factor * slices / (1.0 + (factor - 1.0) * slices)))


@dataclass(frozen=True)
class _Existing:
    ids: tuple[str, ...]
    entity: npt.NDArray[np.uint64]
    state: Ints
    time: Floats
    money: Floats
    base: Floats
    rows: Ints


def _existing(
    book: Book | None, calibration: CustomerCalibration, ahead: Horizon, calendar: FiscalCalendar
) -> _Existing:
    """Return where the customers of as_of stand, and the rows of the churn table that they need."""
    if book is None:
        return _Existing(
            (),
            np.zeros(0, dtype=np.uint64),
            np.zeros((0, 5), dtype=np.int64),
            np.zeros((0, 2)),
            np.zeros((0, 3)),
            np.zeros((0, YEAR_QUARTERS)),
            np.zeros((0, 3), dtype=np.int64),
        )
    first, quarter = int(ahead.months[0]), int(ahead.quarters[0])
    now = first + 1.0 - float(ahead.month_share[0])
    c = book.contracts
    money = np.rint(np.stack([c.arr, np.minimum(c.signed, c.arr), c.former], axis=1) * CENTS)
    used = (money[:, 0] > 0.0) | (money[:, 2] > 0.0)
    ends = [calendar.first_month(quarter - back + 1) for back in range(YEAR_QUARTERS, 0, -1)]
    base = np.rint(np.stack([arr_at(c, book.movements, float(end)) for end in ends], axis=1) * CENTS)
    term = law_terms(c.term, calibration.churn.at_any_time)
    away = money[:, 0] <= 0.0
    # A customer who never had any ARR is away without having left: no time of leaving is known then.
    behind = renewals_behind(c.life_start, term, np.where(away, np.minimum(c.churned, now), now))
    renewal = c.life_start + (behind + 1) * term
    law = c.segment * len(TERM_CLASSES) + term_class(c.term)
    key = np.stack([law, nearest_step(behind), away.astype(np.int64)], axis=1)[used]
    rows, row = np.unique(key, axis=0, return_inverse=True)
    n_laws = len(calibration.segments) * len(TERM_CLASSES)
    reached = (c.grown == 1) | (now - c.start > LONG_TENURE_MONTHS)
    value_from = np.where(reached, LONG_AGO, c.start - first)
    ids = tuple(name for name, use in zip(book.ids, used, strict=True) if use)
    return _Existing(
        ids,
        unique_keys([f"customer/{name}" for name in ids]),
        np.stack([c.segment[used], law[used], n_laws + row.ravel(), term[used], behind[used]], axis=1).astype(
            np.int64
        ),
        np.stack([np.maximum(renewal[used] - first, now - first), value_from[used]], axis=1),
        money[used],
        base[used],
        rows.astype(np.int64),
    )


def _term_cdf(counts: Floats) -> Floats:
    """Return cumulative shares of the terms by segment, thin segments leaning on the whole."""
    whole = counts.sum(axis=0)
    shares = counts + TERM_PRIOR_CUSTOMERS * whole / max(float(whole.sum()), 1e-9)
    empty = shares.sum(axis=1) <= 0.0
    shares[empty] = 1.0
    cumulative = np.cumsum(shares, axis=1)
    cdf = cumulative / cumulative[:, -1:]
    cdf[:, -1] = 1.0
    return np.asarray(cdf)
