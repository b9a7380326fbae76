"""Churn beside coverage: how the odds to leave at a renewal moved while the people per account moved."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from simulator.calibration.contracts import Book
from simulator.calibration.renewals import TERM_CLASSES, renewals_behind, term_class

Floats = npt.NDArray[np.float64]

WIDTH_OF_80 = 2.5631
"""Standard deviations that an 80 % interval of a normal law spans."""
MOST_TENURE = 6
LEVEL_SD = 3.0
"""Prior standard deviation of levels on the logit scale: next to nothing is assumed of them."""
FEWEST_CHURNED = 30
LEAST_CONTRAST = 0.05
"""Standard deviation of coverage inside segments below which nothing can be learnt."""
N_STEPS = 50


@dataclass(frozen=True)
class CoverageEffect:
    """Log odds of churn at no coverage against full coverage.

    Parameters
    ----------
    mean, sd : float
        Posterior.
    prior_sd : float
    n_renewals, n_churned : int
        Behind it.
    """

    mean: float
    sd: float
    prior_sd: float
    n_renewals: int
    n_churned: int


@dataclass(frozen=True)
class _Renewals:
    level: npt.NDArray[np.int64]
    tenure: npt.NDArray[np.int64]
    missing: Floats
    churned: Floats


def churn_per_coverage(
    book: Book, months: Floats, coverage: Floats, assumed: tuple[float, float, float]
) -> CoverageEffect | None:
    """Estimate what missing coverage does to the odds to churn.

    Logistic regression of every renewal of the first life of every customer on 1 - coverage of its segment
    in its month, with a level for each segment and class of term and one for each number of renewals
    behind, so that only movements inside a segment count. The effect's prior is what is assumed of it.

    Parameters
    ----------
    book : Book
    months : ndarray of float64, shape (month,)
        Month numbers.
    coverage : ndarray of float64, shape (segment, month)
    assumed : tuple of float
        Factor on the odds at no coverage: value, low and high end of its 80 % interval.

    Returns
    -------
    CoverageEffect, optional
        None: too few customers left, or coverage hardly moved.
    """
    rows = _renewals(book, months, coverage)
    levels, level = np.unique(rows.level, return_inverse=True)
    if rows.churned.sum() < FEWEST_CHURNED:
        return None
    within = rows.missing - (np.bincount(level, rows.missing) / np.bincount(level))[level]
    if within.std() < LEAST_CONTRAST:
        return None
    prior_mean = float(np.log(assumed[0]))
    prior_sd = float(np.log(assumed[2] / assumed[1]) / WIDTH_OF_80)
    design = np.zeros((rows.churned.size, levels.size + MOST_TENURE + 1))
    index = np.arange(rows.churned.size)
    design[index, level] = 1.0
    later = rows.tenure > 0
    design[index[later], levels.size + np.minimum(rows.tenure[later], MOST_TENURE) - 1] = 1.0
    design[:, -1] = rows.missing
    centre = np.zeros(design.shape[1])
    centre[-1] = prior_mean
    precision = np.full(design.shape[1], LEVEL_SD**-2)
    precision[-1] = prior_sd**-2
    estimate, covariance = _newton(design, rows.churned, centre, precision)
    return CoverageEffect(
        float(estimate[-1]),
        float(np.sqrt(covariance[-1, -1])),
        prior_sd,
        int(rows.churned.size),
        int(rows.churned.sum()),
    )


def _newton(design: Floats, hit: Floats, centre: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Return the mode and covariance of a logistic regression with normal priors."""
    estimate = centre.copy()
    for _ in range(N_STEPS):
        p = expit(design @ estimate)
        gradient = design.T @ (hit - p) - precision * (estimate - centre)
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        estimate = estimate + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(estimate), np.asarray(np.linalg.inv(curvature), dtype=np.float64)


def _renewals(book: Book, months: Floats, coverage: Floats) -> _Renewals:
    c = book.contracts
    gone = np.isfinite(c.churned)
    first = renewals_behind(c.start, c.term, c.seen_from)
    nearest = np.rint((np.where(gone, c.churned, c.start) - c.start) / c.term).astype(np.int64)
    last = np.where(gone, np.maximum(nearest - 1, first) + 1, renewals_behind(c.start, c.term, c.as_of))
    n = np.maximum(last - first, 0)
    who = np.repeat(np.arange(n.size), n)
    behind = first[who] + np.arange(who.size) - np.repeat(np.cumsum(n) - n, n)
    time = c.start[who] + (behind + 1) * c.term[who]
    place = np.clip(np.floor(time - months[0]).astype(np.int64), 0, months.size - 1)
    return _Renewals(
        level=c.segment[who] * len(TERM_CLASSES) + term_class(c.term[who]),
        tenure=behind,
        missing=1.0 - coverage[c.segment[who], place],
        churned=(gone[who] & (behind == last[who] - 1)).astype(np.float64),
    )
