"""The operating plan: costs foot to heads × months × cost, cash to the cent, edges exactly."""

import numpy as np
import pytest

from simulator.analysis.operating.costs import ACQUISITION, POST_SALE, without_hires
from simulator.analysis.operating.operating import collect, look_at_operations, operate
from simulator.engine.plan.roles import rep_terms, role_terms
from simulator.engine.prepare import prepare
from simulator.engine.run.simulate import simulate
from simulator.errors import InputError
from simulator.report.operating.words import operating_answers, operating_title
from tests.small_companies import company, deal, segment, stay
from tests.small_customers import book

STILL = {"annual_churn": 0}
TEAM = {
    "heads": 3,
    "open_deals_per_rep": 100,
    "ote": 240_000,
    "quota": 1_000_000,
    "variable_share": "50%",
    "attrition": 0,
    "hiring_cost": 10_000,
}


def plan(segments=None, deals=None, n=10, **more):
    """Return paths, what they come to, and the scenario."""
    scenario = company(
        segments or {"one": segment(customers=STILL)},
        deals,
        customers={"existing": book(n, arr=120_000, start_date="2026-06-30")},
        **{"operating": {"gross_margin": "75%", "collection_days": 0, "opening_cash": 100_000}, **more},
    )
    settled = prepare(scenario).scenario
    paths = simulate(settled, None, None)
    return paths, operate(paths, settled, None, rep_terms(settled, None)), settled


def team(**more):
    return {"reps": {"ramp": [1], "segments": {"one": {**TEAM, **more}}}}


def line(own, name):
    return next(item.amounts for item in own.costs if item.name.startswith(name))


def test_pay_foots_to_heads_times_months_times_cost():
    _, own, _ = plan(**team())
    assert np.allclose(line(own, "account executives, pay"), 3 * 3 * 240_000 * 0.5 / 12)
    halfway = plan(**team(), as_of="2027-01-15")[1]
    first = line(halfway, "account executives, pay")[:, 0]
    assert np.allclose(first, 3 * (2 + 16 / 31) * 240_000 * 0.5 / 12)


def test_overhead_hiring_and_commission_are_paid():
    sure = {"one": segment(pipeline=stay(0.001, won=1), customers=STILL)}
    hires = [{"month": "2027-04", "count": 2}]
    operating = {"overhead": "20%", "gross_margin": "75%"}
    _, own, _ = plan(sure, [deal("d", amount=50_000)], operating=operating, **team(hires=hires))
    pay = line(own, "account executives, pay")[0]
    assert np.allclose(pay, [3 * 3 * 14_000, *(5 * 3 * 14_000,) * 3])
    assert line(own, "account executives, commission")[0, 0] == pytest.approx(50_000 * 0.12)
    assert line(own, "hiring")[0].tolist() == [0, 20_000, 0, 0]


def test_other_costs_hold_for_their_months_and_by_revenue():
    costs = [
        {"name": "events", "per_month": 1000, "from": "2027-03", "until": "2027-05", "kind": "acquisition"},
        {"name": "product", "of_revenue": "30%"},
        {"name": "support", "per_month": 500, "kind": "post_sale"},
    ]
    _, own, _ = plan(operating={"other_costs": costs})
    assert line(own, "events")[0].tolist() == [1000, 2000, 0, 0]
    assert np.allclose(line(own, "product"), 0.3 * own.revenue)
    assert np.allclose(own.cost_of(ACQUISITION), line(own, "events"))
    assert np.allclose(own.cost_of(POST_SALE), 1500)
    assert np.allclose(own.result, own.contribution - line(own, "product"))


def test_cash_foots():
    _, own, settled = plan(**team())
    paid = own.revenue * 0.25 + sum(item.amounts for item in own.costs)
    assert np.allclose(own.receipts, own.revenue)
    assert np.allclose(own.cash, 100_000 + np.cumsum(own.receipts - paid, axis=1))
    assert settled.operating.opening_cash == 100_000


def test_money_comes_in_after_the_delay():
    paths, own, _ = plan(n=10)
    days = np.array([90.0, 91.0, 92.0, 92.0])
    even = np.tile(10.0 * days, (2, 1))
    assert np.allclose(collect(paths, even, 10.0, 45.0), even)
    assert np.allclose(collect(paths, even, 0.0, 45.0)[0], [450, 910, 920, 920])
    assert np.allclose(collect(paths, even, 0.0, 100.0)[0], [0, 810, 920, 920])
    assert collect(paths, own.revenue, 0.0, 0.0) == pytest.approx(own.revenue)


