"""Hazards of deals: base rates by segment, factors of what changes, effects of what a deal is."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import (
    DESTINATIONS,
    SIZE_LEVELS,
    SIZE_QUANTILES,
    GammaRates,
    LogFactors,
    OwnFactors,
)
from simulator.calibration.exposure import CELL_AXES, N_DESTINATIONS, DealMonths, Exposure
from simulator.calibration.factors import (
    ADVANCE,
    LEVEL_SD,
    MIN_EVENTS,
    N_CATEGORIES,
    CellModel,
    at_risk,
    multipliers,
)
from simulator.calibration.overdispersion import month_variance
from simulator.calibration.own_factors import segment_ages
from simulator.calibration.poisson import centre, fit_poisson
from simulator.calibration.pooling import JEFFREYS_EVENTS, pool_rates
from simulator.history.tables import CATEGORIES, OUTCOMES
from simulator.notes import MODEL, HowMade

EFFECT_SD = 0.5
SIZE_SLOPE_SD, SIZE_OFF_LINE_SD = 0.5, 0.15
"""Prior standard deviation of the log effect of one standard score of size, and of a band about that line."""
MAX_SWEEPS = 12
SETTLED = 2e-3
"""Change of a log effect below which the turns of fitting end."""


@dataclass(frozen=True)
class DealRates:
    """Hazards of deals, as they go into the calibration.

    Parameters
    ----------
    hazards, factors, effects, factor_covariance, effect_covariance, segment_ages
        As in ``Calibration``.
    notes : tuple of str
        What could not be told, and what was done instead.
    """

    hazards: GammaRates
    factors: dict[str, LogFactors]
    effects: dict[str, LogFactors]
    factor_covariance: Floats
    effect_covariance: Floats
    notes: tuple[str, ...]
    segment_ages: OwnFactors | None = None

    def expected_events(
        self, months: DealMonths, profile: Ints, profile_levels: Ints, destination: int
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
        destination : int
            Code of the event.
        """
        base = self.hazards.shape[..., destination] / self.hazards.rate[..., destination]
        n_segments = len(self.hazards.shape)
        axes = (n_segments, *CELL_AXES)
        cells = multipliers(axes, {name: f.log_mean for name, f in self.factors.items()}) * at_risk(axes)
        effects = _effect_multipliers(profile_levels, [f.log_mean for f in self.effects.values()])
        factor = cells[months.cells(n_segments), destination] * effects[profile[months.deal], destination]
        if self.segment_ages is not None:
            own = self.segment_ages.mean[..., destination]
            factor *= own[months.segment, months.category, months.age]
        return np.asarray(base[months.segment, months.category] * factor * months.days)

    def expected(self, months: DealMonths, profile: Ints, profile_levels: Ints) -> Floats:
        """Return ``expected_events`` of every destination, shape (row, destination)."""
        columns = [self.expected_events(months, profile, profile_levels, k) for k in range(N_DESTINATIONS)]
        return np.stack(columns, axis=1)


