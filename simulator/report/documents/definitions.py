"""What every word on a report means, with its formula."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """A word, what it means and how it is computed."""

    word: str
    meaning: str
    formula: str = ""


DEFINITIONS = (
    Definition("Bookings", "Value of the contracts signed in a period. Not ARR, not revenue."),
    Definition(
        "P10, P50, P90",
        "Percentiles of the simulated outcomes. P10 is the low case: one simulation in ten is below it.",
        "P10: the amount x with share(outcome ≤ x) = 10 %",
    ),
    Definition(
        "Chance of target",
        "Share of simulations that reach the target.",
        "simulations with bookings ≥ target / all simulations",
    ),
    Definition("Qualified", "A deal with a path to a funded project. Its clock starts there; pipeline too."),
    Definition(
        "Coverage",
        "How many times the deals that are due hold the target; with pipeline for high-volume motions.",
        "(best case + commit + closed, dated in the period) / target",
    ),
    Definition(
        "Coverage needed",
        "The coverage at which the target would be reached with the chance named, by simulation.",
    ),
    Definition("Rule of thumb", "Coverage needed by the close rate alone.", "1 / close rate"),
    Definition(
        "Close rate",
        "Share of decided qualified deals that are won.",
        "won / (won + lost to competition + lost without decision)",
    ),
    Definition("Win rate", "Share won against competitors.", "won / (won + lost to competition)"),
    Definition(
        "Slippage",
        "A deal that leaves the period in which it was to close. It stays open.",
        "slippage-adjusted close rate = won / (won + lost + slipped out)",
    ),
    Definition(
        "Weight of a deal",
        "What a deal brings on average to a quarter.",
        "open amount × share of simulations in which it is won in the quarter",
    ),
    Definition(
        "Open pipeline",
        "Deals that are qualified and open at the as-of date. An import counts leads and deals "
        "without a date of qualification too, so it shows more.",
    ),
    Definition(
        "Pace",
        "What a quarter has booked so far next to past quarters on the same day of the quarter.",
        "quarter at its past pace = booked so far / share that past quarters had booked by that day",
    ),
    Definition(
        "Deal flow",
        "What happened to the deals due by the end of a quarter: created, pulled in, raised, "
        "cut, slipped out, won, lost.",
        "due now = due then + created + pulled in + raised − cut − slipped − won − lost",
    ),
    Definition(
        "Expansion",
        "Expansion bookings are signed in the quarter; expansion of ARR counts when it begins, "
        "and growth by use that nobody signs. The two differ.",
    ),
    Definition("ARR", "Annualised recurring revenue: the recurring book at one moment, times a year."),
    Definition(
        "NRR",
        "Net revenue retention, cohort method.",
        "ARR today of the customers of 12 months ago / their ARR then",
    ),
    Definition(
        "GRR",
        "Gross revenue retention, cohort method: as NRR without expansion; never above 100 %.",
        "Σ min(ARR today, ARR then) / Σ ARR then",
    ),
    Definition(
        "Luck, rates, shock",
        "The three sources of spread: which deals close, how well the rates are known, and good or bad "
        "quarters for all.",
        "Var = E[Var | rates] + Var(E | rates)",
    ),
)
