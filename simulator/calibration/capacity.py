"""How many deals a rep can give full attention, from how deals move when their rep has few or many open.

Deals of the same segment, quarter, rep, category and age are compared at different loads. Either attention
goes to the deals that came first and the others wait, or all share it alike; either each rep has a list of
deals or a segment's reps have one in common. Which of these it is, and the number, are what the moves of the
deals are most likely under. Where no number is more likely than no limit at all, that is said.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from simulator.arrays import Floats, Ints, Mask
from simulator.calibration.workload import Workload, attention, count_within, ramped_by_day, rank_within

LIMIT, NO_LIMIT, UNKNOWN, NO_REPS = "limit", "no limit seen", "not identified", "no reps"
STEP_DAYS = 7.0
AGE_EDGES = (7.0, 14.0, 30.0, 60.0, 120.0, 240.0)
NOTICED = 0.03
"""Speed of a deal without attention: nobody's list is kept so strictly that nothing else ever moves."""
N_GRID, N_FINE = 20, 13
LEAST_EVIDENCE = 12.0
"""Log likelihood by which a limit must beat no limit to be called seen: many numbers are tried, and moves
scatter more than counts do."""
ROUNDS = 4
FEWEST_MOVES = 30
FULL = 0.15
"""Variance of the deals in work over their mean, below which the reps are always equally full: where deals
come and go by themselves it is 1."""
NEARLY_FULL, NEVER_MORE = 0.35, 1.08
"""The same where reps were hired, whose ramp is not known well: the most deals that a ramped rep ever has
in work are at most this many times what they usually are."""
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Capacity:
    """What a history tells of the deals that a rep can give full attention; arrays by segment.

    Parameters
    ----------
    first_come : bool
        Whether attention goes to the deals that came first and the others wait; else all share it.
    per_rep : ndarray of float64, shape (segment, 3)
        Deals of full attention per ramped rep with the 80 % interval; 0 where no limit is identified.
    evidence : ndarray of float64, shape (segment,)
        Log likelihood of that number over no limit at all.
    most_load, usual_load : ndarray of float64, shape (segment,)
        Open deals per ramped rep: exceeded in a twentieth of the time only; and on average.
    verdict : tuple of str
        ``limit``, ``no limit seen`` (up to the most load), ``not identified`` (loads never differed), or
        ``no reps``.
    patience_days : ndarray of float64, shape (segment,)
        Half of the deals without attention have given up by then; 0 where unknown.
    given_up, waited_days : ndarray of float64, shape (segment,)
        Their losses without decision, and the days they waited.
    unowned : ndarray of int64, shape (segment,)
        Open deals without an owner at as_of.
    """

    first_come: bool
    per_rep: Floats
    evidence: Floats
    most_load: Floats
    usual_load: Floats
    verdict: tuple[str, ...]
    patience_days: Floats
    given_up: Floats
    waited_days: Floats
    unowned: Ints


def log_likelihood(moves: Floats, share: Floats, cells: tuple[Ints, ...]) -> float:
    """Return the log likelihood of moves in proportion to attention, with an effect for every cell.

    Poisson, its effects fitted by iterated proportions.
    """
    expected = NOTICED + (1.0 - NOTICED) * share
    for _ in range(ROUNDS):
        for cell in cells:
            seen = np.bincount(cell, moves)
            fitted = np.bincount(cell, expected)
            expected = expected * np.divide(seen, fitted, out=np.zeros_like(seen), where=fitted > 0.0)[cell]
    some = moves > 0.0
    return float(np.sum(moves[some] * np.log(np.maximum(expected[some], 1e-12))) - expected.sum())


KINDS = (("rep", True), ("rep", False), ("segment", True), ("segment", False))
"""Whose list of deals it is, and whether who comes first is served first."""


def _gain(fit: _Fit) -> Floats:
    """Return the log likelihood that a limit of each kind gains over no limit, where that is evidence."""
    gain = fit.log_likelihood[:, :-1].max(axis=1) - fit.log_likelihood[:, -1]
    return np.where(gain >= LEAST_EVIDENCE, gain, 0.0)


