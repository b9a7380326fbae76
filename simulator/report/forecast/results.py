"""A finished run becomes a results folder: tables, charts, paths and summary."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.customers.arr import CustomerOutlook
from simulator.analysis.forecast.open_deals import deal_changes, drill_down
from simulator.analysis.forecast.outlook import Outlook
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import listed_deals
from simulator.errors import InputError
from simulator.fiscal import first_of_month
from simulator.history.hygiene import check_hygiene
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import CATEGORIES
from simulator.kernels.deals.close_dates import NEVER
from simulator.report.customers.tables import write_customer_tables
from simulator.report.documents.finished import Finished, read_finished
from simulator.report.output.manifest import write_json
from simulator.report.output.second_process import Job
from simulator.report.output.tables import (
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
    from simulator.report.charts.picture import draw_picture
    from simulator.report.forecast.charts import draw_capacity, forecast_specs
    from simulator.report.forecast.coverage_chart import counted_parts, draw_coverage
    from simulator.report.forecast.pipeline_charts import draw_spread, draw_waterfall

    forecast = outlook.forecast
    counted = counted_parts(forecast, outlook.coverage, paths)
    jobs: list[Job] = [
        *(partial(draw_picture, spec, charts) for spec in forecast_specs(forecast)),
        partial(draw_waterfall, forecast, outlook.waterfall, charts),
        partial(draw_spread, forecast, outlook.spread, charts),
        partial(draw_coverage, forecast, outlook.coverage, counted, charts),
    ]
    if len(outlook.capacity):
        jobs.append(partial(draw_capacity, forecast, outlook.capacity, charts))
    return jobs


CHANGES_FILE = "deal_changes.csv"
TABLES = {"deals", "open_deals"}
"""What is read of the run before."""


def write_deals(prepared: Prepared, paths: Paths, tables: Path, earlier: Path | None = None) -> None:
    """Write deals.csv: what is known of every open deal, then what the simulation says of it.

    Columns: opportunity_id, segment, owner, category, amount (open amount; empty: unknown), close_month (the
    month planned; empty: none), pushes, then those of ``drill_down``. Where a run of the same scenario stands
    in ``earlier``, deal_changes.csv says what has changed since.
    """
    known = describe_open_deals(prepared)
    table = known.merge(drill_down(paths), on="opportunity_id", how="left", sort=False, validate="one_to_one")
    write_table(table, tables / "deals.csv")
    before = _earlier_run(earlier, paths.scenario, paths.as_of.isoformat()) if earlier is not None else None
    if before is not None:
        _write_changes(prepared, table, paths.periods[0], before, tables / CHANGES_FILE)


def _earlier_run(folder: Path, scenario: str, as_of: str) -> Finished | None:
    """Return the run that stands in a results folder, where it is of this scenario and not of a later day."""
    try:
        run = read_finished(folder, only=TABLES)
    except InputError:
        return None
    same = run.summary["scenario"] == scenario and str(run.summary["as_of"]) <= as_of
    return run if same and set(run.tables) == TABLES else None


def _write_changes(
    prepared: Prepared, deals: pd.DataFrame, period: str, before: Finished, file: Path
) -> None:
    chances = before.tables["open_deals"]
    chance = chances[chances["period"] == period].set_index("opportunity_id")["p_win"]
    then = before.tables["deals"].copy()
    then["p"] = then["opportunity_id"].map(chance).astype("float64")
    now = deals.assign(p=deals["p_this"], amount=deals["amount"].round(2))
    keys = ["opportunity_id", "segment", "owner", "category", "amount", "close_month", "p"]
    outcomes = pd.Series(dtype=object)
    if prepared.history is not None:
        known = prepared.history.opportunities
        ended = known[known["closed_date"].notna() | known["outcome"].notna()]
        outcomes = ended.set_index("opportunity_id")["outcome"].fillna("lost")
    table = deal_changes(then[keys], now[keys], outcomes, period)
    table.insert(0, "since", str(before.summary["as_of"]))
    write_table(table, file)


def write_background(prepared: Prepared, tables: Path) -> None:
    """Write hygiene.csv, the columns of `Hygiene.table`, where there is a history."""
    if prepared.history is not None:
        write_table(check_hygiene(prepared.history).table, tables / "hygiene.csv")


def describe_open_deals(prepared: Prepared) -> pd.DataFrame:
    """Return what is known of each open deal, in the first columns of deals.csv."""
    history = prepared.history
    deals = open_deals(history, deal_states(history)) if history else listed_deals(prepared.scenario)
    month = deals["close_month"].to_numpy(np.int64)
    names = [first_of_month(m).strftime("%Y-%m") if 0 <= m < NEVER else "" for m in month.tolist()]
    return pd.DataFrame(
        {
            "opportunity_id": deals["opportunity_id"].astype(str),
            "segment": deals["segment"].astype(str),
            "owner": _names(deals, "owner"),
            "category": [
                category if isinstance(category, str) else CATEGORIES[category]
                for category in deals["category"]
            ],
            "amount": deals["amount"].to_numpy(np.float64),
            "close_month": names,
            "pushes": deals["pushes"].to_numpy(np.int64),
        }
    )


def _names(deals: pd.DataFrame, column: str) -> pd.Series:
    """Return a column of names, empty where unknown or where a scenario cannot say."""
    names = deals.get(column, pd.Series("", index=deals.index)).astype(object)
    return names.where(names.notna(), "")
