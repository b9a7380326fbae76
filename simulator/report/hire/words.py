"""Where the next reps go, in sentences that a planner can read unexplained."""

from __future__ import annotations

import pandas as pd

from simulator.analysis.bottlenecks import NONE
from simulator.analysis.hire.allocation import Hiring
from simulator.analysis.hire.reps_for_target import RepsForTarget
from simulator.fiscal import first_of_month
from simulator.report.money import format_money, format_share, join_words
from simulator.report.simulation_error import OF_80, say_error_in_points, say_error_margin

BINDING_WORDS = {
    "pipeline": "not enough pipeline",
    "conversion": "deals are not closed well enough",
    "slippage": "deals slip",
    "capacity": "not enough reps",
    NONE: "nothing material is in the way",
}
REMEDY_WORDS = {
    "pipeline": "as many SALs as in the company's better quarters",
    "conversion": "closing as in its better quarters",
    "slippage": "slippage as in its better quarters",
    "capacity": "as few open deals a rep as in its better quarters",
}
NAMED_TIES = 3


def month_words(month: int) -> str:
    """Return a month as ``January 2027``."""
    return f"{first_of_month(month):%B %Y}"


def say_allocation(segments: tuple[str, ...], counts: list[int]) -> str:
    """Return who goes where: ``3 for enterprise_amer and 2 for smb``; ``no one`` for none."""
    parts = [f"{n} for {name}" for name, n in zip(segments, counts, strict=True) if n]
    return join_words(parts) or "no one"


def hiring_title(hiring: Hiring) -> str:
    """Return the answer as a headline."""
    asked, start = hiring.question.n_reps, month_words(hiring.question.start)
    if hiring.unseen and hiring.n_hired == 0:
        return f"This history cannot show whether more reps pay in {join_words(list(hiring.unseen))}"
    if hiring.n_hired == 0:
        return f"Hire no one: no allocation of up to {_reps(asked)} from {start} is worth its cost"
    who = say_allocation(hiring.segments, hiring.allocation.tolist())
    if hiring.n_hired < asked:
        return f"Hire {hiring.n_hired} rather than {asked} from {start}: {who}"
    return f"Hire {_reps(asked)} from {start}: {who}"


def hiring_answers(
    hiring: Hiring,
    periods: tuple[str, ...],
    currency: str,
    constraints: pd.DataFrame,
    needed: tuple[RepsForTarget, int | None] | None,
) -> dict[str, str]:
    """Return the answer in a few sentences, by question.

    Parameters
    ----------
    hiring : Hiring
    periods : tuple of str
        Quarters simulated.
    currency : str
    constraints : DataFrame
        As ``constraints`` returns them.
    needed : tuple of RepsForTarget and the last month to start, optional
        None: there is no target.
    """
    texts = {"answer": hiring_title(hiring), "worth": _worth(hiring, periods, currency)}
    if hiring.unseen:
        texts["cannot_tell"] = say_unseen(hiring)
    else:
        texts["sure"] = _sure(hiring, currency)
    if hiring.n_hired:
        texts["driver"] = say_driver(hiring, currency)
        texts["payback"] = _payback(hiring, periods)
    for _, row in constraints.iterrows():
        texts[f"constraint {row['segment']}"] = say_constraint(row, currency, periods)
    if needed is not None:
        texts["target"] = say_target(needed[0], needed[1], hiring, currency)
    return texts


def _reps(n: int) -> str:
    return f"{n} rep{'' if n == 1 else 's'}"


def say_unseen(hiring: Hiring) -> str:
    """Return why a history cannot show that reps are short, and what would."""
    names = list(hiring.unseen)
    parts = [f"{name} {round(load)} a rep" for name, load in hiring.unseen.items()]
    return (
        f"Reps in {join_words(names)} have the same number of deals in work at all times "
        f"({join_words(parts)}), as where a deal is entered in the CRM only once a rep is free: SALs that "
        "wait, or are lost waiting, would not show. No chance is given, not even that nobody should be "
        f"hired. State how many wait, 'reps: {{segments: {{{names[0]}: {{waiting_sals: 40}}}}}}', or enter "
        "SALs when they are accepted"
    )


def say_driver(hiring: Hiring, currency: str) -> str:
    """Return what the gain in bookings comes from: waiting deals served, speed, deals the reps source."""
    gain = float(hiring.answer["gain_bookings"])
    served = min(hiring.gain_served, gain) if hiring.gain_served > 0.0 else 0.0
    how = "SALs served that would wait for a rep" if hiring.first_come else "deals that move faster"
    parts = [f"{format_money(served, currency)} from {how}"] if served > 0.005 * gain else []
    if gain - served > 0.005 * gain:
        parts.append(f"{format_money(gain - served, currency)} from deals that the reps source themselves")
    return f"Where the bookings come from: {join_words(parts) or 'nothing'}"


def _span(row: pd.Series, name: str, currency: str) -> str:
    low, high = (format_money(row[f"{name}_{end}"], currency) for end in ("low", "high"))
    return f"{format_money(row[name], currency)} ({low} to {high})"


