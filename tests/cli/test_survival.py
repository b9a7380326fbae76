"""simulator calibrate on a survival table: the fit, the projection, faults without tracebacks."""

import json

import pandas as pd
import pytest

from simulator.cli.main import main

TABLE = "year,published\n0,1000\n1,631\n2,468\n3,382\n4,326\n"


def run(capsys, *args) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", *map(str, args)])
    code = ended.value.code or 0
    out, err = capsys.readouterr()
    return code, out, err


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "cohort.csv"
    path.write_text(TABLE)
    return path


def test_it_prints_the_distribution_and_what_it_projects(table, tmp_path, capsys):
    path = tmp_path / "projection.csv"
    code, out, _ = run(capsys, table, "-o", path)
    assert code == 0
    assert "alpha 0.7637, beta 1.2958" in out
    assert "left after 15 renewals" in out
    assert len(out.splitlines()) <= 12
    _, everything, _ = run(capsys, table, "-o", path, "--details")
    assert "kept at this renewal" in everything
    written = pd.read_csv(path)
    assert written["renewal"].tolist() == list(range(16))
    assert written["survival"].iloc[4] == pytest.approx(0.326, abs=0.01)
    assert written["observed"].iloc[5:].isna().all()


def test_json_is_all_it_says_where_asked_for(table, tmp_path, capsys):
    code, out, _ = run(capsys, table, "-o", tmp_path / "p.csv", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["cohorts"][0]["alpha"] == pytest.approx(0.7637, abs=5e-5)
    assert len(answer["cohorts"][0]["projection"]) == 16


def test_a_table_that_is_none_is_the_users_fault(tmp_path, capsys):
    path = tmp_path / "cohort.csv"
    path.write_text("year,left\n0,100\n1,120\n2,90\n")
    code, _, err = run(capsys, path)
    assert code == 2
    assert "renewal 1" in err
    assert "Traceback" not in err


def test_the_real_cohorts_can_be_read_off(shared_data, tmp_path, capsys):
    path = tmp_path / "projection.csv"
    code, out, _ = run(capsys, shared_data / "fader_hardie" / "survival_years_0-7.csv.gz", "-o", path)
    assert code == 0
    assert "alpha 0.6681, beta 3.8061" in out
    assert set(pd.read_csv(path)["cohort"]) == {"high_end_pct", "regular_pct"}
