"""What heads are worth, where the answer is known: no effect, exact costs, effects that break even."""

from dataclasses import replace

import numpy as np
import pytest

from simulator.analysis.headcount.assumptions import effects_of_role, find_breakeven, head_sensitivity
from simulator.analysis.headcount.headcount import HeadcountSettings, gain, head_table
from simulator.analysis.headcount.simulation import HeadcountSimulation
from simulator.analysis.hire.allocation import monthly_gain, payback_month
from simulator.analysis.hire.ladder import RepLadder
from simulator.analysis.ownership import (
    STATED,
    option_scenarios,
    people_by_segment,
    weigh_ownership,
)
from simulator.analysis.precision import mean_error
from simulator.engine.prepare import prepare
from simulator.kernels.people.coverage import HEADS, N_OF_ROLE
from tests.laws.test_coverage import NO_EFFECTS, PERFECT, WORK, csm
from tests.small_companies import company, segment, stay
from tests.small_customers import GROWING, customer

PATHS = 60
BOOK = [
    customer(
        f"c{i}",
        segment=("one", "two")[i % 2],
        arr=400_000,
        start_date=f"20{22 + i % 4}-{1 + i % 12:02d}-{1 + i % 28:02d}",
    )
    for i in range(80)
]
DEALS = segment(
    sals_per_month=2,
    amount={"fixed": 40_000},
    pipeline=stay(30, won=0.3, lost_no_decision=0.7),
    customers=GROWING,
)
REPS = {
    "gross_margin": "80%",
    "all": {"heads": 4, "open_deals_per_rep": 6, "quota": "900k", "ote": "200k", "attrition": 0,
            "self_sourced_sals_per_month": 0},
}  # fmt: skip
STRONG = {
    **PERFECT,
    "observed_coverage": "full",
    **NO_EFFECTS,
    "adoption": {"churn": {"value": 4, "low": 2, "high": 8}},
    "renewal": {"churn": {"value": 1.2, "low": 1.1, "high": 1.3}},
}


def ladder(effects, ownership="all_csm", n_paths=PATHS, **more):
    people = csm(1)
    people["csm"]["all"] |= {"ote": "120k", "hiring_cost": "10k"}
    people["csm"]["ramp"] = [1]
    people["account_manager"] = {"all": {"attrition": 0}}
    scenario = company(
        {"one": DEALS, "two": DEALS},
        customers={"existing": BOOK},
        horizon_quarters=8,
        roles=people,
        ownership=ownership,
        effects=effects,
        activities=WORK,
        reps=more.pop("reps", REPS),
        simulation={"paths": n_paths},
        **more,
    )
    return HeadcountSimulation(prepare(scenario), n_paths)


def question(of, roles=("csm",), up_to=1):
    return HeadcountSettings(roles, up_to, int(of.months[0]), 0.8)


@pytest.fixture(scope="module")
def strong():
    return ladder(STRONG)


def test_without_any_effect_a_head_gains_nothing_and_loses_its_cost():
    none = ladder({**PERFECT, **NO_EFFECTS})
    table, _ = head_table(none, question(none, up_to=2))
    assert table["gain_arr"].eq(0).all()
    assert table["gain_bookings_new"].eq(0).all()
    assert np.allclose(table["roi"], -1)
    assert table["p_roi_above_0"].eq(0).all()
    assert table["payback_months"].isna().all()
    assert not (head_table(ladder(STRONG), question(none))[0]["gain_arr"] == 0).any(), (
        "else this shows nothing"
    )


def test_costs_foot_to_heads_months_and_pay(strong):
    more = strong.with_hires(strong.scenario, "csm", 3, int(strong.months[0]))
    played = strong.simulate(more)
    place = strong.costs.roles.index("csm") * N_OF_ROLE + HEADS
    heads = played.people[..., place]
    assert heads[0, :, 0].tolist() == [12] * 8, "four heads, no one leaves"
    aes = played.people[..., HEADS] * 200_000 / 12
    assert np.allclose(played.cost, heads * 120_000 / 12 + aes)
    base = strong.simulate(strong.scenario)
    found = gain(strong, question(strong), base, played, np.full(2, 3 * 10_000.0))
    assert np.allclose(found.cost_undiscounted, 3 * (24 * 10_000 + 10_000))
    assert np.allclose(found.npv, found.value - found.cost)
    assert np.allclose(found.npv, found.by_period.sum(axis=1))
    with pytest.warns(DeprecationWarning, match="now simulate"):
        assert np.array_equal(strong.play(strong.scenario).cost, base.cost)


