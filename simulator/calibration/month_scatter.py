"""How differently the months of a quarter turn out from one quarter to the next."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.calibration.calibration import FACTOR_LEVELS
from simulator.calibration.exposure import N_DESTINATIONS, DealMonths, total_by
from simulator.calibration.shock import quarterly_shock

Floats = npt.NDArray[np.float64]

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
