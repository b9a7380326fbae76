"""Hygiene of the stage changes: skips, steps back, late entries, edits after the end, slipping, mapping."""

from __future__ import annotations

import numpy as np
import pandas as pd

from simulator.arrays import Ints, Mask
from simulator.history.changes import Changes, day_numbers
from simulator.history.deal_lifecycle import WON
from simulator.history.findings import Evidence, Finding, finding
from simulator.history.matching import occurs, positions
from simulator.history.stage_map import CLOSED
from simulator.history.states import CENSORED
from simulator.history.tables import CATEGORIES

SERIAL_PUSHES = 3
MANY_DAYS = 1_000_000
COMMIT = CATEGORIES.index("commit")
EXIT_WON = len(CATEGORIES) + WON


def change_findings(evidence: Evidence) -> list[Finding]:
    """Return what is odd about the stage changes; nothing where there are none."""
    if not len(evidence.history.stage_changes) + len(evidence.history.orphan_changes):
        return []
    checks = (_steps, _beginnings, _endings, _slipping, _strays)
    return [found for check in checks for found in check(evidence)]


def _steps(evidence: Evidence) -> list[Finding]:
    states = evidence.states
    used = np.isin(np.arange(len(CATEGORIES)), evidence.changes.category)
    # How many categories in use lie below each; winning comes after all of them.
    rank = np.append(np.cumsum(used) - used, used.sum())
    goal = np.where(states.exit == EXIT_WON, len(CATEGORIES), np.clip(states.exit, 0, len(CATEGORIES) - 1))
    seen = evidence.of_deals(evidence.changes.deal)[states.deal]
    moves = seen & (states.exit >= 0) & ((states.exit < len(CATEGORIES)) | (states.exit == EXIT_WON))
    skips = moves & (rank[goal] > rank[states.category] + 1)
    back = moves & (goal < states.category)
    moved = evidence.of_deals(states.deal[moves])
    bare = ~evidence.of_deals(evidence.changes.deal)
    return [
        evidence.about_deals("deals without stage changes", bare),
        evidence.about_deals("skipped stages", evidence.of_deals(states.deal[skips]), moved),
        evidence.about_deals("steps back", evidence.of_deals(states.deal[back]), moved),
    ]


def _first_states(evidence: Evidence) -> Ints:
    deal = evidence.states.deal
    return np.flatnonzero(np.append(True, deal[1:] != deal[:-1])[: len(deal)])


def _beginnings(evidence: Evidence) -> list[Finding]:
    history, states = evidence.history, evidence.states
    created = day_numbers(history.opportunities["created_date"])
    first = _first_states(evidence)
    begun = np.floor(evidence.changes.time.min(initial=np.inf))
    in_commit = evidence.of_deals(states.deal[first[states.category[first] == COMMIT]]) & (created >= begun)
    at_once = evidence.closed & (evidence.spans.end - created < 1)
    first_change = np.full(len(created), np.inf)
    np.minimum.at(first_change, evidence.changes.deal, evidence.changes.time)
    return [
        evidence.about_deals(
            "first seen late", (in_commit | at_once) & evidence.spans.observed, evidence.spans.observed
        ),
        evidence.about_deals("changed before they were created", first_change < np.floor(created) - 1),
    ]


def _endings(evidence: Evidence) -> list[Finding]:
    changes, spans = evidence.changes, evidence.spans
    row = np.arange(len(changes.deal))
    after = (row > spans.stop[changes.deal]) & (changes.time > spans.end[changes.deal])
    edited = after & _altered(changes, spans.stop)
    last = evidence.of_deals(changes.deal[:0])
    at = np.flatnonzero(np.append(changes.deal[1:] != changes.deal[:-1], True)[: len(row)])
    won_by_stage = changes.outcome[at] == WON
    closed_by_stage = changes.category[at] >= CLOSED
    outcome = spans.outcome[changes.deal[at]]
    stated = evidence.closed[changes.deal[at]]
    contrary = closed_by_stage & (changes.outcome[at] >= 0) & (won_by_stage != (outcome == WON))
    # A time of midnight stands for its day: what ended on that day ended after it.
    days = changes.deal * MANY_DAYS + np.floor(changes.time).astype(np.int64)
    ended_that_day = np.isin(days[at], days[changes.category >= CLOSED])
    last[changes.deal[at[stated & (~(closed_by_stage | ended_that_day) | contrary)]]] = True
    return [
        evidence.about_deals(
            "edited after they closed", evidence.of_deals(changes.deal[edited]), evidence.closed
        ),
        evidence.about_deals("outcome and last stage disagree", last, evidence.closed),
    ]


def _altered(changes: Changes, stop: Ints) -> Mask:
    """Mark the last change of each deal that leaves it in another state than its closing did.

    What a CRM dates late, such as a stage passed over on the way to the end, and what was taken back is no
    edit: the last amount, close month and category of the deal are those of its closing.
    """
    n_rows = len(changes.deal)
    if not n_rows:
        return np.zeros(0, dtype=bool)
    row = np.arange(n_rows)
    closing = np.clip(stop[changes.deal], 0, n_rows - 1)
    closing = np.where(changes.deal[closing] == changes.deal, closing, row)
    amount = np.nan_to_num(changes.amount, nan=-1.0)
    same = (amount == amount[closing]) & (changes.close_month == changes.close_month[closing])
    last = np.append(changes.deal[1:] != changes.deal[:-1], True)
    altered: Mask = last & (~same | (changes.category < CLOSED))
    return altered


def _slipping(evidence: Evidence) -> list[Finding]:
    states = evidence.states
    pushed = np.zeros(len(evidence.names), dtype=np.int64)
    np.maximum.at(pushed, states.deal, states.pushes)
    still_open = evidence.of_deals(states.deal[states.exit == CENSORED])
    serial = pushed >= SERIAL_PUSHES
    return [
        evidence.about_deals("serial slippers", serial, evidence.spans.observed),
        evidence.about_deals("serial slippers still open", serial & still_open, evidence.open),
    ]


def _strays(evidence: Evidence) -> list[Finding]:
    history = evidence.history
    changes, stages = history.stage_changes, history.stages
    stray = ~occurs(changes["opportunity_id"], history.opportunities["opportunity_id"])
    unmapped = finding(
        "stages that are not mapped", ~occurs(changes["stage"], stages["stage"]), changes["stage"]
    )
    if stages.empty or unmapped.n:
        return [_orphans(evidence, stray), unmapped]
    mapped_from = stages.groupby("stage", sort=False)["valid_from"].min(skipna=False).reset_index()
    begins = mapped_from["valid_from"].to_numpy()[positions(changes["stage"], mapped_from["stage"])]
    early = changes["changed_at"].to_numpy() < begins
    names = stages["stage"].drop_duplicates()
    unused = ~occurs(names, changes["stage"])
    return [
        _orphans(evidence, stray),
        unmapped,
        finding("changes older than their stage's mapping", early, changes["opportunity_id"]),
        finding("stages that no deal was in", unused, names),
    ]


def _orphans(evidence: Evidence, stray: Mask) -> Finding:
    """Return changes of deals that do not exist, set apart when loading or still in the table."""
    history = evidence.history
    apart, inside = history.orphan_changes, history.stage_changes
    names = pd.concat([inside["opportunity_id"], apart["opportunity_id"]], ignore_index=True)
    missing = np.append(stray, np.ones(len(apart), dtype=bool))
    return finding("changes of deals that do not exist", missing, names)
