"""Inputs moved one at a time on the same simulations, and the goal-seek, against what must come out."""

import numpy as np
import pytest

from simulator.analysis.compare.comparison import simulate_prepared
from simulator.analysis.compare.measures import MEASURES, Measure, change_error, read_measure
from simulator.analysis.sensitivity.inputs import DEFAULT_INTERVALS, lever_input, list_inputs
from simulator.analysis.sensitivity.sensitivity import (
    PULLED,
    measure_levers,
    measure_sensitivity,
    seek_goal,
    without_customers,
)
from simulator.engine.prepare import prepare
from simulator.errors import InputError
from simulator.scenario.levers import LEVERS
from tests.small_companies import company, segment, stay

ONE = {"one": segment(sals_per_month=6, pipeline=stay(40, won=0.4, lost_no_decision=0.6))}


def ready(**more):
    scenario = company(ONE, simulation={"paths": 120}, horizon_quarters=2, **more)
    return without_customers(prepare(scenario))


def test_every_lever_has_an_interval_within_its_range_and_a_reason():
    assert set(DEFAULT_INTERVALS) == set(LEVERS)
    for name, (low, high, reason) in DEFAULT_INTERVALS.items():
        assert LEVERS[name].low <= low < 1 < high <= LEVERS[name].high
        assert reason


def test_levers_of_reps_and_customers_are_left_out_where_there_are_none():
    names = {one.name for one in list_inputs(ready(), with_customers=False)}
    assert {"close_odds", "sals", "slippage"} <= names
    assert not names & {"ramp", "patience", "churn", "backfill_months", "shared_shock"}
    reps = {"all": {"heads": 3, "open_deals_per_rep": 5}}
    with_reps = {one.name for one in list_inputs(ready(reps=reps), with_customers=True)}
    assert {"ramp", "patience", "backfill_months", "churn"} <= with_reps


def test_a_tornado_holds_the_runs_it_stands_for_widest_first():
    prepared = ready(sensitivity={"amount": [0.5, 2]})
    measure = Measure("p50", "FY27Q2")
    inputs = tuple(lever_input(name, prepared) for name in ("slippage", "amount", "sals", "close_odds"))
    found = measure_sensitivity(prepared, inputs, measure)
    assert found.table["swing"].is_monotonic_decreasing
    rows = found.table.set_index("name")
    assert rows.loc["amount", ["value_low", "value_high"]].tolist() == [found.base / 2, found.base * 2]
    assert rows.loc["amount", "reason"] == "as the scenario states"
    more = prepare(company(ONE, simulation={"paths": 120}, horizon_quarters=2, levers={"sals": 1.2}))
    assert rows.loc["sals", "value_high"] == np.median(
        simulate_prepared(more).bookings_new()[:, 1].sum(axis=1)
    )
    assert rows.loc["sals", "change_low"] < 0 < rows.loc["sals", "change_high"]
    assert (rows.loc["slippage", ["change_low", "error_low"]] == 0).all()


def test_levers_pulled_alone_bring_what_the_tornado_says_at_the_end_that_helps():
    prepared, measure = ready(), Measure("p50", "FY27Q2")
    pulled = measure_levers(prepared, measure)
    assert pulled["gain"].is_monotonic_decreasing
    inputs = tuple(lever_input(name, prepared) for name in PULLED)
    whole = measure_sensitivity(prepared, inputs, measure).table.set_index("name")
    for name, row in pulled.set_index("name").iterrows():
        end = PULLED[name]
        at = whole.loc[name]
        assert (row["factor"], row["gain"]) == (at[end], at[f"change_{end}"])
        assert row["error"] == at[f"error_{end}"]


def test_the_backfill_assumption_multiplies_what_holds_now():
    reps = {"all": {"heads": 3, "open_deals_per_rep": 5, "backfill_months": 4}}
    one = next(t for t in list_inputs(ready(reps=reps), with_customers=False) if t.name == "backfill_months")
    assert one.apply(ready(reps=reps), 0.5).scenario.reps.of("one").backfill_months == 2


@pytest.mark.parametrize(("lever", "start"), [("sals", 0.5), ("no_decision", 1.5)])
def test_a_goal_is_found_from_either_side(lever, start):
    """Brent's answer lies where a fine grid of the same simulations crosses the chance."""
    prepared = ready(targets={"FY27Q2": 7000}, levers={lever: start})
    measure = read_measure("p_hit", "FY27Q2", ("FY27Q1", "FY27Q2"), prepared.scenario.targets)
    one = lever_input(lever, prepared)
    for chance in (0.8, 0.3):
        goal = seek_goal(prepared, one, measure, chance)
        assert np.isfinite(goal.factor)
        either_side = [
            float(measure.of(measure.sample(simulate_prepared(one.apply(prepared, goal.factor * nudge)))))
            for nudge in (0.95, 1.05)
        ]
        assert min(either_side) <= chance <= max(either_side)
        assert goal.error > 0
        assert goal.curve["factor"].is_monotonic_increasing


def test_a_goal_out_of_reach_says_how_near_it_comes():
    prepared = ready(targets={"FY27Q2": 1e9})
    measure = read_measure("p_hit", "FY27Q2", ("FY27Q1", "FY27Q2"), prepared.scenario.targets)
    goal = seek_goal(prepared, lever_input("close_odds", prepared), measure, 0.8)
    assert np.isnan(goal.factor)
    assert goal.reached == 0


def test_measures_are_the_statistics_they_are_called():
    paths = simulate_prepared(ready())
    total = paths.bookings_new().sum(axis=(1, 2))
    for name, value in {"mean": total.mean(), "p10": np.quantile(total, 0.1)}.items():
        measure = Measure(name, "FY27Q1–FY27Q2")
        assert measure.of(measure.sample(paths)) == pytest.approx(value)
    hit = Measure("p_hit", "FY27Q1–FY27Q2", target=float(np.median(total)))
    assert hit.of(hit.sample(paths)) == (total >= np.median(total)).mean()


def test_the_error_of_a_change_is_that_of_the_paired_mean():
    rng = np.random.default_rng(5)
    before = rng.normal(size=400)
    after = before + 0.1 * rng.normal(size=400)
    error = change_error(Measure("mean", "x"), before, after, np.arange(400))
    assert error == pytest.approx((after - before).std() / 20, rel=0.2)
    unpaired = np.hypot(before.std(), after.std()) / 20
    assert error < 0.2 * unpaired


def test_unknown_measures_and_missing_targets_are_refused():
    with pytest.raises(InputError, match="p_hit"):
        read_measure("p95", "FY27Q1", ("FY27Q1",), {})
    with pytest.raises(InputError, match="targets"):
        read_measure("p_hit", "FY27Q1", ("FY27Q1",), {})
    assert "nrr" in MEASURES
