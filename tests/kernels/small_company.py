"""A company so small that its paths can be simulated without compiling; ``python -m`` prints their digest."""

import hashlib
import sys

import numpy as np

from simulator.engine.paths import Paths
from simulator.engine.run.simulate import simulate
from tests.laws.test_coverage import EFFECTS, REPS, WORK, csm
from tests.small_companies import company, deal, segment, stay
from tests.small_customers import GROWING, book

ONE = segment(
    sals_per_month=9,
    pipeline=stay(25, best_case=0.5, won=0.2, lost_no_decision=0.2, lost_competition=0.1),
    best_case=stay(20, commit=0.6, won=0.2, lost_competition=0.2),
    commit=stay(12, won=0.7, lost_no_decision=0.3),
    customers=GROWING,
)
TERMS = {
    "approved_so_far": "0%",
    "concessions": [{"name": "discount", "deals": "40%", "discount": "10%", "win_odds": "x1.3"}],
    "success_plan": {"deals": "50%", "days": 20},
}


def small_paths() -> Paths:
    """Simulate deals with terms, a queue for reps, customers who refer others, and people who serve them."""
    scenario = company(
        {"one": ONE},
        [deal(f"d{i}", age_months=i % 5, close_date="2027-01-15") for i in range(6)],
        customers={"existing": book(8)},
        reps={"ramp": [1.0], "segments": {"one": REPS["all"] | {"heads": 1, "open_deals_per_rep": 5}}},
        roles=csm(1),
        ownership="all_csm",
        effects=EFFECTS,
        activities=WORK,
        terms=TERMS,
        referrals={"per_customer_per_year": 0.6, "after": "first_value"},
        horizon_quarters=5,
        simulation={"paths": 3, "rate_draws": 2, "threads": 1},
    )
    return simulate(scenario, None, None)


def digest(paths: Paths) -> str:
    """Return a text that differs where any figure of the paths does."""
    arrays = [value for _, value in sorted(vars(paths).items()) if isinstance(value, np.ndarray)]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


if __name__ == "__main__":
    with np.errstate(all="ignore"):
        sys.stdout.write(digest(small_paths()))
