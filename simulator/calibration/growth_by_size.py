"""How growth differs with the size of the customer: events and money per ARR at risk, by bands of ARR.

A rate per customer times a mean share of ARR forecasts the wrong money where customers of one size expand
more often, or by another share, than those of another: the customers at risk are then not those behind the
share. Bands of ARR are split where the likelihood of the events says so, and in each band the rate and the
share have one denominator: the time, and the ARR, at risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import special

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.contracts import EXPANSION, Book, Contracts, Movements
from simulator.kernels.customers.flows import FIRST_SOLD

N_KINDS = 2
"""Growth that comes by itself, and growth that is sold."""
MOST_BANDS = 5
MOST_CUTS = 40
LEAST_GAIN = 8.0
"""Log-likelihood that a cut must gain; chance alone exceeds it in 3 of 1,000 cuts (chi-square, 4)."""
LEAST_EXPECTED = 5.0
"""Events expected on either side of a cut."""
PRIOR_EVENTS = 1.0
"""Events that the company's rate is worth in a band."""
LEAST_VARIANCE = 0.01
SIZE_SPREAD = 0.5
"""Prior standard deviation, on the log scale, of the share of ARR in a band about that of its segment."""


@dataclass(frozen=True)
class GrowthBySize:
    """Factors on rate and size of growth by band of ARR; kind: by itself, sold.

    Parameters
    ----------
    edges : ndarray of float64, shape (segment, band - 1)
        ARR at which the next band begins; infinite: there is none. Unit: currency.
    shape, rate : ndarray of float64, shape (segment, band, kind)
        Gamma posterior of the factor on the rate of events.
    at_risk : ndarray of float64, shape (segment, band, kind)
        Share of the time at risk; the mean of the factors over it is 1.
    size : ndarray of float64, shape (segment, band, kind)
        Factor on the share of ARR.
    """

    edges: Floats
    shape: Floats
    rate: Floats
    at_risk: Floats
    size: Floats

    @classmethod
    def alike(cls, n_segments: int) -> GrowthBySize:
        """Return growth that does not depend on size."""
        ones = np.ones((n_segments, MOST_BANDS, N_KINDS))
        first = np.zeros_like(ones)
        first[:, 0] = 1.0
        return cls(np.full((n_segments, MOST_BANDS - 1), np.inf), ones, ones, first, ones)


@dataclass(frozen=True)
class Spells:
    """Times during which a customer's ARR did not change; arrays over spells.

    Parameters
    ----------
    customer : row in Contracts
    begin, end : months; end is after begin
    arr : currency, above zero
    again : whether the customer had left and returned before
    """

    customer: Ints
    begin: Floats
    end: Floats
    arr: Floats
    again: Mask


def arr_spells(contracts: Contracts, moves: Movements) -> Spells:
    """Return the time at risk of every customer, cut where its ARR changes."""
    n = contracts.segment.size
    first = contracts.start.copy()
    np.minimum.at(first, moves.customer, moves.time)
    customer = np.concatenate([np.arange(n), moves.customer])
    time = np.concatenate([first, moves.time])
    after = np.concatenate([contracts.opening, np.where(moves.ends, 0.0, moves.before + moves.delta)])
    life = np.concatenate([np.zeros(n), moves.life + moves.ends])
    order = np.lexsort((np.arange(time.size), time, customer))
    customer, time, after, life = customer[order], time[order], after[order], life[order]
    end = np.append(time[1:], contracts.as_of)
    end[np.append(customer[1:] != customer[:-1], True)] = contracts.as_of
    begin = np.maximum(time, contracts.seen_from[customer])
    there = (after > 0.0) & (end > begin)
    return Spells(customer[there], begin[there], end[there], after[there], life[there] > 0)


@dataclass(frozen=True)
class _AtRisk:
    """Time at risk and events of a segment by ARR: shapes (spell,), (spell, kind), (event,)."""

    arr: Floats
    months: Floats
    before: Floats
    delta: Floats
    kind: Ints


