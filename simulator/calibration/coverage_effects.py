"""Churn and coverage: how the odds to leave at a renewal moved while the people per account moved.

An association until shown otherwise. Levels by segment and term, a trend of each segment and effects of the
calendar are estimated with it, so that what moves everywhere, or steadily, explains nothing; and next
quarter's coverage must not explain this quarter's churn (a placebo).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from simulator.arrays import Floats, Ints
from simulator.calibration.contracts import Book
from simulator.calibration.renewals import TERM_CLASSES, renewals_behind, term_class

MOST_TENURE = 6
LEVEL_SD = 3.0
"""Prior standard deviation of levels on the logit scale: next to nothing is assumed of them."""
NUISANCE_SD = 1.0
"""The same of a quarter of the calendar, and of a segment's trend by year."""
EFFECT_SD = 3.0
"""The same of the effect itself: what is assumed where the history says nothing does not weigh in."""
FEWEST_CHURNED = 30
LEAST_CONTRAST = 0.04
"""Standard deviation of coverage, less what levels, trends and calendar explain: less says nothing."""
LARGEST_SD = 0.45
"""An effect less sure than that, on the log scale, is none that a plan can rest on."""
PLACEBO_Z = 1.96
QUARTER = 3.0
N_STEPS = 50


@dataclass(frozen=True)
class CoverageEffect:
    """Log odds of churn at no coverage against full coverage.

    Parameters
    ----------
    mean, sd : float
        Estimate, from the history alone.
    placebo_z : float
        Next quarter's coverage as an explanation of this quarter's churn, in standard errors.
    n_renewals, n_churned : int
        Behind it.
    """

    mean: float
    sd: float
    placebo_z: float
    n_renewals: int
    n_churned: int

    @property
    def is_calibrated(self) -> bool:
        """Whether the history shows it: sure enough, and the placebo explains nothing."""
        return self.sd <= LARGEST_SD and abs(self.placebo_z) < PLACEBO_Z


@dataclass(frozen=True)
class _Renewals:
    segment: Ints
    level: Ints
    tenure: Ints
    time: Floats
    missing: Floats
    later: Floats
    churned: Floats


def churn_per_coverage(
    book: Book, months: Floats, coverage: Floats, by_segment: Floats | None = None
) -> CoverageEffect | None:
    """Estimate what missing coverage does to the odds to churn.

    Logistic regression of every renewal of the first life of every customer on 1 - coverage in its month.

    Parameters
    ----------
    book : Book
    months : ndarray of float64, shape (month,)
        Month numbers.
    coverage : ndarray of float64, shape (segment, month) or (customer, month)
    by_segment : ndarray of float64, shape (segment, month), optional
        For the placebo where ``coverage`` is by customer: who has left is looked after by nobody later.

    Returns
    -------
    CoverageEffect, optional
        None: too few customers left, or coverage hardly moved but with trend and calendar.
    """
    rows = _renewals(book, months, coverage, coverage if by_segment is None else by_segment)
    if rows.churned.sum() < FEWEST_CHURNED:
        return None
    design, sd = _nuisance(rows)
    if _unexplained(design, rows.missing).std() < LEAST_CONTRAST:
        return None
    precision = np.append(sd, EFFECT_SD) ** -2.0
    estimate, covariance = _newton(np.column_stack([design, rows.missing]), rows.churned, precision)
    both = np.column_stack([design, rows.missing, rows.later])
    placebo, spread = _newton(both, rows.churned, np.append(precision, EFFECT_SD**-2.0))
    return CoverageEffect(
        float(estimate[-1]),
        float(np.sqrt(covariance[-1, -1])),
        float(placebo[-1] / np.sqrt(spread[-1, -1])),
        int(rows.churned.size),
        int(rows.churned.sum()),
    )


def _nuisance(rows: _Renewals) -> tuple[Floats, Floats]:
    """Return what else moves churn, shape (renewal, column), and the prior spread of each column."""
    years = (rows.time - rows.time.mean()) / 12.0
    levels = _dummies(rows.level)
    tenure = _dummies(np.minimum(rows.tenure, MOST_TENURE))[:, 1:]
    calendar = _dummies(np.floor(rows.time / QUARTER).astype(np.int64))
    trends = _dummies(rows.segment) * years[:, None]
    design = np.column_stack([levels, tenure, calendar, trends])
    strong = levels.shape[1] + tenure.shape[1]
    sd = np.where(np.arange(design.shape[1]) < strong, LEVEL_SD, NUISANCE_SD)
    return design, sd


def _dummies(codes: Ints) -> Floats:
    _, place = np.unique(codes, return_inverse=True)
    return np.asarray(np.eye(place.max() + 1)[place])


def _unexplained(design: Floats, values: Floats) -> Floats:
    found, *_ = np.linalg.lstsq(design, values, rcond=None)
    return np.asarray(values - design @ found)


def _newton(design: Floats, hit: Floats, precision: Floats) -> tuple[Floats, Floats]:
    """Return the mode and covariance of a logistic regression with normal priors about 0."""
    estimate = np.zeros(design.shape[1])
    for _ in range(N_STEPS):
        p = expit(design @ estimate)
        gradient = design.T @ (hit - p) - precision * estimate
        curvature = (design * (p * (1.0 - p))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        estimate = estimate + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return np.asarray(estimate), np.asarray(np.linalg.inv(curvature), dtype=np.float64)


def _renewals(book: Book, months: Floats, coverage: Floats, by_segment: Floats) -> _Renewals:
    c = book.contracts
    gone = np.isfinite(c.churned)
    first = renewals_behind(c.start, c.term, c.seen_from)
    nearest = np.rint((np.where(gone, c.churned, c.start) - c.start) / c.term).astype(np.int64)
    last = np.where(gone, np.maximum(nearest - 1, first) + 1, renewals_behind(c.start, c.term, c.as_of))
    n = np.maximum(last - first, 0)
    who = np.repeat(np.arange(n.size), n)
    behind = first[who] + np.arange(who.size) - np.repeat(np.cumsum(n) - n, n)
    time = c.start[who] + (behind + 1) * c.term[who]
    unit = c.segment[who] if coverage is by_segment else who

    def month(ahead: float) -> Ints:
        place = np.floor(time + ahead - months[0]).astype(np.int64)
        return np.asarray(np.clip(place, 0, months.size - 1))

    return _Renewals(
        segment=c.segment[who],
        level=c.segment[who] * len(TERM_CLASSES) + term_class(c.term[who]),
        tenure=behind,
        time=time,
        missing=1.0 - coverage[unit, month(0.0)],
        later=1.0 - by_segment[c.segment[who], month(QUARTER)],
        churned=(gone[who] & (behind == last[who] - 1)).astype(np.float64),
    )
