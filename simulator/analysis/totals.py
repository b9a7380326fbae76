"""What tables of figures are made with: totals of segments and of periods, percentiles, ratios, labels."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.arrays import Floats
from simulator.engine.paths import QUANTILES

ALL = "all"
"""Name of the joint total; a company of one segment may call that segment so itself."""

PERCENTILES = tuple(f"p{round(100 * q)}" for q in QUANTILES)
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


def horizon_label(periods: tuple[str, ...]) -> str:
    """Return the name of all periods together, such as ``FY27Q1–FY27Q4``."""
    return periods[0] if len(periods) == 1 else f"{periods[0]}–{periods[-1]}"


def names_with_horizon(periods: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of the periods and, where there are several, that of the horizon."""
    return periods if len(periods) == 1 else (*periods, horizon_label(periods))


def add_horizon(values: Floats) -> Floats:
    """Return values with the sum over the second axis (period) behind it, where there are several."""
    if values.shape[1] == 1:
        return values
    return np.concatenate([values, values.sum(axis=1, keepdims=True)], axis=1)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return part / whole; NaN where there is no whole."""
    return np.asarray(np.divide(part, whole, out=np.full(whole.shape, np.nan), where=whole > 0.0))


def mean_and_percentiles(values: Floats) -> dict[str, Floats]:
    """Return columns mean, p10, p50 and p90 over the paths (first axis), one row a cell of the other axes.

    Of the paths on which there is a figure: NaN says that there is none.
    """
    known = ~np.isnan(values)
    if known.all():
        mean, quantiles = values.mean(axis=0), np.quantile(values, QUANTILES, axis=0)
    else:
        n = known.sum(axis=0)
        mean = ratio(np.where(known, values, 0.0).sum(axis=0), n.astype(np.float64))
        columns = values.reshape(len(values), -1).T
        quantiles = np.array([_quantiles(column[~np.isnan(column)]) for column in columns]).T
    return {"mean": mean.ravel()} | {name: q.ravel() for name, q in zip(PERCENTILES, quantiles, strict=True)}


def _quantiles(known: Floats) -> Floats:
    return np.asarray(np.quantile(known, QUANTILES)) if known.size else np.full(len(QUANTILES), np.nan)


def label_columns(**labels: npt.ArrayLike) -> dict[str, npt.NDArray[np.generic]]:
    """Return columns of labels whose rows run over all combinations, the last axis turning fastest."""
    grid = np.meshgrid(*(np.asarray(names) for names in labels.values()), indexing="ij")
    return {name: column.ravel() for name, column in zip(labels, grid, strict=True)}


def hit_shares(values: Floats, targets: Floats) -> Floats:
    """Return the share of paths (first axis) that reach each target to the cent; NaN without a target."""
    shares = (values >= targets - HALF_CENT).mean(axis=0)
    return np.where(np.isnan(targets), np.nan, shares)


def hit_share(values: Floats, target: float) -> float:
    """Return the share of paths that reach one target to the cent; NaN without one."""
    return float(hit_shares(values, np.asarray(target)))


def round_to_total(parts: Floats, total: float) -> Floats:
    """Return parts rounded to cents so that they add up to the rounded total, shape (part,).

    The cents that rounding leaves over go to the parts that lost most by it (largest remainder). Without
    parts there is nothing to round: what did not change has no steps.
    """
    if not len(parts):
        return np.zeros(0)
    cents = np.round(np.asarray(parts, dtype=np.float64) * 100, 6)
    whole = np.floor(cents)
    missing = int(round(total * 100) - whole.sum())
    order = np.argsort(-(cents - whole), kind="stable")
    share, rest = divmod(missing, len(whole))
    whole += share
    whole[order[:rest]] += 1
    return np.asarray(whole / 100)