@dataclass(frozen=True)
class _Lists:
    """The rows of one segment by whose list they are on."""

    rank: Floats
    load: Ints
    ramped: Floats
    """Ramped reps behind the list, by row."""


def estimate_capacity(work: Workload, productivity: Floats, rep_segment: Ints, n_segments: int) -> Capacity:
    """Estimate how many deals a rep of each segment can give full attention.

    Parameters
    ----------
    work : Workload
    productivity : ndarray of float64, shape (rep, day)
        Share of a ramped rep that each rep is on each of the days; 0 where not there.
    rep_segment : ndarray of int64, shape (rep,)
    n_segments : int
    """
    ramped = ramped_by_day(productivity, rep_segment, n_segments)
    fits = [_fit(work, productivity, ramped, segment) for segment in range(n_segments)]
    known = [fit for fit in fits if fit is not None]
    # Attention works alike in the whole company: by the sum of the best of every segment.
    kind = int(np.argmax(sum((_gain(fit) for fit in known), np.zeros(len(KINDS)))))
    per_rep, verdict = np.zeros((n_segments, 3)), []
    evidence, most, usual, lost, waited = np.zeros((5, n_segments))
    for segment, fit in enumerate(fits):
        if fit is None:
            verdict.append(NO_REPS)
            continue
        most[segment], usual[segment] = fit.most_load, fit.usual_load
        word, per_rep[segment], evidence[segment] = _verdict(fit, kind)
        verdict.append(word)
        if word == LIMIT:
            lost[segment], waited[segment] = _given_up(work, fit, kind, per_rep[segment, 0])
    return Capacity(
        first_come=kind % 2 == 0,
        per_rep=per_rep,
        evidence=evidence,
        most_load=most,
        usual_load=usual,
        verdict=tuple(verdict),
        patience_days=np.where(lost > 0.0, np.log(2.0) * waited / np.where(lost > 0.0, lost, 1.0), 0.0),
        given_up=lost,
        waited_days=waited,
        unowned=_unowned(work, n_segments),
    )


def _unowned(work: Workload, n_segments: int) -> Ints:
    """Return the deals of each segment that no rep owns on the last day."""
    now = (work.day == len(work.days) - 1) & (work.rep < 0) & (work.segment >= 0)
    return np.bincount(work.segment[now], minlength=n_segments)[:n_segments]


