"""What holds a company back, in words: where deals die or wait, what is at risk, what remedies are worth."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from simulator.analysis.diagnose.stuck_deals import StuckDeals
from simulator.analysis.yardstick import CAPACITY, CLOSING, PIPELINE, SLIPPAGE
from simulator.history.tables import CATEGORIES
from simulator.report.money import format_money, format_multiple, format_share, join_words

CAUSES = {
    "lost_no_decision": "no decision: discovery and the business case",
    "lost_competition": "a competitor: differentiation",
}
PLACES = {
    "pipeline": "in pipeline, before the customer has funded anything",
    "best_case": "in best case, while the customer compares",
    "commit": "in commit, after the customer had chosen",
}
KIND_WORDS = {
    PIPELINE: "More pipeline",
    CLOSING: "Better closing",
    SLIPPAGE: "Less slippage",
    CAPACITY: "More capacity",
}
KIND_ANSWERS = {
    PIPELINE: "It is pipeline",
    CLOSING: "It is closing",
    SLIPPAGE: "It is slippage",
    CAPACITY: "It is capacity",
}
LEAST_WORTH = 0.02
"""Share of the P50 below which a remedy is worth little."""
MOST_NAMED = 3
MEASURE = {
    PIPELINE: ("SALs a quarter", False),
    CLOSING: ("close rate", True),
    SLIPPAGE: ("slippage", True),
    CAPACITY: ("open deals a ramped rep", False),
}
"""What a better quarter is better in, and whether that is a share."""


def stuck_findings(stuck: StuckDeals, currency: str) -> tuple[str, ...]:
    """Return where deals die, who slips, which commits are at risk and which deals look dead."""
    parts = (_deaths(stuck), _slips(stuck), _commits(stuck, currency), _dead(stuck, currency))
    return tuple(sentence for part in parts for sentence in part)


def _name(category: object) -> str:
    return str(category).replace("_", " ")


def _deaths(stuck: StuckDeals) -> Iterator[str]:
    losses = stuck.ends[stuck.ends["outcome"] != "won"]
    n = int(losses["n"].sum())
    if n < 10:
        return
    worst = losses.sort_values("n", ascending=False, kind="stable").iloc[0]
    yield (
        f"Of {n:,} deals lost, {format_share(worst['n'] / n)} died {PLACES[str(worst['category'])]}, to "
        f"{CAUSES[str(worst['outcome'])]}."
    )
    late = losses[losses["category"] == "commit"]
    n_late, amount = int(late["n"].sum()), float(late["amount"].sum())
    if n_late and amount > 0:
        share = amount / float(losses["amount"].sum())
        yield (
            f"{n_late:,} deals ({format_share(share)} of the money lost) were lost out of commit: contracts, "
            "security review, delivery."
        )


def _slips(stuck: StuckDeals) -> Iterator[str]:
    table = stuck.slippage
    pushes = table[table["by"] == "pushes"].set_index("group")["value"]
    if {"0", "3+"} <= set(pushes.index):
        yield (
            f"Deals never moved slip out of their quarter {format_share(pushes['0'])} of the time, deals "
            f"moved three times or more {format_share(pushes['3+'])}."
        )
    categories = table[table["by"] == "category"].set_index("group")["value"]
    if len(categories) > 1:
        listed = [f"{_name(c)} {format_share(categories[c])}" for c in CATEGORIES if c in categories]
        yield f"By the category a deal was in when it was due, slippage is {join_words(listed)}."
    reps = table[table["by"] == "owner"]
    middle = float(reps["n_slipped"].sum() / reps["n"].sum()) if reps["n"].sum() else np.nan
    high = reps[reps["low"] > middle].sort_values("value", ascending=False, kind="stable")
    if len(high):
        named = [f"{row['group']} ({format_share(row['value'])})" for _, row in high[:MOST_NAMED].iterrows()]
        more = f" and {len(high) - MOST_NAMED} more" if len(high) > MOST_NAMED else ""
        yield (
            f"Surely above the {format_share(middle)} of all reps: {', '.join(named)}{more}; it may be their "
            "segment's doing rather than their own."
        )


def _commits(stuck: StuckDeals, currency: str) -> Iterator[str]:
    table = stuck.commits
    if table.empty or not stuck.has_late_stages:
        return
    amount = format_money(float(table["amount"].sum()), currency).strip()
    weeks = float(table["weeks_left"].iloc[0])
    first = table.iloc[0]
    largest = format_money(float(first["amount"]), currency).strip()
    yield (
        f"{len(table):,} commit deals ({amount}) due this quarter are not in contracts yet, with {weeks:.0f} "
        f"weeks to go; the largest is {first['opportunity_id']} ({largest})."
    )


def _dead(stuck: StuckDeals, currency: str) -> Iterator[str]:
    if stuck.dead.empty:
        return
    total = stuck.close_rates.iloc[-1]
    amount = format_money(float(stuck.dead["amount"].sum()), currency).strip()
    yield (
        f"{len(stuck.dead):,} open deals ({amount}) look dead; closing them out as lost takes the close rate "
        f"from {total['close_rate']:.1%} to {total['close_rate_cleaned']:.1%}."
    )


def what_holds_back(table: pd.DataFrame, currency: str) -> tuple[str, ...]:
    """Return what each remedy is worth over the horizon, the answer first.

    Parameters
    ----------
    table : DataFrame
        Of ``counterfactuals``.
    currency : str
    """
    if table.empty:
        return ("Nothing could be relaxed: its quarters were all alike.",)
    whole = table[table["period"] == table["period"].iloc[-1]]
    ordered = whole.sort_values("mean_change", ascending=False, kind="stable")
    best = ordered.iloc[0]
    small = best["mean_change_low"] <= 0 or best["mean_change"] < LEAST_WORTH * best["base_p50"]
    planned = first_targets(table)
    said = [
        f"{KIND_WORDS[str(row['kind'])].lower()} {_worth(row, planned, currency)}"
        for _, row in ordered.iterrows()
    ]
    told = f"{'; '.join(said)} over {best['period']}."
    if small:
        lines = [f"Neither pipeline nor closing nor slippage nor capacity holds bookings back much: {told}"]
    else:
        lines = [f"{KIND_ANSWERS[str(best['kind'])]} that holds bookings back most: {told}"]
    lines.append(_yardstick(ordered))
    return tuple(lines)


def first_targets(table: pd.DataFrame) -> pd.DataFrame:
    """Return of each remedy the row of the first quarter that has a target, by kind."""
    return table[table["p_hit"].notna()].drop_duplicates("kind").set_index("kind")


def _apart(better: float, usual: float) -> str:
    """Return two shares so that they do not read alike."""
    said = [format_share(share) for share in (better, usual)]
    if said[0] == said[1]:
        said = [f"{share:.1%}" for share in (better, usual)]
    return " instead of ".join(said)


def _yardstick(rows: pd.DataFrame) -> str:
    """Return how far each thing was relaxed."""
    said = []
    for _, row in rows.iterrows():
        usual, better, kind = float(row["usual"]), float(row["better"]), str(row["kind"])
        if not np.isfinite(usual):
            said.append(f"{MEASURE[kind][0]} a tenth better (assumed: too few whole quarters)")
        elif MEASURE[kind][1]:
            said.append(f"{MEASURE[kind][0]} {_apart(better, usual)}")
        else:
            said.append(f"{MEASURE[kind][0]} {better:,.0f} instead of {usual:,.0f}")
    return f"Each is taken as in the better of the last eight quarters (75th percentile): {join_words(said)}."


def _worth(row: pd.Series, planned: pd.DataFrame, currency: str) -> str:
    """Return what a remedy is worth over the horizon, and what of the first target that there is."""
    low, middle, high = (
        format_money(float(row[name]), currency)
        for name in ("mean_change_low", "mean_change", "mean_change_high")
    )
    if row["mean_change_low"] <= 0.0 <= row["mean_change_high"]:
        return f"makes no difference that can be measured ({low} to {high})"
    text = f"is worth {middle} ({low} to {high})"
    if row["kind"] not in planned.index:
        return text
    first = planned.loc[row["kind"]]
    before, after = (format_share(float(first[name])) for name in ("base_p_hit", "p_hit"))
    return f"{text}, the chance of the {first['period']} target {before} → {after}"


def say_curve(curve: pd.DataFrame, period: str) -> str:
    """Return the coverage of a period next to what a chance of 80 % takes; nothing without a target."""
    rows = curve[curve["period"] == period]
    if rows.empty:
        return ""
    part = rows[rows["basis"] == rows["basis"].iloc[0]]
    now = part[part["now"]].iloc[0]
    enough = part[part["p_hit"] >= 0.8]
    needed = format_multiple(float(enough["coverage"].iloc[0])) if len(enough) else "more than any shown"
    return (
        f"{period} has {format_multiple(float(now['coverage']))} coverage, good for a "
        f"{format_share(float(now['p_hit']))} chance of its target; 80% takes {needed} today"
    )
