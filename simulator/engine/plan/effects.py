"""Rows of the effect table: source, competitor, compelling event, size, rep as one factor per destination."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import (
    DESTINATIONS,
    SIZE_LEVELS,
    SIZE_QUANTILES,
    Arrivals,
    Calibration,
)
from simulator.calibration.effects import OTHER, UNKNOWN
from simulator.calibration.own_factors import REPS, owners
from simulator.engine.draws.deals import RateDraws
from simulator.errors import Fault, InputError
from simulator.fiscal import DAYS_PER_MONTH
from simulator.scenario.levers import Lever
from simulator.scenario.schema import Scenario

SIZE_PARTS = 50
"""Parts of equal probability into which all of ``SIZE_QUANTILES`` fall."""


@dataclass(frozen=True)
class EffectRows:
    """The effect table and who uses which of its rows.

    Parameters
    ----------
    effect : Floats, shape (draw, row, 8)
        Factor of each destination's hazard; padded.
    open_row : Ints, shape (open deal,)
    stream_profile_cdf : Floats, shape (stream, profile)
        Cumulative share of the profiles among a stream's new deals.
    stream_row : Ints, shape (stream, profile, part)
        By the place of the amount among those of the segment's new deals, in parts of equal probability.
    """

    effect: Floats
    open_row: Ints
    stream_profile_cdf: Floats
    stream_row: Ints


def effect_rows(calibration: Calibration, rates: RateDraws, open_deals: pd.DataFrame) -> EffectRows:
    """Return the effect table for new deals (by stream, profile and size) and for the open ones."""
    drawn = rates.effects | ({} if rates.reps is None else {REPS: rates.reps})
    combinations: dict[tuple[int, ...], int] = {}

    def row(levels: dict[str, int]) -> int:
        return combinations.setdefault(tuple(levels.get(name, -1) for name in drawn), len(combinations))

    arrivals, profiles = calibration.arrivals, calibration.profiles
    n_streams, n_profiles = len(arrivals.source), profiles.levels.shape[0]
    sizes = size_of_parts(calibration.size_edges.shape[1] + 1)
    stream_row = np.zeros((n_streams, n_profiles, len(sizes)), dtype=np.int64)
    for stream, profile, part in np.ndindex(*stream_row.shape):
        levels = dict(zip(profiles.names, map(int, profiles.levels[profile]), strict=True))
        levels["source"] = level_of(calibration, "source", arrivals.source[stream])
        levels["size"] = int(sizes[part])
        stream_row[stream, profile, part] = row(levels)
    open_row = np.array([row(levels) for levels in _open_levels(calibration, open_deals)], dtype=np.int64)
    effect = np.ones((rates.hazards.shape[0], max(1, len(combinations)), 8))
    for levels_of_row, index in combinations.items():
        for factor, level in zip(drawn.values(), levels_of_row, strict=True):
            if level >= 0:
                effect[:, index, : len(DESTINATIONS)] *= factor[:, level]
    share = np.cumsum(profiles.share, axis=1)[arrivals.segment]
    cdf = share / share[:, -1:] if n_streams else np.ones((0, n_profiles))
    return EffectRows(effect, open_row, np.ascontiguousarray(cdf), stream_row)


def level_of(calibration: Calibration, effect: str, value: object) -> int:
    """Return the level of an effect that a value falls into; -1 where the effect is not calibrated."""
    if effect not in calibration.effects:
        return -1
    levels = calibration.effects[effect].levels
    text = UNKNOWN if value is None or value != value else str(value)  # noqa: PLR0124
    for candidate in (text, OTHER):
        if candidate in levels:
            return levels.index(candidate)
    return -1


def _open_levels(calibration: Calibration, open_deals: pd.DataFrame) -> list[dict[str, int]]:
    """Return the effect levels of every open deal."""
    by_effect: dict[str, list[int]] = {}
    for name in calibration.effects:
        if name == "size":
            by_effect[name] = _size_bands(calibration, open_deals)
        elif name in open_deals.columns:
            by_effect[name] = [level_of(calibration, name, value) for value in open_deals[name]]
    if calibration.reps is not None and "owner" in open_deals.columns:
        place = {name: number for number, name in enumerate(calibration.reps.names)}
        by_effect[REPS] = [place.get(name, -1) for name in owners(open_deals)]
    return [{name: levels[deal] for name, levels in by_effect.items()} for deal in range(len(open_deals))]


def size_of_parts(n_bands: int) -> Ints:
    """Return the size band of each of this many parts of equal probability, in order of the amount.

    Calibrated bands end at ``SIZE_QUANTILES``; those that a company states are equal.
    """
    if n_bands != len(SIZE_LEVELS):
        return np.arange(n_bands)
    middle = (np.arange(SIZE_PARTS) + 0.5) / SIZE_PARTS
    return np.searchsorted(SIZE_QUANTILES, middle).astype(np.int64)


def _size_bands(calibration: Calibration, open_deals: pd.DataFrame) -> list[int]:
    """Return the size band of every open deal; an unknown amount has none."""
    position = {name: place for place, name in enumerate(calibration.segments)}
    bands = []
    for segment, amount in zip(open_deals["segment"], open_deals["amount"], strict=True):
        edges = calibration.size_edges[position[segment]]
        bands.append(-1 if amount != amount else int(np.searchsorted(edges, amount, side="right")))  # noqa: PLR0124
    return bands


HAZARD_LEVERS: dict[str, tuple[str, ...]] = {
    "close_odds": ("won",),
    "no_decision": ("lost_no_decision",),
    "competitive_losses": ("lost_competition",),
    "velocity": DESTINATIONS,
}
"""Levers that multiply hazards, and of which destinations; these and sals may hold for some months only."""

WHOLE_LEVERS = ("slippage", "push_length", "pull_ins", "amount", "close_multiplier")
"""Levers that hold throughout or not at all."""

DUE_LATER, DUE_THIS_MONTH = 0, 1
OUTCOME_AXIS = slice(DESTINATIONS.index("won"), DESTINATIONS.index("lost_no_decision") + 1)
SHARE_OF_MONTH = (1.0 / 3.0, 2.0 / 3.0, 1.0)
"""Of a slippage lever above x1, by month of the quarter: a date moved inside the quarter comes due again."""
MOVES = np.delete(np.arange(len(DESTINATIONS)), OUTCOME_AXIS)
MOST_PULLED_IN = 0.95
"""Of the deals due later, the most that a lever lets close in a month."""
LEAST_LEFT = 0.05
"""A slippage lever never takes away more than this leaves of the chance to close in the month due."""


@dataclass(frozen=True)
class LeverEffects:
    """Factors by segment (and stream or month) of all levers together.

    Parameters
    ----------
    hazard : Floats, shape (segment, destination)
        Of levers that hold throughout.
    month_effect : Floats, shape (segment or 0, month, 8)
        Of levers that hold for some months; no rows where there are none.
    sals : Floats, shape (stream, month)
    slippage, push_length, pull_ins, amount, close_multiplier : Floats, shape (segment,)
    """

    hazard: Floats
    month_effect: Floats
    sals: Floats
    slippage: Floats
    push_length: Floats
    pull_ins: Floats
    amount: Floats
    close_multiplier: Floats


def resolve(scenario: Scenario, segments: tuple[str, ...], arrivals: Arrivals, months: Ints) -> LeverEffects:
    """Return the factors that a scenario's levers amount to.

    Raises
    ------
    InputError
        A lever names a source that no deal comes from, or holds for some months where it cannot.
    """
    check_levers(scenario, arrivals, months)
    hazard = np.ones((len(segments), len(DESTINATIONS)))
    month_effect = np.ones((len(segments), months.size, 8))
    sals = np.ones((len(arrivals.source), months.size))
    whole = {name: np.ones(len(segments)) for name in WHOLE_LEVERS}
    windowed = False
    for lever in scenario.levers:
        chosen = np.array([lever.segments is None or name in lever.segments for name in segments])
        held = _held(lever, months)
        if lever.name in HAZARD_LEVERS:
            columns = np.array([DESTINATIONS.index(k) for k in HAZARD_LEVERS[lever.name]])
            windowed |= not held.all()
            if held.all():
                hazard[np.ix_(chosen, columns)] *= lever.factor
            else:
                month_effect[np.ix_(chosen, held, columns)] *= lever.factor
        elif lever.name == "sals":
            streams = chosen[arrivals.segment] & [lever.source in (None, name) for name in arrivals.source]
            sals[np.ix_(streams, held)] *= lever.factor
        elif lever.name in whole:
            whole[lever.name][chosen] *= lever.factor
    return LeverEffects(hazard, month_effect if windowed else month_effect[:0], sals, **whole)


def check_levers(scenario: Scenario, arrivals: Arrivals, months: Ints) -> None:
    """Refuse levers that would do nothing or cannot be done.

    Raises
    ------
    InputError
        With every such lever.
    """
    faults = []
    for lever in scenario.levers:
        where = scenario.places.get(("levers", lever.name), f"scenario {scenario.name}")
        if lever.source is not None and lever.source not in arrivals.source:
            known = ", ".join(sorted(set(arrivals.source))) or "none"
            what = f"levers.{lever.name}: no deals come from source '{lever.source}'"
            faults.append(Fault(where, what, f"Sources are: {known}."))
        held = _held(lever, months)
        if not held.any():
            what = f"levers.{lever.name}: the months it holds for lie outside of the horizon"
            faults.append(Fault(where, what, "Change 'from' and 'until', or 'horizon_quarters'."))
        elif lever.name in WHOLE_LEVERS and not held.all():
            what = f"levers.{lever.name}: cannot hold for some months only"
            faults.append(Fault(where, what, "Remove 'from' and 'until': it then holds throughout."))
    if faults:
        raise InputError(faults)


def _held(lever: Lever, months: Ints) -> Mask:
    first = lever.from_month if lever.from_month is not None else months[0]
    last = lever.until_month if lever.until_month is not None else months[-1]
    return np.asarray((months >= first) & (months <= last))


def slip_more(table: Floats, slippage: Floats) -> None:
    """Change a hazard table in place so that deals slip more often, where ``slippage`` is above 1.

    A deal due in a month slips if no outcome comes before the month's end: exp(-rate × days). The
    outcomes' rates of deals due this month fall, in proportion, until that chance is multiplied by
    the lever, or a root of it (``SHARE_OF_MONTH``); they never fall below ``LEAST_LEFT`` of what they
    were. The rates of moving between categories fall as far, at most by the lever: a deal that slips
    is not meanwhile nearer to being won.
    Below 1 the rates stay: then a share of the deals that would slip is won or lost instead,
    ``DealPlan.slip_share``.

    Parameters
    ----------
    table : ndarray of float64
        Shape (draw, segment, category, late, age, due, linearity, pushes, destination). Unit: per day.
    slippage : ndarray of float64, shape (segment,)
    """
    for segment in np.flatnonzero(slippage > 1.0):
        for month, share in enumerate(SHARE_OF_MONTH):
            due = table[:, segment, :, :, :, DUE_THIS_MONTH, month]
            total = due[..., OUTCOME_AXIS].sum(axis=-1, keepdims=True)
            wanted = total - share * math.log(slippage[segment]) / DAYS_PER_MONTH
            factor = np.divide(
                np.maximum(wanted, LEAST_LEFT * total), total, out=np.ones_like(total), where=total > 0.0
            )
            due[..., OUTCOME_AXIS] *= factor
            due[..., MOVES] *= np.maximum(factor, slippage[segment] ** -share)


def pull_in(table: Floats, factor: Floats) -> None:
    """Change a hazard table in place so that deals close before the month they are due in more or less often.

    A deal due later ends in a month with the chance 1 - exp(-rate × days), which is multiplied by the lever.
    All its rates change in proportion: it is further on when it closes, and its odds of winning stay.

    Parameters
    ----------
    table : ndarray of float64
        Shape (draw, segment, category, late, age, due, linearity, pushes, destination). Unit: per day.
    factor : ndarray of float64, shape (segment,)
    """
    for segment in np.flatnonzero(factor != 1.0):
        later = table[:, segment, :, :, :, DUE_LATER]
        total = later[..., OUTCOME_AXIS].sum(axis=-1, keepdims=True)
        chance = -np.expm1(-total * DAYS_PER_MONTH)
        wanted = np.minimum(factor[segment] * chance, np.maximum(MOST_PULLED_IN, chance))
        rate = -np.log1p(-np.minimum(wanted, 1.0 - 1e-12)) / DAYS_PER_MONTH
        later *= np.divide(rate, total, out=np.full_like(total, factor[segment]), where=total > 0.0)


def lengthen(push: Floats, factor: Floats) -> Floats:
    """Return push lengths G with 1 + G months multiplied by a factor, spread over whole months.

    Parameters
    ----------
    push : ndarray of float64, shape (draw, segment, G)
        Probabilities.
    factor : ndarray of float64, shape (segment,)
    """
    if np.all(factor == 1.0):
        return push
    longest = int(np.ceil(push.shape[2] * max(1.0, float(factor.max()))))
    out = np.zeros((*push.shape[:2], longest + 1))
    for segment, g in np.ndindex(*push.shape[1:]):
        months = max(1.0, (1 + g) * factor[segment]) - 1.0
        below = int(months)
        out[:, segment, below] += push[:, segment, g] * (1.0 - (months - below))
        out[:, segment, below + 1] += push[:, segment, g] * (months - below)
    return out
