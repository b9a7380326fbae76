"""What a history tells of its sales reps: ramp, attrition, backfill, deals in work, SALs of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.arrays import Floats, Ints
from simulator.calibration.capacity import STEP_DAYS, Capacity, estimate_capacity
from simulator.calibration.funnel import (
    Funnel,
    estimate_funnel,
    monthly_self_sourced,
    saturation,
    self_sourced,
)
from simulator.calibration.pooling import pool_rates
from simulator.calibration.ramp import TENURE_BINS, RampCurve, ramp_curve, tenure_bin
from simulator.calibration.roster import Presence, known_reps, presence, workload_of
from simulator.fiscal import date_of_day, month_number, months_of_days
from simulator.history.states import DealStates
from simulator.history.tables import OUTCOMES, History

WON_EXIT = 3 + OUTCOMES.index("won")
PRIOR_ATTRITION_PER_MONTH = 0.3 / 12
"""Of 25-40 % of new account executives it is said that they fail (practitioner pages)."""
DEFAULT_BACKFILL_MONTHS = 3.0
LONGEST_BACKFILL = 12
PRIOR_BACKFILLS = 2.0
PRIOR_SELF_SOURCED = 0.5


@dataclass(frozen=True)
class StaffingCalibration:
    """Everything estimated about reps; arrays in the order of ``segments``.

    Parameters
    ----------
    segments : tuple of str
        Names, in axis order.
    ramp : RampCurve
        Of the whole company.
    heads : ndarray of int64, shape (segment,)
        Account executives employed at as_of.
    quota : ndarray of float64, shape (segment,)
        Mean quota per year of those; 0 where unknown. Unit: currency.
    attrition_shape, attrition_rate : ndarray of float64, shape (segment,)
        Gamma posterior of departures per rep-month.
    departures, rep_months : ndarray of float64, shape (segment,)
        Their counts and exposure.
    backfill_months, backfills : float
        Mean months from a departure to the next start, and how many were seen.
    self_sourced_shape, self_sourced_rate : ndarray of float64, shape (segment,)
        Gamma posterior of outbound SALs per ramped rep-month; shape 0 where there are none.
    self_sourced_sals, ramped_months : ndarray of float64, shape (segment,)
        Their counts and exposure.
    self_sourced_power, self_sourced_power_sd : float
        SALs of their own grow with reps to this power.
    capacity : Capacity, optional
        Deals that a ramped rep can give full attention; None where no reps are known.
    funnel : Funnel, optional
        Leads and what becomes of them; None where the history has none.
    notes : tuple of str
        What was assumed or left out.
    """

    segments: tuple[str, ...]
    ramp: RampCurve
    heads: Ints
    quota: Floats
    attrition_shape: Floats
    attrition_rate: Floats
    departures: Floats
    rep_months: Floats
    backfill_months: float
    backfills: float
    self_sourced_shape: Floats
    self_sourced_rate: Floats
    self_sourced_sals: Floats
    ramped_months: Floats
    self_sourced_power: float
    self_sourced_power_sd: float
    capacity: Capacity | None = None
    funnel: Funnel | None = None
    notes: tuple[str, ...] = ()


def calibrate_staffing(
    history: History, states: DealStates, names: tuple[str, ...]
) -> StaffingCalibration | None:
    """Estimate everything about reps and leads, or return None where the history has neither.

    Parameters
    ----------
    history : History
        ``reps`` (role ``ae``), owners and sources of the ``opportunities``, ``leads``.
    states : DealStates
        States of its deals.
    names : tuple of str
        Segments in axis order.
    """
    funnel = estimate_funnel(history.leads, names)
    reps, inferred = known_reps(history, names)
    if reps.empty and funnel is None:
        return None
    deals = _owned_deals(history, states, reps)
    first = month_number(date_of_day(states.start.min()))
    last = month_number(history.as_of)
    there = presence(reps, first, last)
    ramp = ramp_curve(*_wins_by_tenure(deals, there, len(names)))
    productivity = there.productivity(ramp)
    departures, rep_months = _departures(reps, first, last, len(names))
    left = pool_rates(departures, rep_months, PRIOR_ATTRITION_PER_MONTH)
    sals, ramped = self_sourced(history, states, names, productivity, there)
    own = pool_rates(sals, ramped, PRIOR_SELF_SOURCED)
    backfill, n_backfills = _backfills(reps)
    capacity = _capacity(history, states, reps, names, ramp)
    power, power_sd = saturation(*monthly_self_sourced(history, states, names, productivity, there))
    heads, quota = _employed(reps[reps["end"] > last], len(names))
    return StaffingCalibration(
        segments=names,
        ramp=ramp,
        heads=heads,
        quota=quota,
        attrition_shape=left.shape,
        attrition_rate=left.rate,
        departures=departures,
        rep_months=rep_months,
        backfill_months=backfill,
        backfills=n_backfills,
        self_sourced_shape=np.where(sals > 0, own.shape, 0.0),
        self_sourced_rate=own.rate,
        self_sourced_sals=sals,
        ramped_months=ramped,
        self_sourced_power=power,
        self_sourced_power_sd=power_sd,
        capacity=capacity,
        funnel=funnel,
        notes=tuple(_notes(ramp, heads, names, inferred)),
    )


def _employed(reps: pd.DataFrame, n: int) -> tuple[Ints, Floats]:
    """Return heads and mean quota (0: unknown) by segment."""
    quota = np.zeros(n)
    known = reps[reps["quota"] > 0].groupby("segment")["quota"].mean()
    quota[known.index.to_numpy(np.int64)] = known.to_numpy()
    return np.bincount(reps["segment"], minlength=n).astype(np.int64), quota


def _owned_deals(history: History, states: DealStates, reps: pd.DataFrame) -> pd.DataFrame:
    """Return the qualified deals of known owners: rep, segment, begun and ended (months), won."""
    _, first = np.unique(states.deal, return_index=True)
    last = np.append(first[1:], len(states.deal)) - 1
    deal = states.deal[first]
    owner = history.opportunities["owner"].astype(object).to_numpy()[deal]
    place = pd.Series(np.arange(len(reps)), index=reps["rep_id"])
    rep = pd.Series(owner).map(place[~place.index.duplicated()]).fillna(-1).to_numpy(np.int64)
    known = rep >= 0
    begun = months_of_days(states.start[first])
    ended = months_of_days(np.nextafter(states.end[last], -np.inf))
    over = states.exit[last] >= len(OUTCOMES)
    frame = pd.DataFrame(
        {
            "rep": rep,
            "begun": begun,
            "ended": np.where(over, ended, np.iinfo(np.int64).max // 2),
            "won": states.exit[last] == WON_EXIT,
        }
    )[known].reset_index(drop=True)
    frame["segment"] = reps["segment"].to_numpy()[frame["rep"]] if len(frame) else np.zeros(0, np.int64)
    frame["tenure"] = frame["begun"] - (reps["start"].to_numpy()[frame["rep"]] if len(frame) else 0)
    return frame


def _wins_by_tenure(deals: pd.DataFrame, there: Presence, n_segments: int) -> tuple[Floats, Floats]:
    """Return wins and rep-months, shape (segment and month, bin of tenure).

    A win counts at the tenure at which its owner took the deal up: the sales cycle that follows is
    simulated by itself, and must not be taken for ramp.
    """
    n_months, n_bins = there.last - there.first + 1, len(TENURE_BINS)
    n_cells = n_segments * n_months * n_bins

    def table(segment: Ints, month: Ints, tenure: Ints) -> Floats:
        cell = (segment * n_months + month - there.first) * n_bins + tenure_bin(tenure)
        counts = np.bincount(cell, minlength=n_cells).astype(np.float64)
        return np.asarray(counts.reshape(n_segments * n_months, n_bins))

    won = deals[deals["won"] & (deals["tenure"] >= 0) & (deals["begun"] >= there.first)]
    wins = table(won["segment"].to_numpy(), won["begun"].to_numpy(), won["tenure"].to_numpy())
    months = table(there.segment, there.month, there.tenure)
    # A deal handed over has an owner who was not there yet when it began.
    return np.where(months > 0, wins, 0.0), months


def _departures(reps: pd.DataFrame, first: int, last: int, n: int) -> tuple[Floats, Floats]:
    """Count departures and rep-months from the first month of the history on."""
    start, end = np.maximum(reps["start"].to_numpy(), first), reps["end"].to_numpy()
    exposure = np.maximum(np.minimum(end, last + 1) - start, 0).astype(np.float64)
    left = (end <= last + 1) & (end > first)
    segment = reps["segment"].to_numpy()
    return (
        np.bincount(segment[left], minlength=n).astype(np.float64),
        np.asarray(np.bincount(segment, exposure, minlength=n), dtype=np.float64),
    )


def _backfills(reps: pd.DataFrame) -> tuple[float, float]:
    """Return the mean months from a departure to the next start in the segment, and how many were seen."""
    gaps = []
    for _, group in reps.groupby("segment"):
        starts = sorted(group["start"].tolist())
        for end in sorted(group["end"].tolist()):
            following = next((start for start in starts if end <= start <= end + LONGEST_BACKFILL), None)
            if following is not None:
                starts.remove(following)
                gaps.append(following - end)
    total = sum(gaps) + PRIOR_BACKFILLS * DEFAULT_BACKFILL_MONTHS
    return total / (len(gaps) + PRIOR_BACKFILLS), float(len(gaps))


def _capacity(
    history: History, states: DealStates, reps: pd.DataFrame, names: tuple[str, ...], ramp: RampCurve
) -> Capacity | None:
    found = workload_of(history, states, names, ramp, STEP_DAYS)
    return None if reps.empty or found is None else estimate_capacity(*found, len(names))


def _notes(ramp: RampCurve, heads: Ints, names: tuple[str, ...], inferred: bool) -> list[str]:
    notes = []
    if inferred and heads.any():
        notes.append(
            f"No table of reps: the {int(heads.sum())} owners of deals who are active count as account "
            "executives, from their first deal on."
        )
    if ramp.source != "calibrated":
        notes.append(
            f"Too few wins by new reps to tell their ramp: the published one stands ({ramp.source})."
        )
    notes += [
        f"{name}: no account executive in the reps table."
        for name, n in zip(names, heads.tolist(), strict=True)
        if n == 0 and heads.any()
    ]
    return notes