def _given_up(work: Workload, fit: _Fit, kind: int, per_rep: float) -> tuple[float, float]:
    """Return the deals given up while they had no attention, and the days that deals waited so."""
    lists = fit.lists[kind // 2]
    idle = 1.0 - attention(kind % 2 == 0, per_rep * lists.ramped, lists.rank, lists.load)
    return float(work.given_up[fit.rows] @ idle), float(idle.sum() * work.step)


@dataclass(frozen=True)
class _Fit:
    """Log likelihoods of one segment: by the rep's list first come and shared, then by the segment's."""

    rows: Ints
    lists: tuple[_Lists, _Lists]
    grid: Floats
    log_likelihood: Floats
    most_load: float
    usual_load: float
    dispersion: float


def _fit(work: Workload, productivity: Floats, ramped: Floats, segment: int) -> _Fit | None:
    rows = np.flatnonzero((work.segment == segment) & (ramped[segment, work.day] > 0.0))
    if work.moves[rows].sum() < FEWEST_MOVES:
        return None
    mine = _take(work, rows)
    owned = mine.rep >= 0
    # A deal that no rep owns is on nobody's list.
    rep = np.where(owned, mine.rep, len(productivity))
    reps = np.vstack([productivity, np.zeros(len(work.days))])
    everyone = np.zeros(len(rows), dtype=np.int64)
    lists = (
        _Lists(rank_within(rep, mine), count_within(rep, mine), reps[rep, mine.day]),
        _Lists(rank_within(everyone, mine), count_within(everyone, mine), ramped[segment, mine.day]),
    )
    load = np.bincount(mine.day, minlength=len(work.days)) / np.maximum(ramped[segment], 1e-9)
    there = (ramped[segment] > 0.0) & (np.arange(len(work.days)) >= mine.day.min(initial=0))
    most = float(np.quantile(load[there], 0.95))
    grid = np.append(np.geomspace(max(0.1 * most, 0.5), 1.5 * max(most, 1.0), N_GRID), np.inf)
    quarter = mine.day * work.step // 91.3
    kinds = mine.stage * (len(AGE_EDGES) + 1) + np.searchsorted(AGE_EDGES, mine.begun)
    cells = (quarter.astype(np.int64), kinds, np.unique(rep, return_inverse=True)[1])

    def table(numbers: Floats) -> Floats:
        kinds = [(lists[whose == "segment"], first_come) for whose, first_come in KINDS]
        return np.array([[_of(mine.moves, by, k, one, cells) for k in numbers] for one, by in kinds])

    coarse = table(grid)
    # Finer about the number of the best kind: a rep's deals are counted one by one.
    best = grid[:-1][np.unravel_index(coarse[:, :-1].argmax(), coarse[:, :-1].shape)[1]]
    finer = best * np.geomspace(0.85, 1.18, N_FINE)
    grid = np.concatenate([grid[:-1], finer, grid[-1:]])
    values = np.concatenate([coarse[:, :-1], table(finer), coarse[:, -1:]], axis=1)
    order = np.argsort(grid, kind="stable")
    usual, dispersion = _steadiness(mine, ramped[segment], there)
    return _Fit(rows, lists, grid[order], values[:, order], most, usual, dispersion)


def _of(moves: Floats, first_come: bool, per_rep: float, one: _Lists, cells: tuple[Ints, ...]) -> float:
    if np.isinf(per_rep):
        return log_likelihood(moves, np.ones(len(moves)), cells)
    return log_likelihood(moves, attention(first_come, per_rep * one.ramped, one.rank, one.load), cells)


def _take(work: Workload, rows: Ints) -> Workload:
    names = ("deal", "day", "segment", "rep", "stage", "begun", "moves", "given_up")
    return Workload(days=work.days, step=work.step, **{name: getattr(work, name)[rows] for name in names})


def _steadiness(work: Workload, ramped: Floats, there: Mask) -> tuple[float, float]:
    """Return what a rep carries on average, and the variance of all open deals about it over their mean."""
    load = np.bincount(work.day, minlength=len(ramped)).astype(np.float64)
    later = there & (np.cumsum(there) > there.sum() // 4)
    usual = load[later].sum() / ramped[later].sum()
    spread = np.mean((load[later] - usual * ramped[later]) ** 2)
    return float(usual), float(spread / max(load[later].mean(), 1e-9))


def _verdict(fit: _Fit, kind: int) -> tuple[str, Floats, float]:
    """Return the verdict, the number with its interval, and its evidence over no limit."""
    value = fit.log_likelihood[kind]
    numbers = value[:-1]
    evidence = float(numbers.max() - value[-1])
    if evidence >= LEAST_EVIDENCE:
        log_grid = np.log(fit.grid[:-1])
        weights = np.exp(numbers - numbers.max()) * np.gradient(log_grid)
        cdf = (np.cumsum(weights) - weights / 2.0) / weights.sum()
        low, high = np.interp([LOW, HIGH], cdf, log_grid)
        centre = float(weights @ log_grid / weights.sum())
        return LIMIT, np.exp([centre, min(low, centre), max(high, centre)]), evidence
    never_differs = bool((np.ptp(fit.log_likelihood, axis=1) < LEAST_EVIDENCE).all())
    capped = fit.dispersion < NEARLY_FULL and fit.most_load < NEVER_MORE * fit.usual_load
    if never_differs or fit.dispersion < FULL or capped:
        return UNKNOWN, np.zeros(3), evidence
    return NO_LIMIT, np.zeros(3), evidence
