"""Every part that benchmarks/parts.py leaves out is gone from the rates while it is, and back afterwards."""

import numpy as np
import pytest

from benchmarks.parts import PARTS, left_out
from simulator.calibration.calibration import Calibration
from simulator.calibration.estimate import calibrate
from simulator.history.tables import History
from tests.worlds.daily import nobody
from tests.worlds.forecasts import CALENDAR, day
from tests.worlds.gallery import AS_OF, COMPANIES, FIRST
from tests.worlds.next_quarters import _history


@pytest.fixture(scope="module")
def history() -> History:
    company = COMPANIES["season of closing"]
    deals = company.world(0).run(np.random.default_rng(0), nobody(), day(FIRST), day(AS_OF) + 1)
    return _history(company, deals)


@pytest.fixture(scope="module")
def whole(history: History) -> Calibration:
    return calibrate(history, CALENDAR)


def without(part: str, history: History) -> Calibration:
    with left_out(part):
        return calibrate(history, CALENDAR)


@pytest.mark.parametrize("part", PARTS)
def test_what_is_left_out_has_its_name(part):
    with left_out(part) as options:
        assert options or PARTS[part][1]


def test_the_season_of_closing_is_left_out_and_comes_back(history, whole):
    assert whole.drift is not None and np.abs(whole.drift.season_close).max() > 0.1
    bare = without("season of closing", history)
    assert bare.drift is not None and not bare.drift.season_close.any()
    np.testing.assert_array_equal(calibrate(history, CALENDAR).drift.season_close, whole.drift.season_close)


def test_size_and_age_are_left_out(history, whole):
    assert "size" in whole.effects and whole.factors["age"].log_sd.any()
    assert "size" not in without("size", history).effects
    assert not without("age", history).factors["age"].log_sd.any()


def test_methods_are_not_shown_a_season(history, whole):
    bare = without("season of simple methods", history)
    assert whole.evidence is not None and bare.evidence is not None
    assert (whole.evidence.centre != bare.evidence.centre).any()
    np.testing.assert_array_equal(whole.drift.season_close, bare.drift.season_close)
