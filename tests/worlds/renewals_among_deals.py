"""A company that keeps renewals and expansions among its deals: numpy only, nothing shared with the engine.

New deals come at a constant rate and end after an exponential time. Each win becomes a customer who pays a
year at a time. A renewal deal opens 90 days before each renewal and ends on its day; expansion deals open at
random and end after an exponential time. What customers do is the outcome of those deals.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

Row = dict[str, Any]

YEAR = 365
N_YEARS = 4
"""Years known; half a year more is simulated, to compare with."""
AS_OF = np.datetime64("2025-12-31")
FIRST = AS_OF - N_YEARS * YEAR
QUARTER_DAYS = (0, 90, 181)
"""Days after as_of on which the next two quarters begin and end."""
SALS_PER_DAY, WIN_SHARE, CYCLE_DAYS = 0.7, 0.25, 70.0
KEPT_SHARE, RENEWAL_LEAD_DAYS = 0.85, 90
EXPANSIONS_PER_DAY, EXPANSION_WIN_SHARE, EXPANSION_CYCLE_DAYS = 0.9 / YEAR, 0.5, 40.0
EXPANSION_SIZE = 0.25
LOG_AMOUNT, LOG_SD = np.log(12_000.0), 0.5


@dataclass(frozen=True)
class Company:
    """What the CRM holds at as_of, and what was signed in each of the next two quarters."""

    opportunities: list[Row]
    customers: list[Row]
    arr_changes: list[Row]
    booked: dict[str, tuple[float, float]]


def company(seed: int, retyped: str | None = None) -> Company:
    """Return one company; ``retyped``: all its deals carry this type instead of their own."""
    rng = np.random.default_rng(seed)
    world = _World(rng)
    horizon = (N_YEARS * YEAR) + QUARTER_DAYS[-1]
    for day in np.flatnonzero(rng.random(horizon) < SALS_PER_DAY):
        amount = float(np.exp(LOG_AMOUNT + LOG_SD * rng.standard_normal()))
        end = float(day + rng.exponential(CYCLE_DAYS))
        won = rng.random() < WIN_SHARE
        world.deal("new", day, end, amount, won)
        if won and end < horizon:
            world.run(end, amount, horizon)
    deals = [deal | {"type": retyped or deal["type"]} for deal in world.deals]
    return Company(deals, world.customers, world.changes, world.booked())


class _World:
    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.deals: list[Row] = []
        self.customers: list[Row] = []
        self.changes: list[Row] = []
        self.wins: list[tuple[str, float, float]] = []

    def deal(self, kind: str, begin: float, end: float, amount: float, won: bool) -> None:
        if won:
            self.wins.append((kind, end, amount))
        known = N_YEARS * YEAR
        if begin >= known:
            return
        over = end < known
        self.deals.append(
            {
                "opportunity_id": f"D{len(self.deals):05d}",
                "segment": "all",
                "type": kind,
                "amount": round(amount, 2),
                "created_date": _date(begin),
                "qualified_date": _date(begin),
                "outcome": ("won" if won else "lost_no_decision") if over else "",
                "closed_date": _date(end) if over else "",
            }
        )

    def run(self, start: float, arr: float, horizon: float) -> None:
        """Simulate a customer from its signature on."""
        name = f"C{len(self.customers):05d}"
        if start < N_YEARS * YEAR:
            row = {"customer_id": name, "segment": "all", "start_date": _date(start), "term_months": 12}
            self.customers.append(row)
        self.change(name, start, "new", arr)
        day = start
        while day < horizon:
            signed = []
            opened = np.cumsum(self.rng.exponential(1 / EXPANSIONS_PER_DAY, 20))
            for begin in day + opened[opened < YEAR]:
                end, won = (
                    begin + self.rng.exponential(EXPANSION_CYCLE_DAYS),
                    self.rng.random() < EXPANSION_WIN_SHARE,
                )
                self.deal("expansion", begin, end, EXPANSION_SIZE * arr, won)
                signed += [(end, EXPANSION_SIZE * arr)] if won else []
            day += YEAR
            for end, more in sorted(signed):
                if end < day and end < horizon:
                    arr += more
                    self.change(name, end, "expansion", more)
            kept = self.rng.random() < KEPT_SHARE
            self.deal("renewal", day - RENEWAL_LEAD_DAYS, day, arr, kept)
            if not kept:
                self.change(name, day, "churn", -arr)
                return

    def change(self, name: str, day: float, movement: str, delta: float) -> None:
        if day < N_YEARS * YEAR:
            row = {
                "customer_id": name,
                "date": _date(day),
                "movement": movement,
                "arr_delta": round(delta, 2),
            }
            self.changes.append(row)

    def booked(self) -> dict[str, tuple[float, float]]:
        edges = N_YEARS * YEAR + np.array(QUARTER_DAYS)
        return {
            kind: tuple(
                sum(amount for k, day, amount in self.wins if k == kind and low <= day < high)
                for low, high in pairwise(edges)
            )  # type: ignore[misc]
            for kind in ("new", "expansion", "renewal")
        }


def _date(day: float) -> str:
    return str(FIRST + np.timedelta64(int(day) + 1, "D"))
