"""Draws of the calibrated rates: what the uncertainty of the estimates means for the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, ndtri

from simulator.calibration.calibration import (
    DESTINATIONS,
    FACTOR_LEVELS,
    Arrivals,
    Calibration,
    Dirichlet,
    Drift,
)
from simulator.engine.draws.slices import N_MULTIPLIER_SLICES, amount_slices, gamma_quantile
from simulator.engine.keys import rate_uniforms
from simulator.history.tables import CATEGORIES

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class RateDraws:
    """Rates of every draw; the leading axis of each array is the draw.

    Parameters
    ----------
    hazards : Floats, shape (draw, segment, category, destination)
        Per day, without factors.
    factors : dict of Floats, shape (draw, category, level, destination)
    effects : dict of Floats, shape (draw, level, destination)
    amounts, multiplier_new, multiplier_open : Floats, shape (draw, segment, slice)
        Scenario currency; ratios.
    offset, push : Floats, shape (draw, segment, months)
        Probabilities.
    entry : Floats, shape (draw, segment, 6)
        Probabilities.
    redate : Floats, shape (draw, 2)
    early_push : Floats, shape (draw, segment)
    late_entry : Floats, shape (draw, category)
    sals : Floats, shape (draw, stream)
        Per month.
    season : Floats, shape (draw, 12)
    sals_drift : Floats, shape (draw, 2), optional
        Log level of SALs now and their log growth a quarter; None: they stay what they are.
    """

    hazards: Floats
    factors: dict[str, Floats]
    effects: dict[str, Floats]
    amounts: Floats
    multiplier_new: Floats
    multiplier_open: Floats
    offset: Floats
    push: Floats
    entry: Floats
    redate: Floats
    early_push: Floats
    late_entry: Floats
    sals: Floats
    season: Floats
    sals_drift: Floats | None = None


@dataclass(frozen=True)
class _Drawer:
    """How many draws, from which seed, and whether the rates are uncertain at all."""

    seed: int
    n_draws: int
    uncertain: bool

    def gamma(self, name: str, shape: float, rate: float) -> Floats:
        """Gamma(shape, rate) draws; shape 0 is exactly 0, an infinite rate never occurs."""
        if shape <= 0.0:
            return np.zeros(self.n_draws)
        if not self.uncertain:
            return np.full(self.n_draws, shape / rate)
        u = rate_uniforms(self.seed, name, self.n_draws)[:, 0]
        return gamma_quantile(u, np.full(self.n_draws, shape)) / rate

    def beta(self, name: str, a: float, b: float) -> Floats:
        """Beta(a, b) draws; a or b of 0 is exactly 0 or 1."""
        if a <= 0.0 or b <= 0.0 or not self.uncertain:
            return np.full(self.n_draws, a / (a + b) if a + b > 0.0 else 0.0)
        u = rate_uniforms(self.seed, name, self.n_draws)[:, 0]
        return np.asarray(betaincinv(a, b, u), dtype=np.float64)

    def shares(self, name: str, concentration: Floats) -> Floats:
        """Dirichlet draws, shape (draw, value); a concentration of 0 is a share of exactly 0."""
        total = concentration.sum()
        if total <= 0.0:
            return np.zeros((self.n_draws, concentration.size))
        if not self.uncertain:
            return np.tile(concentration / total, (self.n_draws, 1))
        u = rate_uniforms(self.seed, name, self.n_draws, concentration.size)
        positive = concentration > 0.0
        drawn = np.zeros(u.shape)
        drawn[:, positive] = gamma_quantile(u[:, positive], concentration[positive])
        return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), dtype=np.float64)

    def multiplier(self, name: str, log_mean: float, log_sd: float) -> Floats:
        """Log-normal draws with mean exp(log_mean): uncertainty does not raise the rates by itself."""
        if log_sd <= 0.0 or not self.uncertain:
            return np.full(self.n_draws, np.exp(log_mean))
        u = rate_uniforms(self.seed, name, self.n_draws)[:, 0]
        return np.asarray(np.exp(log_mean + log_sd * ndtri(u) - 0.5 * log_sd**2), dtype=np.float64)


def draw_rates(calibration: Calibration, seed: int, n_draws: int, uncertain: bool) -> RateDraws:
    """Draw every rate of a calibration, each keyed by its own name.

    Parameters
    ----------
    calibration : Calibration
    seed : int
        Seed of the scenario.
    n_draws : int
        Number of draws.
    uncertain : bool
        False: every draw is the point estimate.
    """
    drawer = _Drawer(seed, n_draws, uncertain)
    names = calibration.segments
    return RateDraws(
        hazards=_draw_hazards(drawer, calibration, names),
        factors=_draw_factors(drawer, calibration),
        effects=_draw_effects(drawer, calibration),
        amounts=np.stack(
            [
                amount_slices(amounts, f"amount/{name}", seed, n_draws, uncertain=uncertain)
                for name, amounts in zip(names, calibration.amounts, strict=True)
            ],
            axis=1,
        ),
        multiplier_new=_draw_multipliers(drawer, "multiplier_new", calibration),
        multiplier_open=_draw_multipliers(drawer, "multiplier_open", calibration),
        offset=_draw_shares(drawer, "offset", calibration.offset, names),
        push=_draw_shares(drawer, "push", calibration.push, names),
        entry=_draw_shares(drawer, "entry", calibration.entry, names),
        redate=np.stack(
            [drawer.beta(f"redate/{i}", *map(float, row)) for i, row in enumerate(calibration.redate)], axis=1
        ),
        early_push=np.stack(
            [
                drawer.beta(f"early_push/{name}", *map(float, row))
                for name, row in zip(names, calibration.early_push, strict=True)
            ],
            axis=1,
        ),
        late_entry=np.stack(
            [
                drawer.beta(f"late_entry/{name}", *map(float, row))
                for name, row in zip(CATEGORIES, calibration.late_entry, strict=True)
            ],
            axis=1,
        ),
        sals=_draw_sals(drawer, calibration.arrivals, names),
        season=_draw_season(drawer, calibration.arrivals),
        sals_drift=_draw_sals_drift(drawer, calibration.drift),
    )


def _draw_hazards(drawer: _Drawer, calibration: Calibration, names: tuple[str, ...]) -> Floats:
    hazards, drift = calibration.hazards, calibration.drift
    out = np.zeros((drawer.n_draws, *hazards.shape.shape))
    for segment, category, k in np.argwhere(hazards.shape > 0.0):
        name = f"hazard/{names[segment]}/{CATEGORIES[category]}/{DESTINATIONS[k]}"
        if np.isinf(hazards.exposure_days[segment, category, k]):
            out[:, segment, category, k] = (
                hazards.shape[segment, category, k] / hazards.rate[segment, category, k]
            )
            continue
        out[:, segment, category, k] = drawer.gamma(
            name, float(hazards.shape[segment, category, k]), float(hazards.rate[segment, category, k])
        )
    if drift is not None:
        # Rates that a scenario states are those of today.
        drifts = ~np.isinf(hazards.exposure_days)
        for k, name in enumerate(DESTINATIONS):
            level = drawer.multiplier(f"drift/{name}", float(drift.level[k]), float(drift.level_sd[k]))
            out[..., k] *= np.where(drifts[..., k], level[:, None, None], 1.0)
    return out


def _draw_sals_drift(drawer: _Drawer, drift: Drift | None) -> Floats | None:
    if drift is None:
        return None
    middle = np.array([0.0, drift.sals_growth])
    if not drawer.uncertain:
        return np.tile(middle, (drawer.n_draws, 1))
    normals = ndtri(rate_uniforms(drawer.seed, "drift/sals", drawer.n_draws, 2))
    return np.asarray(middle + normals @ root_of(drift.sals_covariance), dtype=np.float64)


def root_of(covariance: Floats) -> Floats:
    """Return the symmetric square root of a covariance, which may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T, dtype=np.float64)


