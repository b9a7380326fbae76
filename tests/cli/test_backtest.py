import json
from pathlib import Path

import pandas as pd
import pytest

from simulator.cli.main import main
from simulator.fiscal import FiscalCalendar
from simulator.history.as_of import history_as_of
from simulator.history.load import load_history
from simulator.history.save import save_history
from simulator.report.backtest.record import read_record, record_path
from simulator.report.output.manifest import write_json

SAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "sample" / "history"


@pytest.fixture(scope="module")
def young(tmp_path_factory):
    """The sample company after one year, small enough to calibrate in a second or two."""
    folder = tmp_path_factory.mktemp("backtest") / "young"
    save_history(history_as_of(load_history(SAMPLE), pd.Timestamp("2025-01-31").date()), folder)
    return folder


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setattr("simulator.cache.cache_folder", lambda kind: tmp_path / "kept")


def test_backtest_writes_the_record_and_says_it(young, tmp_path, capsys):
    out = tmp_path / "record"
    given = ["backtest", str(young), "--origins", "1", "--paths", "40", "--fiscal-start", "2", "-o", str(out)]
    with pytest.raises(SystemExit) as ending:
        main([*given, "--json"])
    assert ending.value.code == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["record"].startswith("Your P10–P90 of the quarter ahead held")
    table = pd.read_csv(out / "tables" / "backtest.csv")
    assert {"simulation", "stage_weighted", "run_rate"} <= set(table["method"])
    assert (out / "manifest.json").is_file()
    with pytest.raises(SystemExit):
        main(given)
    said = capsys.readouterr().out
    assert answer["record"] in said
    assert "One quarter is few" in said
    kept = read_record(young, FiscalCalendar(2, "end"), pd.Timestamp("2025-01-31").date())
    assert kept.sentence == answer["record"]
    assert str(record_path(young)) in said


def test_a_record_of_other_quarters_or_of_later_days_is_not_shown(young):
    calendar = FiscalCalendar(2, "end")
    content = {"record": "Held", "as_of": "2025-01-31", "fiscal_start": 2, "fiscal_label": "end"}
    write_json(content, record_path(young))
    day = pd.Timestamp("2025-01-31").date()
    assert read_record(young, calendar, day).sentence == "Held"
    assert read_record(young, FiscalCalendar(1, "end"), day) is None
    assert read_record(young, calendar, pd.Timestamp("2025-01-30").date()) is None
    record_path(young).write_text("broken")
    assert read_record(young, calendar, day) is None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--weeks", "x"], "0,4,8"),
        (["--weeks", "44"], "0 to 12"),
        (["--currency", "dollars"], "three letters"),
    ],
)
def test_faults_are_told(young, tmp_path, capsys, options, words):
    with pytest.raises(SystemExit) as ending:
        main(["backtest", str(young), "-o", str(tmp_path / "x"), *options])
    assert ending.value.code == 2
    assert words in capsys.readouterr().err
