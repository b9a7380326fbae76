"""The forecast category of each stage: from the map, or from what the rows of the CRM say of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from simulator.errors import closest
from simulator.history.importers.fields.cells import map_unique
from simulator.history.importers.fields.stage_words import category_word, category_words, end_by_name
from simulator.history.importers.import_log import ImportLog, StageRead
from simulator.history.importers.mapping import Mapping, StageSpec
from simulator.history.importers.readers.sheet import plain
from simulator.history.tables import CATEGORIES, OUTCOMES

AGREE = 0.98
"""Share of rows that must fit one category, or one change of category, for it to be the stage's own."""
N_TO_CHANGE = 5
"""Rows on each side of a day that make a change of category a fact rather than a slip."""
CHANCES = ((70.0, "commit"), (40.0, "best_case"), (0.0, "pipeline"))
"""Probability in percent from which a category is guessed, where a CRM says nothing better."""
SAID = ("is_closed", "is_won", "probability")
"""What rows may say of their stage next to its forecast category."""
NOW = pd.Timestamp.max
"""Time of what is known of a deal's present only."""
RANKS = {"lead": 0, "pipeline": 1, "best_case": 2, "commit": 3, "closed": 4, "omitted": 5}


@dataclass(frozen=True)
class StageRow:
    """One row of the table of stages."""

    stage: str
    category: str
    outcome: str | None = None
    phase: str | None = None
    valid_from: pd.Timestamp | None = None


def is_closed_stage(stages: pd.Series[Any], mapping: Mapping) -> pd.Series[Any]:
    """Return whether each stage is an end, by the map or else by its name."""
    known = {plain(stage): specs[-1].to for stage, specs in mapping.stages.items()}

    def closed(stage: str) -> bool:
        to = known.get(plain(stage))
        if to is None:
            return end_by_name(stage) is not None
        return to not in RANKS or to == "closed"

    return map_unique(stages, closed).fillna(False).astype(bool)


