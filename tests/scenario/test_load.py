import datetime as dt
import json
import pickle

import pytest

from simulator.errors import InputError
from simulator.scenario.levers import LEVERS, Lever
from simulator.scenario.load import load_scenario, scenario_from_dict


def refusal(call, *args, **kwargs) -> str:
    with pytest.raises(InputError) as caught:
        call(*args, **kwargs)
    return str(caught.value)


def test_every_part_is_read(inline):
    scenario = load_scenario(inline)
    smb = scenario.segments["smb"]
    assert (scenario.name, scenario.as_of, scenario.currency) == ("inline", dt.date(2026, 10, 31), "USD")
    assert (scenario.horizon_quarters, scenario.simulation.paths, scenario.simulation.luck) == (
        4,
        10_000,
        True,
    )
    assert (smb.motion, smb.sals_per_month, smb.pipeline.to["best_case"]) == ("smb", 40.0, 0.45)
    assert scenario.targets == {"FY27Q4": {"all": 12e6}, "FY28Q1": {"all": 13e6, "smb": 2e6}}
    assert scenario.levers == (
        Lever("close_odds", 1.1),
        Lever("no_decision", 0.8, ("enterprise",), None, 2027 * 12, 2027 * 12 + 5),
        Lever("slippage", 0.9),
        Lever("sals", 1.2, source="outbound"),
        Lever("sals", 0.9),
    )
    assert scenario.open_deals[0].close_date == dt.date(2026, 12, 15)
    assert scenario.fiscal_calendar().start_month == 2
    assert scenario.files == (inline,)


def test_amounts_have_the_log_normal_of_their_median_and_mean(inline):
    segments = load_scenario(inline).segments
    assert segments["enterprise"].amount.log_sd == 0
    amount = segments["smb"].amount
    assert 2.718281828459045 ** (amount.log_mean + amount.log_sd**2 / 2) == pytest.approx(18e3)


def test_the_resolved_scenario_reads_back_the_same(inline, tmp_path):
    scenario = load_scenario(inline)
    again = tmp_path / "again.yaml"
    written = {key: value for key, value in scenario.to_dict().items() if value is not None}
    again.write_text(json.dumps(written), encoding="utf-8")
    assert load_scenario(again) == scenario
    assert scenario_from_dict(json.loads(json.dumps(scenario.to_dict(), allow_nan=False))) == scenario


def test_a_file_says_only_what_differs(load):
    scenario = load(
        "targets: {FY27Q4: 11M}\nsegments: {smb: {commit: {median_days: 5}}}\nlevers: {sals: null}\n"
    )
    assert scenario.name == "case"
    assert scenario.targets["FY27Q4"] == {"all": 11e6}
    assert scenario.targets["FY28Q1"] == {"all": 13e6, "smb": 2e6}
    assert scenario.segments["smb"].commit.median_days == 5
    assert scenario.segments["smb"].commit.to == {"won": 0.8, "lost_no_decision": 0.2}
    assert {lever.name for lever in scenario.levers} == {"close_odds", "no_decision", "slippage"}
    assert [path.name for path in scenario.files] == ["case.yaml", "inline.yaml"]


def test_lists_replace(load):
    scenario = load(
        "open_deals: [{id: B, segment: smb, category: commit, amount: 1k}]\nlevers: {sals: [x2]}\n"
    )
    assert [deal.id for deal in scenario.open_deals] == ["B"]
    assert [lever.factor for lever in scenario.levers if lever.name == "sals"] == [2.0]


def test_a_key_without_value_is_noted_not_swallowed(load):
    scenario = load("levers: {velocity: }\nas_of:\n", overrides=["as_of=2026-10-31"])
    assert any("case.yaml:2" in note and "levers.velocity" in note for note in scenario.notes)


def test_names_are_not_inherited(load, tmp_path):
    (tmp_path / "named.yaml").write_text("extends: inline.yaml\nname: base\ndescription: the base\n")
    scenario = load("extends: named.yaml\n", on_inline=False)
    assert (scenario.name, scenario.description) == ("case", "")


def test_paths_are_relative_to_the_file_that_says_them(tmp_path):
    (tmp_path / "company" / "history").mkdir(parents=True)
    (tmp_path / "plans").mkdir()
    (tmp_path / "company" / "base.yaml").write_text("history: history\n")
    (tmp_path / "plans" / "plan.yaml").write_text("extends: ../company/base.yaml\n")
    history = load_scenario(tmp_path / "plans" / "plan.yaml").history
    assert history.resolve() == (tmp_path / "company" / "history").resolve()


