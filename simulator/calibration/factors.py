"""Factors of the hazards: age, due status, month of the quarter, pushes and stage within the category."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import linalg

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import DESTINATIONS, FACTOR_LEVELS, LogFactors
from simulator.calibration.exposure import N_DESTINATIONS, Exposure, total_by
from simulator.calibration.poisson import centre, fit_poisson
from simulator.calibration.pooling import JEFFREYS_EVENTS
from simulator.history.tables import CATEGORIES

N_CATEGORIES = len(CATEGORIES)
ADVANCE = DESTINATIONS.index("advance")
FACTOR_AXIS = {"stage": 2, "age": 3, "due": 4, "linearity": 5, "pushes": 6}
"""Axis of each factor in a cell (segment, category, late, age, due, linearity, pushes)."""

ORDERED = ("age", "pushes")
FACTOR_SD = {"age": 1.0, "due": 1.0, "linearity": 0.5, "pushes": 0.7, "stage": 0.7}
STEP_SD = 0.5
"""Prior standard deviation of the change of a log factor from one ordered level to the next."""
SEGMENT_SD = 1.0
LEVEL_SD = 10.0
N_LEVELS = sum(len(levels) for levels in FACTOR_LEVELS.values())
_ENDS = np.cumsum([len(levels) for levels in FACTOR_LEVELS.values()]).tolist()
FIRST_LEVEL = dict(zip(FACTOR_LEVELS, [0, *_ENDS[:-1]], strict=True))
"""Place of each factor's first level where all stand one after the other."""
MIN_EVENTS = 5
"""Events of a destination in a category below which its factors stay at 1."""


class CellModel:
    """Factors and segment levels of every (category, destination), refitted as the effects change."""

    def __init__(self, exposure: Exposure, events: Floats, possible: Mask) -> None:
        self.axes = exposure.cell_axes
        self.events = events
        self.possible = possible
        self.codes = np.stack(np.unravel_index(np.arange(len(events)), self.axes), axis=1)
        self.notes: list[str] = []
        self.month_variance: Floats | None = None
        """Variance of the log mean of each month of the quarter that quarters' own ways make,
        shape (destination, 3)."""
        self.fits: dict[tuple[int, int], tuple[Floats, Floats]] = {}
        self.used = exposure.by_cell()[:, 0] > 0
        shapes = {name: (N_CATEGORIES, len(levels), N_DESTINATIONS) for name, levels in FACTOR_LEVELS.items()}
        self.log_mean = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.log_sd = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.covariance = np.zeros((N_CATEGORIES, N_DESTINATIONS, N_LEVELS, N_LEVELS))
        self.log_base = np.full((self.axes[0], N_CATEGORIES, N_DESTINATIONS), -np.inf)

    def fit(self, days: Floats) -> None:
        """Refit every (category, destination) that can happen to days of shape (cell, destination)."""
        for category, k in zip(*np.nonzero(self.possible), strict=True):
            rows = self._rows(int(category), int(k))
            self._fit_one(int(category), int(k), rows, days[rows, k])

    def _rows(self, category: int, k: int) -> Mask:
        rows = self.used & (self.codes[:, 1] == category)
        return np.asarray(rows & (self.codes[:, 2] == 0) if k == ADVANCE else rows)

    def _names(self, rows: Mask) -> list[str]:
        """Return the factors that vary over the rows: one that does not is part of the level."""
        return [n for n, axis in FACTOR_AXIS.items() if len(np.unique(self.codes[rows, axis])) > 1]

    def _fit_one(self, category: int, k: int, rows: Mask, days: Floats) -> None:
        events = self.events[rows, k]
        pooled = (events.sum() + JEFFREYS_EVENTS) / max(days.sum(), 1.0)
        names = self._names(rows) if events.sum() >= MIN_EVENTS else []
        design, precision = _design(self.codes[rows], self.axes, names)
        before = self.fits.get((category, k))
        start = before[0] if before is not None and len(before[0]) == design.shape[1] else None
        fit = fit_poisson(design, events, days * pooled, precision, start)
        if not fit.converged:
            self.notes.append(
                f"Factors of {CATEGORIES[category]} to {DESTINATIONS[k]} did not converge; they stay at 1."
            )
        self.fits[category, k] = (fit.coefficients, fit.covariance)
        found = fit.coefficients, fit.covariance
        if self.month_variance is not None and "linearity" in names:
            at = 1 + self.axes[0] + sum(len(FACTOR_LEVELS[n]) for n in names[: names.index("linearity")])
            variance = np.zeros(design.shape[1])
            variance[at : at + self.month_variance.shape[1]] = self.month_variance[k]
            found = less_certain(*found, precision, variance)
        self.log_base[:, category, k] = np.log(pooled) + found[0][0] + found[0][1 : 1 + self.axes[0]]
        self._centre(category, k, names, found, self.codes[rows], days * pooled * np.exp(design @ found[0]))

    def _centre(
        self, category: int, k: int, names: list[str], found: tuple[Floats, Floats], *at: npt.NDArray[Any]
    ) -> None:
        """Keep the factors of a fit so that each has a mean of zero, weighted by the events expected."""
        codes, weight = at
        coefficients, covariance = found
        first = 1 + self.axes[0]
        shares, places = [], []
        for name in names:
            n_levels = len(FACTOR_LEVELS[name])
            block = slice(first, first + n_levels)
            by_level = total_by(codes[:, FACTOR_AXIS[name]], weight, n_levels)
            mean, sd, shift = centre(coefficients[block], covariance[block, block], by_level)
            self.log_mean[name][category, :, k], self.log_sd[name][category, :, k] = mean, sd
            self.log_base[:, category, k] += shift
            shares.append(np.eye(n_levels) - by_level / by_level.sum())
            places.append(FIRST_LEVEL[name] + np.arange(n_levels))
            first += n_levels
        if names:
            centring, place = linalg.block_diag(*shares), np.concatenate(places)
            inner = covariance[1 + self.axes[0] :, 1 + self.axes[0] :]
            self.covariance[category, k][np.ix_(place, place)] = centring @ inner @ centring.T

    def level_multipliers(self) -> Floats:
        """Return the fitted hazard of every cell, effects apart, shape (cell, destination)."""
        base = np.exp(self.log_base)[self.codes[:, 0], self.codes[:, 1]]
        return np.asarray(base * multipliers(self.axes, self.log_mean) * at_risk(self.axes))

    def factors(self, days: Floats) -> dict[str, LogFactors]:
        """Return the factors with the events and days behind each level."""
        found = {}
        risk = at_risk(self.axes)
        for name, levels in FACTOR_LEVELS.items():
            code = self.codes[:, 1] * len(levels) + self.codes[:, FACTOR_AXIS[name]]
            shape = (N_CATEGORIES, len(levels), N_DESTINATIONS)
            tables = [
                np.stack(
                    [total_by(code, t[:, k], shape[0] * shape[1]) for k in range(N_DESTINATIONS)], axis=1
                )
                for t in (self.events, days * risk)
            ]
            seen, exposed = (t.reshape(shape) * self.possible[:, None, :] for t in tables)
            found[name] = LogFactors(levels, self.log_mean[name], self.log_sd[name], seen, exposed)
        return found


