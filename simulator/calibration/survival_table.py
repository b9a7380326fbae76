"""Renewal rates from an aggregated table: how many of a cohort were left after each renewal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
from scipy import special

from simulator.arrays import Floats, Ints
from simulator.calibration.posteriors import Z_HIGH
from simulator.calibration.renewals import log_likelihood, survival
from simulator.errors import Fault, InputError

COHORT_SIZE = 1000.0
"""Customers that a table of percentages is taken to rest on, as in Fader & Hardie 2007."""
LOG_BOUNDS = (-6.0, 9.0)
ALIKE, INDISTINCT = 1e7, 1e-3
"""Alpha + beta with which all customers are alike, and the log-likelihood that makes no difference."""


@dataclass(frozen=True)
class SurvivalFit:
    """Maximum-likelihood shifted-beta-geometric law of one cohort.

    Parameters
    ----------
    cohort : str
        Name of the column.
    alpha, beta : float
        Parameters of the Beta law of churn per renewal.
    covariance : ndarray of float64, shape (2, 2)
        Of (log alpha, log beta), from the curvature at the maximum.
    survivors : ndarray of float64, shape (n_renewals + 1,)
        Customers left after 0, 1, 2 … renewals.
    converged : bool
        Whether customers differ as far as the table can tell; if not, alpha and beta are a large pair
        with the right mean, which is churn at the same rate for all.
    """

    cohort: str
    alpha: float
    beta: float
    covariance: Floats
    survivors: Floats
    converged: bool


def fit_survival_table(survivors: Floats, cohort: str = "cohort") -> SurvivalFit:
    """Fit the distribution to the customers left after 0, 1, 2 … renewals by maximum likelihood.

    Parameters
    ----------
    survivors : ndarray of float64, shape (n_renewals + 1,)
        Never increasing; the last are right-censored.
    cohort : str
        Name for messages.

    Raises
    ------
    InputError
        Fewer than two renewals, or a count that rises, is negative or not finite.
    """
    survivors = np.asarray(survivors, dtype=np.float64)
    if faults := _faults(survivors, cohort):
        raise InputError(faults)
    at_risk, churned = survivors[:-1], survivors[:-1] - survivors[1:]

    def loss(point: Floats) -> float:
        alpha, beta = np.exp(point)
        return -float(log_likelihood(np.array(alpha), np.array(beta), at_risk, churned))

    def slope(point: Floats) -> Floats:
        return -_slope(np.exp(point), at_risk, churned)

    bounds = [LOG_BOUNDS] * 2
    found = scipy.optimize.minimize(
        loss, np.zeros(2), jac=slope, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-15, "gtol": 1e-9}
    )
    share = churned.sum() / at_risk.sum()
    alike = np.log(np.array([share, 1.0 - share]) * ALIKE + 1e-300)
    if loss(alike) <= found.fun + INDISTINCT:
        return SurvivalFit(cohort, share * ALIKE, (1.0 - share) * ALIKE, np.zeros((2, 2)), survivors, False)
    covariance = np.asarray(np.linalg.pinv(_curvature(loss, found.x), hermitian=True))
    alpha, beta = map(float, np.exp(found.x))
    return SurvivalFit(cohort, alpha, beta, covariance, survivors, True)


def _slope(law: Floats, at_risk: Floats, churned: Floats) -> Floats:
    """Return the slope of the log-likelihood in (log alpha, log beta)."""
    n = np.arange(at_risk.size)
    alpha, beta = law
    met = at_risk / (alpha + beta + n)
    stayed = (at_risk - churned) / (beta + n)
    return np.array([alpha * (churned / alpha - met).sum(), beta * (stayed - met).sum()])


def _faults(survivors: Floats, cohort: str) -> list[Fault]:
    if survivors.size < 3:
        return [Fault(cohort, "fewer than two renewals", "Give the customers left after 0, 1, 2 … renewals.")]
    if not np.isfinite(survivors).all() or (survivors < 0).any() or survivors[0] <= 0:
        return [Fault(cohort, "counts must be numbers, zero or more, the first above zero", "Correct them.")]
    rising = np.flatnonzero(np.diff(survivors) > 0)
    return [
        Fault(
            f"{cohort}, renewal {i + 1}",
            f"more customers are left ({survivors[i + 1]:g}) than before ({survivors[i]:g})",
            "A cohort never grows: count only the customers who started together.",
        )
        for i in rising
    ]


def _curvature(loss: Callable[[Floats], float], at: Floats, step: float = 1e-3) -> Floats:
    out = np.empty((2, 2))
    shifts = np.eye(2) * step
    for i, j in np.ndindex(2, 2):
        corners = [a * b * loss(at + a * shifts[i] + b * shifts[j]) for a in (1.0, -1.0) for b in (1.0, -1.0)]
        out[i, j] = sum(corners) / (4 * step * step)
    return out


def project_survival(fit: SurvivalFit, n_renewals: int) -> pd.DataFrame:
    """Return the share of the cohort left after each renewal, observed and by the law.

    Returns
    -------
    DataFrame
        ``renewal``, ``observed`` (missing beyond the table), ``survival`` with its 80 % interval
        ``low``, ``high`` (delta method, of the law, without the luck of a finite cohort) and
        ``renewal_rate``: the share of those who came to the renewal that keep it.
    """
    n = np.arange(n_renewals + 1)
    share = survival(fit.alpha, fit.beta, n)
    at = np.log([fit.alpha, fit.beta])
    step = 1e-5
    slopes = np.stack(
        [(_log_odds(np.exp(at + d), n) - _log_odds(np.exp(at - d), n)) / (2 * step) for d in np.eye(2) * step]
    )
    sd = np.sqrt(np.maximum(np.einsum("in,ij,jn->n", slopes, fit.covariance, slopes), 0.0))
    centre = special.logit(np.clip(share, 1e-12, 1 - 1e-12))
    low, high = special.expit(centre - Z_HIGH * sd), special.expit(centre + Z_HIGH * sd)
    low[0] = high[0] = 1.0
    observed = np.full(n.size, np.nan)
    seen = min(n.size, fit.survivors.size)
    observed[:seen] = fit.survivors[:seen] / fit.survivors[0]
    rate = np.concatenate([[np.nan], share[1:] / share[:-1]])
    return pd.DataFrame(
        {
            "renewal": n,
            "observed": observed,
            "survival": share,
            "low": low,
            "high": high,
            "renewal_rate": rate,
        }
    )


def _log_odds(law: Floats, n: Ints) -> Floats:
    share = np.clip(survival(law[0], law[1], n), 1e-12, 1 - 1e-12)
    return np.asarray(special.logit(share))


def read_survival_table(path: Path) -> dict[str, Floats]:
    """Read cohorts from a CSV file: the first column counts renewals from 0, each other is a cohort.

    Numbers are customers left; a column whose first value is 100 or 1 is read as a percentage or a
    share of 1,000 customers.

    Raises
    ------
    InputError
        The file is no such table.
    """
    remedy = "The first column counts 0, 1, 2 …; each other column holds the customers left of one cohort."
    try:
        table = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise InputError.of(str(path), "cannot be read as a table", remedy) from error
    if table.shape[1] < 2 or len(table) < 3:
        raise InputError.of(str(path), "is not a survival table", remedy)
    period = pd.to_numeric(table.iloc[:, 0], errors="coerce").to_numpy(np.float64)
    faults = []
    if not np.array_equal(period, np.arange(period.size)):
        faults.append(Fault(f"{path}, column {table.columns[0]}", "does not count 0, 1, 2 …", remedy))
    cohorts = {}
    for name in table.columns[1:]:
        values = pd.to_numeric(table[name], errors="coerce").to_numpy(np.float64)
        held = np.flatnonzero(np.isfinite(values))
        values = values[: held[-1] + 1] if held.size else values[:0]
        scale = COHORT_SIZE / values[0] if values.size and values[0] in (1.0, 100.0) else 1.0
        faults += _faults(values * scale, f"{path}, column {name}")
        cohorts[str(name)] = values * scale
    if faults:
        raise InputError(faults)
    return cohorts
