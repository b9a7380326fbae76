"""Pipeline coverage of the targets: what there is, what a rule of thumb asks, what the simulation asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simulator.analysis.forecast.forecast import Targets
from simulator.analysis.totals import ALL, HALF_CENT, add_total, names_with_total
from simulator.arrays import Floats
from simulator.engine.paths import Paths
from simulator.history.tables import CATEGORIES
from simulator.notes import MODEL, HowMade

CONFIDENCES = {"needed_p50": 0.5, "needed_p80": 0.8, "needed_p90": 0.9}

ENTERPRISE = "enterprise"
SMB = "smb"
SLIPPAGE_ADJUSTED = "enterprise_slippage_adjusted"
NO_CLOSE_DATES = "open deals have no close dates to count by"

BASIS_CATEGORIES = {ENTERPRISE: ("best_case", "commit"), SMB: CATEGORIES}
"""Open deals that count, with a close date in the period; what is closed in it counts in both."""


@dataclass(frozen=True)
class HistoricalRates:
    """Close rates of the past by segment and ``all``; what is not known is left out.

    ``close``: won / (won + lost_competition + lost_no_decision), by amount or count as the caller says.
    ``slippage_adjusted``: the same with the deals that slipped out of the period in the denominator.
    """

    close: Mapping[str, float] = field(default_factory=dict)
    slippage_adjusted: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Coverage:
    """Coverage by period, segment and basis.

    Parameters
    ----------
    table : DataFrame
        period, segment, basis, coverage, needed_p50, needed_p80, needed_p90, rule_of_thumb, amount,
        target, past_due, note. Multiples of the target; empty where there is none, and ``note`` says why.
        ``past_due``: open amount of the basis whose close date lies before as_of, in no coverage; shown
        with the first period.
    notes : tuple of str
        What holds for the whole table.
    """

    table: pd.DataFrame
    notes: tuple[str, ...] = ()

    def row(self, period: str, segment: str, basis: str) -> pd.Series | None:
        """Return one row, or None where that basis does not apply."""
        t = self.table
        rows = t[(t["period"] == period) & (t["segment"] == segment) & (t["basis"] == basis)]
        return None if rows.empty else rows.iloc[0]


def measure_coverage(
    paths: Paths,
    targets: Targets | None = None,
    motions: Mapping[str, str] | None = None,
    rates: HistoricalRates | None = None,
) -> Coverage:
    """Return coverage of each period by the open deals of today, and the coverage needed.

    Parameters
    ----------
    paths : Paths
        Simulations.
    targets : mapping, optional
        Bookings targets by period and segment.
    motions : mapping, optional
        ``enterprise`` (default) or ``smb`` by segment. ``all`` is shown on every basis in use.
    rates : HistoricalRates, optional
        For the rule of thumb 1 / close rate.

    Returns
    -------
    Coverage
        ``needed_pXX`` by `needed_multiple`.
    """
    goals, past = targets or {}, rates or HistoricalRates()
    names = names_with_total(paths.segments)
    bases = _bases(names, motions or {})
    bookings = add_total(paths.bookings_new(), paths.segments)
    amounts = {basis: _basis_amounts(paths, basis) for basis in BASIS_CATEGORIES}
    booked, past_due = _booked(paths), _past_due(paths)
    rows = [
        _row(
            _Cell(
                period,
                name,
                basis,
                amount=float(amounts[SMB if basis == SMB else ENTERPRISE][p, n]),
                booked=float(booked[p, n]),
                target=goals.get(period, {}).get(name, np.nan),
                past_due=float(past_due[SMB if basis == SMB else ENTERPRISE][n]) if p == 0 else 0.0,
            ),
            bookings[:, p, n],
            past,
        )
        for p, period in enumerate(paths.periods)
        for n, name in enumerate(names)
        for basis in bases[name]
    ]
    return Coverage(pd.DataFrame(rows), _notes(paths))


def needed_multiple(
    bookings: Floats, amount: float, booked: float, target: float, confidence: float
) -> float:
    """Return the coverage at which the target is hit with the confidence asked for.

    Suppose that there were s times as many open and future deals of today's mix. Bookings would be
    booked + s (B - booked), and the target is hit with probability XX when
    s = (target - booked) / (Q - booked), Q the 1 - XX quantile of B. The coverage is then
    (booked + s (amount - booked)) / target. Without a target it is amount / Q, what it is when all
    scales. It is above the coverage of today exactly when P(hit) is below XX. Limits: it
    keeps today's mix of categories, ages and close dates, and lets the spread grow in
    proportion, though more deals would spread luck better: it errs on the safe side.

    Parameters
    ----------
    bookings : ndarray of float64, shape (path,)
        Bookings of the period, what is booked included. Unit: currency, as all amounts.
    amount : float
        What the coverage counts, booked included.
    booked : float
        Signed already.
    target : float
        NaN if there is none.
    confidence : float
        Such as 0.8.

    Returns
    -------
    float
        Multiple of the target; NaN if no multiple will do or nothing open counts.
    """
    low_case = float(np.quantile(bookings, 1 - confidence))
    if np.isnan(target):
        return amount / low_case if amount > booked and low_case > 0 else float("nan")
    if booked >= target - HALF_CENT:
        return 1.0
    if low_case <= booked + HALF_CENT or amount <= booked:
        return float("nan")
    scale = (target - booked) / (low_case - booked)
    return (booked + scale * (amount - booked)) / target


def rule_of_thumb(close_rate: float) -> float:
    """Return the coverage that a close rate asks for: 1 / close rate; NaN if it is 0 or unknown."""
    return 1.0 / close_rate if np.isfinite(close_rate) and close_rate > 0 else float("nan")


@dataclass(frozen=True)
class _Cell:
    period: str
    segment: str
    basis: str
    amount: float
    booked: float
    target: float
    past_due: float


def _row(cell: _Cell, bookings: Floats, past: HistoricalRates) -> dict[str, object]:
    rates = past.slippage_adjusted if cell.basis == SLIPPAGE_ADJUSTED else past.close
    needed = {
        column: needed_multiple(bookings, cell.amount, cell.booked, cell.target, confidence)
        for column, confidence in CONFIDENCES.items()
    }
    return {
        "period": cell.period,
        "segment": cell.segment,
        "basis": cell.basis,
        "coverage": cell.amount / cell.target if cell.target > 0 else np.nan,
        **needed,
        "rule_of_thumb": rule_of_thumb(rates.get(cell.segment, np.nan)),
        "amount": cell.amount,
        "target": cell.target,
        "note": _explain(cell, needed),
        "past_due": cell.past_due,
        "short_p80": max(needed["needed_p80"] * cell.target - cell.amount, 0.0)
        if needed["needed_p80"] * cell.target > 0
        else np.nan,
    }


def _explain(cell: _Cell, needed: Mapping[str, float]) -> str:
    """Return in words why a multiple is missing, or nothing."""
    if cell.booked >= cell.target - HALF_CENT:
        return "target already booked"
    if np.isnan(cell.amount):
        return NO_CLOSE_DATES
    if cell.amount <= cell.booked:
        return "no open deal of this basis is dated in the period"
    missing = [column.removeprefix("needed_").upper() for column, value in needed.items() if np.isnan(value)]
    if missing:
        return f"no multiple of today's mix reaches {', '.join(missing)}: its low cases book nothing more"
    return "no target" if np.isnan(cell.target) else ""


def _bases(names: tuple[str, ...], motions: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the bases of each segment, and for ``all`` those of any segment."""
    enterprise: tuple[str, ...] = (ENTERPRISE, SLIPPAGE_ADJUSTED)
    bases = {name: (SMB,) if motions.get(name) == SMB else enterprise for name in names}
    used = {basis for name in names if name != ALL or len(names) == 1 for basis in bases[name]}
    order = (ENTERPRISE, SLIPPAGE_ADJUSTED, SMB)
    bases[ALL] = tuple(basis for basis in order if basis in used)
    return bases


