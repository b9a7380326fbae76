"""Findings against their own examples, looked up in the tables again by the plain meaning of their words.

The checks work on whole columns and on states derived from them; a person who looks at an example sees the
rows. What the rows of an example do not bear out is no finding.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from simulator.history.findings import Finding
from simulator.history.hygiene_words import LEAKING_COLUMNS
from simulator.history.tables import CATEGORIES, History

DAY = pd.Timedelta(days=1)
CENT = 0.005
ENDED = ("closed", "omitted")


@dataclass(frozen=True)
class Deal:
    """One deal as its rows show it: that of the deals, and those of its changes in order."""

    row: Any
    changes: pd.DataFrame
    history: History

    @property
    def as_of(self) -> pd.Timestamp:
        """The last day of the history."""
        return pd.Timestamp(self.history.as_of)

    @property
    def is_open(self) -> bool:
        """Whether no outcome is stated."""
        return bool(pd.isna(self.row.outcome))

    @cached_property
    def categories(self) -> list[str]:
        """The category of the stage after each change, as mapped on that day."""
        stages = self.history.stages.sort_values("valid_from", na_position="first")
        found = []
        for stage, day in zip(self.changes["stage"], self.changes["changed_at"], strict=True):
            rows = stages[(stages["stage"] == stage) & ~(stages["valid_from"] > day)]
            found.append(str(rows["category"].iloc[-1]) if len(rows) else "")
        return found

    @property
    def first_day(self) -> list[str]:
        """The categories of the first day of changes."""
        days = self.changes["changed_at"].dt.normalize()
        return self.categories[: int((days == days.min()).sum())]

    @property
    def steps(self) -> list[int]:
        """The places of the open categories that the changes lead through."""
        return [CATEGORIES.index(category) for category in self.categories if category in CATEGORIES]

    @property
    def won(self) -> list[int]:
        """The place after all open categories, where the deal was won."""
        return [len(CATEGORIES)] if self.row.outcome == "won" else []

    @property
    def is_contrary(self) -> bool:
        """Whether the last stage is none of an end, or one of another end than the outcome."""
        if not len(self.changes) or self.is_open:
            return False
        stages = self.history.stages
        ends = stages.loc[stages["stage"] == self.changes["stage"].iloc[-1], "outcome"].dropna()
        other = len(ends) > 0 and (ends.iloc[-1] == "won") != (self.row.outcome == "won")
        return bool(self.categories[-1] not in ENDED or other)

    @property
    def plan(self) -> pd.Timestamp:
        """The close date last stated."""
        stated = self.changes["close_date"].dropna()
        known = self.row.close_date
        return pd.Timestamp(stated.iloc[-1] if pd.isna(known) and len(stated) else known)

    @property
    def touched(self) -> pd.Timestamp:
        """The day of the creation or of the last change."""
        return pd.Timestamp(max([self.row.created_date, *self.changes["changed_at"]]))

    @property
    def pushes(self) -> int:
        """How many times the month of the close date moved."""
        months = self.changes["close_date"].dropna().dt.to_period("M")
        return int((months != months.shift()).sum() - 1)

    @property
    def is_edited(self) -> bool:
        """Whether a change after the closing leaves another amount, close month or an open stage."""
        closing = [i for i, category in enumerate(self.categories) if category in ENDED]
        if closing:
            before, after = self.changes.iloc[closing[0]], self.changes.iloc[closing[0] + 1 :]
        else:
            late = self.changes["changed_at"] >= self.row.closed_date + DAY
            if late.all():
                return bool(late.any())
            before, after = self.changes[~late].iloc[-1], self.changes[late]
        ended = pd.Series(self.categories[len(self.categories) - len(after) :], index=after.index).isin(ENDED)
        amount = after["amount"].notna() & (after["amount"] != before["amount"])
        month = after["close_date"].dt.to_period("M")
        planned = pd.isna(before["close_date"]) or month != before["close_date"].to_period("M")
        return bool((amount | (month.notna() & planned) | ~ended).any())


Claim = Callable[[Deal], object]


def _filled(column: str) -> Claim:
    return lambda deal: pd.notna(getattr(deal.row, column))


CLAIMS: dict[str, Claim] = {
    "zombies": lambda d: d.is_open and (d.plan < d.as_of - 89 * DAY or d.touched < d.as_of - 364 * DAY),
    "older than almost any deal that closed": lambda d: d.is_open,
    "past-due close dates": lambda d: d.is_open and d.plan < d.as_of,
    "open deals without an amount": lambda d: d.is_open and pd.isna(d.row.amount),
    "deals with an amount of zero": lambda d: d.row.amount == 0,
    "outcomes without a closed date": lambda d: not d.is_open and pd.isna(d.row.closed_date),
    "closed dates without an outcome": lambda d: d.is_open and not pd.isna(d.row.closed_date),
    "ended before they were qualified": lambda d: not d.is_open,
    "closed without a reason": lambda d: d.is_open and d.categories[-1:] != [] and d.categories[-1] in ENDED,
    "losses that never name competition": lambda d: d.row.outcome not in ("won", "lost_competition"),
    "lost to a competitor who is not named": lambda d: (
        d.row.outcome != "won" and str(d.row.competitor).strip().lower() in ("nan", "none", "<na>")
    ),
    "closed before they were created": lambda d: (
        d.row.closed_date < d.row.created_date or d.row.closed_date < d.row.qualified_date
    ),
    "planned to close before they were created": lambda d: (
        d.is_open and d.row.close_date < d.row.created_date
    ),
    "owners who are not in reps": lambda d: d.row.owner not in set(d.history.reps["rep_id"]),
    "close dates that only repeat the closing": lambda d: d.row.close_date == d.row.closed_date,
    "deals without stage changes": lambda d: len(d.changes) == 0,
    "skipped stages": lambda d: (np.diff([*d.steps, *d.won]) > 1).any(),
    "steps back": lambda d: (np.diff(d.steps) < 0).any(),
    "first seen late": lambda d: (
        "commit" in d.first_day
        or (d.row.closed_date if pd.notna(d.row.closed_date) else d.touched) <= d.row.created_date + DAY
    ),
    "changed before they were created": lambda d: d.changes["changed_at"].min() < d.row.created_date,
    "edited after they closed": lambda d: d.is_edited,
    "outcome and last stage disagree": lambda d: d.is_contrary,
    "serial slippers": lambda d: d.pushes >= 3,
    "serial slippers still open": lambda d: d.is_open and d.pushes >= 3,
    **{f"{column} filled in by outcome": _filled(column) for column in LEAKING_COLUMNS},
}
"""What a finding says of each of its deals, by the rows alone."""


def verified(findings: Iterable[Finding], history: History) -> tuple[list[Finding], list[Finding]]:
    """Return the findings that their examples bear out, and those that an example contradicts.

    Findings of which the words make no claim about single deals are passed on as they are.
    """
    findings = list(findings)
    names = {name for f in findings if f.check in CLAIMS for name in f.examples}
    deals = history.opportunities[history.opportunities["opportunity_id"].isin(names)]
    changes = history.stage_changes[history.stage_changes["opportunity_id"].isin(names)]
    ordered = changes.sort_values("changed_at", kind="stable")
    by_deal = {str(name): rows for name, rows in ordered.groupby("opportunity_id")}
    known = {
        str(row.opportunity_id): Deal(row, by_deal.get(str(row.opportunity_id), changes.iloc[:0]), history)
        for row in deals.drop_duplicates("opportunity_id").itertuples()
    }

    def holds(found: Finding) -> bool:
        claim = CLAIMS.get(found.check)
        return claim is None or all(claim(known[name]) for name in found.examples if name in known)

    kept = [found for found in findings if holds(found)]
    return kept, [found for found in findings if found not in kept]
