"""Growth of customers: by driver after first value, and the deals that sell expansions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.contracts import Book, Contracts, Movements
from simulator.calibration.growth_by_size import GrowthBySize, growth_by_size
from simulator.calibration.pooling import pool_rates
from simulator.fiscal import DAYS_PER_MONTH
from simulator.history.tables import History
from simulator.kernels.customers.flows import DRIVERS, FIRST_SOLD

N_TENURES = 48
"""Tenure in whole months; the last stands for all beyond, where first value has long come."""
VALUE_LOG_SD = 0.5
"""Spread between customers of the log time to value: an assumption, too fine for a history to show."""
PRIOR_VALUE_MONTHS, PRIOR_VALUE_LOG_SD = 3.0, 0.8
SEGMENT_VALUE_LOG_SD = 0.35
VALUE_LOGS = np.linspace(np.log(0.15), np.log(30.0), 107)
PRIOR_PER_MONTH = 0.01
N_SLICES = 24
CYCLES = np.geomspace(0.05, 9.0, 12)
"""Median sales cycles in months over which one is sought where no expansion deal shows it."""
PRIOR_CYCLE_MONTHS, PRIOR_CYCLE_LOG_SD, CYCLE_LOG_SD = 1.5, 1.0, 0.6


@dataclass(frozen=True)
class Growth:
    """Growth events per customer and month after first value, and the time to it.

    Parameters
    ----------
    shape, rate : ndarray of float64, shape (segment, driver)
        Gamma posterior of the rate; mean = shape / rate. Unit: per month.
    events, exposure_months : ndarray of float64, shape (segment, driver)
        Events, and customer-months at risk (after first value).
    value_log_median, value_log_sd : ndarray of float64, shape (segment,)
        Normal posterior of the log of the median time to value in months.
    by_size : GrowthBySize
        How rate and size differ with the customer's ARR.
    """

    shape: Floats
    rate: Floats
    events: Floats
    exposure_months: Floats
    value_log_median: Floats
    value_log_sd: Floats
    by_size: GrowthBySize


@dataclass(frozen=True)
class TenureTable:
    """Customer-months and growth events by tenure: shapes (segment, tenure), (segment, driver, tenure)."""

    months: Floats
    events: Floats


def estimate_growth(book: Book, grown: Mask, cycle: Floats, sizes: Floats) -> Growth:
    """Estimate growth by driver and segment, the time to value, and how growth differs with ARR.

    Parameters
    ----------
    book : Book
    grown : ndarray of bool, shape (movement,)
        Growth events (``is_growth``).
    cycle : ndarray of float64, shape (2,)
        Log of the median sales cycle of an expansion deal in months, and its spread.
    sizes : ndarray of float64, shape (segment, driver)
        Mean share of ARR of a growth event.
    """
    n_segments = len(sizes)
    table = tenure_table(book.contracts, book.movements, n_segments, grown)
    reached = _reached(cycle)
    company = _value_posterior(
        table.events.sum(axis=0)[None],
        table.months.sum(axis=0)[None],
        reached,
        np.log(PRIOR_VALUE_MONTHS),
        PRIOR_VALUE_LOG_SD,
    )
    spread = float(np.hypot(SEGMENT_VALUE_LOG_SD, company[1][0]))
    median, sd = _value_posterior(table.events, table.months, reached, float(company[0][0]), spread)
    events = table.events.sum(axis=2)
    of_segment = reached[np.abs(VALUE_LOGS - median[:, None]).argmin(axis=1)]
    exposure = np.einsum("sdt,st->sd", of_segment, table.months)
    shape, rate = np.empty_like(events), np.empty_like(events)
    for driver in range(len(DRIVERS)):
        pooled = pool_rates(events[:, driver], exposure[:, driver], PRIOR_PER_MONTH)
        shape[:, driver], rate[:, driver] = pooled.shape, pooled.rate
    by_size = growth_by_size(book, grown, of_segment[:, [0, FIRST_SOLD]], shape / rate, sizes)
    return Growth(shape, rate, events, exposure, median, sd, by_size)


def seek_cycle(book: Book, n_segments: int, grown: Mask) -> Floats:
    """Return log median and spread of the sales cycle that best explains when growth begins.

    Growth that is sold begins a cycle later than growth that comes by itself; where one of the two is
    missing, a weak prior tells cycle and time to value apart.

    Parameters
    ----------
    book, grown
        As in ``estimate_growth``.
    n_segments : int
    """
    table = tenure_table(book.contracts, book.movements, n_segments, grown)
    counts, exposure = table.events.sum(axis=0), table.months.sum(axis=0)
    logs = np.log(CYCLES)
    evidence = -0.5 * ((logs - np.log(PRIOR_CYCLE_MONTHS)) / PRIOR_CYCLE_LOG_SD) ** 2
    prior = -0.5 * ((VALUE_LOGS - np.log(PRIOR_VALUE_MONTHS)) / PRIOR_VALUE_LOG_SD) ** 2
    for place, log_median in enumerate(logs):
        fit = _profile(counts, exposure, _reached(np.array([log_median, CYCLE_LOG_SD]))) + prior
        evidence[place] += special.logsumexp(fit)
    weight = np.exp(evidence - evidence.max())
    return np.array([float(weight @ logs / weight.sum()), CYCLE_LOG_SD])


def tenure_table(contracts: Contracts, moves: Movements, n_segments: int, used: Mask) -> TenureTable:
    """Count customer-months and growth events by months since the start, later lives at the last tenure."""
    months = np.zeros((n_segments, N_TENURES))
    begin = contracts.seen_from - contracts.start
    end = np.minimum(contracts.churned, contracts.as_of) - contracts.start
    edges = np.arange(N_TENURES)
    upper = np.append(edges[1:], np.inf)
    for month, (low, high) in enumerate(zip(edges, upper, strict=True)):
        inside = np.clip(end, low, high) - np.clip(begin, low, high)
        months[:, month] = np.bincount(contracts.segment, np.maximum(inside, 0.0), n_segments)
    months[:, -1] += _later_lives(contracts, moves, n_segments)
    since = moves.time[used] - contracts.start[moves.customer[used]]
    tenure = np.where(moves.life[used] > 0, N_TENURES - 1, np.clip(since, 0, N_TENURES - 1).astype(np.int64))
    events = np.zeros((n_segments, len(DRIVERS), N_TENURES))
    np.add.at(events, (contracts.segment[moves.customer[used]], moves.driver[used], tenure), 1.0)
    return TenureTable(months, events)


def away_and_back(contracts: Contracts, moves: Movements) -> tuple[Floats, Floats, Ints]:
    """Return when customers left, when each came back (or ``as_of``), and which customer it was."""
    ends = np.flatnonzero(moves.ends)
    follows = ends + 1
    inside = follows < moves.customer.size
    same = np.zeros(ends.size, dtype=bool)
    same[inside] = moves.customer[follows[inside]] == moves.customer[ends[inside]]
    back = np.full(ends.size, contracts.as_of)
    back[same] = moves.time[follows[same]]
    return moves.time[ends], back, moves.customer[ends]


def _later_lives(contracts: Contracts, moves: Movements, n_segments: int) -> Floats:
    """Return customer-months after a return: all time since the first churn less the time away."""
    left, back, who = away_and_back(contracts, moves)
    since = np.where(np.isfinite(contracts.churned), contracts.as_of - contracts.churned, 0.0)
    total = np.bincount(contracts.segment, since, n_segments)
    away = np.bincount(contracts.segment[who], back - left, n_segments)
    return np.asarray(np.maximum(total - away, 0.0))


def _reached(cycle: Floats) -> Floats:
    """Return the chance that growth has become possible, shape (log median, driver, tenure)."""
    middle = special.ndtri((np.arange(N_SLICES) + 0.5) / N_SLICES)
    value = np.exp(VALUE_LOGS[:, None] + VALUE_LOG_SD * middle)
    sold = (value[:, :, None] + np.exp(cycle[0] + cycle[1] * middle)).reshape(len(VALUE_LOGS), -1)
    by_itself = _passed(value)
    by_sale = _passed(sold)
    return np.stack([by_itself if d < FIRST_SOLD else by_sale for d in range(len(DRIVERS))], axis=1)


def _passed(wait: Floats) -> Floats:
    """Return the mean over each month of tenure of the share of waits that are over."""
    tenure = np.arange(N_TENURES)
    share = np.clip(tenure + 1.0 - wait[:, :, None], 0.0, 1.0).mean(axis=1)
    share[:, -1] = 1.0
    return np.asarray(np.maximum(share, 1e-9))


def _value_posterior(
    events: Floats, months: Floats, reached: Floats, prior_mean: float, prior_sd: float
) -> tuple[Floats, Floats]:
    """Return mean and sd of the log median time to value of each group."""
    means, sds = [], []
    for counts, exposure in zip(events, months, strict=True):
        log_posterior = -0.5 * ((VALUE_LOGS - prior_mean) / prior_sd) ** 2
        log_posterior += _profile(counts, exposure, reached)
        weight = np.exp(log_posterior - log_posterior.max())
        weight /= weight.sum()
        mean = float(weight @ VALUE_LOGS)
        means.append(mean)
        sds.append(float(np.sqrt(weight @ (VALUE_LOGS - mean) ** 2)))
    return np.array(means), np.array(sds)


def _profile(counts: Floats, exposure: Floats, reached: Floats) -> Floats:
    """Return the log-likelihood of each time to value, shape (log median,), the rates profiled out.

    log L = Σ events log F(tenure) - events log Σ months F(tenure).
    """
    fit = np.einsum("dt,mdt->m", counts, np.log(reached))
    return np.asarray(fit - np.log(np.maximum(reached @ exposure, 1e-300)) @ counts.sum(axis=1))


PRIOR_WIN_RATE = 1.0 / 3.0
FEWEST_LINKED = 10
FEWEST_CYCLES = 10


def expansion_cycle(opportunities: pd.DataFrame) -> Floats:
    """Return log median, spread of the log, and number of the cycles of won expansion deals, in months.

    Zeros where there are too few.
    """
    won = opportunities[(opportunities["type"] == "expansion") & (opportunities["outcome"] == "won")]
    begun = won["qualified_date"].fillna(won["created_date"])
    days = (won["closed_date"] - begun).dt.days.to_numpy(np.float64)
    logs = np.log(np.maximum(days[np.isfinite(days)], 1.0) / DAYS_PER_MONTH)
    if logs.size < FEWEST_CYCLES:
        return np.zeros(3)
    return np.array([np.median(logs), max(float(logs.std()), 0.05), float(logs.size)])


def expansion_win_rate(opportunities: pd.DataFrame) -> Floats:
    """Return Beta(a, b) that an expansion deal is won, and how many ended."""
    ended = opportunities[(opportunities["type"] == "expansion") & opportunities["outcome"].notna()]
    won = float((ended["outcome"] == "won").sum())
    return np.array([won + PRIOR_WIN_RATE, len(ended) - won + 1.0 - PRIOR_WIN_RATE, float(len(ended))])


def arr_per_amount(history: History, book: Book, n: int) -> Floats:
    """Return log ratio of first ARR to the amount of the deal, its sd and count, by segment."""
    linked = pd.DataFrame(
        {"id": book.ids, "arr": book.contracts.first_arr, "segment": book.contracts.segment}
    ).merge(
        history.customers[["customer_id", "opportunity_id"]].dropna().astype("str"),
        left_on="id",
        right_on="customer_id",
    )
    deals = history.opportunities[["opportunity_id", "amount"]]
    linked = linked.merge(deals.drop_duplicates("opportunity_id"), on="opportunity_id")
    linked = linked[(linked["arr"] > 0) & (linked["amount"] > 0)]
    out = np.zeros((n, 3))
    whole = _log_ratio(linked)
    for code in range(n):
        own = linked[linked["segment"] == code]
        out[code] = (*(_log_ratio(own) if len(own) >= FEWEST_LINKED else whole)[:2], float(len(own)))
    return out


def _log_ratio(linked: pd.DataFrame) -> tuple[float, float]:
    if len(linked) < FEWEST_LINKED:
        return 0.0, 0.0
    arr, amount = linked["arr"].to_numpy(np.float64), linked["amount"].to_numpy(np.float64)
    ratio = float(arr.sum() / amount.sum())
    # Variance of a ratio of sums, linearised.
    residual = arr - ratio * amount
    return float(np.log(ratio)), float(np.sqrt((residual**2).sum()) / arr.sum())
