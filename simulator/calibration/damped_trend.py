"""Exponential smoothing with a damped trend, its weights chosen by the errors so far."""

from __future__ import annotations

import numpy as np

from simulator.arrays import Floats

LEVEL_WEIGHTS, TREND_WEIGHTS = (
    axis.ravel() for axis in np.meshgrid([0.1, 0.2, 0.35, 0.5, 0.7], [0.05, 0.15, 0.3], indexing="ij")
)
DAMPING = 0.8
"""Share of its growth that a trend keeps from one window to the next (Gardner and McKenzie 1985)."""
TREND_WINDOWS = 6
"""Windows with fewer of which no trend is looked for."""


def damped_trend(series: Floats, n_ahead: int) -> Floats:
    """Return the forecasts after each value of a series, shape (value, step ahead).

    Weights of level and trend are those with the least squares of one-step errors so far; before
    TREND_WINDOWS values are known the forecast is their mean.
    """
    growth_ahead = np.cumsum(DAMPING ** np.arange(1, n_ahead + 1))
    forecasts = np.empty((len(series), n_ahead))
    level = np.full(len(LEVEL_WEIGHTS), series[:TREND_WINDOWS].mean() if len(series) else 0.0)
    growth, loss = np.zeros(len(LEVEL_WEIGHTS)), np.zeros(len(LEVEL_WEIGHTS))
    for place, value in enumerate(series):
        error = value - level - DAMPING * growth
        loss += error**2
        level = level + DAMPING * growth + LEVEL_WEIGHTS * error
        growth = DAMPING * growth + LEVEL_WEIGHTS * TREND_WEIGHTS * error
        best = loss.argmin()
        forecasts[place] = level[best] + growth[best] * growth_ahead
        if place + 1 < TREND_WINDOWS:
            forecasts[place] = series[: place + 1].mean()
    return forecasts
