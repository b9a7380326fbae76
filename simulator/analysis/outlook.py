"""All that one run says about the bookings to come, in one place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from simulator.analysis.capacity import measure_capacity
from simulator.analysis.coverage import Coverage, HistoricalRates, measure_coverage
from simulator.analysis.forecast import Forecast, Targets, forecast_bookings
from simulator.analysis.pipeline_needed import pipeline_created
from simulator.analysis.spread import split_spread
from simulator.analysis.waterfall import trace_pipeline
from simulator.engine.paths import Paths
from simulator.engine.rep_terms import RepTerms


@dataclass(frozen=True)
class Outlook:
    """Forecast, coverage, pipeline waterfall and spread of the same simulated futures.

    ``created`` is the qualified pipeline created; ``capacity`` the quota capacity, empty without reps.
    """

    forecast: Forecast
    coverage: Coverage
    waterfall: pd.DataFrame
    spread: pd.DataFrame
    created: pd.DataFrame
    capacity: pd.DataFrame


def look_ahead(
    paths: Paths,
    *,
    without_shock: Paths | None = None,
    targets: Targets | None = None,
    motions: Mapping[str, str] | None = None,
    rates: HistoricalRates | None = None,
    reps: Sequence[RepTerms] = (),
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
    reps : sequence of RepTerms
        Of the segments whose reps are simulated.
    """
    return Outlook(
        forecast=forecast_bookings(paths, targets),
        coverage=measure_coverage(paths, targets, motions, rates),
        waterfall=trace_pipeline(paths),
        spread=split_spread(paths, without_shock),
        created=pipeline_created(paths),
        capacity=measure_capacity(paths, reps, targets),
    )