def reachable(exposure: Exposure, has_stages: bool) -> Mask:
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
    possible: Mask,
    seen: tuple[DealMonths, Ints] | None = None,
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
    seen : tuple of DealMonths and ndarray of int64, optional
        The rows behind the exposure and the profile of each opportunity: how much a month of the quarter
        differs from quarter to quarter then counts in the certainty of its factor, and segments whose deals
        age otherwise are looked for.
    """
    events = exposure.events_by(exposure.cell, int(np.prod(exposure.cell_axes)))
    model = CellModel(exposure, events, possible)
    effects, covariance = _in_turns(model, exposure, profile_levels, effect_levels)
    days = exposure.by_cell(multiplier := _effect_multipliers(profile_levels, [e.mean for e in effects]))
    if seen is not None:
        model.month_variance = month_variance(seen[0], _row_rates(model, seen, multiplier))
        model.fit(days)
    factors = model.factors(days)
    base, more = _pool_base(exposure, events, _weighted(exposure, days, factors), possible)
    named = _named_effects(exposure, effect_levels, effects, profile_levels)
    notes = (*dict.fromkeys(model.notes), *more)
    found = DealRates(base, factors, named, model.covariance, covariance, notes)
    if seen is None:
        return found
    expected = found.expected(*seen, profile_levels)
    return replace(found, segment_ages=segment_ages(seen[0], expected, exposure.n_segments))


def _weighted(exposure: Exposure, days: Floats, factors: dict[str, LogFactors]) -> Floats:
    """Return the days at risk times the factors of each cell."""
    weights = multipliers(exposure.cell_axes, {name: f.log_mean for name, f in factors.items()})
    return days * weights * at_risk(exposure.cell_axes)


def _in_turns(
    model: CellModel, exposure: Exposure, profile_levels: Ints, effect_levels: dict[str, tuple[str, ...]]
) -> tuple[list[_Fitted], Floats]:
    """Fit the factors given the effects and these given those, until neither moves; return the effects."""
    sizes = [len(levels) for levels in effect_levels.values()]
    effects = _neutral_effects(sizes)
    covariance = np.zeros((N_DESTINATIONS, sum(sizes), sum(sizes)))
    for _ in range(MAX_SWEEPS):
        model.fit(exposure.by_cell(_effect_multipliers(profile_levels, [e.mean for e in effects])))
        if not sizes:
            return effects, covariance
        before = np.concatenate([e.mean for e in effects])
        effects, covariance = _fit_effects(exposure, model.level_multipliers(), profile_levels, effect_levels)
        if np.abs(np.concatenate([e.mean for e in effects]) - before).max() < SETTLED:
            return effects, covariance
    model.notes.append(
        f"Effects and factors still moved after {MAX_SWEEPS} rounds of fitting; their last values are used."
    )
    return effects, covariance


def _row_rates(model: CellModel, seen: tuple[DealMonths, Ints], multiplier: Floats) -> Floats:
    """Return the events expected of each row of deal-months, shape (row, destination)."""
    months, profile = seen
    rates = model.level_multipliers()[months.cells(model.axes[0])] * multiplier[profile[months.deal]]
    return np.asarray(rates * months.days[:, None])


@dataclass(frozen=True)
class _Fitted:
    mean: Floats
    sd: Floats


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
    exposure: Exposure, hazards: Floats, profile_levels: Ints, levels: dict[str, tuple[str, ...]]
) -> tuple[list[_Fitted], Floats]:
    """Fit the effects of every destination, and their joint covariance, given the hazards of the cells.

    Each destination has a level of every segment next to the effects, so that what sets segments apart
    is not taken for an effect of what their deals have in common.
    """
    sizes = [len(names) for names in levels.values()]
    group = exposure.segment * exposure.n_profiles + exposure.profile
    n_groups = exposure.n_segments * exposure.n_profiles
    expected, events = exposure.days_by(group, n_groups, hazards), exposure.events_by(group, n_groups)
    segment, profile = np.divmod(np.arange(n_groups), exposure.n_profiles)
    blocks = [_one_hot(profile_levels[profile, j], n) for j, n in enumerate(sizes)]
    design = np.concatenate([*blocks, np.eye(exposure.n_segments)[segment]], axis=1)
    level = np.eye(exposure.n_segments) / LEVEL_SD**2
    precision = scipy.linalg.block_diag(*map(_effect_precision, levels.values()), level)
    effects = _neutral_effects(sizes)
    covariance = np.zeros((N_DESTINATIONS, sum(sizes), sum(sizes)))
    for k in np.flatnonzero(events.sum(axis=0) >= MIN_EVENTS):
        used = expected[:, k] > 0
        fit = fit_poisson(design[used], events[used, k], expected[used, k], precision)
        weight = expected[:, k] * np.exp(design @ fit.coefficients)
        at = 0
        shares = []
        for j, n in enumerate(sizes):
            block = slice(at, at + n)
            by_level = blocks[j].T @ weight
            shares.append(np.eye(n) - by_level / by_level.sum())
            effects[j].mean[:, k], effects[j].sd[:, k], _ = centre(
                fit.coefficients[block], fit.covariance[block, block], by_level
            )
            at += n
        centring = scipy.linalg.block_diag(*shares)
        covariance[k] = centring @ fit.covariance[:at, :at] @ centring.T
    return effects, covariance


def _effect_precision(levels: tuple[str, ...]) -> Floats:
    """Return the inverse prior covariance of an effect's levels: those of size lie about a line."""
    if levels != SIZE_LEVELS:
        return np.eye(len(levels)) / EFFECT_SD**2
    ends = scipy.stats.norm.pdf(scipy.stats.norm.ppf([0.0, *SIZE_QUANTILES, 1.0]))
    score = -np.diff(ends) / np.diff([0.0, *SIZE_QUANTILES, 1.0])
    about = SIZE_OFF_LINE_SD**2 * np.eye(len(levels))
    return np.asarray(np.linalg.inv(SIZE_SLOPE_SD**2 * np.outer(score, score) + about))


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
    exposure: Exposure, events: Floats, weighted: Floats, possible: Mask
) -> tuple[GammaRates, list[str]]:
    """Pool the base rates of each (category, destination) over the segments."""
    axes = (*exposure.cell_axes, N_DESTINATIONS)
    n, days, raw = (
        table.reshape(axes).sum(axis=(2, 3, 4, 5, 6))
        for table in (events, weighted, exposure.by_cell() * at_risk(exposure.cell_axes))
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
            HowMade(
                "never seen in this history",
                f"{', '.join(never)}; they rest on a weak prior of half an event",
                MODEL,
            )
        )
    if n.shape[0] == 1:
        notes.append("One segment only: there is nothing to pool its rates with.")
    return GammaRates(shape, rate, n * possible, raw * possible), notes