def test_contracts_paid_in_advance_bring_money_at_the_signature():
    advance = {"paid_in_advance": "100%", "collection_days": 0}
    paths, own, _ = plan(operating=advance)
    signed = paths.arr_flow("bookings_renewal").sum(axis=2)
    assert signed[0].tolist() == [0, 1_200_000, 0, 0]
    assert np.allclose(own.receipts, signed)


def view(opening, **more):
    operating = {"gross_margin": "75%", "collection_days": 0, "opening_cash": opening, **more}
    paths, own, settled = plan(operating=operating, **team(heads=30))
    return look_at_operations(paths, own, settled)


def test_cash_runs_out_for_sure_or_never():
    assert view(0).chance == 1
    assert view(1e9).chance == 0
    assert "Cash lasts through FY27Q4 in every simulation" in operating_title(view(1e9), "USD")
    assert np.isnan(view(None).chance)
    assert view(None).run_out.empty
    quarter = view(700_000, run_out_before="FY27Q1")
    assert quarter.before == "FY27Q1"
    assert quarter.chance == 0 < view(700_000).chance
    with pytest.raises(InputError, match="not among the quarters"):
        view(0, run_out_before="FY40Q1")


def test_the_table_foots_and_shares_are_of_the_sums():
    found = view(1e6)
    mean = found.table.pivot(index="period", columns="line", values="mean")
    assert np.allclose(mean["gross profit"], mean["revenue"] - mean["cost of revenue"])
    spent = mean["acquisition cost"] + mean["post-sale cost"]
    assert np.allclose(mean["contribution"], mean["gross profit"] - spent)
    assert np.allclose(mean["operating result"], mean["contribution"] - mean["other costs"])
    assert (mean["post-sale share of sales expense"] == 0).all()


def test_hires_that_no_deal_waits_for_cost_what_they_cost():
    hires = [{"month": "2027-04", "count": 2}]
    paths, own, settled = plan(**team(hires=hires))
    bare = without_hires(settled)
    assert bare is not None
    assert without_hires(bare) is None
    fewer = operate(simulate(bare, None, None), bare, None, rep_terms(bare, None))
    found = look_at_operations(paths, own, settled, without_hires=fewer)
    assert found.hiring["contribution"] == pytest.approx(-(2 * 9 * 10_000 + 20_000))
    assert found.hiring["cash_p10"] == found.hiring["cash_p90"] == found.hiring["cash"]
    assert "The planned hires change contribution" in operating_answers(found, "USD")["hiring_plan"]


def test_every_role_costs_heads_times_months_times_cost():
    people = {"heads": 2, "ote": 120_000, "overhead": "25%", "book": {"accounts": 5}, "attrition": 0}
    hires = [{"month": "2027-07", "count": 1}]
    roles = {
        "csm": {"all": {**people, "hires": hires, "hiring_cost": 5000}},
        "sdr": {"all": {"heads": 1, "ote": 60_000, "attrition": 0}},
        "account_manager": {
            "all": {"heads": 1, "ote": 180_000, "variable_share": "50%", "quota": 90_000, "attrition": 0}
        },
    }
    scenario = company(
        {"one": segment(customers=STILL)},
        customers={"existing": book(10, arr=120_000, start_date="2026-06-30")},
        roles=roles,
        ownership={"adoption": "csm", "renewal": "csm"},
        operating={"gross_margin": "75%"},
    )
    settled = prepare(scenario).scenario
    terms = role_terms(settled, None)
    for simulated in (True, False):
        effects = settled.effects.model_copy(update={"simulate": simulated})
        this = settled.replace(effects=effects)
        own = operate(simulate(this, None, None), this, None, (), terms)
        assert np.allclose(line(own, "csm"), [75_000, 75_000, 112_500 + 5000, 112_500])
        assert np.allclose(line(own, "sdr"), 15_000)
        assert np.allclose(line(own, "account manager"), 22_500), "no expansion, no variable pay"
        assert np.allclose(own.cost_of(POST_SALE), line(own, "csm") + line(own, "account manager"))
        assert np.allclose(own.cost_of(ACQUISITION), line(own, "sdr"))


def test_there_is_no_plan_without_customers():
    scenario = prepare(company({"one": segment()}, operating={"opening_cash": 1})).scenario
    with pytest.raises(InputError, match="no revenue without customers"):
        operate(simulate(scenario, None, None), scenario, None, ())
