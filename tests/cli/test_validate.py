import json

import pytest

from simulator.cli.main import main
from tests.scenario.conftest import INLINE

OPPORTUNITIES = """\
opportunity_id,segment,amount,created_date,qualified_date,close_date,outcome,closed_date,source
D-1,smb,12000,2026-01-05,2026-01-05,2026-03-31,won,2026-03-15,outbound
D-2,enterprise,90000,2026-02-05,2026-02-05,2026-12-31,,,web
"""


@pytest.fixture
def scenario(tmp_path):
    path = tmp_path / "plan.yaml"
    path.write_text(INLINE, encoding="utf-8")
    return path


@pytest.fixture
def with_history(tmp_path):
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "opportunities.csv").write_text(OPPORTUNITIES, encoding="utf-8")
    path = tmp_path / "plan.yaml"
    path.write_text("history: history\nlevers: {sals: {factor: +20%, source: outbound}}\n", encoding="utf-8")
    return path


def run(capsys, *args):
    with pytest.raises(SystemExit) as ended:
        main(["validate", *map(str, args)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_a_valid_scenario_is_told_in_words(capsys, scenario):
    code, out, err = run(capsys, scenario)
    assert (code, err) == (0, "")
    assert out.startswith(f"{scenario} is valid.\n")
    assert "What is booked in FY27Q4 to FY28Q3" in out


def test_all_faults_at_once_with_exit_2(capsys, scenario):
    code, out, err = run(capsys, scenario, "--set", "levers.sal=+20%", "--set", "simulation.paths=0")
    assert (code, out) == (2, "")
    assert "--set levers.sal=+20%: levers.sal: unknown key 'sal'" in err
    assert "Did you mean 'sals'?" in err
    assert "simulation.paths: '0' is out of range" in err
    assert err.endswith("2 faults.\n")


def test_json_holds_the_resolved_scenario_or_the_faults(capsys, scenario):
    code, out, err = run(capsys, scenario, "--json")
    found = json.loads(out)
    assert (code, err, found["valid"], found["faults"]) == (0, "", True, [])
    assert found["scenario"]["simulation"]["paths"] == 10_000
    code, out, err = run(capsys, scenario, "--json", "--set", "currency=$")
    assert (code, err) == (2, "")
    assert json.loads(out)["faults"][0]["remedy"] == "Did you mean USD?"


def test_quiet_says_nothing(capsys, scenario):
    assert run(capsys, scenario, "--quiet") == (0, "", "")


def test_a_missing_scenario(capsys, tmp_path):
    code, _, err = run(capsys, tmp_path / "none.yaml")
    assert code == 2
    assert "there is no such file" in err


def test_segments_and_sources_are_those_of_the_history(capsys, with_history):
    code, out, _ = run(capsys, with_history)
    assert code == 0
    assert "as of 2026-03-15" in out
    assert "2 segments" in out
    code, _, err = run(
        capsys, with_history, "--set", "segments.smbs.motion=smb", "--set", "levers.sals.source=outbond"
    )
    assert code == 2
    assert "segments.smbs: unknown segment 'smbs'\n    Did you mean 'smb'?" in err
    assert "no deal comes from source 'outbond'\n    Did you mean 'outbound'?" in err


def test_faults_of_the_history_are_told_too(capsys, with_history):
    broken = OPPORTUNITIES.replace("2026-02-05,2026-02-05", "05.02.2026,2026-02-05")
    (with_history.parent / "history" / "opportunities.csv").write_text(broken, encoding="utf-8")
    code, _, err = run(capsys, with_history)
    assert code == 2
    assert "opportunities.csv" in err
    assert "created_date" in err