def test_overrides_are_laid_on_top(load):
    scenario = load(
        "",
        [
            "simulation.paths=500",
            "levers.sals=null",
            "targets.FY27Q4.smb=1M",
            'segments."smb".amount.fixed=null',
        ],
    )
    assert scenario.simulation.paths == 500
    assert scenario.targets["FY27Q4"] == {"all": 12e6, "smb": 1e6}
    assert "sals" not in {lever.name for lever in scenario.levers}
    as_mapping = load("", {"simulation.paths": 500, "levers": {"sals": "+50%"}})
    assert Lever("sals", 1.5) in as_mapping.levers


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("paths", "not of the form key=value"),
        ("=3", "not a key"),
        ("a..b=3", "not a key"),
        ("simulation.pahts=3", "Did you mean 'paths'?"),
        ("levers.sals=[1", "not readable as YAML"),
        ("levers.sals=80%", "x0.8"),
        ("simulation=3", "mapping"),
    ],
)
def test_a_wrong_override_names_itself(load, override, words):
    message = refusal(load, "", [override])
    assert message.startswith(f"--set {override}")
    assert words in message


def test_faults_of_file_layers_and_parts_come_all_at_once(load):
    message = refusal(
        load,
        "levers: {clse_odds: 1.1, slippage: {factor: 80%, frm: 2027-01}, velocity: 99}\n"
        "simulation: {paths: -3, luck: maybe}\n"
        "targets: {FY27Q9: 12M, FY28Q1: €13M}\n"
        "segments: {smb: {pipeline: {to: {best_case: 50%}}}}\n"
        "open_deals:\n"
        "  - {id: 1, segment: smv, category: comit, amount: 1.200}\n"
        "  - {id: 2, segment: smb, category: commit, amount: 1k}\n",
        ["levers.sals=80%"],
    )
    for words in (
        "case.yaml:2: levers.clse_odds: unknown key 'clse_odds'\n    Did you mean 'close_odds'?",
        "case.yaml:2: levers.slippage.factor: '80%' can be read as a change or a multiple",
        "case.yaml:2: levers.slippage.frm: unknown key 'frm'\n    Did you mean 'from'?",
        "case.yaml:2: levers.velocity: x99 is out of range",
        "case.yaml:3: simulation.paths: '-3' is negative",
        "case.yaml:3: simulation.luck: 'maybe' is not true or false",
        "case.yaml:4: targets.FY27Q9: 'FY27Q9' is not a fiscal quarter",
        "case.yaml:4: targets.FY28Q1.all: '€13M' is not in USD",
        "case.yaml:5: segments.smb.pipeline.to: the shares (best_case 50 %, lost_competition 15 %",
        "case.yaml:7: open_deals.0.category: 'comit' is not known here\n    Did you mean 'commit'?",
        "case.yaml:7: open_deals.0.amount: '1.200' can be read as 1,200 or as 1.2",
        "--set levers.sals=80%: levers.sals:",
    ):
        assert words in message
    assert "pydantic" not in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("segments: {smv: {motion: smb}}", "sals_per_month, amount, pipeline must be given"),
        ("levers: {amount: {factor: 1.1, segments: [smv]}}", "Did you mean 'smb'?"),
        ("targets: {FY28Q1: {smv: 1M}}", "case.yaml:2: targets.FY28Q1.smv: unknown segment 'smv'"),
        ("open_deals: [{id: 1, segment: mm, category: commit, amount: 1k}]", "unknown segment 'mm'"),
        (
            "open_deals: [{id: 1, segment: enterprise, category: commit, amount: 1k}]",
            "has no rates for commit",
        ),
        ("segments: {smb: {commit: null}}", "segments.smb: without a history or a calibration, commit"),
        ("as_of: null", "'as_of' is missing"),
        (
            "open_deals: [{id: 1, segment: smb, category: commit, amount: 1k}, "
            "{id: 1, segment: smb, category: commit, amount: 2k}]",
            "case.yaml:2: open_deals.1.id: '1' is there twice",
        ),
        (
            "customers: {existing: [{id: 1, segment: smb, arr: 1k, start_date: 2026-11-01}]}",
            "customers.existing.0.start_date: 2026-11-01 is after as_of, 2026-10-31",
        ),
        (
            "levers: {amount: [1.2, {factor: 1.1, segments: [smb, smv]}]}",
            "levers.amount.1.segments.1: unknown segment 'smv'",
        ),
        ("segments: null\nopen_deals: null\nlevers: null\ntargets: null", "nothing to simulate"),
        ("segments: {all: {motion: smb}}", "no segment may be called 'all'"),
        ("segments: {smb: {pipeline: {to: {pipeline: 0%}}}}", "cannot go from pipeline to pipeline"),
        ("segments: {smb: {amount: {mean: 10k}}}", "the mean is below the median"),
        ("segments: {smb: {amount: {fixed: 10k}}}", "amount has median and mean and fixed"),
        ("levers: {slippage: {factor: 1, source: web}}", "Only sals can"),
        ("levers: {no_decision: {factor: 1, from: 2027-07}}", "begins (2027-07) after it ends (2027-06)"),
        ("levers: {velocity: {factor: 1, from: 2027-13}}", "is not a month"),
        ("levers: {amount: {factor: 1.1, from: 2027-07}}", "cannot be set for some months only"),
        ("levers: {velocity: {factor: 1, segments: []}}", "is empty"),
        ("targets: {FY2027Q4: 3M}", "is the same quarter as FY27Q4"),
        ("history: nowhere\nopen_deals: null", "there is no such folder"),
        ("history: inline.yaml\nopen_deals: null", "is a file, not a folder"),
        ("calibration: nowhere.json", "there is no such file"),
        ("history: .", "the open deals are already in the history"),
        ("name: a/b", "cannot name a folder"),
        ("name: ''", "the name is empty"),
        ("as_of: 2026-02-30", "not in the calendar"),
        ("as_of: 31.10.2026", "Write year-month-day"),
        ("as_of: 20261031", "is not a day"),
        ("currency: EUR\ntargets: {FY27Q4: $1M, FY28Q1: €1M}", "'$1M' is not in EUR"),
        ("currency: dollars", "ISO 4217"),
        ("fiscal_year: {start_month: 13}", "at most 12"),
        ("horizon_quarters: 41", "at most 40"),
        ("simulation: {seed: 1.5}", "not a whole number"),
        ("segments: [smb]", "is not a mapping"),
        ("extends: [a]", "is not the name of a file"),
        ("extends: nowhere.yaml", "case.yaml:2: extends:"),
        ("extends: case.yaml", "in a circle"),
    ],
)
def test_faults_between_parts(load, text, words):
    on_inline = not text.startswith("extends")
    message = refusal(load, text if on_inline else "as_of: 2026-01-01\n" + text, on_inline=on_inline)
    assert words in message


