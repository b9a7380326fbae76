"""From a record in which an effect was planted to the return on a head: the known return is found again."""

import numpy as np

from simulator.analysis.headcount.headcount import head_table
from simulator.calibration.coverage_effects import churn_per_coverage
from tests.analysis.test_headcount import STRONG, ladder, question
from tests.calibration.test_coverage_effects import MONTHS, hired_midway, planted

KNOWN = 2.5
WITHIN = 1.96
"""Standard deviations of a 95 % interval."""


def return_on_a_csm(churn_odds):
    """Return the ROI of one CSM more where missing coverage multiplies the odds to churn so."""
    effect = {"churn": {"value": churn_odds, "low": churn_odds, "high": churn_odds}}
    of = ladder({**STRONG, "adoption": effect})
    table, _ = head_table(of, question(of))
    return float(table.set_index("segment").loc["one", "roi"])


def test_a_planted_effect_comes_back_as_the_return_that_it_brings():
    coverage = hired_midway()
    found = churn_per_coverage(planted(KNOWN, coverage, seed=11), MONTHS, coverage)
    low, high = (return_on_a_csm(float(np.exp(found.mean + z * found.sd))) for z in (-WITHIN, WITHIN))
    known = return_on_a_csm(KNOWN)
    assert low < known < high
    assert not low < return_on_a_csm(1.2) < high, "a weaker effect is told apart"
    assert not low < return_on_a_csm(KNOWN**2) < high, "and so is a stronger one"
