"""The place in the quarter in days: how winning is spread over the parts of each month."""

from __future__ import annotations

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import DESTINATIONS, MONTH_PARTS, Clock, month_steps
from simulator.calibration.exposure import DealMonths, total_by
from simulator.fiscal import month_start_day

WON = DESTINATIONS.index("won")
N_PARTS, N_MONTHS = len(MONTH_PARTS), 3
STRENGTHS = np.array([10.0, 30.0, 100.0, 300.0, 1000.0, np.inf])
"""Wins that evenness is worth in a month of the quarter; infinite: all are alike."""
MIN_WINS, MIN_QUARTERS = 30, 4
LEAST_GAIN = 2.0
"""Standard errors by which past quarters must be predicted better than by even months."""


def month_clock(months: DealMonths) -> Clock | None:
    """Estimate how winning is spread over the days of each month of the quarter.

    Wins of a month fall on its parts as Dirichlet shares about those of their days. Months lean on what all
    months have in common, and that on even days; how strongly is what predicts each past quarter best from
    all others. Where no spread predicts them clearly better than even days do, there is none.

    Days are set against days, not against the deals open on them: as many are open on one day of a month as
    on another, but where all deals of an age end on one day of their life, those that the monthly rates hold
    to be open late in a month are few, and it would seem that these are won in a hurry.

    Parameters
    ----------
    months : DealMonths

    Returns
    -------
    Clock, or None where days count alike.
    """
    seen, even = _by_part(months)
    used = seen.sum(axis=(1, 2)) > 0.0
    seen, even = seen[used], even[used]
    if seen.sum() < MIN_WINS or len(seen) < MIN_QUARTERS:
        return None
    grid = [(common, own) for common in STRENGTHS for own in STRENGTHS]
    scores = np.stack([_left_out(seen, even, *strengths) for strengths in grid])
    best = int(scores.sum(axis=1).argmax())
    gain = scores[best] - scores[-1]
    if gain.sum() <= LEAST_GAIN * max(float(gain.std() * np.sqrt(len(gain))), 1.0):
        return None
    total, base = seen.sum(axis=0), _shares(even.sum(axis=0))
    pace = _pace(total, base, *grid[best])
    held = total.sum(axis=1) / _dispersion(seen, even, pace)
    own = grid[best][1]
    strength = np.minimum(held + own, np.maximum(total.sum(), 1.0))
    return Clock(_shares(pace * base) * strength[:, None], base, total)


def clock_days(months: DealMonths, clock: Clock | None) -> Floats:
    """Return the days of each row, each weighted with the pace of winning in it."""
    if clock is None:
        return months.days
    return np.asarray((_days_by_part(months) * clock.pace[months.place]).sum(axis=1))


def _days_by_part(months: DealMonths) -> Floats:
    """Return the days of each row in each part of its month, shape (row, part)."""
    steps = month_steps(months.month)
    began, ended = months.start[:, None], (months.start + months.days)[:, None]
    low = np.maximum(began, np.concatenate([began, steps], axis=1))
    high = np.minimum(ended, np.concatenate([steps, ended], axis=1))
    return np.asarray(np.maximum(high - low, 0.0))


def _by_part(months: DealMonths) -> tuple[Floats, Floats]:
    """Return wins and days, shape (quarter, month of quarter, part); of months known whole."""
    until = months.start + months.days
    whole = (months.month > (months.month.min() if len(until) else 0)) & (
        month_start_day(months.month + 1) <= until.max(initial=0.0)
    )
    won = (months.event == WON) & whole
    ended, month, place = until[won], months.month[won], months.place[won]
    if not len(month):
        return np.zeros((0, N_MONTHS, N_PARTS)), np.zeros((0, N_MONTHS, N_PARTS))
    first = int((month - place).min())
    n_quarters = int((month - place - first).max()) // N_MONTHS + 1
    part = (ended[:, None] > month_steps(month)).sum(axis=1)
    shape = (n_quarters, N_MONTHS, N_PARTS)
    seen = total_by((month - first) * N_PARTS + part, np.ones(len(month)), int(np.prod(shape)))
    every = first + np.arange(n_quarters * N_MONTHS)
    start, end = (month_start_day(every + ahead)[:, None] for ahead in (0, 1))
    edges = np.concatenate([start, month_steps(every), end], axis=1)
    return seen.reshape(shape), np.diff(edges, axis=1).reshape(shape)


def _shares(table: Floats) -> Floats:
    return np.asarray(table / np.maximum(table.sum(axis=-1, keepdims=True), 1e-12))


def _pace(total: Floats, base: Floats, common: float, own: float) -> Floats:
    """Return the pace of each part over an even one, shape (..., month, part).

    Parameters
    ----------
    total : ndarray of float64, shape (..., month, part)
        Wins.
    base : ndarray of float64, of the same shape
        Shares of the parts at an even pace.
    common, own : float
        Strengths: of evenness on what months have in common, and of that on each.
    """
    if np.isinf(common):
        shared = np.ones((*total.shape[:-2], N_PARTS))
    else:
        even = (total.sum(axis=-1, keepdims=True) * base).sum(axis=-2)
        weight = common * _shares(even)
        shared = (total.sum(axis=-2) + weight) / np.maximum(even + weight, 1e-12)
    prior = _shares(base * shared[..., None, :])
    n = total.sum(axis=-1, keepdims=True)
    share = prior if np.isinf(own) else (total + own * prior) / (n + own)
    return np.asarray(_shares(share) / np.maximum(base, 1e-12))


def _left_out(seen: Floats, even: Floats, common: float, own: float) -> Floats:
    """Return the log score of each quarter's wins by part, predicted from all other quarters."""
    others = seen.sum(axis=0) - seen
    base = _shares(even)
    pace = _pace(others, base, common, own)
    share = _shares(even * pace)
    return np.asarray((seen * np.log(np.maximum(share, 1e-9))).sum(axis=(1, 2)))


def _dispersion(seen: Floats, even: Floats, pace: Floats) -> float:
    """Return variance / mean of the wins of a part about its share of the month's, at least 1."""
    expected = _shares(even * pace) * seen.sum(axis=2, keepdims=True)
    held = expected > 0.5
    freedom = max(float(held.sum()) - float((held.any(axis=2)).sum()) - N_MONTHS * (N_PARTS - 1), 1.0)
    squares = ((seen - expected)[held] ** 2 / expected[held]).sum()
    return max(float(squares) / freedom, 1.0)
