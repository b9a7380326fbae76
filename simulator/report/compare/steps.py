"""The steps of a forecast bridge as they are shown: rounded so that they add up, wherever they are read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from simulator.report.money import MoneyScale, money_scale

CLOSE = 0.4
"""Where all steps happen above this share of the ends, the axis begins later and says so."""
ROOM = 0.35
"""Room on either side of the steps then, as a share of their range."""


def footed(steps: pd.DataFrame, currency: str) -> tuple[MoneyScale, list[float]]:
    """Return the scale of a bridge, and the P50 that it begins with, each change and the P50 it ends with.

    Sentence, table and chart show these, so that none says another cent of millions than the next.

    Parameters
    ----------
    steps : DataFrame
        The rows of one period of `bridge`.
    currency : str
    """
    levels = steps["p50"].to_numpy(dtype=np.float64)
    scale = money_scale(levels, currency)
    if axis_floor(steps) > 0:
        scale = replace(scale, decimals=scale.decimals + 1)
    start, end = (round(float(level) / scale.step) * scale.step for level in (levels[0], levels[-1]))
    changes = [float(change) for change in np.diff(levels)]
    return scale, [start, *(scale.round_parts(changes, end - start) if changes else []), end]


def axis_floor(steps: pd.DataFrame) -> float:
    """Return where the axis of a bridge begins: at zero, unless all happens far above."""
    low, high = float(steps["p50"].min()), float(steps["p50"].max())
    if not high > 0 or low < CLOSE * high:
        return 0.0
    step = 10.0 ** np.floor(np.log10(max(high - low, 0.01 * high)))
    return float(max(0.0, np.floor((low - ROOM * (high - low)) / step) * step))
