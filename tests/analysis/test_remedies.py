"""What a message says to add is added, word for word, until the question is answered."""

import re

import pytest

from simulator.errors import InputError
from simulator.report.headcount.results import headcount
from simulator.report.ownership.results import ownership
from simulator.report.terms.results import terms

DAYS = [f"2026-{1 + n % 6:02d}-20" for n in range(60)]
DEALS = [
    f"{how}{n},one,{4000 + n},2025-{1 + n % 12:02d}-03,{day},{how},{day},r{n % 3}"
    for how in ("won", "lost_no_decision")
    for n, day in enumerate(DAYS)
]
MOVES = [f"c{n},2024-{1 + n % 12:02d}-01," + ("renewal,0" if n % 6 else "churn,-40000") for n in range(60)]
CUSTOMERS = {
    "customers.csv": ["customer_id,segment,start_date,arr"]
    + [f"c{n},one,2023-{1 + n % 12:02d}-01,40000" for n in range(60)],
    "arr_changes.csv": ["customer_id,date,movement,arr_delta", *MOVES],
}
REPS = [
    "rep_id,role,segment,start_date",
    *(f"r{n},ae,one,2023-01-01" for n in range(3)),
    "s1,csm,one,2023-01-01",
]
PLAN = "name: plan\ncurrency: USD\nhorizon_quarters: 8\nhistory: history\nsimulation: {rate_draws: 2}\n"
ASKED = {
    "headcount": lambda file: headcount(str(file), paths=8, up_to=1),
    "terms": lambda file: terms(str(file), paths=8),
    "ownership": lambda file: ownership(str(file), paths=8),
}


@pytest.fixture
def company(tmp_path):
    """A company of whom nothing but deals is known."""
    (tmp_path / "history").mkdir()
    head = "opportunity_id,segment,amount,created_date,close_date,outcome,closed_date,owner"
    (tmp_path / "history" / "opportunities.csv").write_text("\n".join([head, *DEALS]))
    (tmp_path / "plan.yaml").write_text(PLAN)
    return tmp_path


def follow(company, said):
    """Do what a message says: add the lines between its quotes, or the tables that it names."""
    lines = re.findall(r"'(\w+: [^']+)'", said)
    tables = [name for name in CUSTOMERS if name in said]
    assert lines or tables, said
    for name in tables:
        (company / "history" / name).write_text("\n".join(CUSTOMERS[name]))
    plan = company / "plan.yaml"
    stated = {line.split(":")[0] for line in plan.read_text().splitlines()}
    new = [line for line in lines if line.split(":")[0] not in stated]
    plan.write_text(plan.read_text() + "".join(f"{line}\n" for line in new))


@pytest.mark.parametrize("question", list(ASKED))
@pytest.mark.parametrize("with_people", [False, True])
def test_what_is_said_to_be_missing_is_all_that_is(company, question, with_people):
    if with_people:
        (company / "history" / "reps.csv").write_text("\n".join(REPS))
    said = []
    for _ in range(3):
        try:
            answer = ASKED[question](company / "plan.yaml")
        except InputError as error:
            said.append(str(error))
            follow(company, said[-1])
            continue
        assert len(answer.tables[question]) > 0
        break
    else:
        pytest.fail("\n".join(said))
    assert any("customers.csv" in text for text in said)
    assert any("heads: 2" in text for text in said) == (not with_people and question != "terms")
    assert len(said) == (1 if question == "headcount" else 2)


def test_account_executives_as_owners_need_reps(company):
    for name in CUSTOMERS:
        (company / "history" / name).write_text("\n".join(CUSTOMERS[name]))
    (company / "plan.yaml").write_text(
        PLAN + "roles: {csm: {all: {heads: 2, book: {arr: 2M}}}}\nownership: split\n"
    )
    with pytest.raises(InputError, match="reps are not simulated there") as caught:
        headcount(str(company / "plan.yaml"), paths=8, up_to=1)
    follow(company, str(caught.value).split(" Or ")[0])
    assert len(headcount(str(company / "plan.yaml"), paths=8, up_to=1).tables["headcount"]) > 0
