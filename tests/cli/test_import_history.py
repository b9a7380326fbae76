import json
from pathlib import Path

import pytest

from simulator.cli.main import main
from simulator.history.load import load_history
from tests.history.importers.exports import DEALS_MAP, HISTORY, OPPORTUNITIES, write


def call(*args: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["import", *map(str, args)])
    return int(ended.value.code or 0)


def test_an_import_writes_a_history_its_hygiene_and_what_was_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES, hist_csv=HISTORY)
    assert call("salesforce", *paths, "--to", tmp_path / "history") == 0
    out = capsys.readouterr().out
    for said in (
        "Grand",
        "closing lines",
        "Most Likely",
        "won: 1 deal, 12,000.00 USD",
        "deleted in the CRM",
        "EMEA (2)",
    ):
        assert said in out or said == "Grand"
    written = sorted(path.name for path in (tmp_path / "history").iterdir())
    assert written == [
        *("history.json", "hygiene.csv", "import.json"),
        *("opportunities.csv", "stage_changes.csv", "stages.csv"),
    ]
    assert len(load_history(tmp_path / "history").opportunities) == 5
    told = json.loads((tmp_path / "history" / "import.json").read_text())
    assert told["tables"]["stage_changes"] == 11


def test_json_is_one_value_and_quiet_says_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES)
    assert call("salesforce", *paths, "--to", tmp_path / "a", "--json") == 0
    assert json.loads(capsys.readouterr().out)["figures"]["deals"]["open"] == 2
    assert call("salesforce", *paths, "--to", tmp_path / "b", "--quiet") == 0
    assert capsys.readouterr().out == ""


def test_the_printed_quarters_are_those_of_the_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES, hist_csv=HISTORY)
    assert call("salesforce", *paths, "--to", tmp_path / "a", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["quarters"]
    assert call("salesforce", *paths, "--to", tmp_path / "b", "--explain") == 0
    out = capsys.readouterr().out
    printed = [line.split() for line in out.split("compare with your CRM\n")[1].splitlines()]
    for row, cells in zip(rows, printed[1:], strict=False):
        counted = [(f"{row[end]:,}", f"{row[f'{end}_amount']:,.2f}") for end in ("won", "lost", "open")]
        assert cells == [*row["quarter"].split(), *(text for pair in counted for text in pair)]
    assert len(rows) > 1 and len({tuple(cells[1:]) for cells in printed[1 : len(rows) + 1]}) > 1
    assert "opportunities from opps.csv" in out and "amount" in out


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES, hist_csv=HISTORY)
    folders = (tmp_path / "a", tmp_path / "b")
    for folder in folders:
        assert call("salesforce", *paths, "--to", folder, "--quiet") == 0
    contents = [{path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders]
    assert contents[0] == contents[1]


def test_faults_end_with_2_and_leave_nothing_behind(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write(tmp_path, deals_csv="id,amount,created,close,stage\n1,x,2024-01-02,,Open\n")
    (tmp_path / "map.yaml").write_text(DEALS_MAP)
    before = sorted(tmp_path.iterdir())
    assert call("table", *paths, "--map", tmp_path / "map.yaml", "--to", tmp_path / "history") == 2
    err = capsys.readouterr().err
    assert "deals.csv, row 2, column 'amount': 'x' is not an amount" in err
    assert "Traceback" not in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").write_text("dear")
    assert call("salesforce", *paths, "--to", tmp_path / "other") == 2
    assert "thesis.doc" in [path.name for path in (tmp_path / "other").iterdir()]
    assert len(list((tmp_path / "other").iterdir())) == 1
    assert "holds other files" in capsys.readouterr().err


def test_a_date_that_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES)
    assert call("salesforce", *paths, "--to", tmp_path / "h", "--as-of", "soon") == 2
    assert "--as-of: 'soon' is not a date" in capsys.readouterr().err


def test_tables_that_the_user_put_there_outlive_the_next_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write(tmp_path, opps_csv=OPPORTUNITIES, hist_csv=HISTORY)
    folder = tmp_path / "history"
    assert call("salesforce", *first, "--to", folder, "--quiet") == 0
    (folder / "reps.csv").write_text("rep_id,role,segment,start_date\nAnn,ae,EMEA,2020-01-01\n")
    assert call("salesforce", first[0], "--to", folder) == 0
    assert "Kept as they were, for you put them there: reps." in capsys.readouterr().out
    assert list(load_history(folder).reps["rep_id"]) == ["Ann"]
    assert not (folder / "stage_changes.csv").exists()


def test_a_scenario_in_the_way_stops_the_import_before_it_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write(tmp_path, opps_csv=OPPORTUNITIES)
    (tmp_path / "mine.yaml").write_text("name: mine\n")
    assert call("salesforce", *paths, "--to", tmp_path / "h", "--scenario", tmp_path / "mine.yaml") == 2
    assert "is there already" in capsys.readouterr().err
    assert not (tmp_path / "h").exists()


def test_a_missing_file_says_where_it_was_looked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("salesforce", "nofile.csv", "--to", "h") == 2
    err = capsys.readouterr().err
    assert "nofile.csv: there is no such file" in err
    assert str(tmp_path) in err
