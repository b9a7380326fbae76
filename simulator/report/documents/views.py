"""The tables that readers see, the same in the page, the workbook and the deck."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.documents.companion_views import (
    headcount_view,
    hiring_view,
    record_view,
)
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import PERCENTILES, Column, View, columns
from simulator.report.forecast.findings import PART_WORDS, SOURCE_WORDS

BASIS_WORDS = {
    "enterprise": "best case, commit and closed",
    "enterprise_slippage_adjusted": "best case, commit and closed; rule of thumb with slippage",
    "smb": "with pipeline",
}
ARR_MEASURES = ("opening", "new", "expansion", "contraction", "churn", "reactivation", "closing")
RETENTION = ("nrr", "grr")


def views(run: Finished) -> dict[str, View]:
    """Return every view that the run has figures for, by name, in reading order."""
    found = (make(run) for make in MAKERS)
    return {view.name: view for view in found if view is not None and len(view.table)}


PERIOD, SEGMENT = Column("period", "Quarter"), Column("segment", "Segment")


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


def _parts(run: Finished) -> View:
    table = run.tables["p50_composition"]
    wide = table.pivot_table(index=["period", "segment"], columns="part", values="amount", sort=False)
    wide = wide.reindex(columns=list(PART_WORDS)).fillna(0.0).reset_index()
    wide["p50"] = wide[list(PART_WORDS)].sum(axis=1).round(2)
    labels = {part: words.capitalize() for part, words in PART_WORDS.items()}
    return View(
        "parts",
        "What the P50 is made of",
        "The middle future of each segment and of all together, by where the deals are today.",
        (PERIOD, SEGMENT, *columns("money", {**labels, "p50": "P50"})),
        wide,
    )


def _coverage(run: Finished) -> View:
    table = run.tables["coverage"]
    table = table.assign(basis=table["basis"].map(lambda basis: BASIS_WORDS.get(basis, basis)))
    needed = {f"needed_p{chance}": f"Needed for {chance} %" for chance in (50, 80, 90)}
    return View(
        "coverage",
        "Coverage, and what is needed",
        "Deals due in the quarter / its target, beside the multiple at which the target is hit with 50, 80 "
        "and 90 % chance, and 1 / close rate.",
        (
            PERIOD,
            SEGMENT,
            Column("basis", "Counts"),
            *columns("money", {"amount": "Due", "target": "Target"}),
            *columns("multiple", {"coverage": "Coverage", **needed, "rule_of_thumb": "Rule of thumb"}),
            Column("note", "Note"),
        ),
        table,
    )


def _pipeline(run: Finished) -> View:
    labels = {
        "opening": "Opening",
        "created": "Created",
        "won": "Won",
        "lost_competition": "Lost to competition",
        "lost_no_decision": "Lost, no decision",
        "closing": "Closing",
        "slipped": "Slipped out",
    }
    return View(
        "pipeline",
        "Open pipeline from quarter to quarter",
        "Means of all paths, at the amounts of the open deals: opening + created − won − lost = closing. "
        "Slipped deals stay open.",
        (PERIOD, SEGMENT, *columns("money", labels)),
        run.tables["waterfall"],
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


def _capacity(run: Finished) -> View | None:
    if "capacity" not in run.tables:
        return None
    return View(
        "capacity",
        "Sales capacity",
        "Ramped heads and quota, how busy reps are, and the share of qualified deals that gave up waiting.",
        (
            PERIOD,
            SEGMENT,
            *columns("count", {"heads": "Reps", "ramped_heads": "Ramped reps"}),
            *columns("money", {"ramped_quota": "Ramped quota", "target": "Target", "bookings": "Bookings"}),
            *columns("share", {"utilisation": "Slots in use", "waited_out": "Gave up waiting"}),
        ),
        run.tables["capacity"],
    )


def _arr(run: Finished) -> View | None:
    if "arr" not in run.tables:
        return None
    long = run.tables["arr"]
    shown = long["p50"].where(long["measure"].isin(RETENTION), long["mean"])
    wide = long.assign(shown=shown).pivot_table(
        index=["period", "segment"], columns="measure", values="shown", sort=False
    )
    wide = wide.reindex(columns=[*ARR_MEASURES, *RETENTION]).reset_index()
    return View(
        "arr",
        "ARR from quarter to quarter",
        "Annualised recurring revenue, means of all paths: opening + new + expansion − contraction − churn "
        "+ reactivation = closing. NRR and GRR by the cohort method over 12 months, their P50.",
        (
            PERIOD,
            SEGMENT,
            *columns("money", {measure: measure.capitalize() for measure in ARR_MEASURES}),
            *columns("share", {measure: f"{measure.upper()} (P50)" for measure in RETENTION}),
        ),
        wide,
    )


def _deals(run: Finished) -> View | None:
    table = run.tables.get("open_deals", pd.DataFrame())
    if table.empty:
        return None
    wide = table.pivot_table(index="opportunity_id", columns="period", values="p_win", sort=False)
    wide = wide.reindex(columns=list(run.periods)).reset_index()
    wide.columns = [str(column) for column in wide.columns]
    wide["horizon"] = wide[list(run.periods)].sum(axis=1).round(6)
    shares = {period: f"Won in {period}" for period in run.periods}
    shown = [
        Column("opportunity_id", "Deal"),
        *columns("share", {**shares, "horizon": "Won in any of them"}),
    ]
    if "deals" in run.tables:
        known = run.tables["deals"].drop_duplicates("opportunity_id")
        wide = wide.merge(known, on="opportunity_id", how="left", sort=False, validate="one_to_one")
        wide["expected"] = (wide["amount"] * wide["horizon"]).round(2)
        labels = {"segment": "Segment", "owner": "Owner", "category": "Category", "close_month": "Planned"}
        shown[1:1] = [*columns("text", labels), Column("amount", "Open amount", "money")]
        shown.append(Column("expected", "Open amount × chance", "money"))
        wide[list(labels)] = wide[list(labels)].fillna("")
        shown += _drill_down_columns(run, wide)
    wide = wide.sort_values("horizon", ascending=False, kind="stable").reset_index(drop=True)
    return View(
        "deals",
        "Open deals and their chance",
        "Share of paths in which each open deal is won, by quarter; the likeliest first. Shares of the P50 "
        "and of the spread add up to 100 % with what is booked and deals not created yet.",
        tuple(shown),
        wide,
    )


def _drill_down_columns(run: Finished, wide: pd.DataFrame) -> list[Column]:
    """Return the columns that the simulation adds to a deal, and put what changed since the last run in."""
    if "p_this" not in wide:
        return []
    first, *later = run.periods
    told = [Column("expected_month", "Expected")]
    wide["expected_month"] = wide["expected_month"].fillna("").astype(str)
    for name, period in (("this", first), *((("next", later[0]),) if later else ())):
        labels = {
            f"share_p50_{name}": f"Share of the P50 of {period}",
            f"share_spread_{name}": "of its spread",
        }
        told += columns("share", labels)
    changes = run.tables.get("deal_changes")
    if changes is not None and len(changes):
        change = changes.set_index("opportunity_id")["change"]
        wide["change"] = wide["opportunity_id"].map(change).fillna("").astype(str)
        told.append(Column("change", f"Changed since {changes['since'].iloc[0]}"))
    return told


def _assumptions(run: Finished) -> View:
    return View(
        "assumptions",
        "Assumptions and their sources",
        "Calibrated: estimated from the history. Scenario: as the scenario's file says. Model: built in.",
        (Column("name", "Assumption"), Column("value", "Value"), Column("source", "Source")),
        pd.DataFrame(run.summary["assumptions"], columns=["name", "value", "source"], dtype="str"),
    )


def _hygiene(run: Finished) -> View | None:
    if "hygiene" not in run.tables:
        return None
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
        run.tables["hygiene"],
    )


MAKERS: tuple[Callable[[Finished], View | None], ...] = (
    _headline, _bookings, _parts, _coverage, _pipeline, _spread, _arr, _capacity, _chances, _deals,
    hiring_view, headcount_view, record_view, _assumptions, _hygiene,
)  # fmt: skip
