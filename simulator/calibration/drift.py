"""What changes from quarter to quarter: levels that wander or grow, and the shock that a quarter shares."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SHOCK_SCALE = 0.15
"""Scale of the half-normal prior of the standard deviation of the shared shock."""
WALK_SCALE = 0.05
"""The same of the step of a level from one quarter to the next, where it has steps at all."""
P_STEADY = 0.5
"""Prior probability that a level has no steps."""
GROWTH_SD = 0.05
"""Prior standard deviation of log growth a quarter, of what can grow."""
DAMPING = 0.8
"""Share of a quarter's growth that the next one keeps (damped trend, Gardner & McKenzie 1985)."""
LEVEL_SD = 10.0
SHOCKS = np.linspace(0.0, 0.6, 31)
WALKS = np.concatenate([[0.0], np.linspace(0.01, 0.2, 14)])
MIN_QUARTERS = 3
"""Quarters with fewer of which the answer is the prior's."""
MIN_EVENTS = 1.0


@dataclass(frozen=True)
class Course:
    """How counts ran beside what constant rates lead to expect: posterior means and deviations.

    Parameters
    ----------
    level, growth : float
        Log of the level now over what was expected, and its growth a quarter.
    covariance : ndarray of float64, shape (2, 2)
        Of level and growth, without what the scatter of the counts alone makes of the level.
    shock, shock_low, shock_high : float
        Standard deviation of a quarter's own log factor: root mean square and 80 % interval.
    walk : float
        Root mean square of the level's step from one quarter to the next.
    walk_score : float
        Log of how much better past quarters are foretold, each from those before it, by a level that
        walks than by a steady one.
    n_quarters : int
        Quarters that it rests on.
    quarters, path : ndarray of float64, shape (quarter,)
        When (in quarters before now, negative), and the log of the level then over the level now.
    """

    level: float
    growth: float
    covariance: Floats
    shock: float
    shock_low: float
    shock_high: float
    walk: float
    walk_score: float
    n_quarters: int
    quarters: Floats = field(default_factory=lambda: np.zeros(0))
    path: Floats = field(default_factory=lambda: np.zeros(0))


def steady_course(n_quarters: int = 0) -> Course:
    """Return what is believed of a course before there are quarters enough to tell."""
    weight = np.exp(-0.5 * (SHOCKS / SHOCK_SCALE) ** 2)
    weight /= weight.sum()
    low, high = _interval(weight)
    return Course(0.0, 0.0, np.zeros((2, 2)), _rms(weight, SHOCKS), low, high, 0.0, 0.0, n_quarters)


def fit_course(
    observed: Floats,
    expected: Floats,
    quarters: Floats,
    *,
    grows: bool = False,
    dispersion: float = 1.0,
    n_fitted: float = 0.0,
) -> Course:
    """Fit a level that may walk and grow, and a shock of each quarter, to counts by quarter.

    log(observed / expected) = level now + growth * t + walk(t) + shock + scatter of counts, all normal: a
    local level with diffuse start, so that an expectation fitted to the same counts needs no
    correction. The marginal likelihood of (shock, walk) is the product of how well each quarter was
    foretold from those before it; the answer is the mean over both, so weighted.

    Parameters
    ----------
    observed, expected : ndarray of float64, shape (quarter,)
        Events, and what constant rates lead to expect.
    quarters : ndarray of float64, shape (quarter,)
        When, counted from now: negative.
    grows : bool
        Whether growth is looked for.
    dispersion : float
        Variance / mean of the counts of a quarter without shock.
    n_fitted : float
        Parameters beside level and growth that the expectation was fitted with: deviations from the
        straight line are stretched by what these took.
    """
    used = expected >= MIN_EVENTS
    n = int(used.sum())
    if n < MIN_QUARTERS:
        return steady_course(n)
    y = np.log((observed[used] + 0.5) / expected[used])
    scatter = dispersion / expected[used]
    when = np.minimum(quarters[used], 0.0)
    y = _stretched(y, when, scatter, n_fitted)
    terms = np.stack([np.ones(n), when], axis=1)[:, : 2 if grows else 1]
    shocks, walks = (grid.ravel() for grid in np.meshgrid(SHOCKS, WALKS, indexing="ij"))
    fits = _fit(y, terms, when, scatter, (shocks, walks))
    weight = np.exp(fits.score - fits.score.max()) * _prior(shocks, walks)
    weight /= weight.sum()
    return _course(fits, weight, (shocks, walks), scatter, when)


@dataclass(frozen=True)
class _Fits:
    """The answer for every (shock, walk): coefficients, their covariance, the walk's path, log likelihood."""

    coefficients: Floats
    covariance: Floats
    path: Floats
    score: Floats


