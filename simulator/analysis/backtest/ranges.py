"""Ranges of methods that forecast one number: those of their own past errors, so that like meets like."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtri

from simulator.analysis.backtest.scores import SIMULATION, scored
from simulator.calibration.evidence import ERRORS, OFFSET, error_spread

Floats = npt.NDArray[np.float64]

NORMALS = ndtri((np.arange(199) + 1.0) / 200.0)
OCCASION = ["week", "ahead", "segment", "method"]


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
    past = dict(list(pd.concat([forecasts, before]).groupby(OCCASION, sort=False)))
    simple = forecasts[forecasts["method"] != SIMULATION]
    for occasion, rows in simple.groupby(OCCASION, sort=False):
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
