"""SALs that reps source themselves: how many a ramped rep, and how they grow with the number of reps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from simulator.calibration.roster import Presence
from simulator.fiscal import months_of_days
from simulator.history.states import DealStates
from simulator.history.tables import History

Floats = npt.NDArray[np.float64]

OUTBOUND = "outbound"
PRIOR_POWER, PRIOR_POWER_SD = 0.7, 0.2
"""Of the number of reps, for the SALs that they source: an assumption; accounts to call run short."""


def self_sourced(
    history: History, states: DealStates, names: tuple[str, ...], productivity: Floats, there: Presence
) -> tuple[Floats, Floats]:
    """Return the SALs of source ``outbound`` and the ramped rep-months in which they came, by segment."""
    deals = history.opportunities.iloc[np.unique(states.deal)]
    place = {name: i for i, name in enumerate(names)}
    mine = deals[(deals["source"].str.lower() == OUTBOUND) & deals["segment"].isin(names)]
    sals = np.bincount(mine["segment"].map(place).to_numpy(np.int64), minlength=len(names))
    ramped = np.bincount(there.segment, productivity, minlength=len(names))
    return sals.astype(np.float64), np.asarray(ramped, dtype=np.float64)


def monthly_self_sourced(
    history: History, states: DealStates, names: tuple[str, ...], productivity: Floats, there: Presence
) -> tuple[Floats, Floats]:
    """Return SALs of source ``outbound`` and ramped reps by month, each of shape (segment, month)."""
    shape = len(names), there.last - there.first + 1
    ramped, sals = np.zeros(shape), np.zeros(shape)
    np.add.at(ramped, (there.segment, there.month - there.first), productivity)
    deals, first = np.unique(states.deal, return_index=True)
    mine = (history.opportunities["source"].str.lower() == OUTBOUND).to_numpy(bool)[deals]
    place = {name: i for i, name in enumerate(names)}
    segment = history.opportunities["segment"].astype(object).map(place).fillna(-1).to_numpy(np.int64)[deals]
    month = months_of_days(states.start[first]) - there.first
    known = mine & (segment >= 0) & (month > 0) & (month < shape[1])
    np.add.at(sals, (segment[known], month[known]), 1.0)
    return sals[:, 1:], ramped[:, 1:]


def saturation(sals: Floats, ramped: Floats) -> tuple[float, float]:
    """Return the power of the number of reps that their own SALs grow with, and its standard deviation.

    SALs of a segment and month ~ Poisson(level of the segment × reps ** power), the level left out by
    conditioning; Normal prior. Months count as a half: those of a quarter are alike.
    """
    grid = np.linspace(0.0, 1.4, 57)
    log_weight = -0.5 * ((grid - PRIOR_POWER) / PRIOR_POWER_SD) ** 2
    for count, reps in zip(sals, ramped, strict=True):
        there = reps > 0.0
        if count[there].sum() == 0.0:
            continue
        level = reps[there][None] ** grid[:, None]
        share = level / level.sum(axis=1, keepdims=True)
        log_weight += 0.5 * (np.log(share) @ count[there])
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = float(weight @ grid)
    return mean, float(np.sqrt(weight @ (grid - mean) ** 2))
