from simulator.scenario.differences import differences
from simulator.scenario.load import load_scenario


def test_a_scenario_does_not_differ_from_itself(inline):
    assert differences(load_scenario(inline), load_scenario(inline)) == []


def test_what_differs_is_said_once_each(inline, load):
    changed = load(
        "targets: {FY27Q4: 11M}\nsimulation: {paths: 500}\n"
        "levers: {close_odds: null, velocity: +10%}\ncurrency: eur\n"
    )
    assert differences(load_scenario(inline), changed) == [
        "lever velocity x1.1",
        "without lever close_odds x1.1",
        "currency: USD -> EUR",
        "simulation.paths: 10,000 -> 500",
        "targets.FY27Q4.all: 12M -> 11M",
    ]


def test_what_is_new_or_gone_is_said_to_be(inline, load):
    words = differences(
        load_scenario(inline), load("segments: {smb: {sals_dispersion: null}}\nhorizon_quarters: 5")
    )
    assert words == ["horizon_quarters: 4 -> 5", "segments.smb.sals_dispersion: 20 -> not given"]


def test_hires_are_said_in_one_piece(inline, load):
    planned = "reps: {all: {heads: 4, open_deals_per_rep: 9}, segments: {smb: {hires: "
    before = load(f"{planned}[{{month: 2027-01, count: 2}}]}}}}}}")
    after = load(f"{planned}[{{month: 2027-01, count: 2}}, {{month: 2027-03, delay_months: 1.5}}]}}}}}}")
    assert differences(before, after) == [
        "reps.segments.smb.hires: 2 from 2027-01 -> 2 from 2027-01, 1 from 2027-03 (or 1.5 months later)"
    ]
