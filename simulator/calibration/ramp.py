"""How productive reps are by month of tenure: from wins by tenure, else as published."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from simulator.arrays import Floats, Ints

TENURE_BINS = (0, 1, 2, 3, 4, 6, 9, 12)
"""First month of each bin of tenure; reps of the last bin are ramped."""

PUBLISHED_EDGES = (0.0, 3.0, 6.0, 12.0, 24.0)
PUBLISHED_SHARES = (0.27, 0.38, 0.28, 0.07)
"""Share of new account executives who are ramped within this many months (Bridge Group 2024, second-hand)."""
PUBLISHED_SOURCE = "Bridge Group 2024, second-hand: < 3 months 27 %, 3-6 38 %, 6-12 28 %, 12+ 7 %"
PUBLISHED_MEDIAN = 3.0 + 3.0 * (0.5 - 0.27) / 0.38
"""Median of these shares, spread evenly inside each class. Unit: months."""

PRIOR_WINS = 3.0
"""Wins that the published curve is worth in each bin."""
FEWEST_WINS = 25.0
"""Wins of reps in their first year below which the published curve stands."""
N_ROUNDS = 60


@dataclass(frozen=True)
class RampCurve:
    """Productivity by tenure, relative to ramped reps.

    Parameters
    ----------
    first_month : ndarray of int64, shape (bin,)
        First month of tenure of each bin.
    shape, rate : ndarray of float64, shape (bin,)
        Gamma posterior of the productivity; mean = shape / rate, rising to 1 in the last bin.
    wins, expected : ndarray of float64, shape (bin,)
        Wins of reps of that tenure, and those that they would have had if ramped.
    source : str
        ``calibrated``, or where the published curve is from.
    """

    first_month: Ints
    shape: Floats
    rate: Floats
    wins: Floats
    expected: Floats
    source: str

    def by_month(self) -> Floats:
        """Return the mean productivity by month of tenure; the last value stays."""
        return np.asarray((self.shape / self.rate)[tenure_bin(np.arange(self.first_month[-1] + 1))])


def tenure_bin(tenure: Ints) -> Ints:
    """Return the bin of each tenure in months."""
    return np.searchsorted(TENURE_BINS, tenure, side="right") - 1


def published_ramp(median_months: float = PUBLISHED_MEDIAN) -> Floats:
    """Return the mean productivity by month of tenure under the published spread of ramp times.

    A rep who needs T months is productive in proportion to the time served, then fully: the mean is
    E[min(1, t / T)] at the middle t of each month. T has the published distribution, stretched to a
    median of one's own.

    Returns
    -------
    ramp : ndarray of float64, shape (month,)
        Ends with the first month in which all are ramped.
    """
    u = (np.arange(400) + 0.5) / 400
    needed = np.interp(u, np.concatenate(([0.0], np.cumsum(PUBLISHED_SHARES))), PUBLISHED_EDGES)
    needed = np.maximum(needed * median_months / PUBLISHED_MEDIAN, 1e-6)
    months = np.arange(int(np.ceil(needed.max())) + 1)
    return np.asarray(np.minimum(1.0, (months[:, None] + 0.5) / needed).mean(axis=1))


def ramp_curve(wins: Floats, rep_months: Floats) -> RampCurve:
    """Estimate the ramp from the wins of reps next to those of their peers.

    Wins of (group, bin) ~ Poisson(group level × productivity of the bin × rep-months), where a group is
    a segment and month: what the market, the season or an unfinished sales cycle does to all reps of a
    group falls out. Solved by scaling the levels and the productivities in turn; the productivities
    have Gamma priors about the published curve, must rise with tenure (isotonic regression weighted
    by evidence) and end at 1.

    Parameters
    ----------
    wins, rep_months : ndarray of float64, shape (group, bin)
        Deals that ended won, by the tenure of the owner when the deal was taken up; reps there.
    """
    prior = published_ramp()[np.minimum(_middle_months(), len(published_ramp()) - 1)]
    prior[-1] = 1.0
    early = float(wins[:, :-1].sum())
    if early < FEWEST_WINS or wins[:, -1].sum() < FEWEST_WINS:
        n = len(TENURE_BINS)
        weight = np.full(n, PRIOR_WINS)
        return RampCurve(
            np.array(TENURE_BINS), weight, weight / prior, wins.sum(axis=0), np.zeros(n), PUBLISHED_SOURCE
        )
    share, expected = prior.copy(), np.zeros(len(prior))
    for _ in range(N_ROUNDS):
        level = wins.sum(axis=1) / np.maximum(rep_months @ share, 1e-12)
        expected = (level[:, None] * rep_months).sum(axis=0)
        raw = (wins.sum(axis=0) + PRIOR_WINS) / (expected + PRIOR_WINS / prior)
        raw /= raw[-1]
        share = scipy.optimize.isotonic_regression(np.minimum(raw, 1.0), weights=expected + PRIOR_WINS).x
        share = share / share[-1]
    shape = wins.sum(axis=0) + PRIOR_WINS
    return RampCurve(np.array(TENURE_BINS), shape, shape / share, wins.sum(axis=0), expected, "calibrated")


def _middle_months() -> Ints:
    ends = np.append(TENURE_BINS[1:], TENURE_BINS[-1] + 12)
    return np.asarray((np.array(TENURE_BINS) + ends - 1) // 2, dtype=np.int64)
