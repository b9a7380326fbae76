"""Scenarios on the same random numbers, and the bridge between them."""

import numpy as np
import pytest

from simulator.analysis.compare.bridge import bridge, steps_table
from simulator.analysis.compare.comparison import (
    check_comparable,
    compare,
    on_the_ground_of,
    simulate_prepared,
)
from simulator.engine.prepare import prepare
from simulator.errors import InputError
from tests.small_companies import company, segment, stay

TWO = {
    "one": segment(sals_per_month=3, pipeline=stay(40, won=0.4, lost_no_decision=0.6)),
    "two": segment(sals_per_month=2, amount={"fixed": 5000}),
}
GOAL = {"targets": {"FY27Q1": 20_000, "FY27Q2": 25_000}, "horizon_quarters": 2}


def pair(**other):
    a = company(TWO, simulation={"paths": 200}, **GOAL)
    b = on_the_ground_of(a, company(TWO, **{**GOAL, **other}))
    prepared = prepare(a), prepare(b)
    futures = simulate_prepared(prepared[0]), simulate_prepared(prepared[1])
    return prepared, futures, compare(futures, [item.scenario.targets for item in prepared]).table


def test_a_scenario_changes_nothing_against_itself():
    prepared, futures, table = pair()
    assert (table[["p50_change", "mean_change", "p_more", "p_less"]] == 0).all(axis=None)
    assert bridge(*prepared, futures)["step"].unique().tolist() == [0]


def test_seed_paths_and_horizon_are_those_of_the_first():
    _, futures, _ = pair(simulation={"paths": 37, "seed": 99}, horizon_quarters=4)
    assert futures[1].flows.shape == futures[0].flows.shape


def test_differences_are_paired_and_leave_other_segments_alone():
    _, futures, table = pair(levers={"sals": {"factor": 2, "segments": "one"}})
    rows = table.set_index(["period", "segment"])
    untouched = rows.xs("two", level="segment")
    assert (untouched[["p50_change", "mean_change", "p_more", "p_less"]] == 0).all(axis=None)
    change = (futures[1].bookings_new() - futures[0].bookings_new()).sum(axis=(1, 2))
    total = rows.loc[("FY27Q1–FY27Q2", "all")]
    assert total["mean_change"] == pytest.approx(change.mean())
    assert total["p_more"] == pytest.approx((change > 0).mean())
    assert 0.5 < total["p_more"] <= 1
    assert total["mean_change_low"] < total["mean_change"] < total["mean_change_high"]


def test_pairing_narrows_the_interval_against_independent_seeds():
    """The negative control: without common random numbers the same difference is far less sure."""
    a, b = company(TWO, simulation={"paths": 200}, **GOAL), company(TWO, levers={"close_odds": 1.1}, **GOAL)
    base = simulate_prepared(prepare(a))
    errors = {}
    for seed in (7, 8):
        other = simulate_prepared(prepare(on_the_ground_of(a.with_simulation(seed=seed), b)))
        row = compare([base, other], [{}, {}]).total("small", "FY27Q1–FY27Q2")
        errors[seed] = row["mean_change_high"] - row["mean_change_low"]
    assert errors[7] < 0.75 * errors[8]


def test_each_is_held_to_its_own_target():
    _, futures, table = pair(targets={"FY27Q1": 1})
    row = table.set_index(["period", "segment"]).loc[("FY27Q1", "all")]
    assert row["p_hit"] == (futures[1].bookings_new()[:, 0].sum(axis=1) >= 1).mean()
    assert row["base_p_hit"] == (futures[0].bookings_new()[:, 0].sum(axis=1) >= 20_000).mean()
    assert np.isnan(table.set_index(["period", "segment"]).loc[("FY27Q1–FY27Q2", "all"), "p_hit"])


def test_the_bridge_foots_and_each_step_is_simulated():
    more = {"close_odds": 1.2, "sals": 1.5}
    prepared, futures, table = pair(levers=more)
    steps = bridge(*prepared, futures)
    for period, rows in steps.groupby("period"):
        ends = table.set_index(["period", "segment"]).loc[(period, "all")]
        assert rows["p50"].iloc[0] == ends["base_p50"]
        assert rows["p50"].iloc[-1] == ends["p50"]
        assert rows["p50"].iloc[0] + rows["change"].sum() == pytest.approx(ends["p50"])
    odds_only = simulate_prepared(
        prepare(company(TWO, simulation={"paths": 200}, levers={"close_odds": 1.2}, **GOAL))
    )
    first = steps[(steps["step"] == 1) & (steps["period"] == "FY27Q1")].iloc[0]
    assert first["label"] == "close_odds x1.2"
    assert first["p50"] == np.median(odds_only.bookings_new()[:, 0].sum(axis=1))


def test_a_step_that_cannot_stand_alone_is_made_with_the_next():
    b = company({"one": TWO["one"]}, **GOAL)
    a = company(TWO, levers={"sals": {"factor": 2, "segments": "two"}}, **GOAL)
    prepared = prepare(a), prepare(on_the_ground_of(a, b))
    steps = bridge(*prepared, (simulate_prepared(prepared[0]), simulate_prepared(prepared[1])))
    assert steps["label"].unique().tolist() == ["small", "segment two and without sals x2 for two"]


def test_scenarios_of_other_days_and_money_are_refused_at_once():
    a, b = company(TWO), company(TWO, currency="EUR", as_of="2026-11-30")
    with pytest.raises(InputError) as caught:
        check_comparable([prepare(a), prepare(b)])
    assert "as_of" in str(caught.value)
    assert "EUR" in str(caught.value)


def test_a_step_has_the_error_of_its_change_and_none_where_every_path_changes_alike():
    rng = np.random.default_rng(5)
    first = rng.lognormal(0.0, 0.5, (400, 2))
    noisy = first + rng.normal(0.0, 0.2, (400, 2))
    steps = [("a", "", first), ("b", "", first + 1.0), ("c", "", noisy)]
    table = steps_table(steps, ("Q1", "Q2"), np.arange(400))
    rows = table[table["period"] == "Q1"].set_index("label")
    assert rows.loc["b", "change"] == pytest.approx(1.0)
    assert rows.loc["b", "error"] == pytest.approx(0.0, abs=1e-12)
    # A bootstrap of the paired medians agrees with the jackknife over clusters within a factor of two.
    picks = rng.integers(0, 400, (300, 400))
    again = np.median(noisy[picks, 0], axis=1) - np.median(first[picks, 0] + 1.0, axis=1)
    assert 0.5 < rows.loc["c", "error"] / again.std() < 2.0
