"""Companies drawn at random from a stated prior: sizes, seasons, drift and warts all differ."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import numpy as np

from simulator.arrays import Floats
from simulator.fiscal import FiscalCalendar, first_of_month
from simulator.history.tables import History
from simulator.scenario.levers import Lever
from tools.sample_company.company import TRUTH
from tools.sample_company.history import simulate_history
from tools.sample_company.truth import SegmentTruth, Stays, Truth
from tools.sample_company.warts import Warts

FIRST_YEAR = 2022
PRIOR = {
    "segments": "1 to 4, SALs shared among them by a Dirichlet of 3",
    "SALs a month": "15 to 120, log-uniform, from one to three sources",
    "median amount of a segment": "5,000 to 150,000, log-uniform; log sd 0.5 to 1.0",
    "days in a category": "10 to 60, log-uniform, times 1, 0.75 and 0.45 along the way",
    "where deals go next": "mid-market's shares, each times a log-normal of sd 0.25",
    "factors of age, due date, month of quarter, pushes and stage": "the sample's, to a power of 0.4 to 1.6",
    "season": "log-normal of sd 0.12 a month",
    "scatter of SALs": "size of the negative binomial 5 to 100, log-uniform",
    "shared shock on closing, on demand": "log sd half-normal of 0.10 and 0.08",
    "drift of closing": "random walk by quarter, sd half-normal of 0.04",
    "growth of SALs": "normal of mean 5 % and sd 15 % a year",
    "drift of SALs": "random walk by quarter, sd half-normal of 0.04",
    "warts": "0 to 2 times the sample's",
    "fiscal year": "begins in any month",
}
"""What companies are drawn from, in words."""


@dataclass(frozen=True)
class DrawnCompany:
    """A company, and how its rates drift.

    Parameters
    ----------
    truth : Truth
        Rates of the first quarter.
    calendar : FiscalCalendar
    first_day, as_of : datetime.date
        The span that is simulated; first of a quarter, last of one.
    drift : tuple of Lever
        Factors by quarter on closing and on SALs.
    warts : Warts
    seed : int
        Of everything random.
    """

    truth: Truth
    calendar: FiscalCalendar
    first_day: dt.date
    as_of: dt.date
    drift: tuple[Lever, ...]
    warts: Warts
    seed: int

    def history(self) -> History:
        """Return what the company has on record."""
        return simulate_history(
            self.truth,
            self.first_day,
            self.as_of,
            self.calendar,
            self.seed,
            warts=self.warts,
            drift=self.drift,
        )


def draw_company(
    seed: int, *, n_quarters: int = 17, size: tuple[float, float] = (15.0, 120.0)
) -> DrawnCompany:
    """Draw a company from the prior (``PRIOR``).

    Parameters
    ----------
    seed : int
        The same company for the same number.
    n_quarters : int
        Length of its history.
    size : tuple of float
        Fewest and most SALs a month of the whole company.
    """
    rng = np.random.default_rng([20260731, seed])
    calendar = FiscalCalendar(int(rng.integers(1, 13)), "end")
    first = FIRST_YEAR * 12 + calendar.start_month - 1
    truth = _truth(rng, _log_uniform(rng, *size))
    return DrawnCompany(
        truth=truth,
        calendar=calendar,
        first_day=first_of_month(first),
        as_of=first_of_month(first + 3 * n_quarters) - dt.timedelta(days=1),
        drift=_drift(rng, first, n_quarters),
        warts=_warts(rng),
        seed=seed,
    )


def _log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _truth(rng: np.random.Generator, sals: float) -> Truth:
    n = int(rng.integers(1, 5))
    share = rng.dirichlet(np.full(n, 3.0))
    sources = ("marketing", "outbound", "partner")[: int(rng.integers(1, 4))]
    season = np.exp(rng.normal(0.0, 0.12, 12))
    return replace(
        TRUTH,
        segments={f"segment_{'abcd'[i]}": _segment(rng, sals * float(share[i]), sources) for i in range(n)},
        factors=_factors(rng),
        effects={name: effect for name, effect in TRUTH.effects.items() if name != "source"}
        | {"source": {name: TRUTH.effects["source"][name] for name in sources}},
        dispersion=_log_uniform(rng, 5.0, 100.0),
        season=tuple((season / season.mean()).tolist()),
        shock_close=abs(float(rng.normal(0.0, 0.10))),
        shock_demand=abs(float(rng.normal(0.0, 0.08))),
    )


def _segment(rng: np.random.Generator, sals: float, sources: tuple[str, ...]) -> SegmentTruth:
    days = _log_uniform(rng, 10.0, 60.0)
    by_source = sals * rng.dirichlet(np.full(len(sources), 3.0))
    stays: Stays = {}
    for (category, (_, shares)), pace in zip(
        TRUTH.segments["midmarket_amer"].stays.items(), (1.0, 0.75, 0.45), strict=True
    ):
        drawn = {name: share * float(np.exp(rng.normal(0.0, 0.25))) for name, share in shares.items()}
        stays[category] = (days * pace, {name: share / sum(drawn.values()) for name, share in drawn.items()})
    return SegmentTruth(
        sals=dict(zip(sources, by_source.tolist(), strict=True)),
        median_amount=_log_uniform(rng, 5_000.0, 150_000.0),
        log_sd=float(rng.uniform(0.5, 1.0)),
        stays=stays,
        first_close_months=days / 12.0,
    )


def _factors(rng: np.random.Generator) -> dict[str, dict[tuple[str, str], tuple[float, ...]]]:
    """Return the sample's factors, each kind of them stronger or weaker."""
    drawn = {}
    for name, tables in TRUTH.factors.items():
        power = float(rng.uniform(0.4, 1.6))
        drawn[name] = {place: tuple(value**power for value in values) for place, values in tables.items()}
    return drawn


def _drift(rng: np.random.Generator, first_month: int, n_quarters: int) -> tuple[Lever, ...]:
    """Return the factors of each quarter: a random walk of closing, growth and a random walk of SALs."""
    closing = _walk(rng, n_quarters)
    growth = float(rng.normal(0.05, 0.15)) / 4.0
    sals = _walk(rng, n_quarters) + growth * np.arange(n_quarters)
    return tuple(
        Lever(name, float(np.exp(walk[q])), None, None, first_month + 3 * q, first_month + 3 * q + 2)
        for name, walk in (("close_odds", closing), ("sals", sals))
        for q in range(n_quarters)
    )


def _walk(rng: np.random.Generator, n_quarters: int) -> Floats:
    sd = abs(float(rng.normal(0.0, 0.04)))
    return np.concatenate([[0.0], np.cumsum(rng.normal(0.0, sd, n_quarters - 1))])


def _warts(rng: np.random.Generator) -> Warts:
    usual = Warts()
    times = rng.uniform(0.0, 2.0, 5)
    names = ("zombie", "skipped_stage", "no_reason", "serial_slipper", "edited_after_close")
    return Warts(**{name: float(getattr(usual, name) * t) for name, t in zip(names, times, strict=True)})
