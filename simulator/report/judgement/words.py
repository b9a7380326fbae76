"""What people say of the quarter, next to the simulation, in words."""

from __future__ import annotations

from simulator.analysis.judgement.in_blood import RULE
from simulator.analysis.judgement.judgement import BLEND, SIMULATION, Judgement
from simulator.analysis.judgement.rep_calls import COMPANY, HAPPY_EARS, SANDBAGGING
from simulator.notes import MODEL, HowMade
from simulator.report.money import format_money, format_share, join_words

METHOD_LABELS = {
    "reps_commit": "Reps' commit, added up",
    "reps_commit_adjusted": "Corrected for each rep's habit",
    "in_blood": "In-blood number + upside",
    "category_arithmetic": "Category arithmetic",
    SIMULATION: "Simulation, P10 to P90",
    BLEND: "Blend by past errors",
}
MOST_NAMED = 3


def judgement_answers(judgement: Judgement, period: str, currency: str) -> dict[str, str]:
    """Return sentences by question: how the forecasts compare, and who calls high or low."""
    found = {"judgement": _side_by_side(judgement, period, currency)}
    habits = say_habits(judgement)
    return {name: text for name, text in (found | {"calls": habits}).items() if text}


def judgement_notes(judgement: Judgement) -> tuple[str, ...]:
    """Return what must be known to read them."""
    n = int((judgement.deals["judged_by"] == "call").sum()) if len(judgement.deals) else 0
    judged = f"{n} deals were judged by hand; for the others " if n else "no deal was judged by hand: "
    return (*judgement.notes, HowMade("in-blood number", f"{judged}{RULE}", MODEL))


def title(judgement: Judgement, period: str, currency: str) -> str:
    """Return the finding of the chart."""
    ours = judgement.number(period, SIMULATION)
    blood = judgement.number(period, "in_blood")
    rolled = judgement.number(period, "reps_commit")
    if ours is None:
        return f"No forecast of {period}"
    said = [
        f"{words} {format_money(float(row['number']), currency)}"
        for words, row in (("reps commit to", rolled), ("the in-blood number is", blood))
        if row is not None
    ]
    middle = format_money(float(ours["number"]), currency)
    return f"{period}: {', '.join([*said, f'P50 of the simulation {middle}'])}"


def _side_by_side(judgement: Judgement, period: str, currency: str) -> str:
    ours = judgement.number(period, SIMULATION)
    if ours is None:
        return ""

    def money(amount: float) -> str:
        return format_money(amount, currency)

    parts = []
    for method in ("reps_commit", "in_blood"):
        row = judgement.number(period, method)
        if row is None:
            continue
        number = float(row["number"])
        where = (
            "below the P10"
            if number < ours["low"]
            else "above the P90"
            if number > ours["high"]
            else "inside the range"
        )
        words = "the reps' commit adds up to" if method == "reps_commit" else "the in-blood number is"
        upside = f" with {money(float(row['high'] - row['low']))} upside" if method == "in_blood" else ""
        parts.append(f"{words} {money(number)}{upside} ({where} of the simulation)")
    blend = judgement.number(period, BLEND)
    if blend is not None:
        parts.append(f"the blend by past errors is {money(float(blend['number']))}")
    return f"{period} by judgement: {'; '.join(parts)}" if parts else ""


def named_reps(judgement: Judgement) -> list[str]:
    """Return the reps whom `say_habits` names."""
    reps, named = judgement.reps[judgement.reps["rep_id"] != COMPANY], []
    for verdict in (HAPPY_EARS, SANDBAGGING):
        found = reps[reps["verdict"] == verdict]
        found = found.sort_values("bias", ascending=verdict == HAPPY_EARS, kind="stable")
        named += [str(name) for name in found["rep_id"].head(MOST_NAMED)]
    return named


def say_habits(judgement: Judgement) -> str:
    """Return who calls high, who low, and by how much the company does; nothing without calls."""
    reps = judgement.reps
    if reps.empty:
        return ""
    company = reps[reps["rep_id"] == COMPANY].iloc[0]
    won = format_share(float(company["won_per_called"]))
    text = f"Reps won {won} of what they had called over {int(company['n_quarters'])} quarters"
    for verdict, words in ((HAPPY_EARS, "happy ears"), (SANDBAGGING, "sandbagging")):
        found = reps[(reps["verdict"] == verdict) & (reps["rep_id"] != COMPANY)]
        if len(found):
            found = found.sort_values("bias", ascending=verdict == HAPPY_EARS, kind="stable")
            named = [
                f"{row['rep_id']} ({row['bias']:.2f} expected per 1 called)"
                for _, row in found[:MOST_NAMED].iterrows()
            ]
            more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
            listed = f"{', '.join(named)}{more}" if more else join_words(named)
            text += f"; {words}: {listed}"
    return text
