"""Amounts of new deals with their tail, and how amounts change until they are signed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import scipy

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.calibration import SIZE_QUANTILES, Amounts
from simulator.calibration.exposure import DealMonths
from simulator.history.states import DealStates

TAIL_QUANTILE = 0.9
TAIL_MIN_DEALS = 100
MIN_EXCEEDANCES = 5
"""Fewer, because many amounts equal the threshold, leave the sample as it is: price lists have no tail."""
TAIL_SHAPES = (-0.2, 0.65)
"""Bounds of the generalised-Pareto shape: beyond 0.65 the mean depends on deals never seen."""
SHAPE_PRIOR_DEALS = 40.0
"""Exceedances that the company's tail shape is worth in a segment."""
THIN_DEALS = 50
BORROWED_DEALS = 8.0
MEDIAN_PRIOR_DEALS = 2.0
FEW_AMOUNTS = 10
MAX_BORROWED_VALUES = 300
MIN_SEGMENT_WINS = 50
MAX_VALUES = 1000
MAX_RATIOS = 200
RATIO_BOUNDS = (0.01, 100.0)
"""A signed amount further than this from the open one is a placeholder, not a discount."""
OPEN_AMOUNT_SHARE = 0.2
"""Share of the deals not won that must carry an amount for amounts to be of use before the win."""


@dataclass(frozen=True)
class DealAmounts:
    """Amounts as they go into the calibration.

    Parameters
    ----------
    new, multiplier_new, multiplier_open : tuple of Amounts
        By segment, as in ``Calibration``.
    size_edges : ndarray of float64, shape (segment, 6)
        Amounts that part the size bands.
    size : ndarray of int64, shape (opportunity,), or None
        Size band of each deal, -1 unknown; None where amounts are known for won deals only.
    has_open_amounts : bool
        Whether amounts are known before a deal is won.
    notes : tuple of str
    basis : ndarray of float64, shape (opportunity,)
        Amount of each deal that the amounts of new deals rest on; NaN where it does not count.
    """

    new: tuple[Amounts, ...]
    multiplier_new: tuple[Amounts, ...]
    multiplier_open: tuple[Amounts, ...]
    size_edges: Floats
    size: Ints | None
    has_open_amounts: bool
    notes: tuple[str, ...]
    basis: Floats


def deal_amounts(
    states: DealStates,
    months: DealMonths,
    opportunities: pd.DataFrame,
    *,
    segment: Ints,
    arrived: Mask,
    names: tuple[str, ...],
) -> DealAmounts:
    """Estimate amounts of new deals, their change until signed, and the size bands.

    Parameters
    ----------
    states, months
    opportunities : DataFrame
        Table of the history: the latest amount is the signed one of a won deal.
    segment, arrived : ndarrays, shape (opportunity,)
        Segment of each deal; whether its beginning was seen.
    names : tuple of str
        Names of the segments.
    """
    qualified = np.isin(np.arange(len(opportunities)), states.deal)
    won = qualified & (opportunities["outcome"] == "won").fillna(False).to_numpy(dtype=bool)
    latest = opportunities["amount"].to_numpy(dtype=np.float64)
    at_sal = _first_amounts(states, len(opportunities))
    has_open = _are_known(at_sal[qualified & ~won])
    counted, amount = (arrived, at_sal) if has_open else (won, latest)
    basis = np.where(qualified & counted, amount, np.nan)
    new, notes = _new_amounts(basis, segment, names)
    edges = np.stack([_size_edges(a) for a in new])
    return DealAmounts(
        new=tuple(new),
        multiplier_new=_ratio_samples(*_sal_ratios(at_sal, latest, won & has_open), segment, names),
        multiplier_open=_ratio_samples(*_open_ratios(months, won & has_open, latest), segment, names),
        size_edges=edges,
        size=_size_bands(at_sal, edges[segment]) if has_open else None,
        has_open_amounts=has_open,
        notes=notes if has_open else (WON_ONLY, *notes),
        basis=basis,
    )


def _are_known(at_sal: Floats) -> bool:
    """Return whether the amounts of deals that are not won are known often enough to be of use."""
    return bool(len(at_sal) == 0 or np.mean(at_sal > 0) >= OPEN_AMOUNT_SHARE)


def _size_bands(amount: Floats, edges: Floats) -> Ints:
    """Return the size band of each deal, -1 where its amount is unknown."""
    return np.where(amount >= 0, (amount[:, None] >= edges).sum(axis=1), -1)


def _sal_ratios(at_sal: Floats, latest: Floats, won: Mask) -> tuple[Ints, Floats]:
    """Return the won deals whose amount at the SAL can be compared with the signed one, and signed / SAL."""
    ratio = np.where(won & (at_sal > 0), latest / np.where(at_sal > 0, at_sal, 1.0), np.nan)
    usable = np.flatnonzero(_plausible(ratio))
    return usable, ratio[usable]


