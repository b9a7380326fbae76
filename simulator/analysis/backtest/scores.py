"""How good forecasts were: proper scores, coverage and calibration, with intervals that know the quarters.

Methods that forecast one number get the range of their own past errors, so that like meets like.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri, stdtrit

from simulator.analysis.precision import LEVEL, share_interval
from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.evidence import ERRORS, OFFSET, error_spread
from simulator.engine.paths import QUANTILES


def crps(samples: Floats, actual: float) -> float:
    """Return the continuous ranked probability score of equally likely samples; less is better.

    For a single sample it is the absolute error. E|X - y| - E|X - X'| / 2 of the empirical distribution
    (Gneiting & Raftery 2007, eq. 21).

    Parameters
    ----------
    samples : ndarray of float64, shape (n,)
    actual : float
        In the unit of the samples, which is that of the score.
    """
    ordered = np.sort(np.asarray(samples, dtype=np.float64))
    n = ordered.size
    weight = 2.0 * np.arange(1, n + 1) - n - 1.0
    return float(np.abs(ordered - actual).mean() - (weight @ ordered) / n**2)


def pinball(quantile: npt.ArrayLike, actual: npt.ArrayLike, level: npt.ArrayLike) -> Floats:
    """Return the loss of forecast quantiles: level × shortfall, or (1 - level) × excess."""
    q, y, p = (np.asarray(a, dtype=np.float64) for a in (quantile, actual, level))
    return np.asarray(np.where(y >= q, p * (y - q), (1.0 - p) * (q - y)))


def pit(samples: Floats, actual: float) -> float:
    """Return where the actual stands in the forecast: the share of samples below it, equal ones by half.

    Evenly spread over 0 to 1 where forecasts are calibrated (Dawid 1984).
    """
    return float((samples < actual).mean() + 0.5 * (samples == actual).mean())


def scored(samples: Floats, actual: float) -> dict[str, float]:
    """Return the figures of one forecast; of a single number, without spread, those that it has."""
    low, middle, high = np.quantile(samples, QUANTILES)
    losses = pinball([low, middle, high], actual, QUANTILES)
    spread = samples.size > 1
    return {
        "mean": float(samples.mean()),
        "p10": float(low),
        "p50": float(middle),
        "p90": float(high),
        "actual": actual,
        "crps": crps(samples, actual),
        **{f"pinball{round(100 * q)}": float(loss) for q, loss in zip(QUANTILES, losses, strict=True)},
        "pit": pit(samples, actual) if spread else np.nan,
        "inside": float(low <= actual <= high) if spread else np.nan,
    }


@dataclass(frozen=True)
class Estimate:
    """A figure with its 80 % interval; NaN where there is too little to tell."""

    value: float
    low: float
    high: float


def clustered_mean(values: Floats, clusters: Ints) -> Estimate:
    """Return a mean whose interval counts clusters, not values: those of one quarter share its luck.

    Student's t on the clusters' influence (the sandwich estimate with G / (G - 1)).

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
    clusters : ndarray of int64, shape (n,)
        The quarter of each value.
    """
    if not values.size:
        return Estimate(np.nan, np.nan, np.nan)
    mean = float(values.mean())
    n, sums = _by_cluster(clusters, values - mean)
    if n < 2:
        return Estimate(mean, np.nan, np.nan)
    error = float(np.sqrt(n / (n - 1) * (sums**2).sum())) / values.size
    reach = _reach(n) * error
    return Estimate(mean, mean - reach, mean + reach)


def clustered_share(hits: Mask, clusters: Ints) -> Estimate:
    """Return a share with Jeffreys' interval on as many trials as the clusters are worth.

    With one value to a cluster these are the values; values that go together within a cluster count for
    less, never for less than one trial a cluster.
    """
    n_values = hits.size
    if not n_values:
        return Estimate(np.nan, np.nan, np.nan)
    share = float(hits.mean())
    n, sums = _by_cluster(clusters, hits.astype(np.float64) - share)
    spread = share * (1 - share) / n_values
    variance = float((sums**2).sum()) / n_values**2 * n / max(n - 1, 1)
    trials = float(np.clip(n_values * spread / variance, n, n_values)) if variance > 0 else float(n)
    low, high = share_interval(share * trials, trials)
    return Estimate(share, float(low), float(high))


def skill(ours: Floats, theirs: Floats, clusters: Ints) -> Estimate:
    """Return by which share our summed scores are less than theirs, with a jackknife over clusters.

    Parameters
    ----------
    ours, theirs : ndarray of float64, shape (n,)
        Scores of the same occasions, less is better.
    clusters : ndarray of int64, shape (n,)
        The quarter of each.
    """
    if not ours.size or theirs.sum() <= 0:
        return Estimate(np.nan, np.nan, np.nan)
    value = float(1 - ours.sum() / theirs.sum())
    n, our_sums = _by_cluster(clusters, ours)
    _, their_sums = _by_cluster(clusters, theirs)
    rest = theirs.sum() - their_sums
    if n < 3 or (rest <= 0).any():
        return Estimate(value, np.nan, np.nan)
    left_out = 1 - (ours.sum() - our_sums) / rest
    error = float(np.sqrt((n - 1) / n * ((left_out - left_out.mean()) ** 2).sum()))
    reach = _reach(n) * error
    return Estimate(value, value - reach, value + reach)


def _by_cluster(clusters: Ints, values: Floats) -> tuple[int, Floats]:
    names, place = np.unique(clusters, return_inverse=True)
    return names.size, np.bincount(place, values, minlength=names.size).astype(np.float64)


def _reach(n_clusters: int) -> float:
    return float(stdtrit(n_clusters - 1, 0.5 + LEVEL / 2))


SIMULATION = "simulation"
"""Name of our own forecasts among the methods."""

OCCASION = ["as_of", "ahead", "segment"]


def score_table(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return mean scores by week, quarters ahead, segment and method.

    Parameters
    ----------
    forecasts : DataFrame
        As in ``Backtest.forecasts``.

    Returns
    -------
    DataFrame
        week, ahead, segment, method, n (forecasts), n_quarters, crps, pinball10, pinball50, pinball90,
        absolute_error (of the P50), actual (mean), bias (mean forecast above the actual, as a share of the
        mean actual), bias_low, bias_high, inside (share of P10 to P90 that held), inside_low, inside_high,
        pit (mean), skill_crps, skill_error (by which share the simulation's CRPS, or its P50's absolute
        error, is less than the method's on the same occasions) with _low and _high. Intervals are of 80 %
        and count quarters, not rows.
    """
    groups = forecasts.groupby(["week", "ahead", "segment"], sort=False)
    rows = [
        {"week": week, "ahead": ahead, "segment": segment, "method": method} | _scores(part, group)
        for (week, ahead, segment), group in groups
        for method, part in group.groupby("method", sort=False)
    ]
    return pd.DataFrame(rows)


