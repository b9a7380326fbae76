import numpy as np
import pytest

from simulator.analysis.forecast.spread import split_spread
from simulator.analysis.precision import variance_between
from tests.made_paths import make_paths, sample_paths


def by_source(table, period):
    return table[table["period"] == period].set_index("source")


def normal_paths(*, luck=3.0, rates=4.0, shock=0.0, n_draws=400, n_inner=25, seed=5):
    """Bookings = 100 + luck + rates (shared within a draw) + shock, independent normals with these sds."""
    first, second, third = (np.random.default_rng([seed, i]) for i in range(3))
    draw = np.arange(n_draws * n_inner) % n_draws
    values = (
        100
        + luck * first.normal(size=len(draw))
        + rates * second.normal(size=n_draws)[draw]
        + shock * third.normal(size=len(draw))
    )
    return make_paths({"won_commit": values[:, None, None]}, n_paths=len(draw), rate_draw=draw)


def test_known_variances_are_recovered():
    """Relative s.e. of the rates' variance is about sqrt(2/400) = 7 %; 4 s.e. allowed."""
    split = by_source(split_spread(normal_paths(shock=2.0), normal_paths()), "FY27Q1")
    assert split.loc["rates", "sd"] ** 2 == pytest.approx(16.0, rel=0.3)
    assert split.loc["luck", "sd"] ** 2 == pytest.approx(9.0, rel=0.2)
    assert split.loc["shock", "sd"] ** 2 == pytest.approx(4.0, rel=0.25)


def test_luck_alone_is_not_mistaken_for_rates():
    """Without the correction, 25 paths a draw would show 4 % of the variance as rates."""
    shares = [
        by_source(split_spread(normal_paths(rates=0.0, seed=seed)), "FY27Q1").loc["rates", "variance_share"]
        for seed in range(20)
    ]
    assert np.mean(shares) < 0.005


def test_parts_add_up():
    table = split_spread(sample_paths(1000), sample_paths(1000, shock=0.0))
    for period in table["period"].unique():
        split = by_source(table, period)
        parts = split.drop("total")
        assert parts["variance_share"].sum() == pytest.approx(1.0)
        assert (parts["sd"] ** 2).sum() == pytest.approx(split.loc["total", "sd"] ** 2)
        assert parts["width"].sum() == pytest.approx(split.loc["total", "width"])
    assert len(table) == 6 * 4


def test_no_shock_run_means_no_shock():
    split = by_source(split_spread(normal_paths()), "FY27Q1")
    assert split.loc["shock", "sd"] == 0.0


def test_no_spread_at_all():
    split = by_source(split_spread(make_paths({"won_commit": 5.0}, n_paths=4)), "FY27Q1")
    assert (split["sd"] == 0).all()
    assert (split["width"] == 0).all()


def test_variance_between_in_closed_form():
    values, group = np.array([1.0, 3.0, 5.0, 7.0]), np.array([0, 0, 1, 1])
    assert variance_between(values, group) == pytest.approx((16.0 - 2.0) / 2)
    assert variance_between(values, np.zeros(4, int)) == 0.0
    assert variance_between(values, np.arange(4)) == 0.0
