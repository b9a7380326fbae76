"""Charts of customers: ARR, retention and bookings by kind; survival, cohorts, lifetime value."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from simulator.analysis.customers.arr import CustomerOutlook
from simulator.analysis.customers.lifetime import Lifetime
from simulator.analysis.forecast.forecast import Forecast
from simulator.report.charts.spec import MULTIPLE, WHOLE_SHARE, ChartSpec, Series, figures
from simulator.report.customers.specs import kinds_spec, retention_spec, snowball_spec
from simulator.report.customers.tables import customer_tables
from simulator.report.customers.words import (
    cohorts_title,
    lifetime_title,
    retention_title,
    snowball_title,
    survival_title,
)
from simulator.report.forecast.charts import frame_of
from simulator.report.forecast.past import in_front
from simulator.report.forecast.specs import Frame
from simulator.report.money import format_money
from simulator.report.output.second_process import Job
from simulator.report.output.tables import round_figures
from simulator.report.style import NAVY, ORANGE, SKY

TERM_WORDS = {
    "monthly": "monthly contracts",
    "annual": "annual contracts",
    "multi_year": "multi-year contracts",
}
MOST_RENEWALS = 24


def customer_chart_jobs(customers: CustomerOutlook, forecast: Forecast, folder: Path) -> list[Job]:
    """Return what draws each chart of customers, as PNG and SVG."""
    from simulator.report.charts.picture import draw_picture

    return [partial(draw_picture, spec, folder) for spec in customer_specs(customers, forecast)]


def customer_specs(customers: CustomerOutlook, forecast: Forecast) -> list[ChartSpec]:
    """Return the snowball, NRR and GRR, bookings by kind; survival, cohorts and lifetime value if known."""
    arr, tables = customers.arr, customer_tables(customers)

    frame = frame_of(forecast)
    bookings = round_figures(forecast.bookings)
    found: list[ChartSpec | None] = [
        snowball_spec(tables["arr"], frame, snowball_title(arr)),
        _with_past_retention(
            retention_spec(tables["arr"], frame, retention_title(arr)),
            tables.get("past_retention", pd.DataFrame()),
        ),
        kinds_spec(bookings, frame),
    ]
    if customers.lifetime is not None and not customers.lifetime.new.empty:
        found.append(lifetime_spec(customers.lifetime, frame))
    if customers.retention is not None:
        found.append(survival_spec(customers.retention.survival, frame))
        found.append(cohorts_spec(customers.retention.cohorts, frame))
    return [spec for spec in found if spec is not None]


def _with_past_retention(spec: ChartSpec, quarters: pd.DataFrame) -> ChartSpec:
    if quarters.empty:
        return spec
    rows = quarters.assign(actual=quarters["nrr"])
    return in_front(spec, rows, f"Before it: the last {len(rows)} quarters as they were")


def survival_spec(survival: pd.DataFrame, frame: Frame) -> ChartSpec | None:
    """Return who stayed through each renewal next to the distribution that is simulated with."""
    terms = [term for term in TERM_WORDS if (survival["term"] == term).any()]
    if not terms:
        return None
    largest = max(terms, key=lambda term: float(survival.loc[survival["term"] == term, "at_risk"].max()))
    main = "annual" if "annual" in terms else largest
    rows = survival[survival["term"] == main].head(MOST_RENEWALS)
    low, high = figures(rows["low"]), figures(rows["high"])
    return ChartSpec(
        name="survival",
        shape="lines",
        title=survival_title(survival[survival["term"] == main]),
        subtitle=f"Share of customers with {TERM_WORDS[main]} left after each renewal: seen so "
        "far (where ten or more came to it), and as simulated (band: 80% interval)",
        footer=frame.foot("contracts of the history; the line is what is simulated", simulated=False),
        unit=WHOLE_SHARE,
        categories=tuple(f"{renewal:.0f}" for renewal in rows["renewal"]),
        series=(
            Series("simulated", "As simulated", NAVY, figures(rows["law"]), low=low, high=high),
            Series("observed", "Seen so far", ORANGE, figures(rows["observed"])),
        ),
    )


def cohorts_spec(cohorts: pd.DataFrame, frame: Frame) -> ChartSpec | None:
    """Return the heat map of ARR kept by the quarter in which customers started."""
    if cohorts.empty or cohorts["quarter"].max() < 1:
        return None
    grid = cohorts.pivot_table(index="cohort", columns="quarter", values="arr_share", sort=False)
    grid = grid[sorted(grid.columns)]
    n = cohorts.drop_duplicates("cohort").set_index("cohort")["n_customers"]
    return ChartSpec(
        name="cohorts",
        shape="heat",
        title=cohorts_title(cohorts),
        subtitle="ARR at the end of each quarter / at the end of the first, by quarter of start "
        "(customers in brackets) and quarters since; 100% is where a cohort began",
        footer=frame.foot("contracts of the history", simulated=False),
        unit=WHOLE_SHARE,
        categories=tuple(str(quarter) for quarter in grid.columns),
        series=tuple(
            Series(str(name), f"{name} ({n[str(name)]:.0f})", NAVY, figures(row.to_numpy(np.float64)))
            for name, row in grid.iterrows()
        ),
    )


def lifetime_spec(lifetime: Lifetime, frame: Frame) -> ChartSpec:
    """Return what a new customer of each segment brings, first year and later, as multiples of its ARR."""
    table = lifetime.new.sort_values("value_per_arr", ascending=False)
    first, later = (table[name] / table["arr"] for name in ("first_year", "later_years"))
    return ChartSpec(
        name="lifetime_value",
        shape="bars",
        title=lifetime_title(lifetime, frame.currency),
        subtitle=f"Revenue of a new customer over {lifetime.years} years, in multiples of the ARR "
        "it signs, not discounted; mean of simulated customers",
        footer=frame.foot("Revenue of a new customer / the ARR it signs"),
        unit=MULTIPLE,
        categories=tuple(map(str, table["segment"])),
        series=(
            Series("first_year", "First year", NAVY, figures(first)),
            Series("later_years", "Later years", SKY, figures(later)),
        ),
        totals=figures(table["value_per_arr"]),
        below=tuple(format_money(value, frame.currency) for value in table["value"]),
    )
