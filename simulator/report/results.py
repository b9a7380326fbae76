"""A finished run becomes a results folder: tables, charts, paths and summary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from simulator.analysis.customer_outlook import CustomerOutlook
from simulator.analysis.outlook import Outlook
from simulator.engine.paths import Paths
from simulator.report.arr_tables import write_customer_tables
from simulator.report.manifest import write_json
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


def write_charts(
    paths: Paths, outlook: Outlook, draft: Path, customers: CustomerOutlook | None = None
) -> None:
    """Draw every chart of a run, as PNG and SVG, into charts/."""
    from simulator.report.capacity_chart import draw_capacity
    from simulator.report.coverage_chart import draw_coverage
    from simulator.report.forecast_charts import draw_exceedance, draw_fan
    from simulator.report.pipeline_charts import draw_composition, draw_spread, draw_waterfall

    charts = draft / "charts"
    charts.mkdir()
    draw_fan(outlook.forecast, charts)
    draw_exceedance(outlook.forecast, charts)
    draw_coverage(outlook.forecast, outlook.coverage, paths, charts)
    draw_waterfall(outlook.forecast, outlook.waterfall, charts)
    draw_composition(outlook.forecast, charts)
    draw_spread(outlook.forecast, outlook.spread, charts)
    if len(outlook.capacity):
        draw_capacity(outlook.forecast, outlook.capacity, charts)
    if customers is not None:
        from simulator.report.customer_charts import draw_customer_charts

        draw_customer_charts(customers, outlook.forecast, charts)
