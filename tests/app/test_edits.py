"""What a planner changes is the file that would say it: only what differs, read back to the same scenario."""

import pytest

from simulator.app.edits import hires_in
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
