"""Empirical-Bayes pooling of chances: a thin segment leans on the whole company."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

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
