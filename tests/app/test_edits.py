"""What a planner changes is the file that would say it: only what differs, read back to the same scenario."""

from dataclasses import replace

import pytest

from simulator.app.edits import hires_in
from simulator.app.simulations import Memory, RememberingWork, Watch
from simulator.app.words import effects_of, say_changes
from simulator.app.workspace import Workspace
from simulator.errors import InputError
from simulator.scenario.levers import Lever
from simulator.scenario.load import load_scenario
from tests.app.conftest import make_workspace

JANUARY = 2027 * 12


@pytest.fixture
def workspace(tmp_path):
    return Workspace.at(make_workspace(tmp_path / "kestrel"))


def test_what_is_saved_reads_back_as_the_scenario_that_was_seen(workspace):
    edits = workspace.open("base.yaml")
    edits.set_lever(Lever("slippage", 0.8))
    edits.set_lever(Lever("sals", 1.1, ("smb",), "inbound"))
    edits.hire("ae", "smb", JANUARY, 2)
    edits.hire("csm", "smb", JANUARY + 1, 1)
    edits.set(("targets", "FY28Q1", "all"), 5_400_000.0)
    edits.set(("terms", "approved"), 0.35)
    edits.name = "it"
    seen = edits.scenario()
    path = workspace.save(edits, "it")
    read = load_scenario(path)
    assert read == seen
    assert hires_in(read, "csm", "smb", JANUARY + 1) == 1
    again = workspace.open("it.yaml")
    assert (again.tree, again.base_file.name, again.saved) == (edits.tree, "base.yaml", True)
    assert again.scenario() == seen


def test_what_is_taken_back_is_not_said(workspace):
    edits = workspace.open("base.yaml")
    edits.set_lever(Lever("slippage", 0.8))
    edits.hire("ae", "smb", JANUARY, 2)
    edits.set(("targets", "FY28Q1", "all"), 1.0)
    edits.set_lever(Lever("slippage", 1.0))
    edits.hire("ae", "smb", JANUARY, 0)
    edits.set(("targets", "FY28Q1", "all"), 5_500_000.0)
    assert edits.tree == {}


def test_what_the_base_says_can_be_taken_out(workspace):
    (workspace.folder / "low.yaml").write_text(
        "extends: base.yaml\nlevers: {slippage: x0.8}\n"
        "reps: {segments: {smb: {hires: [{month: 2027-01, count: 3, delay_months: 2}]}}}\n"
    )
    (workspace.folder / "on_low.yaml").write_text("extends: low.yaml\n")
    edits = workspace.open("on_low.yaml")
    edits.hire("ae", "smb", JANUARY, 4)
    assert edits.tree["reps"]["segments"]["smb"]["hires"] == [
        {"month": "2027-01", "count": 4, "delay_months": 2.0}
    ]
    edits.hire("ae", "smb", JANUARY, 0)
    edits.set_lever(Lever("slippage", 1.0))
    assert edits.scenario().levers == ()
    assert hires_in(edits.scenario(), "ae", "smb", JANUARY) == 0
    path = workspace.save(edits, "none")
    assert load_scenario(path) == edits.scenario()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The sample company's scenario with its history and rates."""
    file = make_workspace(tmp_path_factory.mktemp("prepared") / "kestrel") / "base.yaml"
    return RememberingWork(Memory(), Watch()).prepare(load_scenario(file))


