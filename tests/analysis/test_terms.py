"""Deal terms compared: what can be worked out by hand, and what the tables must agree on."""

import numpy as np
import pytest

from simulator.analysis.terms.assumptions import list_term_assumptions, turned
from simulator.analysis.terms.policies import NONE, PLAN, STATED, STRICT, TermsLab, policies
from simulator.analysis.terms.terms import compare_terms, crossing_place
from simulator.engine.prepare import prepare
from simulator.errors import InputError
from simulator.report.terms.words import (
    terms_answers,
)
from tests.small_companies import company, deal, segment, stay

AT_ONCE = segment(pipeline=stay(0.001, won=1), customers={"annual_churn": 0, "term_months": 12})
DEALS = [deal(f"d{i}") for i in range(10)]
GIFT = {"name": "gift", "deals": "100%", "discount": "10%", "delivery_cost": "5%"}


def lab(segments, *concessions, **terms):
    scenario = company(
        segments,
        DEALS,
        terms={"approved_so_far": "0%", "value_years": 1, "concessions": [*concessions], **terms},
        horizon_quarters=2,
        operating={"gross_margin": "80%"},
    )
    return TermsLab(prepare(scenario))


@pytest.fixture(scope="module")
def gift():
    return compare_terms(lab({"one": AT_ONCE}, GIFT), 40, 20)


def row(found, policy):
    return found.table.set_index("policy").loc[policy]


def test_a_gift_to_deals_that_would_have_signed_costs_what_was_given(gift):
    stated = row(gift, STATED)
    assert stated["bookings"] == pytest.approx(9000)
    assert stated["bookings_change"] == pytest.approx(-1000)
    assert stated["discount"] == pytest.approx(1000)
    assert stated["delivery_cost"] == pytest.approx(450)
    # Eighteen months of ARR at a margin of 80 %; the month of the signature counts half.
    assert row(gift, NONE)["value"] == pytest.approx(0.8 * 10_000 * 17.5 / 12, rel=1e-4)
    assert stated["value_change"] == pytest.approx(-0.1 * row(gift, NONE)["value"] - 450, rel=1e-3)
    assert stated["p_more"] == 0
    assert gift.prices.loc[0, "anyway"] == 1
    assert np.isnan(gift.prices.loc[0, "price"])


def test_a_strict_desk_gives_away_its_share(gift):
    assert row(gift, STRICT)["conceded"] == pytest.approx(3, abs=1.0)
    assert row(gift, NONE)["conceded"] == 0


def test_the_curve_ends_where_the_table_does(gift):
    last = gift.curve.groupby("policy")["value_change"].last()
    for policy in (STATED, STRICT):
        assert last[policy] == pytest.approx(row(gift, policy)["value_change"])


def test_words_name_the_price_and_what_it_hangs_on(gift):
    texts = terms_answers(gift, "USD", 1)
    assert "brings no signature that would not have come" in texts["price of gift"]
    assert "gift: discount" in texts["depends on"]
    assert texts["answer"].startswith("Most is booked now, and worth most later, with no concessions")


def test_assumptions_come_widest_first_and_agree_with_the_policy():
    bench = lab({"one": AT_ONCE}, GIFT)
    found = compare_terms(bench, 20, 20)
    table = found.assumptions
    assert table["swing"].is_monotonic_decreasing
    assert set(table["name"]) == {"gift: discount", "gift: delivery_cost"}
    assert table["value_now"].iloc[0] == pytest.approx(row(found, STATED)["value_change"])
    half = table[table["name"] == "gift: discount"].iloc[0]
    assert (half["low"], half["high"]) == (0.05, pytest.approx(0.15))
    assert half["interval"] == "half to one and a half times the effect"
    assert half["value_high"] < half["value_now"] < half["value_low"]


def test_faster_now_and_worse_later_crosses():
    slow = segment(pipeline=stay(200, won=0.5, lost_no_decision=0.5), customers={"annual_churn": "20%"})
    rush = {"name": "rush", "deals": "100%", "win_odds": "x1.5", "churn": "x20"}
    found = compare_terms(lab({"one": slow}, rush, value_years=5), 200, 10)
    stated = row(found, STATED)
    assert stated["bookings_change"] > 0 > stated["value_change"]
    place = found.periods.index(stated["crosses"])
    curve = found.curve[found.curve["policy"] == STATED]["value_change"].to_numpy()
    assert curve[place - 1] >= 0 > curve[place]
    assert found.prices.loc[0, "extra"] > 0


def test_a_success_plan_costs_days_and_returns_value():
    leaving = segment(pipeline=stay(20, won=1), customers={"annual_churn": "60%"})
    plan = {"days": 20, "churn": "x0.2"}
    found = compare_terms(lab({"one": leaving}, success_plan=plan, value_years=4), 100, 10)
    assert found.gate["first_bookings_change"] < 0 < found.gate["value_change"]
    assert set(found.table["policy"]) == {NONE, PLAN}
    assert set(found.assumptions["concerns"]) == {PLAN}


def test_a_curve_crosses_where_its_final_sign_begins():
    assert crossing_place(np.array([1.0, 2.0, -1.0, -3.0])) == 2
    assert crossing_place(np.array([1.0, -2.0, 1.0, -3.0])) == 3
    assert crossing_place(np.array([0.0, 2.0, 3.0])) is None
    assert crossing_place(np.array([0.0, 0.0])) is None


def test_policies_grant_what_they_say():
    terms = lab({"one": AT_ONCE}, GIFT, {"name": "b", "deals": 0}, strict_desk="40%").scenario.terms
    granted = {name: [t.granted(c) for c in t.concessions] for name, t in policies(terms).items()}
    assert granted[NONE] == [0, 0]
    assert granted[STATED] == [1, 1]
    assert granted["gift alone"] == [1, 0]
    assert granted[STRICT] == [0.4, 0.4]
    first = list_term_assumptions(terms)[0]
    assert turned(terms, first, 0.3).concessions[0].discount.value == 0.3


def test_a_scenario_without_terms_or_customers_is_refused():
    with pytest.raises(InputError, match="no deal terms are stated"):
        TermsLab(prepare(company({"one": AT_ONCE}, DEALS)))
    with pytest.raises(InputError, match="cannot be valued"):
        lab({"one": segment()}, GIFT)