def _fit(y: Floats, terms: Floats, when: Floats, scatter: Floats, grid: tuple[Floats, Floats]) -> _Fits:
    shocks, walks = grid
    shared = np.minimum(np.abs(when)[:, None], np.abs(when)[None, :])
    walked = walks[:, None, None] ** 2 * shared
    covariance = walked + (scatter + shocks[:, None] ** 2)[:, :, None] * np.eye(len(y))
    # Log-normal factors of mean one have a log mean of minus half their variance.
    residual = y + 0.5 * shocks[:, None] ** 2
    inverse = np.linalg.inv(covariance)
    precision = np.diag(np.array([LEVEL_SD, GROWTH_SD][: terms.shape[1]]) ** -2)
    posterior = np.linalg.inv(terms.T @ inverse @ terms + precision)
    projected = np.einsum("qc,gqr,gr->gc", terms, inverse, residual)
    coefficients = np.einsum("gcd,gd->gc", posterior, projected)
    rest = np.einsum("gqr,gr->gq", inverse, residual - coefficients @ terms.T)
    path = np.einsum("gqr,gr->gq", walked, rest) + (coefficients[:, 1:] @ terms[:, 1:].T)
    fit = np.einsum("gq,gqr,gr->g", residual, inverse, residual) - (projected * coefficients).sum(axis=1)
    score = 0.5 * (np.linalg.slogdet(posterior)[1] - np.linalg.slogdet(covariance)[1] - fit)
    return _Fits(coefficients, np.asarray(posterior, dtype=np.float64), path, np.asarray(score, np.float64))


def _prior(shocks: Floats, walks: Floats) -> Floats:
    steps = np.exp(-0.5 * (walks / WALK_SCALE) ** 2)
    steps *= np.where(walks > 0, (1 - P_STEADY) / (steps[walks > 0].sum() / len(SHOCKS)), P_STEADY)
    return np.asarray(np.exp(-0.5 * (shocks / SHOCK_SCALE) ** 2) * steps)


def _course(
    fits: _Fits, weight: Floats, grid: tuple[Floats, Floats], scatter: Floats, when: Floats
) -> Course:
    shocks, walks = grid
    mean = weight @ fits.coefficients
    apart = fits.coefficients - mean
    total = np.einsum("g,gcd->cd", weight, fits.covariance + apart[:, :, None] * apart[:, None, :])
    covariance = np.zeros((2, 2))
    covariance[: len(mean), : len(mean)] = total
    # The scatter of the counts is in the rates' own intervals already.
    covariance[0, 0] = max(covariance[0, 0] - 1.0 / (1.0 / scatter).sum(), 0.0)
    room = np.sqrt(covariance[0, 0] * covariance[1, 1])
    covariance[0, 1] = covariance[1, 0] = np.clip(covariance[0, 1], -room, room)
    by_shock = weight.reshape(len(SHOCKS), -1).sum(axis=1)
    low, high = _interval(by_shock)
    prior = _prior(shocks, walks)
    likelihood = np.exp(fits.score - fits.score.max())
    walking = walks > 0
    score = np.log(np.average(likelihood[walking], weights=prior[walking])) - np.log(
        np.average(likelihood[~walking], weights=prior[~walking])
    )
    return Course(
        level=float(mean[0]),
        growth=float(mean[1]) if len(mean) > 1 else 0.0,
        covariance=covariance,
        shock=_rms(by_shock, SHOCKS),
        shock_low=low,
        shock_high=high,
        walk=_rms(weight, walks),
        walk_score=float(score),
        n_quarters=len(when),
        quarters=when,
        path=weight @ fits.path,
    )


def _stretched(y: Floats, when: Floats, scatter: Floats, n_fitted: float) -> Floats:
    """Stretch deviations from a straight line by what a fit of so many parameters took from them."""
    spare = len(y) - 2.0
    taken = min(n_fitted, 0.75 * spare)
    if taken <= 0.0:
        return y
    line = np.polynomial.Polynomial.fit(when, y, 1, w=scatter**-0.5)(when)
    return np.asarray(line + (y - line) * np.sqrt(spare / (spare - taken)))


def _interval(weight: Floats) -> tuple[float, float]:
    below = np.cumsum(weight)
    places = np.minimum(np.searchsorted(below, [0.1, 0.9]), len(SHOCKS) - 1)
    low, high = SHOCKS[places].tolist()
    return low, high


def _rms(weight: Floats, values: Floats) -> float:
    return float(np.sqrt(weight @ values**2))


def grown(quarters_ahead: npt.ArrayLike) -> Floats:
    """Return how many quarters' growth has come about so many quarters ahead: damped, less than these."""
    ahead = np.asarray(quarters_ahead, dtype=np.float64)
    return np.asarray((1.0 - DAMPING**ahead) / -np.log(DAMPING))


def by_quarter(values: Floats, quarter: Ints) -> Floats:
    """Add up values by quarter, from the first quarter to the last."""
    if not len(quarter):
        return np.zeros(0)
    return np.asarray(np.bincount(quarter - quarter.min(), values), dtype=np.float64)
