"""Reps of a scenario as arrays: who is there, how productive, what they source."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.calibration.calibration import DESTINATIONS, Drift
from simulator.engine.plan.capacity import with_reps
from simulator.engine.plan.roles import rep_terms
from simulator.engine.plan.seats import wait_cdf
from simulator.engine.run.simulate import compile_deals, run, simulate
from simulator.errors import InputError
from simulator.kernels.flows import FLOWS
from simulator.scenario.levers import Lever
from simulator.scenario.load import scenario_from_dict
from tests.small_companies import company, deal, segment, stay
from tools.sample_company.company import AS_OF, CALENDAR, FIRST_DAY, TRUTH

REPS = {
    "heads": 4,
    "open_deals_per_rep": 5,
    "quota": 500_000,
    "attrition": 0,
    "self_sourced_sals_per_month": 0,
    "patience_days": 60,
}


def one(reps=None, ramp=(1.0,), **more):
    own = {**REPS, **(reps or {})}
    return company(
        {"one": segment(sals_per_month=20)}, reps={"ramp": list(ramp), "segments": {"one": own}}, **more
    )


def flows(scenario, name):
    paths = simulate(scenario, None, None)
    return paths.flow(name)[:, :, 0]


def test_heads_without_attrition_stay():
    assert (flows(one(), "rep_months") == 12.0).all()


def test_hires_ramp_and_come_on_the_day():
    hires = [{"month": "2027-02", "count": 2}]
    scenario = one({"hires": hires}, ramp=(0.0, 0.5, 1.0), horizon_quarters=2)
    assert flows(scenario, "rep_months")[0].tolist() == [12 + 2 * 2, 12 + 2 * 3]
    # February 0, March a half each; then full.
    assert flows(scenario, "ramped_rep_months")[0].tolist() == [12 + 1.0, 12 + 6.0]


def test_delays_are_poisson_about_their_mean():
    cdf = wait_cdf(2.0)
    mean = (1.0 - cdf).sum()
    assert mean == pytest.approx(2.0)
    assert (wait_cdf(0.0) == 1.0).all()


def test_attrition_and_backfill_meet_their_law():
    """Leaving with chance p a month and away m months on average: 1 / (1 + p m) of the seats are filled."""
    scenario = one({"heads": 50, "attrition": "60%", "backfill_months": 4}, horizon_quarters=16)
    filled = flows(scenario, "rep_months")[:, 8:].mean() / (3 * 50)
    leaving = 1 - 0.4 ** (1 / 12)
    stay = 1 / leaving
    assert filled == pytest.approx(stay / (stay + 4), abs=0.01)


def test_levers_turn_what_they_say():
    base = flows(one(), "slot_days").sum()
    assert flows(one().with_levers(Lever("open_deals_per_rep", 2.0)), "slot_days").sum() == pytest.approx(
        2 * base
    )
    hires = {"hires": [{"month": "2027-01", "count": 10}]}
    slow = one(hires, ramp=(0.0, 0.25, 0.5, 0.75, 1.0), horizon_quarters=2)
    ramped = flows(slow, "ramped_rep_months").sum(axis=1).mean()
    faster = flows(slow.with_levers(Lever("ramp", 0.5)), "ramped_rep_months").sum(axis=1).mean()
    assert faster > ramped + 10
    stay = one({"attrition": "50%"}).with_levers(Lever("attrition", 0.0))
    assert (flows(stay, "rep_months") == 12.0).all()
    waits = flows(one({"open_deals_per_rep": 1}), "n_waited_out").sum()
    longer = flows(one({"open_deals_per_rep": 1}).with_levers(Lever("patience", 10.0)), "n_waited_out").sum()
    assert longer < 0.5 * waits


def test_attention_that_is_shared_slows_what_moves_and_nothing_else():
    """At twice the deals that two reps can give full attention, half are won by then, and as many lost."""
    deals = [deal(f"d{i}") for i in range(400)]
    hazard_won = hazard_lost = np.log(2) / 60
    category = stay(30, won=0.5, lost_no_decision=0.5)
    for per_rep, speed in ((400, 1.0), (100, 0.5)):
        own = {**REPS, "heads": 2, "open_deals_per_rep": per_rep, "patience_days": None}
        scenario = company(
            {"one": segment(pipeline=category)},
            deals,
            reps={"ramp": [1.0], "segments": {"one": own}},
            as_of="2026-11-30",
            fiscal_year={"start_month": 1},
            simulation={"paths": 50, "rate_uncertainty": False},
        )
        paths = simulate(scenario, None, None)
        won, lost = (paths.flow(name)[:, 0, 0].mean() for name in ("n_won", "n_lost_no_decision"))
        total = speed * hazard_won + hazard_lost
        ended = 400 * -np.expm1(-31 * total)
        assert won == pytest.approx(ended * speed * hazard_won / total, rel=0.04), per_rep
        assert lost == pytest.approx(ended * hazard_lost / total, rel=0.04), per_rep


def test_reps_without_a_limit_take_every_deal_at_once():
    endless = one({"open_deals_per_rep": 10_000})
    nobody = company({"one": segment(sals_per_month=20)})
    assert np.array_equal(flows(endless, "n_won"), flows(nobody, "n_won"))


def test_sals_of_their_own_follow_the_ramped_reps():
    scenario = one({"heads": 10, "self_sourced_sals_per_month": 2.0, "open_deals_per_rep": 50})
    created = flows(scenario, "n_created")
    expected = 3 * (20 + 10 * 2.0)
    assert abs(created.mean() - expected) < 4 * created.std() / np.sqrt(created.size)
    assert abs(created.mean() - 3 * 20) > 4 * created.std() / np.sqrt(created.size)


def test_sals_of_their_own_grow_with_a_power_of_the_reps():
    """Twice the reps source 2 ** 0.7 times as many, and with power 1 twice as many."""
    for power, factor in ((0.7, 2**0.7), (1.0, 2.0)):
        own = {"heads": 10, "self_sourced_sals_per_month": 4.0, "open_deals_per_rep": 500}
        more = {**own, "hires": [{"month": "2027-01", "count": 10}]}
        created = []
        for reps in (own, more):
            scenario = one(reps)
            scenario = scenario.replace(reps=scenario.reps.model_copy(update={"self_sourced_power": power}))
            created.append(flows(scenario, "n_created") - 60)
        few, many = (values.mean() for values in created)
        error = np.hypot(*(values.std() / np.sqrt(values.size) for values in created))
        assert few == pytest.approx(120, abs=4 * error)
        assert many == pytest.approx(120 * factor, abs=4 * error)


def test_other_segments_keep_every_draw():
    """Reps of one segment change nothing in another: segments share no slot and no draw."""
    segments = {"one": segment(sals_per_month=20), "two": segment(sals_per_month=15)}

    def second(heads):
        own = {name: {**REPS, "heads": heads if name == "one" else 2} for name in segments}
        scenario = company(segments, reps={"ramp": [1.0], "segments": own})
        outcome = run(with_reps(compile_deals(scenario, None, None), scenario, None), scenario, None)
        return outcome.flows[:, :, 1, :]

    np.testing.assert_array_equal(second(1), second(9))
    assert second(1)[..., FLOWS.index("n_created")].any()


def test_what_neither_scenario_nor_history_tells_is_asked_for():
    scenario = company(
        {"one": segment(sals_per_month=20), "two": segment(sals_per_month=20)},
        reps={"all": {"quota": 1}, "segments": {"two": {"heads": 3}}},
    )
    with pytest.raises(InputError) as caught:
        simulate(scenario, None, None)
    told = " ".join(str(fault) for fault in caught.value.faults)
    assert len(caught.value.faults) == 3
    for part in (
        "reps.segments.one: 'heads'",
        "reps.segments.one: 'open_deals_per_rep'",
        "reps.segments.two",
    ):
        assert part in told


def test_published_defaults_are_marked():
    (terms,) = rep_terms(one({"quota": None}), None)
    assert terms.quota == 750_000
    assert "BenchSights" in terms.sources["quota"]
    assert terms.ote == pytest.approx(750_000 / 4.8)
    assert terms.sources["heads"] == "scenario"
    assert terms.commission * terms.quota + 12 * terms.base_per_month == pytest.approx(terms.ote)


def test_sals_of_their_own_do_not_follow_the_course_that_more_reps_made(tmp_path):
    """Demand that grew because reps came goes on growing with reps alone; other demand keeps its course."""
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    growing = replace(truth, drift=Drift(*np.zeros((2, len(DESTINATIONS))), 0.05, np.diag([0.01, 0.0004])))
    own = {**REPS, "self_sourced_sals_per_month": 2.0}
    reps = {"ramp": [1.0], "segments": dict.fromkeys(truth.segments, own)}
    keys = {"name": "reps", "as_of": AS_OF.isoformat(), "history": str(tmp_path)}
    scenario = scenario_from_dict({**keys, "segments": {name: {} for name in truth.segments}, "reps": reps})
    still, moved = (
        with_reps(compile_deals(scenario, rates, None), scenario, None).plan for rates in (truth, growing)
    )
    np.testing.assert_allclose(moved.stream_rep_sals, still.stream_rep_sals)
    assert still.stream_rep_sals.any()
    assert (moved.stream_sals != still.stream_sals).any()
