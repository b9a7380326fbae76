"""Companies that each break the plain law in one way, as worlds simulated day by day, with NumPy alone."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import erf

import numpy as np

from tests.worlds.daily import Deals, World

AS_OF = "2024-12-31"
FIRST = "2021-01-01"
YEARS = 4.0
"""Years from the first day to the last one known."""
WIN, LOSE = 0.004, 0.008
ZERO_DAY = int(np.datetime64(AS_OF, "D").astype(np.int64))
LOG_AMOUNT, AMOUNT_SD = 10.0, 0.7
QUARTER_DAYS = 91.3


@dataclass(frozen=True)
class Company:
    """A world (or one for each seed), what is asked of its forecasts, and whether its reps are named."""

    law: World | Callable[[int], World]
    most_bias: float = 0.05
    held: tuple[float, float] = (0.75, 0.85)
    has_reps: bool = False

    def world(self, seed: int) -> World:
        """Return the world of one company."""
        return self.law if isinstance(self.law, World) else self.law(seed)


def lognormal(rng: np.random.Generator, n: int, _: int) -> np.ndarray:
    return np.exp(LOG_AMOUNT + AMOUNT_SD * rng.standard_normal(n))


PLAIN = World(win=lambda *_: WIN, lose=lambda *_: LOSE, arrivals=lambda _: 1.0, amounts=lognormal)


def quarters_from_now(day: int) -> float:
    return (day - ZERO_DAY) / QUARTER_DAYS


def quarter_of_year(day: int) -> int:
    return int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64)) % 12 // 3


def by_age(survival: Callable[[np.ndarray], np.ndarray], n_days: int = 4000) -> np.ndarray:
    """Return the chance to end on each day of age."""
    left = survival(np.arange(n_days + 1.0))
    return 1.0 - left[1:] / np.maximum(left[:-1], 1e-12)


def ends_by_age(chance: np.ndarray) -> World:
    """Return a world in which a third of all ends is won, whatever the age."""

    def at(share: float) -> Callable[[int, Deals], np.ndarray]:
        return lambda day, deals: share * chance[np.minimum(day - deals.created, len(chance) - 1)]

    return replace(PLAIN, win=at(1 / 3), lose=at(2 / 3))


def _lognormal_left(age: np.ndarray, median: float = 70.0) -> np.ndarray:
    z = (np.log(np.maximum(age, 1e-9)) - np.log(median)) / 0.8
    return np.array([0.5 * (1.0 - erf(value / np.sqrt(2.0))) for value in z])


def win_times(factor: Callable[[int, Deals], np.ndarray | float], **more: object) -> World:
    """Return a world whose chances to win are multiplied by a factor."""
    return replace(PLAIN, win=lambda day, deals: WIN * factor(day, deals), **more)


def shock(company: int, copy: np.ndarray, day: int) -> np.ndarray:
    """Return the factor that all deals of a company share in a quarter; each continuation has its own."""
    quarter = int(np.datetime64(day, "D").astype("datetime64[M]").astype(np.int64)) // 3
    drawn = np.random.default_rng([77, company, quarter]).standard_normal(int(copy.max(initial=0)) + 1)
    return np.exp(0.25 * drawn[copy] - 0.5 * 0.25**2)


def shaken(company: int) -> World:
    """Return a world whose quarters share a shock, other ones for each company."""
    return win_times(lambda day, deals: shock(company, deals.copy, day))


def rep_effect(trait: np.ndarray) -> np.ndarray:
    """Return what each of eight reps does to the chance to win."""
    return np.exp(np.linspace(-0.8, 0.8, 8))[trait.astype(np.int64)]


def _coin(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 2, n).astype(np.float64)


ALIKE = replace(PLAIN, amounts=lambda _, n, __: np.ones(n), traits=_coin)
"""A trait that changes nothing; every deal is of the same amount."""
REP_ODDS = np.array([0.5, 2.0])
TWO_REPS = replace(ALIKE, win=lambda _, deals: WIN * REP_ODDS[deals.trait.astype(np.int64)])
"""The trait is the rep: the odds of one are half, of the other twice."""
_ENDS = np.stack([by_age(lambda age, m=m: _lognormal_left(age, m)) for m in (30.0, 180.0)])


def _ends(day: int, deals: Deals) -> np.ndarray:
    return _ENDS[deals.trait.astype(np.int64), np.minimum(day - deals.created, _ENDS.shape[1] - 1)]


TWO_SEGMENTS = replace(
    ALIKE, win=lambda day, deals: _ends(day, deals) / 3, lose=lambda day, deals: _ends(day, deals) * 2 / 3
)
"""The trait is the segment: half of the deals of one end within 30 days, of the other within 180."""


STEP = {"most_bias": 0.12, "held": (0.72, 0.88)}
SEASON = np.array([0.7, 1.1, 0.8, 1.4])
COMPANIES = {
    "plain (Markov)": Company(PLAIN),
    "log-normal times": Company(ends_by_age(by_age(_lognormal_left))),
    "Weibull times, shape 1.8": Company(ends_by_age(by_age(lambda age: np.exp(-((age / 95.0) ** 1.8))))),
    "a quarter of the deals never closes": Company(
        replace(
            PLAIN,
            win=lambda _, deals: np.where(deals.trait > 0, 0.0, WIN),
            lose=lambda _, deals: np.where(deals.trait > 0, 0.0, LOSE),
            traits=lambda rng, n: (rng.random(n) < 0.25).astype(np.float64),
        )
    ),
    "creation grows 8 % a quarter": Company(
        replace(PLAIN, arrivals=lambda day: 1.5 * 1.08 ** quarters_from_now(day))
    ),
    "wins halved two quarters ago": Company(
        win_times(lambda day, _: 0.5 if quarters_from_now(day) > -2 else 1.0), **STEP
    ),
    "wins doubled two quarters ago": Company(
        win_times(lambda day, _: 2.0 if quarters_from_now(day) > -2 else 1.0), **STEP
    ),
    "forty deals": Company(replace(PLAIN, arrivals=lambda _: 40 / (YEARS * 365)), held=(0.74, 1.0)),
    "Pareto amounts": Company(replace(PLAIN, amounts=lambda rng, n, _: 1e4 * (1.0 + rng.pareto(2.2, n)))),
    "odds fall with size": Company(
        win_times(
            lambda _, deals: np.exp(-0.5 * (np.log(deals.amount) - LOG_AMOUNT)),
            amounts=lambda rng, n, _: np.exp(LOG_AMOUNT + 1.2 * rng.standard_normal(n)),
        )
    ),
    "season of creation": Company(replace(PLAIN, arrivals=lambda day: float(SEASON[quarter_of_year(day)]))),
    "season of closing": Company(win_times(lambda day, _: SEASON[quarter_of_year(day)])),
    "amounts grow 5 % a quarter": Company(
        replace(
            PLAIN,
            amounts=lambda rng, n, day: lognormal(rng, n, day) * 1.05 ** quarters_from_now(day),
        )
    ),
    "reps differ": Company(
        win_times(
            lambda _, deals: rep_effect(deals.trait),
            traits=lambda rng, n: rng.integers(0, 8, n).astype(np.float64),
        ),
        has_reps=True,
    ),
    "a shock that deals share": Company(shaken),
}
