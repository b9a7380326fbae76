"""The charts of a finished run, from its tables, for slides and sheets."""

from __future__ import annotations

import pandas as pd

from simulator.report.charts.spec import ChartSpec, Series, figures, money_unit
from simulator.report.customers.specs import levels_spec, retention_spec, snowball_spec
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import View
from simulator.report.forecast.specs import (
    Frame,
    coverage_spec,
    curves_spec,
    fan_spec,
    parts_spec,
    pipeline_spec,
    waterfall_spec,
)
from simulator.report.style import SERIES

MOST_LINES = 5


def run_specs(run: Finished) -> dict[str, ChartSpec]:
    """Return the charts of a finished run by name, with the titles of its pictures."""
    tables = run.tables
    bookings = tables["bookings"]
    frame = Frame(run.currency, run.periods, run.source_line())
    found: list[ChartSpec | None] = [
        fan_spec(bookings, frame, run.title("bookings_fan", "New bookings by quarter")),
        curves_spec(
            tables["exceedance"],
            bookings,
            frame,
            run.title("probability_of_hitting", "The number reached with each chance"),
        ),
        parts_spec(tables["p50_composition"], frame, run.title("p50_composition", "What the P50 is made of")),
        coverage_spec(tables["coverage"], frame, run.title("coverage", "Coverage, and what is needed")),
        waterfall_spec(
            tables["waterfall"], frame, run.title("pipeline_waterfall", "Open pipeline over the horizon")
        ),
        pipeline_spec(tables["waterfall"], frame),
    ]
    if "arr" in tables:
        arr = tables["arr"]
        found += [
            snowball_spec(arr, frame, run.title("arr_snowball", "ARR over the horizon")),
            levels_spec(arr, frame),
            retention_spec(arr, frame, run.title("nrr_grr", "Net and gross revenue retention")),
        ]
    return {spec.name: spec for spec in found if spec is not None and spec.finite()}


def headcount_spec(run: Finished, view: View) -> ChartSpec:
    """Return the net present value of one, two … heads more, the most rewarding places first."""
    table = view.table
    best = table.groupby(["role", "segment"], sort=False)["npv"].max().sort_values(ascending=False)
    counts = sorted(set(table["heads_added"]))
    unshown = f"; the best {MOST_LINES} of {len(best)} places" if len(best) > MOST_LINES else ""
    return ChartSpec(
        name="headcount",
        shape="lines",
        title=run.companions["headcount"].answers[0],
        subtitle=f"Mean net present value by number of heads more{unshown}",
        footer=run.source_line(),
        unit=money_unit(table["npv"].abs(), run.currency),
        categories=tuple(f"{n:g} more" for n in counts),
        series=tuple(
            Series(f"{role}, {segment}", f"{role}, {segment}", colour, _npv(table, role, segment, counts))
            for (role, segment), colour in zip(best.index[:MOST_LINES], SERIES, strict=False)
        ),
    )


def _npv(table: pd.DataFrame, role: str, segment: str, counts: list[float]) -> tuple[float, ...]:
    rows = table[(table["role"] == role) & (table["segment"] == segment)]
    return figures(rows.set_index("heads_added")["npv"].reindex(counts))