def _booked(paths: Paths) -> Floats:
    """Return what is booked already, shape (period, name)."""
    booked = np.zeros((len(paths.periods), len(paths.segments)))
    booked[0] = paths.booked
    return add_total(booked, paths.segments)


def _past_due(paths: Paths) -> dict[str, Floats]:
    """Return what is past due by basis, shape (name,)."""
    late = np.zeros_like(paths.open_amount) if paths.past_due_amount is None else paths.past_due_amount
    of = {name: late[place] for place, name in enumerate(CATEGORIES)}
    return {
        basis: add_total(np.sum([of[name] for name in counted], axis=0)[None], paths.segments)[0]
        for basis, counted in BASIS_CATEGORIES.items()
    }


def counted_amount(paths: Paths, basis: str) -> Floats:
    """Return the open amount that counts for each period, shape (period, category, segment).

    By close date; what is past due counts nowhere. Where open deals have none, those of a motion without
    quarterly close dates (SMB) all count in the first period; for others there is nothing to go by: NaN.
    """
    if has_close_dates(paths):
        return paths.due_amount
    counted = np.full_like(paths.due_amount, np.nan)
    if basis == SMB:
        counted[:] = 0.0
        counted[0] = paths.open_amount
    return counted


def _basis_amounts(paths: Paths, basis: str) -> Floats:
    """Return the amount of a basis, booked included, shape (period, name)."""
    codes = [CATEGORIES.index(category) for category in BASIS_CATEGORIES[basis]]
    counted = counted_amount(paths, basis)[:, codes].sum(axis=1)
    if basis == SMB:
        counted = counted + paths.flow("won_created").mean(axis=0)
    return add_total(counted, paths.segments) + _booked(paths)


def has_close_dates(paths: Paths) -> bool:
    """Return whether open deals say when they will close."""
    late = paths.past_due_amount is not None and paths.past_due_amount.any()
    return bool(paths.due_amount.any() or late or not paths.open_amount.any())


def _say_past_due(paths: Paths) -> tuple[str, ...]:
    if paths.past_due_amount is None or paths.n_past_due is None or not paths.n_past_due.any():
        return ()
    amount, n, n_open = paths.past_due_amount.sum(), int(paths.n_past_due.sum()), int(paths.n_open.sum())
    return (
        f"{n:,} of {n_open:,} open deals, {amount:,.0f} {paths.currency}, are past due: their close date "
        "lies before the as-of date. They are in no coverage; confirm or close each of them.",
    )


def _notes(paths: Paths) -> tuple[str, ...]:
    needed = HowMade(
        "coverage needed",
        "the multiple of the target at which the simulation hits it in 50, 80 or 90 % of simulations, "
        "keeping today's mix of deals; the rule of thumb is 1 / close rate",
        MODEL,
    )
    if has_close_dates(paths):
        return (needed, *_say_past_due(paths))
    return (
        needed,
        "Open deals have no planned close dates: on the SMB basis all of them count in the first quarter; "
        "on the enterprise basis coverage by quarter cannot be measured.",
    )
