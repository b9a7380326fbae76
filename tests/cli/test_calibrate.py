"""simulator calibrate: the file, the words, and faults without tracebacks."""

import datetime as dt
import json

import pytest

from simulator.calibration.file import load_calibration
from simulator.calibration.rates import rates_table
from simulator.cli.main import main
from simulator.history.load import save_history
from tests.calibration.known_deals import KnownRates, simulate_history


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("history") / "acme"
    truth = KnownRates(sals_per_month=(8.0, 6.0, 4.0))
    save_history(simulate_history(truth, dt.date(2024, 2, 1), dt.date(2025, 1, 20), seed=1), path)
    return path


def run(capsys, *args) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["calibrate", *map(str, args)])
    code = ended.value.code or 0
    out, err = capsys.readouterr()
    return code, out, err


def test_it_writes_the_file_and_says_what_it_found(folder, tmp_path, capsys):
    path = tmp_path / "rates.json"
    code, out, _ = run(capsys, folder, "-o", path, "--fiscal-start", "2")
    assert code == 0
    assert len(out.splitlines()) <= 12
    table = rates_table(load_calibration(path))
    sals = table[(table["name"] == "sals") & (table["segment"] == "a")]["value"].sum()
    assert f"a: {sals:.1f} SALs a month, 68,672 a deal (61,721 to 76,405)" in out
    assert str(path) in out.replace("\n", "")
    assert "Note:" not in out
    found = load_calibration(path)
    assert found.segments == ("a", "b", "c")
    assert found.calendar.start_month == 2


def test_details_are_every_main_rate_and_the_notes(folder, tmp_path, capsys):
    code, out, _ = run(capsys, folder, "-o", tmp_path / "rates.json", "--details")
    assert code == 0
    assert "commit" in out and "80 % interval" in out
    assert "Note:" in out


def test_an_earlier_date_uses_only_what_was_known(folder, tmp_path, capsys):
    path = tmp_path / "rates.json"
    assert run(capsys, folder, "-o", path, "--as-of", "2024-08-31", "--quiet") == (0, "", "")
    assert load_calibration(path).as_of == dt.date(2024, 8, 31)


def test_json_is_one_value_with_every_rate(folder, tmp_path, capsys):
    code, out, _ = run(capsys, folder, "-o", tmp_path / "rates.json", "--json")
    answer = json.loads(out)
    assert code == 0
    assert {"name", "value", "low", "high", "events", "exposure", "source"} <= set(answer["rates"][0])
    assert answer["segments"] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--as-of", "yesterday"], "--as-of"),
        (["--as-of", "1999-01-01"], "no qualified deal"),
        (["--fiscal-start", "13"], "fiscal-start"),
        (["--fiscal-label", "middle"], "fiscal-label"),
    ],
)
def test_faults_name_the_option(folder, tmp_path, capsys, args, said):
    path = tmp_path / "rates.json"
    code, _, err = run(capsys, folder, "-o", path, *args)
    assert code == 2
    assert said in err
    assert "Traceback" not in err
    assert not path.exists()


def test_a_folder_for_the_file_is_a_fault(folder, tmp_path, capsys):
    code, _, err = run(capsys, folder, "-o", tmp_path)
    assert code == 2
    assert "is a folder" in err


def test_no_history_is_a_fault(tmp_path, capsys):
    code, _, err = run(capsys, tmp_path / "nothing", "-o", tmp_path / "rates.json")
    assert code == 2
    assert "nothing" in err
