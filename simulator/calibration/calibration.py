"""The calibration: every rate that the engine needs, with its uncertainty, counts and source.

Axis order everywhere: (segment, category, level, destination), leaving out what does not apply.
"""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field

import numpy as np

from simulator.arrays import Floats, Ints
from simulator.calibration.customers import CustomerCalibration
from simulator.calibration.pull import Evidence, Pull
from simulator.calibration.staffing import StaffingCalibration
from simulator.fiscal import FiscalCalendar, month_start_day
from simulator.history.tables import CATEGORIES, OUTCOMES

DESTINATIONS = (*CATEGORIES, *OUTCOMES, "advance")
"""Where a deal can go next; ``advance`` is from the early to the late stage of its category."""

AGE_BINS = (0, 1, 2, 3, 4, 5, 6, 12, 18, 24, 36, 48, 72, 108)
"""First month of each age bin; age = calendar months since the deal entered its category.

Single months up to half a year: where deals either close by month four or never, a wider bin would lend
the rate of the former to the latter, and the more so the more of them pile up. The bins go on to nine
years: deals that nobody closes pile up in the oldest one, and must not be won at the rate of younger ones.
"""

AGE_LEVELS = (
    *(f"month {age}" for age in AGE_BINS[:6]),
    *(f"months {low}-{high - 1}" for low, high in itertools.pairwise(AGE_BINS[6:])),
    f"month {AGE_BINS[-1]} on",
)

FACTOR_LEVELS: dict[str, tuple[str, ...]] = {
    "age": AGE_LEVELS,
    "due": ("later", "this month", "past"),
    "linearity": ("first month", "second month", "third month"),
    "pushes": ("0", "1", "2+"),
    "stage": ("early", "late"),
}
"""Covariates that change while a deal is open, in the axis order of the engine's hazard table."""

MONTH_PARTS = ("days 1 to 10", "day 11 on", "last ten days", "last three days")
"""Parts of a month in which deals are won at paces of their own."""
FIRST_DAYS, LAST_DAYS, VERY_LAST_DAYS = 10.0, 10.0, 3.0


def month_steps(months: Ints) -> Floats:
    """Return the day numbers at which the parts of months change, shape (month, part - 1)."""
    start, end = month_start_day(months), month_start_day(months + 1)
    return np.stack([start + FIRST_DAYS, end - LAST_DAYS, end - VERY_LAST_DAYS], axis=-1)


SIZE_BANDS = ("small", "medium", "large")
"""Thirds of the amounts of a segment's new deals: the levels of the effect ``size`` that a company states."""
SIZE_QUANTILES = (0.2, 0.4, 0.6, 0.8, 0.9, 0.96)
SIZE_LEVELS = (
    "smallest 20 %", "20 to 40 %", "40 to 60 %", "60 to 80 %", "80 to 90 %", "90 to 96 %", "largest 4 %"
)  # fmt: skip
"""Bands of the amounts of new deals, narrow where the money is: levels of the calibrated effect ``size``."""


@dataclass(frozen=True)
class GammaRates:
    """Rates per day with Gamma(shape, rate) uncertainty, and the evidence they rest on.

    Every array has shape (segment, category, destination). Mean = shape / rate. A destination that
    cannot be reached (a category from itself; advance without stages) has events = exposure = 0
    and shape = 0, which means a rate of exactly zero.
    """

    shape: Floats
    rate: Floats
    events: Floats
    exposure_days: Floats


@dataclass(frozen=True)
class LogFactors:
    """Multipliers of the hazards by the level of one covariate, on the log scale.

    Arrays have shape (category, level, destination) for a factor of ``FACTOR_LEVELS`` and
    (level, destination) for an effect (source, competitor, compelling_event, size). ``log_mean`` 0 and
    ``log_sd`` 0: the covariate is not there, or cannot matter. Centred so that the
    expected-event-weighted mean of ``log_mean`` over the levels is 0.
    """

    levels: tuple[str, ...]
    log_mean: Floats
    log_sd: Floats
    events: Floats
    exposure_days: Floats


