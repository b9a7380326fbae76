"""What each segment does with 0, 1, 2 … more reps, on the same random numbers.

Segments share nothing but the shocks of a quarter and the draws of the rates: each has its own slots,
its own demand and its own deals, and every draw is keyed by what it is for. So one run with k more reps
in every segment at once shows what k more do in each, and the simulations of any allocation are, path by
path, the sum of its segments' simulations: exactly, not approximately.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from simulator.analysis.more_heads import drawn_anew, draws_apart, with_heads
from simulator.analysis.steps import Progress, of_step
from simulator.arrays import Floats, Ints
from simulator.engine.plan.attention import unseen_waiting
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.deals import Compiled
from simulator.engine.plan.roles import RepTerms, gross_margin, rep_terms
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import compile_deals, run
from simulator.kernels.flows import FLOWS, N_ORIGINS
from simulator.scenario.ownership import AE

REP_MONTHS, RAMPED_REP_MONTHS = FLOWS.index("rep_months"), FLOWS.index("ramped_rep_months")


@dataclass(frozen=True)
class ExtraReps:
    """Simulations by number of reps added.

    Parameters
    ----------
    segments : tuple of str
        Those whose reps are simulated, in axis order.
    terms : tuple of RepTerms
        Of these segments.
    margin : float
        Gross margin on bookings.
    bookings : ndarray of float64, shape (added, path, period, segment)
        Simulated new-business bookings. Unit: scenario currency.
    rep_months : ndarray of float64, shape (added, path, segment)
        Reps employed, over the horizon.
    monthly_bookings : ndarray of float64, shape (added, month, segment)
        Mean over the paths.
    period_rep_months : ndarray of float64, shape (added, period, segment)
        Mean over the paths.
    other_bookings : ndarray of float64, shape (path, period)
        Of segments without reps, and what is booked already.
    rate_draw : ndarray of int64, shape (path,)
    """

    segments: tuple[str, ...]
    terms: tuple[RepTerms, ...]
    margin: float
    bookings: Floats
    rep_months: Floats
    monthly_bookings: Floats
    period_rep_months: Floats
    other_bookings: Floats
    rate_draw: Ints

    @property
    def n_paths(self) -> int:
        """Number of simulations."""
        return int(self.bookings.shape[1])

    @property
    def most(self) -> int:
        """Most reps added to a segment."""
        return int(self.bookings.shape[0]) - 1

    def gain_bookings(self) -> Floats:
        """Return bookings gained over the horizon, shape (added, path, segment)."""
        total = self.bookings.sum(axis=2)
        return np.asarray(total - total[0])

    def gain_contribution(self) -> Floats:
        """Return contribution gained: gross margin on bookings less base pay, commission and hiring.

        Returns
        -------
        gain : ndarray of float64, shape (added, path, segment)
            Unit: scenario currency.
        """
        keep = np.array([self.margin - item.commission for item in self.terms])
        base = np.array([item.base_per_month for item in self.terms])
        hiring = np.array([item.hiring_cost for item in self.terms])
        added = np.arange(self.most + 1)[:, None, None]
        return np.asarray(
            self.gain_bookings() * keep - (self.rep_months - self.rep_months[0]) * base - added * hiring
        )

    def joined(self, later: ExtraReps, *, anew: bool = False) -> ExtraReps:
        """Return these simulations and later ones together; ``anew``: their rates were drawn anew."""
        n, m = self.n_paths, later.n_paths
        shift = draws_apart(self.rate_draw) if anew else 0
        weigh = (n / (n + m), m / (n + m))
        return replace(
            self,
            bookings=np.concatenate([self.bookings, later.bookings], axis=1),
            rep_months=np.concatenate([self.rep_months, later.rep_months], axis=1),
            monthly_bookings=weigh[0] * self.monthly_bookings + weigh[1] * later.monthly_bookings,
            period_rep_months=weigh[0] * self.period_rep_months + weigh[1] * later.period_rep_months,
            other_bookings=np.concatenate([self.other_bookings, later.other_bookings]),
            rate_draw=np.concatenate([self.rate_draw, later.rate_draw + shift]),
        )


class RepLadder:
    """Compiles a scenario once and simulates it with 0 … n more reps in every segment.

    Parameters
    ----------
    prepared : Prepared
        Its scenario states reps. Customers are left out: nothing here depends on them.
    start : int
        Month number in which the added reps start.
    most : int
        Most reps added to a segment.
    delay_months : float
        Months that they start later than planned, on average.

    Raises
    ------
    InputError
        The scenario cannot be compiled.
    """

    def __init__(self, prepared: Prepared, start: int, most: int, delay_months: float = 0.0) -> None:
        self.prepared = prepared
        self.start, self.most, self.delay_months = start, most, delay_months
        scenario = prepared.scenario
        self.deals = compile_deals(scenario, prepared.calibration, prepared.history)
        terms = rep_terms(scenario, self.deals.calibration.staffing)
        self.terms = tuple(sorted(terms, key=lambda item: self.deals.segments.index(item.segment)))
        self.unseen = unseen_waiting(scenario, self.deals.calibration.staffing)
        self.steps = [self._with_hires([k] * len(self.terms), start) for k in range(most + 1)]

    def drawn_anew(self, number: int) -> RepLadder:
        """Return the same ladder with other random numbers, rates included."""
        return RepLadder(drawn_anew(self.prepared, number), self.start, self.most, self.delay_months)

    def gain_of_full_attention(self, counts: Sequence[int], n_paths: int) -> Floats:
        """Return mean bookings gained with added reps if no deal lacked attention, shape (segment,)."""
        scenario = self.prepared.scenario.with_simulation(paths=n_paths, luck=True)
        more = self._with_hires(counts, self.start)
        endless = more.capacity._replace(slots_per_rep=np.full_like(more.capacity.slots_per_rep, np.inf))
        before, after = (
            run(compiled, scenario, None).flows[..., :N_ORIGINS].sum(axis=(1, 3)).mean(axis=0)
            for compiled in (self.steps[0], replace(more, capacity=endless))
        )
        chosen = [self.steps[0].segments.index(item.segment) for item in self.terms]
        return np.asarray((after - before)[chosen])

    def gain_without_sourcing(self, counts: Sequence[int], n_paths: int) -> Floats:
        """Return mean bookings gained where added reps source no SALs themselves, shape (segment,)."""
        scenario = self.prepared.scenario.with_simulation(paths=n_paths, luck=True)
        before = run(self.steps[0], scenario, None)
        month = self.month_period
        reps = before.flows[..., RAMPED_REP_MONTHS].mean(axis=0)[month] / np.bincount(month)[month][:, None]
        won = [
            run(_sourcing_of(compiled, reps), scenario, None).flows[..., :N_ORIGINS].sum(axis=(1, 3))
            for compiled in (self.steps[0], self._with_hires(counts, self.start))
        ]
        chosen = [self.steps[0].segments.index(item.segment) for item in self.terms]
        return np.asarray((won[1] - won[0]).mean(axis=0)[chosen])

    @property
    def month_period(self) -> Ints:
        """Place of the quarter of each month, shape (month,)."""
        plan, ahead = self.steps[0].plan, self.steps[0].horizon
        return (np.arange(ahead.months.size) + plan.first_month_of_quarter) // 3

    def _with_hires(self, counts: Sequence[int], start: int) -> Compiled:
        """Return the scenario compiled with this many more reps by segment."""
        added = {item.segment: count for item, count in zip(self.terms, counts, strict=True)}
        more = with_heads(self.prepared.scenario, AE, added, start, self.delay_months)
        return with_reps(self.deals, more, self.prepared.history)

    def total_bookings(self, counts: Sequence[int], start: int, n_paths: int) -> Floats:
        """Return simulated bookings of all segments with reps added from a month on, shape (path, period)."""
        scenario = self.prepared.scenario.with_simulation(paths=n_paths, luck=True)
        outcome = run(self._with_hires(counts, start), scenario, None)
        return np.asarray(outcome.flows[..., :N_ORIGINS].sum(axis=(2, 3)))

    def simulate(self, n_paths: int, first_path: int = 0, progress: Progress | None = None) -> ExtraReps:
        """Simulate every step on this many paths, the same random numbers at each.

        Parameters
        ----------
        n_paths, first_path : int
        progress : callable, optional
            Called with (paths done, paths in all), all steps together.
        """
        scenario = self.prepared.scenario.with_simulation(paths=n_paths, luck=True)
        axis = {name: place for place, name in enumerate(self.steps[0].segments)}
        chosen = [axis[item.segment] for item in self.terms]
        others = [place for place in axis.values() if place not in chosen]
        bookings, rep_months, monthly, by_period = [], [], [], []
        other, draws = np.zeros(0), np.zeros(0, dtype=np.int64)
        for k, compiled in enumerate(self.steps):
            outcome = run(compiled, scenario, of_step(progress, k, len(self.steps)), first_path)
            won = outcome.flows[..., :N_ORIGINS].sum(axis=-1)
            reps = outcome.flows[:, :, chosen, REP_MONTHS]
            bookings.append(won[:, :, chosen])
            rep_months.append(reps.sum(axis=1))
            monthly.append(outcome.bookings[:, :, chosen, 0].mean(axis=0))
            by_period.append(reps.mean(axis=0))
            other, draws = won[:, :, others].sum(axis=2), outcome.draws
        return ExtraReps(
            segments=tuple(item.segment for item in self.terms),
            terms=self.terms,
            margin=gross_margin(scenario)[0],
            bookings=np.stack(bookings),
            rep_months=np.stack(rep_months),
            monthly_bookings=np.stack(monthly),
            period_rep_months=np.stack(by_period),
            other_bookings=other,
            rate_draw=draws,
        )


def _sourcing_of(compiled: Compiled, reps: Floats) -> Compiled:
    """Return a plan whose reps source as many SALs as this many ramped ones, shape (month, segment)."""
    plan, power = compiled.plan, compiled.capacity.sourcing_power
    count = np.maximum(reps, 0.0)[None] ** power[:, None, :]
    own = plan.stream_rep_sals * np.swapaxes(count[:, :, plan.stream_segment], 1, 2)
    return replace(
        compiled,
        plan=plan._replace(stream_sals=plan.stream_sals + own, stream_rep_sals=np.zeros_like(own)),
    )


KEPT = 400
"""Best allocations kept for each number of reps."""


def n_allocations(n_reps: int, n_segments: int) -> int:
    """Return how many allocations of at most n reps there are: binomial(n + segments, segments)."""
    import math

    return math.comb(n_reps + n_segments, n_segments)


def best_allocations(
    value: Floats, n_reps: int, cost: Floats | None = None, budget: float = np.inf
) -> tuple[Ints, Floats]:
    """Return the allocations of at most n reps with the highest total value, best first.

    The value of an allocation is the sum of its segments' values, so the best of the first s segments
    can only come from the best of the first s - 1: a dynamic programme over segments that keeps the
    best ``KEPT`` for each number of reps spent looks at every allocation and loses none of those.

    Parameters
    ----------
    value : ndarray of float64, shape (added, segment)
        Value of 0, 1, 2 … reps in each segment.
    n_reps : int
    cost : ndarray of float64, shape (segment,), optional
        Cost of a rep in each segment.
    budget : float
        Most that all may cost.

    Returns
    -------
    allocations : ndarray of int64, shape (allocation, segment)
    totals : ndarray of float64, shape (allocation,)
    """
    n_segments = value.shape[1]
    price = np.zeros(n_segments) if cost is None else cost
    chosen = [np.zeros((1, 0), dtype=np.int64)] + [np.zeros((0, 0), dtype=np.int64)] * n_reps
    totals = [np.zeros(1)] + [np.zeros(0)] * n_reps
    for segment in range(n_segments):
        grown = [_grow(chosen, totals, value[:, segment], spent) for spent in range(n_reps + 1)]
        kept = [_keep(rows, total, price[: segment + 1], budget) for rows, total in grown]
        chosen, totals = [rows for rows, _ in kept], [total for _, total in kept]
    everything, total = np.concatenate(chosen), np.concatenate(totals)
    order = np.argsort(-total, kind="stable")
    return everything[order], total[order]


def _grow(chosen: list[Ints], totals: list[Floats], value: Floats, spent: int) -> tuple[Ints, Floats]:
    """Add a segment: all ways to have spent this many reps with k of them in it."""
    rows, sums = [], []
    for k in range(min(spent, len(value) - 1) + 1):
        before = chosen[spent - k]
        if len(before):
            rows.append(np.column_stack([before, np.full(len(before), k)]))
            sums.append(totals[spent - k] + value[k])
    if not rows:
        return np.zeros((0, 0), dtype=np.int64), np.zeros(0)
    return np.concatenate(rows), np.concatenate(sums)


def _keep(rows: Ints, total: Floats, price: Floats, budget: float) -> tuple[Ints, Floats]:
    if not len(rows):
        return rows, total
    affordable = rows @ price <= budget * (1.0 + 1e-9)
    rows, total = rows[affordable], total[affordable]
    best = np.argsort(-total, kind="stable")[:KEPT]
    return rows[best], total[best]