def growth_by_size(book: Book, counted: Mask, reached: Floats, rates: Floats, sizes: Floats) -> GrowthBySize:
    """Estimate how growth differs with ARR.

    Parameters
    ----------
    book : Book
    counted : ndarray of bool, shape (movement,)
        Growth events.
    reached : ndarray of float64, shape (segment, kind, tenure)
        Chance that growth has become possible in a month of tenure; the last stands for all beyond.
    rates : ndarray of float64, shape (segment, driver)
        Events per month after first value, of customers of all sizes.
    sizes : ndarray of float64, shape (segment, driver)
        Mean share of ARR.
    """
    contracts, moves = book.contracts, book.movements
    spells = arr_spells(contracts, moves)
    made = GrowthBySize.alike(len(rates))
    edges, shape, rate, share, size = (a.copy() for a in vars(made).values())
    since = [t - contracts.start[spells.customer] for t in (spells.begin, spells.end)]
    for segment in range(len(rates)):
        mine = contracts.segment[spells.customer] == segment
        between = (since[0][mine], since[1][mine], spells.again[mine])
        months = np.stack([_between(chance, *between) for chance in reached[segment]], axis=1)
        event = counted & (contracts.segment[moves.customer] == segment)
        data = _AtRisk(
            spells.arr[mine],
            months,
            moves.before[event],
            moves.delta[event],
            (moves.driver[event] >= FIRST_SOLD).astype(np.int64),
        )
        cuts = _cuts(data)
        edges[segment, : len(cuts)] = cuts
        found = _factors(data, cuts, rates[segment], sizes[segment])
        n_bands = len(cuts) + 1
        for whole, part in zip((shape, rate, share, size), found, strict=True):
            whole[segment, :n_bands] = part
    return GrowthBySize(edges, shape, rate, share, size)


def _between(chance: Floats, begin: Floats, end: Floats, again: Mask) -> Floats:
    """Return the time after first value between two tenures; all of it for those who returned."""
    passed = np.concatenate([[0.0], np.cumsum(chance)])

    def until(tenure: Floats) -> Floats:
        inside = np.interp(tenure, np.arange(passed.size), passed)
        return np.asarray(inside + np.maximum(tenure - chance.size, 0.0))

    return np.where(again, end - begin, until(end) - until(begin))


def _cuts(data: _AtRisk) -> Floats:
    """Return the ARR at which bands are split, in order: best first, while the likelihood gains enough."""
    cuts: list[float] = []
    while len(cuts) < MOST_BANDS - 1:
        edges = [0.0, *sorted(cuts), np.inf]
        best = max(_best_cut(data, low, high) for low, high in pairwise(edges))
        if best[0] < LEAST_GAIN:
            break
        cuts.append(best[1])
    return np.array(sorted(cuts))


def _best_cut(data: _AtRisk, low: float, high: float) -> tuple[float, float]:
    """Return the log-likelihood gained by the best cut of a band, and where it is."""
    spells = (data.arr >= low) & (data.arr < high)
    events = (data.before >= low) & (data.before < high)
    values = np.unique(data.arr[spells])
    if values.size < 2 or not events.any():
        return 0.0, high
    if values.size > MOST_CUTS:
        values = np.unique(np.quantile(data.arr[spells], np.linspace(0.0, 1.0, MOST_CUTS + 1)))
    cuts = np.sqrt(values[1:] * values[:-1])
    gain = np.zeros(cuts.size)
    expected = np.zeros((2, cuts.size))
    for kind in range(N_KINDS):
        own = events & (data.kind == kind)
        below, months = (
            _sums_below(data.arr[spells], data.months[spells, kind], cuts),
            float(data.months[spells, kind].sum()),
        )
        logs = np.log(np.maximum(data.delta[own] / data.before[own], 1e-9))
        n, first, second = (
            _sums_below(data.before[own], v, cuts) for v in (np.ones_like(logs), logs, logs**2)
        )
        total = float(own.sum()), float(logs.sum()), float((logs**2).sum())
        gain += _rate_gain(n, below, total[0], months) + _size_gain((n, first, second), total)
        rate = total[0] / max(months, 1e-9)
        expected += rate * np.stack([below, months - below])
    gain[expected.min(axis=0) < LEAST_EXPECTED] = 0.0
    place = int(gain.argmax())
    return float(gain[place]), float(cuts[place])


