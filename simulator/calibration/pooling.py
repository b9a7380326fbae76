"""Empirical-Bayes pooling of rates: a thin segment leans on the whole company."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy
from scipy import special

Floats = npt.NDArray[np.float64]

JEFFREYS_EVENTS = 0.5
"""Events that the prior of a company-wide rate is worth."""

SPREAD_SCALE = 0.5
"""Scale of the half-normal prior of the coefficient of variation of a rate between segments."""

SPREADS = np.geomspace(0.04, 1.6, 14)
"""Coefficients of variation between segments over which the posterior is averaged."""

Z_GRID = np.linspace(-4.0, 4.0, 25)


@dataclass(frozen=True)
class PooledRates:
    """Gamma posteriors of the rates of several groups.

    Parameters
    ----------
    shape, rate : ndarray of float64, shape (group,)
        Parameters of the Gamma; mean = shape / rate. Unit of rate: that of the exposure.
    mean, spread : float
        Rate of the whole and its coefficient of variation between groups, at their joint mode.
    pooled : bool
        False where there was one group only and so nothing to pool with.
    """

    shape: Floats
    rate: Floats
    mean: float
    spread: float
    pooled: bool


def pool_rates(events: Floats, exposure: Floats, prior_mean: float) -> PooledRates:
    """Estimate the rate of each group from its events and from the other groups.

    events ~ Poisson(rate * exposure), rate ~ Gamma(a, a / m) between groups. Given (a, m) each
    posterior is Gamma(a + events, a / m + exposure); (a, m) have the negative-binomial marginal
    likelihood (MODEL section 8) with weak priors, found by maximisation and averaged over around the mode, so
    that the intervals know that (a, m) are estimates too. The mixture is matched by mean and
    variance.

    Parameters
    ----------
    events, exposure : ndarray of float64, shape (group,)
        Counts and time at risk.
    prior_mean : float
        Rate about which the weak prior (half an event) of the whole is centred. Unit: per unit of exposure.
    """
    weak_rate = JEFFREYS_EVENTS / prior_mean
    if len(events) == 1:
        shape, rate = events + JEFFREYS_EVENTS, exposure + weak_rate
        return PooledRates(shape, rate, float(shape[0] / rate[0]), 0.0, False)
    total, days = float(events.sum()), float(exposure.sum())
    first_guess = (total + JEFFREYS_EVENTS) / (days + weak_rate)

    def loss(point: Floats) -> float:
        return -float(_log_posterior(np.array([point[0]]), np.exp(point[1]), events, exposure, weak_rate)[0])

    centre = np.log(first_guess)
    bounds = [(centre - 6.0, centre + 6.0), (np.log(SPREADS[0]), np.log(SPREADS[-1]))]
    start = np.array([centre, np.log(SPREAD_SCALE)])
    mode = scipy.optimize.minimize(
        loss, start, bounds=bounds, method="Nelder-Mead", options={"xatol": 1e-3}
    ).x
    log_means = np.stack([_mean_grid(float(mode[0]), cv, total, len(events)) for cv in SPREADS])
    log_weights = np.stack(
        [
            _log_posterior(row, cv, events, exposure, weak_rate)
            for row, cv in zip(log_means, SPREADS, strict=True)
        ]
    )
    log_weights += np.log(log_means[:, 1] - log_means[:, 0])[:, None]
    shape, rate = _match_mixture(log_means, log_weights, events, exposure)
    return PooledRates(shape, rate, float(np.exp(mode[0])), float(np.exp(mode[1])), True)


def _mean_grid(log_mode: float, spread: float, total: float, n_groups: int) -> Floats:
    sd = np.sqrt(1.0 / (total + JEFFREYS_EVENTS) + spread**2 / n_groups)
    return np.asarray(log_mode + sd * Z_GRID)


def _log_posterior(
    log_mean: Floats, spread: float, events: Floats, exposure: Floats, weak_rate: float
) -> Floats:
    """Return the log posterior density of (log mean, log spread), up to a constant, for many means."""
    mean = np.exp(log_mean)[:, None]
    a = spread**-2
    b = a / mean
    likelihood = (
        special.gammaln(a + events) - special.gammaln(a) + a * np.log(b) - (a + events) * np.log(b + exposure)
    ).sum(axis=1)
    prior_mean = JEFFREYS_EVENTS * log_mean - weak_rate * mean[:, 0]
    prior_spread = np.log(spread) - 0.5 * (spread / SPREAD_SCALE) ** 2
    return np.asarray(likelihood + prior_mean + prior_spread)


def _match_mixture(
    log_means: Floats, log_weights: Floats, events: Floats, exposure: Floats
) -> tuple[Floats, Floats]:
    """Return the Gamma with the mean and variance of the mixture over the grid, for each group."""
    weights = np.exp(log_weights - log_weights.max())
    weights = (weights / weights.sum())[..., None]
    a = (SPREADS**-2)[:, None, None]
    shape = a + events
    rate = a / np.exp(log_means)[..., None] + exposure
    mean = (weights * shape / rate).sum(axis=(0, 1))
    square = (weights * shape * (shape + 1.0) / rate**2).sum(axis=(0, 1))
    variance = square - mean**2
    return mean**2 / variance, mean / variance


def pool_counts(counts: Floats, prior_weight: float) -> Floats:
    """Return Dirichlet concentrations of each group's counts, drawn towards the shares of the whole.

    Parameters
    ----------
    counts : ndarray of float64, shape (group, value)
        How often each value was seen.
    prior_weight : float
        Observations that the shares of the whole are worth in a group.
    """
    whole = counts.sum(axis=0)
    share = whole / max(whole.sum(), 1.0)
    return np.asarray(counts + prior_weight * share)
