"""Hygiene of the deals themselves: outcomes, dates, amounts, owners, and what reveals the outcome."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.arrays import Mask
from simulator.history.changes import day_numbers, outcome_codes, plans_repeat_closing
from simulator.history.deal_lifecycle import WON, past_due
from simulator.history.findings import Evidence, Finding
from simulator.history.hygiene_words import LEAKING_COLUMNS
from simulator.history.matching import occurs
from simulator.history.opening import stray_rows
from simulator.history.tables import OUTCOMES

ZOMBIE_PAST_DUE_DAYS = 90
ZOMBIE_UNTOUCHED_DAYS = 365
MIN_LOST = 20
MIN_CLOSED = 50
LONG_LIFE_QUANTILE = 0.99
LEAK_GAP = 0.2
LOST_COMPETITION = OUTCOMES.index("lost_competition")


def deal_findings(evidence: Evidence) -> list[Finding]:
    """Return what is odd about the deals."""
    checks = (_open_deals, _amounts, _outcomes, _loss_reasons, _dates, _names, _leaks)
    return [found for check in checks for found in check(evidence)]


def _open_deals(evidence: Evidence) -> list[Finding]:
    deals = evidence.history.opportunities
    planned = day_numbers(deals["close_date"])
    touched = day_numbers(deals["created_date"])
    if len(evidence.changes.deal):
        np.maximum.at(touched, evidence.changes.deal, evidence.changes.time)
    past = past_due(evidence.history, evidence.open)
    dead = past & (planned < evidence.midnight - ZOMBIE_PAST_DUE_DAYS)
    dead |= evidence.open & (touched < evidence.midnight - ZOMBIE_UNTOUCHED_DAYS)
    return [
        evidence.about_deals("zombies", dead, evidence.open),
        evidence.about_deals("older than almost any deal that closed", _outlived(evidence), evidence.open),
        evidence.about_deals("past-due close dates", past, evidence.open),
    ]


def _outlived(evidence: Evidence) -> Mask:
    """Mark open deals that are older than 99 in 100 deals were when they ended."""
    spans = evidence.spans
    if evidence.closed.sum() < MIN_CLOSED:
        return np.zeros(len(evidence.names), dtype=bool)
    lives = (spans.end - spans.start)[evidence.closed]
    return evidence.open & (evidence.midnight - spans.start > np.quantile(lives, LONG_LIFE_QUANTILE))


def _amounts(evidence: Evidence) -> list[Finding]:
    amounts = evidence.amounts
    return [
        evidence.about_deals(
            "open deals without an amount", evidence.open & np.isnan(amounts), evidence.open
        ),
        evidence.about_deals("deals with an amount of zero", amounts == 0),
    ]


def _outcomes(evidence: Evidence) -> list[Finding]:
    deals = evidence.history.opportunities
    stated, dated = deals["outcome"].notna().to_numpy(), deals["closed_date"].notna().to_numpy()
    unqualified = stated & ~evidence.spans.observed
    return [
        evidence.about_deals("outcomes without a closed date", stated & ~dated, stated),
        evidence.about_deals("closed dates without an outcome", dated & ~stated & ~evidence.closed, dated),
        evidence.about_deals("ended before they were qualified", unqualified, stated),
    ]


def _loss_reasons(evidence: Evidence) -> list[Finding]:
    """Return losses that do not say why."""
    deals = evidence.history.opportunities
    lost = evidence.closed & (evidence.spans.outcome != WON)
    by_competition = evidence.spans.outcome == LOST_COMPETITION
    unstated = lost & (outcome_codes(deals["outcome"]) < 0)
    names = deals["competitor"].str.strip().str.lower()
    unnamed = lost & by_competition & (names.isna() | (names == "none")).to_numpy()
    silent = lost & (lost.sum() >= MIN_LOST) & ~(lost & by_competition).any()
    return [
        evidence.about_deals("closed without a reason", unstated, lost),
        evidence.about_deals("losses that never name competition", silent, lost),
        evidence.about_deals(
            "lost to a competitor who is not named",
            unnamed if deals["competitor"].notna().any() else np.zeros(len(deals), dtype=bool),
            lost & by_competition,
        ),
    ]


def _dates(evidence: Evidence) -> list[Finding]:
    deals = evidence.history.opportunities
    created, closed = deals["created_date"], deals["closed_date"]
    qualified, planned = deals["qualified_date"], deals["close_date"]
    last = pd.concat([created, qualified, closed], axis=1).max(axis=1)
    alone = _far_ahead(last)
    return [
        evidence.about_deals(
            "closed before they were created",
            ((closed < created) | (closed < qualified)).to_numpy(),
            closed.notna().to_numpy(),
        ),
        evidence.about_deals(
            "planned to close before they were created",
            (planned < created).to_numpy() & deals["outcome"].isna().to_numpy(),
            planned.notna().to_numpy(),
        ),
        evidence.about_deals("dates far ahead of all others", alone),
        evidence.about_deals("created long before all others", stray_rows(day_numbers(created))),
    ]


def _far_ahead(dates: pd.Series) -> Mask:
    """Mark up to one in a hundred dates that lie more than a year after all the others."""
    ordered = np.sort(dates.dropna().to_numpy())
    gaps = np.flatnonzero(np.diff(ordered) > np.timedelta64(366, "D"))
    gaps = gaps[gaps >= 0.99 * (len(ordered) - 1)] if len(ordered) else gaps
    if not len(gaps):
        return np.zeros(len(dates), dtype=bool)
    return np.asarray(dates.to_numpy() > ordered[gaps[0]])


def _names(evidence: Evidence) -> list[Finding]:
    deals, reps = evidence.history.opportunities, evidence.history.reps
    owned = deals["owner"].notna().to_numpy()
    stranger = owned & ~occurs(deals["owner"], reps["rep_id"]) & (len(reps) > 0)
    what = ["segment", "amount", "created_date", "owner", "product"]
    twin = deals.duplicated(what, keep="first").to_numpy() & owned & (evidence.amounts > 0)
    return [
        evidence.about_deals("owners who are not in reps", stranger, owned),
        evidence.about_deals("possible duplicates", twin),
    ]


def _leaks(evidence: Evidence) -> list[Finding]:
    """Return columns that reveal the outcome because they were filled in after it."""
    deals = evidence.history.opportunities
    repeats = plans_repeat_closing(evidence.history)
    planned = (deals["close_date"].notna() & deals["closed_date"].notna()).to_numpy()
    found = [evidence.about_deals("close dates that only repeat the closing", planned & repeats, planned)]
    for column in LEAKING_COLUMNS:
        filled = deals[column].notna().to_numpy()
        leaks = _filled_by_outcome(filled, evidence)
        found.append(
            evidence.about_deals(
                f"{column} filled in by outcome", filled & evidence.closed & leaks, evidence.closed
            )
        )
    return found


def _filled_by_outcome(filled: Mask, evidence: Evidence) -> bool:
    """Return whether a column is filled far more often on lost deals than on won ones, or the reverse."""
    won = evidence.closed & (evidence.spans.outcome == WON)
    lost = evidence.closed & (evidence.spans.outcome != WON)
    if min(won.sum(), lost.sum()) < MIN_LOST:
        return False
    return bool(abs(filled[won].mean() - filled[lost].mean()) > LEAK_GAP)
