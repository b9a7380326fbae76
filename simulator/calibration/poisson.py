"""Penalised Poisson regression on counts with an exposure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from simulator.arrays import Floats

LARGEST_LOG = 30.0


@dataclass(frozen=True)
class PoissonFit:
    """Coefficients on the log scale and their Laplace covariance.

    Parameters
    ----------
    coefficients : ndarray of float64, shape (column,)
        Posterior mode.
    covariance : ndarray of float64, shape (column, column)
        Inverse of the curvature at the mode.
    converged : bool
        Whether the optimiser reached the mode; if not, the coefficients are the start.
    """

    coefficients: Floats
    covariance: Floats
    converged: bool


class _Problem:
    """Minus the log posterior of the coefficients, and its derivatives.

    Designs are one-hot: sparse products touch a quarter of the numbers and start no threads.
    """

    def __init__(self, design: Floats, events: Floats, exposure: Floats, precision: Floats) -> None:
        self.rows = scipy.sparse.csr_array(design)
        self.columns = self.rows.T.tocsr()
        self.exposure, self.precision = exposure, precision
        self.target = self.columns @ events

    def fitted(self, b: Floats) -> Floats:
        """Return the events that coefficients lead to expect, shape (row,)."""
        return np.asarray(self.exposure * np.exp(np.minimum(np.asarray(self.rows @ b), LARGEST_LOG)))

    def loss(self, b: Floats) -> float:
        """Return minus the log posterior, but for a constant."""
        return float(self.fitted(b).sum() - self.target @ b + 0.5 * b @ self.precision @ b)

    def gradient(self, b: Floats) -> Floats:
        """Return its slope, shape (column,)."""
        return np.asarray(self.columns @ self.fitted(b) - self.target + self.precision @ b)

    def curvature(self, b: Floats) -> Floats:
        """Return its second derivatives, shape (column, column)."""
        weighted = scipy.sparse.diags_array(self.fitted(b)) @ self.rows
        return np.asarray((self.columns @ weighted).toarray() + self.precision)


def fit_poisson(
    design: Floats, events: Floats, exposure: Floats, precision: Floats, start: Floats | None = None
) -> PoissonFit:
    """Fit events ~ Poisson(exposure * exp(design @ b)) with b ~ Normal(0, precision^-1).

    Parameters
    ----------
    design : ndarray of float64, shape (row, column)
        Covariates.
    events, exposure : ndarray of float64, shape (row,)
        Counts and what they are expected to be proportional to.
    precision : ndarray of float64, shape (column, column)
        Inverse covariance of the prior; must be positive definite.
    start : ndarray of float64, shape (column,), optional
        Where to start; zero by default.
    """
    used = exposure > 0
    events = events[used]
    problem = _Problem(design[used], events, exposure[used], precision)
    origin = np.zeros(design.shape[1]) if start is None else start
    scale = max(1.0, float(events.sum()))
    result = scipy.optimize.minimize(
        problem.loss,
        origin,
        jac=problem.gradient,
        hess=problem.curvature,
        method="trust-exact",
        options={"gtol": 1e-6 * scale, "maxiter": 200},
    )
    converged = bool(np.isfinite(result.fun) and np.abs(problem.gradient(result.x)).max() <= 1e-3 * scale)
    mode = np.asarray(result.x if converged else origin, dtype=np.float64)
    return PoissonFit(mode, np.asarray(np.linalg.inv(problem.curvature(mode)), dtype=np.float64), converged)


def centre(fit_mean: Floats, covariance: Floats, weights: Floats) -> tuple[Floats, Floats, float]:
    """Shift log factors so that their weighted mean is zero; return them, their sds and the shift.

    Parameters
    ----------
    fit_mean : ndarray of float64, shape (level,)
        Log factors.
    covariance : ndarray of float64, shape (level, level)
        Their covariance.
    weights : ndarray of float64, shape (level,)
        Weights of the levels; need not sum to one.
    """
    share = weights / weights.sum()
    shift = float(share @ fit_mean)
    projection = np.eye(len(share)) - share[None, :]
    variance = np.einsum("ij,jk,ik->i", projection, covariance, projection)
    return fit_mean - shift, np.sqrt(np.maximum(variance, 0.0)), shift
