"""The scenario to start from is a scenario, says what the history says, and overwrites nothing."""

import re
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.engine.prepare import prepare
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history
from simulator.report.first_scenario import first_scenario, refuse_existing, write_first_scenario
from simulator.scenario.load import load_scenario
from tests.history.importers.exports import OPPORTUNITIES, write

SAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "sample" / "history"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    path = tmp_path_factory.mktemp("first") / "forecast.yaml"
    text = first_scenario(load_history(SAMPLE), SAMPLE, path, FiscalCalendar(2, "end"))
    write_first_scenario(text, path)
    return path


def test_it_runs_on_the_history_as_it_is_written(written):
    ready = prepare(load_scenario(written))
    assert set(ready.scenario.segments) == set(load_history(SAMPLE).opportunities["segment"])
    assert (ready.scenario.name, ready.scenario.currency, ready.scenario.targets) == ("forecast", "USD", {})
    assert ready.scenario.segments["smb"].motion == "smb"
    assert ready.scenario.segments["enterprise_emea"].motion == "enterprise"


def test_what_is_commented_out_holds_once_the_mark_is_taken_away(written):
    text = written.read_text()
    whole = text.replace("# targets:", "targets:").replace("# reps:", "reps:")
    whole = re.sub(r"(?m)^#(   )", r"\1", re.sub(r"(?m)^# ( +(?:segments|\S+: \{heads).*)$", r"\1", whole))
    other = written.with_name("whole.yaml")
    other.write_text(whole)
    scenario = prepare(load_scenario(other)).scenario
    assert list(scenario.targets) == ["FY27Q4", "FY28Q1", "FY28Q2", "FY28Q3"]
    assert len(scenario.reps.segments) == 1


def test_targets_are_what_was_booked_a_year_before(written):
    deals = load_history(SAMPLE).opportunities
    won = deals[(deals["outcome"] == "won") & (deals["type"] == "new")]
    won = won[won["closed_date"].between("2025-11-01", "2026-01-31")]
    shown = float(re.search(r"FY27Q4: ([\d.]+)M", written.read_text())[1])
    assert shown == pytest.approx(won["amount"].sum() / 1e6, rel=0.005)


def test_a_file_that_is_there_is_left_alone(written):
    before = written.read_text()
    for attempt in (lambda: write_first_scenario("x", written), lambda: refuse_existing(written)):
        with pytest.raises(InputError, match="is there already"):
            attempt()
    assert written.read_text() == before


def test_names_that_yaml_would_take_for_something_else_are_quoted(tmp_path):
    text = OPPORTUNITIES.replace('"AMER"', '"no"').replace('"EMEA"', '"SMB/ #1"')
    (export,) = write(tmp_path, opps_csv=text)
    path = tmp_path / "mine.yaml"
    with pytest.raises(SystemExit) as ended:
        main(["import", "salesforce", str(export), "--to", f"{tmp_path}/h", "--scenario", str(path)])
    assert not ended.value.code
    assert set(load_scenario(path).segments) == {"no"}
    assert '# "SMB/ #1" has marks' in path.read_text()
