"""A company that wins a good third of its quarter in the last ten days is forecast before it ends."""

import pytest

from tests.worlds.quarter_end import AS_OF, evenly, found


@pytest.mark.parametrize("as_of", AS_OF)
def test_ten_and_thirty_one_days_before_the_end_of_the_quarter(as_of):
    bias, held = found(as_of)
    # Ten histories leave a standard error of 1.2 %: two of them on top of the bound.
    assert abs(bias) <= 0.05 + 2 * 0.012
    assert 0.75 <= held <= 0.88


def test_even_days_would_miss_it():
    bias, held = found("2024-12-21", seeds=range(3), changed=evenly)
    assert bias < -0.4
    assert held < 0.4
