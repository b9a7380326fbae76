"""Below two per cent of bookings nothing is called a bottleneck."""

import pandas as pd
import pytest

from simulator.analysis.bottlenecks import binding as binding_of
from simulator.report.diagnose.words import what_holds_back


@pytest.mark.parametrize(("worth", "binding"), [(19.0, "none"), (21.0, "pipeline"), (150.0, "pipeline")])
def test_a_constraint_binds_from_two_per_cent_of_bookings(worth, binding):
    table = pd.DataFrame(
        {"bookings": [1000.0], "pipeline_worth": [worth], "conversion_worth": [5.0], "capacity_worth": [0.0]}
    )
    assert binding_of(table) == [binding]


@pytest.mark.parametrize(("change", "small"), [(19_000.0, True), (21_000.0, False), (150_000.0, False)])
def test_a_gain_is_said_to_hold_back_from_two_per_cent_of_bookings(change, small):
    table = pd.DataFrame(
        {
            "kind": ["pipeline"],
            "period": ["FY27"],
            "usual": [20.0],
            "better": [25.0],
            "base_p50": [1e6],
            "p_hit": [0.5],
            "base_p_hit": [0.4],
            "mean_change_low": [change / 2],
            "mean_change": [change],
            "mean_change_high": [change * 2],
        }
    )
    assert what_holds_back(table, "USD")[0].startswith("Neither") is small