def _draw_factors(drawer: _Drawer, calibration: Calibration) -> dict[str, Floats]:
    """Return draws of the factors, by name; what the history tells of them together is drawn together."""
    found = {name: calibration.factors[name] for name in FACTOR_LEVELS if name in calibration.factors}
    covariance = calibration.factor_covariance
    drawn = {name: np.empty((drawer.n_draws, *factor.log_mean.shape)) for name, factor in found.items()}
    for category, k in np.ndindex(len(CATEGORIES), len(DESTINATIONS)):
        law = _Together(
            names=tuple(
                f"factor/{name}/{CATEGORIES[category]}/{level}/{DESTINATIONS[k]}"
                for name, factor in found.items()
                for level in factor.levels
            ),
            log_mean=_joined([factor.log_mean[category, :, k] for factor in found.values()]),
            log_sd=_joined([factor.log_sd[category, :, k] for factor in found.values()]),
            covariance=None if covariance is None else covariance[category, k],
        )
        _part(law.drawn(drawer), [table[:, category, :, k] for table in drawn.values()])
    return drawn


def _draw_effects(drawer: _Drawer, calibration: Calibration) -> dict[str, Floats]:
    found, covariance = calibration.effects, calibration.effect_covariance
    drawn = {name: np.empty((drawer.n_draws, *effect.log_mean.shape)) for name, effect in found.items()}
    for k, destination in enumerate(DESTINATIONS):
        law = _Together(
            names=tuple(
                f"effect/{name}/{level}/{destination}"
                for name, effect in found.items()
                for level in effect.levels
            ),
            log_mean=_joined([effect.log_mean[:, k] for effect in found.values()]),
            log_sd=_joined([effect.log_sd[:, k] for effect in found.values()]),
            covariance=None if covariance is None else covariance[k],
        )
        _part(law.drawn(drawer), [table[:, :, k] for table in drawn.values()])
    return drawn


