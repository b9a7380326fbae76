"""Which charts a forecast has, with their titles and the line that says where they come from."""

from __future__ import annotations

from simulator.analysis.forecast.forecast import Forecast
from simulator.analysis.forecast.outlook import Outlook
from simulator.engine.paths import Paths
from simulator.report.charts.spec import ChartSpec
from simulator.report.forecast.findings import (
    capacity_title,
    composition_title,
    coverage_title,
    exceedance_title,
    fan_title,
    headline_period,
    spread_title,
    waterfall_title,
)
from simulator.report.forecast.past import Past, past_specs, with_past
from simulator.report.forecast.pipeline_specs import (
    capacity_rows,
    capacity_spec,
    counted_parts,
    coverage_spec,
    created_spec,
    waterfall_spec,
)
from simulator.report.forecast.specs import (
    Frame,
    curves_spec,
    fan_spec,
    parts_spec,
    segments_spec,
    spread_spec,
)
from simulator.report.output.tables import round_figures


def frame_of(forecast: Forecast) -> Frame:
    """Return what the charts of a forecast have in common."""
    simulations = f"{forecast.n_paths:,} simulations of scenario “{forecast.scenario}”"
    return Frame(forecast.currency, forecast.periods, forecast.as_of, simulations, forecast.partial)


def forecast_specs(outlook: Outlook, paths: Paths, past: Past | None = None) -> list[ChartSpec]:
    """Return the charts of bookings, coverage, pipeline and spread, past quarters in front where known."""
    forecast, coverage = outlook.forecast, outlook.coverage
    # Rounded as the files are, so that no artefact holds another figure.
    bookings, exceedance, composition, waterfall, spread, needed = map(
        round_figures,
        (forecast.bookings, forecast.exceedance, forecast.composition, outlook.waterfall, outlook.spread,
         coverage.table),
    )  # fmt: skip
    frame = frame_of(forecast)
    counted = counted_parts(coverage, paths)
    found = [
        curves_spec(exceedance, bookings, frame, exceedance_title(forecast)),
        fan_spec(bookings, frame, fan_title(forecast)),
        parts_spec(composition, frame, composition_title(forecast)),
        waterfall_spec(waterfall, frame, waterfall_title(forecast, outlook.waterfall)),
        spread_spec(spread, frame, spread_title(outlook.spread, headline_period(forecast))),
        coverage_spec(needed, counted, frame, coverage_title(forecast, coverage)),
    ]
    if (outlook.created["p90"] > 0).any():
        found.append(created_spec(round_figures(outlook.created), frame))
    if past is not None:
        found = [with_past(spec, past) for spec in found]
        found += past_specs(past, frame)
    segments = segments_spec(bookings, frame)
    if segments is not None:
        found.append(segments)
    if len(outlook.capacity):
        title = capacity_title(capacity_rows(outlook.capacity), forecast.currency)
        found.append(capacity_spec(round_figures(outlook.capacity), frame, title))
    return found