@dataclass(frozen=True)
class OwnFactors:
    """Factors of the hazards that cells have of their own: Gamma(shape, rate), the mean about 1.

    Arrays of shape (*cell, destination); the axes of a cell are (segment, category, age) or (rep,).
    ``events``: those seen; ``names``: of the reps.
    """

    shape: Floats
    rate: Floats
    events: Floats
    names: tuple[str, ...] = ()

    @property
    def mean(self) -> Floats:
        """The factors without their uncertainty."""
        return np.asarray(self.shape / self.rate)

    @property
    def expected(self) -> Floats:
        """Events that the fitted hazards lead to expect: the shape and the rate hold as much else."""
        return np.asarray(self.rate - (self.shape - self.events))


@dataclass(frozen=True)
class Clock:
    """How winning is spread over the parts of a month (``MONTH_PARTS``), shape (month of quarter, part).

    ``concentration``: Dirichlet of the shares of a month's wins; ``base``: the same shares at an even pace;
    ``events``: wins.
    """

    concentration: Floats
    base: Floats
    events: Floats

    @property
    def pace(self) -> Floats:
        """Rate of winning in each part over that of the month."""
        return np.asarray(self.concentration / self.concentration.sum(axis=1, keepdims=True) / self.base)


@dataclass(frozen=True)
class Profiles:
    """Combinations of effect levels that deals of a segment come with, and how often.

    ``names`` are the effects (a subset of competitor, compelling_event; the source comes with the stream
    of arrivals, the size with the amount), ``levels`` an int array of shape (profile, effect), ``share``
    of shape (segment, profile), each row summing to 1.
    """

    names: tuple[str, ...]
    levels: Ints
    share: Floats


@dataclass(frozen=True)
class Amounts:
    """Amounts of one segment, as a weighted sample with a tail.

    The engine draws from equal-probability slices of: the sample below the threshold, a generalised
    Pareto above it (``tail_shape``, ``tail_scale``; scale 0 means no tail beyond the sample). Rate
    uncertainty is the Bayesian bootstrap of the weights, with ``count`` observations.
    """

    values: Floats
    weights: Floats
    tail_start: float
    tail_shape: float
    tail_scale: float
    count: int
    source: str


@dataclass(frozen=True)
class Dirichlet:
    """Discrete distributions by segment: concentration (counts + prior), shape (segment, value)."""

    concentration: Floats
    events: Floats


@dataclass(frozen=True)
class Arrivals:
    """Qualified deals (SALs) per month, one stream for each segment and source.

    ``shape``/``rate`` (stream,): Gamma uncertainty of the mean per month; ``season`` (month of the
    year 0–11, January first) multiplies it, mean 1; ``dispersion`` (stream,) is the size parameter of
    the negative binomial (infinite: Poisson).
    """

    segment: Ints
    source: tuple[str, ...]
    shape: Floats
    rate: Floats
    dispersion: Floats
    season: Floats
    season_log_sd: Floats
    events: Floats
    exposure_months: Floats


@dataclass(frozen=True)
class Drift:
    """How rates stand now next to their average over the history, and how they go on changing.

    Parameters
    ----------
    level, level_sd : Floats, shape (destination,)
        Log of the hazard now over its average, and its standard deviation beyond that of the hazard.
    sals_growth : float
        Log growth of SALs a quarter, damped as it goes on (``drift.grown``).
    sals_covariance : Floats, shape (2, 2)
        Of the log level of SALs now, beyond that of the streams, and of their growth.
    season_close : Floats, shape (4,)
        Log factor of winning by quarter number modulo four, mean 0.
    amounts, amounts_covariance : Floats, shape (2,) and (2, 2)
        Log of the amounts of new deals now over those of all, and its growth a quarter.
    """

    level: Floats
    level_sd: Floats
    sals_growth: float
    sals_covariance: Floats
    season_close: Floats = field(default_factory=lambda: np.zeros(4))
    amounts: Floats = field(default_factory=lambda: np.zeros(2))
    amounts_covariance: Floats = field(default_factory=lambda: np.zeros((2, 2)))


