import json
from pathlib import Path

import pytest

from simulator.cli.audit import audit
from simulator.errors import InputError
from simulator.history.load import save_history
from tests.history.by_hand import deal, history


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_history(
        history([deal("A", close_date="2026-03-01", amount=1.5e6), deal("B", amount=None)]), tmp_path / "h"
    )
    return tmp_path / "h"


def test_audit_says_what_is_odd_what_it_does_and_how_to_fix_it(
    folder: Path, capsys: pytest.CaptureFixture[str]
):
    audit(folder)
    assert "Remedy" not in (brief := capsys.readouterr().out)
    assert "found something. What each does, and its remedy: --details." in brief
    audit(folder, details=True)
    said = capsys.readouterr().out
    assert "History as of 2026-06-30: 2 opportunities." in said
    assert "• zombies: 1, 50.0% of open deals, worth 1.5M" in said
    assert "For example A. Remedy: Confirm each with the buyer, or close it as lost (no decision)." in said
    assert not (folder / "hygiene.csv").exists()


@pytest.mark.parametrize(("out", "file"), [("report", "report/hygiene.csv"), ("odd.csv", "odd.csv")])
def test_audit_writes_the_table_where_it_is_asked_to(folder: Path, out: str, file: str):
    audit(folder, out=folder.parent / out, quiet=True)
    assert (folder.parent / file).read_text().startswith("check,of,n,share,amount,examples,effect,fix\n")


def test_audit_as_json_is_one_value_without_nan(folder: Path, capsys: pytest.CaptureFixture[str]):
    audit(folder, json=True)
    said = json.loads(capsys.readouterr().out)
    amounts = {row["check"]: row["amount"] for row in said["findings"]}
    assert amounts["zombies"] == 1.5e6
    assert amounts["open deals without an amount"] is None
    assert said["deals"] == 2


def test_audit_of_nothing_is_the_users_input(tmp_path: Path):
    with pytest.raises(InputError, match="holds no opportunities"):
        audit(tmp_path)
