import pytest

from simulator.errors import InputError
from simulator.scenario.load import scenario_from_dict
from simulator.scenario.ownership import ACTIVITIES, OPTIONS, OwnerTable
from simulator.scenario.people import Role
from simulator.scenario.settled import settled
from tests.small_companies import company, segment

CSM = {"csm": {"all": {"heads": 2, "book": 40}}}


def stated(**more):
    return company({"one": segment()}, **more)


def faults(**more):
    with pytest.raises(InputError) as caught:
        stated(**more)
    return "\n".join(f"{fault.where} {fault.what} {fault.remedy}" for fault in caught.value.faults)


def test_what_is_stated_reads_back():
    scenario = stated(
        roles={
            "csm": {
                "all": {"book": {"arr": "2M"}, "heads": 2, "hires": [{"month": "2027-03", "count": 2}]},
                "segments": {"one": {"ote": "120k"}},
                "skill": {"adoption": "90%"},
                "ramp": 3,
            },
            "ae": {"customer_time": "30%"},
        },
        ownership={"all": "split", "segments": {"one": {"like": "all_csm", "renewal": "nobody"}}},
        effects={"adoption": {"churn": {"value": 1.5, "low": 1.1, "high": 2, "source": "benchmark"}}},
        activities={"renewal": {"hours_per_renewal": 9, "segments": {"one": {"hours_per_account": 1}}}},
    )
    assert scenario_from_dict(scenario.to_dict()) == scenario
    assert scenario.roles["csm"].of("one").ote == 120_000
    assert scenario.roles["csm"].of("one").heads == 2
    assert scenario.activities.renewal.of("one").model_dump(exclude_none=True) == {
        "hours_per_renewal": 9,
        "hours_per_account": 1,
    }


@pytest.mark.parametrize("option", OPTIONS)
def test_every_option_gives_each_activity_to_roles_that_do_all_of_it(option):
    table = OwnerTable(like=option)
    for activity in ACTIVITIES:
        assert sum(table.owners(activity).values()) == 1
    assert table.shares_book == (option == "mirrored")


def test_an_own_table_and_its_short_forms():
    scenario = stated(roles=CSM, ownership={"adoption": "csm", "renewal": {"csm": "60%"}})
    table = scenario.ownership.of("one")
    assert table.owners("adoption") == {"csm": 1.0}
    assert table.owners("renewal") == {"csm": 0.6}
    assert table.owners("expansion_new_sale") == {}
    notes = " ".join(settled(scenario).notes)
    assert "nobody does 40% of renewal" in notes
    assert "nobody does expansion_new_sale" in notes


def test_a_book_in_a_segment_takes_the_place_of_hours_for_all():
    role = Role.model_validate({"all": {"hours_per_month": 120}, "segments": {"one": {"book": 12}}})
    assert role.of("one").hours_per_month is None
    assert role.of("two").hours_per_month == 120


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"ownership": "mirrored", "roles": CSM}, "'account_manager' does something, but is no role"),
        ({"roles": {"csm": {"segments": {"two": {"heads": 1}}}}}, "unknown segment 'two'"),
        ({"roles": {"ae": {"all": {"heads": 3}}}, "reps": {"all": {"heads": 2}}}, "stated twice"),
        ({"roles": {"csm": {"customer_time": "30%"}}}, "only account executives"),
        ({"roles": {"csm": {"all": {"book": 4, "hours_per_month": 100}}}}, "has a book and hours"),
        ({"roles": CSM, "ownership": {"renewal": {"csm": "60%", "ae": "60%"}}}, "sum to 120 %"),
        ({"roles": CSM, "ownership": {"new_logo": "csm"}}, "won by account executives"),
        ({"effects": {"adoption": {"churn": 0.7}}}, "out of range"),
        ({"effects": {"adoption": {"expansion": 1.7}}}, "out of range"),
        ({"effects": {"adoption": {"churn": {"value": 3, "low": 1, "high": 2}}}}, "outside of its interval"),
        ({"activities": {"adoption": {"hours_per_acount": 3}}}, "Did you mean 'hours_per_account'"),
    ],
)
def test_what_cannot_be_is_refused_with_a_remedy(more, words):
    assert words in faults(**more)


def test_hires_of_the_past_and_roles_without_work_are_said():
    people = {"all": {"heads": 1, "hires": [{"month": "2026-03"}]}}
    with pytest.raises(InputError, match="before as_of"):
        settled(stated(roles={"csm": people}, ownership="all_csm"))
    idle = settled(stated(roles={**CSM, "specialist": {"all": {"heads": 1}}}, ownership="all_csm"))
    assert any("roles.specialist: does nothing" in note for note in idle.notes)
    assert any("change no forecast" in note for note in settled(stated(roles=CSM)).notes)


def test_account_executives_are_a_role_like_the_others():
    """What ``roles.ae`` says of people is what ``reps`` says; each may say a part."""
    people = {
        "ramp": [0, 1],
        "all": {"heads": 3, "open_deals_per_rep": 5},
        "segments": {"one": {"ote": 1000}},
    }
    as_reps = stated(reps={**people, "gross_margin": 0.7}, roles={"ae": {"customer_time": 0.2}})
    as_role = stated(reps={"gross_margin": 0.7}, roles={"ae": {**people, "customer_time": 0.2}})
    assert as_role.reps == as_reps.reps
    assert as_role.roles == as_reps.roles
    parts = stated(
        reps={"ramp": [0, 1], "all": {"heads": 3}, "gross_margin": 0.7},
        roles={
            "ae": {"all": {"open_deals_per_rep": 5}, "segments": {"one": {"ote": 1000}}, "customer_time": 0.2}
        },
    )
    assert parts.reps == as_reps.reps


def test_a_ramp_longer_than_the_horizon_is_said_of_every_role():
    slow = {"all": {"heads": 1}, "ramp": 50}
    notes = settled(stated(roles={"csm": slow, "ae": slow}, ownership="all_csm")).notes
    assert any(note.startswith("reps.ramp") for note in notes)
    assert any(note.startswith("roles.csm.ramp") for note in notes)