def _worth(hiring: Hiring, periods: tuple[str, ...], currency: str) -> str:
    over = f"over {periods[0]} to {periods[-1]}"
    margin = format_share(hiring.extra.margin)
    counted = f"gross margin of {margin} less base pay, commission and hiring"
    if hiring.n_hired == 0:
        tried = hiring.allocations[hiring.allocations["reps"] > 0]
        if tried.empty:
            return "No rep can be hired within the budget"
        best = tried.iloc[0]
        who = say_allocation(hiring.segments, [int(best[name]) for name in hiring.segments])
        money = format_money(best["gain_contribution"], currency)
        bookings = format_money(best["gain_bookings"], currency)
        return (
            f"The best of the others, {who}, adds {bookings} of bookings {over} and changes contribution by "
            f"{money} {say_error_margin(best['error'], currency)}: {counted}"
        )
    row = hiring.answer
    lucky = [format_money(row[f"gain_bookings_{end}"], currency) for end in ("p10", "p90")]
    return (
        f"On average that adds {_span(row, 'gain_bookings', currency)} of bookings {over}, and "
        f"{_span(row, 'gain_contribution', currency)} of contribution: {counted}; deals still open at the "
        "end count nothing. In brackets: 80%, given how well the rates are known; single outcomes, luck "
        f"included, gain from {lucky[0]} (P10) to {lucky[1]} (P90) of bookings"
    )


def _sure(hiring: Hiring, currency: str) -> str:
    row = hiring.answer
    money = format_money(hiring.indifference, currency)
    text = (
        f"Of {hiring.n_allocations:,} allocations it is the best in {format_share(row['p_best'])} of what "
        f"the rates may be ({say_error_in_points(row['p_best_error'])}, {OF_80}; {hiring.n_paths:,} "
        "simulations each)"
    )
    others = hiring.allocations[hiring.allocations["tied"] & ~hiring.allocations["answer"]]
    tied = f"within {money} of it, and so as good: {_named(others, hiring)}"
    text += f"; {tied}" if len(others) else f"; no other is within {money} of it"
    open_ones = hiring.allocations[
        hiring.allocations["unresolved"] & ~hiring.allocations["tied"] & ~hiring.allocations["answer"]
    ]
    if open_ones.empty:
        return text
    return f"{text}; behind, but with no measurable difference: {_named(open_ones, hiring)}"


def _named(rows: pd.DataFrame, hiring: Hiring) -> str:
    # Brackets: each allocation is a list of its own.
    named = [
        f"[{say_allocation(hiring.segments, [int(row[name]) for name in hiring.segments])}]"
        for _, row in rows.head(NAMED_TIES).iterrows()
    ]
    return ", ".join(named) + (f" and {len(rows) - NAMED_TIES} more" if len(rows) > NAMED_TIES else "")


def _payback(hiring: Hiring, periods: tuple[str, ...]) -> str:
    if hiring.payback_month is None:
        return f"It has not paid back by the end of {periods[-1]}"
    months = hiring.payback_month - hiring.question.start
    return f"It has paid back by {month_words(hiring.payback_month)}, {months} months after they start"


def say_constraint(row: pd.Series, currency: str, periods: tuple[str, ...]) -> str:
    """Return what holds a segment back, and what it is worth to be rid of it."""
    limit = "no limit on what reps can work seen"
    if row["utilisation"] == row["utilisation"]:
        limit = f"reps {format_share(min(float(row['utilisation']), 1.0))} busy"
    state = f"{limit}, close rate {format_share(float(row['close_rate']))}"
    if row["waited_out"] > 0.005:
        state += f", {format_share(float(row['waited_out']))} of SALs give up waiting"
    binding = str(row["binding"])
    text = f"{row['segment']}: {BINDING_WORDS[binding]} ({state})"
    if binding != NONE:
        worth = format_money(row[f"{binding}_worth"], currency)
        text += f"; {REMEDY_WORDS[binding]} would add {worth} until {periods[-1]}"
    if row["attention_worth"] > 0.0 and row["waited_out"] > 0.005:
        text += f"; reps enough for every SAL would add {format_money(row['attention_worth'], currency)}"
    return text


def say_target(found: RepsForTarget, latest: int | None, hiring: Hiring, currency: str) -> str:
    """Return how many reps a target takes, where and by when."""
    target = f"the {format_money(found.target, currency)} target of {found.period}"
    now = f"{format_share(found.p_hit_now)} as things stand"
    if not found.allocation.any() and found.reached:
        return f"No more reps are needed to hit {target} in 80% of simulations ({now})"
    who = say_allocation(hiring.segments, found.allocation.tolist())
    n = int(found.allocation.sum())
    chance = format_share(found.p_hit)
    if found.reached:
        by = month_words(latest if latest is not None else hiring.question.start)
        return f"To hit {target} in 80% of simulations takes {_reps(n)} by {by} ({who}): {chance}, {now}"
    most = hiring.extra.most
    return (
        f"Reps alone do not bring {target} to 80%: with up to {most} more in each segment from "
        f"{month_words(hiring.question.start)} ({who}) it is {chance}, {now}"
    )