def _new_amounts(
    basis: Floats, segment: Ints, names: tuple[str, ...]
) -> tuple[list[Amounts], tuple[str, ...]]:
    """Return the amounts of new deals by segment, and notes on what they rest on."""
    by_segment = [basis[(segment == s) & (basis > 0)] for s in range(len(names))]
    zeros = np.array([((segment == s) & (basis == 0)).sum() for s in range(len(names))])
    new = _with_zeros(_pool_samples(by_segment, names), zeros, by_segment)
    return new, tuple(_notes(names, by_segment, int(zeros.sum())))


WON_ONLY = (
    "Amounts are known for won deals only: new and open deals take the amounts of won ones, "
    "and nothing is known of discounts or growth before the signature."
)


def _notes(names: tuple[str, ...], by_segment: list[Floats], n_zeros: int) -> Iterator[str]:
    if n_zeros:
        yield f"Amounts of zero ({n_zeros:,} of the deals) are simulated as often as they were seen."
    for name, known in zip(names, by_segment, strict=True):
        if len(known) < FEW_AMOUNTS and len(names) > 1:
            yield f"{name}: few amounts are known ({len(known)}); they lean on the company's."
    if not any(len(known) for known in by_segment):
        yield "No deal has an amount: every deal counts as 1 in the currency of the history."


def _first_amounts(states: DealStates, n_opportunities: int) -> Floats:
    """Return the first amount known of each deal, NaN where there is none."""
    known = np.flatnonzero(np.isfinite(states.amount))
    deal, at = np.unique(states.deal[known], return_index=True)
    amounts = np.full(n_opportunities, np.nan)
    amounts[deal] = states.amount[known[at]]
    return amounts


def _plausible(ratio: Floats) -> Mask:
    inside = (ratio >= RATIO_BOUNDS[0]) & (ratio <= RATIO_BOUNDS[1])
    return np.asarray(np.isfinite(ratio) & (inside | (ratio == 0.0)))


def _open_ratios(months: DealMonths, won: Mask, latest: Floats) -> tuple[Ints, Floats]:
    """Return deals and signed amount / open amount at every month's end of the deals later won."""
    rows = months.open_at_month_end & won[months.deal] & (months.amount > 0)
    ratio = latest[months.deal[rows]] / months.amount[rows]
    keep = _plausible(ratio)
    return months.deal[rows][keep], ratio[keep]


def _ratio_samples(deal: Ints, ratio: Floats, segment: Ints, names: tuple[str, ...]) -> tuple[Amounts, ...]:
    company = _ratio_sample(ratio, deal, "pooled")
    samples = []
    for s in range(len(names)):
        mine = segment[deal] == s
        enough = len(np.unique(deal[mine])) >= MIN_SEGMENT_WINS
        samples.append(_ratio_sample(ratio[mine], deal[mine], "calibrated") if enough else company)
    return tuple(samples)


def _ratio_sample(ratio: Floats, deal: Ints, source: str) -> Amounts:
    if not len(ratio):
        return Amounts(np.ones(1), np.ones(1), 1.0, 0.0, 0.0, 0, "prior")
    values, weights = _thinned(ratio, MAX_RATIOS)
    return Amounts(values, weights, float(values[-1]), 0.0, 0.0, len(np.unique(deal)), source)


def _thinned(values: Floats, most: int) -> tuple[Floats, Floats]:
    """Return the values in order with their shares, or as many means of neighbours as allowed."""
    ordered = np.sort(values)
    if len(ordered) <= most:
        return ordered, np.full(len(ordered), 1.0 / len(ordered))
    parts = np.array_split(ordered, most)
    return np.array([p.mean() for p in parts]), np.array([len(p) / len(ordered) for p in parts])


def _size_edges(amounts: Amounts) -> Floats:
    below = np.cumsum(amounts.weights)
    at = np.minimum(np.searchsorted(below, below[-1] * np.array(SIZE_QUANTILES) - 1e-12), len(below) - 1)
    return np.asarray(amounts.values[at])  # noqa: PD011


def _pool_samples(samples: list[Floats], names: tuple[str, ...]) -> list[Amounts]:
    """Return the amounts of each segment, thin ones with the company's shape about their own median."""
    everything = np.concatenate(samples) if samples else np.zeros(0)
    if not len(everything):
        return [Amounts(np.ones(1), np.ones(1), 1.0, 0.0, 0.0, 0, "prior") for _ in names]
    medians = [float(np.median(v)) if len(v) else np.nan for v in samples]
    company_median = float(np.median(everything))
    relative = np.concatenate([v / m for v, m in zip(samples, medians, strict=True) if len(v)])
    company_shape, borrowed_share = _thinned(relative, MAX_BORROWED_VALUES)
    shape = _company_tail_shape(samples)
    pooled = []
    for values, median in zip(samples, medians, strict=True):
        if len(values) >= TAIL_MIN_DEALS:
            pooled.append(_with_tail(values, shape))
        elif len(values) >= THIN_DEALS:
            pooled.append(_plain(np.sort(values), np.ones(len(values)), len(values), "calibrated"))
        else:
            weight = MEDIAN_PRIOR_DEALS / (len(values) + MEDIAN_PRIOR_DEALS)
            log_median = weight * np.log(company_median) + (1 - weight) * np.log(
                median if len(values) else 1.0
            )
            borrowed = company_shape * np.exp(log_median)
            mixed = np.concatenate([values, borrowed])
            weights = np.concatenate([np.ones(len(values)), BORROWED_DEALS * borrowed_share])
            pooled.append(_plain(mixed, weights, len(values), "pooled"))
    return pooled


