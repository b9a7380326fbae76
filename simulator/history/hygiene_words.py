"""What each hygiene check is called, what it does to the forecast and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """How a finding is put.

    Parameters
    ----------
    check : str
        What is odd, in a few words.
    of : str
        What its share is a share of.
    effect : str
        What it does to the forecast; {money} becomes their amount, as in " (4.2M)", or nothing if unknown.
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
        f"{column} is filled in far more often on deals that ended one way: it reveals the outcome rather "
        "than predicts it, and is not used as an effect.",
        f"Record {column} while the deal is open.",
    )


_ALL = (
    Words(
        "zombies",
        "open deals",
        "Over 90 days past their close date, or untouched for a year. A roll-up counts them in "
        "full{money}; the simulation lets them win at the low rate that such old deals show.",
        "Confirm each with the buyer, or close it as lost (no decision).",
    ),
    Words(
        "older than almost any deal that closed",
        "open deals",
        "They have been open for longer than 99 in 100 of the deals that ended. What a roll-up expects "
        "of them{money} has almost never happened so late; the simulation lets them win at the low rate "
        "of their age.",
        "Close those that are dead as lost (no decision).",
    ),
    Words(
        "past-due close dates",
        "open deals",
        "By their own close date they should have closed already. They are in the forecast, as such deals "
        "closed before, but in no coverage{money}: a new date alone adds coverage, not a sale.",
        "Confirm each with the buyer, or close it.",
    ),
    Words(
        "open deals without an amount",
        "open deals",
        "Each counts with an amount drawn from its segment's new deals: bookings are about right in "
        "sum, and less sure than they could be.",
        "Enter an estimate, however rough.",
    ),
    Words(
        "deals with an amount of zero",
        "deals",
        "They count in every rate by number and add nothing to bookings.",
        "Enter the amount, or leave it empty if it is unknown.",
    ),
    Words(
        "outcomes without a closed date",
        "deals with an outcome",
        "The closing change, the planned close date or the last change stands in for the day: "
        "bookings{money} may be counted in the wrong quarter.",
        "Add closed_date.",
    ),
    Words(
        "closed dates without an outcome",
        "deals with a closed date",
        "They count as open, which inflates the pipeline{money}.",
        "Add the outcome, or remove the date.",
    ),
    Words(
        "ended before they were qualified",
        "deals with an outcome",
        "They never reached a qualified stage, or ended before the changes began: they count in no "
        "rate, and in no past bookings{money}.",
        "Nothing, if they were leads; else add qualified_date or the missing stage changes.",
    ),
    Words(
        "closed without a reason",
        "lost deals",
        "Their last stage is closed or omitted and no outcome is given: they count as the stage says, "
        "else as lost without a decision, which flatters the win rate if competitors took them.",
        "Make a loss reason compulsory when a deal is closed.",
    ),
    Words(
        "losses that never name competition",
        "lost deals",
        "Not one loss says that a competitor won: the win rate is then 100 % by definition and says "
        "nothing; close rate and bookings are not affected.",
        "Map the loss reasons, or make a loss reason compulsory.",
    ),
    Words(
        "lost to a competitor who is not named",
        "deals lost to competition",
        "Win rates by competitor leave them out; bookings are not affected.",
        "Enter the competitor.",
    ),
    Words(
        "closed before they were created",
        "deals with a closed date",
        "They end before they begin and count with a life of no time, which makes the sales cycle look "
        "faster and bookings come sooner than they will.",
        "Correct them in the CRM and export again.",
    ),
    Words(
        "planned to close before they were created",
        "deals with a close date",
        "They count as overdue from the start, and in the coverage of the first quarter{money}.",
        "Correct them in the CRM and export again.",
    ),
    Words(
        "created long before all others",
        "deals",
        "They are dated so far before the next deals that the time between would count as years without "
        "any: the simulation leaves them out of what is created and of the trends.",
        "Correct created_date.",
    ),
    Words(
        "dates far ahead of all others",
        "deals",
        "They are dated over a year after everything else. The as-of date follows the latest date, so "
        "that every other deal looks long untouched and bookings of late seem to be none.",
        "Correct the year, or name the as-of date (--as-of).",
    ),
    Words(
        "owners who are not in reps",
        "deals with an owner",
        "They count in the forecast{money} and are missing from capacity and from what is known by team.",
        "Add the owners to reps, with the dates they worked.",
    ),
    Words(
        "possible duplicates",
        "deals",
        "They repeat segment, amount, owner, product and creation day of another. If they are one deal "
        "entered twice, pipeline created is overstated by as much{money}.",
        "Merge those that are the same.",
    ),
    Words(
        "close dates that only repeat the closing",
        "closed deals with both dates",
        "Their planned close date is the day they closed, and it has no history: the plan was "
        "overwritten. Slippage cannot be known, and the rates make no use of due dates.",
        "Export the history of the close date (OpportunityHistory, field history or snapshots).",
    ),
    Words(
        "deals without stage changes",
        "deals",
        "Other deals have stage changes. These count as in pipeline from their creation, or, if they "
        "ended before the first change on record, not at all: early deals look likelier to win, and "
        "past bookings smaller{money}.",
        "Export their history too.",
    ),
    Words(
        "skipped stages",
        "deals that moved",
        "They jumped over a forecast category. Its time is missing, so that stages look faster than "
        "they are and early deals look likelier to win.",
        "Move deals through the stages as the buyer does; do not rewrite old deals.",
    ),
    Words(
        "steps back",
        "deals that moved",
        "They went back a category. The simulation lets deals go back as often; a weighted pipeline "
        "counts them too high{money} until they do.",
        "Nothing, if buyers change their minds; else agree on what each stage requires.",
    ),
    Words(
        "first seen late",
        "qualified deals",
        "They entered the CRM in commit, or within a day of closing. Their earlier life is missing: "
        "cycles look short, and bookings{money} came out of nowhere in their quarter.",
        "Enter deals when they are qualified.",
    ),
    Words(
        "changed before they were created",
        "deals",
        "Their first change is over a day older than their creation: backtests leave them out until "
        "they exist, and so understate the pipeline of the time{money}.",
        "Correct created_date.",
    ),
    Words(
        "edited after they closed",
        "closed deals",
        "Stage, amount or close date was changed after the end. The first closing that agrees with the "
        "outcome counts; an amount edited later changes past bookings after the fact.",
        "Lock closed deals.",
    ),
    Words(
        "outcome and last stage disagree",
        "closed deals",
        "The outcome counts, and the closed date says when; if the stage is right, past bookings are "
        "wrong by as much{money}.",
        "Set stage and outcome together.",
    ),
    Words(
        "serial slippers",
        "qualified deals",
        "Their close date was moved to a later month three times or more. They win less often than "
        "their category says, and the simulation treats them so.",
        "Qualify them again, or move them back a stage.",
    ),
    Words(
        "serial slippers still open",
        "open deals",
        "They stand in today's pipeline in full{money}.",
        "Ask what has changed since the last push.",
    ),
    Words(
        "changes of deals that do not exist",
        "stage changes",
        "They belong to no opportunity and are left out. If deals were deleted when they were lost, "
        "past close rates, and bookings with them, look better than they were.",
        "Export deleted opportunities too.",
    ),
    Words(
        "stages that are not mapped",
        "stage changes",
        "Their stages have no forecast category: the changes are left out, and the deals stay where "
        "they were.",
        "Add the stages to the table of stages.",
    ),
    Words(
        "changes older than their stage's mapping",
        "stage changes",
        "They happened before the first mapping of their stage begins: its earliest category stands in.",
        "Leave valid_from of the first mapping empty.",
    ),
    Words(
        "stages that no deal was in",
        "stages",
        "They do not occur in the changes. If a stage was renamed, its history is split in two, and its "
        "rates rest on less.",
        "Check the spelling, or remove them.",
    ),
    Words(
        "movements with the wrong sign",
        "ARR movements",
        "They grow where they should shrink, or the reverse: ARR is off by twice the amount{money}, NRR "
        "and GRR with it.",
        "Write contraction and churn as negative amounts, the others as positive ones.",
    ),
    Words(
        "churn of customers already gone",
        "churn movements",
        "The customers had no ARR left: counted, these churns{money} would make churn look higher than "
        "it is.",
        "Remove the second churn, or add the reactivation between.",
    ),
    Words(
        "churn that leaves ARR behind",
        "churn movements",
        "They take away less than the customer had: the customer stays, smaller, and goes on renewing.",
        "Make it a contraction, or take away all of it.",
    ),
    Words(
        "ARR below zero",
        "ARR movements",
        "They take away more than the customer has{money}: ARR no longer foots.",
        "Add the missing growth, or correct the amount.",
    ),
    Words(
        "movements of unknown customers",
        "ARR movements",
        "They belong to nobody in the table of customers{money}: renewals and ARR by segment leave them out.",
        "Add the customers.",
    ),
    Words(
        "customers whose ARR does not foot",
        "customers",
        "Their ARR{money} is neither their first movement nor the sum of all: opening plus movements is "
        "not closing, and the ARR that the forecast starts from is not sure.",
        "Make arr the ARR at start_date, and let arr_changes hold every change since.",
    ),
    Words(
        "customers of deals that were not won",
        "customers with a deal",
        "Their deal is not won: bookings and ARR{money} do not agree.",
        "Correct the outcome of the deal, or the customer's opportunity_id.",
    ),
    Words(
        "funnels that widen",
        "rows of leads",
        "A later step counts more than the one before. A conversion above 100 % would let more budget "
        "create deals without limit.",
        "Count each step by the month in which the lead came in, or accept that steps of different "
        "months are compared.",
    ),
    Words(
        "calls of unknown reps",
        "calls",
        "They are by people who are not in reps, and cannot be judged by team.",
        "Add them to reps.",
    ),
    *map(_leak, LEAKING_COLUMNS),
)

WORDS = {words.check: words for words in _ALL}
"""Words of each check by its name."""
