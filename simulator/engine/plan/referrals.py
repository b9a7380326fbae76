"""Referrals of a scenario, laid over its compiled plan: streams of SALs that advocates create."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.calibration import DESTINATIONS
from simulator.engine.plan.concessions import WON, figure
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.effects import level_of
from simulator.errors import InputError
from simulator.kernels.customers.customer import CustomerPlan
from simulator.scenario.demand import Referrals
from simulator.scenario.schema import Scenario


def with_referrals(compiled: Compiled, scenario: Scenario) -> Compiled:
    """Return a compiled scenario whose advocates bring in deals, where it states referrals.

    They take the place of the stream of their source. Nothing changes where customers are not simulated.

    Parameters
    ----------
    compiled : Compiled
        With its customers.
    scenario : Scenario

    Raises
    ------
    InputError
        There are no customers to refer anyone, or nothing tells how many deals they bring in.
    """
    referrals = scenario.referrals
    if not referrals.stated or not scenario.customers.simulate:
        return compiled
    where = scenario.places.get(("referrals",), f"scenario {scenario.name}")
    if compiled.customers.terms.size == 0:
        raise InputError.of(
            where,
            "customers refer others, but nothing is known of any customer",
            "Remove 'referrals', or give customers (in the history, or rates under 'segments').",
        )
    streams = referral_streams(referrals, compiled)
    plan = compiled.plan
    rate = _rates(referrals, compiled, streams, where)
    sals, referred = plan.stream_sals.copy(), plan.stream_referrals.copy()
    for segment, stream in enumerate(streams):
        if stream >= 0:
            referred[:, stream] = rate[:, segment, None] * _pattern(compiled, stream)
            sals[:, stream] = 0.0
    plan = plan._replace(stream_sals=sals, stream_referrals=referred, referral_stream=streams)
    effect, rows = _effect(referrals, compiled, streams)
    plan = plan._replace(effect=effect, stream_effect_row=rows)
    customers = compiled.customers._replace(
        advocate_after=referrals.renewals_behind, premium=figure(referrals.price_rises, 1.0)
    )
    return replace(compiled, plan=plan, customers=customers)


def referral_streams(referrals: Referrals, compiled: Compiled) -> Ints:
    """Return the stream of what customers refer, by segment; -1 where they refer no one."""
    arrivals = compiled.calibration.arrivals
    found = np.full(len(compiled.segments), -1, dtype=np.int64)
    for stream, (segment, source) in enumerate(zip(arrivals.segment, arrivals.source, strict=True)):
        if source == referrals.source_name and referrals.holds_for(compiled.segments[segment]):
            found[segment] = stream
    return found


def advocates_now(customers: CustomerPlan, renewals_behind: int, n_segments: int) -> Floats:
    """Return the customers of as_of who are past first value and the renewals asked for, shape (segment,)."""
    if not customers.entity.size:
        return np.zeros(n_segments)
    segment = customers.state[:, 0]
    to_value = np.median(customers.time_to_value, axis=(0, 2))[segment]
    advocates = (
        (customers.money[:, 0] > 0.0)
        & (customers.time[:, 1] + to_value <= customers.start)
        & (customers.state[:, 4] >= renewals_behind)
    )
    return np.bincount(segment[advocates], minlength=n_segments).astype(np.float64)


def _rates(referrals: Referrals, compiled: Compiled, streams: Ints, where: str) -> Floats:
    """Return SALs a month for each advocate, shape (draw, segment)."""
    n_draws, n_segments = compiled.plan.hazard.shape[0], len(compiled.segments)
    if referrals.per_customer_per_year is not None:
        return np.full((n_draws, n_segments), referrals.per_customer_per_year.value / 12.0)
    advocates = advocates_now(compiled.customers, referrals.renewals_behind, n_segments)
    known = (streams >= 0) & (advocates > 0.0)
    rate = np.zeros((n_draws, n_segments))
    rate[:, known] = compiled.rates.sals[:, streams[known]] / advocates[known]
    if not rate.any():
        raise InputError.of(
            where,
            f"the history has no deals of source '{referrals.source_name}' to tell how many customers refer",
            "Add 'per_customer_per_year: 0.05', or name the source that it is called there.",
        )
    return rate


def _pattern(compiled: Compiled, stream: int) -> Floats:
    """Return season, levers and the share of each month that lies ahead, shape (draw, month)."""
    plan, usual = compiled.plan, compiled.rates.sals[:, stream, None]
    share = np.tile(compiled.horizon.month_share, (plan.hazard.shape[0], 1))
    return np.asarray(np.divide(plan.stream_sals[:, stream], usual, out=share, where=usual > 0.0))


def _effect(referrals: Referrals, compiled: Compiled, streams: Ints) -> tuple[Floats, Ints]:
    """Return the effect table and its rows by stream, referred deals with rows of their own where stated."""
    plan = compiled.plan
    if referrals.win_odds is None and referrals.cycle is None:
        return plan.effect, plan.stream_effect_row
    rows = plan.stream_effect_row.copy()
    mine = np.unique(rows[streams[streams >= 0]])
    factor = np.full(8, 1.0 / figure(referrals.cycle, 1.0))
    if referrals.win_odds is not None:
        factor[WON] *= referrals.win_odds.value
    own = plan.effect[:, mine] * factor
    if referrals.win_odds is not None:
        # What is stated takes the place of what the source was calibrated to do to winning.
        own[:, :, WON] /= _of_source(referrals, compiled)[:, None]
    place = dict(
        zip(mine.tolist(), range(plan.effect.shape[1], plan.effect.shape[1] + mine.size), strict=True)
    )
    for stream in streams[streams >= 0]:
        rows[stream] = np.vectorize(place.__getitem__, otypes=[np.int64])(rows[stream])
    return np.concatenate([plan.effect, own], axis=1), rows


def _of_source(referrals: Referrals, compiled: Compiled) -> Floats:
    """Return the calibrated factor of the source on winning, shape (draw,); 1 where there is none."""
    level = level_of(compiled.calibration, "source", referrals.source_name)
    if level < 0:
        return np.ones(compiled.plan.hazard.shape[0])
    return np.asarray(compiled.rates.effects["source"][:, level, DESTINATIONS.index("won")])
