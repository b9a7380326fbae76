"""Priors: how wide they are and how much they weigh, by what they do to an estimate."""

import numpy as np
import pytest

from simulator.calibration.calibration import FACTOR_LEVELS
from simulator.calibration.close_dates import _pooled_betas
from simulator.calibration.factors import _factor_precision


@pytest.mark.parametrize(
    ("name", "widest"), [("age", 1.0), ("due", 1.0), ("linearity", 0.5), ("pushes", 0.7), ("stage", 0.7)]
)
def test_the_prior_of_a_factor_is_as_wide_as_documented_and_no_wider(name, widest):
    """Without evidence a level's log has the prior's deviation, or less where levels lie next to others."""
    sd = np.sqrt(np.diag(np.linalg.inv(_factor_precision(name, len(FACTOR_LEVELS[name])))))
    assert (sd <= widest * (1.0 + 1e-9)).all()
    if name in {"due", "linearity", "stage"}:
        assert sd == pytest.approx(widest)
    else:
        assert (sd > widest / 3.0).all()


def test_ordered_levels_are_drawn_to_their_neighbours():
    covariance = np.linalg.inv(_factor_precision("age", 8))
    deviation = np.sqrt(np.diag(covariance))
    together = covariance / np.outer(deviation, deviation)
    assert together[0, 1] > together[0, 4] > 0.0


def test_the_prior_of_early_pushes_weighs_ten_months_at_most():
    found = _pooled_betas(np.array([300.0, 0.0]), np.array([1000.0, 0.0]))
    share = 300.5 / 1001.0
    assert found[1] == pytest.approx([10.0 * share, 10.0 * (1.0 - share)])
    assert found[0].sum() == pytest.approx(1010.0)


def test_the_prior_of_early_pushes_weighs_no_more_than_what_was_seen():
    found = _pooled_betas(np.array([1.0, 0.0]), np.array([3.0, 0.0]))
    assert found.sum(axis=1) == pytest.approx([3.0 + 4.0, 4.0])
