"""Draws of the calibrated rates: what the uncertainty of the estimates means for the engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats
from simulator.calibration.calibration import (
    DESTINATIONS,
    FACTOR_LEVELS,
    MONTH_PARTS,
    Calibration,
    Drift,
    LogFactors,
)
from simulator.calibration.own_factors import REPS, SEGMENT_AGES, posteriors
from simulator.calibration.posteriors import (
    Beta,
    Draws,
    Gamma,
    JointLogNormal,
    JointNormal,
    LogNormal,
    Shares,
)
from simulator.engine.draws.slices import N_MULTIPLIER_SLICES, N_SLICES, amount_slices
from simulator.engine.keys import rate_draws
from simulator.history.tables import CATEGORIES
from simulator.recent import recent


@dataclass(frozen=True)
class RateDraws:
    """Rates of every draw; the leading axis of each array is the draw.

    Parameters
    ----------
    hazards : Floats, shape (draw, segment, category, destination)
        Per day, without factors.
    factors : dict of Floats, shape (draw, category, level, destination)
    effects : dict of Floats, shape (draw, level, destination)
    segment_ages : Floats, shape (draw, segment, category, age, destination), optional
    reps : Floats, shape (draw, rep, destination), optional
        Factors of the ages of a segment, and of the reps of open deals; None: all are alike.
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
    clock : Floats, shape (draw, 3 or 0, part)
        Pace of winning by month of the quarter and part of the month; no rows: it is even.
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
    clock: Floats
    segment_ages: Floats | None = None
    reps: Floats | None = None
    sals_drift: Floats | None = None
    amount_drift: Floats | None = None


@recent(4)
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
    c, draws = calibration, rate_draws(seed, n_draws, uncertain)
    segments = {"segment": c.segments}
    own = {name: posterior.draw(name, draws) for name, _, posterior in posteriors(c)}

    def slices(kind: str, n_slices: int) -> Floats:
        tables = getattr(c, "amounts" if kind == "amount" else kind)
        named = zip(c.segments, tables, strict=True)
        return np.stack([amount_slices(a, f"{kind}/{s}", draws, n_slices) for s, a in named], axis=1)

    return RateDraws(
        hazards=_draw_hazards(draws, c),
        factors=_draw_factors(draws, c),
        effects=_draw_effects(draws, c),
        segment_ages=own.get(SEGMENT_AGES),
        reps=own.get(REPS),
        amounts=slices("amount", N_SLICES),
        multiplier_new=slices("multiplier_new", N_MULTIPLIER_SLICES),
        multiplier_open=slices("multiplier_open", N_MULTIPLIER_SLICES),
        offset=Shares(segments, c.offset.concentration).draw("offset", draws),
        push=Shares(segments, c.push.concentration).draw("push", draws),
        entry=Shares(segments, c.entry.concentration).draw("entry", draws),
        redate=Beta({"level": ("0", "1")}, c.redate).draw("redate", draws),
        early_push=Beta(segments, c.early_push).draw("early_push", draws),
        late_entry=Beta({"category": CATEGORIES}, c.late_entry).draw("late_entry", draws),
        sals=_draw_sals(draws, c),
        season=_draw_season(draws, c),
        clock=_draw_clock(draws, c),
        sals_drift=None if c.drift is None else _sals_drift(c.drift).draw("drift/sals", draws),
        amount_drift=_draw_amount_drift(draws, c.drift),
    )


def _draw_hazards(draws: Draws, calibration: Calibration) -> Floats:
    hazards, drift = calibration.hazards, calibration.drift
    axes = {"segment": calibration.segments, "category": CATEGORIES, "destination": DESTINATIONS}
    stated = np.isinf(hazards.exposure_days)
    out = Gamma(axes, hazards.shape, hazards.rate, stated).draw("hazard", draws)
    if drift is not None:
        level = LogNormal({"destination": DESTINATIONS}, drift.level, drift.level_sd).draw("drift", draws)
        # Rates that a scenario states are those of today.
        out *= np.where(stated, 1.0, level[:, None, None, :])
    return out


