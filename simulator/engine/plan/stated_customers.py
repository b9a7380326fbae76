"""Rates of customers that a scenario states itself, laid over the calibrated ones (or standing alone)."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import logit

from simulator.arrays import Floats
from simulator.calibration.contracts import Book, customer_book
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.growth import Growth
from simulator.calibration.growth_by_size import GrowthBySize
from simulator.calibration.pooling import Sizes
from simulator.calibration.renewals import TERM_CLASSES, ChurnLaws, term_class
from simulator.fiscal import DAYS_PER_MONTH
from simulator.history.tables import History, empty_table
from simulator.kernels.customers.flows import DRIVERS
from simulator.scenario.customers import CustomerRates
from simulator.scenario.schema import Scenario

USUAL_TERM = np.array([1.0, 12.0, 24.0])
"""Months of a term of each class, by which churn in a year becomes churn at a renewal."""
DEFAULT_TERM = 12
CERTAIN = 1e12
NEVER_LOGIT = -700.0


def with_inline_customers(
    scenario: Scenario, calibration: CustomerCalibration | None, segments: tuple[str, ...]
) -> CustomerCalibration | None:
    """Return the calibration in the order of the segments, the scenario's own rates laid over it.

    Segments without any rates get customers who are not followed: no ARR comes of their deals.

    Parameters
    ----------
    scenario : Scenario
    calibration : CustomerCalibration, optional
    segments : tuple of str
        Axis order; holds all segments of the calibration.

    Returns
    -------
    CustomerCalibration or None
        None: nothing is known of any customer.
    """
    stated = {
        name: segment.customers
        for name, segment in scenario.segments.items()
        if segment.customers is not None and segment.customers.replaces_rates and name in segments
    }
    if calibration is None and not stated:
        return None
    full = arranged(calibration or blank(), segments)
    for name, rates in stated.items():
        full = _with_segment(full, segments.index(name), rates)
    return full


def arranged(calibration: CustomerCalibration, segments: tuple[str, ...]) -> CustomerCalibration:
    """Return a calibration with its segments in the order given; new ones have customers of no ARR.

    Parameters
    ----------
    calibration : CustomerCalibration
    segments : tuple of str
        Holds all segments of the calibration, and may hold others.
    """
    if calibration.segments == segments:
        return calibration
    known = {name: place for place, name in enumerate(calibration.segments)}
    at = np.array([known.get(name, -1) for name in segments])

    def take(array: Floats, fill: Any = 0.0) -> Floats:
        out = np.empty((at.size, *array.shape[1:]))
        out[:] = fill
        out[at >= 0] = array[at[at >= 0]]
        return out

    def sizes(law: Sizes) -> Sizes:
        return Sizes(take(law.log_mean, -math.inf), take(law.log_mean_sd), law.log_sd, take(law.events))

    churn, growth = calibration.churn, calibration.growth
    return replace(
        calibration,
        segments=segments,
        churn=ChurnLaws(
            take(churn.mean, np.array([NEVER_LOGIT, math.log(CERTAIN)])),
            take(churn.covariance),
            take(churn.at_risk),
            take(churn.churned),
            churn.at_any_time,
            take(churn.duration, 1.0),
        ),
        contraction=take(calibration.contraction, np.array([0.0, 1.0])),
        price_rise=take(calibration.price_rise, np.array([0.0, 1.0])),
        changes=take(calibration.changes),
        growth=Growth(
            take(growth.shape),
            take(growth.rate, 1.0),
            take(growth.events),
            take(growth.exposure_months),
            take(growth.value_log_median),
            take(growth.value_log_sd),
            GrowthBySize(
                take(growth.by_size.edges, np.inf),
                *(take(array, 1.0) for array in list(vars(growth.by_size).values())[1:]),
            ),
        ),
        growth_sizes=tuple(sizes(law) for law in calibration.growth_sizes),
        contraction_size=sizes(calibration.contraction_size),
        price_size=sizes(calibration.price_size),
        return_size=sizes(calibration.return_size),
        return_shape=take(calibration.return_shape),
        return_rate=take(calibration.return_rate, 1.0),
        returns=take(calibration.returns),
        months_away=take(calibration.months_away),
        arr_per_amount=take(calibration.arr_per_amount, np.array([-math.inf, 0.0, 0.0])),
        term_counts=take(calibration.term_counts),
        n_customers=take(calibration.n_customers),
    )


def blank() -> CustomerCalibration:
    """Return a calibration without segments."""
    n_classes, n_drivers = len(TERM_CLASSES), len(DRIVERS)
    none = np.zeros((0, n_drivers))
    nothing = Sizes(np.zeros(0), np.zeros(0), 0.0, np.zeros(0))
    return CustomerCalibration(
        segments=(),
        churn=ChurnLaws(
            np.zeros((0, n_classes, 2)),
            np.zeros((0, n_classes, 2, 2)),
            np.zeros((0, n_classes)),
            np.zeros((0, n_classes)),
            np.zeros(n_classes, dtype=np.int64),
            np.ones((0, n_classes)),
        ),
        contraction=np.zeros((0, n_classes, 2)),
        price_rise=np.zeros((0, n_classes, 2)),
        changes=np.zeros((0, n_classes, 3)),
        growth=Growth(none, none, none, none, np.zeros(0), np.zeros(0), GrowthBySize.alike(0)),
        growth_sizes=(nothing,) * n_drivers,
        contraction_size=nothing,
        price_size=nothing,
        return_size=nothing,
        return_shape=np.zeros(0),
        return_rate=np.zeros(0),
        returns=np.zeros(0),
        months_away=np.zeros(0),
        cycle=np.array([math.log(1.0 / DAYS_PER_MONTH), 0.0, 0.0]),
        win_rate=np.array([1.0, 1.0, 0.0]),
        arr_per_amount=np.zeros((0, 3)),
        terms=np.array([DEFAULT_TERM]),
        term_counts=np.zeros((0, 1)),
        n_customers=np.zeros(0),
    )


def _with_segment(c: CustomerCalibration, s: int, rates: CustomerRates) -> CustomerCalibration:
    """Return the calibration with what the scenario states of one segment."""
    if np.isneginf(c.arr_per_amount[s, 0]):
        c = replace(c, arr_per_amount=_set(c.arr_per_amount, s, 0.0))
    if rates.arr_per_amount is not None:
        c = replace(c, arr_per_amount=_set(c.arr_per_amount, s, [math.log(rates.arr_per_amount), 0.0, 0.0]))
    if rates.annual_churn is not None:
        c = replace(c, churn=_churn(c.churn, s, rates))
    if rates.term_months is not None:
        c = _with_term(c, s, rates.term_months)
    if rates.contraction is not None:
        size = _size(c.contraction_size, s, rates.contraction.size)
        chance = _set(c.contraction, s, _certain(rates.contraction.share))
        c = replace(c, contraction=chance, contraction_size=size)
    if rates.price_rise is not None:
        size = _size(c.price_size, s, rates.price_rise.size)
        c = replace(c, price_rise=_set(c.price_rise, s, _certain(rates.price_rise.share)), price_size=size)
    if rates.expansion or rates.time_to_value_months is not None:
        c = _with_growth(c, s, rates)
    if rates.cycle_days is not None:
        c = replace(c, cycle=np.array([math.log(rates.cycle_days / DAYS_PER_MONTH), c.cycle[1], 0.0]))
    if rates.reactivation is not None:
        c = replace(
            c,
            return_shape=_set(c.return_shape, s, math.inf),
            return_rate=_set(c.return_rate, s, min(rates.reactivation.per_month, 100.0)),
            return_size=_size(c.return_size, s, rates.reactivation.size),
        )
    return c


def _certain(share: float) -> Floats:
    return np.array([share, 1.0 - share]) * CERTAIN


def _set(array: Floats, s: int, value: Any) -> Floats:
    out = array.copy()
    out[s] = value
    return out


def _size(law: Sizes, s: int, mean: float) -> Sizes:
    log_mean = math.log(mean) if mean > 0 else -math.inf
    return replace(
        law,
        log_mean=_set(law.log_mean, s, log_mean),
        log_mean_sd=_set(law.log_mean_sd, s, 0.0),
        events=_set(law.events, s, 0.0),
    )


def _churn(laws: ChurnLaws, s: int, rates: CustomerRates) -> ChurnLaws:
    """Churn at a renewal of a term of m months: 1 - (1 - annual churn)^(m / 12)."""
    annual = rates.annual_churn or 0.0
    terms = USUAL_TERM.copy()
    if rates.term_months is not None:
        terms[term_class(np.array([rates.term_months]))[0]] = rates.term_months
    terms = np.where(laws.at_any_time == 1, 1.0, terms)
    at_renewal = 1.0 - (1.0 - annual) ** (terms / 12.0)
    spread = math.log(rates.alike) if rates.alike is not None else math.log(CERTAIN)
    point = np.stack([np.clip(logit(at_renewal), NEVER_LOGIT, -NEVER_LOGIT), np.full(3, spread)], axis=1)
    covariance = np.zeros((len(TERM_CLASSES), 2, 2))
    if rates.evidence_customers is not None and 0.0 < annual < 1.0:
        # Variance of a log-odds from n trials.
        covariance[:, 0, 0] = 1.0 / (rates.evidence_customers * at_renewal * (1.0 - at_renewal))
        covariance[:, 1, 1] = 1e-12
    return replace(
        laws,
        mean=_set(laws.mean, s, point),
        covariance=_set(laws.covariance, s, covariance),
        duration=_set(laws.duration, s, 1.0),
    )


def _with_term(c: CustomerCalibration, s: int, term: int) -> CustomerCalibration:
    terms, counts = c.terms, c.term_counts
    if term not in terms:
        terms = np.append(terms, term)
        counts = np.concatenate([counts, np.zeros((counts.shape[0], 1))], axis=1)
    row = np.where(terms == term, CERTAIN, 0.0)
    return replace(c, terms=terms, term_counts=_set(counts, s, row))


def _alike(by_size: GrowthBySize, s: int) -> GrowthBySize:
    """Return growth that does not depend on the customer's size in one segment."""
    one = vars(GrowthBySize.alike(1))
    return GrowthBySize(**{name: _set(array, s, one[name][0]) for name, array in vars(by_size).items()})


