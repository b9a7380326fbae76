"""What one more head of each role is worth, by segment: the same simulations with and without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from simulator.analysis.headcount.simulation import HeadcountPaths, HeadcountSimulation
from simulator.analysis.hire.allocation import monthly_gain, payback_month
from simulator.analysis.hire.ladder import RepLadder
from simulator.analysis.more_heads import HIGH, LOW, SEPARATE_ERRORS, draws_apart, last_loss
from simulator.analysis.precision import mean_error, share_error
from simulator.analysis.steps import Progress
from simulator.arrays import Floats, Ints
from simulator.scenario.ownership import AE

QUARTER_MONTHS = 3.0


@dataclass(frozen=True)
class HeadcountSettings:
    """What is asked.

    Parameters
    ----------
    roles : tuple of str
        Whose heads are added.
    up_to : int
        Most heads added to a segment.
    start : int
        Month number in which they start.
    margin : float
        Gross margin on revenue.
    discount : float
        Yearly rate at which later money counts less.
    closing_years : float
        Years of gross margin that the ARR at the end of the horizon counts for.
    most_paths : int
        Most simulations: as many as there are first are added until it is clear which head is worth most.
    """

    roles: tuple[str, ...]
    up_to: int
    start: int
    margin: float
    discount: float = 0.10
    closing_years: float = 1.0
    most_paths: int = 0


@dataclass(frozen=True)
class Gain:
    """What k heads more do on each path; money in scenario currency, shape (path, segment).

    Parameters
    ----------
    npv, cost, value : Floats
        Discounted: value less cost; what the heads cost more; gross margin of what they bring.
    by_period : Floats, shape (path, period, segment)
        Discounted value less cost of each period, the closing ARR in the last.
    arr, bookings, expansion : Floats
        ARR at the end, new business and expansion bookings gained over the horizon.
    nrr : Floats, shape (segment,)
        NRR of the last period gained: of the means.
    cost_undiscounted : Floats
    """

    npv: Floats
    cost: Floats
    value: Floats
    by_period: Floats
    arr: Floats
    bookings: Floats
    expansion: Floats
    nrr: Floats
    cost_undiscounted: Floats

    def joined(self, later: Gain, weight: float) -> Gain:
        """Return this on its paths and later ones, which are such a share of all."""
        both = {name: np.concatenate([value, getattr(later, name)]) for name, value in vars(self).items()}
        return Gain(**both | {"nrr": (1.0 - weight) * self.nrr + weight * later.nrr})


def gain(
    ladder: HeadcountSimulation,
    question: HeadcountSettings,
    base: HeadcountPaths,
    more: HeadcountPaths,
    hiring: Floats,
) -> Gain:
    """Return what a run brings compared with another.

    Parameters
    ----------
    ladder : HeadcountSimulation
    question : HeadcountSettings
    base, more : HeadcountPaths
        On the same random numbers.
    hiring : ndarray of float64, shape (segment,)
        Paid once, in the month of the hire. Unit: currency.
    """
    months = ladder.months
    period = (np.arange(months.size) + ladder.deals.plan.first_month_of_quarter) // 3
    n_periods = base.revenue.shape[1]
    middle = np.array([months[period == p].mean() - months[0] + 0.5 for p in range(n_periods)])
    factor = (1.0 + question.discount) ** (-middle / 12.0)
    start_period = int(period[max(0, min(question.start - int(months[0]), months.size - 1))])
    cost = more.cost - base.cost
    cost[:, start_period] += hiring
    revenue = (more.revenue - base.revenue) * question.margin
    closing = (more.arr_closing - base.arr_closing)[:, -1] * question.margin * question.closing_years
    value = revenue * factor[None, :, None]
    value[:, -1] += closing * factor[-1]
    paid = cost * factor[None, :, None]
    return Gain(
        npv=(value - paid).sum(axis=1),
        cost=paid.sum(axis=1),
        value=value.sum(axis=1),
        by_period=value - paid,
        arr=(more.arr_closing - base.arr_closing)[:, -1],
        bookings=(more.bookings_new - base.bookings_new).sum(axis=1),
        expansion=(more.bookings_expansion - base.bookings_expansion).sum(axis=1),
        nrr=_nrr(more) - _nrr(base),
        cost_undiscounted=cost.sum(axis=1),
    )


def _nrr(paths: HeadcountPaths) -> Floats:
    """Return mean NRR of the last period by segment; NaN where no customer is a year old."""
    base, now = paths.cohort_base[:, -1].mean(axis=0), paths.cohort_arr[:, -1].mean(axis=0)
    return np.asarray(np.divide(now, base, out=np.full(base.shape, np.nan), where=base > 0.0))


@dataclass(frozen=True)
class Headcount:
    """What heads are worth.

    Parameters
    ----------
    question : HeadcountSettings
    segments : tuple of str
    table : DataFrame
        One row for each role, segment and number of heads added; columns in docs/results.md.
    breakeven : DataFrame
        role, segment, scale (of all log effects of what the role does, 1: as assumed), effect, assumed
        (the effect at no coverage that breaks even, and the one in force), note.
    sensitivity : DataFrame
        role, segment, assumption, source, low, high, npv_low, npv, npv_high, swing: the NPV of one head
        over each assumption's interval, the widest first.
    n_paths : int
    periods : tuple of str
    """

    question: HeadcountSettings
    segments: tuple[str, ...]
    table: pd.DataFrame
    breakeven: pd.DataFrame
    sensitivity: pd.DataFrame
    n_paths: int
    periods: tuple[str, ...]


def head_table(
    ladder: HeadcountSimulation, question: HeadcountSettings, progress: Progress | None = None
) -> tuple[pd.DataFrame, dict[str, list[Gain]]]:
    """Return the table of heads, and the gains by role behind it.

    Simulations are added, with rates drawn anew, until the head worth most is either better than each other
    first head, and than none, by two standard errors, or is as good to within a month of its cost.
    """
    gains, draw = _gains(ladder, question, progress)
    n_rounds = max(question.most_paths // ladder.n_paths, 1)
    for number in range(1, n_rounds):
        if _is_clear(ladder, question, gains, draw):
            break
        later, drawn = _gains(ladder.drawn_anew(number), question, progress)
        share = 1.0 / (number + 1)
        for role, of_role in gains.items():
            gains[role] = [a.joined(b, share) for a, b in zip(of_role, later[role], strict=True)]
        draw = np.concatenate([draw, drawn + draws_apart(draw)])
    rows: list[dict[str, object]] = []
    for role in question.roles:
        for place, segment in _places(ladder, role):
            rows += _rows(ladder, question, gains[role], (role, segment, place), draw)
    table = pd.DataFrame(rows)
    if AE in question.roles and len(table):
        table = table.assign(payback_months=_with_paybacks_of_reps(ladder, question, table))
    return table, gains


def _gains(
    ladder: HeadcountSimulation, question: HeadcountSettings, progress: Progress | None
) -> tuple[dict[str, list[Gain]], Ints]:
    """Return what each number of heads of each role brings, and the rate draw of each path."""
    base = ladder.simulate(ladder.scenario)
    n_steps, done = len(question.roles) * question.up_to + 1, 1
    gains: dict[str, list[Gain]] = {}
    for role in question.roles:
        gains[role] = []
        hiring = ladder.costs.hiring[ladder.costs.roles.index(role)]
        for count in range(1, question.up_to + 1):
            more = ladder.simulate(ladder.with_hires(ladder.scenario, role, count, question.start))
            gains[role].append(gain(ladder, question, base, more, count * hiring))
            done += 1
            if progress is not None:
                progress(done, n_steps)
    return gains, base.rate_draw


def _places(ladder: HeadcountSimulation, role: str) -> list[tuple[int, str]]:
    """Return place and name of the segments that a role can be hired for."""
    names = enumerate(ladder.segments)
    return [(at, name) for at, name in names if role != AE or ladder.scenario.reps.limits(name)]


def _is_clear(
    ladder: HeadcountSimulation,
    question: HeadcountSettings,
    gains: dict[str, list[Gain]],
    draw: Ints,
) -> bool:
    """Return whether the head worth most is surely so, or as good as the next to within a month's cost."""
    firsts = [(gains[role][0], place) for role in question.roles for place, _ in _places(ladder, role)]
    if not firsts:
        return True
    npv = np.column_stack([np.zeros(len(draw)), *(found.npv[:, place] for found, place in firsts)])
    best = int(npv.mean(axis=0).argmax())
    cost = np.mean([found.cost_undiscounted[:, place].mean() for found, place in firsts])
    month = cost / max(int(ladder.months[-1]) + 1 - question.start, 1)
    lead = npv[:, [best]] - np.delete(npv, best, axis=1)
    errors = np.array([mean_error(column, draw) for column in lead.T])
    return bool(((lead.mean(axis=0) > SEPARATE_ERRORS * errors) | (SEPARATE_ERRORS * errors <= month)).all())


