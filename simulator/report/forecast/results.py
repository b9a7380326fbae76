"""What a run holds: its tables, its summary and its words, and how they are written."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from simulator.analysis.forecast.open_deals import drill_down
from simulator.analysis.forecast.outlook import Outlook
from simulator.engine.paths import Paths
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import listed_deals
from simulator.fiscal import first_of_month
from simulator.history.hygiene import check_hygiene
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import CATEGORIES
from simulator.kernels.deals.close_dates import NEVER
from simulator.report.answer import write_parts
from simulator.report.assumptions import list_assumptions
from simulator.report.backtest.record import add_record
from simulator.report.customers.tables import customer_summary, customer_tables, write_customer_tables
from simulator.report.customers.words import customer_answers
from simulator.report.forecast.charts import forecast_specs
from simulator.report.forecast.earlier import Earlier
from simulator.report.forecast.past import Past, past_tables
from simulator.report.forecast.standing import say_pace
from simulator.report.forecast.summary import answers, summarise
from simulator.report.judgement.results import judgement_tables, with_judgement
from simulator.report.judgement.words import judgement_answers
from simulator.report.operating.words import operating_answers, operating_summary
from simulator.report.output.second_process import Job
from simulator.report.output.tables import open_deals_table, write_paths
from simulator.report.terms.checklist import checklist_summary, checklist_table
from simulator.report.work import Work

if TYPE_CHECKING:
    from simulator.report.run import Run


def run_tables(run: Run) -> dict[str, pd.DataFrame]:
    """Return all tables of a run by name."""
    scenario, judgement, plan = run.prepared.scenario, run.judgement, run.operating
    tables = forecast_tables(run.paths, run.outlook)
    if run.customers is not None:
        tables |= customer_tables(run.customers)
    if run.prepared.history is not None:
        tables["hygiene"] = check_hygiene(run.prepared.history).table
    if scenario.ownership.stated:
        tables["checklist"] = checklist_table(scenario)
    if plan is not None:
        tables["operating"] = plan.table
    if plan is not None and len(plan.run_out):
        tables["operating_run_out"] = plan.run_out
    tables["deals"] = deals_table(run.prepared, run.paths)
    if run.past is not None:
        tables |= past_tables(run.past)
    return tables if judgement is None else tables | judgement_tables(judgement)


def forecast_tables(paths: Paths, outlook: Outlook) -> dict[str, pd.DataFrame]:
    """Return the tables of bookings, coverage and spread by name."""
    forecast = outlook.forecast
    tables = {
        "bookings": forecast.bookings,
        "bookings_monthly": forecast.monthly,
        "exceedance": forecast.exceedance,
        "p50_composition": outlook.composition_table,
        "slipped": forecast.slipped,
        "coverage": outlook.coverage_table,
        "waterfall": outlook.waterfall,
        "spread": outlook.spread,
        "pipeline_created": outlook.created,
        "open_deals": open_deals_table(paths),
    }
    found = {"capacity": outlook.capacity, "coverage_months": outlook.coverage_months}
    return tables | {name: table for name, table in found.items() if len(table)}


def run_summary(run: Run) -> dict[str, Any]:
    """Return the content of summary.json of a run."""
    scenario, plan = run.prepared.scenario, run.operating
    assumptions = list_assumptions(run.prepared)
    steady, notes = run.steadiness, run.prepared.notes
    notes = notes if steady is None else (*notes, steady.note)
    summary = summarise(run.outlook, notes=notes, assumptions=assumptions)
    if steady is not None:
        summary["precision"] = asdict(steady) | {"reached": steady.reached}
    summary = with_judgement(summary, run.judgement)
    if run.customers is not None:
        summary |= customer_summary(run.customers)
    if run.past is not None:
        summary["flow_since"] = run.past.since.isoformat()
    summary |= checklist_summary(scenario)
    if plan is not None:
        summary |= operating_summary(plan, scenario.currency)
    add_record(summary, run.prepared)
    return summary


def run_sentences(run: Run, record: str | None) -> dict[str, str]:
    """Return the answer of a run in words, by topic."""
    sentences, forecast = answers(run.outlook), run.forecast
    if run.past is not None and (pace := say_pace(run.past.pacing, forecast.currency)):
        sentences["pace"] = pace
    if run.customers is not None:
        sentences |= customer_answers(run.customers.arr, run.customers.lifetime)
    if run.judgement is not None:
        sentences |= judgement_answers(run.judgement, forecast.periods[0], forecast.currency)
    if run.operating is not None:
        sentences |= operating_answers(run.operating, run.prepared.scenario.currency)
    return sentences if record is None else sentences | {"record": record}


def write_run_tables(run: Run, draft: Path, earlier: Earlier | None, work: Work | None = None) -> None:
    """Write tables/, paths.parquet and summary.json, with what changed since an earlier run."""
    customers = customer_tables(run.customers) if run.customers is not None else {}
    tables = {name: table for name, table in run.tables.items() if name not in customers}
    levers = run.pull_levers(work)
    if levers is not None:
        tables["levers"] = levers
    if earlier is not None:
        tables |= earlier.tables(run, tables)
    write_parts(tables, run.summary, draft)
    if run.customers is not None:
        write_customer_tables(run.customers, draft / "tables")
    write_paths(run.paths, draft / "paths.parquet")


def chart_jobs(paths: Paths, outlook: Outlook, charts: Path, past: Past | None = None) -> list[Job]:
    """Return what draws each chart of an outlook, as PNG and SVG, into an existing folder."""
    from simulator.report.charts.picture import draw_picture

    return [partial(draw_picture, spec, charts) for spec in forecast_specs(outlook, paths, past)]


def deals_table(prepared: Prepared, paths: Paths) -> pd.DataFrame:
    """Return what is known of every open deal, then what the simulation says of it.

    Columns: opportunity_id, segment, owner, category, amount (open amount; empty: unknown), close_month (the
    month planned; empty: none), pushes, then those of ``drill_down``.
    """
    known = describe_open_deals(prepared)
    return known.merge(drill_down(paths), on="opportunity_id", how="left", sort=False, validate="one_to_one")


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
