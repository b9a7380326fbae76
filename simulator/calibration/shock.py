"""How much more counts differ from what is expected of them than luck alone would make them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

PRIOR_SCALE = 0.15
"""Scale of the half-normal prior of the standard deviation."""
SPREADS = np.linspace(0.0, 0.8, 81)
NORMALS = np.linspace(-4.5, 4.5, 181)
MIN_EVENTS = 1.0


@dataclass(frozen=True)
class Shock:
    """Posterior of the standard deviation of a log-normal factor of a quarter.

    Parameters
    ----------
    mean, low, high : float
        Posterior mean and 80 % interval.
    n_quarters : int
        Quarters that it rests on.
    """

    mean: float
    low: float
    high: float
    n_quarters: int


def quarterly_shock(observed: Floats, expected: Floats, dispersion: float = 1.0) -> Shock:
    """Estimate the standard deviation of the shared factor from counts by quarter.

    observed ~ Poisson(expected * exp(s z - s^2 / 2)), z standard normal, s half-normal. A
    dispersion above 1 divides both, as in a quasi-Poisson likelihood. Without quarters the answer is
    the prior's: that nothing is known of a shock does not mean that there is none.

    Parameters
    ----------
    observed, expected : ndarray of float64, shape (quarter,)
        Events and what the fitted rates lead to expect.
    dispersion : float
        Variance / mean of the counts without a shock.
    """
    used = expected >= MIN_EVENTS
    y, mean = observed[used] / dispersion, expected[used] / dispersion
    log_factor = SPREADS[:, None] * NORMALS - 0.5 * SPREADS[:, None] ** 2
    log_weight = -0.5 * NORMALS**2
    log_terms = y[:, None, None] * log_factor - mean[:, None, None] * np.exp(log_factor) + log_weight
    top = log_terms.max(axis=2, keepdims=True)
    likelihood = (np.log(np.exp(log_terms - top).sum(axis=2)) + top[..., 0]).sum(axis=0)
    log_posterior = likelihood - 0.5 * (SPREADS / PRIOR_SCALE) ** 2
    weight = np.exp(log_posterior - log_posterior.max())
    weight /= weight.sum()
    below = np.cumsum(weight)
    low, high = (float(SPREADS[np.searchsorted(below, q)]) for q in (0.1, 0.9))
    return Shock(float(weight @ SPREADS), low, high, len(y))
