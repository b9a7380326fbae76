"""Where the next reps go: every allocation screened, the best verified on more simulations, ties named."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simulator.analysis.hire.chance_best import chance_best
from simulator.analysis.hire.ladder import ExtraReps, RepLadder, best_allocations, n_allocations
from simulator.analysis.more_heads import HIGH, LOW, SEPARATE_ERRORS, last_loss
from simulator.analysis.precision import expected_interval, mean_error
from simulator.analysis.steps import Progress, of_step
from simulator.arrays import Floats, Ints, Mask

MOST_CANDIDATES = 40
SURE_OF_CHANCE = 0.025
"""Standard error of the chance to be the best, at which it is the same within ± 5 points in another run."""
SCREEN_ERRORS = 3.0
"""Standard errors within which an allocation may still turn out to be the best."""


@dataclass(frozen=True)
class HiringSettings:
    """What is asked.

    Parameters
    ----------
    n_reps : int
        Most reps to hire.
    start : int
        Month number in which they start.
    budget : float
        Most that they may cost a year, at OTE. Unit: scenario currency.
    indifference : float
        Money below which two answers are as good as each other; NaN: a month of a rep's pay.
    first_paths, most_paths : int
        Simulations of the screening, which as many are added to until the answer is clear, and the most.
    """

    n_reps: int
    start: int
    budget: float = float("inf")
    indifference: float = float("nan")
    first_paths: int = 1000
    most_paths: int = 8000


@dataclass(frozen=True)
class Hiring:
    """Where the reps go. Money over the horizon, in scenario currency.

    Parameters
    ----------
    question : HiringSettings
    segments : tuple of str
        Those that reps can be hired for, in axis order.
    allocation : ndarray of int64, shape (segment,)
        The answer; all zero: hire no one.
    allocations : DataFrame
        One row for each verified allocation, best first: reps, one column a segment, gain_bookings,
        gain_bookings_p10, _p90 (of single outcomes), _low, _high (`expected_interval`), gain_contribution
        with the same four, error (Monte Carlo standard error of the gain in contribution), behind (mean
        contribution less than the best's), behind_error, p_best, p_best_error, tied, unresolved (neither
        clearly worse nor surely tied), answer.
    marginal : DataFrame
        segment, reps, gain_bookings, gain_contribution (of this many), p10 and p90 of it, error,
        marginal_bookings, marginal_contribution (of the last).
    monthly : DataFrame
        month, gain_bookings, gain_contribution (of the answer, mean), cumulative.
    payback_month : int, optional
        Month number from which the answer's cumulative contribution stays at or above zero.
    n_allocations : int
        All that were screened.
    n_paths : int
        Simulations that the answer rests on.
    indifference : float
    separated : bool
        Whether every allocation is either tied with the best or clearly worse.
    extra : ExtraReps
    gain_served : float
        Of the answer's gain in bookings, what comes from attention for deals that there are anyway; the rest
        is deals that the added reps source.
    first_come : bool
        Whether that attention goes to deals that would wait for a rep, or speeds all up.
    attention_worth : ndarray of float64, shape (segment,)
        Bookings gained with the answer if no deal lacked attention: no number of reps adds more.
    unseen : mapping of str to float
        Segments in which SALs may wait unseen, and the deals that each rep there always has in work.
    """

    question: HiringSettings
    segments: tuple[str, ...]
    allocation: Ints
    allocations: pd.DataFrame
    marginal: pd.DataFrame
    monthly: pd.DataFrame
    payback_month: int | None
    n_allocations: int
    n_paths: int
    indifference: float
    separated: bool
    extra: ExtraReps
    gain_served: float
    first_come: bool
    attention_worth: Floats
    unseen: Mapping[str, float] = field(default_factory=dict)

    @property
    def futures(self) -> ExtraReps:
        """Return `extra`: the name of the version before, which works for one more."""
        warnings.warn("Hiring.futures is now extra", DeprecationWarning, stacklevel=2)
        return self.extra

    @property
    def n_hired(self) -> int:
        """Reps that the answer hires."""
        return int(self.allocation.sum())

    @property
    def answer(self) -> pd.Series:
        """The row of the answer."""
        return self.allocations[self.allocations["answer"]].iloc[0]


def allocate_reps(ladder: RepLadder, question: HiringSettings, progress: Progress | None = None) -> Hiring:
    """Find where up to n more reps go.

    All allocations are screened on the first simulations by their mean contribution (exact, see
    `extra_reps`); those within three standard errors of the best are verified on as many more, with rates
    drawn anew, and again, until each is either clearly worse than the best (two standard errors) or tied
    with it within the indifference, and the answer's chance to be the best is known to ± 5 points. Of
    those tied the one with the fewest reps is the answer, of as many reps the one with the highest mean.

    Parameters
    ----------
    ladder : RepLadder
        For at least as many reps as asked for.
    question : HiringSettings
    progress : callable, optional
        Called with (done, in all); it ends early where fewer rounds decide.
    """
    rounds = question.most_paths // question.first_paths
    extra = ladder.simulate(question.first_paths, progress=of_step(progress, 0, rounds))
    indifference = _indifference(extra, question)
    for number in range(1, question.most_paths):
        verdict = _judge(extra, question, indifference)
        sure = verdict.separated and verdict.p_best_error[verdict.answer] <= SURE_OF_CHANCE
        if sure or extra.n_paths + question.first_paths > question.most_paths:
            break
        advance = of_step(progress, number, rounds)
        more = ladder.drawn_anew(number).simulate(question.first_paths, progress=advance)
        extra = extra.joined(more, anew=True)
    months = ladder.steps[0].horizon.months
    allocation = verdict.rows[verdict.answer]
    monthly = monthly_gain(extra, allocation, question.start, months, ladder.month_period)
    counts, served = allocation.tolist(), 0.0
    if allocation.any():
        served = float(ladder.gain_without_sourcing(counts, question.first_paths).sum())
    return Hiring(
        question=question,
        segments=extra.segments,
        allocation=allocation,
        allocations=verdict.table(extra.segments),
        marginal=_marginal(extra),
        monthly=monthly,
        payback_month=payback_month(monthly, question.start) if allocation.any() else None,
        n_allocations=n_allocations(question.n_reps, len(extra.segments)),
        n_paths=extra.n_paths,
        indifference=indifference,
        separated=verdict.separated,
        extra=extra,
        gain_served=served,
        first_come=not ladder.steps[0].capacity.shared.any(),
        attention_worth=ladder.gain_of_full_attention(counts, question.first_paths),
        unseen=ladder.unseen,
    )


def _indifference(extra: ExtraReps, question: HiringSettings) -> float:
    if np.isfinite(question.indifference):
        return question.indifference
    return float(np.mean([item.ote for item in extra.terms])) / 12.0


@dataclass(frozen=True)
class _Verdict:
    rows: Ints
    bookings: Floats
    contribution: Floats
    draw: Ints
    error: Floats
    behind: Floats
    behind_error: Floats
    p_best: Floats
    p_best_error: Floats
    tied: Mask
    unresolved: Mask
    answer: int

    @property
    def separated(self) -> bool:
        return not self.unresolved.any()

    def table(self, segments: tuple[str, ...]) -> pd.DataFrame:
        columns: dict[str, object] = {"reps": self.rows.sum(axis=1)}
        columns |= {name: self.rows[:, place] for place, name in enumerate(segments)}
        for name, values in (("gain_bookings", self.bookings), ("gain_contribution", self.contribution)):
            low, high = np.quantile(values, [LOW, HIGH], axis=0)
            columns |= {name: values.mean(axis=0), f"{name}_p10": low, f"{name}_p90": high}
            spans = [expected_interval(column, self.draw) for column in values.T]
            columns |= {f"{name}_low": [low for low, _ in spans], f"{name}_high": [high for _, high in spans]}
        columns |= {"error": self.error, "behind": self.behind, "behind_error": self.behind_error}
        answer = np.arange(len(self.rows)) == self.answer
        columns |= {
            "p_best": self.p_best,
            "p_best_error": self.p_best_error,
            "tied": self.tied,
            "unresolved": self.unresolved,
            "answer": answer,
        }
        return pd.DataFrame(columns)


def _judge(extra: ExtraReps, question: HiringSettings, indifference: float) -> _Verdict:
    gain = extra.gain_contribution()
    cost = np.array([item.ote for item in extra.terms])
    rows, totals = best_allocations(gain.mean(axis=1), question.n_reps, cost, question.budget)
    rows = _candidates(rows, totals, gain, extra.rate_draw, indifference)
    contribution = _of_allocations(gain, rows)
    bookings = _of_allocations(extra.gain_bookings(), rows)
    order = np.argsort(-contribution.mean(axis=0), kind="stable")
    rows, contribution, bookings = rows[order], contribution[:, order], bookings[:, order]
    lead = contribution[:, :1] - contribution
    behind = lead.mean(axis=0)
    error = np.array([mean_error(column, extra.rate_draw) for column in contribution.T])
    behind_error = np.array([mean_error(column, extra.rate_draw) for column in lead.T])
    tied = behind <= indifference
    clear = (behind > indifference) & (behind - SEPARATE_ERRORS * behind_error > 0)
    surely_tied = behind + SEPARATE_ERRORS * behind_error <= indifference
    heads = rows.sum(axis=1)
    among = np.flatnonzero(tied & (heads == heads[tied].min()))
    p_best, p_best_error = chance_best(-lead, extra.rate_draw)
    return _Verdict(
        rows=rows,
        bookings=bookings,
        contribution=contribution,
        draw=extra.rate_draw,
        error=error,
        behind=behind,
        behind_error=behind_error,
        p_best=p_best,
        p_best_error=p_best_error,
        tied=tied,
        unresolved=~(clear | surely_tied),
        answer=int(among[0]),
    )


def _candidates(rows: Ints, totals: Floats, gain: Floats, draw: Ints, indifference: float) -> Ints:
    """Return the allocations that may be the best, hiring no one and the best of each size among them."""
    best = _of_allocations(gain, rows[:1])[:, 0]
    near = [0]
    for place in range(1, min(len(rows), 4 * MOST_CANDIDATES)):
        lead = best - _of_allocations(gain, rows[place : place + 1])[:, 0]
        if lead.mean() - SCREEN_ERRORS * mean_error(lead, draw) <= indifference:
            near.append(place)
    sizes = rows.sum(axis=1)
    first_of_size = [int(np.flatnonzero(sizes == size)[0]) for size in np.unique(sizes)]
    kept = sorted({*near[:MOST_CANDIDATES], *first_of_size})
    return np.asarray(rows[kept])


def _of_allocations(gain: Floats, rows: Ints) -> Floats:
    """Return the gain of each allocation on each path, shape (path, allocation)."""
    total = np.zeros((gain.shape[1], len(rows)))
    for segment in range(rows.shape[1]):
        total += gain[rows[:, segment], :, segment].T
    return total


def _marginal(extra: ExtraReps) -> pd.DataFrame:
    bookings, contribution = extra.gain_bookings(), extra.gain_contribution()
    rows = []
    for place, segment in enumerate(extra.segments):
        for k in range(1, extra.most + 1):
            gain = contribution[k, :, place]
            low, high = np.quantile(gain, [LOW, HIGH])
            rows.append(
                {
                    "segment": segment,
                    "reps": k,
                    "gain_bookings": bookings[k, :, place].mean(),
                    "gain_contribution": gain.mean(),
                    "gain_contribution_p10": low,
                    "gain_contribution_p90": high,
                    "error": mean_error(gain, extra.rate_draw),
                    "marginal_bookings": (bookings[k] - bookings[k - 1])[:, place].mean(),
                    "marginal_contribution": (contribution[k] - contribution[k - 1])[:, place].mean(),
                }
            )
    return pd.DataFrame(rows)


def monthly_gain(
    extra: ExtraReps, allocation: Ints, start: int, months: Ints, month_period: Ints
) -> pd.DataFrame:
    """Return the mean gain of an allocation month by month; pay is spread evenly inside a quarter."""
    place = np.arange(len(allocation))
    sold = (extra.monthly_bookings[allocation, :, place] - extra.monthly_bookings[0].T).T
    paid = (extra.period_rep_months[allocation, :, place] - extra.period_rep_months[0].T).T
    working = (months >= start).astype(np.float64)
    in_period = np.bincount(month_period, working, minlength=paid.shape[0])
    share = working / np.maximum(in_period[month_period], 1.0)
    reps = paid[month_period] * share[:, None]
    keep = np.array([extra.margin - item.commission for item in extra.terms])
    base = np.array([item.base_per_month for item in extra.terms])
    hiring = float(allocation @ np.array([item.hiring_cost for item in extra.terms]))
    contribution = sold @ keep - reps @ base - np.where(months == start, hiring, 0.0)
    return pd.DataFrame(
        {
            "month": months,
            "gain_bookings": sold.sum(axis=1),
            "gain_contribution": contribution,
            "cumulative": np.cumsum(contribution),
        }
    )


def payback_month(monthly: pd.DataFrame, start: int) -> int | None:
    """Return the month number from which the cumulative gain stays at or above zero; None: it never does."""
    last = last_loss(monthly["cumulative"].to_numpy())
    if last is None:
        return None
    months = monthly["month"].to_numpy()
    return int(months[last + 1]) if last >= 0 else start
