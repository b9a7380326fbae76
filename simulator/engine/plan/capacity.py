"""Reps of a scenario, as arrays for the kernels: seats, ramp, slots, patience, SALs of their own."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, pdtr

from simulator.calibration.posteriors import gamma_quantile
from simulator.calibration.ramp import RampCurve, published_ramp, tenure_bin
from simulator.calibration.staffing import OUTBOUND, StaffingCalibration, roster
from simulator.engine.keys import rate_uniforms, unique_keys
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.reps import RepTerms, rep_terms
from simulator.history.tables import History
from simulator.kernels.people.capacity import CapacityPlan
from simulator.scenario.people import Ramp
from simulator.scenario.schema import Scenario

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LONG_AGO = -1200
"""Month of hire of a rep of whom only is known that there is one: ramped by now."""
LONGEST_WAIT = 61
LEVERS = ("ramp", "attrition", "open_deals_per_rep", "patience")
DAYS_OF_80 = float(2 * ndtri(0.9))


@dataclass(frozen=True)
class _Seat:
    """One seat: its segment, the name that keys its draws, when it is filled, how late that may be."""

    segment: int
    name: str
    start: int
    delay_months: float = 0.0


def with_reps(compiled: Compiled, scenario: Scenario, history: History | None) -> Compiled:
    """Return a compiled scenario whose deals need reps, where the scenario states any.

    SALs of the source ``outbound`` then come from the ramped reps.

    Parameters
    ----------
    compiled : Compiled
        Without reps.
    scenario : Scenario
        Settled.
    history : History, optional
        Its reps are those of as_of.

    Raises
    ------
    InputError
        Neither the scenario nor the history says how many reps there are, or what one can work.
    """
    if not scenario.reps.stated:
        return compiled
    staffing = compiled.calibration.staffing
    terms = rep_terms(scenario, staffing)
    draws = _Draws(scenario, staffing, compiled.plan.hazard.shape[0])
    capacity = _capacity(compiled, scenario, terms, draws, history)
    sals, rep_sals = _demand(compiled, scenario, terms, draws)
    plan = compiled.plan._replace(stream_sals=sals, stream_rep_sals=rep_sals)
    return replace(compiled, plan=plan, capacity=capacity)


@dataclass(frozen=True)
class _Draws:
    """Draws of the rates of reps: certain where the scenario states them."""

    scenario: Scenario
    staffing: StaffingCalibration | None
    n_draws: int

    def lever(self, name: str, segment: str) -> float:
        """Return what the levers multiply a quantity by."""
        factors = [
            lever.factor
            for lever in self.scenario.levers
            if lever.name == name and (lever.segments is None or segment in lever.segments)
        ]
        return float(np.prod(factors)) if factors else 1.0

    def uniforms(self, name: str) -> Floats:
        settings = self.scenario.simulation
        if not settings.rate_uncertainty:
            return np.full(self.n_draws, 0.5)
        return rate_uniforms(settings.seed, name, self.n_draws)[:, 0]

    def gamma(self, name: str, shape: float, rate: float) -> Floats:
        if shape <= 0.0 or not self.scenario.simulation.rate_uncertainty:
            return np.full(self.n_draws, shape / rate)
        return gamma_quantile(self.uniforms(name), np.full(self.n_draws, shape)) / rate

    def place(self, segment: str) -> int:
        """Return the place of a segment among those calibrated, -1 where it is not."""
        known = self.staffing.segments if self.staffing is not None else ()
        return known.index(segment) if segment in known else -1

    def leaves(self, terms: RepTerms) -> Floats:
        """Return the chance to leave in a month, shape (draw,)."""
        place, factor = self.place(terms.segment), self.lever("attrition", terms.segment)
        if terms.sources["attrition"] == "calibrated" and self.staffing is not None:
            shape, rate = self.staffing.attrition_shape[place], self.staffing.attrition_rate[place]
            per_month = self.gamma(f"attrition/{terms.segment}", float(shape), float(rate))
        elif terms.attrition >= 1.0:
            return np.full(self.n_draws, 1.0 if factor > 0.0 else 0.0)
        else:
            per_month = np.full(self.n_draws, -np.log1p(-terms.attrition) / 12.0)
        return np.asarray(-np.expm1(-per_month * factor))

    def slots(self, terms: RepTerms) -> Floats:
        """Return the open deals that a ramped rep can work, shape (draw,)."""
        factor = self.lever("open_deals_per_rep", terms.segment)
        if terms.sources["open_deals_per_rep"] != "calibrated" or self.staffing is None:
            return np.full(self.n_draws, terms.open_deals_per_rep * factor)
        value, low, high = self.staffing.open_deals[self.place(terms.segment)].tolist()
        log_sd = float(np.log(max(high, value) / max(low, 1e-9)) / DAYS_OF_80)
        deviation = ndtri(self.uniforms(f"open_deals/{terms.segment}")) * log_sd
        return np.asarray(value * np.exp(deviation) * factor)

    def ramp(self, segment: str) -> Floats:
        """Return the productivity by month of tenure, shape (draw, month)."""
        stated = self.scenario.reps.ramp
        if stated is None and self.staffing is not None and self.staffing.rep_months.any():
            curves = self._calibrated_ramp(self.staffing.ramp)
        else:
            curves = np.tile(_stated_ramp(stated), (self.n_draws, 1))
        return _stretch(curves, self.lever("ramp", segment))

    def _calibrated_ramp(self, ramp: RampCurve) -> Floats:
        # One uniform for the whole curve: reps ramp faster or slower than estimated, throughout.
        u = self.uniforms("ramp")
        bins = np.stack(
            [
                gamma_quantile(u, np.full(self.n_draws, shape)) / rate
                if self.scenario.simulation.rate_uncertainty
                else np.full(self.n_draws, shape / rate)
                for shape, rate in zip(ramp.shape, ramp.rate, strict=True)
            ],
            axis=1,
        )
        bins[:, -1] = 1.0
        rising = np.minimum(np.maximum.accumulate(bins, axis=1), 1.0)
        return np.asarray(rising[:, tenure_bin(np.arange(ramp.first_month[-1] + 1))])


def _stated_ramp(ramp: Ramp | None) -> Floats:
    if ramp is None:
        return published_ramp()
    return np.array(ramp.shares) if ramp.shares is not None else published_ramp(ramp.median_months or 0.0)


def _stretch(curves: Floats, factor: float) -> Floats:
    """Return ramps that take ``factor`` times as long; factor 0: productive at once."""
    if factor == 1.0:
        return curves
    if factor <= 0.0:
        return np.repeat(curves[:, -1:], curves.shape[1], axis=1)
    months = np.arange(curves.shape[1])
    longer = np.arange(int(np.ceil(curves.shape[1] * factor)) + 1)
    at = (longer + 0.5) / factor - 0.5
    return np.stack([np.interp(at, months, curve) for curve in curves])


def _capacity(
    compiled: Compiled,
    scenario: Scenario,
    terms: tuple[RepTerms, ...],
    draws: _Draws,
    history: History | None,
) -> CapacityPlan:
    n_segments, n_draws = len(compiled.segments), draws.n_draws
    where = {item.segment: compiled.segments.index(item.segment) for item in terms}
    seats = [seat for item in terms for seat in _seats(item, scenario, where, compiled, history)]
    limited = np.zeros(n_segments, dtype=np.int64)
    slots, patience = np.zeros((n_draws, n_segments)), np.zeros((n_draws, n_segments))
    backfill = np.ones((n_segments, LONGEST_WAIT))
    leaves = np.zeros((n_draws, n_segments))
    for item in terms:
        place = where[item.segment]
        limited[place] = 1
        slots[:, place] = draws.slots(item)
        patience[:, place] = np.log(2.0) / (item.patience_days * draws.lever("patience", item.segment))
        backfill[place] = wait_cdf(item.backfill_months)
        leaves[:, place] = draws.leaves(item)
    of_seat = np.array([seat.segment for seat in seats], dtype=np.int64)
    return CapacityPlan(
        limited=limited,
        seat_segment=of_seat,
        seat_key=unique_keys([seat.name for seat in seats]),
        seat_start=np.array([seat.start for seat in seats], dtype=np.int64),
        seat_delay_cdf=np.array([wait_cdf(seat.delay_months) for seat in seats]).reshape(-1, LONGEST_WAIT),
        seat_leaves=leaves[:, of_seat],
        backfill_cdf=backfill,
        ramp=_ramps(compiled.segments, draws),
        slots_per_rep=slots,
        patience=patience,
    )


def wait_cdf(mean_months: float) -> Floats:
    """Return the cumulative chances of waiting 0, 1, 2 … whole months: Poisson about the mean."""
    cdf = pdtr(np.arange(LONGEST_WAIT), mean_months)
    return np.asarray(cdf / cdf[-1])


def _ramps(segments: tuple[str, ...], draws: _Draws) -> Floats:
    curves = [draws.ramp(name) for name in segments]
    longest = max(curve.shape[1] for curve in curves)
    padded = [np.pad(curve, ((0, 0), (0, longest - curve.shape[1])), mode="edge") for curve in curves]
    return np.stack(padded, axis=1)


def _seats(
    terms: RepTerms,
    scenario: Scenario,
    where: dict[str, int],
    compiled: Compiled,
    history: History | None,
) -> list[_Seat]:
    """Return the seats of a segment: those filled at as_of, the longest there first, then the hires."""
    place, first = where[terms.segment], int(compiled.horizon.months[0])
    known = _employed(history, terms.segment, first)
    seats = [
        _Seat(place, f"rep/{name}", start - first)
        for name, start in zip(known["rep_id"], known["start"], strict=True)
    ][: terms.heads]
    unnamed = terms.heads - len(seats)
    seats += [_Seat(place, f"seat/{terms.segment}/{i}", LONG_AGO) for i in range(unnamed)]
    planned: dict[int, int] = {}
    for hire in scenario.reps.of(terms.segment).hires or ():
        for _ in range(hire.count):
            number = planned.get(hire.month, 0)
            planned[hire.month] = number + 1
            name = f"hire/{terms.segment}/{hire.month}/{number}"
            seats.append(_Seat(place, name, hire.month - first, hire.delay_months))
    return seats


def _employed(history: History | None, segment: str, first: int) -> pd.DataFrame:
    if history is None:
        return pd.DataFrame({"rep_id": [], "start": []})
    reps = roster(history.reps, (segment,))
    there = reps[(reps["end"] > first) & (reps["start"] <= first)]
    return there.sort_values(["start", "rep_id"], kind="stable")


def _demand(
    compiled: Compiled, scenario: Scenario, terms: tuple[RepTerms, ...], draws: _Draws
) -> tuple[Floats, Floats]:
    """Return SALs that come by themselves and SALs per ramped rep, each of shape (draw, stream, month)."""
    plan, arrivals = compiled.plan, compiled.calibration.arrivals
    sals, rep_sals = plan.stream_sals.copy(), plan.stream_rep_sals.copy()
    source = np.array(arrivals.source, dtype=object)
    for item in terms:
        rate = _own_sals(scenario, item.segment, draws)
        mine = np.flatnonzero(plan.stream_segment == compiled.segments.index(item.segment))
        if rate is None or not mine.size:
            continue
        own = mine[source[mine] == OUTBOUND]
        stream = int(own[0]) if own.size else int(mine[0])
        usual = compiled.rates.sals[:, stream, None]
        pattern = np.divide(
            plan.stream_sals[:, stream],
            usual,
            out=np.tile(compiled.horizon.month_share, (draws.n_draws, 1)),
            where=usual > 0.0,
        )
        rep_sals[:, stream] = rate[:, None] * pattern
        if own.size:
            sals[:, stream] = 0.0
    return sals, rep_sals


def _own_sals(scenario: Scenario, segment: str, draws: _Draws) -> Floats | None:
    """Return the SALs a month that a ramped rep sources, shape (draw,); None: not known, or none."""
    stated = scenario.reps.of(segment).self_sourced_sals_per_month
    if stated is not None:
        return np.full(draws.n_draws, stated) if stated > 0.0 else None
    place = draws.place(segment)
    if place < 0 or draws.staffing is None or draws.staffing.self_sourced_shape[place] <= 0.0:
        return None
    shape, rate = draws.staffing.self_sourced_shape[place], draws.staffing.self_sourced_rate[place]
    return draws.gamma(f"self_sourced/{segment}", float(shape), float(rate))
