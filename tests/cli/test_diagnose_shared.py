"""Diagnosing third-party histories: what is known of them must come out."""

import json
import os
from pathlib import Path

import pytest

from simulator.cli.main import main

DATA = Path(__file__).parents[3] / "shared" / "data"
MAPS = Path(__file__).parents[1] / "data_maps"


def diagnosed(name, files, tmp_path, monkeypatch, capsys):
    if not DATA.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"{DATA} is not there")
        pytest.skip(f"needs the third-party data of {DATA}")
    monkeypatch.setattr("simulator.report.diagnose.results.record_specs", lambda *_, **__: ())
    paths = [str(DATA / name / file) for file in files]
    history, out = str(tmp_path / "history"), str(tmp_path / "out")
    map_file = str(MAPS / f"{name}.yaml")
    for args in (
        ["import", "table", *paths, "--to", history, "--map", map_file, "--quiet"],
        ["diagnose", history, "-o", out, "--json"],
    ):
        with pytest.raises(SystemExit) as ending:
            main(args)
        assert not ending.value.code, capsys.readouterr().err
    return json.loads(capsys.readouterr().out)


def overall(summary, measure):
    rows = summary["rates"]
    return next(r for r in rows if (r["measure"], r["by"], r["basis"]) == (measure, "all", "count"))


def test_maven_leaves_out_what_its_files_do_not_tell(tmp_path, monkeypatch, capsys):
    files = ["sales_pipeline_asof_2017-09-30.csv.gz", "sales_teams.csv"]
    summary = diagnosed("maven_crm", files, tmp_path, monkeypatch, capsys)
    close = overall(summary, "close_rate")
    assert (close["numerator"], close["denominator"]) == (3042, 3042 + 1684)
    assert overall(summary, "win_rate")["value"] is None
    assert "leaves out 2,409 deals still open" in " ".join(summary["findings"])
    won = [r for r in summary["conversion"] if (r["outcome"], r["within_days"]) == ("won", 180)]
    assert 0.5 < won[0]["share"] < close["value"]
    assert all(row["amount"] is None for row in summary["created"])
    assert sum(row["n_booked"] for row in summary["coverage_history"]) == 3042


def test_bpic_gives_conversion_dwell_and_three_ends(tmp_path, monkeypatch, capsys):
    files = ["events_asof_2012-01-01.csv.gz", "cases_asof_2012-01-01.csv.gz"]
    summary = diagnosed("bpic2012", files, tmp_path, monkeypatch, capsys)
    assert summary["quarters"] == ["FY11Q4"]
    assert 0.28 < overall(summary, "close_rate")["value"] < 0.36
    median = {row["category"]: row["median_days"] for row in summary["dwell"]}
    assert median["pipeline"] < median["commit"] < median["best_case"]
    shares = [r["share"] for r in summary["conversion"] if (r["basis"], r["within_days"]) == ("count", 30)]
    assert sum(shares) == pytest.approx(1, abs=1e-5) and min(shares) > 0.05