def _with_paybacks_of_reps(
    ladder: HeadcountSimulation, question: HeadcountSettings, table: pd.DataFrame
) -> pd.Series:
    """Return the paybacks of a table, those of account executives as where the next reps go is answered.

    A rep pays back by the bookings that they sign; who looks after customers, by the revenue they keep.
    """
    reps = RepLadder(ladder.prepared, question.start, question.up_to)
    extra = reps.simulate(ladder.n_paths)
    paid: list[float] = []
    for role, segment, heads, of_revenue in table[
        ["role", "segment", "heads_added", "payback_months"]
    ].itertuples(index=False):
        months = float(of_revenue)
        if role == AE:
            counts = np.where(np.array(extra.segments) == segment, heads, 0).astype(np.int64)
            monthly = monthly_gain(extra, counts, question.start, ladder.months, reps.month_period)
            month = payback_month(monthly, question.start)
            months = np.nan if month is None else month - question.start
        paid.append(months)
    return pd.Series(paid, index=table.index)


def _rows(
    ladder: HeadcountSimulation,
    question: HeadcountSettings,
    gains: list[Gain],
    where: tuple[str, str, int],
    draw: Ints,
) -> list[dict[str, object]]:
    role, segment, place = where
    rows: list[dict[str, object]] = []
    last = 0.0
    for count, found in enumerate(gains, 1):
        npv, cost = found.npv[:, place], found.cost[:, place]
        low, high = np.quantile(npv, [LOW, HIGH])
        mean = float(npv.mean())
        rows.append(
            {
                "role": role,
                "segment": segment,
                "heads_added": count,
                "gain_arr": found.arr[:, place].mean(),
                "gain_bookings_new": found.bookings[:, place].mean(),
                "gain_bookings_expansion": found.expansion[:, place].mean(),
                "gain_nrr": found.nrr[place],
                "cost": found.cost_undiscounted[:, place].mean(),
                "npv": mean,
                "npv_p10": low,
                "npv_p90": high,
                "npv_error": mean_error(npv, draw),
                "roi": mean / cost.mean() if cost.mean() > 0 else np.nan,
                "p_roi_above_0": float((npv > 0.0).mean()),
                "p_roi_error": share_error(npv > 0.0, draw),
                "marginal_npv": mean - last,
                "payback_months": payback_months(found.by_period[:, :, place].mean(axis=0), ladder, question),
            }
        )
        last = mean
    return rows


def payback_months(by_period: Floats, ladder: HeadcountSimulation, question: HeadcountSettings) -> float:
    """Return the months from the start after which the mean stays at or above zero; NaN: never."""
    total = np.cumsum(by_period)
    last = last_loss(total)
    if last is None or not np.abs(by_period).sum():
        return float("nan")
    months = ladder.months
    end = np.array([(p + 1) * QUARTER_MONTHS for p in range(total.size)])
    end -= ladder.deals.plan.first_month_of_quarter
    if last < 0:
        return 0.0
    share = -total[last] / (total[last + 1] - total[last])
    at = end[last] + share * (end[last + 1] - end[last])
    return max(0.0, float(at - (question.start - int(months[0]))))
