"""The continuous-selling checklist: answers by hand, gaps fixed, their cost paired."""

import pandas as pd
import pytest

from simulator.analysis.terms.checklist import answer_checklist, retention_owner
from simulator.analysis.terms.checklist_cost import cost_of_gaps, question_table
from simulator.engine.prepare import prepare
from simulator.report.terms.checklist import checklist_answers, say_question
from simulator.scenario.ownership import OwnerTable
from tests.small_companies import company, segment
from tests.small_customers import book

ROLES = {
    "csm": {"all": {"heads": 3, "book": {"accounts": 10}, "attrition": 0}},
    "account_manager": {"all": {"heads": 1, "book": {"accounts": 30}, "attrition": 0}},
}
LIVELY = {
    "annual_churn": "25%",
    "expansion": {"seats_organic": "8%", "features": {"events_per_year": 0.5, "size": "20%"}},
    "term_months": 12,
}


def prepared(**more):
    scenario = company(
        {"one": segment(customers=LIVELY)},
        customers={"existing": book(30, start_date="2026-06-30")},
        roles=ROLES,
        simulation={"paths": 120},
        **more,
    )
    return prepare(scenario)


def answers(**more):
    return {item.key: item for item in answer_checklist(prepared(**more).scenario)}


def test_a_mirrored_team_on_one_book_has_all_but_the_plan():
    paid = {name: {**role, "paid_for": PAID} for name, role in ROLES.items()}
    found = mirrored(paid)
    assert {key for key, item in found.items() if item.gap} == {"success_plan"}
    assert found["nrr_owner"].answer == "account_manager and csm together"
    assert found["success_plan"].fixed is None, "no plan is stated whose effects could be simulated"


PAID = ["adoption", "renewal", "expansion_more_of_same", "expansion_new_sale"]


def mirrored(roles):
    scenario = company(
        {"one": segment(customers=LIVELY)},
        customers={"existing": book(30, start_date="2026-06-30")},
        roles=roles,
        ownership="mirrored",
    )
    return {item.key: item for item in answer_checklist(prepare(scenario).scenario)}


def test_nobody_is_a_gap_and_is_fixed_by_whoever_renews():
    table = {"adoption": "csm", "renewal": "csm", "expansion_more_of_same": "csm"}
    found = answers(ownership=table)
    commercial = found["commercial_ownership"]
    assert commercial.gap
    assert "expansion_new_sale: nobody" in commercial.answer
    fixed = commercial.fixed.ownership.of("one")
    assert fixed.owners("expansion_new_sale") == {"csm": 1.0}
    assert found["nrr_owner"].answer == "nobody"
    assert retention_owner(found["nrr_owner"].fixed.ownership.of("one")) == "csm"


def test_two_roles_with_books_of_their_own_are_a_gap():
    table = {"like": "mirrored", "common_book": False}
    found = answers(ownership=table)
    assert found["common_book"].gap
    assert found["common_book"].fixed.ownership.of("one").shares_book
    assert found["nrr_owner"].gap


def test_no_ownership_is_nobody_everywhere():
    found = answers()
    assert found["commercial_ownership"].answer == "nobody"
    assert found["nrr_owner"].gap


def test_the_owner_of_retention_does_half_of_all_of_it():
    assert retention_owner(OwnerTable(like="all_csm")) == "csm"
    assert retention_owner(OwnerTable(like="all_sales")) == "ae"
    assert retention_owner(OwnerTable(like="split")) == "nobody"
    assert retention_owner(None) == "nobody"


def test_a_gap_costs_what_fixing_it_brings_on_the_same_futures():
    plan = {"success_plan": {"days": 0, "churn": "x1"}}
    table = {"adoption": "csm", "renewal": "csm", "expansion_more_of_same": "csm"}
    worst = {"expansion_new_sale": {"expansion_sold": 0.2}}
    ready = prepared(ownership=table, terms=plan, effects=worst)
    questions = answer_checklist(ready.scenario)
    found = cost_of_gaps(ready, questions, 120).set_index("key")
    assert found.loc["success_plan", "arr_change"] == 0, "a plan without days or effects changes nothing"
    assert found.loc["commercial_ownership", "arr_change"] > 0, "sold growth that nobody sold comes back"
    texts = checklist_answers(found.reset_index(), "USD", "FY27Q4")
    assert "changes ARR at the end of FY27Q4 by" in texts["commercial_ownership"]
    bare = question_table(questions)
    assert "That is a gap" in checklist_answers(bare, "USD", "FY27Q4")["nrr_owner"]


def test_what_cannot_be_simulated_is_said():
    ready = prepared()
    found = cost_of_gaps(ready, answer_checklist(ready.scenario), 20)
    texts = checklist_answers(found, "USD", "FY27Q4")
    assert "not simulated here" in texts["nrr_owner"]


@pytest.mark.parametrize("option", ["all_csm", "all_sales", "split", "mirrored"])
def test_every_option_is_answered(option):
    reps = {
        "reps": {"ramp": [1], "segments": {"one": {"heads": 2, "open_deals_per_rep": 50, "ote": 200_000}}}
    }
    assert len(answers(ownership=option, **reps)) == 5


def test_who_owns_retention_is_said_to_be_an_assumption_before_what_it_costs():
    row = {
        "key": "nrr_owner", "question": "Who owns NRR?", "answer": "nobody", "gap": True, "fixed_by": "CSM",
        "arr_change": -931e3, "arr_change_p10": -1.2e6, "arr_change_p90": -0.5e6, "arr_change_error": 1e4,
        "nrr_change": -0.004, "bookings_change": 0.0,
    }  # fmt: skip
    said = say_question(pd.Series(row), "USD", "FY28Q3")
    assert said.index("By assumption") < said.index("$")
    assert "$931k" in said
    assert said.endswith("practice has one owner for net revenue retention")
    measured = say_question(pd.Series({**row, "key": "common_book"}), "USD", "FY28Q3")
    assert "assumption" not in measured
