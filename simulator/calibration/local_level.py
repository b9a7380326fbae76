"""The level of one series, with every size of shock and season, every lasting step and odd window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from simulator.arrays import Floats, Ints

SHOCK_SCALE = 0.15
"""Scale of the half-Cauchy prior of the standard deviation of the shared shock."""
STEP_SIZE = 0.7
"""Standard deviation of the log of a single lasting step, and of a single odd window."""
P_STEP, P_ODD = 0.15, 0.04
"""Prior odds of such a step in a quarter, and of an odd window."""
GROWTH_SD = 0.1
"""Prior standard deviation of log growth a quarter, of what can grow."""
LEVEL_SD = 10.0
SHOCKS = np.array([0.0, 0.03, 0.06, 0.1, 0.14, 0.18, 0.23, 0.29, 0.36, 0.45, 0.57, 0.72, 0.9, 1.13, 1.42])
SEASONS = np.array([0.0, 0.12, 0.3])
P_NO_SEASON = 0.5


@dataclass(frozen=True)
class Series:
    """Logarithms seen, window by window.

    Parameters
    ----------
    y : ndarray of float64, shape (window,)
    terms : ndarray of float64, shape (window, 1 or 2)
        Ones, and where growth is looked for the time.
    when : ndarray of float64, shape (window,)
        Middle of each window in quarters from now: negative.
    scatter : ndarray of float64, shape (window,)
        Variance of each logarithm by itself.
    season : ndarray of int64, shape (window,), optional
        Quarter of the year, where a season is looked for.
    quarter : ndarray of int64, shape (window,)
        Quarter whose shock a window shares.
    """

    y: Floats
    terms: Floats
    when: Floats
    scatter: Floats
    season: Ints | None
    quarter: Ints


class LevelModels:
    """All models of a series at once: solutions and scores by (shock, season) and unusual case."""

    def __init__(self, series: Series) -> None:
        self.series = series
        season, quarter = series.season, series.quarter
        seasons = SEASONS if season is not None else SEASONS[:1]
        grid = np.meshgrid(SHOCKS, seasons, indexing="ij")
        self.shocks, self.seasons = (axis.ravel() for axis in grid)
        self.shared = (quarter[:, None] == quarter[None, :]).astype(np.float64)
        # A season adds nothing over the year.
        self.yearly = np.zeros((len(quarter), len(quarter)))
        if season is not None:
            self.yearly = (season[:, None] == season[None, :]) * (4.0 / 3.0) - 1.0 / 3.0
        self.unusual, self.log_prior = self._unusual()
        self.prior_sd = np.array([LEVEL_SD, GROWTH_SD][: series.terms.shape[1]])
        self._fit()

    def _unusual(self) -> tuple[Floats, Floats]:
        """Return what may have happened, shape (case, window), nothing first, and its log prior."""
        n = len(self.series.y)
        order = np.argsort(self.series.when)
        rank = np.empty(n, dtype=np.int64)
        rank[order] = np.arange(n)
        # A step lifts all windows before it against the level now.
        steps = (rank[None, :] < np.arange(1, n)[:, None]).astype(np.float64)
        cases = np.concatenate([np.zeros((1, n)), steps, np.eye(n)]) * STEP_SIZE
        gap = np.median(np.diff(np.sort(self.series.when))) if n > 1 else 1.0
        chance = np.concatenate([[1.0], np.full(n - 1, P_STEP * gap), np.full(n, P_ODD)])
        return cases, np.log(chance)

    def _fit(self) -> None:
        prior = (self.series.terms * self.prior_sd**2) @ self.series.terms.T
        covariance = (
            prior
            + self.seasons[:, None, None] ** 2 * self.yearly
            + self.shocks[:, None, None] ** 2 * self.shared
            + np.diag(self.series.scatter)
        )
        # Log-normal factors of mean one have a log mean of minus half their variance.
        residual = self.series.y + 0.5 * self.shocks[:, None] ** 2
        inverse = np.linalg.inv(covariance)
        solved = np.einsum("gqr,gr->gq", inverse, residual)
        solved_cases = np.einsum("gqr,cr->gcq", inverse, self.unusual)
        stretch = 1.0 + np.einsum("gcq,cq->gc", solved_cases, self.unusual)
        hit = solved @ self.unusual.T
        fit = np.einsum("gq,gq->g", residual, solved)[:, None] - hit**2 / stretch
        log_det = np.linalg.slogdet(covariance)[1][:, None] + np.log(stretch)
        self.score = -0.5 * (log_det + fit)
        self.solved = solved[:, None] - solved_cases * (hit / stretch)[..., None]
        projected = self.series.terms * self.prior_sd**2
        self.coefficients = self.solved @ projected
        inner = np.einsum("qt,gqr,rs->gts", projected, inverse, projected)
        pulled = solved_cases @ projected
        self.spread = (
            np.diag(self.prior_sd**2)
            - inner[:, None]
            + pulled[..., :, None] * pulled[..., None, :] / stretch[..., None, None]
        )

    def log_weights(self) -> Floats:
        """Return the log posterior of every (shock, season) and case, up to a constant."""
        shocks = -np.log1p((self.shocks / SHOCK_SCALE) ** 2)
        seasons = np.log(np.where(self.seasons > 0.0, 1.0 - P_NO_SEASON, P_NO_SEASON))
        return np.asarray(self.score + (shocks + seasons)[:, None] + self.log_prior)

    @property
    def steps(self) -> slice:
        """Which cases are lasting steps; the first case is none."""
        return slice(1, len(self.series.y))

    def step_score(self, log_weight: Floats) -> float:
        """Return the log of how much better one lasting step explains the series than none."""
        odds = special.logsumexp(log_weight[:, self.steps]) - special.logsumexp(log_weight[:, 0])
        return float(odds - special.logsumexp(self.log_prior[self.steps]))

    def paths(self, weight: Floats) -> Floats:
        """Return the log of the level at each window over the level now, growth included."""
        stepped = self.unusual[self.steps]
        pulled = np.einsum("gcq,cq,gc->c", self.solved[:, self.steps], stepped, weight[:, self.steps])
        growth = (weight[..., None] * self.coefficients).sum(axis=(0, 1))[1:]
        return np.asarray(pulled @ stepped + self.series.terms[:, 1:] @ growth)

    def season_now(self, weight: Floats) -> Floats:
        """Return the log factor of each quarter of the year, mean 0."""
        if self.series.season is None:
            return np.zeros(4)
        solved = ((self.seasons**2)[:, None] * np.einsum("gc,gcq->gq", weight, self.solved)).sum(axis=0)
        which = (np.arange(4)[:, None] == self.series.season) * (4.0 / 3.0) - 1.0 / 3.0
        return np.asarray(which @ solved)
