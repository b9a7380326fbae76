"""What a history tells of customers over their lifetime: renewal, growth by driver, contraction, return."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.contracts import (
    CONTRACTION,
    EXPANSION,
    REACTIVATION,
    RENEWAL,
    Book,
    Contracts,
    Movements,
    customer_book,
)
from simulator.calibration.growth import (
    FEWEST_CYCLES,
    Growth,
    arr_per_amount,
    away_and_back,
    estimate_growth,
    expansion_cycle,
    expansion_win_rate,
    seek_cycle,
)
from simulator.calibration.growth_by_size import arr_spells, is_growth
from simulator.calibration.pooling import Sizes, pool_rates, pool_shares, pool_sizes
from simulator.calibration.renewals import (
    NEAR_RENEWAL_MONTHS,
    TERM_CLASSES,
    ChurnLaws,
    RenewalCounts,
    churn_laws,
    law_terms,
    leave_at_any_time,
    renewal_counts,
    term_class,
)
from simulator.history.tables import History
from simulator.kernels.customers.flows import DRIVERS

PRICE = DRIVERS.index("price")
PRIOR_CONTRACTION, PRIOR_PRICE_RISE = 0.05, 0.1
PRIOR_RETURN_PER_MONTH = 0.005
PRIOR_SIZE = {"growth": 0.1, "price_rise": 0.05, "contraction": 0.2, "reactivation": 0.8}
FEAT = float(np.log(2.0))
"""Growth of customers a year, on the log scale, that calls for a word of caution."""
MOST_TERMS = 8
PAST_MONTHS = (12.0, 24.0)


@dataclass(frozen=True)
class CustomerCalibration:
    """Everything estimated about customers; arrays in the order of ``segments``.

    Parameters
    ----------
    segments : tuple of str
        Names, in axis order: those of the deals first.
    churn : ChurnLaws
        Chance to leave at a renewal, by segment and class of term.
    contraction, price_rise : ndarray of float64, shape (segment, class, 2)
        Beta(a, b) that a renewal that is kept brings a contraction, or a price rise.
    changes : ndarray of float64, shape (segment, class, 3)
        Renewals kept, contractions and price rises behind them.
    growth : Growth
        Growth events by driver after first value, and the time to it.
    growth_sizes : tuple of Sizes
        Share of ARR, by driver.
    contraction_size, price_size, return_size : Sizes
        Shares of ARR; of a return, of the ARR at churn.
    return_shape, return_rate : ndarray of float64, shape (segment,)
        Gamma posterior of reactivations per month after churn.
    returns, months_away : ndarray of float64, shape (segment,)
        Their counts and exposure.
    cycle : ndarray of float64, shape (3,)
        Sales cycle of expansion deals: log of the median in months, spread of the log, deals behind it.
    win_rate : ndarray of float64, shape (3,)
        Beta(a, b) that an expansion deal is won, and deals behind it.
    arr_per_amount : ndarray of float64, shape (segment, 3)
        ARR of a new customer / amount of the deal that won it: log, its sd, customers behind it.
    terms : ndarray of int64, shape (option,)
        Contract terms in use. Unit: months.
    term_counts : ndarray of float64, shape (segment, option)
        Customers by term.
    n_customers : ndarray of float64, shape (segment,)
        Customers seen.
    notes : tuple of str
        What was assumed or left out.
    """

    segments: tuple[str, ...]
    churn: ChurnLaws
    contraction: Floats
    price_rise: Floats
    changes: Floats
    growth: Growth
    growth_sizes: tuple[Sizes, ...]
    contraction_size: Sizes
    price_size: Sizes
    return_size: Sizes
    return_shape: Floats
    return_rate: Floats
    returns: Floats
    months_away: Floats
    cycle: Floats
    win_rate: Floats
    arr_per_amount: Floats
    terms: Ints
    term_counts: Floats
    n_customers: Floats
    notes: tuple[str, ...] = ()


def calibrate_customers(history: History, segments: tuple[str, ...]) -> CustomerCalibration | None:
    """Estimate everything about customers, or return None where the history has none.

    Parameters
    ----------
    history : History
        ``customers`` and ``arr_changes``; expansion deals among ``opportunities`` give cycle and win rate.
    segments : tuple of str
        Names in axis order; segments that only customers have are added after them.
    """
    names = _with_own(segments, history)
    book = customer_book(history, names) if len(history.customers) else None
    if book is None or not book.ids:
        return None
    contracts, moves, n = book.contracts, book.movements, len(names)
    at_any_time = leave_at_any_time(contracts, moves)
    counts = renewal_counts(contracts, n, at_any_time)
    changed = _renewal_changes(contracts, moves, at_any_time)
    grown = is_growth(moves, contracts, changed.rise)
    cycle = _cycle(history, book, grown, n)
    sizes = _growth_sizes(contracts, moves, grown, n)
    mean_share = np.exp(np.stack([size.log_mean for size in sizes], axis=1))
    terms, term_counts = _term_mix(contracts, n)
    notes = (*_notes(history, book, counts.churned, at_any_time, cycle), *_growth_notes(names, book, grown))
    return CustomerCalibration(
        segments=names,
        churn=churn_laws(counts, at_any_time, _past_counts(contracts, n, at_any_time)),
        **vars(_at_renewals(book, changed, counts, n)),
        growth=estimate_growth(book, grown, cycle[:2], mean_share),
        growth_sizes=sizes,
        **vars(_returns(contracts, moves, n)),
        cycle=cycle,
        win_rate=expansion_win_rate(history.opportunities),
        arr_per_amount=arr_per_amount(history, book, n),
        terms=terms,
        term_counts=term_counts,
        n_customers=np.bincount(contracts.segment, minlength=n).astype(np.float64),
        notes=notes,
    )


def _with_own(segments: tuple[str, ...], history: History) -> tuple[str, ...]:
    """Return the segments of the deals, and after them those that only customers have."""
    return (*segments, *sorted(set(history.customers["segment"].dropna().astype(str)) - set(segments)))


def _cycle(history: History, book: Book, grown: Mask, n: int) -> Floats:
    """Return the sales cycle of expansion deals; where there are few, the one that growth begins with."""
    cycle = expansion_cycle(history.opportunities)
    return cycle if cycle[2] >= FEWEST_CYCLES else np.append(seek_cycle(book, n, grown), 0.0)


@dataclass(frozen=True)
class _RenewalChanges:
    """Which movements are a contraction, or a price rise at a renewal; shape (movement,)."""

    contraction: Mask
    rise: Mask


def _renewal_changes(contracts: Contracts, moves: Movements, at_any_time: Ints) -> _RenewalChanges:
    who = moves.customer
    step = law_terms(contracts.term, at_any_time)[who]
    since = (moves.time - moves.life_start) / step
    near = np.abs(since - np.maximum(np.rint(since), 1.0)) * step <= NEAR_RENEWAL_MONTHS
    seen = (moves.time >= contracts.seen_from[who]) & (moves.before > 0.0)
    priced = (moves.kind == EXPANSION) & (moves.driver == PRICE) & near
    rise = seen & (moves.delta > 0.0) & ((moves.kind == RENEWAL) | priced)
    down = (moves.kind == CONTRACTION) | (moves.kind == RENEWAL)
    return _RenewalChanges(seen & down & (moves.delta < 0.0), rise)


def _past_counts(contracts: Contracts, n: int, at_any_time: Ints) -> list[RenewalCounts]:
    """Return the renewals as they were counted a year ago and two years ago."""
    found = []
    for back in PAST_MONTHS:
        cut = contracts.as_of - back
        known = np.where(contracts.churned < cut, contracts.churned, np.inf)
        seen_from = np.minimum(contracts.seen_from, cut)
        found.append(
            renewal_counts(replace(contracts, as_of=cut, churned=known, seen_from=seen_from), n, at_any_time)
        )
    return found


@dataclass(frozen=True)
class _AtRenewals:
    """Contractions and price rises at renewals: how often, how large, and the counts behind them."""

    contraction: Floats
    price_rise: Floats
    changes: Floats
    contraction_size: Sizes
    price_size: Sizes


def _at_renewals(book: Book, changed: _RenewalChanges, counts: RenewalCounts, n: int) -> _AtRenewals:
    contracts, moves = book.contracts, book.movements
    kept = (counts.at_risk - counts.churned).sum(axis=2)
    contraction, rises = (
        _by_law(contracts, moves, which, n) for which in (changed.contraction, changed.rise)
    )
    return _AtRenewals(
        _pooled_shares(contraction, kept, PRIOR_CONTRACTION),
        _pooled_shares(rises, kept, PRIOR_PRICE_RISE),
        np.stack([kept, contraction, rises], axis=2),
        _sizes(contracts, moves, changed.contraction, n, "contraction"),
        _sizes(contracts, moves, changed.rise, n, "price_rise"),
    )


def _by_law(contracts: Contracts, moves: Movements, chosen: Mask, n: int) -> Floats:
    """Count movements of first lives, as the renewals are counted, by segment and class of term."""
    who = moves.customer[chosen & (moves.life == 0)]
    law = contracts.segment[who] * len(TERM_CLASSES) + term_class(contracts.term[who])
    return np.bincount(law, minlength=n * len(TERM_CLASSES)).reshape(n, -1).astype(np.float64)


def _pooled_shares(events: Floats, kept: Floats, prior: float) -> Floats:
    pooled = [
        pool_shares(np.minimum(events[:, c], kept[:, c]), kept[:, c], prior if c else prior / 12.0)
        for c in range(len(TERM_CLASSES))
    ]
    return np.stack(pooled, axis=1)


def _sizes(contracts: Contracts, moves: Movements, chosen: Mask, n: int, kind: str) -> Sizes:
    share = np.abs(moves.delta[chosen]) / np.maximum(moves.before[chosen], 1e-9)
    segment = contracts.segment[moves.customer[chosen]]
    return pool_sizes(share, moves.before[chosen], segment, n, PRIOR_SIZE[kind])


def _growth_sizes(contracts: Contracts, moves: Movements, grown: Mask, n: int) -> tuple[Sizes, ...]:
    return tuple(
        _sizes(contracts, moves, grown & (moves.driver == driver), n, "growth")
        for driver in range(len(DRIVERS))
    )


@dataclass(frozen=True)
class _Returns:
    """How often and how large those who had left come back, and the counts behind it."""

    return_shape: Floats
    return_rate: Floats
    returns: Floats
    months_away: Floats
    return_size: Sizes


def _returns(contracts: Contracts, moves: Movements, n: int) -> _Returns:
    left, back, who = away_and_back(contracts, moves)
    events = np.bincount(contracts.segment[who[back < contracts.as_of]], minlength=n).astype(np.float64)
    exposure: Floats = np.bincount(contracts.segment[who], back - left, n).astype(np.float64)
    pooled = pool_rates(events, exposure, PRIOR_RETURN_PER_MONTH)
    again = np.flatnonzero((moves.kind == REACTIVATION) & (moves.life > 0) & (moves.delta > 0.0))
    ends = np.flatnonzero(moves.ends)
    place = np.searchsorted(ends, again) - 1
    lost = np.where(place >= 0, moves.before[ends[np.maximum(place, 0)]] if ends.size else 0.0, 0.0)
    ok = lost > 0.0
    segment = contracts.segment[moves.customer[again[ok]]]
    size = pool_sizes(moves.delta[again[ok]] / lost[ok], lost[ok], segment, n, PRIOR_SIZE["reactivation"])
    return _Returns(pooled.shape, pooled.rate, events, exposure, size)


def _term_mix(contracts: Contracts, n: int) -> tuple[Ints, Floats]:
    """Return the terms in use, the most common few, and how many customers of each segment have them."""
    found, counts = np.unique(contracts.term, return_counts=True)
    terms = np.sort(found[np.argsort(-counts, kind="stable")][:MOST_TERMS])
    nearest = np.abs(contracts.term[:, None] - terms[None, :]).argmin(axis=1)
    table = np.zeros((n, terms.size))
    np.add.at(table, (contracts.segment, nearest), 1.0)
    return terms.astype(np.int64), table


def _growth_notes(names: tuple[str, ...], book: Book, grown: Mask) -> list[str]:
    """Say where growth is so strong that to go on like this would be a feat."""
    contracts, moves, spells = book.contracts, book.movements, arr_spells(book.contracts, book.movements)
    who = moves.customer[grown]
    money = np.bincount(contracts.segment[who], moves.delta[grown], len(names))
    at_risk = np.bincount(
        contracts.segment[spells.customer], spells.arr * (spells.end - spells.begin), len(names)
    )
    fast = [name for name, m, r in zip(names, money, at_risk, strict=True) if 12.0 * m > FEAT * r]
    if not fast:
        return []
    return [
        f"ARR of existing customers in {', '.join(fast)} has grown faster than it doubles in a year, and is "
        "simulated to go on so: turn the lever 'expansion' down if it cannot."
    ]


def _notes(history: History, book: Book, churned: Floats, at_any_time: Ints, cycle: Floats) -> list[str]:
    notes = list(book.notes)
    if history.arr_changes.empty:
        notes.append(
            "No ARR changes: churn and growth of customers are published priors, not this company's."
        )
    elif not churned.any():
        notes.append("No customer has left yet: churn rests on the prior of 12 % a year.")
    for place in np.flatnonzero(at_any_time):
        kind = TERM_CLASSES[place].replace("_", "-")
        notes.append(
            f"Customers with {kind} contracts leave between renewal dates as often as at them: "
            "churn is modelled per month."
        )
    if not (history.opportunities["type"] == "expansion").any():
        notes.append(
            "No expansion deals among the opportunities: their sales cycle is inferred from when growth "
            f"begins, at a median of {np.exp(cycle[0]):.1f} months."
        )
    return notes
