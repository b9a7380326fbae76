"""The rates of the sample company, stated plainly and turned into a calibration without uncertainty.

The history is simulated from these rates by the engine's own kernels, so that anyone can hold what
``calibrate`` finds against what is true.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass, field

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import (
    DESTINATIONS,
    FACTOR_LEVELS,
    SIZE_BANDS,
    Amounts,
    Arrivals,
    Calibration,
    Dirichlet,
    GammaRates,
    LogFactors,
    Profiles,
)
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import CATEGORIES

N_AMOUNTS = 400
CERTAIN = np.inf

Shares = dict[str, float]
Stays = dict[str, tuple[float, Shares]]
"""Category → (median days without factors, share of each destination)."""


@dataclass(frozen=True)
class SegmentTruth:
    """The rates of one segment.

    Parameters
    ----------
    sals : dict of str to float
        SALs per month by source.
    median_amount, log_sd : float
        Log-normal amounts of new deals. Unit: currency; logarithm.
    stays : Stays
        Median days in each category and where deals go next.
    first_close_months : float
        Mean of the months from SAL to the first close date.
    """

    sals: dict[str, float]
    median_amount: float
    log_sd: float
    stays: Stays
    first_close_months: float


@dataclass(frozen=True)
class Truth:
    """The rates of a company.

    Parameters
    ----------
    segments : dict of str to SegmentTruth
    factors : dict of str to dict of (category or "*", destination) to tuple of float
        Multipliers of the levels of each factor (``FACTOR_LEVELS``).
    effects : dict of str to dict of str to dict of str to float
        Effect → level → destination → multiplier; the sizes are an effect called ``size``.
    profiles : dict of (competitor, compelling event) to float
        How common each combination is.
    push : tuple of float
        Probability of each number G of months beyond the next that a push adds.
    redate : tuple of float
        Chance of a new close date at a month's end: due this month, past due.
    early_push : float
        Chance a month that a deal due later is pushed.
    discount : tuple of float
        Mean and standard deviation of the logarithm of signed / open amount.
    dispersion : float
        Size of the negative binomial of SALs per month and source.
    season : tuple of float
        Multiplier of SALs, January to December.
    shock_close, shock_demand : float
    """

    segments: dict[str, SegmentTruth]
    factors: dict[str, dict[tuple[str, str], tuple[float, ...]]] = field(default_factory=dict)
    effects: dict[str, dict[str, dict[str, float]]] = field(default_factory=dict)
    profiles: dict[tuple[str, str], float] = field(default_factory=lambda: {("none", "none"): 1.0})
    push: tuple[float, ...] = (0.55, 0.25, 0.12, 0.05, 0.03)
    redate: tuple[float, float] = (0.9, 0.5)
    early_push: float = 0.04
    discount: tuple[float, float] = (-0.08, 0.12)
    dispersion: float = 25.0
    season: tuple[float, ...] = (1.0,) * 12
    shock_close: float = 0.0
    shock_demand: float = 0.0

    def calibration(self, as_of: dt.date, first_day: dt.date, calendar: FiscalCalendar) -> Calibration:
        """Return the truth in the form of a calibration, every value certain."""
        names = tuple(self.segments)
        parts = tuple(self.segments.values())
        amounts = tuple(_lognormal(math.log(p.median_amount), p.log_sd) for p in parts)
        discount = tuple(_lognormal(*self.discount) for _ in parts)
        thirds = [np.quantile(a.values, [1 / 3, 2 / 3]) for a in amounts]
        return Calibration(
            segments=names,
            as_of=as_of,
            first_day=first_day,
            calendar=calendar,
            hazards=_hazards(parts),
            factors={name: self._factor(name) for name in self.factors},
            effects={name: self._effect(name) for name in self.effects},
            profiles=self._profiles(len(names)),
            amounts=amounts,
            multiplier_new=discount,
            multiplier_open=discount,
            size_edges=np.array(thirds),
            offset=_certain(np.stack([_poisson_shares(p.first_close_months, 25) for p in parts])),
            push=_certain(np.tile(self.push, (len(names), 1))),
            redate=np.array([[chance, 1.0 - chance] for chance in self.redate]) * 1e12,
            early_push=np.tile([self.early_push, 1.0 - self.early_push], (len(names), 1)) * 1e12,
            entry=_certain(np.tile([1.0, 0, 0, 0, 0, 0], (len(names), 1))),
            arrivals=self._arrivals(parts),
            shock_close=self.shock_close,
            shock_demand=self.shock_demand,
            late_entry=np.array([[0.1, 0.9], [0.1, 0.9], [0.1, 0.9]]) * 1e12,
            has_late_stages=True,
        )

    def _factor(self, name: str) -> LogFactors:
        levels = FACTOR_LEVELS[name]
        log_mean = np.zeros((len(CATEGORIES), len(levels), len(DESTINATIONS)))
        for (category, destination), values in self.factors[name].items():
            rows = range(len(CATEGORIES)) if category == "*" else [CATEGORIES.index(category)]
            for row in rows:
                # The last value holds for all later levels: for deals older than the table goes.
                known = np.log(values)
                log_mean[row, :, DESTINATIONS.index(destination)] = np.pad(
                    known, (0, len(levels) - len(known)), mode="edge"
                )
        zero = np.zeros_like(log_mean)
        return LogFactors(levels, log_mean, zero, zero, zero)

    def _effect(self, name: str) -> LogFactors:
        levels = SIZE_BANDS if name == "size" else tuple(self.effects[name])
        log_mean = np.zeros((len(levels), len(DESTINATIONS)))
        for level, factors in self.effects[name].items():
            for destination, factor in factors.items():
                log_mean[levels.index(level), DESTINATIONS.index(destination)] = math.log(factor)
        zero = np.zeros_like(log_mean)
        return LogFactors(levels, log_mean, zero, zero, zero)

    def _profiles(self, n_segments: int) -> Profiles:
        names = tuple(name for name in ("competitor", "compelling_event") if name in self.effects)
        place = {"competitor": 0, "compelling_event": 1}
        levels = np.array(
            [
                [list(self.effects[name]).index(profile[place[name]]) for name in names]
                for profile in self.profiles
            ],
            dtype=np.int64,
        ).reshape(len(self.profiles), len(names))
        share = np.array(list(self.profiles.values()))
        return Profiles(names, levels, np.tile(share / share.sum(), (n_segments, 1)))

    def _arrivals(self, parts: tuple[SegmentTruth, ...]) -> Arrivals:
        streams = [(s, source, mean) for s, p in enumerate(parts) for source, mean in p.sals.items()]
        mean = np.array([stream[2] for stream in streams])
        one = np.ones(len(streams))
        season = np.array(self.season)
        return Arrivals(
            segment=np.array([stream[0] for stream in streams], dtype=np.int64),
            source=tuple(stream[1] for stream in streams),
            shape=mean,
            rate=one,
            dispersion=one * self.dispersion,
            season=season / season.mean(),
            season_log_sd=np.zeros(12),
            events=0.0 * one,
            exposure_months=0.0 * one,
        )


def _hazards(parts: tuple[SegmentTruth, ...]) -> GammaRates:
    rate = np.zeros((len(parts), len(CATEGORIES), len(DESTINATIONS)))
    for segment, part in enumerate(parts):
        for category, (median_days, shares) in part.stays.items():
            for destination, share in shares.items():
                place = segment, CATEGORIES.index(category), DESTINATIONS.index(destination)
                rate[place] = share * math.log(2.0) / median_days
    one = np.ones_like(rate)
    return GammaRates(shape=rate, rate=one, events=0.0 * one, exposure_days=one * CERTAIN)


def _lognormal(log_mean: float, log_sd: float) -> Amounts:
    from scipy.special import ndtri

    values = np.exp(log_mean + log_sd * ndtri((np.arange(N_AMOUNTS) + 0.5) / N_AMOUNTS))
    return Amounts(values, np.ones(N_AMOUNTS), math.inf, 0.0, 0.0, 0, "truth")


def _poisson_shares(mean: float, n_values: int) -> Floats:
    from scipy.stats import poisson

    shares = poisson.pmf(np.arange(n_values), mean)
    return np.asarray(shares / shares.sum(), dtype=np.float64)


def _certain(shares: Floats) -> Dirichlet:
    return Dirichlet(np.asarray(shares, dtype=np.float64) * 1e12, np.zeros(shares.shape))
