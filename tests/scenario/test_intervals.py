"""How far levers may turn, as a scenario states it."""

import pytest

from simulator.errors import InputError
from simulator.scenario.load import scenario_from_dict
from tests.small_companies import company, segment


def stated(intervals):
    return company({"one": segment()}, sensitivity=intervals)


def test_intervals_are_read_as_factors_and_read_back():
    scenario = stated({"close_odds": ["-20%", "+10%"], "slippage": [0.5, "x2"]})
    assert scenario.sensitivity == {"close_odds": (0.8, 1.1), "slippage": (0.5, 2.0)}
    assert scenario_from_dict(scenario.to_dict()).sensitivity == scenario.sensitivity


@pytest.mark.parametrize(
    ("intervals", "words"),
    [
        ({"close_ods": [0.9, 1.1]}, "close_odds"),
        ({"close_odds": [1.1, 0.9]}, "lower factor first"),
        ({"close_odds": [0.9, 100]}, "x0 to x10"),
        ({"close_odds": [0.9]}, "interval of two factors"),
        ({"close_odds": "10%"}, "interval of two factors"),
    ],
)
def test_what_is_no_interval_is_refused_with_the_remedy(intervals, words):
    with pytest.raises(InputError) as caught:
        stated(intervals)
    assert words in str(caught.value)
