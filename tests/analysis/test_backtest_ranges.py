"""Ranges of simple methods: their own past errors, and nothing of what came later."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.backtest.scores import SIMULATION, scored, with_ranges


def forecasts(actual: list[float], point: float = 100.0, ahead: int = 0, first: int = 0) -> pd.DataFrame:
    """Return the run rate's single number and a simulation's range, quarter after quarter."""
    rows = []
    for place, y in enumerate(actual):
        label = {"week": 0, "ahead": ahead, "segment": "all", "quarter": first + place, "as_of": place}
        rows.append(label | {"method": "run_rate"} | scored(np.array([point]), y))
        rows.append(label | {"method": SIMULATION} | scored(np.array([80.0, 100.0, 120.0]), y))
    return pd.DataFrame(rows)


def run_rate(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["method"] == "run_rate"].reset_index(drop=True)


def test_the_range_is_as_wide_as_past_errors_and_the_number_stays():
    # The log with a tenth added on both sides errs by 0.1 up and down.
    up, down = 110.0 * np.exp(0.1) - 10.0, 110.0 * np.exp(-0.1) - 10.0
    table = with_ranges(forecasts([up, down] * 10), pd.DataFrame())
    last = run_rate(table).iloc[-1]
    assert last["p50"] == 100.0 and last["mean"] == 100.0
    # Twelve errors: the t of twelve degrees of freedom.
    assert np.log((last["p90"] + 10.0) / 110.0) == pytest.approx(0.1 * 1.3562, rel=0.02)
    assert np.log(110.0 / (last["p10"] + 10.0)) == pytest.approx(0.1 * 1.3562, rel=0.02)
    assert last["inside"] == 1.0
    assert last["crps"] < abs(100.0 - down)


def test_a_calibrated_range_is_scored_below_its_bare_number():
    rng = np.random.default_rng(3)
    actual = (110.0 * np.exp(0.3 * rng.standard_normal(200)) - 10.0).tolist()
    bare = forecasts(actual)
    ranged = run_rate(with_ranges(bare, pd.DataFrame())).iloc[20:]
    # A calibrated normal range scores 29 % less than the absolute error of its middle.
    assert ranged["crps"].sum() / run_rate(bare)["crps"].iloc[20:].sum() == pytest.approx(0.71, abs=0.03)
    # 180 quarters: three standard errors of a share of 0.8.
    assert ranged["inside"].mean() == pytest.approx(0.8, abs=0.09)


@pytest.mark.parametrize("ahead", [0, 1])
def test_only_quarters_that_had_ended_count(ahead):
    calm = [105.0, 96.0] * 5
    table = with_ranges(forecasts([*calm, 100.0, 100.0], ahead=ahead), pd.DataFrame())
    wild = with_ranges(forecasts([*calm, 100.0, 1000.0], ahead=ahead), pd.DataFrame())
    np.testing.assert_array_equal(run_rate(table)["p90"], run_rate(wild)["p90"])
    shocked = with_ranges(forecasts([*calm, 1000.0, 100.0], ahead=ahead), pd.DataFrame())
    changed = run_rate(shocked)["p90"].iloc[-1] != run_rate(table)["p90"].iloc[-1]
    # One quarter ahead the quarter before has not ended when the forecast is made.
    assert changed == (ahead == 0)


def test_errors_of_earlier_quarters_count_and_their_rows_do_not_appear():
    table = forecasts([100.0], first=50)
    unknown = run_rate(with_ranges(table, pd.DataFrame())).iloc[0]
    known = run_rate(with_ranges(table, forecasts([101.0, 99.0] * 4, first=40)))
    assert len(known) == 1
    assert known.iloc[0]["p90"] - known.iloc[0]["p10"] < 0.2 * (unknown["p90"] - unknown["p10"])


def test_the_simulation_keeps_its_own_range():
    table = forecasts([100.0, 120.0])
    ranged = with_ranges(table, pd.DataFrame())
    ours = table["method"] == SIMULATION
    pd.testing.assert_frame_equal(table[ours], ranged[ours])