def _with_zeros(pooled: list[Amounts], zeros: Ints, samples: list[Floats]) -> list[Amounts]:
    """Return the amounts with zero as likely as it was, a thin segment leaning on the company."""
    known = np.array([len(values) for values in samples])
    company = zeros.sum() / max(int(zeros.sum() + known.sum()), 1)
    if company == 0.0:
        return pooled
    share = (zeros + BORROWED_DEALS * company) / (zeros + known + BORROWED_DEALS)
    return [
        replace(
            amounts,
            values=np.append(0.0, amounts.values),
            weights=np.append(p, (1.0 - p) * amounts.weights),
            count=amounts.count + int(n),
        )
        for amounts, p, n in zip(pooled, share.tolist(), zeros, strict=True)
    ]


def _plain(values: Floats, weights: Floats, count: int, source: str) -> Amounts:
    order = np.argsort(values, kind="stable")
    values = values[order]
    return Amounts(values, weights[order] / weights.sum(), float(values[-1]), 0.0, 0.0, count, source)


def _exceedances(values: Floats) -> tuple[float, Floats]:
    threshold = float(np.quantile(values, TAIL_QUANTILE))
    return threshold, values[values > threshold] - threshold


def fit_tail(excess: Floats, shape: float | None = None) -> tuple[float, float]:
    """Return shape and scale of the generalised Pareto distribution that makes the exceedances most likely.

    Parameters
    ----------
    excess : ndarray of float64, shape (exceedance,)
        Amounts above the threshold, less the threshold.
    shape : float, optional
        Given: only the scale is fitted.
    """
    unit = float(excess.mean())
    scaled = excess / unit
    bounds = [TAIL_SHAPES if shape is None else (shape, shape), (-5.0, 5.0)]

    def loss(point: Floats) -> float:
        return _tail_loss(scaled, float(point[0]), float(np.exp(point[1])))

    start = np.array([0.1 if shape is None else shape, 0.0])
    simplex = start + np.array([[0.0, 0.0], [0.0 if shape is not None else 0.2, 0.0], [0.0, -0.3]])
    found = scipy.optimize.minimize(
        loss, start, method="Nelder-Mead", bounds=bounds, options={"initial_simplex": simplex}
    )
    return float(found.x[0]), unit * float(np.exp(found.x[1]))


def _tail_loss(excess: Floats, shape: float, scale: float) -> float:
    z = excess / scale
    if abs(shape) < 1e-9:
        return float(len(z) * np.log(scale) + z.sum())
    inside = 1.0 + shape * z
    if inside.min() <= 0.0:
        return float("inf")
    return float(len(z) * np.log(scale) + (1.0 + 1.0 / shape) * np.log(inside).sum())


def _company_tail_shape(samples: list[Floats]) -> float:
    """Fit one shape to the exceedances of all segments, each in units of its mean."""
    scaled = []
    for values in samples:
        if len(values) >= TAIL_MIN_DEALS:
            _, excess = _exceedances(values)
            if len(excess) >= MIN_EXCEEDANCES:
                scaled.append(excess / excess.mean())
    return fit_tail(np.concatenate(scaled))[0] if scaled else 0.0


def _with_tail(values: Floats, company_shape: float) -> Amounts:
    """Return a sample with a generalised-Pareto tail above its 90 % quantile, the shape shrunk."""
    threshold, excess = _exceedances(values)
    n = len(values)
    if len(excess) < MIN_EXCEEDANCES:
        return _plain(*_thinned(values, MAX_VALUES), n, "calibrated")
    own_weight = len(excess) / (len(excess) + SHAPE_PRIOR_DEALS)
    shape = own_weight * fit_tail(excess)[0] + (1 - own_weight) * company_shape
    scale = fit_tail(excess, shape)[1]
    body, body_share = _thinned(values[values <= threshold], MAX_VALUES)
    tail, tail_share = _thinned(values[values > threshold], MAX_VALUES // 10)
    p_tail = len(excess) / n
    shares = np.concatenate([(1.0 - p_tail) * body_share, p_tail * tail_share])
    return Amounts(np.concatenate([body, tail]), shares, threshold, float(shape), scale, n, "calibrated")
