"""What each hygiene check is called, what it does to the forecast and how to mend it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """How a finding is told.

    Parameters
    ----------
    check : str
        What is odd, in a few words.
    of : str
        What its share is a share of.
    effect : str
        What it does to the forecast, with {n}, {share} and {worth} (" worth 4.2M", or nothing).
    fix : str
        What to do about it.
    """

    check: str
    of: str
    effect: str
    fix: str


LEAKING_COLUMNS = ("competitor", "source", "compelling_event")
"""Columns that may have been filled in because of the outcome."""


def _leak(column: str) -> Words:
    return Words(
        f"{column} filled in by outcome",
        "closed deals",
        f"{column} is filled in far more often on deals that ended one way ({{n}} of them{{worth}}): it "
        "would tell the future rather than foretell it, and is not used as an effect.",
        f"Record {column} while the deal is open.",
    )


_ALL = (
    Words(
        "zombies",
        "open deals",
        "{n} open deals{worth} are over 90 days past their close date or untouched for a year. A "
        "roll-up counts them in full; the simulation lets them win at the low rate that such old "
        "deals show.",
        "Close them as lost (no decision), or give them a close date that somebody believes.",
    ),
    Words(
        "past-due close dates",
        "open deals",
        "{n} open deals{worth} should have closed already by their own close date. "
        "Coverage counts them in the coming quarter, which makes it look better than it is.",
        "Ask the owners for new close dates.",
    ),
    Words(
        "open deals without an amount",
        "open deals",
        "{n} open deals have no amount: each counts with an amount drawn from its segment's new "
        "deals, so bookings are about right in sum and less sure than they could be.",
        "Enter an estimate, however rough.",
    ),
    Words(
        "deals with an amount of zero",
        "deals",
        "{n} deals have an amount of 0: they count in every rate by number and add nothing to bookings.",
        "Enter the amount, or leave it empty if it is unknown.",
    ),
    Words(
        "outcomes without a closed date",
        "deals with an outcome",
        "{n} closed deals{worth} do not say when they closed; the closing change, the planned "
        "close date or the last change stands in, so their timing and the seasonality of bookings "
        "may be off.",
        "Add closed_date.",
    ),
    Words(
        "closed dates without an outcome",
        "deals with a closed date",
        "{n} deals{worth} have a closed date and no outcome: unless their stage is a closed one "
        "they count as open, which inflates the pipeline.",
        "Add the outcome, or remove the date.",
    ),
    Words(
        "ended before they were qualified",
        "deals with an outcome",
        "{n} deals{worth} never reached a qualified stage, or ended before the history began: "
        "they count in no rate.",
        "Nothing, if they were leads; else add qualified_date or the missing stage changes.",
    ),
    Words(
        "closed without a reason",
        "lost deals",
        "{n} deals{worth} ended in a closed stage without an outcome: they count as the stage says, "
        "or as lost without a decision, which makes the win rate look better than it is if "
        "competitors took them.",
        "Make a loss reason compulsory when a deal is closed.",
    ),
    Words(
        "losses that never name competition",
        "lost deals",
        "none of {n} losses{worth} says that a competitor won: the win rate is then 100 % by "
        "definition and says nothing; the close rate is not affected.",
        "Map the loss reasons, or make a loss reason compulsory.",
    ),
    Words(
        "lost to a competitor who is not named",
        "deals lost to competition",
        "{n} deals{worth} were lost to somebody unknown: win rates by competitor leave them out.",
        "Enter the competitor.",
    ),
    Words(
        "closed before they were created",
        "deals with a closed date",
        "{n} deals{worth} end before they begin: they count with a life of no time, which speeds "
        "up the calibrated cycle.",
        "Correct them in the CRM and export again.",
    ),
    Words(
        "planned to close before they were created",
        "deals with a close date",
        "{n} deals{worth} have a close date before their creation: they count as overdue from the start.",
        "Correct them in the CRM and export again.",
    ),
    Words(
        "dates far ahead of all others",
        "deals",
        "{n} deals{worth} are dated over a year after everything else: the as-of date follows the "
        "latest date, so that every other deal looks long untouched.",
        "Correct the year, or name the as-of date (--as-of).",
    ),
    Words(
        "owners who are not in reps",
        "deals with an owner",
        "{n} deals{worth} belong to somebody the table of reps does not know: they count in the "
        "forecast and are missing from capacity and from rates by team.",
        "Add them to reps, with the dates they worked.",
    ),
    Words(
        "possible duplicates",
        "deals",
        "{n} deals{worth} repeat segment, amount, owner, product and creation day of another: if "
        "they are one deal entered twice, pipeline and created deals are overstated by as much.",
        "Merge those that are the same.",
    ),
    Words(
        "close dates that only repeat the closing",
        "closed deals with both dates",
        "{n} closed deals{worth} have the day they closed as their planned date, and no history "
        "of it: the plan was overwritten. Slippage cannot be known and due dates are not used for "
        "the rates.",
        "Export the history of the close date (OpportunityHistory, field history or snapshots).",
    ),
    Words(
        "skipped stages",
        "deals that moved",
        "{n} deals{worth} jumped over a forecast category: the time in the skipped one is "
        "missing, so stages look faster than they are and early deals look likelier to win.",
        "Move deals through the stages as the buyer does; do not fix old deals.",
    ),
    Words(
        "steps back",
        "deals that moved",
        "{n} deals{worth} went back a category: the simulation lets deals go back as often; a "
        "weighted pipeline counts each such deal too high until it does.",
        "Nothing, if buyers change their minds; else agree on what each stage requires.",
    ),
    Words(
        "first seen late",
        "qualified deals",
        "{n} deals{worth} entered the CRM in commit or within a day of closing: their earlier "
        "life is missing, so cycles look short and bookings seem to come out of nowhere in the "
        "quarter.",
        "Enter deals when they are qualified.",
    ),
    Words(
        "changed before they were created",
        "deals",
        "{n} deals{worth} have changes over a day older than their creation: as-of views and "
        "backtests leave them out until they exist.",
        "Correct created_date.",
    ),
    Words(
        "edited after they closed",
        "closed deals",
        "{n} deals{worth} were changed after their end: the first closing that agrees with the "
        "outcome counts, the later edits do not. An edited amount changes past bookings after the "
        "fact.",
        "Lock closed deals.",
    ),
    Words(
        "outcome and last stage disagree",
        "closed deals",
        "{n} deals{worth} have an outcome that their last stage does not show: the outcome "
        "counts, and the closed date tells when.",
        "Set stage and outcome together.",
    ),
    Words(
        "serial slippers",
        "qualified deals",
        "{n} deals{worth} had their close date moved to a later month three times or more: they "
        "win less often than their category says, and the simulation treats them so.",
        "Qualify them again, or move them back a stage.",
    ),
    Words(
        "serial slippers still open",
        "open deals",
        "{n} of the serial slippers{worth} are open and stand in coverage today.",
        "Ask what has changed since the last push.",
    ),
    Words(
        "stages that are not mapped",
        "stage changes",
        "{n} changes are in stages without a forecast category and cannot be read.",
        "Add the stages to the table of stages.",
    ),
    Words(
        "changes older than their stage's mapping",
        "stage changes",
        "{n} changes happened before the first mapping of their stage: its earliest category stands in.",
        "Leave valid_from of the first mapping empty.",
    ),
    Words(
        "stages that no deal was in",
        "stages",
        "{n} stages of the table do not occur: a renamed stage splits its history in two.",
        "Check the spelling, or remove them.",
    ),
    Words(
        "changes of deals that do not exist",
        "stage changes",
        "{n} changes belong to no opportunity and are left out: deleted deals make past pipeline "
        "look smaller and past close rates better than they were.",
        "Export deleted opportunities too.",
    ),
    Words(
        "movements with the wrong sign",
        "ARR movements",
        "{n} movements{worth} grow where they should shrink, or the reverse: NRR and GRR are off by twice.",
        "Write contraction and churn as negative amounts, the others as positive ones.",
    ),
    Words(
        "churn of customers already gone",
        "churn movements",
        "{n} churns{worth} are of customers without ARR left: counted, they would make churn too high.",
        "Remove the second churn, or add the reactivation between.",
    ),
    Words(
        "churn that leaves ARR behind",
        "churn movements",
        "{n} churns{worth} take away less than the customer had: the customer stays, smaller.",
        "Make it a contraction, or take away all of it.",
    ),
    Words(
        "ARR below zero",
        "ARR movements",
        "{n} movements{worth} take away more than the customer has: ARR no longer foots.",
        "Add the missing growth, or correct the amount.",
    ),
    Words(
        "movements of unknown customers",
        "ARR movements",
        "{n} movements{worth} belong to nobody in the table of customers: renewals leave them out.",
        "Add the customers.",
    ),
    Words(
        "customers whose ARR does not foot",
        "customers",
        "{n} customers{worth} have an ARR that is neither their first movement nor the sum of "
        "all: opening plus movements is not closing, so the ARR chart starts from a figure that "
        "is not sure.",
        "Make arr the ARR at start_date, and let arr_changes hold every change since.",
    ),
    Words(
        "customers of deals that were not won",
        "customers with a deal",
        "{n} customers{worth} come from a deal that is not won: bookings and ARR tell different stories.",
        "Correct the outcome of the deal, or the customer's opportunity_id.",
    ),
    Words(
        "funnels that widen",
        "months of leads",
        "{n} months count more at a later step than at the one before: conversion above 100 % "
        "would let more budget create deals without limit.",
        "Count each step by the month the lead came in, or accept that steps of different months "
        "are compared.",
    ),
    Words(
        "calls of unknown reps",
        "calls",
        "{n} forecast calls{worth} are by people who are not in reps: they cannot be judged by team.",
        "Add them to reps.",
    ),
    *map(_leak, LEAKING_COLUMNS),
)

WORDS = {words.check: words for words in _ALL}