def _sums_below(at: Floats, values: Floats, cuts: Floats) -> Floats:
    order = np.argsort(at)
    sums = np.concatenate([[0.0], np.cumsum(values[order])])
    return np.asarray(sums[np.searchsorted(at[order], cuts)])


def _rate_gain(n: Floats, months: Floats, n_all: float, months_all: float) -> Floats:
    """Return the Poisson log-likelihood gained by two rates in place of one."""
    two = special.xlogy(n, n / np.maximum(months, 1e-9))
    rest, rest_months = n_all - n, np.maximum(months_all - months, 1e-9)
    two += special.xlogy(rest, rest / rest_months)
    return np.asarray(two - special.xlogy(n_all, n_all / max(months_all, 1e-9)))


def _size_gain(below: tuple[Floats, Floats, Floats], total: tuple[float, float, float]) -> Floats:
    """Return the log-normal log-likelihood gained by two mean shares in place of one."""
    n, first, second = below
    within = np.zeros_like(n)
    for k, sum_, squares in ((n, first, second), (total[0] - n, total[1] - first, total[2] - second)):
        within += squares - sum_**2 / np.maximum(k, 1.0)
    whole = total[2] - total[1] ** 2 / max(total[0], 1.0)
    floor = LEAST_VARIANCE * max(total[0], 1.0)
    return np.asarray(0.5 * total[0] * np.log((whole + floor) / (np.maximum(within, 0.0) + floor)))


def _factors(
    data: _AtRisk, cuts: Floats, rates: Floats, sizes: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Return Gamma posterior, share of the time at risk and size factor, shape (band, kind) each."""
    n_bands = len(cuts) + 1
    band, of_event = np.searchsorted(cuts, data.arr, "right"), np.searchsorted(cuts, data.before, "right")
    shape, rate, share, size = np.ones((4, n_bands, N_KINDS))
    for kind, drivers in enumerate((slice(0, FIRST_SOLD), slice(FIRST_SOLD, None))):
        per_month, own = float(rates[drivers].sum()), data.kind == kind
        months = np.bincount(band, data.months[:, kind], n_bands)
        arr = np.bincount(band, data.months[:, kind] * data.arr, n_bands)
        n = np.bincount(of_event[own], minlength=n_bands)
        money = np.bincount(of_event[own], data.delta[own], n_bands)
        squares = np.bincount(of_event[own], data.delta[own] ** 2, n_bands)
        if n_bands > 1:
            shape[:, kind], rate[:, kind] = PRIOR_EVENTS + n, PRIOR_EVENTS + per_month * months
        share[:, kind] = months / max(float(months.sum()), 1e-9) if months.any() else 1.0 / n_bands
        factor = shape[:, kind] / rate[:, kind]
        factor /= max(float(share[:, kind] @ factor), 1e-9)
        # Of all drivers together: what is expected of the segment's rates and shares, were all sizes alike.
        expected = factor * arr * float(rates[drivers] @ sizes[drivers])
        known = (money > 0.0) & (expected > 0.0)
        off = np.log(np.where(known, money, 1.0) / np.where(known, expected, 1.0))
        variance = squares / np.where(known, money, 1.0) ** 2
        size[:, kind] = np.where(known, np.exp(off * SIZE_SPREAD**2 / (SIZE_SPREAD**2 + variance)), 1.0)
    return shape, rate, share, size


def is_growth(moves: Movements, contracts: Contracts, at_price_rise: Mask) -> Mask:
    """Mark the movements that are growth between renewals, as far as they were seen."""
    grown = ~at_price_rise & (moves.kind == EXPANSION) & (moves.before > 0.0) & (moves.delta > 0.0)
    return np.asarray(grown & (moves.time >= contracts.seen_from[moves.customer]))