def _with_growth(c: CustomerCalibration, s: int, rates: CustomerRates) -> CustomerCalibration:
    growth, sizes = c.growth, list(c.growth_sizes)
    shape, rate = growth.shape.copy(), growth.rate.copy()
    for driver, law in rates.expansion.items():
        d = DRIVERS.index(driver)
        shape[s, d], rate[s, d] = math.inf, law.per_month
        sizes[d] = _size(sizes[d], s, law.event_size)
    growth = replace(growth, shape=shape, rate=rate)
    if rates.expansion:
        growth = replace(growth, by_size=_alike(growth.by_size, s))
    if rates.time_to_value_months is not None:
        median = math.log(max(rates.time_to_value_months, 1e-9))
        growth = replace(
            growth,
            value_log_median=_set(growth.value_log_median, s, median),
            value_log_sd=_set(growth.value_log_sd, s, 0.0),
        )
    return replace(c, growth=growth, growth_sizes=tuple(sizes))


def scenario_book(scenario: Scenario, history: History | None, segments: tuple[str, ...]) -> Book | None:
    """Return the customers of as_of: the history's, or those that the scenario lists.

    Parameters
    ----------
    scenario : Scenario
    history : History, optional
    segments : tuple of str
        Axis order.
    """
    if history is not None:
        return customer_book(history, segments) if not history.customers.empty else None
    listed = scenario.customers.existing
    if not listed:
        return None
    rows: list[Mapping[str, Any]] = [
        {
            "customer_id": customer.id,
            "segment": customer.segment,
            "start_date": pd.Timestamp(customer.start_date),
            "arr": customer.arr,
            "term_months": float(customer.term_months),
        }
        for customer in listed
    ]
    table = pd.concat([empty_table("customers"), pd.DataFrame(rows)], ignore_index=True)
    made = History(
        as_of=scenario.as_of or dt.date.today(),
        opportunities=empty_table("opportunities"),
        customers=table.astype({"customer_id": "str", "segment": "str", "start_date": "datetime64[ns]"}),
    )
    return customer_book(made, segments)
