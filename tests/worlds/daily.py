"""A company simulated day by day, with NumPy alone: nothing here is shared with what forecasts it."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

WON, LOST, OPEN = 1, 2, 0
Chance = Callable[[int, "Deals"], np.ndarray | float]


@dataclass
class Deals:
    """Deals in order of their creation; a day is a day number, an end of -1 has not come yet."""

    created: np.ndarray
    amount: np.ndarray
    trait: np.ndarray
    copy: np.ndarray
    outcome: np.ndarray = field(init=False)
    closed: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.outcome = np.zeros(len(self.created), dtype=np.int64)
        self.closed = np.full(len(self.created), -1, dtype=np.int64)

    def at(self, rows: np.ndarray) -> "Deals":
        found = Deals(self.created[rows], self.amount[rows], self.trait[rows], self.copy[rows])
        found.outcome, found.closed = self.outcome[rows], self.closed[rows]
        return found

    def joined(self, other: "Deals") -> "Deals":
        found = Deals(*(np.concatenate([getattr(self, n), getattr(other, n)])
                        for n in ("created", "amount", "trait", "copy")))  # fmt: skip
        found.outcome = np.concatenate([self.outcome, other.outcome])
        found.closed = np.concatenate([self.closed, other.closed])
        return found


@dataclass(frozen=True)
class World:
    """Chances per day of what may happen, as functions of the day and of the deals that are open.

    ``arrivals`` : expected new deals on a day. ``amounts`` and ``traits`` : drawn for n deals of a day.
    """

    win: Chance
    lose: Chance
    arrivals: Callable[[int], float]
    amounts: Callable[[np.random.Generator, int, int], np.ndarray]
    traits: Callable[[np.random.Generator, int], np.ndarray] = lambda _, n: np.zeros(n)

    def run(self, rng: np.random.Generator, deals: Deals, first: int, end: int, copies: int = 1) -> Deals:
        """Return all deals after the days from ``first`` up to ``end``, each copy by itself."""
        gone, alive = deals.at(deals.outcome != OPEN), deals.at(deals.outcome == OPEN)
        ended = [gone]
        for day in range(first, end):
            n = rng.poisson(self.arrivals(day), copies)
            born = int(n.sum())
            copy = np.repeat(np.arange(copies), n)
            new = Deals(np.full(born, day), self.amounts(rng, born, day), self.traits(rng, born), copy)
            u, won = rng.random(len(alive.created)), self.win(day, alive)
            either = won + self.lose(day, alive)
            alive.outcome = np.where(u < won, WON, np.where(u < either, LOST, OPEN))
            alive.closed = np.where(alive.outcome != OPEN, day, -1)
            over = alive.outcome != OPEN
            if over.any():
                ended.append(alive.at(over))
            alive = alive.at(~over).joined(new)
        for part in ended:
            alive = alive.joined(part)
        return alive

    def booked(
        self, rng: np.random.Generator, deals: Deals, first: int, window: tuple[int, int], copies: int
    ) -> np.ndarray:
        """Return what each of this many continuations from day ``first`` wins in a window, shape (copy,)."""
        still = deals.at(deals.outcome == OPEN)
        n = len(still.created)
        many = still.at(np.tile(np.arange(n), copies))
        many.copy = np.repeat(np.arange(copies), n)
        after = self.run(rng, many, first, window[1], copies)
        won = (after.outcome == WON) & (after.closed >= window[0])
        return np.bincount(after.copy[won], after.amount[won], copies)


def nobody() -> Deals:
    """Return no deals."""
    none = np.zeros(0)
    return Deals(none.astype(np.int64), none, none, none.astype(np.int64))