def test_with_a_quota_variable_pay_is_a_commission_on_what_the_role_sells(strong):
    people = strong.scenario.roles["csm"]
    paid = people.all.model_copy(update={"quota": 500_000.0, "variable_share": 0.2})
    scenario = strong.scenario.replace(
        roles={**strong.scenario.roles, "csm": people.model_copy(update={"all": paid})},
    )
    played = strong.simulate(scenario)
    aes = 3 * 4 * 200_000 / 12
    fixed = 3 * 120_000 * 0.8 / 12
    commission = 120_000 * 0.2 / 500_000 * played.bookings_expansion
    assert np.allclose(played.cost, aes + fixed + commission)
    assert played.bookings_expansion.sum() > 0


def test_a_rep_pays_back_in_the_month_that_hire_says():
    short = {**REPS, "all": {**REPS["all"], "heads": 1, "open_deals_per_rep": 1, "ote": "60k"}, "ramp": [1]}
    some = ladder(STRONG, reps=short)
    start = int(some.months[0])
    table, _ = head_table(some, question(some, ("csm", "ae"), up_to=2))
    assert (table.loc[table["role"] == "csm", "payback_months"] % 1 != 0).any(), "of people after the sale"
    table = table[table["role"] == "ae"]
    reps = RepLadder(some.prepared, start, 2)
    extra = reps.simulate(PATHS)
    for place, name in enumerate(extra.segments):
        for count in (1, 2):
            counts = np.zeros(len(extra.segments), dtype=np.int64)
            counts[place] = count
            monthly = monthly_gain(extra, counts, start, some.months, reps.month_period)
            said = table[(table["segment"] == name) & (table["heads_added"] == count)].iloc[0]
            month = payback_month(monthly, start)
            assert said["payback_months"] == pytest.approx(
                np.nan if month is None else month - start, nan_ok=True
            )
            gained = monthly["gain_contribution"].sum()
            assert gained == pytest.approx(extra.gain_contribution()[count, :, place].mean())
    assert table["payback_months"].notna().any()


def test_a_head_whose_effect_is_large_pays_back_and_more_heads_add_less(strong):
    table, _ = head_table(strong, question(strong, up_to=4))
    one = table[table["segment"] == "one"].set_index("heads_added")
    assert one.loc[1, "npv"] > 0
    assert 0 <= one.loc[1, "payback_months"] < 24
    assert one.loc[1, "gain_nrr"] > 0
    assert one.loc[1, "marginal_npv"] > one.loc[4, "marginal_npv"]
    assert np.allclose(one["marginal_npv"].cumsum(), one["npv"])
    assert (one["npv_p10"] <= one["npv_p90"]).all()


def npv_at(of, scale, place):
    """Return the mean NPV of one CSM in a segment at a power of the effects, and its Monte Carlo error."""
    effects = effects_of_role(of, "csm")
    stated = of.with_effects({effect.name: effect.value**scale for effect in effects})
    more = of.with_hires(stated, "csm", 1, question(of).start)
    base = of.simulate(stated)
    found = gain(of, question(of), base, of.simulate(more), np.full(2, 10_000.0))
    return found.npv[:, place].mean(), mean_error(found.npv[:, place], base.rate_draw)


def test_the_break_even_effect_put_back_leaves_nothing(strong):
    asked = question(strong)
    found = find_breakeven(strong, asked, "csm", PATHS)
    at = found[found["effect"] == "adoption.churn"].set_index("segment")
    for place, name in enumerate(strong.segments):
        scale = at.loc[name, "scale"]
        assert 0 < scale < 1, "as assumed it pays"
        assert at.loc[name, "breakeven"] == pytest.approx(4**scale)
        left, error = npv_at(strong, scale, place)
        full, _ = npv_at(strong, 1.0, place)
        assert abs(left) < 2 * error
        assert full > 4 * error, "the effect assumed is far from it"


def test_the_wider_assumption_moves_the_answer_more(strong):
    table = head_sensitivity(strong, question(strong), "csm", PATHS)
    one = table[table["segment"] == "one"].set_index("assumption")
    assert one["swing"].is_monotonic_decreasing
    assert one.loc["adoption.churn", "swing"] > one.loc["renewal.churn", "swing"]
    assert one.loc["adoption.churn", "npv_low"] < one.loc["adoption.churn", "npv_high"]
    assert {"gross margin", "closing ARR, years"} <= set(one.index)


def test_account_executives_stand_in_the_same_table(strong):
    table, _ = head_table(strong, question(strong, roles=("ae", "csm")))
    assert set(table["role"]) == {"ae", "csm"}
    assert set(table["segment"]) == {"one", "two"}