@dataclass(frozen=True)
class _Together:
    """Log-normal multipliers with a joint covariance of their logs, or each by itself where there is none."""

    names: tuple[str, ...]
    log_mean: Floats
    log_sd: Floats
    covariance: Floats | None

    def drawn(self, drawer: _Drawer) -> Floats:
        """Return draws, shape (draw, multiplier)."""
        moves = (self.log_sd > 0.0).any() and drawer.uncertain
        if self.covariance is None or not moves:
            columns = [
                drawer.multiplier(name, float(mean), float(sd))
                for name, mean, sd in zip(self.names, self.log_mean, self.log_sd, strict=True)
            ]
            return np.stack(columns, axis=1) if columns else np.empty((drawer.n_draws, 0))
        uniforms = [rate_uniforms(drawer.seed, name, drawer.n_draws)[:, 0] for name in self.names]
        apart = ndtri(np.stack(uniforms, axis=1)) @ root_of(self.covariance)
        return np.asarray(np.exp(self.log_mean + apart - 0.5 * np.diag(self.covariance)))


def _joined(parts: list[Floats]) -> Floats:
    return np.concatenate(parts) if parts else np.zeros(0)


def _part(drawn: Floats, tables: list[Floats]) -> None:
    """Write draws of multipliers, one after the other, into the tables that they belong to."""
    first = 0
    for table in tables:
        table[:] = drawn[:, first : first + table.shape[1]]
        first += table.shape[1]


def _draw_multipliers(drawer: _Drawer, kind: str, calibration: Calibration) -> Floats:
    return np.stack(
        [
            amount_slices(
                amounts,
                f"{kind}/{name}",
                drawer.seed,
                drawer.n_draws,
                uncertain=drawer.uncertain,
                n_slices=N_MULTIPLIER_SLICES,
            )
            for name, amounts in zip(calibration.segments, getattr(calibration, kind), strict=True)
        ],
        axis=1,
    )


def _draw_shares(drawer: _Drawer, kind: str, law: Dirichlet, names: tuple[str, ...]) -> Floats:
    return np.stack(
        [drawer.shares(f"{kind}/{name}", row) for name, row in zip(names, law.concentration, strict=True)],
        axis=1,
    )


def _draw_sals(drawer: _Drawer, arrivals: Arrivals, names: tuple[str, ...]) -> Floats:
    columns = [
        np.full(drawer.n_draws, shape / rate)
        if np.isinf(exposure)
        else drawer.gamma(f"sals/{names[segment]}/{source}", float(shape), float(rate))
        for segment, source, shape, rate, exposure in zip(
            arrivals.segment,
            arrivals.source,
            arrivals.shape,
            arrivals.rate,
            arrivals.exposure_months,
            strict=True,
        )
    ]
    return np.stack(columns, axis=1) if columns else np.zeros((drawer.n_draws, 0))


def _draw_season(drawer: _Drawer, arrivals: Arrivals) -> Floats:
    season = np.stack(
        [
            drawer.multiplier(f"season/{month}", float(np.log(mean)), float(sd))
            for month, (mean, sd) in enumerate(zip(arrivals.season, arrivals.season_log_sd, strict=True))
        ],
        axis=1,
    )
    return np.asarray(season / season.mean(axis=1, keepdims=True), dtype=np.float64)
