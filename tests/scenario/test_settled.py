import datetime as dt

import pytest

from simulator.errors import InputError
from simulator.scenario.load import load_scenario
from simulator.scenario.settled import horizon, sentences, settled

KNOWN = ("enterprise", "smb", "mid_market")


def test_the_total_is_filled_in_where_every_segment_has_a_target(load):
    scenario = load("targets: {FY28Q2: {enterprise: 1M, smb: 2M}}")
    assert settled(scenario).targets["FY28Q2"] == {"all": 3e6, "enterprise": 1e6, "smb": 2e6}
    assert settled(scenario).targets["FY28Q1"]["all"] == 13e6
    assert settled(scenario, KNOWN).targets["FY28Q2"] == {"enterprise": 1e6, "smb": 2e6}


def test_segments_come_in_the_order_of_the_history(inline):
    assert tuple(settled(load_scenario(inline), KNOWN).segments) == KNOWN


def test_a_segment_that_the_history_lacks_is_a_fault_with_its_line(load):
    scenario = load("history: .\nopen_deals: null\nsegments: {enterprise: {sals_per_month: null}}")
    with pytest.raises(InputError) as caught:
        settled(scenario, ("enterprize",))
    message = str(caught.value)
    assert "case.yaml:4: segments.enterprise: unknown segment 'enterprise'" in message
    assert "Did you mean 'enterprize'?" in message
    assert "inline.yaml:27: levers.no_decision.segments.0: unknown segment 'enterprise'" in message


def test_a_segment_that_the_history_lacks_is_new_where_it_has_all_its_rates(inline):
    scenario = settled(load_scenario(inline), ("enterprise",))
    assert tuple(scenario.segments) == ("enterprise", "smb")
    assert any("segments.smb is not in the history" in note for note in scenario.notes)


def test_a_source_that_no_deal_comes_from_is_a_fault(inline):
    assert settled(load_scenario(inline), KNOWN, sources=("outbound", "web")).levers
    with pytest.raises(InputError, match="no deal comes from source 'outbound'"):
        settled(load_scenario(inline), KNOWN, sources=("web",))


def test_the_last_day_of_the_history_is_the_default(tmp_path):
    (tmp_path / "s.yaml").write_text("history: .\n")
    scenario = load_scenario(tmp_path / "s.yaml")
    assert settled(scenario, KNOWN, dt.date(2025, 6, 30)).as_of == dt.date(2025, 6, 30)
    with pytest.raises(InputError, match="as_of"):
        settled(scenario, KNOWN)
    with pytest.raises(ValueError, match="as-of"):
        horizon(scenario)


def test_the_horizon_begins_with_the_day_after(inline, load):
    calendar = load_scenario(inline).fiscal_calendar()
    assert calendar.quarter_label(horizon(load_scenario(inline))[0]) == "FY27Q4"
    assert calendar.quarter_label(horizon(load("as_of: 2026-10-30"))[0]) == "FY27Q3"
    assert len(horizon(load("horizon_quarters: 1"))) == 1


def test_what_looks_odd_is_noted(load):
    notes = settled(load("targets: {FY31Q1: 1M}"), (), dt.date(2026, 9, 1)).notes
    assert any("FY31Q1" in note and "FY27Q4 to FY28Q3" in note for note in notes)
    assert any("history ends on 2026-09-01" in note for note in notes)


def test_the_scenario_in_sentences(inline):
    text = "\n".join(sentences(settled(load_scenario(inline))))
    assert "FY27Q4 to FY28Q3, as of 2026-10-31, in USD" in text
    assert "1 open deal listed" in text
    assert "FY27Q4 12M" in text
    assert "no_decision x0.8 for enterprise from 2027-01 until 2027-06" in text
    assert "10,000 paths, seed 20260101" in text