class StageTable:
    """Finds the category of every stage that the changes and deals name.

    Parameters
    ----------
    mapping : Mapping
        What the user said of stages comes first.
    may_guess : bool
        Whether a stage of which nothing is known is given a category by its name and place (said
        loudly), or is a fault.
    """

    def __init__(self, mapping: Mapping, may_guess: bool, log: ImportLog) -> None:
        self.mapping = mapping
        self.may_guess = may_guess
        self.log = log
        self.rows: list[StageRow] = []

    def resolve(self, deals: pd.DataFrame, changes: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Return the table of stages, and the changes; a category set by hand is a stage of its own."""
        seen = _observations(deals, changes)
        said = {plain(stage): stage for stage in self.mapping.stages}
        for specs in self.mapping.stages.items():
            self._add_said(*specs)
        facts = [f for f in _facts(seen) if plain(f.stage) not in said]
        overrides: dict[tuple[str, str], str] = {}
        guessed = [f for f in facts if not self._add_found(f, overrides)]
        guessed = self._without_chance(guessed)
        self._add_guessed(guessed, seen)
        seen = seen.drop(columns=["word", "file", "row"])
        changes = _renamed(changes, said, overrides, self.rows)
        rows = self.rows if self.mapping.stages and not facts else _in_order(self.rows, seen)
        return _table(rows), changes

    def _add_said(self, stage: str, specs: tuple[StageSpec, ...]) -> None:
        for spec in specs:
            outcome = spec.to if spec.to in OUTCOMES else "lost_no_decision" if spec.to == "lost" else None
            category = "closed" if outcome else spec.to
            since = pd.Timestamp(spec.valid_from) if spec.valid_from else None
            self._add(StageRow(stage, category, outcome, spec.phase, since), "the map")

    def _add(self, row: StageRow, decided_by: str) -> None:
        self.rows.append(row)
        since = f"{row.valid_from:%Y-%m-%d}" if row.valid_from is not None else ""
        self.log.stages.append(StageRead(row.stage, row.category, row.outcome or "", since, decided_by))

    def _add_found(self, facts: StageFacts, overrides: dict[tuple[str, str], str]) -> bool:
        """Add what the rows say of a stage; return whether they say anything."""
        if facts.closed > 0.5:
            outcome = "won" if facts.won > 0.5 else "lost_no_decision"
            self._add(StageRow(facts.stage, "closed", outcome), "marked closed")
            return True
        words = facts.words
        end = _end(facts, set(words.unique())) if not facts.closed <= 0.5 else None
        if end is not None:
            self._add(StageRow(facts.stage, "closed", end[0]), end[1])
            return True
        words = words[words != "closed"]
        if len(words) == 0:
            return False
        self._add_dated(facts, words, overrides)
        return True

    def _without_chance(self, guessed: list[StageFacts]) -> list[StageFacts]:
        """Take stages of probability zero for losses where no other stage is one; return the others.

        Where a stage is known to be lost, another of probability zero may be the first of all.
        """
        lost = any(row.outcome not in (None, "won") for row in self.rows)
        likely = any(row.outcome == "won" for row in self.rows) or any(f.chance > 0 for f in guessed)
        if lost or not likely:
            return guessed
        for facts in guessed:
            if facts.chance == 0:
                self._add(StageRow(facts.stage, "closed", "lost_no_decision"), "probability 0 %, GUESSED")
        return [facts for facts in guessed if facts.chance != 0]

    def _add_dated(
        self, facts: StageFacts, words: pd.Series[Any], overrides: dict[tuple[str, str], str]
    ) -> None:
        """Add the category that most rows have, or the one before and the one after a day."""
        share = words.value_counts(normalize=True)
        usual = str(share.index[0])
        at = facts.at.loc[words.index]
        switch = _switch(words, at) if share.iloc[0] < AGREE else None
        if switch is not None:
            day, before, after = switch
            self._add(StageRow(facts.stage, before), "forecast category, until it changed")
            self._add(StageRow(facts.stage, after, valid_from=day), f"forecast category since {day:%Y-%m-%d}")
            return
        self._add(StageRow(facts.stage, usual), f"forecast category ({share.iloc[0]:.0%} of rows)")
        for word in share.index[1:]:
            name = f"{facts.stage} [{word}]"
            overrides[facts.stage, str(word)] = name
            self._add(
                StageRow(name, str(word)),
                f"set by hand ({share[word]:.0%} of rows of the stage)",
            )

    def _add_guessed(self, guessed: list[StageFacts], seen: pd.DataFrame) -> None:
        """Give a category by chance of winning, name or place to stages of which the rows say nothing."""
        if guessed and not self.may_guess:
            self._fault_unknown(guessed)
            return
        open_stages = []
        for facts in guessed:
            if not np.isnan(facts.chance):
                chance = facts.chance if facts.chance > 1 else 100 * facts.chance
                category = next(word for least, word in CHANCES if chance >= least)
                self._add(StageRow(facts.stage, category), f"GUESSED from its probability of {chance:.0f} %")
            else:
                open_stages.append(facts.stage)
        for place, stage in enumerate(_by_first_visit(open_stages, seen)):
            third = min(2, 3 * place // len(open_stages)) if len(open_stages) > 2 else 0
            self._add(StageRow(stage, CATEGORIES[third]), "GUESSED from its place in the order of stages")

    def _fault_unknown(self, guessed: list[StageFacts]) -> None:
        for facts in guessed:
            close = closest(facts.stage, self.mapping.stages)
            hint = f"Did the map mean it by '{close}'? " if close else ""
            words = (
                "lead, pipeline, best_case, commit, omitted, won, lost, lost_competition, lost_no_decision"
            )
            what = f"stage '{facts.stage}' ({facts.n_rows:,} rows) has no forecast category"
            self.log.fault(facts.first, what, f"{hint}Add it under 'stages:' of the map, as one of: {words}.")


@dataclass(frozen=True)
class StageFacts:
    """What the rows that name a stage say of it; shares and percent, NaN where nothing."""

    stage: str
    n_rows: int
    first: str
    words: pd.Series[Any]
    at: pd.Series[Any]
    closed: float
    won: float
    chance: float


def _facts(seen: pd.DataFrame) -> list[StageFacts]:
    """Return what the rows say of each stage, in the order in which the stages appear."""
    by_stage = seen.groupby("stage", sort=False, observed=True)
    first = {row.stage: f"{row.file}, row {row.row}" for row in seen.drop_duplicates("stage").itertuples()}
    sizes = by_stage.size()
    shares = {
        name: by_stage[name].agg(how) if name in seen else pd.Series(np.nan, index=sizes.index)
        for name, how in (("is_closed", "mean"), ("is_won", "mean"), ("probability", "median"))
    }
    return [
        StageFacts(
            str(stage),
            int(sizes[stage]),
            first[stage],
            rows["word"].dropna(),
            rows["at"],
            *(float(share[stage]) for share in shares.values()),
        )
        for stage, rows in by_stage[["word", "at"]]
    ]


def _end(facts: StageFacts, words: set[str]) -> tuple[str, str] | None:
    """Return the outcome that a stage stands for, and what says so: category, probability or name."""
    by_name = end_by_name(facts.stage)
    if not words <= {"closed", "omitted"}:
        return None
    if words == {"closed"}:
        return by_name or "won", "forecast category Closed"
    chance = facts.chance if facts.chance > 1 or facts.chance == 0 else 100 * facts.chance
    if chance == 100 and by_name != "lost_no_decision":
        return "won", "probability 100 %"
    if chance == 0 and (words == {"omitted"} or by_name is not None):
        return by_name or "lost_no_decision", "probability 0 %"
    return (by_name, "its name") if by_name is not None else None


def _observations(deals: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    given = [name for name in SAID if deals[name].notna().any() or changes[name].notna().any()]
    columns = ["deal", "stage", "category", "file", "row", *given]
    now = deals.reindex(columns=columns).assign(at=NOW)
    then = changes.reindex(columns=columns).assign(at=changes["changed_at"])
    if then["category"].notna().any():
        now = now.assign(
            category=np.nan
        )  # the present category of a deal says nothing of the day of its change
    parts = [now, then] if then.empty else [then, now.astype(then.drop(columns="file").dtypes.to_dict())]
    seen = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    words = map_unique(seen["category"].astype("str"), category_word)
    return seen.drop(columns="category").assign(word=words, stage=seen["stage"].astype("category"))


def _switch(words: pd.Series[Any], at: pd.Series[Any]) -> tuple[pd.Timestamp, str, str] | None:
    """Return the day on which the category of a stage changed for all rows, and both categories."""
    order = np.argsort(at.to_numpy(), kind="stable")
    ordered, times = words.to_numpy(dtype=object)[order], at.to_numpy()[order]
    names = list(dict.fromkeys(ordered))
    best: tuple[float, int, str, str] = (0.0, 0, "", "")
    for before in names:
        n_before = np.concatenate([[0], np.cumsum(ordered == before)])
        for after in names:
            if after == before:
                continue
            is_after = ordered == after
            fits = n_before + is_after.sum() - np.concatenate([[0], np.cumsum(is_after)])
            fits = fits[N_TO_CHANGE : len(ordered) - N_TO_CHANGE + 1]
            if len(fits) and fits.max() > best[0]:
                best = (float(fits.max()), N_TO_CHANGE + int(fits.argmax()), before, after)
    if best[0] < AGREE * len(ordered):
        return None
    return pd.Timestamp(times[best[1]]).normalize(), best[2], best[3]


def _by_first_visit(stages: list[str], seen: pd.DataFrame) -> list[str]:
    """Return stages in the order in which deals visit them; the rows are in order of deal and time."""
    visits = seen.loc[seen["stage"].isin(stages) & (seen["at"] < NOW), ["deal", "stage"]]
    if visits.empty:
        return stages
    place = visits.groupby("deal").cumcount()
    mean = place.groupby(visits["stage"], observed=True).mean()
    return sorted(stages, key=lambda stage: (mean.get(stage, 0.0), stages.index(stage)))


def _in_order(rows: list[StageRow], seen: pd.DataFrame) -> list[StageRow]:
    """Return rows by category, and inside it by probability or by the order of visits.

    Stages for a category set by hand come first in it: they say nothing of how late it is.
    """
    names = list(dict.fromkeys(row.stage for row in rows))
    chance = pd.Series(dtype="float64")
    if "probability" in seen:
        chance = seen.groupby("stage", observed=True)["probability"].median()
    visits = {stage: i for i, stage in enumerate(_by_first_visit(names, seen))}

    def rank(row: StageRow) -> tuple[float, ...]:
        likely = float(chance.get(row.stage, np.nan))
        likely = -1.0 if np.isnan(likely) else likely
        since = row.valid_from.timestamp() if row.valid_from is not None else 0.0
        return RANKS[row.category], likely, visits.get(row.stage, 0), since

    return sorted(rows, key=rank)


def _renamed(
    changes: pd.DataFrame,
    said: dict[str, str],
    overrides: dict[tuple[str, str], str],
    rows: list[StageRow],
) -> pd.DataFrame:
    """Return changes with stages spelled as in the table, and hand-set categories as stages of their own."""
    stage = map_unique(changes["stage"], lambda cell: said.get(plain(cell), cell)).astype("str")
    if overrides:
        word = category_words(changes["category"].astype("str"))
        usual = {row.stage: row.category for row in rows}
        for (name, category), renamed in overrides.items():
            stage = stage.mask((stage == name) & (word == category) & (usual[name] != category), renamed)
    return changes.assign(stage=stage)


def _table(rows: list[StageRow]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "stage": pd.Series([row.stage for row in rows], dtype="str"),
            "category": pd.Series([row.category for row in rows], dtype="str"),
            "phase": pd.Series([row.phase for row in rows], dtype="str"),
            "valid_from": pd.Series([row.valid_from for row in rows], dtype="datetime64[ns]"),
            "outcome": pd.Series([row.outcome for row in rows], dtype="str"),
        }
    )