def less_certain(
    coefficients: Floats, covariance: Floats, precision: Floats, variance: Floats
) -> tuple[Floats, Floats]:
    """Return a fit whose data also scatter by themselves: drawn nearer to the prior, and wider.

    With D what the data tell (the inverse covariance less the prior's precision), a scatter V of what they
    tell of leaves (1 + D V)^-1 D of it.

    Parameters
    ----------
    coefficients, covariance : ndarray of float64, shape (column,), (column, column)
        Posterior mode about a prior of mean 0, and covariance.
    precision : ndarray of float64, shape (column, column)
        Of the prior.
    variance : ndarray of float64, shape (column,)
        Of the scatter.
    """
    whole = np.linalg.inv(covariance)
    told = whole - precision
    left = np.linalg.inv(np.eye(len(coefficients)) + told * variance)
    wider = np.linalg.inv(left @ told + precision)
    wider = 0.5 * (wider + wider.T)
    return wider @ (left @ (whole @ coefficients)), wider


def _design(codes: Ints, axes: tuple[int, ...], names: list[str]) -> tuple[Floats, Floats]:
    """Return the one-hot design (level, segments, factors) and the precision of its prior."""
    n_segments = axes[0]
    blocks = [np.ones((len(codes), 1)), np.eye(n_segments)[codes[:, 0]]]
    priors = [np.eye(1) / LEVEL_SD**2, np.eye(n_segments) / SEGMENT_SD**2]
    for name in names:
        n_levels = len(FACTOR_LEVELS[name])
        blocks.append(np.eye(n_levels)[codes[:, FACTOR_AXIS[name]]])
        priors.append(_factor_precision(name, n_levels))
    return np.concatenate(blocks, axis=1), np.asarray(linalg.block_diag(*priors))


def _factor_precision(name: str, n_levels: int) -> Floats:
    precision = np.eye(n_levels) / FACTOR_SD[name] ** 2
    if name in ORDERED:
        step = np.diff(np.eye(n_levels), axis=0)
        precision += step.T @ step / STEP_SD**2
    return precision


def multipliers(cell_axes: tuple[int, ...], log_factors: dict[str, Floats]) -> Floats:
    """Multiply out factors of shape (category, level, destination) over all cells."""
    total = np.zeros((*cell_axes, N_DESTINATIONS))
    for name, table in log_factors.items():
        shape = [1] * len(cell_axes)
        shape[1], shape[FACTOR_AXIS[name]] = cell_axes[1], cell_axes[FACTOR_AXIS[name]]
        total += table.reshape(*shape, N_DESTINATIONS)
    return np.exp(total.reshape(-1, N_DESTINATIONS))


def at_risk(cell_axes: tuple[int, ...]) -> Floats:
    """Return 1 where a destination can be reached from a cell: only the early stage can advance."""
    risk = np.ones((*cell_axes, N_DESTINATIONS))
    risk[:, :, 1, ..., ADVANCE] = 0.0
    return risk.reshape(-1, N_DESTINATIONS)
