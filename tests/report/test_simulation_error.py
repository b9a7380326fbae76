"""Every ± is the same: how far 80 % of simulations with other seeds lie, not one standard error or two."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from simulator.analysis.sensitivity.sensitivity import GoalSeek
from simulator.report.sensitivity.words import say_goal
from simulator.report.simulation_error import error_margin, say_error_in_points, say_error_margin

CURVE = pd.DataFrame({"factor": [0.8, 1.0, 1.2], "p_hit": [0.6, 0.5, 0.4]})


def test_the_margin_holds_four_in_five_of_normal_errors():
    assert error_margin(2.0) == pytest.approx(2.0 * norm.ppf(0.9))
    errors = np.random.default_rng(1).standard_normal(20_000)
    # A share of 0.8 of 20,000 has a standard error of 0.003.
    assert np.mean(np.abs(errors) <= error_margin(1.0)) == pytest.approx(0.8, abs=0.012)


def test_amounts_and_shares_say_the_margin_not_the_standard_error():
    assert say_error_margin(100_000.0, "USD") == "± $130k"
    assert say_error_in_points(0.05) == "±\u00a06\u00a0points"


@pytest.mark.parametrize(
    ("error", "said"), [(0.031, "(±\u00a04\u00a0points, 80% simulation interval)"), (np.nan, None)]
)
def test_the_chance_that_a_lever_reaches_has_the_same_margin(error, said):
    goal = GoalSeek("slippage", 0.5, 1.0, 0.5, error, CURVE)
    text = say_goal(goal, "FY27Q1")
    assert text.startswith("The FY27Q1 target is hit in 50% of simulations")
    assert (said in text) if said else ("±" not in text)