def test_two_files_that_extend_each_other(load, tmp_path):
    (tmp_path / "a.yaml").write_text("extends: case.yaml\n")
    assert "case.yaml ->" in refusal(load, "extends: a.yaml\n", on_inline=False)


def test_too_many_layers(tmp_path):
    for i in range(12):
        (tmp_path / f"{i}.yaml").write_text(f"extends: {i + 1}.yaml\n")
    assert "more than 10 files" in refusal(load_scenario, tmp_path / "0.yaml")


def test_a_fault_in_the_file_extended_names_that_file(load, tmp_path):
    (tmp_path / "wrong.yaml").write_text("simulation: {paths: many}\n")
    assert "wrong.yaml:1: simulation.paths" in refusal(load, "extends: wrong.yaml\n", on_inline=False)


def test_an_empty_file_and_one_that_is_a_list(load):
    assert "there is nothing to simulate" in refusal(load, "", on_inline=False)
    assert "holds a list" in refusal(load, "- a\n", on_inline=False)


def test_shares_to_the_nearest_percent_are_scaled_to_the_whole(load):
    stay = "{to: {won: 33.3%, lost_competition: 33.3%, lost_no_decision: 33.3%}, median_days: 9}"
    shares = load(f"segments: {{enterprise: {{pipeline: {stay}}}}}").segments["enterprise"].pipeline.to
    assert sum(shares.values()) == pytest.approx(1, abs=1e-12)


def test_what_is_taken_as_certain_or_can_never_end_is_noted(load):
    notes = load("segments: {smb: {commit: {to: {won: 0%, lost_no_decision: 0%, pipeline: 1}}}}").notes
    assert any("enterprise" in note and "taken as certain" in note for note in notes)
    assert not any("ever be won" in note for note in notes)
    endless = {
        "pipeline.to": {"best_case": 1, "lost_competition": 0, "lost_no_decision": 0},
        "best_case.to": {"commit": 1, "pipeline": 0, "lost_no_decision": 0},
        "commit.to": {"pipeline": 1, "won": 0, "lost_no_decision": 0},
    }
    overrides = {f"segments.smb.{key}": value for key, value in endless.items()}
    assert any("pipeline, best_case, commit can ever" in note for note in load("", overrides).notes)


@pytest.mark.parametrize("lever", LEVERS)
def test_every_lever_is_described_and_can_be_left_alone(load, lever):
    kind = LEVERS[lever]
    assert kind.meaning
    assert kind.low <= 1 <= kind.high
    assert Lever(lever, 1.0) in load(f"levers: {{{lever}: 1}}").levers


def test_rates_that_lead_to_calibrated_categories_can_end(tmp_path):
    (tmp_path / "plan.yaml").write_text(
        "history: .\n"
        "segments: {smb: {pipeline: {to: {best_case: 100%}, median_days: 9}, evidence_deals: 9}}\n"
    )
    assert load_scenario(tmp_path / "plan.yaml").notes == ()


def test_a_scenario_can_be_sent_to_another_process(inline):
    scenario = load_scenario(inline)
    assert pickle.loads(pickle.dumps(scenario)) == scenario


def test_a_customer_may_start_on_the_last_day_known(load):
    found = load("customers: {existing: [{id: 1, segment: smb, arr: 1k, start_date: 2026-10-31}]}")
    assert found.customers.existing[0].start_date == found.as_of
