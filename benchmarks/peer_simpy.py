"""The same law in SimPy: one process for each deal, one for each stream of demand."""

import random
from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import simpy

from benchmarks.workloads import Outcome, empty_outcome
from simulator.kernels.deals.close_dates import NEVER
from simulator.kernels.deals.plan import ADVANCE, DESTINATION_WON, ORIGIN_CREATED, DealPlan
from simulator.kernels.flows import (
    CREATED,
    LOST_COMPETITION,
    LOST_NO_DECISION,
    N_CREATED,
    N_LOST_COMPETITION,
    N_LOST_NO_DECISION,
    N_SLIPPED,
    N_WON,
    SLIPPED,
    WON,
    WON_OPEN_AMOUNT,
)

LOSSES = {
    DESTINATION_WON + 1: (LOST_COMPETITION, N_LOST_COMPETITION),
    DESTINATION_WON + 2: (LOST_NO_DECISION, N_LOST_NO_DECISION),
}


@dataclass
class Deal:
    """Where one deal stands; ``index`` is the open deal's number, -1 for a new one."""

    segment: int
    category: int
    late: int
    entered: int
    close_month: int
    pushes: int
    row: int
    amount: float
    origin: int
    index: int = -1


def search(cdf: list[float], u: float) -> int:
    """Return the first index whose cumulative probability exceeds u."""
    return next((index for index, upto in enumerate(cdf) if u < upto), len(cdf) - 1)


