"""Rows of the effect table: source, competitor, compelling event and size as one factor per destination."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.calibration import DESTINATIONS, SIZE_BANDS, Calibration
from simulator.engine.rate_draws import RateDraws

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

OTHER, UNKNOWN = "other", "unknown"


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
    stream_row : Ints, shape (stream, profile, size band)
    """

    effect: Floats
    open_row: Ints
    stream_profile_cdf: Floats
    stream_row: Ints


def effect_rows(calibration: Calibration, rates: RateDraws, open_deals: pd.DataFrame) -> EffectRows:
    """Return the effect table for new deals (by stream, profile and size) and for the open ones."""
    names = tuple(calibration.effects)
    combinations: dict[tuple[int, ...], int] = {}

    def row(levels: dict[str, int]) -> int:
        return combinations.setdefault(tuple(levels.get(name, -1) for name in names), len(combinations))

    arrivals, profiles = calibration.arrivals, calibration.profiles
    n_streams, n_profiles = len(arrivals.source), profiles.levels.shape[0]
    stream_row = np.zeros((n_streams, n_profiles, len(SIZE_BANDS)), dtype=np.int64)
    for stream, profile, size in np.ndindex(*stream_row.shape):
        levels = dict(zip(profiles.names, map(int, profiles.levels[profile]), strict=True))
        levels["source"] = level_of(calibration, "source", arrivals.source[stream])
        levels["size"] = size
        stream_row[stream, profile, size] = row(levels)
    open_row = np.array([row(levels) for levels in _open_levels(calibration, open_deals)], dtype=np.int64)
    effect = np.ones((rates.hazards.shape[0], max(1, len(combinations)), 8))
    for levels_of_row, index in combinations.items():
        for name, level in zip(names, levels_of_row, strict=True):
            if level >= 0:
                effect[:, index, : len(DESTINATIONS)] *= rates.effects[name][:, level]
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
    return [{name: levels[deal] for name, levels in by_effect.items()} for deal in range(len(open_deals))]


def _size_bands(calibration: Calibration, open_deals: pd.DataFrame) -> list[int]:
    """Return the size band of every open deal; an unknown amount has none."""
    position = {name: place for place, name in enumerate(calibration.segments)}
    bands = []
    for segment, amount in zip(open_deals["segment"], open_deals["amount"], strict=True):
        edges = calibration.size_edges[position[segment]]
        bands.append(-1 if amount != amount else int(np.searchsorted(edges, amount, side="right")))  # noqa: PLR0124
    return bands