def _draw_clock(draws: Draws, calibration: Calibration) -> Floats:
    clock = calibration.clock
    if clock is None:
        return np.ones((draws.n, 0, len(MONTH_PARTS)))
    months = {"month": FACTOR_LEVELS["linearity"], "part": MONTH_PARTS}
    return np.asarray(Shares(months, clock.concentration).draw("clock", draws) / clock.base)


def _sals_drift(drift: Drift) -> JointNormal:
    return JointNormal(np.array([0.0, drift.sals_growth]), drift.sals_covariance)


def _draw_amount_drift(draws: Draws, drift: Drift | None) -> Floats | None:
    if drift is None or not drift.amounts_covariance.any():
        return None
    return JointNormal(drift.amounts, drift.amounts_covariance).draw("drift/amounts", draws)


def _draw_factors(draws: Draws, calibration: Calibration) -> dict[str, Floats]:
    """Return draws of the factors, by name; what the history estimates together is drawn together."""
    found = {name: calibration.factors[name] for name in FACTOR_LEVELS if name in calibration.factors}
    covariance = calibration.factor_covariance
    drawn = {name: np.empty((draws.n, *factor.log_mean.shape)) for name, factor in found.items()}
    for c, k in np.ndindex(len(CATEGORIES), len(DESTINATIONS)):
        joint = _together(
            found,
            (c, slice(None), k),
            f"{{name}}/{CATEGORIES[c]}/{{level}}/{DESTINATIONS[k]}",
            None if covariance is None else covariance[c, k],
        )
        _split(joint.draw("factor", draws), [table[:, c, :, k] for table in drawn.values()])
    return drawn


def _draw_effects(draws: Draws, calibration: Calibration) -> dict[str, Floats]:
    found, covariance = calibration.effects, calibration.effect_covariance
    drawn = {name: np.empty((draws.n, *effect.log_mean.shape)) for name, effect in found.items()}
    for k, destination in enumerate(DESTINATIONS):
        joint = _together(
            found,
            (slice(None), k),
            f"{{name}}/{{level}}/{destination}",
            None if covariance is None else covariance[k],
        )
        _split(joint.draw("effect", draws), [table[:, :, k] for table in drawn.values()])
    return drawn


def _together(
    found: dict[str, LogFactors], at: tuple[int | slice, ...], key: str, covariance: Floats | None
) -> JointLogNormal:
    """Return the multipliers of all levels of all covariates, one after the other."""
    tables = found.values()
    return JointLogNormal(
        names=tuple(key.format(name=name, level=level) for name, t in found.items() for level in t.levels),
        log_mean=np.concatenate([np.zeros(0), *(table.log_mean[at] for table in tables)]),
        log_sd=np.concatenate([np.zeros(0), *(table.log_sd[at] for table in tables)]),
        covariance=covariance,
    )


def _split(drawn: Floats, tables: list[Floats]) -> None:
    """Write draws of multipliers, one after the other, into the tables that they belong to."""
    first = 0
    for table in tables:
        table[:] = drawn[:, first : first + table.shape[1]]
        first += table.shape[1]


def _draw_sals(draws: Draws, calibration: Calibration) -> Floats:
    arrivals = calibration.arrivals
    names = (calibration.segments[s] for s in arrivals.segment)
    streams = tuple(f"{name}/{source}" for name, source in zip(names, arrivals.source, strict=True))
    stated = np.isinf(arrivals.exposure_months)
    return Gamma({"stream": streams}, arrivals.shape, arrivals.rate, stated).draw("sals", draws)


def _draw_season(draws: Draws, calibration: Calibration) -> Floats:
    arrivals = calibration.arrivals
    axes = {"month": tuple(map(str, range(12)))}
    season = LogNormal(axes, np.log(arrivals.season), arrivals.season_log_sd).draw("season", draws)
    return np.asarray(season / season.mean(axis=1, keepdims=True), dtype=np.float64)