def _scores(part: pd.DataFrame, group: pd.DataFrame) -> dict[str, float]:
    quarters = part["quarter"].to_numpy(np.int64)
    actual = float(part["actual"].mean())
    bias = clustered_mean((part["mean"] - part["actual"]).to_numpy(np.float64), quarters)
    held = part["inside"].dropna()
    inside = clustered_share(held.to_numpy(np.float64) > 0.5, quarters[: len(held)])
    size = abs(actual) if actual else np.nan
    return {
        "n": len(part),
        "n_quarters": len(np.unique(quarters)),
        **{name: float(part[name].mean()) for name in ("crps", "pinball10", "pinball50", "pinball90")},
        "absolute_error": float((part["p50"] - part["actual"]).abs().mean()),
        "actual": actual,
        **_named("bias", bias.value / size, bias.low / size, bias.high / size),
        **_named("inside", inside.value, inside.low, inside.high),
        "pit": float(part["pit"].mean()),
        **_skills(part, group),
    }


def _skills(part: pd.DataFrame, group: pd.DataFrame) -> dict[str, float]:
    """Compare the simulation with a method on the occasions that both forecast."""
    if part["method"].iloc[0] == SIMULATION:
        nothing = (np.nan, np.nan, np.nan)
        return _named("skill_crps", *nothing) | _named("skill_error", *nothing)
    ours = group[group["method"] == SIMULATION]
    both = ours.merge(part, on=OCCASION, suffixes=("_ours", "_theirs"))
    quarters = both["quarter_ours"].to_numpy(np.int64)
    found: dict[str, float] = {}
    for name, column in (("skill_crps", "crps"), ("skill_error", "pinball50")):
        # Twice the pinball loss at 50 % is the absolute error.
        gain = skill(_values(both, f"{column}_ours"), _values(both, f"{column}_theirs"), quarters)
        found |= _named(name, gain.value, gain.low, gain.high)
    return found


def _values(table: pd.DataFrame, column: str) -> Floats:
    return table[column].to_numpy(np.float64)


def _named(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}


NORMALS = ndtri((np.arange(199) + 1.0) / 200.0)
SAME_METHOD = ["week", "ahead", "segment", "method"]


def with_ranges(forecasts: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts in which every method has a range and is scored by it.

    A number is the median of a log-normal that is as wide as the method's errors at the same week and
    horizon were, in quarters that had ended when the forecast was made; a tenth of the usual bookings is
    added on both sides, so that a quarter without bookings has a logarithm. Its mean stays the number.

    Parameters
    ----------
    forecasts : DataFrame
        As in ``Backtest``, a row an occasion and method, of which all but the simulation give one number.
    before : DataFrame
        The same of earlier origins, for their errors alone; may be empty.
    """
    found = forecasts.copy()
    past = dict(list(pd.concat([forecasts, before]).groupby(SAME_METHOD, sort=False)))
    simple = forecasts[forecasts["method"] != SIMULATION]
    for occasion, rows in simple.groupby(SAME_METHOD, sort=False):
        known = past[occasion].sort_values("quarter", ascending=False)
        for index, row in rows.iterrows():
            ended = known[known["quarter"] < row["quarter"] - row["ahead"]].head(ERRORS)
            samples = _range(float(row["p50"]), ended["p50"].to_numpy(), ended["actual"].to_numpy())
            figures = scored(samples, float(row["actual"])) | {"mean": row["mean"], "p50": row["p50"]}
            found.loc[index, list(figures)] = list(figures.values())
    return found


def _range(point: float, past: Floats, actual: Floats) -> Floats:
    added = OFFSET * max(float(actual.mean()) if len(actual) else abs(point), 1e-9)
    errors = np.log((np.maximum(actual, 0.0) + added) / (np.maximum(past, 0.0) + added))
    spread = (max(point, 0.0) + added) * np.exp(error_spread(errors) * NORMALS) - added
    return np.asarray(np.maximum(spread, 0.0))