def test_an_effect_is_set_with_an_interval_as_wide_as_before(workspace, prepared):
    edits = workspace.open("base.yaml")
    before = {effect.name: effect for effect in effects_of(prepared, edits.base)}
    usual = before["adoption.churn"]
    edits.set_effect(prepared, "adoption.churn", usual.value**2)
    after = {effect.name: effect for effect in effects_of(prepared, edits.scenario())}
    changed = after.pop("adoption.churn")
    expected = (usual.value**2, usual.low**2, usual.high**2)
    assert (changed.value, changed.low, changed.high) == pytest.approx(expected, abs=5e-5)
    assert len(after) == 5
    for name, effect in after.items():  # what is not said once one effect is would be none
        first = before[name]
        assert (effect.value, effect.low, effect.high) == (first.value, first.low, first.high)
    edits.set_effect(prepared, "expansion_new_sale.expansion_sold", 0.1)
    edits.set_effect(prepared, "expansion_more_of_same.expansion", 1.0)
    path = workspace.save(edits, "effects")
    assert load_scenario(path) == edits.scenario()
    for name in ("adoption.churn", "expansion_new_sale.expansion_sold", "expansion_more_of_same.expansion"):
        edits.set_effect(prepared, name, before[name].value)
    assert edits.tree == {}


def test_changes_are_said_in_words(workspace, prepared):
    edits = workspace.open("base.yaml")
    prepared = replace(prepared, stated=edits.base)  # the same company in another folder
    assert list(say_changes(prepared, edits.scenario())) == []
    edits.set_lever(Lever("slippage", 0.8))
    edits.set_lever(Lever("sals", 1.1, ("smb",), "inbound"))
    edits.hire("ae", "smb", JANUARY, 2)
    edits.hire("csm", "smb", JANUARY + 1, 1)
    edits.set(("targets", "FY28Q1", "all"), 5_400_000.0)
    edits.set(("targets", "FY28Q2", "smb"), 750_000.0)
    edits.set(("terms", "approved"), 0.35)
    edits.set_effect(prepared, "renewal.churn", 1.5)
    assert sorted(say_changes(prepared, edits.scenario())) == [
        "CSMs hired in smb: none → 1 from 2027-02",
        "Deal creation (SALs) +10 % for smb from source inbound",
        "Slippage −20 %",
        "account executives hired in smb: none → 2 from 2027-01",
        "odds to churn without renewal: ×1.3 → ×1.5",
        "share of concessions granted: none → 0.35",
        "target of FY28Q1: 5.5M → 5.4M",
        "target of FY28Q2 in smb: none → 750k",
    ]
    (workspace.folder / "low.yaml").write_text("extends: base.yaml\nlevers: {slippage: x0.8, churn: x0.9}\n")
    (workspace.folder / "on_low.yaml").write_text("extends: low.yaml\n")
    on_low = workspace.open("on_low.yaml")
    on_low.set_lever(Lever("slippage", 0.7))
    on_low.set_lever(Lever("churn", 1.0))
    low = replace(prepared, stated=on_low.base)
    assert list(say_changes(low, on_low.scenario())) == ["Slippage −30 %", "without Churn −10 %"]


def test_a_change_that_no_file_could_say_is_a_fault(workspace):
    edits = workspace.open("base.yaml")
    edits.set(("terms", "approved"), 7)
    with pytest.raises(InputError, match="more than the whole"):
        edits.scenario()


def test_scenarios_are_listed_and_other_files_are_not(workspace):
    (workspace.folder / "map.yaml").write_text("tables: {}\n")
    (workspace.folder / "broken.yaml").write_text("a: [\n")
    assert workspace.scenarios() == ["base.yaml", "less_slippage.yaml", "two_more_csms.yaml"]


def test_reps_are_added_to_a_file_that_simulates_none(workspace):
    path = workspace.folder / "bare.yaml"
    path.write_text("# ours\nname: bare\nhistory: sample/history")  # no end of line
    before = load_scenario(path)
    workspace.simulate_reps(path)
    assert path.read_text().startswith("# ours\nname: bare\nhistory: sample/history\n")
    assert load_scenario(path) == before.replace(reps=load_scenario(path).reps)
    assert load_scenario(path).reps.stated
    with pytest.raises(InputError, match="reps"):
        workspace.simulate_reps(path)
    assert [file.name for file in workspace.folder.glob(".*")] == []
    path.unlink()
