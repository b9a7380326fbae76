"""A company that wins a good third of its quarter in the last ten days."""

from dataclasses import replace

import numpy as np
import pytest

from tests.worlds.daily import World
from tests.worlds.forecasts import bias_and_held, look, quarter_day

RUSH = World(
    win=lambda day, _: 0.006 * (3.0 if quarter_day(day) < 10 else 0.6),
    lose=lambda *_: 0.006,
    arrivals=lambda _: 1.5,
    amounts=lambda rng, n, _: np.exp(10.0 + 0.8 * rng.standard_normal(n)),
)
SEEDS = range(10)


@pytest.mark.parametrize("as_of", ["2024-12-21", "2024-11-30"])
def test_ten_and_thirty_one_days_before_the_end_of_the_quarter(as_of):
    bias, held = bias_and_held([look(RUSH, seed, ("2022-01-01", as_of, "2024-12-31")) for seed in SEEDS])
    # Ten histories leave a standard error of 1.2 %.
    assert abs(bias) <= 0.05 + 0.012
    assert 0.75 <= held <= 0.88


def test_even_days_would_miss_it():
    def evenly(calibration):
        assert calibration.clock is not None
        return replace(calibration, clock=None)

    days = ("2022-01-01", "2024-12-21", "2024-12-31")
    bias, held = bias_and_held([look(RUSH, seed, days, changed=evenly) for seed in range(3)])
    assert bias < -0.4
    assert held < 0.4
