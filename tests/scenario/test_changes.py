"""One scenario turned into another, one difference after the other."""

from simulator.scenario.differences import list_changes
from tests.small_companies import company, deal, segment

ONE = {"one": segment(sals_per_month=3)}


def same(a, b):
    """Return whether two scenarios simulate the same deals."""
    return a.replace(name="", description="", targets={}) == b.replace(name="", description="", targets={})


def test_nothing_changes_between_a_scenario_and_itself():
    assert list_changes(company(ONE), company(ONE, description="another day")) == []


def test_the_last_step_is_the_other_scenario():
    a = company(ONE, [deal("a")], levers={"close_odds": 1.1, "sals": 1.2})
    b = company(
        {"one": segment(sals_per_month=4), "two": segment()},
        [deal("b")],
        levers={"close_odds": 1.3, "velocity": 0.9, "amount": {"factor": 2, "segments": "two"}},
    )
    changes = list_changes(a, b)
    assert [change.label for change in changes] == [
        "segment one",
        "segment two",
        "open deals",
        "close_odds x1.3",
        "without sals x1.2",
        "velocity x0.9",
        "amount x2 for two",
    ]
    assert same(changes[-1].scenario, b)
    assert not same(changes[-2].scenario, b)


def test_targets_and_settings_are_no_step():
    b = company(ONE, targets={"FY27Q1": 1e6}, simulation={"paths": 50})
    assert list_changes(company(ONE), b) == []
