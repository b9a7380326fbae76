"""Renewal: the beta-discrete-Weibull model of churn, by segment and class of contract term.

Each customer has a chance θ ~ Beta(α, β) to leave at a renewal, so of those with n renewals behind them
a share α / (α + β + n) leaves at the next (shifted beta-geometric, Fader & Hardie 2007). Where it predicts
the last years better, a customer's own chance changes with time as well: it keeps n renewals with chance
(1 - θ)^(n^c) (beta-discrete-Weibull, Fader, Hardie et al. 2018); c = 1 is the former. The likelihood of a
history is that of the counts at risk and lost by n: right censoring and left truncation (customers acquired
before the record began, known only because they stayed) need nothing more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy
from scipy import special

from simulator.arrays import Floats, Ints
from simulator.calibration.contracts import CONTRACTION, Contracts, Movements

TERM_CLASSES = ("monthly", "annual", "multi_year")
"""Contracts of less than half a year, up to a year and a half, and longer; each has rates per renewal."""
CLASS_EDGES = (6, 19)

PRIOR_CHURN = np.array([0.02, 0.12, 0.15])
"""Churn per renewal about which the prior of each class is centred: GRR of 88 % a year."""
PRIOR_LOGIT_SD = 1.0
SPREADS = np.array([0.05, 0.1, 0.2, 0.3, 0.45, 0.65, 0.9, 1.3])
"""Standard deviations between segments, on the logit scale, over which the posterior is averaged."""
SPREAD_SCALE = 0.5
PRIOR_ALPHA = 0.72
"""Alpha about which the prior is centred, whatever the term: churn that varies by about its own size."""
PRIOR_LOG_CONCENTRATION_SD = 1.0
CONCENTRATION_SPREAD = 0.4
"""Standard deviation of the log concentration α + β between segments."""
PRIOR_LOG_DURATION_SD = 0.7
LEAST_GAIN = 1.0
"""Log-likelihood of renewals not used for the fit that an exponent must gain to be used."""
FEWEST_CHURNED = 10
AT_ANY_TIME_EVENTS = 10
AT_ANY_TIME_SHARE = 0.5
NEAR_RENEWAL_MONTHS = 1.0
LARGEST_N = 400


@dataclass(frozen=True)
class RenewalCounts:
    """Renewals by what lay behind: shape (segment, class, n), n the renewals already kept."""

    at_risk: Floats
    churned: Floats


@dataclass(frozen=True)
class ChurnLaws:
    """Posterior of (logit of the mean churn per renewal, log of α + β), by segment and class of term.

    Parameters
    ----------
    mean : ndarray of float64, shape (segment, class, 2)
    covariance : ndarray of float64, shape (segment, class, 2, 2)
    at_risk, churned : ndarray of float64, shape (segment, class)
        Renewals behind the estimate.
    at_any_time : ndarray of int64, shape (class,)
        1 where customers of the class leave at any time: rates are then per month.
    duration : ndarray of float64, shape (segment, class)
        The exponent c: above 1 a customer's chance to leave grows from renewal to renewal.
    """

    mean: Floats
    covariance: Floats
    at_risk: Floats
    churned: Floats
    at_any_time: Ints
    duration: Floats


def term_class(term: Ints) -> Ints:
    """Return the class of each contract term in months."""
    return np.searchsorted(np.array(CLASS_EDGES), term, side="right").astype(np.int64)


def renewals_behind(start: Floats, term: Ints, time: Floats | float) -> Ints:
    """Return how many renewal dates lie before a time."""
    passed = np.ceil((time - start) / term - 1e-9) - 1.0
    return np.maximum(passed, 0.0).astype(np.int64)


def leave_at_any_time(contracts: Contracts, moves: Movements) -> Ints:
    """Return for each class whether customers leave or contract between renewal dates as well as at them."""
    down = (moves.ends | (moves.kind == CONTRACTION)) & (moves.life == 0)
    who = moves.customer[down]
    since = (moves.time[down] - contracts.start[who]) / contracts.term[who]
    offset = np.abs(since - np.maximum(np.rint(since), 1.0)) * contracts.term[who]
    classes = term_class(contracts.term[who])
    away = offset > NEAR_RENEWAL_MONTHS
    n = np.bincount(classes, minlength=len(TERM_CLASSES))
    n_away = np.bincount(classes, away, len(TERM_CLASSES))
    any_time = (n >= AT_ANY_TIME_EVENTS) & (n_away > AT_ANY_TIME_SHARE * n)
    any_time[0] = False
    return any_time.astype(np.int64)


def law_terms(term: Ints, at_any_time: Ints) -> Ints:
    """Return the months between two decisions: the term, or 1 where customers leave at any time."""
    return np.where(at_any_time[term_class(term)] == 1, 1, term)


def renewal_counts(contracts: Contracts, n_segments: int, at_any_time: Ints) -> RenewalCounts:
    """Count the renewals of the first life of every customer, as far as they were seen.

    A churn belongs to the renewal date nearest to it.
    """
    step = law_terms(contracts.term, at_any_time)
    first = renewals_behind(contracts.start, step, contracts.seen_from)
    gone = np.isfinite(contracts.churned)
    nearest = np.rint((np.where(gone, contracts.churned, contracts.start) - contracts.start) / step)
    n_at_churn = np.maximum(nearest.astype(np.int64) - 1, first)
    last = np.where(gone, n_at_churn + 1, renewals_behind(contracts.start, step, contracts.as_of))
    first, last = np.minimum(first, LARGEST_N - 1), np.minimum(last, LARGEST_N)
    seen = last > first
    law = contracts.segment * len(TERM_CLASSES) + term_class(contracts.term)
    shape = (n_segments * len(TERM_CLASSES), LARGEST_N + 1)
    steps = np.zeros(shape)
    np.add.at(steps, (law[seen], first[seen]), 1.0)
    np.add.at(steps, (law[seen], last[seen]), -1.0)
    churned = np.zeros(shape)
    np.add.at(churned, (law[seen & gone], last[seen & gone] - 1), 1.0)
    at_risk = np.cumsum(steps, axis=1)
    used = max(1, int(np.flatnonzero(at_risk.any(axis=0)).max(initial=0)) + 1)
    full = (n_segments, len(TERM_CLASSES), used)
    return RenewalCounts(at_risk[:, :used].reshape(full), churned[:, :used].reshape(full))


def log_likelihood(
    alpha: Floats, beta: Floats, at_risk: Floats, churned: Floats, duration: float = 1.0
) -> Floats:
    """Return the log-likelihood of counts of renewals.

    Parameters
    ----------
    alpha, beta : ndarray of float64, any one shape
    at_risk, churned : ndarray of float64, shape (n,)
        Customers with n renewals behind them who came to the next, and those of them who left.
    duration : float
        Exponent c.
    """
    total = np.zeros(np.broadcast(alpha, beta).shape)
    for n in np.flatnonzero(at_risk > 0):
        left, stayed = churned[n], at_risk[n] - churned[n]
        if duration == 1.0:
            total += left * np.log(alpha) + stayed * np.log(beta + n) - at_risk[n] * np.log(alpha + beta + n)
            continue
        now, then = (np.power(float(k), duration) for k in (n, n + 1))
        stay = special.betaln(alpha, beta + then) - special.betaln(alpha, beta + now)
        total += stayed * stay + left * np.log(np.maximum(-np.expm1(stay), 1e-300))
    return total


def churn_laws(counts: RenewalCounts, at_any_time: Ints, past: Sequence[RenewalCounts] = ()) -> ChurnLaws:
    """Estimate the model of each segment and class; thin segments lean on the whole.

    Within a class, logit(mean churn) ~ Normal(m, τ) and log(α + β) ~ Normal(k, 0.4) between
    segments, with weak priors on m, τ and k; the posterior is computed on grids and averaged over
    (m, τ, k), then matched by its mean and covariance. The exponent is one of a class.

    Parameters
    ----------
    counts : RenewalCounts
    at_any_time : ndarray of int64, shape (class,)
    past : sequence of RenewalCounts
        The counts as of earlier days, the latest first: what came after each is predicted with and without an
        exponent, which is used only where it predicts better.
    """
    n_segments = counts.at_risk.shape[0]
    mean = np.empty((n_segments, len(TERM_CLASSES), 2))
    covariance = np.empty((n_segments, len(TERM_CLASSES), 2, 2))
    duration = np.ones((n_segments, len(TERM_CLASSES)))
    for place in range(len(TERM_CLASSES)):
        monthly = place == 0 or at_any_time[place] == 1
        prior = float(special.logit(PRIOR_CHURN[0] if monthly else PRIOR_CHURN[place]))
        pairs = [np.stack([c.at_risk, c.churned])[:, :, place].sum(axis=1) for c in (counts, *past)]
        duration[:, place] = choose_duration(pairs, prior)
        mean[:, place], covariance[:, place] = _pooled(
            counts.at_risk[:, place], counts.churned[:, place], prior, float(duration[0, place])
        )
    return ChurnLaws(
        mean, covariance, counts.at_risk.sum(axis=2), counts.churned.sum(axis=2), at_any_time, duration
    )


def choose_duration(counts: Sequence[Floats], prior_logit: float) -> float:
    """Return the exponent of a class, 1 unless another one has predicted better.

    Parameters
    ----------
    counts : sequence of ndarray of float64, shape (2, n)
        At risk and churned: now, then as of earlier days, the latest first.
    prior_logit : float
        Log-odds of churn at a renewal about which the prior is centred.
    """
    gain = 0.0
    for later, early in pairwise(counts):
        came = later.copy()
        came[:, : early.shape[1]] -= early
        if early[1].sum() < FEWEST_CHURNED or came[1].sum() < FEWEST_CHURNED:
            continue
        scores = [_score(mode(early, prior_logit, free), came) for free in (True, False)]
        gain += scores[0] - scores[1]
    if gain < LEAST_GAIN:
        return 1.0
    return float(mode(counts[0], prior_logit, True)[2])


def _score(point: Floats, counts: Floats) -> float:
    churn, concentration = special.expit(point[0]), np.exp(point[1])
    alpha, beta = np.array(churn * concentration), np.array((1.0 - churn) * concentration)
    return float(log_likelihood(alpha, beta, counts[0], counts[1], float(point[2])))


def mode(counts: Floats, prior_logit: float, free: bool) -> Floats:
    """Return logit of the mean, log of α + β and exponent of the highest posterior density."""
    centre = np.log(PRIOR_ALPHA) - np.log(special.expit(prior_logit))

    def loss(x: Floats) -> float:
        point = np.array([x[0], x[1], np.exp(x[2]) if free else 1.0])
        prior = ((x[0] - prior_logit) / PRIOR_LOGIT_SD) ** 2
        prior += ((x[1] - centre) / PRIOR_LOG_CONCENTRATION_SD) ** 2 + (x[2] / PRIOR_LOG_DURATION_SD) ** 2
        return float(0.5 * prior - _score(point, counts))

    start = np.array([prior_logit, centre, 0.0])
    found = scipy.optimize.minimize(
        loss, start, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4}
    ).x
    return np.array([found[0], found[1], np.exp(found[2]) if free else 1.0])


def _pooled(at_risk: Floats, churned: Floats, prior_logit: float, duration: float) -> tuple[Floats, Floats]:
    """Return posterior means and covariances of one class, shapes (segment, 2) and (segment, 2, 2)."""
    hyper = _Hyper.about(prior_logit)
    logits = np.linspace(-7.5, 3.0, 127)
    logs = hyper.concentrations.mean() + np.linspace(-3.5, 4.5, 33)
    likelihoods = [
        _grid_likelihood(logits, logs, (r, c), duration) for r, c in zip(at_risk, churned, strict=True)
    ]
    by_logit, by_log = hyper.densities(logits, logs)
    evidence = [np.log(np.maximum(by_logit @ one @ by_log.T, 1e-300)) for one in likelihoods]
    total = np.sum(evidence, axis=0) + hyper.log_prior
    found = []
    for own, one, risk, lost in zip(evidence, likelihoods, at_risk, churned, strict=True):
        weight = np.exp(total - own - (total - own).max())
        centre, spread = _moments(hyper, weight, logits, logs, one)
        # Once more on a grid about the posterior, which may be much narrower than the first one.
        sd = np.maximum(np.sqrt(np.diag(spread)), 0.02)
        near, logs_near = (np.linspace(m - 6 * s, m + 6 * s, 61) for m, s in zip(centre, sd, strict=True))
        again = _grid_likelihood(near, logs_near, (risk, lost), duration)
        found.append(_moments(hyper, weight, near, logs_near, again))
    return np.array([mean for mean, _ in found]), np.array([covariance for _, covariance in found])


@dataclass(frozen=True)
class _Hyper:
    """Grid over (m, τ), shape (centre, 2), and k, shape (concentration,), with their log prior."""

    centres: Floats
    concentrations: Floats
    log_prior: Floats

    @classmethod
    def about(cls, prior_logit: float) -> _Hyper:
        m, tau = (
            a.ravel()
            for a in np.meshgrid(
                prior_logit + PRIOR_LOGIT_SD * np.linspace(-3.5, 3.5, 57), SPREADS, indexing="ij"
            )
        )
        centre = np.log(PRIOR_ALPHA) - np.log(special.expit(prior_logit))
        k = centre + PRIOR_LOG_CONCENTRATION_SD * np.linspace(-2.75, 2.75, 12)
        of_centre = (
            -0.5 * ((m - prior_logit) / PRIOR_LOGIT_SD) ** 2 - 0.5 * (tau / SPREAD_SCALE) ** 2 + np.log(tau)
        )
        of_k = -0.5 * ((k - centre) / PRIOR_LOG_CONCENTRATION_SD) ** 2
        return cls(np.stack([m, tau], axis=1), k, of_centre[:, None] + of_k)

    def densities(self, logits: Floats, logs: Floats) -> tuple[Floats, Floats]:
        """Return densities of the grid given (m, τ) and given k: shapes (centre, logit), (k, log)."""
        m, tau = self.centres.T[:, :, None]
        by_logit = np.exp(-0.5 * ((logits - m) / tau) ** 2) / tau
        by_log = np.exp(-0.5 * ((logs - self.concentrations[:, None]) / CONCENTRATION_SPREAD) ** 2)
        return by_logit, by_log


def _grid_likelihood(logits: Floats, logs: Floats, counts: tuple[Floats, Floats], duration: float) -> Floats:
    """Return the likelihood on a grid, shape (logit, log), its largest value 1."""
    churn = special.expit(logits)[:, None]
    concentration = np.exp(logs)[None, :]
    value = log_likelihood(churn * concentration, (1.0 - churn) * concentration, *counts, duration)
    return np.asarray(np.exp(value - value.max()))


def _moments(
    hyper: _Hyper, weight: Floats, logits: Floats, logs: Floats, likelihood: Floats
) -> tuple[Floats, Floats]:
    """Return mean and covariance of the posterior on a grid, averaged over the hyperparameters."""
    by_logit, by_log = hyper.densities(logits, logs)
    posterior = likelihood * (by_logit.T @ weight @ by_log)
    posterior /= posterior.sum()
    points = np.stack(np.meshgrid(logits, logs, indexing="ij"), axis=-1)
    mean = (posterior[..., None] * points).sum(axis=(0, 1))
    off = points - mean
    return mean, np.einsum("ij,ijk,ijl->kl", posterior, off, off)


def survival(
    alpha: Floats | float, beta: Floats | float, n: Floats | Ints | int, duration: Floats | float = 1.0
) -> Floats:
    """Return the share of customers who keep their first n renewals: B(α, β + n^c) / B(α, β)."""
    behind = np.power(np.asarray(n, dtype=np.float64), duration)
    return np.asarray(np.exp(special.betaln(alpha, np.add(beta, behind)) - special.betaln(alpha, beta)))
