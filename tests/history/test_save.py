import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history import save
from simulator.history.load import load_history, save_history
from tests.history.by_hand import change, deal, history, table


def full_history():
    return history(
        [
            deal(
                "A", amount=1234.5, owner="=cmd", team='Say "hi", all', close_date="2026-03-01", source="-3"
            ),
            deal("B", amount=np.nan, outcome="won", closed_date="2026-02-01", type="renewal"),
            deal("N/A", product="two\nlines"),
        ],
        [
            change("A", "2026-01-05 10:11:12.345678", "Discovery", 0.1 + 0.2, "2026-03-01"),
            change("A", "2026-01-06", "Evaluation"),
            change("B", "2026-01-06", "Won"),
        ],
        as_of="2026-07-04",
        customers=table(
            "customers", [{"customer_id": "c", "segment": "mid", "start_date": "2026-02-01", "arr": 5}]
        ),
        arr_changes=table(
            "arr_changes",
            [
                {
                    "customer_id": "c",
                    "date": "2026-02-01",
                    "movement": "churn",
                    "arr_delta": -5.0,
                    "driver": None,
                }
            ],
        ),
        reps=table("reps", [{"rep_id": "=cmd", "role": "ae", "segment": None, "start_date": "2020-02-29"}]),
        leads=table(
            "leads",
            [
                {
                    "month": "2026-01-01",
                    "segment": "m",
                    "source": "x",
                    "leads": 9,
                    "mqls": 4,
                    "sqls": 2,
                    "sals": 1,
                }
            ],
        ),
        calls=table(
            "calls", [{"rep_id": "=cmd", "period": "FY26Q1", "as_of": "2026-01-31", "commit": 12.34}]
        ),
    )


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_history_comes_back_as_it_went(tmp_path: Path):
    past = full_history()
    save_history(past, tmp_path / "h")
    back = load_history(tmp_path / "h")
    for name, expected in past.tables().items():
        to_the_cent = expected.round({"amount": 2}) if name == "stage_changes" else expected
        pd.testing.assert_frame_equal(back.tables()[name], to_the_cent)
    assert (back.as_of, back.notes) == (past.as_of, past.notes)


def test_the_same_history_is_the_same_bytes_and_saving_again_changes_nothing(tmp_path: Path):
    save_history(full_history(), tmp_path / "a")
    save_history(load_history(tmp_path / "a"), tmp_path / "b")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_amounts_are_written_to_the_cent_and_dates_as_iso(tmp_path: Path):
    save_history(full_history(), tmp_path / "h")
    changes = (tmp_path / "h" / "stage_changes.csv").read_text().splitlines()
    assert changes[1] == "A,2026-01-05 10:11:12.345678,Discovery,0.3,2026-03-01"
    deals = (tmp_path / "h" / "opportunities.csv").read_text()
    assert deals.startswith(
        "opportunity_id,segment,amount,created_date,close_date,outcome,closed_date,owner,"
    )
    assert "1234.5,2026-01-01,2026-03-01" in deals


def test_other_files_stay_and_tables_of_before_go(tmp_path: Path):
    folder = tmp_path / "h"
    save_history(full_history(), folder)
    (folder / "mine.txt").write_text("keep")
    save_history(history([deal()]), folder)
    assert sorted(contents(folder)) == ["history.json", "mine.txt", "opportunities.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["h"]


def test_a_failure_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "h"
    save_history(full_history(), folder)
    before = contents(folder)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(save.pacsv, "write_csv", fail)
    with pytest.raises(InputError, match="No space left"):
        save_history(history([deal()]), folder)
    monkeypatch.undo()
    rename = Path.rename

    def stop(self: Path, target: Path) -> Path:
        if self.name == "opportunities.csv" and ".writing-" in self.parent.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", stop)
    monkeypatch.chdir(folder)
    with pytest.raises(KeyboardInterrupt):
        save_history(history([deal()]), folder)
    monkeypatch.undo()
    assert contents(folder) == before
    assert [path.name for path in tmp_path.iterdir()] == ["h"]


def test_the_folder_one_stands_in_stays_that_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = tmp_path / "h"
    save_history(full_history(), folder)
    inside, outside = folder.stat().st_ino, tmp_path.stat().st_ino
    monkeypatch.chdir(folder)
    save_history(history([deal()]), Path())
    assert folder.stat().st_ino == inside != outside
    assert sorted(contents(folder)) == ["history.json", "opportunities.csv"]
    monkeypatch.chdir(tmp_path)
    (folder / "notes").mkdir()
    (folder / "notes" / "mine.txt").write_text("keep")
    save_history(full_history(), folder)
    assert (folder / "notes" / "mine.txt").read_text() == "keep"
    assert [path.name for path in tmp_path.iterdir()] == ["h"]


def test_a_folder_of_something_else_is_refused(tmp_path: Path):
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(InputError, match="holds other files and no history"):
        save_history(full_history(), tmp_path)
    with pytest.raises(InputError, match="is a file"):
        save_history(full_history(), tmp_path / "thesis.txt")
    with pytest.raises(InputError, match="cannot be written"):
        save_history(full_history(), tmp_path / "thesis.txt" / "h")


def test_as_of_after_the_last_event_is_kept(tmp_path: Path):
    save_history(history([deal()], as_of="2026-12-24"), tmp_path / "h")
    assert load_history(tmp_path / "h").as_of == dt.date(2026, 12, 24)
