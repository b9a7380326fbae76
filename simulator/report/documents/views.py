"""The tables that readers see, the same in the page, the workbook and the deck."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.documents.companion_views import headcount_view, hiring_view, levers_view, record_view
from simulator.report.documents.efficiency import efficiency
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import PERCENTILES, Column, View, columns, show
from simulator.report.forecast.findings import BASIS_WORDS, PART_WORDS, SOURCE_WORDS
from simulator.report.judgement.words import METHOD_LABELS

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
        "The P50 of each segment and of all together, by where the deals are today.",
        (PERIOD, SEGMENT, *columns("money", {**labels, "p50": "P50"})),
        wide,
    )


def _coverage(run: Finished) -> View:
    table = run.tables["coverage"]
    # One basis for each segment: the first; a second row with the slippage in the rule repeats all else.
    table = table.drop_duplicates(["period", "segment"])
    table = table[table["coverage"].notna() | (table["segment"] == ALL)].reset_index(drop=True)
    table = table.assign(
        basis=[BASIS_WORDS.get(basis, basis).rstrip(",") for basis in table["basis"].astype(str)]
    )
    needed = {f"needed_p{chance}": f"Needed for {chance}%" for chance in (50, 80, 90)}
    return View(
        "coverage",
        "Coverage, and what is needed",
        "Deals due in the quarter / its target, next to the multiple at which the target is reached with 50, "
        "80 and 90% chance, and the rule of thumb 1 / close rate. Segments without a target are left out.",
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
        "Means of all simulations, at the amounts of the open deals: opening + created − won − "
        "lost = closing. "
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


def _deals(run: Finished) -> View | None:
    """Return the open deals, those that weigh most in the first quarter on top."""
    table = run.tables.get("open_deals", pd.DataFrame())
    if table.empty:
        return None
    first = run.periods[0]
    chances = table.pivot_table(index="opportunity_id", columns="period", values="p_win", sort=False)
    chances = chances.reindex(columns=list(run.periods))
    wide = pd.DataFrame(
        {
            "opportunity_id": chances.index,
            "first": chances[first].to_numpy(),
            "horizon": chances.sum(axis=1).round(6),
        }
    ).reset_index(drop=True)
    shown = [Column("opportunity_id", "Deal")]
    weight = "first"
    if "deals" in run.tables:
        known = run.tables["deals"].drop_duplicates("opportunity_id")
        wide = wide.merge(known, on="opportunity_id", how="left", sort=False, validate="one_to_one")
        wide["weight"] = (wide["amount"] * wide["first"]).round(2)
        wide["expected"] = (wide["amount"] * wide["horizon"]).round(2)
        weight = "weight"
        labels = {"segment": "Segment", "owner": "Owner", "category": "Category", "close_month": "Planned"}
        wide[list(labels)] = wide[list(labels)].fillna("")
        shown += [*columns("text", labels), Column("amount", "Open amount", "money")]
    shown.append(Column("first", f"Won in {first}", "share"))
    shown += [Column("weight", f"Weight in {first}", "money")] if weight == "weight" else []
    shown.append(Column("horizon", "Won by " + run.periods[-1], "share"))
    shown += [Column("expected", "Weight in all", "money")] if weight == "weight" else []
    shown += _drill_down_columns(run, wide)
    wide = wide.sort_values(weight, ascending=False, kind="stable").reset_index(drop=True)
    return View(
        "deals",
        "Open deals by their weight",
        f"Weight: open amount × chance. The deals that move {first} most come first. Chance: share of "
        "simulations in which the deal is won.",
        tuple(shown),
        wide,
    )


def _drill_down_columns(run: Finished, wide: pd.DataFrame) -> list[Column]:
    """Return the columns that the simulation adds to a deal, and put what changed since the last run in."""
    if "p_this" not in wide:
        return []
    said = [Column("share_spread_this", f"Share of the spread of {run.periods[0]}", "share")]
    changes = run.tables.get("deal_changes")
    if changes is not None and len(changes):
        change = changes.set_index("opportunity_id")["change"]
        wide["change"] = wide["opportunity_id"].map(change).fillna("").astype(str)
        said.append(Column("change", f"Changed since {changes['since'].iloc[0]}"))
    return said


def _operating(run: Finished) -> View | None:
    if "operating" not in run.tables:
        return None
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


def _efficiency(run: Finished) -> View | None:
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


def _lifetime(run: Finished) -> View | None:
    if "lifetime" not in run.tables:
        return None
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


def _judgement(run: Finished) -> View | None:
    if "judgement" not in run.tables:
        return None
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


def _calls(run: Finished) -> View | None:
    if "rep_calls" not in run.tables:
        return None
    return View(
        "calls",
        "What reps called and what they won",
        "Won for each unit called, with its 80% interval, drawn towards the team where a rep has "
        "few quarters.",
        (
            Column("rep_id", "Rep"),
            Column("team", "Team"),
            SEGMENT,
            Column("n_quarters", "Quarters", "count"),
            *columns("money", {"called": "Called", "won": "Won"}),
            *columns("multiple", {"bias": "Won per called", "bias_low": "Low", "bias_high": "High"}),
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
    _headline, _bookings, _parts, _coverage, _pipeline, _spread, _arr, _lifetime, _operating, _efficiency,
    _capacity, _chances, _deals, _judgement, _calls, levers_view, hiring_view, headcount_view, record_view,
    _assumptions, _hygiene,
)  # fmt: skip
