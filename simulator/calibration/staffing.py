"""What a history tells of its sales reps: ramp, attrition, backfill, deals in work, SALs of their own."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from simulator.calibration.funnel import Funnel, estimate_funnel
from simulator.calibration.pooling import pool_rates
from simulator.calibration.ramp import TENURE_BINS, RampCurve, ramp_curve, tenure_bin
from simulator.fiscal import month_number, month_numbers
from simulator.history.states import DealStates
from simulator.history.tables import OUTCOMES, History

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AE = "ae"
OUTBOUND = "outbound"
WON_EXIT = 3 + OUTCOMES.index("won")
PRIOR_ATTRITION_PER_MONTH = 0.3 / 12
"""Of 25-40 % of new account executives it is said that they fail (practitioner pages)."""
DEFAULT_BACKFILL_MONTHS = 3.0
LONGEST_BACKFILL = 12
PRIOR_BACKFILLS = 2.0
RAMPED_FROM = TENURE_BINS[-1] // 2
"""Months of tenure from which the deals that a rep has in work tell how many a rep can work."""
BUSY_QUANTILE = 0.9
FEWEST_REP_MONTHS = 12
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
    open_deals : ndarray of float64, shape (segment, 3)
        Open deals that a ramped rep can work: the 90 % quantile of what they had in work at the ends of
        months, with its 80 % interval. An estimate: it is a lower bound where reps were never short of
        time. 0 where unknown.
    open_deals_months : ndarray of float64, shape (segment,)
        Rep-months behind it.
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
    open_deals: Floats
    open_deals_months: Floats
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
    reps = roster(history.reps, names)
    if reps.empty and funnel is None:
        return None
    deals = _owned_deals(history, states, reps, names)
    first = month_number(dt.date(1970, 1, 1) + dt.timedelta(days=int(np.floor(states.start.min()))))
    last = month_number(history.as_of)
    there = _presence(reps, first, last)
    ramp = ramp_curve(*_wins_by_tenure(deals, there, len(names)))
    productivity = there.productivity(ramp)
    departures, rep_months = _departures(reps, first, last, len(names))
    left = pool_rates(departures, rep_months, PRIOR_ATTRITION_PER_MONTH)
    sals, ramped = _self_sourced(history, states, names, productivity, there)
    own = pool_rates(sals, ramped, PRIOR_SELF_SOURCED)
    backfill, n_backfills = _backfills(reps)
    carried, carried_months = _in_work(deals, there, len(names))
    employed = reps[reps["end"] > last]
    heads = np.bincount(employed["segment"], minlength=len(names))
    quota = np.zeros(len(names))
    known = employed[employed["quota"] > 0].groupby("segment")["quota"].mean()
    quota[known.index.to_numpy(np.int64)] = known.to_numpy()
    return StaffingCalibration(
        segments=names,
        ramp=ramp,
        heads=heads.astype(np.int64),
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
        open_deals=carried,
        open_deals_months=carried_months,
        funnel=funnel,
        notes=tuple(_notes(ramp, heads, names)),
    )


def roster(table: pd.DataFrame, names: tuple[str, ...]) -> pd.DataFrame:
    """Return the account executives of known segments.

    Returns
    -------
    DataFrame
        ``rep_id``, ``segment`` (code), ``start`` (month number), ``end`` (first month number without
        them; very large while employed), ``quota``.
    """
    aes = table[(table["role"].str.lower() == AE) & table["segment"].isin(names)]
    place = {name: i for i, name in enumerate(names)}
    end = month_numbers(aes["end_date"].to_numpy().astype("datetime64[D]"))
    return pd.DataFrame(
        {
            "rep_id": aes["rep_id"].astype(object).to_numpy(),
            "segment": aes["segment"].map(place).to_numpy(np.int64),
            "start": month_numbers(aes["start_date"].to_numpy().astype("datetime64[D]")),
            "end": np.where(aes["end_date"].isna(), np.iinfo(np.int64).max // 2, end + 1),
            "quota": aes["quota"].to_numpy(np.float64),
        }
    )


@dataclass(frozen=True)
class _Presence:
    """Rep-months: who was there in which month, with what tenure."""

    rep: Ints
    segment: Ints
    month: Ints
    tenure: Ints
    first: int
    last: int

    def productivity(self, ramp: RampCurve) -> Floats:
        curve = ramp.by_month()
        return np.asarray(curve[np.minimum(self.tenure, len(curve) - 1)])


def _presence(reps: pd.DataFrame, first: int, last: int) -> _Presence:
    start = np.maximum(reps["start"].to_numpy(), first)
    n = np.maximum(np.minimum(reps["end"].to_numpy(), last + 1) - start, 0)
    rep = np.repeat(np.arange(len(reps)), n)
    month = np.arange(n.sum()) - np.repeat(np.cumsum(n) - n, n) + start[rep]
    tenure = month - reps["start"].to_numpy()[rep]
    return _Presence(rep, reps["segment"].to_numpy()[rep], month, tenure, first, last)


def _owned_deals(
    history: History, states: DealStates, reps: pd.DataFrame, names: tuple[str, ...]
) -> pd.DataFrame:
    """Return the qualified deals of known owners: rep, segment, begun and ended (months), won."""
    _, first = np.unique(states.deal, return_index=True)
    last = np.append(first[1:], len(states.deal)) - 1
    deal = states.deal[first]
    owner = history.opportunities["owner"].astype(object).to_numpy()[deal]
    place = pd.Series(np.arange(len(reps)), index=reps["rep_id"])
    rep = pd.Series(owner).map(place[~place.index.duplicated()]).fillna(-1).to_numpy(np.int64)
    known = rep >= 0
    begun = _months(states.start[first])
    ended = _months(np.nextafter(states.end[last], -np.inf))
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


def _months(days: Floats) -> Ints:
    return month_numbers(np.floor(days).astype(np.int64).astype("datetime64[D]"))


def _wins_by_tenure(deals: pd.DataFrame, there: _Presence, n_segments: int) -> tuple[Floats, Floats]:
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


def _self_sourced(
    history: History, states: DealStates, names: tuple[str, ...], productivity: Floats, there: _Presence
) -> tuple[Floats, Floats]:
    """Return the SALs of source ``outbound`` and the ramped rep-months in which they came, by segment."""
    deals = history.opportunities.iloc[np.unique(states.deal)]
    place = {name: i for i, name in enumerate(names)}
    mine = deals[(deals["source"].str.lower() == OUTBOUND) & deals["segment"].isin(names)]
    sals = np.bincount(mine["segment"].map(place).to_numpy(np.int64), minlength=len(names))
    ramped = np.bincount(there.segment, productivity, minlength=len(names))
    return sals.astype(np.float64), np.asarray(ramped, dtype=np.float64)


def _in_work(deals: pd.DataFrame, there: _Presence, n: int) -> tuple[Floats, Floats]:
    """Return the busy quantile of deals in work per ramped rep with its interval, and rep-months."""
    n_months = there.last - there.first + 1
    n_reps = int(max(there.rep.max(initial=-1), deals["rep"].max() if len(deals) else -1)) + 1
    change = np.zeros((n_reps, n_months + 1))
    begun = np.clip(deals["begun"].to_numpy() - there.first, 0, n_months)
    ended = np.clip(deals["ended"].to_numpy() - there.first, 0, n_months)
    np.add.at(change, (deals["rep"].to_numpy(), begun), 1.0)
    np.add.at(change, (deals["rep"].to_numpy(), ended), -1.0)
    load = np.cumsum(change, axis=1)[there.rep, there.month - there.first]
    table, months = np.zeros((n, 3)), np.zeros(n)
    for s in range(n):
        mine = np.sort(load[(there.segment == s) & (there.tenure >= RAMPED_FROM)])
        mine = mine[mine > 0]
        months[s] = len(mine)
        if len(mine) >= FEWEST_REP_MONTHS:
            # Months of one rep are alike: a quarter's worth counts as one for the interval.
            spread = 1.2816 * np.sqrt(BUSY_QUANTILE * (1 - BUSY_QUANTILE) / max(len(mine) / 3.0, 1.0))
            at = np.clip([BUSY_QUANTILE, BUSY_QUANTILE - spread, BUSY_QUANTILE + spread], 0.0, 1.0)
            table[s] = np.quantile(mine, at)
    return table, months


def _notes(ramp: RampCurve, heads: Ints, names: tuple[str, ...]) -> list[str]:
    notes = []
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
