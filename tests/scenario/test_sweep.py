"""Lists and ranges of a sweep, and what it refuses."""

from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.scenario.load import scenario_from_dict
from simulator.scenario.sweep import settings

SAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "sample" / "history"
BASE = {"as_of": "2026-10-31", "history": str(SAMPLE)}


def load(sweep):
    return scenario_from_dict({**BASE, "sweep": sweep})


def test_every_combination_is_a_setting_the_last_key_fastest():
    scenario = load({"levers.sals": ["-20%", 1], "levers.slippage": {"from": 0.8, "to": 1.2, "steps": 3}})
    assert scenario.sweep == {"levers.sals": ("-20%", 1), "levers.slippage": (0.8, 1.0, 1.2)}
    found = settings(scenario.sweep)
    assert len(found) == 6
    assert found[:2] == [
        {"levers.sals": "-20%", "levers.slippage": 0.8},
        {"levers.sals": "-20%", "levers.slippage": 1.0},
    ]


def test_it_reads_back_and_a_run_says_that_it_is_not_played():
    scenario = load({"levers.sals": [1, "+20%"]})
    assert scenario_from_dict(scenario.to_dict()).sweep == scenario.sweep
    assert any("simulator sweep" in note for note in scenario.notes)
    assert not load({}).notes


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        ({"levers.sals": []}, "no list of values"),
        ({"levers.sals": "+20%"}, "no list of values"),
        ({"levers.sals": [[1, 2]]}, "more than plain values"),
        ({"simulation.seed": [1, 2]}, "cannot be swept"),
        ({"history": ["a", "b"]}, "cannot be swept"),
        ({"a": {"from": 0, "to": 1, "steps": 50}, "b": {"from": 0, "to": 1, "steps": 50}}, "2,500 settings"),
        ({"a": {"from": 0, "steps": 3}}, "to"),
    ],
)
def test_what_cannot_be_swept_is_refused(sweep, words):
    with pytest.raises(InputError, match=words):
        load(sweep)
