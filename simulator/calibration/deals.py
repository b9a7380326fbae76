"""Hazards of deals: base rates by segment, factors of what changes, effects of what a deal is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg

from simulator.calibration.calibration import DESTINATIONS, FACTOR_LEVELS, GammaRates, LogFactors
from simulator.calibration.exposure import CELL_AXES, N_DESTINATIONS, DealMonths, Exposure, total_by
from simulator.calibration.poisson import centre, fit_poisson
from simulator.calibration.pooling import JEFFREYS_EVENTS, pool_rates
from simulator.history.tables import CATEGORIES, OUTCOMES

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

N_CATEGORIES = len(CATEGORIES)
ADVANCE = DESTINATIONS.index("advance")
FACTOR_AXIS = {"stage": 2, "age": 3, "due": 4, "linearity": 5, "pushes": 6}
"""Axis of each factor in a cell (segment, category, late, age, due, linearity, pushes)."""

ORDERED = ("age", "pushes")
FACTOR_SD = {"age": 1.0, "due": 1.0, "linearity": 0.5, "pushes": 0.7, "stage": 0.7}
STEP_SD = 0.5
"""Prior standard deviation of the change of a log factor from one ordered level to the next."""
EFFECT_SD = 0.5
SEGMENT_SD = 1.0
LEVEL_SD = 10.0
MIN_EVENTS = 5
"""Events of a destination in a category below which its factors stay at 1."""
MAX_SWEEPS = 12
SETTLED = 2e-3


@dataclass(frozen=True)
class DealRates:
    """Hazards of deals, as they go into the calibration.

    Parameters
    ----------
    hazards, factors, effects
        As in ``Calibration``.
    notes : tuple of str
        What could not be told, and what was done instead.
    """

    hazards: GammaRates
    factors: dict[str, LogFactors]
    effects: dict[str, LogFactors]
    notes: tuple[str, ...]

    def expected_events(
        self, months: DealMonths, profile: Ints, profile_levels: Ints, destination: int, n_segments: int
    ) -> Floats:
        """Return how many events the rates lead to expect in each row of deal-months.

        Parameters
        ----------
        months : DealMonths
            Rows.
        profile : ndarray of int64, shape (opportunity,)
            Combination of effect levels of each deal.
        profile_levels : ndarray of int64, shape (profile, effect)
            Level of each effect in a profile.
        destination, n_segments : int
            Code of the event; number of segments.
        """
        base = self.hazards.shape[..., destination] / self.hazards.rate[..., destination]
        axes = (n_segments, *CELL_AXES)
        cells = _multipliers(axes, {name: f.log_mean for name, f in self.factors.items()}) * _at_risk(axes)
        effects = _effect_multipliers(profile_levels, [f.log_mean for f in self.effects.values()])
        factor = cells[months.cells(n_segments), destination] * effects[profile[months.deal], destination]
        return np.asarray(base[months.segment, months.category] * factor * months.days)


def reachable(exposure: Exposure, has_stages: bool) -> npt.NDArray[np.bool_]:
    """Tell which destinations a category can lead to, shape (category, destination).

    A category never visited leads nowhere and is led to from nowhere; none leads to itself; only a
    category with a late stage can advance.
    """
    days = exposure.by_cell()[:, 0].reshape(exposure.cell_axes).sum(axis=(0, 3, 4, 5, 6))
    seen = exposure.events_by(exposure.cell, int(np.prod(exposure.cell_axes))).reshape(
        *exposure.cell_axes, -1
    )
    happened = seen.sum(axis=(0, 3, 4, 5, 6, 7))
    visited = (days + happened).sum(axis=1) > 0
    table = np.zeros((N_CATEGORIES, N_DESTINATIONS), dtype=bool)
    table[:, :N_CATEGORIES] = visited[:, None] & visited[None, :] & has_stages
    table[:, N_CATEGORIES : N_CATEGORIES + len(OUTCOMES)] = visited[:, None]
    table[:, ADVANCE] = (days + happened)[:, 1] > 0
    np.fill_diagonal(table, False)
    return table


def fit_deal_rates(
    exposure: Exposure,
    profile_levels: Ints,
    effect_levels: dict[str, tuple[str, ...]],
    possible: npt.NDArray[np.bool_],
) -> DealRates:
    """Fit base rates, factors and effects to days at risk and events.

    Factors and segment levels are fitted for each (category, destination), effects for each
    destination over all categories, in turns until neither moves; both are log-linear Poisson
    regressions with the days at risk as offset and normal priors. The base rates are then pooled over the
    segments with the days multiplied by the fitted factors.

    Parameters
    ----------
    exposure : Exposure
        Days and events by cell and profile.
    profile_levels : ndarray of int64, shape (profile, effect)
        Level of each effect in a profile, -1 where it does not apply.
    effect_levels : dict of str to tuple of str
        Names of the levels, in the order of the columns of profile_levels.
    possible : ndarray of bool, shape (category, destination)
        What can happen (``reachable``).
    """
    n_cells = int(np.prod(exposure.cell_axes))
    events = exposure.events_by(exposure.cell, n_cells)
    sizes = [len(levels) for levels in effect_levels.values()]
    effects = _neutral_effects(sizes)
    model = _CellModel(exposure, events, possible)
    for _ in range(MAX_SWEEPS):
        days = exposure.by_cell(_effect_multipliers(profile_levels, [e.mean for e in effects]))
        model.fit(days)
        if not sizes:
            break
        before = np.concatenate([e.mean for e in effects])
        effects = _fit_effects(exposure, model.level_multipliers(), profile_levels, sizes)
        if np.abs(np.concatenate([e.mean for e in effects]) - before).max() < SETTLED:
            break
    else:
        model.notes.append(
            f"Effects and factors still moved after {MAX_SWEEPS} turns; their last values are used."
        )
    days = exposure.by_cell(_effect_multipliers(profile_levels, [e.mean for e in effects]))
    factors = model.factors(days)
    weighted = days * _multipliers(exposure.cell_axes, {name: f.log_mean for name, f in factors.items()})
    weighted *= _at_risk(exposure.cell_axes)
    hazards, notes = _pool_base(exposure, events, weighted, possible)
    named = _named_effects(exposure, effect_levels, effects, profile_levels)
    return DealRates(hazards, factors, named, (*model.notes, *notes))


@dataclass(frozen=True)
class _Fitted:
    mean: Floats
    sd: Floats


class _CellModel:
    """Factors and segment levels of every (category, destination), refitted as the effects change."""

    def __init__(self, exposure: Exposure, events: Floats, possible: npt.NDArray[np.bool_]) -> None:
        self.axes = exposure.cell_axes
        self.events = events
        self.possible = possible
        self.codes = np.stack(np.unravel_index(np.arange(len(events)), self.axes), axis=1)
        self.notes: list[str] = []
        self.fits: dict[tuple[int, int], tuple[Floats, Floats]] = {}
        self.used = exposure.by_cell()[:, 0] > 0
        shapes = {name: (N_CATEGORIES, len(levels), N_DESTINATIONS) for name, levels in FACTOR_LEVELS.items()}
        self.log_mean = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.log_sd = {name: np.zeros(shape) for name, shape in shapes.items()}
        self.log_base = np.full((self.axes[0], N_CATEGORIES, N_DESTINATIONS), -np.inf)

    def fit(self, days: Floats) -> None:
        """Refit every (category, destination) that can happen to days of shape (cell, destination)."""
        for category, k in zip(*np.nonzero(self.possible), strict=True):
            rows = self._rows(int(category), int(k))
            self._fit_one(int(category), int(k), rows, days[rows, k])

    def _rows(self, category: int, k: int) -> npt.NDArray[np.bool_]:
        rows = self.used & (self.codes[:, 1] == category)
        return np.asarray(rows & (self.codes[:, 2] == 0) if k == ADVANCE else rows)

    def _names(self, rows: npt.NDArray[np.bool_]) -> list[str]:
        """Return the factors that vary over the rows: one that does not cannot be told from the level."""
        return [n for n, axis in FACTOR_AXIS.items() if len(np.unique(self.codes[rows, axis])) > 1]

    def _fit_one(self, category: int, k: int, rows: npt.NDArray[np.bool_], days: Floats) -> None:
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
        self.log_base[:, category, k] = (
            np.log(pooled) + fit.coefficients[0] + fit.coefficients[1 : 1 + self.axes[0]]
        )
        weight = days * pooled * np.exp(design @ fit.coefficients)
        at = 1 + self.axes[0]
        for name in names:
            n_levels = len(FACTOR_LEVELS[name])
            block = slice(at, at + n_levels)
            by_level = total_by(self.codes[rows, FACTOR_AXIS[name]], weight, n_levels)
            mean, sd, shift = centre(fit.coefficients[block], fit.covariance[block, block], by_level)
            self.log_mean[name][category, :, k], self.log_sd[name][category, :, k] = mean, sd
            self.log_base[:, category, k] += shift
            at += n_levels

    def level_multipliers(self) -> Floats:
        """Return the fitted hazard of every cell, effects apart, shape (cell, destination)."""
        base = np.exp(self.log_base)[self.codes[:, 0], self.codes[:, 1]]
        return np.asarray(base * _multipliers(self.axes, self.log_mean) * _at_risk(self.axes))

    def factors(self, days: Floats) -> dict[str, LogFactors]:
        """Return the factors with the events and days behind each level."""
        found = {}
        risk = _at_risk(self.axes)
        for name, levels in FACTOR_LEVELS.items():
            code = self.codes[:, 1] * len(levels) + self.codes[:, FACTOR_AXIS[name]]
            shape = (N_CATEGORIES, len(levels), N_DESTINATIONS)
            tables = [
                np.stack(
                    [total_by(code, t[:, k], shape[0] * shape[1]) for k in range(N_DESTINATIONS)], axis=1
                )
                for t in (self.events, days * risk)
            ]
            seen, at_risk = (t.reshape(shape) * self.possible[:, None, :] for t in tables)
            found[name] = LogFactors(levels, self.log_mean[name], self.log_sd[name], seen, at_risk)
        return found


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


def _multipliers(cell_axes: tuple[int, ...], log_factors: dict[str, Floats]) -> Floats:
    """Multiply out factors of shape (category, level, destination) over all cells."""
    total = np.zeros((*cell_axes, N_DESTINATIONS))
    for name, table in log_factors.items():
        shape = [1] * len(cell_axes)
        shape[1], shape[FACTOR_AXIS[name]] = cell_axes[1], cell_axes[FACTOR_AXIS[name]]
        total += table.reshape(*shape, N_DESTINATIONS)
    return np.exp(total.reshape(-1, N_DESTINATIONS))


def _at_risk(cell_axes: tuple[int, ...]) -> Floats:
    """Return 1 where a destination can be reached from a cell: only the early stage can advance."""
    risk = np.ones((*cell_axes, N_DESTINATIONS))
    risk[:, :, 1, ..., ADVANCE] = 0.0
    return risk.reshape(-1, N_DESTINATIONS)


def _neutral_effects(sizes: list[int]) -> list[_Fitted]:
    return [_Fitted(np.zeros((n, N_DESTINATIONS)), np.zeros((n, N_DESTINATIONS))) for n in sizes]


def _effect_multipliers(profile_levels: Ints, log_effects: list[Floats]) -> Floats:
    """Multiply out effects of shape (level, destination) over all profiles; level -1 has none."""
    total = np.zeros((len(profile_levels), N_DESTINATIONS))
    for column, table in enumerate(log_effects):
        level = profile_levels[:, column]
        total += np.where(level[:, None] >= 0, table[level], 0.0)
    return np.exp(total)


def _fit_effects(
    exposure: Exposure, hazards: Floats, profile_levels: Ints, sizes: list[int]
) -> list[_Fitted]:
    """Fit the effects of every destination given the hazards of the cells.

    Each destination has a level of every segment beside the effects, so that what sets segments apart
    is not taken for an effect of what their deals have in common.
    """
    group = exposure.segment * exposure.n_profiles + exposure.profile
    n_groups = exposure.n_segments * exposure.n_profiles
    expected, events = exposure.days_by(group, n_groups, hazards), exposure.events_by(group, n_groups)
    segment, profile = np.divmod(np.arange(n_groups), exposure.n_profiles)
    blocks = [_one_hot(profile_levels[profile, j], n) for j, n in enumerate(sizes)]
    design = np.concatenate([*blocks, np.eye(exposure.n_segments)[segment]], axis=1)
    prior_sd = np.repeat([EFFECT_SD, LEVEL_SD], [sum(sizes), exposure.n_segments])
    effects = _neutral_effects(sizes)
    for k in np.flatnonzero(events.sum(axis=0) >= MIN_EVENTS):
        used = expected[:, k] > 0
        fit = fit_poisson(design[used], events[used, k], expected[used, k], np.diag(prior_sd**-2))
        weight = expected[:, k] * np.exp(design @ fit.coefficients)
        at = 0
        for j, n in enumerate(sizes):
            block = slice(at, at + n)
            by_level = blocks[j].T @ weight
            effects[j].mean[:, k], effects[j].sd[:, k], _ = centre(
                fit.coefficients[block], fit.covariance[block, block], by_level
            )
            at += n
    return effects


def _one_hot(level: Ints, n_levels: int) -> Floats:
    return np.where(level[:, None] >= 0, np.eye(n_levels)[level], 0.0)


def _named_effects(
    exposure: Exposure,
    effect_levels: dict[str, tuple[str, ...]],
    effects: list[_Fitted],
    profile_levels: Ints,
) -> dict[str, LogFactors]:
    events = exposure.events_by(exposure.profile, exposure.n_profiles)
    everywhere = np.ones((int(np.prod(exposure.cell_axes)), N_DESTINATIONS))
    days = exposure.days_by(exposure.profile, exposure.n_profiles, everywhere)
    named = {}
    for j, (name, levels) in enumerate(effect_levels.items()):
        hot = _one_hot(profile_levels[:, j], len(levels))
        named[name] = LogFactors(levels, effects[j].mean, effects[j].sd, hot.T @ events, hot.T @ days)
    return named


def _pool_base(
    exposure: Exposure, events: Floats, weighted: Floats, possible: npt.NDArray[np.bool_]
) -> tuple[GammaRates, list[str]]:
    """Pool the base rates of each (category, destination) over the segments."""
    axes = (*exposure.cell_axes, N_DESTINATIONS)
    n, days, raw = (
        table.reshape(axes).sum(axis=(2, 3, 4, 5, 6))
        for table in (events, weighted, exposure.by_cell() * _at_risk(exposure.cell_axes))
    )
    shape, rate = np.zeros(n.shape), np.ones(n.shape)
    notes: list[str] = []
    never = []
    for category, k in zip(*np.nonzero(possible), strict=True):
        anywhere = (n[:, :, k].sum() + JEFFREYS_EVENTS) / max(float(days[:, :, k].sum()), 1.0)
        found = pool_rates(n[:, category, k], days[:, category, k], float(anywhere))
        shape[:, category, k], rate[:, category, k] = found.shape, found.rate
        if n[:, category, k].sum() == 0:
            never.append(f"{CATEGORIES[category]} to {DESTINATIONS[k]}")
    if never:
        notes.append(
            f"Never seen in this history: {', '.join(never)}; they rest on a weak prior of half an event."
        )
    if n.shape[0] == 1:
        notes.append("One segment only: there is nothing to pool its rates with.")
    return GammaRates(shape, rate, n * possible, raw * possible), notes
