"""The same law in vectorised NumPy: all deals of several paths stepped month by month.

Inside a month every deal that still has time left draws its next event; deals whose event falls
inside the month go round again with their new state. Draws come from a NumPy generator, so sums agree
with the kernels' in law, not to the cent.
"""

from dataclasses import dataclass

import numpy as np

from benchmarks.workloads import Outcome, empty_outcome
from simulator.kernels.deals.close_dates import NEVER
from simulator.kernels.deals.plan import ADVANCE, DESTINATION_WON, ORIGIN_CREATED, DealPlan
from simulator.kernels.flows import (
    CREATED,
    LOST_COMPETITION,
    LOST_NO_DECISION,
    N_CREATED,
    N_FLOWS,
    N_LOST_COMPETITION,
    N_LOST_NO_DECISION,
    N_SLIPPED,
    N_WON,
    SLIPPED,
    WON,
    WON_OPEN_AMOUNT,
)


@dataclass
class Deals:
    """Open deals of all paths, as columns; ``index`` is the open deal's number, -1 for new ones."""

    path: np.ndarray
    draw: np.ndarray
    segment: np.ndarray
    category: np.ndarray
    late: np.ndarray
    entered: np.ndarray
    close_month: np.ndarray
    pushes: np.ndarray
    row: np.ndarray
    origin: np.ndarray
    index: np.ndarray
    time: np.ndarray
    amount: np.ndarray

    def take(self, which: np.ndarray) -> "Deals":
        """Return some of the deals."""
        return Deals(**{name: column[which] for name, column in vars(self).items()})

    def join(self, other: "Deals") -> "Deals":
        """Return these deals and others."""
        pairs = {name: (column, getattr(other, name)) for name, column in vars(self).items()}
        return Deals(**{name: np.concatenate(pair) for name, pair in pairs.items()})


