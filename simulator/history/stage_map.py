"""Which forecast category a stage meant on a given day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Ints
from simulator.errors import Fault, InputError
from simulator.history.tables import CATEGORIES, OUTCOMES

LEAD, CLOSED, OMITTED, UNMAPPED = -1, 3, 4, -9
"""Codes next to 0-2, the positions in CATEGORIES."""

CODES = {
    "lead": LEAD,
    **{name: code for code, name in enumerate(CATEGORIES)},
    "closed": CLOSED,
    "omitted": OMITTED,
}


@dataclass(frozen=True)
class StageMap:
    """The effective-dated table of stages, laid out by epoch and stage.

    An epoch begins at each distinct ``valid_from``; the first one has no beginning. A stage that has
    no mapping yet on a day takes its earliest one.

    Parameters
    ----------
    stages : Index of str, shape (stage,)
        Names, in table order.
    epoch_days : ndarray of int64, shape (epoch,)
        Day number at which each epoch begins; the first is the smallest integer.
    category : ndarray of int64, shape (epoch, stage)
        Code of the category.
    late : ndarray of int64, shape (epoch, stage)
        1 where the stage is the last of two or more of its category.
    outcome : ndarray of int64, shape (epoch, stage)
        Position in OUTCOMES that a closed stage stands for, -1 where it says none.
    """

    stages: pd.Index
    epoch_days: Ints
    category: Ints
    late: Ints
    outcome: Ints

    def codes(self, names: pd.Series) -> Ints:
        """Return the position of each stage name.

        Raises
        ------
        InputError
            Some names are not in the table of stages.
        """
        codes = np.asarray(self.stages.get_indexer(pd.Index(names)), dtype=np.int64)
        if (codes < 0).any():
            unknown = names[codes < 0].value_counts()
            raise InputError(
                Fault("stages", f"stage '{name}' of {n:,} changes has no row", "Add it with its category.")
                for name, n in unknown.items()
            )
        return codes

    def epochs(self, days: Ints) -> Ints:
        """Return the epoch that each day number falls in."""
        return np.searchsorted(self.epoch_days, days, side="right").astype(np.int64) - 1


def _late(category: Ints) -> Ints:
    """Mark the last stage of every category that two or more stages share, epoch by epoch."""
    late = np.zeros_like(category)
    for epoch, row in enumerate(category):
        for code in range(len(CATEGORIES)):
            members = np.flatnonzero(row == code)
            if len(members) > 1:
                late[epoch, members[-1]] = 1
    return late


def stage_map(stages: pd.DataFrame) -> StageMap:
    """Return the stage map of the normalised table ``stages``."""
    names = pd.Index(stages["stage"].drop_duplicates())
    first = np.iinfo(np.int64).min
    valid = stages["valid_from"].to_numpy().astype("datetime64[D]")
    days = np.where(np.isnat(valid), first, valid.astype(np.int64))
    epoch_days = np.unique(np.append(days, first))
    category = np.full((len(epoch_days), len(names)), UNMAPPED, dtype=np.int64)
    outcome = np.full_like(category, -1)
    position = names.get_indexer(pd.Index(stages["stage"]))
    code = stages["category"].map(CODES).to_numpy(dtype=np.int64)
    ends = (
        stages["outcome"]
        .map({name: i for i, name in enumerate(OUTCOMES)})
        .fillna(-1)
        .to_numpy(dtype=np.int64)
    )
    # In order of time, so that each row overwrites the epochs from its own beginning on; the earliest of a
    # stage also stands for the time before it.
    for row in np.argsort(days, kind="stable"):
        begin = np.searchsorted(epoch_days, days[row])
        if category[0, position[row]] == UNMAPPED:
            begin = 0
        category[begin:, position[row]] = code[row]
        outcome[begin:, position[row]] = ends[row]
    return StageMap(names, epoch_days, category, _late(category), outcome)
