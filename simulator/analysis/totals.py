"""The joint total of the segments, which stands next to them in every table, and targets of it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

ALL = "all"
"""Name of the joint total; a company of one segment may call that segment so itself."""

HALF_CENT = 0.005
"""Amounts that differ by less are the same money: a target is hit to the cent."""


def names_with_total(segments: tuple[str, ...]) -> tuple[str, ...]:
    """Return the segments, then ``all``."""
    return segments if segments == (ALL,) else (*segments, ALL)


def add_total(values: Floats, segments: tuple[str, ...]) -> Floats:
    """Return values with the sum over the last axis (segment) behind them, in the order of the names.

    On paths this is the joint total: a percentile of it is not the sum of the segments' percentiles.
    """
    if segments == (ALL,):
        return values
    return np.concatenate([values, values.sum(axis=-1, keepdims=True)], axis=-1)


def hit_shares(values: Floats, targets: Floats) -> Floats:
    """Return the share of paths (first axis) that reach each target to the cent; NaN without a target."""
    shares = (values >= targets - HALF_CENT).mean(axis=0)
    return np.where(np.isnan(targets), np.nan, shares)


def hit_share(values: Floats, target: float) -> float:
    """Return the share of paths that reach one target to the cent; NaN without one."""
    return float(hit_shares(values, np.asarray(target)))


def round_to_total(parts: Floats, total: float) -> Floats:
    """Return parts rounded to cents so that they add up to the rounded total, shape (part,).

    The cents that rounding leaves over go to the parts that lost most by it (largest remainder).
    """
    cents = np.round(np.asarray(parts, dtype=np.float64) * 100, 6)
    whole = np.floor(cents)
    missing = int(round(total * 100) - whole.sum())
    order = np.argsort(-(cents - whole), kind="stable")
    share, rest = divmod(missing, len(whole))
    whole += share
    whole[order[:rest]] += 1
    return np.asarray(whole / 100)
