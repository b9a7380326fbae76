"""What changes from quarter to quarter: levels that step or grow, and the shock that a quarter shares."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats, Ints
from simulator.calibration.local_level import SHOCK_SCALE, SHOCKS, LevelModels, Series

DAMPING = 0.8
"""Share of a quarter's growth that the next one keeps (damped trend, Gardner & McKenzie 1985)."""
SEASON_QUARTERS = 8.0
"""Quarters below which no season of closing is looked for."""
MOST_WINDOWS = 40
LEAST_SCATTER = 1e-4
MIN_QUARTERS = 3
"""Quarters with fewer of which the answer is the prior's."""
MIN_EVENTS = 1.0


@dataclass(frozen=True)
class Course:
    """How counts ran next to what constant rates lead to expect: posterior means and deviations.

    Parameters
    ----------
    level, growth : float
        Log of the level now over what was expected, and its growth a quarter.
    covariance : ndarray of float64, shape (2, 2)
        Of level and growth, without what the scatter of the counts alone makes of the level.
    shock, shock_low, shock_high : float
        Standard deviation of a quarter's own log factor: root mean square and 80 % interval.
    step_score : float
        Log of how much better a level with one lasting step explains past quarters than one without.
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
    step_score: float
    n_quarters: int
    quarters: Floats = field(default_factory=lambda: np.zeros(0))
    path: Floats = field(default_factory=lambda: np.zeros(0))
    season: Floats = field(default_factory=lambda: np.zeros(4))


def steady_course(n_quarters: int = 0) -> Course:
    """Return what is believed of a course before there are quarters enough to tell."""
    weight = np.exp(-0.5 * (SHOCKS / SHOCK_SCALE) ** 2) * np.gradient(SHOCKS)
    weight /= weight.sum()
    low, high = _interval(weight)
    return Course(0.0, 0.0, np.zeros((2, 2)), _rms(weight, SHOCKS), low, high, 0.0, n_quarters)


def fit_course(
    observed: Floats,
    expected: Floats,
    quarters: Floats,
    *,
    season: Ints | None = None,
    quarter: Ints | None = None,
    grows: bool = False,
    dispersion: float = 1.0,
    n_fitted: float = 0.0,
) -> Course:
    """Fit a level that may step and grow, a yearly season and shocks to counts by window.

    log(observed / expected) = level now + growth * t + season + shock + scatter of counts, all normal, with
    a diffuse level, so that an expectation fitted to the same counts needs no correction. Besides, at most
    one window may be odd, or the level may have stepped once: a lasting step is followed as soon as two
    windows show it, a single odd window is not. The answer is the mean over all of these, weighted by how
    well they explain the counts.

    Parameters
    ----------
    observed, expected : ndarray of float64, shape (window,)
        Events, and what constant rates lead to expect.
    quarters : ndarray of float64, shape (window,)
        Middle of each window, in quarters from now: negative.
    season : ndarray of int64, shape (window,), optional
        Quarter of the year of each window, where a season is looked for.
    quarter : ndarray of int64, shape (window,), optional
        Quarter that each window lies in, whose shock it shares; by default each is a quarter of its own.
    grows : bool
        Whether growth is looked for.
    dispersion : float
        Variance / mean of the counts of a window without shock.
    n_fitted : float
        Parameters next to level and growth that the expectation was fitted with: deviations from the
        straight line are stretched by what these took.
    """
    used = expected >= MIN_EVENTS
    n = int(used.sum())
    if n < MIN_QUARTERS:
        return steady_course(n)
    used &= np.cumsum(used[::-1])[::-1] <= MOST_WINDOWS
    y = np.log((observed[used] + 0.5) / expected[used])
    scatter = dispersion / expected[used]
    when = np.minimum(quarters[used], 0.0)
    y = _stretched(y, when, scatter, n_fitted)
    codes = season[used] if season is not None and np.ptp(when) >= SEASON_QUARTERS else None
    shared = np.arange(len(y)) if quarter is None else quarter[used]
    return fit_level(y, scatter, when, grows=grows, season=codes, quarter=shared)


def fit_level(
    y: Floats,
    scatter: Floats,
    when: Floats,
    *,
    grows: bool = False,
    season: Ints | None = None,
    quarter: Ints | None = None,
) -> Course:
    """Fit the same to logarithms of any kind, with the variance that each has by itself.

    Parameters
    ----------
    y, scatter, when : ndarray of float64, shape (window,)
        Log of the level seen, its variance, and the middle of its window in quarters from now.
    grows, season, quarter
        As in ``fit_course``.
    """
    terms = np.stack([np.ones(len(y)), when], axis=1)[:, : 2 if grows else 1]
    # Levels that agree to the last digit still say no more than this.
    scatter = np.maximum(scatter, LEAST_SCATTER)
    shared = np.arange(len(y)) if quarter is None else quarter
    return _course(LevelModels(Series(y, terms, when, scatter, season, shared)))


def _course(local: LevelModels) -> Course:
    log_weight = local.log_weights()
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = (weight[..., None] * local.coefficients).sum(axis=(0, 1))
    apart = local.coefficients - mean
    total = np.einsum("gc,gctu->tu", weight, local.spread + apart[..., :, None] * apart[..., None, :])
    covariance = np.zeros((2, 2))
    covariance[: len(mean), : len(mean)] = total
    # The scatter of the counts is in the rates' own intervals already.
    covariance[0, 0] = max(covariance[0, 0] - 1.0 / (1.0 / local.series.scatter).sum(), 0.0)
    room = np.sqrt(max(covariance[0, 0] * covariance[1, 1], 0.0))
    covariance[0, 1] = covariance[1, 0] = np.clip(covariance[0, 1], -room, room)
    by_grid = weight.sum(axis=1)
    by_shock = by_grid.reshape(len(SHOCKS), -1).sum(axis=1)
    low, high = _interval(by_shock)
    return Course(
        level=float(mean[0]),
        growth=float(mean[1]) if len(mean) > 1 else 0.0,
        covariance=covariance,
        shock=_rms(by_shock, SHOCKS),
        shock_low=low,
        shock_high=high,
        step_score=local.step_score(log_weight),
        n_quarters=len(local.series.when),
        quarters=local.series.when,
        path=local.paths(weight),
        season=local.season_now(weight),
    )


def _stretched(y: Floats, when: Floats, scatter: Floats, n_fitted: float) -> Floats:
    """Stretch deviations from a straight line by what a fit of this many parameters took from them."""
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
    """Return how many quarters' growth has come about this many quarters ahead: damped, less than these."""
    ahead = np.asarray(quarters_ahead, dtype=np.float64)
    return np.asarray((1.0 - DAMPING**ahead) / -np.log(DAMPING))


def by_quarter(values: Floats, quarter: Ints) -> Floats:
    """Add up values by quarter, from the first quarter to the last."""
    if not len(quarter):
        return np.zeros(0)
    return np.asarray(np.bincount(quarter - quarter.min(), values), dtype=np.float64)
