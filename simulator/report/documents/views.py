"""The tables that readers see, the same in the page, the workbook and the deck."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.documents.companion_views import (
    bridge_view,
    headcount_view,
    hiring_view,
    levers_view,
    record_view,
)
from simulator.report.documents.deal_views import coverage_view, deals_view, pipeline_view
from simulator.report.documents.finished import Finished
from simulator.report.documents.plan_views import (
    arr_view,
    capacity_view,
    efficiency_view,
    lifetime_view,
    operating_view,
)
from simulator.report.documents.view import PERCENTILES, PERIOD, SEGMENT, Column, View, columns
from simulator.report.forecast.earlier import PREVIOUS
from simulator.report.forecast.findings import PART_WORDS, SOURCE_WORDS
from simulator.report.judgement.words import METHOD_LABELS
from simulator.report.money import shorten_amounts


def views(run: Finished) -> dict[str, View]:
    """Return every view that the run has figures for, by name, in reading order."""
    shown = {}
    for asked in QUESTIONS:
        known = asked.table in run.tables or asked.table in run.companions
        view = asked.make(run) if known else None
        if view is not None and len(view.table):
            shown[view.name] = view if view.file else replace(view, file=_file_of(run, asked.table))
    return shown


def _file_of(run: Finished, table: str) -> str:
    """Return where a table is: in the folder of the run, or in that of a companion next to it."""
    folder = "" if table in run.tables else f"{run.companions[table].folder}/"
    return f"{folder}tables/{table}.csv"


def _headline(run: Finished) -> View:
    table = run.tables["bookings"]
    total = table[(table["segment"] == ALL) & (table["kind"] == "new")].reset_index(drop=True)
    return View(
        "headline",
        "New bookings by quarter",
        "All segments together. P10 is the low case: one simulation in ten is below it.",
        (
            PERIOD,
            *columns("money", {**PERCENTILES, "mean": "Mean", "target": "Target"}),
            Column("p_hit", "Chance of target", "share"),
            Column("booked", "Booked already", "money"),
        ),
        total,
    )


def _bookings(run: Finished) -> View:
    table = run.tables["bookings"]
    several = len(set(table["kind"]) - {"all"}) > 1
    table = table if several else table[table["kind"] == "new"]
    order = {period: at for at, period in enumerate(run.periods)}
    kinds = {kind: at for at, kind in enumerate(dict.fromkeys(table["kind"]))}
    table = table.assign(_period=table["period"].map(order), _kind=table["kind"].map(kinds))
    table = table.sort_values(["_period", "_kind"], kind="stable").reset_index(drop=True)
    return View(
        "bookings",
        "Bookings by quarter, kind and segment",
        "Value signed in the quarter: not ARR, not revenue. Means add up; percentiles of segments do not: "
        "those of “all” are of the joint total.",
        (
            PERIOD,
            Column("kind", "Kind"),
            SEGMENT,
            *columns("money", {"mean": "Mean", **PERCENTILES, "target": "Target"}),
            Column("p_hit", "Chance of target", "share"),
            Column("booked", "Booked already", "money"),
        ),
        table,
    )


def _pacing(run: Finished) -> View:
    return View(
        "pacing",
        "Where the quarter stands",
        "New bookings by the end of each day: of this quarter, of past quarters on the same day, and as "
        "simulated (at the end of each month).",
        (
            PERIOD,
            Column("date", "Day"),
            *columns("money", {"booked": "Booked", **PERCENTILES, "past_low": "Past: lowest"}),
            *columns("money", {"past_median": "Past: middle", "past_high": "Past: highest"}),
            Column("past_share", "Past: share of the quarter", "share"),
        ),
        run.tables["pacing"],
    )


def _previous(run: Finished) -> View:
    table = run.tables[PREVIOUS]
    now, then = ({f"{key}{end}": f"{label} {when}" for key, label in PERCENTILES.items()}
                 for end, when in (("", "now"), ("_then", "then")))  # fmt: skip
    return View(
        "previous",
        "The last forecast next to this one",
        f"New bookings of all segments as forecast on {table['since'].iloc[0]} and on "
        f"{run.summary['as_of']}; of a quarter that is over, what it booked.",
        (
            PERIOD,
            *columns("money", then),
            Column("p_hit_then", "Chance of target then", "share"),
            *columns("money", {**now, "result": "Booked"}),
            Column("p_hit", "Chance of target now", "share"),
        ),
        table,
    )


def _parts(run: Finished) -> View:
    table = run.tables["p50_composition"]
    if "type" in table:
        table = table[table["type"] == "new"]
    wide = table.pivot_table(index=["period", "segment"], columns="part", values="amount", sort=False)
    wide = wide.reindex(columns=list(PART_WORDS)).fillna(0.0).reset_index()
    wide["p50"] = wide[list(PART_WORDS)].sum(axis=1).round(2)
    labels = {part: words.capitalize() for part, words in PART_WORDS.items()}
    return View(
        "parts",
        "What the P50 is made of",
        "The P50 of each segment and of all together, by where the deals are today.",
        (PERIOD, SEGMENT, *columns("money", {**labels, "p50": "P50"})),
        wide,
    )


def _spread(run: Finished) -> View:
    table = run.tables["spread"]
    words = {**SOURCE_WORDS, "total": "all together"}
    return View(
        "spread",
        "Where the spread comes from",
        "Shares of the variance add up to 100 %; widths do not add up.",
        (
            PERIOD,
            Column("source", "Source"),
            Column("variance_share", "Share of variance", "share"),
            *columns("money", {"sd": "Standard deviation", "width": "P10 to P90"}),
        ),
        table.assign(source=table["source"].map(lambda source: words.get(source, source))),
    )


def _chances(run: Finished) -> View:
    table = run.tables["exceedance"]
    total = table[table["segment"] == ALL]
    wide = total.pivot_table(index="probability", columns="period", values="amount", sort=False)
    wide = wide.reindex(columns=list(run.periods)).reset_index()
    wide.columns = [str(column) for column in wide.columns]
    return View(
        "chances",
        "The number reached with each chance",
        "New bookings of all segments together.",
        (
            Column("probability", "Chance", "share"),
            *columns("money", {period: period for period in run.periods}),
        ),
        wide,
    )


def _judgement(run: Finished) -> View:
    table = run.tables["judgement"]
    table = table.assign(method=table["method"].map(lambda name: METHOD_LABELS.get(name, name)))
    return View(
        "judgement",
        "Forecasts by judgement next to the simulation",
        "Low and High: P10 and P90 of the simulation; of the in-blood number its upside.",
        (
            PERIOD,
            SEGMENT,
            Column("method", "Method"),
            *columns("money", {"number": "Number", "low": "Low", "high": "High"}),
        ),
        table,
    )


def _calls(run: Finished) -> View:
    return View(
        "calls",
        "What reps called and what they won",
        "Won / called so far, and what we expect a rep to win for each unit called, with its 80% interval: "
        "drawn towards the team where a rep has few quarters.",
        (
            Column("rep_id", "Rep"),
            Column("team", "Team"),
            SEGMENT,
            Column("n_quarters", "Quarters", "count"),
            *columns("money", {"called": "Called", "won": "Won"}),
            Column("won_per_called", "Won per called", "multiple"),
            *columns("multiple", {"bias": "Expected per called", "bias_low": "Low", "bias_high": "High"}),
            Column("verdict", "Reading"),
        ),
        run.tables["rep_calls"],
    )


def _assumptions(run: Finished) -> View:
    return View(
        "assumptions",
        "Assumptions and their sources",
        "Calibrated: estimated from the history. Scenario: as the scenario's file says. Model: built in.",
        (Column("name", "Assumption"), Column("value", "Value"), Column("source", "Source")),
        pd.DataFrame(run.summary["assumptions"], columns=["name", "value", "source"], dtype="str"),
        "summary.json",
    )


def _hygiene(run: Finished) -> View:
    table = run.tables["hygiene"]
    return View(
        "hygiene",
        "What is odd in the history",
        "Found by the checks of the history that the rates were estimated from.",
        (
            Column("check", "Finding"),
            Column("n", "How many", "count"),
            Column("share", "Share", "share"),
            Column("of", "of"),
            Column("amount", "Worth", "money"),
            Column("effect", "What it does to the forecast"),
            Column("fix", "How to fix it"),
        ),
        table.assign(effect=table["effect"].map(lambda said: shorten_amounts(str(said), run.currency))),
    )


class Question(NamedTuple):
    """A question that page, workbook and slides answer with one table and its charts.

    Parameters
    ----------
    view : str
        Name of the table as it is shown.
    table : str
        The table of the run or of a companion that it needs.
    make : callable
        Makes the view.
    sheet : str
        Its sheet in the workbook; empty: it is not there.
    charts : tuple of str
        What is drawn next to it.
    """

    view: str
    table: str
    make: Callable[[Finished], View | None]
    sheet: str
    charts: tuple[str, ...] = ()


QUESTIONS = (
    Question("headline", "bookings", _headline, "summary", ("bookings_fan",)),
    Question("bookings", "bookings", _bookings, "bookings", ("segment_chances", "bookings_by_kind")),
    Question("pacing", "pacing", _pacing, "pace", ("pacing", "forecast_track")),
    Question("previous", PREVIOUS, _previous, "last forecast"),
    Question("bridge", "bridge", bridge_view, "what moved it", ("bridge_days",)),
    Question("parts", "p50_composition", _parts, "P50", ("p50_composition",)),
    Question("coverage", "coverage", coverage_view, "coverage", ("coverage", "pipeline_created")),
    Question("pipeline", "waterfall", pipeline_view, "pipeline", ("pipeline_waterfall", "deal_flow")),
    Question("arr", "arr", arr_view, "ARR", ("arr_snowball", "nrr_grr")),
    Question(
        "lifetime", "lifetime", lifetime_view, "lifetime value", ("lifetime_value", "survival", "cohorts")
    ),
    Question("operating", "operating", operating_view, "cash", ("cash", "operating", "post_sale_share")),
    Question("efficiency", "operating", efficiency_view, "efficiency"),
    Question("spread", "spread", _spread, "spread", ("spread",)),
    Question("capacity", "capacity", capacity_view, "capacity", ("capacity", "attainment")),
    Question("chances", "exceedance", _chances, "chances", ("probability_of_hitting",)),
    Question("deals", "open_deals", deals_view, "deals"),
    Question("judgement", "judgement", _judgement, "judgement", ("judgement",)),
    Question("calls", "rep_calls", _calls, "calls", ("rep_calls",)),
    Question("levers", "sensitivity", levers_view, "levers", ("tornado",)),
    Question("hiring", "hiring", hiring_view, "hiring", ("hiring_allocation", "hiring_marginal")),
    Question("headcount", "headcount", headcount_view, "headcount", ("headcount",)),
    Question("record", "backtest", record_view, "record", ("reliability",)),
    Question("assumptions", "bookings", _assumptions, "assumptions"),
    Question("hygiene", "hygiene", _hygiene, "hygiene"),
)
"""In the order of the workbook: the summary comes first, definitions and the manifest last."""
