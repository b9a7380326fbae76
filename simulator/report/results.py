"""A finished run becomes a results folder: tables, charts, paths and summary."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from simulator.analysis.customer_outlook import CustomerOutlook
from simulator.analysis.outlook import Outlook
from simulator.engine.paths import Paths
from simulator.report.arr_tables import write_customer_tables
from simulator.report.manifest import write_json
from simulator.report.second_process import Job
from simulator.report.tables import (
    write_coverage_table,
    write_forecast_tables,
    write_open_deals_table,
    write_paths,
    write_spread_table,
    write_table,
    write_waterfall_table,
)


def write_figures(
    paths: Paths,
    outlook: Outlook,
    summary: Mapping[str, object],
    draft: Path,
    customers: CustomerOutlook | None = None,
) -> None:
    """Write tables/, paths.parquet and summary.json into a folder that `publish` gave."""
    tables = draft / "tables"
    tables.mkdir()
    write_forecast_tables(outlook.forecast, tables)
    write_coverage_table(outlook.coverage, tables)
    write_waterfall_table(outlook.waterfall, tables)
    write_spread_table(outlook.spread, tables)
    write_table(outlook.created, tables / "pipeline_created.csv")
    if len(outlook.capacity):
        write_table(outlook.capacity, tables / "capacity.csv")
    if customers is not None:
        write_customer_tables(customers, tables)
    write_open_deals_table(paths, tables)
    write_paths(paths, draft / "paths.parquet")
    write_json(summary, draft / "summary.json")


def chart_jobs(paths: Paths, outlook: Outlook, charts: Path) -> list[Job]:
    """Return what draws each chart of an outlook, as PNG and SVG, into an existing folder."""
    from simulator.report.capacity_chart import draw_capacity
    from simulator.report.coverage_chart import counted_parts, draw_coverage
    from simulator.report.forecast_charts import draw_exceedance, draw_fan
    from simulator.report.pipeline_charts import draw_composition, draw_spread, draw_waterfall

    forecast = outlook.forecast
    counted = counted_parts(forecast, outlook.coverage, paths)
    jobs: list[Job] = [
        partial(draw_exceedance, forecast, charts),
        partial(draw_fan, forecast, charts),
        partial(draw_waterfall, forecast, outlook.waterfall, charts),
        partial(draw_composition, forecast, charts),
        partial(draw_spread, forecast, outlook.spread, charts),
        partial(draw_coverage, forecast, outlook.coverage, counted, charts),
    ]
    if len(outlook.capacity):
        jobs.append(partial(draw_capacity, forecast, outlook.capacity, charts))
    return jobs
