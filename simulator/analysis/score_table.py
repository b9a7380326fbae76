"""The record in figures: every method's scores by horizon, week and segment, and our skill against each."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.analysis.scores import clustered_mean, clustered_share, skill

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


def _values(table: pd.DataFrame, column: str) -> npt.NDArray[np.float64]:
    return table[column].to_numpy(np.float64)


def _named(name: str, value: float, low: float, high: float) -> dict[str, float]:
    return {name: value, f"{name}_low": low, f"{name}_high": high}
