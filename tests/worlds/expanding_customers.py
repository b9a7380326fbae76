"""Companies of customers alone that expand in different ways: numpy only, nothing shared with the engine.

Customers sign for a year on the first of a month, and leave at a renewal by a chance of their own. Every
month each may expand, by a rule that depends on its ARR. Twelve months more are simulated, to compare with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Row = dict[str, Any]
Floats = npt.NDArray[np.float64]

N_MONTHS, N_AHEAD = 48, 12
FIRST_YEAR = 2022
AS_OF = "2025-12-31"
NEW_PER_MONTH, CHURN = 25.0, 0.1


@dataclass(frozen=True)
class Way:
    """How customers start and expand: first ARR, and by ARR the chance in a month and the share of ARR."""

    start: Callable[[np.random.Generator], float]
    chance: Callable[[float], float]
    share: Callable[[float, np.random.Generator], float]
    at_renewal: bool = False
    driver: str = ""


def _spread(median: float, sd: float) -> Callable[[np.random.Generator], float]:
    return lambda rng: float(np.exp(np.log(median) + sd * rng.standard_normal()))


def _sized(mean: float, sd: float = 0.3) -> Callable[[float, np.random.Generator], float]:
    return lambda _, rng: float(mean * np.exp(sd * rng.standard_normal() - sd**2 / 2))


WAYS = {
    "plan upgrades": Way(
        lambda rng: float(rng.choice([588.0, 1788.0])),
        lambda arr: {588.0: 0.035, 1788.0: 0.02}.get(arr, 0.0),
        lambda arr, _: {588.0: 1788.0, 1788.0: 4788.0}[arr] / arr - 1.0,
    ),
    "few large upgrades": Way(_spread(10_000, 0.8), lambda arr: 0.012 if arr < 20_000 else 0.0, _sized(1.0)),
    "many small ones": Way(_spread(10_000, 0.8), lambda _: 0.2, _sized(0.03)),
    "price rises": Way(_spread(10_000, 0.8), lambda _: 0.6, _sized(0.06), at_renewal=True, driver="price"),
    "small customers only": Way(_spread(10_000, 1.0), lambda arr: 0.06 if arr < 8_000 else 0.0, _sized(0.3)),
    "the smaller the more often": Way(
        _spread(10_000, 1.0), lambda arr: min(0.3, 0.03 * (arr / 10_000) ** -0.6), _sized(0.2)
    ),
}


@dataclass(frozen=True)
class Company:
    """What is known at as_of, and what came in the year ahead: expansion, new and churned ARR, and NRR."""

    customers: list[Row]
    arr_changes: list[Row]
    expansion: float
    new: float
    churn: float
    nrr: float


def company(way: Way, seed: int) -> Company:
    """Return one company and the year that follows."""
    rng = np.random.default_rng(seed)
    customers: list[Row] = []
    changes: list[Row] = []
    came = {"expansion": 0.0, "new": 0.0, "churn": 0.0}
    base = later = 0.0
    starts = np.repeat(np.arange(N_MONTHS + N_AHEAD), rng.poisson(NEW_PER_MONTH, N_MONTHS + N_AHEAD))
    for number, begun in enumerate(starts):
        name = f"C{number:05d}"
        if begun < N_MONTHS:
            row = {"customer_id": name, "segment": "all", "start_date": _date(begun), "term_months": 12}
            customers.append(row)
        at_now = arr = 0.0
        for month, movement, delta in _life(way, int(begun), rng):
            arr += delta
            if month < N_MONTHS:
                at_now = arr
                row = {"customer_id": name, "date": _date(month), "movement": movement, "arr_delta": delta}
                changes.append(row | {"driver": way.driver if movement == "expansion" else ""})
            elif movement in came:
                came[movement] += delta
        base += at_now
        later += arr if at_now > 0.0 else 0.0
    return Company(customers, changes, came["expansion"], came["new"], -came["churn"], later / base)


def _life(way: Way, begun: int, rng: np.random.Generator) -> list[tuple[int, str, float]]:
    arr = round(way.start(rng), 2)
    moves = [(begun, "new", arr)]
    for month in range(begun + 1, N_MONTHS + N_AHEAD):
        renews = (month - begun) % 12 == 0
        if renews and rng.random() < CHURN:
            return [*moves, (month, "churn", -arr)]
        if (renews or not way.at_renewal) and rng.random() < way.chance(arr):
            more = round(arr * way.share(arr, rng), 2)
            arr = round(arr + more, 2)
            moves.append((month, "expansion", more))
    return moves


def _date(month: int) -> str:
    return f"{FIRST_YEAR + month // 12:04d}-{month % 12 + 1:02d}-01"
