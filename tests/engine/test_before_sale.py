"""Help with deals and pay plans, against heads counted by simulation and odds counted by hand."""

import re

import numpy as np
import pytest
from ruamel.yaml import YAML

from simulator.analysis.headcount.simulation import HeadcountSimulation
from simulator.engine.plan.before_sale import WON, rep_seats
from simulator.engine.prepare import Prepared, prepare
from simulator.engine.run.simulate import compile_worked_deals, simulate
from simulator.errors import InputError
from simulator.report.assumptions import list_assumptions
from tests.analysis.test_headcount import BOOK
from tests.small_companies import company, deal, segment, stay
from tests.small_customers import GROWING

DEALS = [deal(f"d{n}") for n in range(50)]
ONE = {"one": segment(pipeline=stay(20, won=0.4, lost_no_decision=0.6))}
PEOPLE = {"heads": 8, "open_deals_per_rep": 100, "attrition": 0, "quota": 500_000, "variable_share": "50%"}
HELP = {"reps_per_head": 4, "win_odds": {"value": 0.5, "low": 0.4, "high": 0.8, "source": "benchmark"}}


def scenario_of(before_sale, heads=0, hires=(), reps=PEOPLE, segments=ONE, **more):
    specialist = {"heads": heads, "hires": list(hires), "attrition": 0}
    return company(
        segments,
        DEALS,
        roles={"specialist": {"ramp": [1], "all": specialist}},
        reps={"ramp": [1], "all": reps},
        effects={"before_sale": before_sale},
        **more,
    )


def factors(scenario):
    """Return what the odds of winning are multiplied with, by month."""
    return compile_worked_deals(scenario, None, None).plan.month_effect[0, :, WON]


def test_expected_heads_are_those_that_simulations_have_on_average():
    reps = {
        **PEOPLE,
        "attrition": "40%",
        "backfill_months": 2,
        "hires": [{"month": "2027-03", "count": 3, "delay_months": 1.5}],
    }
    scenario = company(
        ONE, DEALS, horizon_quarters=5, reps={"ramp": [0.1, 0.5, 0.8, 1], "all": reps},
        simulation={"paths": 4000, "rate_draws": 1},
    )  # fmt: skip
    found = rep_seats(compile_worked_deals(scenario, None, None).capacity, 0).ramped(15)
    seen = simulate(scenario, None, None).flow("ramped_rep_months")[..., 0]
    error = seen.std(axis=0) / np.sqrt(len(seen))
    assert found.reshape(5, 3).sum(axis=1) == pytest.approx(seen.mean(axis=0), abs=4 * error.max())
    assert found[0] == pytest.approx(8.0), "who is there at as_of has stayed so far"
    assert abs(found[-3:].sum() - 33.0) > 4 * error[-1], "and is not all there later"


def test_the_odds_of_winning_follow_the_reps_that_have_help():
    hires = [{"month": "2027-04", "count": 1}, {"month": "2027-07", "count": 3}]
    # 8 reps, 4 a head: none has help, then a half, then all; a fourth head more helps nobody.
    assert factors(scenario_of(HELP, hires=hires)).tolist() == pytest.approx([1] * 3 + [2**0.5] * 3 + [2] * 6)
    assert factors(scenario_of(HELP, heads=2)).tolist() == [1] * 12
    more = {**PEOPLE, "hires": [{"month": "2027-10", "count": 8}]}
    later = factors(scenario_of(HELP, heads=2, reps=more))
    assert later.tolist() == pytest.approx([1] * 9 + [0.5**0.5] * 3), "more reps than they keep up with"


def test_deals_are_won_at_these_odds():
    """Rates of 0.4 and 0.6 a stay; twice the first with help: 0.8 of 1.4 are won, else 0.4."""
    for hires, expected in (((), 0.4), ([{"month": "2027-01", "count": 2}], 0.8 / 1.4)):
        paths = simulate(scenario_of(HELP, hires=hires, simulation={"paths": 400}), None, None)
        won, lost = (paths.flow(name).sum() for name in ("n_won", "n_lost_no_decision"))
        assert won + lost > 19_000
        assert won / (won + lost) == pytest.approx(expected, abs=4 * (0.25 / (won + lost)) ** 0.5)


@pytest.mark.parametrize(
    ("before_sale", "factor"),
    [
        ({"variable_share": {"win_odds": 1.1, "observed": "30%"}}, 1.1**2),
        ({"variable_share": {"win_odds": 1.1, "observed": "50%"}}, 1.0),
        ({"quota": {"win_odds": 0.9, "observed": "400k"}}, 0.9**2.5),
    ],
)
def test_pay_plans_act_by_the_tenth(before_sale, factor):
    assert factors(scenario_of(before_sale)).tolist() == pytest.approx([factor] * 12)


def test_nothing_stated_changes_nothing():
    plan = compile_worked_deals(company(ONE, DEALS, reps={"all": PEOPLE}), None, None).plan
    assert plan.month_effect.shape[0] == 0


def refused(**stated):
    with pytest.raises(InputError) as caught:
        compile_worked_deals(company(ONE, DEALS, **stated), None, None)
    return str(caught.value)


def test_what_cannot_act_is_refused_and_what_the_messages_say_lets_it_act():
    stated = {"effects": {"before_sale": HELP}}
    for words in ("helps with deals, but is no role here", "there is nobody to help"):
        said = refused(**stated)
        assert words in said
        added = re.search(r"Add[^']*'(.*)'", said[said.index(words) :]).group(1)
        stated |= YAML(typ="safe").load(added)
    assert compile_worked_deals(company(ONE, DEALS, **stated), None, None).plan.month_effect.shape[0]
    pay = {"quota": {"win_odds": 0.9}}
    said = refused(**{**stated, "effects": {"before_sale": pay}})
    pay["quota"] |= YAML(typ="safe").load("{" + re.search(r"'(observed: .*)'", said).group(1) + "}")
    assert factors(scenario_of(pay))[0] != 1.0
    assert "half of what help" in refused(effects={"before_sale": {"reps_per_head": 4}})
    assert "x1 or less" in refused(effects={"before_sale": {**HELP, "win_odds": 1.2}})


def test_each_is_listed_with_its_interval_and_source():
    pay = {"variable_share": {"win_odds": 1.1, "observed": "30%"}}
    listed = list_assumptions(Prepared(scenario_of({**HELP, **pay}), None, None, (), ()))
    by_name = {item["name"]: item for item in listed}
    help_ = by_name["effect: odds of winning without specialist, one for 4 reps"]
    assert help_["value"] == "0.5 (0.4 to 0.8)" and help_["source"] == "benchmark"
    assert by_name["effect: odds of winning for ten points more variable pay"]["source"] == "assumption"


def test_a_specialist_more_is_worth_what_it_wins():
    book = [each for each in BOOK if each["segment"] == "one"]
    growing = {"one": {**ONE["one"], "customers": GROWING}}
    scenario = scenario_of(HELP, segments=growing, ownership="all_sales", customers={"existing": book})
    simulation = HeadcountSimulation(prepare(scenario), 50)
    scenario = simulation.scenario
    more = simulation.with_hires(scenario, "specialist", 2, int(simulation.months[1]))
    gain = simulation.simulate(more).bookings_new - simulation.simulate(scenario).bookings_new
    assert gain.sum(axis=(1, 2)).mean() > 0
    assert (simulation.simulate(more).cost - simulation.simulate(scenario).cost).sum() > 0
