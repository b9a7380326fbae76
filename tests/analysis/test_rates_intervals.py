import numpy as np
import pytest
from scipy.stats import beta

from simulator.analysis.precision import effective_trials, estimate_interval, share_interval


def sums(amount, won):
    return amount.sum(-1), (amount**2).sum(-1), (amount * won).sum(-1), (amount**2 * won).sum(-1)


def test_jeffreys_interval_is_the_beta_quantile():
    low, high = share_interval([3.0, 0.0, 7.0], [10.0, 10.0, 7.0])
    assert low[0] == pytest.approx(beta.ppf(0.1, 3.5, 7.5))
    assert high[0] == pytest.approx(beta.ppf(0.9, 3.5, 7.5))
    assert low[1] == 0 and 0 < high[1] < 0.3
    assert high[2] == 1 and 0.7 < low[2] < 1


def test_nothing_known_is_anything_between_0_and_1():
    low, high = share_interval([0.0], [0.0])
    assert (low[0], high[0]) == (0.0, 1.0)


def test_equal_amounts_are_as_good_as_counts():
    amount, won = np.full(40, 250.0), np.arange(40) < 12
    assert effective_trials(*sums(amount, won)) == pytest.approx(40)


def test_one_huge_deal_leaves_little_to_go_by():
    amount, won = np.array([1000.0, *[1.0] * 50]), np.array([True, *[False] * 50])
    assert effective_trials(*sums(amount, won)) < 1.2


@pytest.mark.parametrize(
    ("slope", "least", "most"), [(0.0, 0.76, 0.84), (-0.8, 0.76, 0.95), (0.8, 0.74, 0.95)]
)
def test_the_interval_by_amount_covers_heavy_tails(slope, least, most):
    """400 deals with log-normal amounts (sigma 1.2), won with odds that depend on size; 1,500 repetitions."""
    rng = np.random.default_rng(7)

    def draw(shape):
        z = rng.normal(size=shape)
        return np.exp(1.2 * z), 1 / (1 + np.exp(0.85 - slope * z))

    amount, chance = draw(2_000_000)
    truth = (amount * chance).sum() / amount.sum()
    amount, chance = draw((1500, 400))
    won = rng.random(amount.shape) < chance
    total = sums(amount, won)
    share, trials = total[2] / total[0], effective_trials(*total)
    low, high = share_interval(share * trials, trials)
    covered = ((low <= truth) & (truth <= high)).mean()
    assert least < covered < most
    # Counting every deal as one, as if amounts were equal, is what must not pass.
    low, high = share_interval(share * 400, np.full(share.shape, 400))
    assert ((low <= truth) & (truth <= high)).mean() < 0.7


def test_an_estimate_without_variance_falls_back_on_the_deals_watched():
    low, high = estimate_interval([0.3, 0.0], [0.3 * 0.7 / 50, 0.0], [80.0, 80.0])
    assert (low[0], high[0]) == pytest.approx([float(a[0]) for a in share_interval([15.0], [50.0])])
    assert low[1] == 0 and high[1] == pytest.approx(share_interval([0.0], [80.0])[1][0])
