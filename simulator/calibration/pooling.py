"""Empirical-Bayes pooling of rates, chances and sizes: a thin segment leans on the whole company."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from scipy import special

from simulator.arrays import Floats, Ints

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
    found = scipy.optimize.minimize(loss, start, (), "Nelder-Mead", bounds=bounds, options={"xatol": 1e-3})
    mode = found.x
    log_means = np.stack([_mean_grid(float(mode[0]), cv, total, len(events)) for cv in SPREADS])
    pairs = zip(log_means, SPREADS, strict=True)
    log_weights = np.stack([_log_posterior(row, cv, events, exposure, weak_rate) for row, cv in pairs])
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


CONCENTRATIONS = np.geomspace(2.0, 2000.0, 16)
"""Trials that the chance of the whole is worth in a segment, over which the posterior is averaged."""
CONCENTRATION_LOG_MEAN, CONCENTRATION_LOG_SD = float(np.log(30.0)), 1.3
MEANS = special.expit(np.linspace(-8.0, 8.0, 161))
PRIOR_TRIALS = 1.0
"""Trials that the weak prior of the whole is worth."""


def pool_shares(events: Floats, trials: Floats, prior_share: float) -> Floats:
    """Estimate the chance of each group from its own trials and from those of the other groups.

    events ~ Binomial(trials, p), p ~ Beta(c m, c (1 - m)) between groups. Given (m, c) each posterior
    is Beta; they are averaged over a grid of (m, c), weighted by the beta-binomial marginal likelihood
    and weak priors, and matched by mean and variance.

    Parameters
    ----------
    events, trials : ndarray of float64, shape (group,)
        Successes, and how often there could have been one.
    prior_share : float
        Chance about which the weak prior of the whole is centred.

    Returns
    -------
    parameters : ndarray of float64, shape (group, 2)
        Beta(a, b) of each group.
    """
    m, c = (a.ravel() for a in np.meshgrid(MEANS, CONCENTRATIONS, indexing="ij"))
    a, b = (c * m)[:, None], (c * (1.0 - m))[:, None]
    failures = trials - events
    marginal = special.betaln(a + events, b + failures) - special.betaln(a, b)
    # The grid is even in the logit of m, hence the Jacobian in the Beta prior.
    prior = PRIOR_TRIALS * (prior_share * np.log(m) + (1.0 - prior_share) * np.log1p(-m))
    prior -= 0.5 * ((np.log(c) - CONCENTRATION_LOG_MEAN) / CONCENTRATION_LOG_SD) ** 2
    log_weight = marginal.sum(axis=1) + prior
    weight = np.exp(log_weight - log_weight.max())
    weight = (weight / weight.sum())[:, None]
    first = (a + events) / (a + b + trials)
    second = first * (a + events + 1.0) / (a + b + trials + 1.0)
    mean = (weight * first).sum(axis=0)
    variance = (weight * second).sum(axis=0) - mean**2
    size = mean * (1.0 - mean) / variance - 1.0
    return np.stack([mean * size, (1.0 - mean) * size], axis=1)


PRIOR_LOG_SD = 0.5
"""Spread of sizes within a segment, and uncertainty of their mean, where nothing was seen."""
PRIOR_SD_EVENTS = 3.0
BETWEEN_SEGMENTS = 0.25
"""Prior standard deviation of the log mean size between segments."""
LARGEST_SHARE = 20.0
SMALLEST_SHARE = 1e-6


@dataclass(frozen=True)
class Sizes:
    """Log-normal distributions of a share of ARR; rows are segments.

    Parameters
    ----------
    log_mean, log_mean_sd : ndarray of float64, shape (segment,)
        Normal posterior of the log of the mean share, each event weighted by the ARR it changed.
    log_sd : float
        Spread of the log share between events.
    events : ndarray of float64, shape (segment,)
        Events behind it.
    """

    log_mean: Floats
    log_mean_sd: Floats
    log_sd: float
    events: Floats


def pool_sizes(share: Floats, arr: Floats, segment: Ints, n_segments: int, prior_mean: float) -> Sizes:
    """Estimate the mean share by segment, a thin one leaning on the whole.

    The mean is weighted by ARR, since it is money that it must forecast; its standard error uses the
    effective number of events. Segment means are Normal about the company's.

    Parameters
    ----------
    share, arr : ndarray of float64, shape (event,)
        Change / ARR before, and ARR before.
    segment : ndarray of int64, shape (event,)
    n_segments : int
    prior_mean : float
        Mean share where nothing was seen.
    """
    used = (share >= SMALLEST_SHARE) & (share <= LARGEST_SHARE) & (arr > 0)
    share, arr, segment = share[used], arr[used], segment[used]
    n = np.bincount(segment, minlength=n_segments).astype(np.float64)
    log_sd = _spread(np.log(share), segment, n_segments)
    weight = np.bincount(segment, arr, n_segments)
    effective = np.divide(
        weight**2, np.bincount(segment, arr**2, n_segments), out=np.zeros(n_segments), where=n > 0
    )
    own = np.log(
        np.divide(np.bincount(segment, arr * share, n_segments), weight, out=np.ones(n_segments), where=n > 0)
    )
    variance = np.divide(np.expm1(log_sd**2), effective, out=np.full(n_segments, np.inf), where=n > 0)
    precision = 1.0 / (variance + BETWEEN_SEGMENTS**2)
    prior_precision = 1.0 / PRIOR_LOG_SD**2
    total = precision.sum() + prior_precision
    company = float((precision @ own + prior_precision * np.log(prior_mean)) / total)
    between = BETWEEN_SEGMENTS**2
    if n_segments == 1:
        company, between = float(np.log(prior_mean)), PRIOR_LOG_SD**2
    weight_own = np.where(n > 0, between / (between + variance), 0.0)
    log_mean = weight_own * own + (1.0 - weight_own) * company
    rest = (1.0 - weight_own) ** 2 / total if n_segments > 1 else 0.0
    log_mean_sd = np.sqrt((1.0 - weight_own) * between + rest)
    return Sizes(log_mean, log_mean_sd, log_sd, n)


def _spread(log_share: Floats, segment: Ints, n_segments: int) -> float:
    """Return the pooled standard deviation within segments, with a prior worth a few events."""
    n = np.bincount(segment, minlength=n_segments)
    mean = np.bincount(segment, log_share, n_segments) / np.maximum(n, 1)
    squares = float(((log_share - mean[segment]) ** 2).sum())
    freedom = float(np.maximum(n - 1, 0).sum())
    return float(np.sqrt((squares + PRIOR_SD_EVENTS * PRIOR_LOG_SD**2) / (freedom + PRIOR_SD_EVENTS)))