def search(cdf: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Return per row the first index whose cumulative probability exceeds u."""
    return (u[:, None] >= cdf[:, :-1]).sum(axis=1)


def open_deals(plan: DealPlan, draws: np.ndarray) -> Deals:
    """Return the open deals of as_of, once for every path."""
    n_open, n_paths = plan.open_entity.size, draws.size
    state = np.tile(plan.open_state, (n_paths, 1))
    path = np.repeat(np.arange(n_paths), n_open)
    return Deals(
        path=path,
        draw=draws[path],
        segment=state[:, 0],
        category=state[:, 1].copy(),
        late=state[:, 2].copy(),
        entered=state[:, 3].copy(),
        close_month=state[:, 4].copy(),
        pushes=state[:, 5].copy(),
        row=state[:, 6],
        origin=state[:, 1].copy(),
        index=np.tile(np.arange(n_open), n_paths),
        time=np.zeros(path.size),
        amount=np.tile(plan.open_amount, n_paths),
    )


def new_deals(
    plan: DealPlan, draws: np.ndarray, demand: np.ndarray, month: int, rng: np.random.Generator
) -> Deals:
    """Return the deals that every stream creates in a month on every path."""
    mean = plan.stream_sals[draws, :, month] * demand[:, None]
    counts = rng.poisson(rng.gamma(plan.stream_dispersion, mean / plan.stream_dispersion))
    path, stream = (place.repeat(counts.ravel()) for place in np.indices(counts.shape).reshape(2, -1))
    draw, segment, n_new = draws[path], plan.stream_segment[stream], path.size
    u_amount = rng.random(n_new)
    offset = search(plan.offset_cdf[draw, segment], rng.random(n_new))
    place = search(plan.entry_cdf[draw, segment], rng.random(n_new))
    profile = search(plan.stream_profile_cdf[stream], rng.random(n_new))
    start = plan.month_end[month - 1] if month else 0.0
    return Deals(
        path=path,
        draw=draw,
        segment=segment,
        category=place // 2,
        late=place % 2,
        entered=np.full(n_new, month),
        close_month=np.where(offset == plan.offset_cdf.shape[2] - 1, NEVER, month + offset),
        pushes=np.zeros(n_new, dtype=np.int64),
        row=plan.stream_effect_row[stream, profile, (u_amount * plan.stream_effect_row.shape[2]).astype(int)],
        origin=np.full(n_new, ORIGIN_CREATED),
        index=np.full(n_new, -1),
        time=rng.uniform(start, plan.month_end[month], n_new),
        amount=plan.amount[draw, segment, (u_amount * plan.amount.shape[2]).astype(int)],
    )


class Ledger:
    """Flows of all paths, added up by month."""

    def __init__(self, n_paths: int, n_months: int, n_segments: int) -> None:
        self.flows = np.zeros((n_paths, n_months, n_segments, N_FLOWS))

    def add(
        self, deals: Deals, month: np.ndarray | int, flow: np.ndarray | int, value: np.ndarray | float
    ) -> None:
        """Add a value of each deal to a flow of its path, month and segment."""
        place = (deals.path, month, deals.segment, flow)
        flat = np.ravel_multi_index(np.broadcast_arrays(*place), self.flows.shape)
        np.add.at(self.flows.reshape(-1), flat, value)


def find_hazards(plan: DealPlan, deals: Deals, month: int, closing: np.ndarray) -> np.ndarray:
    """Return the hazards per day of each deal in a month, shape (deal, 7)."""
    oldest = plan.age_bin.size - 1
    age = plan.age_bin[np.minimum(month - deals.entered, oldest)]
    due = np.where(deals.close_month > month, 0, np.where(deals.close_month == month, 1, 2))
    linearity = (month + plan.first_month_of_quarter) % 3
    cell = (deals.segment * 3 + deals.category) * 2 + deals.late
    cell = (
        ((cell * (plan.age_bin[oldest] + 1) + age) * 3 + due) * 9
        + linearity * 3
        + np.minimum(deals.pushes, 2)
    )
    hazards = plan.hazard[deals.draw, cell] * plan.effect[deals.draw, deals.row]
    hazards[:, DESTINATION_WON] *= closing[deals.path]
    return hazards


def move(
    plan: DealPlan, deals: Deals, which: np.ndarray, target: np.ndarray, month: int, rng: np.random.Generator
) -> None:
    """Move deals to another category, or on to the late stage of their own."""
    advanced = which[target == ADVANCE]
    deals.late[advanced] = 1
    moved, category = which[target < DESTINATION_WON], target[target < DESTINATION_WON]
    deals.category[moved] = category
    deals.entered[moved] = month
    deals.late[moved] = rng.random(moved.size) < plan.late_entry[deals.draw[moved], category]


def close(
    plan: DealPlan,
    deals: Deals,
    outcome: np.ndarray,
    month: int,
    ledger: Ledger,
    open_wins: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Book the end of deals."""
    won = deals.take(outcome == DESTINATION_WON)
    place = (won.draw, won.segment, rng.integers(0, plan.multiplier_new.shape[2], won.path.size))
    is_new = won.origin == ORIGIN_CREATED
    multiplier = np.where(is_new, plan.multiplier_new[place], plan.multiplier_open[place])
    ledger.add(won, month, WON + won.origin, np.rint(won.amount * multiplier))
    ledger.add(won, month, WON_OPEN_AMOUNT, won.amount)
    ledger.add(won, month, N_WON, 1.0)
    known = won.index[won.index >= 0]
    open_wins[:, (month + plan.first_month_of_quarter) // 3] += np.bincount(
        known, minlength=open_wins.shape[0]
    )
    for code, amount_flow, count_flow in (
        (DESTINATION_WON + 1, LOST_COMPETITION, N_LOST_COMPETITION),
        (DESTINATION_WON + 2, LOST_NO_DECISION, N_LOST_NO_DECISION),
    ):
        lost = deals.take(outcome == code)
        ledger.add(lost, month, amount_flow, lost.amount)
        ledger.add(lost, month, count_flow, 1.0)


def advance_month(
    plan: DealPlan,
    deals: Deals,
    month: int,
    closing: np.ndarray,
    ledger: Ledger,
    open_wins: np.ndarray,
    rng: np.random.Generator,
) -> Deals:
    """Let all deals live to the end of a month; return those still open."""
    end = plan.month_end[month]
    is_open = np.ones(deals.path.size, dtype=bool)
    active = np.arange(deals.path.size)
    while active.size:
        hazards = find_hazards(plan, deals.take(active), month, closing)
        upto = np.cumsum(hazards[:, :7], axis=1)
        total = upto[:, -1]
        wait = np.divide(
            rng.exponential(size=active.size), total, out=np.full(active.size, np.inf), where=total > 0
        )
        happens = deals.time[active] + wait < end
        active, upto, wait = active[happens], upto[happens], wait[happens]
        deals.time[active] += wait
        target = (rng.random(active.size)[:, None] * upto[:, -1:] >= upto[:, :-1]).sum(axis=1)
        ends = (target >= DESTINATION_WON) & (target < ADVANCE)
        close(plan, deals.take(active[ends]), target[ends], month, ledger, open_wins, rng)
        is_open[active[ends]] = False
        move(plan, deals, active[~ends], target[~ends], month, rng)
        active = active[~ends]
    deals.time[:] = end
    return deals.take(is_open)


def move_dates(plan: DealPlan, deals: Deals, month: int, ledger: Ledger, rng: np.random.Generator) -> None:
    """Move close dates at the end of a month and book what slipped out of its quarter."""
    phase = plan.first_month_of_quarter
    due, past = deals.close_month == month, deals.close_month < month
    chance = np.where(
        due,
        plan.redate[deals.draw, 0],
        np.where(past, plan.redate[deals.draw, 1], plan.early_push[deals.draw, deals.segment]),
    )
    dated = deals.close_month < NEVER
    pushed = dated & (rng.random(deals.path.size) < chance)
    which = np.flatnonzero(pushed)
    left = np.maximum(deals.close_month[which], month)
    length = search(plan.push_cdf[deals.draw[which], deals.segment[which]], rng.random(which.size))
    deals.close_month[which] = left + 1 + length
    deals.pushes[which] += 1
    slipped = ((left + 1 + length + phase) // 3 > (left + phase) // 3) & (left < plan.month_end.size)
    out, months = deals.take(which[slipped]), left[slipped]
    if (month + phase) % 3 == 2:
        stayed = deals.take(~pushed & (deals.close_month <= month) & (deals.close_month > month - 3))
        out, months = out.join(stayed), np.concatenate([months, np.full(stayed.path.size, month)])
    ledger.add(out, months, SLIPPED, out.amount)
    ledger.add(out, months, N_SLIPPED, 1.0)


def simulate_paths(plan: DealPlan, first_path: int, n_paths: int, rng: np.random.Generator) -> Outcome:
    """Return the outcome of consecutive paths."""
    outcome = empty_outcome(plan, n_paths)
    n_months, n_quarters, n_segments = plan.month_end.size, outcome.flows.shape[1], outcome.flows.shape[2]
    draws = np.arange(first_path, first_path + n_paths) % plan.hazard.shape[0]
    sd = plan.shock_sd
    shock = np.exp(sd * rng.standard_normal((n_paths, n_quarters, 2)) - 0.5 * sd * sd)
    ledger = Ledger(n_paths, n_months, n_segments)
    deals = open_deals(plan, draws)
    for month in range(n_months):
        quarter = (month + plan.first_month_of_quarter) // 3
        born = new_deals(plan, draws, shock[:, quarter, 1], month, rng)
        ledger.add(born, month, CREATED, born.amount)
        ledger.add(born, month, N_CREATED, 1.0)
        deals = deals.join(born)
        deals = advance_month(plan, deals, month, shock[:, quarter, 0], ledger, outcome.open_wins, rng)
        move_dates(plan, deals, month, ledger, rng)
    quarters = (np.arange(n_months) + plan.first_month_of_quarter) // 3
    outcome.flows[:] = 0.0
    for month, quarter in enumerate(quarters):
        outcome.flows[:, quarter] += ledger.flows[:, month]
    outcome.bookings[:] = ledger.flows[..., WON : WON + 4].sum(axis=-1)
    return outcome
