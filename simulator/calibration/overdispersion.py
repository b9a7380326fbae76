"""How differently the months of a quarter turn out from one quarter to the next."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import FACTOR_LEVELS
from simulator.calibration.exposure import N_DESTINATIONS, DealMonths, total_by

N_PLACES = len(FACTOR_LEVELS["linearity"])


def month_variance(months: DealMonths, expected: Floats) -> Floats:
    """Return the variance of the log mean of each month of the quarter that counts of deals do not see.

    Many deals tell what happened in a month, few quarters what happens in such months: a month of a
    quarter scatters about its factor by a log-normal of its own, whose standard deviation is estimated
    from the months' deviations within their quarters.

    Parameters
    ----------
    months : DealMonths
        Rows.
    expected : ndarray of float64, shape (row, destination)
        Events that the fitted hazards, month of the quarter included, lead to expect.

    Returns
    -------
    ndarray of float64, shape (destination, 3)
    """
    out = np.zeros((N_DESTINATIONS, N_PLACES))
    if not len(months.month) or np.ptp(months.linearity) == 0:
        return out
    # The month of a quarter's first month numbers the quarter.
    quarter = months.month - months.linearity
    at = (quarter - quarter.min()) // N_PLACES * N_PLACES + months.linearity
    n = (int(at.max()) // N_PLACES + 1) * N_PLACES
    for k in range(N_DESTINATIONS):
        fitted = total_by(at, expected[:, k], n).reshape(-1, N_PLACES)
        seen = total_by(at, (months.event == k).astype(np.float64), n).reshape(-1, N_PLACES)
        total = fitted.sum(axis=0)
        if not (total > 0.0).all():
            continue
        spread = _spread(seen, fitted)
        out[k] = spread**2 * (fitted**2).sum(axis=0) / total**2
    return out


def _spread(seen: Floats, fitted: Floats) -> float:
    """Return the standard deviation of a month about its share of the quarter, shapes (quarter, 3).

    What a quarter has in all and what the months' factors were fitted to took some of the deviation; it
    is stretched by as much.
    """
    whole = fitted.sum(axis=1, keepdims=True)
    share = fitted / np.maximum(whole, 1e-12)
    expected = share * seen.sum(axis=1, keepdims=True)
    n_quarters = max(int((whole > 0.0).sum()), 2)
    spare = np.maximum(1.0 - share, 0.1) * (1.0 - 1.0 / n_quarters)
    stretched = np.maximum(expected + (seen - expected) / np.sqrt(spare), 0.0)
    return quarterly_shock(stretched.ravel(), expected.ravel()).mean


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
