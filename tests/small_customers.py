"""Companies of customers whose future can be worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from simulator.engine.paths import Paths
from simulator.kernels.customers.flows import DRIVERS
from tests.small_companies import run

GROWING = {
    "annual_churn": "12%",
    "alike": 6,
    "expansion": {
        "consumption": {"events_per_year": 1.2, "size": "6%"},
        "seats_organic": "8%",
        "features": {"events_per_year": 0.4, "size": "20%"},
    },
    "price_rise": {"share": "60%", "size": "4%"},
    "contraction": {"share": "10%", "size": "20%"},
    "reactivation": {"per_year": "30%", "size": "80%"},
    "time_to_value_months": 3,
    "cycle_days": 45,
}
"""A segment in which everything happens."""


def customer(name: str, **more: Any) -> dict[str, Any]:
    """Return a customer of segment ``one`` who started on the first day of 2026."""
    return {"id": name, "segment": "one", "arr": 1000, "start_date": "2026-01-01", **more}


def book(n: int, **more: Any) -> list[dict[str, Any]]:
    """Return this many customers."""
    return [customer(f"c{i}", **more) for i in range(n)]


def keep(rates: dict[str, Any], customers: list[dict[str, Any]], **more: Any) -> Paths:
    """Simulate the customers of segment ``one`` as of the end of 2026; others follow the same rates."""
    names = dict.fromkeys(["one", *(c["segment"] for c in customers)])
    segments = more.pop("segments", {name: {"customers": rates} for name in names})
    return run(segments, customers={"existing": customers}, **more)


def cents(amount: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return amounts in whole cents; they must be whole."""
    whole = np.rint(amount * 100)
    assert np.abs(amount * 100 - whole).max(initial=0.0) < 1e-3
    return whole


def movement(paths: Paths) -> npt.NDArray[np.float64]:
    """Return what each period's movements add to the ARR in cents, shape (path, period, segment)."""
    grown = [cents(paths.arr_flow(name)) for name in ("new", *DRIVERS, "reactivation")]
    return sum(grown[1:], grown[0]) - cents(paths.arr_flow("contraction")) - cents(paths.arr_flow("churn"))


def closing(paths: Paths) -> npt.NDArray[np.float64]:
    """Return the ARR at the end of each period in cents, shape (path, period, segment)."""
    assert paths.arr_opening is not None
    return cents(paths.arr_opening) + np.cumsum(movement(paths), axis=1)
