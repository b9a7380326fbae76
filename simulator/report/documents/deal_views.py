"""The deals and the pipeline of a run as tables that readers see."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.totals import ALL
from simulator.report.documents.finished import Finished
from simulator.report.documents.view import PERIOD, SEGMENT, Column, View, columns
from simulator.report.forecast.findings import BASIS_WORDS


def coverage_view(run: Finished) -> View:
    """Return what is due in each quarter as a multiple of its target, and the multiples needed."""
    table = run.tables["coverage"]
    # One basis for each segment: the first; a second row with the slippage in the rule repeats all else.
    kind = (Column("type", "Type"),) if "type" in table else ()
    table = table.drop_duplicates(["period", "segment", *(column.key for column in kind)])
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
            *kind,
            Column("basis", "Counts"),
            *columns("money", {"amount": "Due", "target": "Target"}),
            *columns("multiple", {"coverage": "Coverage", **needed, "rule_of_thumb": "Rule of thumb"}),
            Column("note", "Note"),
        ),
        table,
    )


def pipeline_view(run: Finished) -> View:
    """Return how open pipeline gets from quarter to quarter."""
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
        "lost = closing. Slipped deals stay open.",
        (PERIOD, SEGMENT, *columns("money", labels)),
        run.tables["waterfall"],
    )


def deals_view(run: Finished) -> View | None:
    """Return the open deals, those that weigh most in the first quarter on top; None without any."""
    table = run.tables["open_deals"]
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
        weights = wide["amount"] * wide["first"], wide["amount"] * wide["horizon"]
        if "expected_this" in wide:
            typical = wide["expected_this"] / wide["first"].where(wide["first"] > 0)
            weights = weights[0].fillna(wide["expected_this"]), weights[1].fillna(typical * wide["horizon"])
        wide["weight"], wide["expected"] = (weight_of.round(2) for weight_of in weights)
        weight = "weight"
        labels = {"segment": "Segment", "owner": "Owner", "category": "Category", "close_month": "Planned"}
        wide[list(labels)] = wide[list(labels)].fillna("")
        wide["category"] = wide["category"].str.replace("_", " ")
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
        "Weight: open amount × chance; without an amount, what such deals bring when won × chance. The "
        f"deals that move {first} most come first. Chance: share of simulations in which the deal is won.",
        tuple(shown),
        wide,
        "tables/open_deals.csv and tables/deals.csv" if "deals" in run.tables else "",
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