@dataclass(frozen=True)
class Calibration:
    """Everything estimated from one history as of one date.

    Parameters
    ----------
    segments : tuple of str
        Names, in axis order.
    as_of, first_day : datetime.date
        The span of history behind the rates.
    redate : Floats, shape (2, 2)
        Beta(a, b) that a deal still open at the end of a month gets a new close date, for deals due
        this month and for deals past due. Rows: due this month, past due.
    early_push : Floats, shape (segment, 2)
        Beta(a, b) that a deal due later is pushed in a month.
    offset, push : Dirichlet
        Months from SAL to the first close date; months G beyond the next one that a push adds.
    entry : Dirichlet
        Where deals start: category * 2 + (1 if late stage), shape (segment, 6).
    late_entry : Floats, shape (category, 2)
        Beta(a, b) that a deal which moves into a category enters its late stage; a = 0: never.
    amounts : tuple of Amounts
        Of new deals, by segment.
    multiplier_new, multiplier_open : tuple of Amounts
        Signed amount / amount at SAL, and / amount at a month's end while open, by segment.
    size_edges : Floats, shape (segment, size level - 1)
        Amounts that part the size bands.
    shock_close, shock_demand : float
        Standard deviation of the log shock shared by a quarter, on closing and on demand.
    has_stages, has_close_dates, has_late_stages, has_open_amounts : bool
        What the history could tell; what is False is modelled more coarsely, and said in ``notes``.
    customers : CustomerCalibration, optional
        Renewal and growth of customers; None where the history has none.
    staffing : StaffingCalibration, optional
        Reps and leads; None where the history has neither.
    drift : Drift, optional
        None: rates stay what they are.
    segment_ages, reps : OwnFactors, optional
        What the ages of one segment, and the reps of open deals, make of the hazards; None: all are alike.
    clock : Clock, optional
        How winning is spread over the days of a month; None: evenly.
    evidence : Evidence, optional
        What simple methods forecast; None where too little is known.
    pull : Pull, optional
        How far that lies from what these rates lead to expect; the engine finds it.
    next_snapshot : datetime.date, optional
        About when deals are seen next, where they are only seen on snapshot days.
    factor_covariance, effect_covariance : Floats, optional
        Of the logs of all factors, shape (category, destination, level, level), and of all effects, shape
        (destination, level, level), one after the other in their order; None: each is uncertain by itself.
    """

    segments: tuple[str, ...]
    as_of: dt.date
    first_day: dt.date
    calendar: FiscalCalendar
    hazards: GammaRates
    factors: dict[str, LogFactors]
    effects: dict[str, LogFactors]
    profiles: Profiles
    amounts: tuple[Amounts, ...]
    multiplier_new: tuple[Amounts, ...]
    multiplier_open: tuple[Amounts, ...]
    size_edges: Floats
    offset: Dirichlet
    push: Dirichlet
    redate: Floats
    early_push: Floats
    entry: Dirichlet
    arrivals: Arrivals
    shock_close: float
    shock_demand: float
    late_entry: Floats = field(default_factory=lambda: np.tile([0.0, 1.0], (3, 1)))
    has_stages: bool = True
    has_close_dates: bool = True
    has_late_stages: bool = False
    has_open_amounts: bool = True
    notes: tuple[str, ...] = field(default=())
    customers: CustomerCalibration | None = None
    staffing: StaffingCalibration | None = None
    drift: Drift | None = None
    segment_ages: OwnFactors | None = None
    reps: OwnFactors | None = None
    clock: Clock | None = None
    evidence: Evidence | None = None
    pull: Pull | None = None
    next_snapshot: dt.date | None = None
    factor_covariance: Floats | None = None
    effect_covariance: Floats | None = None

    @property
    def all_segments(self) -> tuple[str, ...]:
        """Segments of the deals, then those that only customers have."""
        return self.customers.segments if self.customers is not None else self.segments
