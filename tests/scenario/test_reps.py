"""The reps section of a scenario: what is refused, what is noted, what is read."""

import datetime as dt
import json

import pytest

from simulator.errors import InputError
from simulator.scenario.load import load_scenario, scenario_from_dict
from simulator.scenario.settled import settled

SEGMENT = {
    "sals_per_month": 10,
    "amount": {"fixed": 1000},
    "pipeline": {"to": {"won": 0.5, "lost_no_decision": 0.5}, "median_days": 30},
}


def scenario(reps, **more):
    return scenario_from_dict({"as_of": "2026-12-31", "segments": {"smb": SEGMENT}, "reps": reps, **more})


@pytest.mark.parametrize(
    ("reps", "key", "words"),
    [
        ({"segments": {"smb": {"heads": -2}}}, "reps.segments.smb.heads", "negative"),
        ({"segments": {"smb": {"heads": 2.5}}}, "reps.segments.smb.heads", "whole"),
        ({"segments": {"smb": {"attrition": "150%"}}}, "reps.segments.smb.attrition", "more than the whole"),
        ({"segments": {"smb": {"colour": 1}}}, "reps.segments.smb.colour", "unknown key"),
        ({"segments": {"nowhere": {"heads": 2}}}, "reps.segments.nowhere", "unknown segment"),
        ({"ramp": ["50%", "20%"]}, "reps.ramp", "falls"),
        ({"ramp": [0, 0]}, "reps.ramp", "never rises"),
        ({"ramp": {"median_months": 3, "shares": [1]}}, "reps.ramp", "two ways"),
        ({"segments": {"smb": {"hires": [{"month": "2026-13"}]}}}, "hires.0.month", "not a month"),
        ({"segments": {"smb": {"hires": [{"count": 2}]}}}, "hires.0", "'month' is missing"),
        ({"gross_margin": "130%"}, "reps.gross_margin", "more than the whole"),
    ],
)
def test_bad_reps_are_refused_with_key_and_remedy(reps, key, words, tmp_path):
    file = tmp_path / "bad.yaml"
    values = {"as_of": "2026-12-31", "segments": {"smb": SEGMENT}, "reps": reps}
    file.write_text("\n".join(f"{name}: {json.dumps(value)}" for name, value in values.items()))
    with pytest.raises(InputError) as caught:
        load_scenario(file)
    fault = next(f for f in caught.value.faults if key in f.what)
    assert fault.where == f"{file}:3"
    assert words in fault.what
    assert fault.remedy


def test_a_hire_before_as_of_is_refused():
    loaded = scenario({"segments": {"smb": {"heads": 2, "hires": [{"month": "2026-12", "count": 1}]}}})
    with pytest.raises(InputError, match=r"hired in 2026-12, before as_of"):
        settled(loaded)
    later = scenario({"segments": {"smb": {"heads": 2, "hires": [{"month": "2027-01", "count": 1}]}}})
    assert settled(later).as_of == dt.date(2026, 12, 31)


def test_what_lies_behind_the_horizon_is_noted():
    hires = [{"month": "2027-05"}]
    loaded = scenario({"ramp": 18, "segments": {"smb": {"heads": 2, "hires": hires}}}, horizon_quarters=1)
    notes = " ".join(settled(loaded).notes)
    assert "ramp of 18 months is longer than the 3 months simulated" in notes
    assert "hired in 2027-05, after all that is simulated" in notes
    calm = scenario({"ramp": 2, "segments": {"smb": {"heads": 2}}}, horizon_quarters=1)
    assert not [note for note in settled(calm).notes if note.startswith("reps")]


def test_what_holds_for_all_is_overridden_by_segment():
    reps = scenario(
        {"all": {"patience_days": 60, "attrition": "20%"}, "segments": {"smb": {"attrition": "10%"}}}
    ).reps
    assert reps.of("smb").attrition == pytest.approx(0.1)
    assert reps.of("smb").patience_days == 60
    assert reps.of("other").attrition == pytest.approx(0.2)
    assert reps.limits("other")


def test_reps_read_back_as_written():
    loaded = scenario(
        {
            "ramp": {"median_months": 5},
            "gross_margin": "80%",
            "segments": {"smb": {"heads": 2, "hires": [{"month": "2027-02", "count": 3, "delay_months": 1}]}},
        }
    )
    again = scenario_from_dict({k: v for k, v in loaded.to_dict().items() if v is not None})
    assert again.reps == loaded.reps