def test_every_option_has_the_same_people_at_the_pay_of_their_role(strong):
    assert people_by_segment(strong) == {"one": 1, "two": 1}
    pay = {
        "as stated": 120_000,
        "all_csm": 120_000,
        "all_sales": 200_000,
        "split": 0.7 * 120_000 + 0.3 * 200_000,
        "mirrored": 0.675 * 120_000 + 0.325 * 180_000,
    }
    for option, staffed in option_scenarios(strong).items():
        yearly = staffed.simulate(strong).cost.sum(axis=(1, 2)).mean() / 2
        assert yearly == pytest.approx(2 * (4 * 200_000 + pay[option]), rel=1e-6), option


def test_who_sells_to_new_customers_is_the_same_in_each_option(strong):
    plans = {
        option: (strong.compiled(staffed.scenario, after_sale=staffed.after_sale), staffed.after_sale)
        for option, staffed in option_scenarios(strong).items()
    }
    for option, (plan, after_sale) in plans.items():
        heads = np.array([4.0, 4.0])
        if after_sale is not None:
            more = plan.capacity.slots_per_rep[0, 0] / plans[STATED][0].capacity.slots_per_rep[0, 0]
            heads = 4.0 / after_sale[:, 1] * (1.0 - after_sale[:, 0]) * more
        assert heads == pytest.approx(4.0), option


def test_the_map_has_a_corner_for_csms_and_one_for_sales():
    """People enough, paid alike: CSMs where little is sold, sales where much is and takes long."""
    paid = {"attrition": 0, "ote": "150k"}
    scenario = company(
        {"one": DEALS},
        customers={"existing": [one for one in BOOK if one["segment"] == "one"]},
        horizon_quarters=8,
        roles={
            "csm": {"all": {"heads": 3, **paid}, "ramp": [1]},
            "account_manager": {"all": paid, "ramp": [1]},
        },
        ownership="all_csm",
        effects={"observed_coverage": "full"},
        activities=WORK,
        reps={**REPS, "all": {**REPS["all"], "heads": 6, "ote": "150k"}},
        simulation={"paths": 24},
    )
    found = weigh_ownership(HeadcountSimulation(prepare(scenario), 24), 0.8, 1.0, 24).map
    behind = found.pivot_table(index=["cycle_months", "sold_share"], columns="option", values="behind")
    lead = behind["all_sales"] - behind["all_csm"]
    assert lead[1.0, 0.1] > 0 > lead[12.0, 0.8], "of CSMs over sales"
    assert behind["all_sales"][12.0, 0.8] == 0
    assert behind["split"][1.0, 0.1] == 0, "CSMs renew, sales sells"
    assert (lead.unstack("sold_share").diff().iloc[1:] < 0).all().all(), "a longer cycle favours sales"


def test_options_are_ranked_with_their_ties(strong):
    found = weigh_ownership(strong, 0.8, 1.0, 4)
    whole = found.table[found.table["segment"] == "all"].set_index("option")
    assert whole["behind"].min() == 0
    assert whole.loc[whole["behind"].idxmin(), "tied"]
    assert whole["p_best"].sum() >= 1
    assert whole.loc[STATED, "contribution"] == pytest.approx(whole.loc["all_csm", "contribution"])
    assert found.map.groupby(["cycle_months", "sold_share"])["best"].sum().eq(1).all()
    owners = found.work[(found.work["option"] == "mirrored") & (found.work["activity"] == "renewal")][
        "owners"
    ]
    assert owners.eq("account_manager 50% + csm 50%").all()


def test_simulations_are_added_until_it_is_clear_which_head_is_worth_most(strong):
    few = replace(question(strong, ("csm",)), most_paths=8 * PATHS)
    once, gains = head_table(strong, replace(few, most_paths=PATHS))
    table, more = head_table(strong, few)
    n, n_more = (len(found["csm"][0].npv) for found in (gains, more))
    assert n == PATHS < n_more <= 8 * PATHS
    assert np.array_equal(more["csm"][0].npv[:PATHS], gains["csm"][0].npv)
    assert more["csm"][0].npv[PATHS:].tolist() != gains["csm"][0].npv.tolist()
    assert (table["npv_error"] < once["npv_error"]).all()
    assert np.allclose(table["npv"], more["csm"][0].npv.mean(axis=0))


@pytest.mark.parametrize("today", ["split", "all_sales"])
def test_an_option_costs_and_brings_the_same_whatever_is_stated_today(strong, today):
    staffed = option_scenarios(strong)["all_csm"].simulate(strong)
    other = ladder(STRONG, ownership=today)
    of_other = option_scenarios(other)["all_csm"].simulate(other)
    assert of_other.cost.sum() == pytest.approx(staffed.cost.sum())
    assert of_other.revenue.sum() == pytest.approx(staffed.revenue.sum())