class Company:
    """One path: the environment, the rates of its draw as plain lists, and what it adds up."""

    def __init__(self, plan: DealPlan, draw: int, rng: random.Random, outcome: Outcome, path: int) -> None:
        self.env = simpy.Environment()
        self.plan, self.rng = plan, rng
        self.flows, self.bookings, self.open_wins = (
            outcome.flows[path],
            outcome.bookings[path],
            outcome.open_wins,
        )
        self.month_end = plan.month_end.tolist()
        self.phase = plan.first_month_of_quarter
        self.age_bin = plan.age_bin.tolist()
        self.hazard = plan.hazard[draw].tolist()
        self.effect = plan.effect[draw].tolist()
        self.late_entry = plan.late_entry[draw].tolist()
        self.redate = plan.redate[draw].tolist()
        self.early_push = plan.early_push[draw].tolist()
        self.push_cdf = plan.push_cdf[draw].tolist()
        self.offset_cdf = plan.offset_cdf[draw].tolist()
        self.entry_cdf = plan.entry_cdf[draw].tolist()
        self.amount = plan.amount[draw].tolist()
        self.sals = plan.stream_sals[draw].tolist()
        self.multipliers = (plan.multiplier_open[draw].tolist(), plan.multiplier_new[draw].tolist())
        self.shock = [[self.draw_shock(sd) for sd in plan.shock_sd] for _ in range(self.flows.shape[0])]

    def draw_shock(self, sd: float) -> float:
        """Return a factor of mean 1."""
        return float(np.exp(sd * self.rng.gauss() - 0.5 * sd * sd))

    def add(self, month: int, segment: int, flow: int, value: float) -> None:
        """Add to a flow of the quarter of a month."""
        self.flows[(month + self.phase) // 3, segment, flow] += value

    def find_hazards(self, deal: Deal, month: int) -> list[float]:
        """Return the hazards per day of a deal in a month."""
        age = self.age_bin[min(month - deal.entered, len(self.age_bin) - 1)]
        due = 0 if deal.close_month > month else 1 if deal.close_month == month else 2
        cell = (deal.segment * 3 + deal.category) * 2 + deal.late
        cell = ((cell * (self.age_bin[-1] + 1) + age) * 3 + due) * 9
        cell += (month + self.phase) % 3 * 3 + min(deal.pushes, 2)
        hazards = [h * e for h, e in zip(self.hazard[cell][:7], self.effect[deal.row], strict=False)]
        hazards[DESTINATION_WON] *= self.shock[(month + self.phase) // 3][0]
        return hazards

    def live(self, deal: Deal, month: int) -> Generator[simpy.Event, None, None]:
        """Follow one deal to its end or to the end of the horizon."""
        while month < len(self.month_end):
            hazards = self.find_hazards(deal, month)
            total = sum(hazards)
            left = self.month_end[month] - self.env.now
            wait = self.rng.expovariate(total) if total > 0.0 else left
            if wait >= left:
                yield self.env.timeout(max(left, 0.0))
                self.end_month(deal, month)
                month += 1
                continue
            yield self.env.timeout(wait)
            target = self.rng.choices(range(7), hazards)[0]
            if target == ADVANCE:
                deal.late = 1
            elif target < DESTINATION_WON:
                deal.category, deal.entered = target, month
                deal.late = int(self.rng.random() < self.late_entry[target])
            else:
                self.close(deal, target, month)
                return

    def close(self, deal: Deal, outcome: int, month: int) -> None:
        """Book the end of a deal."""
        if outcome in LOSSES:
            amount_flow, count_flow = LOSSES[outcome]
            self.add(month, deal.segment, amount_flow, deal.amount)
            self.add(month, deal.segment, count_flow, 1.0)
            return
        multiplier = self.rng.choice(self.multipliers[deal.origin == ORIGIN_CREATED][deal.segment])
        signed = round(deal.amount * multiplier)
        self.add(month, deal.segment, WON + deal.origin, signed)
        self.add(month, deal.segment, WON_OPEN_AMOUNT, deal.amount)
        self.add(month, deal.segment, N_WON, 1.0)
        self.bookings[month, deal.segment] += signed
        if deal.index >= 0:
            self.open_wins[deal.index, (month + self.phase) // 3] += 1

    def end_month(self, deal: Deal, month: int) -> None:
        """Move the close date of a deal that is still open, and book it where it left its quarter."""
        if deal.close_month >= NEVER:
            return
        chance = (
            self.early_push[deal.segment]
            if deal.close_month > month
            else self.redate[deal.close_month < month]
        )
        if self.rng.random() < chance:
            left = max(deal.close_month, month)
            deal.close_month = left + 1 + search(self.push_cdf[deal.segment], self.rng.random())
            deal.pushes += 1
            if (deal.close_month + self.phase) // 3 > (left + self.phase) // 3 and left < len(self.month_end):
                self.slip(deal, left)
        elif (month + self.phase) % 3 == 2 and month - 3 < deal.close_month <= month:
            self.slip(deal, month)

    def slip(self, deal: Deal, month: int) -> None:
        """Book a deal that left its quarter."""
        self.add(month, deal.segment, SLIPPED, deal.amount)
        self.add(month, deal.segment, N_SLIPPED, 1.0)

    def create(self, stream: int) -> Generator[simpy.Event, None, None]:
        """Create the SALs of a stream month by month, each at a moment of its own."""
        size = float(self.plan.stream_dispersion[stream])
        for month, end in enumerate(self.month_end):
            mean = self.sals[stream][month] * self.shock[(month + self.phase) // 3][1]
            rate = self.rng.gammavariate(size, mean / size)
            start = self.env.now
            moments, moment = [], self.rng.expovariate(rate)
            while moment < 1.0:
                moments.append(start + moment * (end - start))
                moment += self.rng.expovariate(rate)
            for moment in moments:
                yield self.env.timeout(moment - self.env.now)
                self.env.process(self.live(self.new_deal(stream, month), month))
            yield self.env.timeout(end - self.env.now)

    def new_deal(self, stream: int, month: int) -> Deal:
        """Return a deal at its SAL."""
        segment = int(self.plan.stream_segment[stream])
        u = self.rng.random()
        offset = search(self.offset_cdf[segment], self.rng.random())
        place = search(self.entry_cdf[segment], self.rng.random())
        profile = search(self.plan.stream_profile_cdf[stream].tolist(), self.rng.random())
        amount = self.amount[segment][int(u * len(self.amount[segment]))]
        self.add(month, segment, CREATED, amount)
        self.add(month, segment, N_CREATED, 1.0)
        close_month = NEVER if offset == len(self.offset_cdf[segment]) - 1 else month + offset
        row = int(self.plan.stream_effect_row[stream, profile, int(u * self.plan.stream_effect_row.shape[2])])
        return Deal(segment, place // 2, place % 2, month, close_month, 0, row, amount, ORIGIN_CREATED)

    def run(self) -> None:
        """Simulate the path."""
        for index, state in enumerate(self.plan.open_state.tolist()):
            segment, category, late, entered, close_month, pushes, row = state
            amount = float(self.plan.open_amount[index])
            deal = Deal(segment, category, late, entered, close_month, pushes, row, amount, category, index)
            self.env.process(self.live(deal, 0))
        for stream in range(self.plan.stream_key.size):
            self.env.process(self.create(stream))
        self.env.run()


def simulate_paths(plan: DealPlan, first_path: int, n_paths: int, rng: random.Random) -> Outcome:
    """Return the outcome of consecutive paths."""
    outcome = empty_outcome(plan, n_paths)
    outcome.flows[:] = 0.0
    outcome.bookings[:] = 0.0
    for path in range(n_paths):
        Company(plan, (first_path + path) % plan.hazard.shape[0], rng, outcome, path).run()
    return outcome
