"""Customers, capacity and money of a run as tables that readers see."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.operating.efficiency import efficiency
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import PERCENTILES, PERIOD, SEGMENT, Column, View, columns, show

ARR_MEASURES = ("opening", "new", "expansion", "contraction", "churn", "reactivation", "closing")
RETENTION = ("nrr", "grr")


def arr_view(run: Finished) -> View:
    """Return the movements of ARR by quarter, and retention."""
    long = run.tables["arr"]
    shown = long["p50"].where(long["measure"].isin(RETENTION), long["mean"])
    wide = long.assign(shown=shown).pivot_table(
        index=["period", "segment"], columns="measure", values="shown", sort=False
    )
    wide = wide.reindex(columns=[*ARR_MEASURES, *RETENTION]).reset_index()
    return View(
        "arr",
        "ARR from quarter to quarter",
        "Annualised recurring revenue, means of all simulations: opening + new + expansion − "
        "contraction − churn "
        "+ reactivation = closing. NRR and GRR by the cohort method over 12 months, their P50.",
        (
            PERIOD,
            SEGMENT,
            *columns("money", {measure: measure.capitalize() for measure in ARR_MEASURES}),
            *columns("share", {measure: f"{measure.upper()} (P50)" for measure in RETENTION}),
        ),
        wide,
    )


def lifetime_view(run: Finished) -> View:
    """Return what a new customer is worth, by segment."""
    return View(
        "lifetime",
        "What a new customer is worth",
        "Revenue of a new customer over the years simulated, not discounted; Low and High: 80% "
        "interval of the mean.",
        (
            SEGMENT,
            *columns("money", {"arr": "First ARR", "value": "Lifetime value", "low": "Low", "high": "High"}),
            *columns(
                "share", {"first_year_share": "In the first year", "still_customers": "Still customers"}
            ),
            Column("value_per_arr", "Value / ARR", "multiple"),
        ),
        run.tables["lifetime"],
    )


def operating_view(run: Finished) -> View:
    """Return the lines of the operating plan that are amounts."""
    return View(
        "operating",
        "Revenue, costs and cash",
        "By quarter; totals are sums of the lines above them.",
        (PERIOD, Column("line", "Line"), *columns("money", {"mean": "Mean", **PERCENTILES})),
        _money_lines(run.tables["operating"]),
    )


def _money_lines(table: pd.DataFrame) -> pd.DataFrame:
    """Return the lines that are amounts: ratios are among the measures of efficiency."""
    return table[
        table["kind"].isin(["revenue", "total", "acquisition", "post_sale", "other", "cash"])
    ].reset_index(drop=True)


def efficiency_view(run: Finished) -> View | None:
    """Return the measures of efficiency; None where the run does not hold what they need."""
    found = efficiency(run.tables)
    if not found:
        return None
    rows = [(one.name, show(one.value, one.kind, run.currency), one.meaning) for one in found]
    return View(
        "efficiency",
        "Efficiency",
        "From the means of the run; all quarters of the horizon together.",
        (Column("name", "Measure"), Column("figure", "Figure"), Column("effect", "How it is computed")),
        pd.DataFrame(rows, columns=["name", "figure", "effect"]),
        "tables/operating.csv and tables/arr.csv",
    )


def capacity_view(run: Finished) -> View:
    """Return heads, ramped quota and load of reps; results of before do not know the coverage of quota."""
    table = run.tables["capacity"]
    of_quota = {"coverage": "Coverage of quota"} if "coverage" in table else {}
    return View(
        "capacity",
        "Sales capacity",
        "Ramped heads and quota, the pipeline that covers it, how busy reps are, and the share of qualified "
        "deals that gave up waiting.",
        (
            PERIOD,
            SEGMENT,
            *columns("count", {"heads": "Reps", "ramped_heads": "Ramped reps"}),
            *columns("money", {"ramped_quota": "Ramped quota", "target": "Target", "bookings": "Bookings"}),
            *columns("multiple", of_quota),
            *columns("share", {"utilisation": "Slots in use", "waited_out": "Gave up waiting"}),
        ),
        table,
    )
