"""Which traits of a deal the history can tell effects of: source, competitor, compelling event, size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Ints, Mask
from simulator.calibration.calibration import SIZE_LEVELS, Profiles
from simulator.calibration.pooling import pool_counts
from simulator.history.tables import OUTCOMES

TRAITS = ("source", "competitor", "compelling_event")
MAX_LEVELS = 8
OTHER, UNKNOWN = "other", "unknown"

MIN_DEALS = 30
"""Ended deals below which no effect of a trait can be told."""
MIN_GROUP = 5
"""Deals that an outcome must have before its share of filled cells is looked at."""
MIN_FILLED = 0.5
"""Share of the deals of every outcome for which a trait must be known."""
MAX_FILL_GAP = 0.25
"""Difference of that share between outcomes above which the trait was filled in with hindsight."""
PROFILE_PRIOR = 10.0
"""Deals that the company's mix of traits is worth in a segment."""


@dataclass(frozen=True)
class Traits:
    """Effect levels of every opportunity.

    Parameters
    ----------
    levels : dict of str to tuple of str
        Names of the levels of each effect in use.
    codes : dict of str to ndarray of int64, shape (opportunity,)
        Level of each opportunity; -1 where the effect does not apply.
    notes : tuple of str
        Traits left out, and why.
    """

    levels: dict[str, tuple[str, ...]]
    codes: dict[str, Ints]
    notes: tuple[str, ...]

    def profile_codes(self, n_deals: int) -> tuple[Ints, Ints]:
        """Return the profile of each opportunity and the levels of each profile, shape (profile, effect)."""
        if not self.codes:
            return np.zeros(n_deals, dtype=np.int64), np.zeros((1, 0), dtype=np.int64)
        table = np.stack([self.codes[name] for name in self.levels], axis=1)
        levels, profile = np.unique(table, axis=0, return_inverse=True)
        return profile.reshape(-1).astype(np.int64), levels.astype(np.int64)


def deal_traits(opportunities: pd.DataFrame, qualified: Mask, size: Ints | None) -> Traits:
    """Find the traits whose effects the history can tell, and the level of each deal.

    Parameters
    ----------
    opportunities : DataFrame
        Table of the history.
    qualified : ndarray of bool, shape (opportunity,)
        Deals that count.
    size : ndarray of int64, shape (opportunity,), optional
        Size band of each deal (-1 unknown); None where amounts are only known for won deals.
    """
    levels: dict[str, tuple[str, ...]] = {}
    codes: dict[str, Ints] = {}
    notes: list[str] = []
    for name in TRAITS:
        fault = unusable(opportunities.loc[qualified, name], opportunities.loc[qualified, "outcome"], name)
        if fault is None:
            levels[name], codes[name] = code_levels(opportunities[name], qualified)
        elif fault:
            notes.append(fault)
    if size is not None and len(np.unique(size[qualified & (size >= 0)])) > 1:
        levels["size"], codes["size"] = SIZE_LEVELS, size
    return Traits(levels, codes, tuple(notes))


def unusable(values: pd.Series, outcome: pd.Series, name: str) -> str | None:
    """Return None for a usable trait, an empty text for one never filled, else why it is left out."""
    filled = values.notna().to_numpy()
    if not filled.any():
        return ""
    outcomes = outcome.fillna("open").to_numpy()
    if (outcomes != "open").sum() < MIN_DEALS:
        return f"{name}: too few ended deals to tell its effect; left out."
    named = filled & (values.astype(object).to_numpy() != "none")
    groups = [g for g in (*OUTCOMES, "open") if (outcomes == g).sum() >= MIN_GROUP]
    fill = {g: float(filled[outcomes == g].mean()) for g in groups}
    name_share = {g: float(named[outcomes == g].mean()) for g in groups}
    if max(fill.values()) - min(fill.values()) > MAX_FILL_GAP or _told_by_the_end(name_share):
        most, least = (
            max(fill, key=lambda g: (fill[g], name_share[g])),
            min(fill, key=lambda g: (fill[g], name_share[g])),
        )
        return (
            f"{name}: filled in mostly with hindsight ({name_share[most]:.0%} of deals {_said(most)} name "
            f"one, {name_share[least]:.0%} of deals {_said(least)}); using it would let the end of a deal "
            "predict itself, so it is left out. Record it at qualification to make it usable."
        )
    if min(fill.values()) < MIN_FILLED:
        return f"{name}: known for {filled.mean():.0%} of deals only; left out."
    varied = len(values[filled].unique()) > 1 or not filled.all()
    return None if varied else f"{name}: always the same; left out."


def _told_by_the_end(named: dict[str, float]) -> bool:
    """Tell whether one outcome nearly always has a name where another hardly ever has."""
    return max(named.values()) > 0.9 and min(named.values()) < 0.1


def _said(group: str) -> str:
    return (
        "still open"
        if group == "open"
        else group.replace("_", " to ", 1).replace("no_decision", "no decision")
    )


def code_levels(values: pd.Series, counted: Mask) -> tuple[tuple[str, ...], Ints]:
    """Number the levels of a trait, most frequent first; the rest is 'other', missing is 'unknown'."""
    frequency = values[counted].value_counts()
    ranked = sorted(((-int(n), str(v)) for v, n in frequency.items() if str(v) not in (OTHER, UNKNOWN)))
    kept = [name for _, name in ranked[:MAX_LEVELS]]
    text = values.astype(object).where(values.notna(), UNKNOWN).astype(str)
    text = text.where(text.isin([*kept, UNKNOWN]), OTHER)
    present = set(text[counted].unique())
    levels = (*kept, *(extra for extra in (OTHER, UNKNOWN) if extra in present))
    position = {level: i for i, level in enumerate(levels)}
    return levels, text.map(position).fillna(-1).to_numpy().astype(np.int64)


def profiles(traits: Traits, segment: Ints, arrived: Mask, n_segments: int) -> Profiles:
    """Count with which combinations of traits (source and size apart) the deals of each segment come."""
    names = tuple(name for name in traits.levels if name not in ("source", "size"))
    if not names:
        return Profiles((), np.zeros((1, 0), dtype=np.int64), np.ones((n_segments, 1)))
    table = np.stack([traits.codes[name] for name in names], axis=1)[arrived]
    levels, profile = np.unique(table, axis=0, return_inverse=True)
    n_profiles = len(levels)
    key = segment[arrived] * n_profiles + profile.reshape(-1)
    counts = np.bincount(key, minlength=n_segments * n_profiles).reshape(n_segments, n_profiles)
    weights = pool_counts(counts.astype(np.float64), PROFILE_PRIOR)
    return Profiles(names, levels.astype(np.int64), weights / weights.sum(axis=1, keepdims=True))
