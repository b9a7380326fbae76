"""What a run writes of the operating plan: its tables and charts."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from simulator.analysis.forecast import Forecast
from simulator.analysis.operating import OperatingView
from simulator.report.second_process import Job
from simulator.report.tables import write_table
from simulator.report.wording import source_line


def write_operating(view: OperatingView, tables: Path) -> None:
    """Write operating.csv and, where an opening cash is stated, operating_run_out.csv."""
    write_table(view.table, tables / "operating.csv")
    if len(view.run_out):
        write_table(view.run_out, tables / "operating_run_out.csv")


def operating_chart_jobs(view: OperatingView, forecast: Forecast, charts: Path) -> list[Job]:
    """Return what draws the charts of the operating plan."""
    from simulator.report.operating_charts import draw_operating, draw_post_sale_share

    footer = source_line(
        forecast.as_of,
        f"{forecast.n_paths:,} simulated futures of scenario “{forecast.scenario}”",
        "Rates of cost and their sources: summary.json",
    )
    return [
        partial(draw_operating, view, forecast.currency, footer, charts),
        partial(draw_post_sale_share, view, footer, charts),
    ]
