"""Levels that walk from quarter to quarter: mean one, and as wide as they should be."""

import numpy as np
import pytest
from numba import njit

from benchmarks.workloads import reference_plan
from simulator.kernels.deals.new_deals import draw_shocks

N_PATHS, N_QUARTERS = 4000, 4


def shocks(sd) -> np.ndarray:
    """Factors of the quarters on every path, shape (path, quarter, kind)."""
    plan = reference_plan(n_draws=1, n_open=0, sals_per_month=1.0)._replace(shock_sd=np.array(sd))
    out = np.empty((N_PATHS, N_QUARTERS, 3))
    draw_all(plan, out)
    return out


@njit
def draw_all(plan, out):
    for path in range(out.shape[0]):
        draw_shocks(plan, np.uint64(7), np.uint64(path), out[path])


def test_a_walk_keeps_its_mean_and_widens_quarter_by_quarter():
    logs = np.log(shocks([0.1, 0.0, 0.2, 0.1]))
    steps = np.arange(N_QUARTERS) + 0.5
    for kind, (shock, walk) in enumerate(((0.1, 0.2), (0.0, 0.1))):
        variance = shock**2 + walk**2 * steps
        found = logs[:, :, kind]
        # Standard errors: of a mean sqrt(v / n), of a variance v sqrt(2 / n).
        assert (np.abs(found.mean(axis=0) + variance / 2) < 4 * np.sqrt(variance / N_PATHS)).all()
        assert (np.abs(found.var(axis=0) - variance) < 4 * variance * np.sqrt(2 / N_PATHS)).all()
        apart = np.corrcoef(found[:, 1], found[:, 3])[0, 1]
        assert apart == pytest.approx(walk**2 * 1.5 / np.sqrt(variance[1] * variance[3]), abs=0.06)


def test_without_steps_the_shocks_are_what_they_were():
    assert (shocks([0.1, 0.05]) == shocks([0.1, 0.05, 0.0, 0.0])).all()
