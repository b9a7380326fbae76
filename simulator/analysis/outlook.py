"""All that one run says about the bookings to come, in one place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.coverage import Coverage, HistoricalRates, measure_coverage
from simulator.analysis.forecast import Forecast, Targets, forecast_bookings
from simulator.analysis.spread import split_spread
from simulator.analysis.waterfall import trace_pipeline
from simulator.engine.paths import Paths


@dataclass(frozen=True)
class Outlook:
    """Forecast, coverage, pipeline waterfall and spread of the same simulated futures."""

    forecast: Forecast
    coverage: Coverage
    waterfall: pd.DataFrame
    spread: pd.DataFrame


def look_ahead(
    paths: Paths,
    *,
    without_shock: Paths | None = None,
    targets: Targets | None = None,
    motions: Mapping[str, str] | None = None,
    rates: HistoricalRates | None = None,
) -> Outlook:
    """Return every finding that simulated futures allow.

    Parameters
    ----------
    paths : Paths
        Simulated futures.
    without_shock : Paths, optional
        See `split_spread`.
    targets, motions, rates
        See `forecast_bookings` and `measure_coverage`.
    """
    return Outlook(
        forecast=forecast_bookings(paths, targets),
        coverage=measure_coverage(paths, targets, motions, rates),
        waterfall=trace_pipeline(paths),
        spread=split_spread(paths, without_shock),
    )
