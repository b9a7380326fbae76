from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.states import deal_states
from tests.history.importers.exports import import_texts

MAP = """
tables:
  snapshots:
    file: s.csv
    vanished: FATE
    columns: {opportunity_id: id, snapshot_date: day, stage: stage, amount: amount, close_date: close}
stages: {Open: pipeline, Late: commit, Won: won}
"""
ROWS = """id,day,stage,amount,close
a,2024-01-31,Open,10,2024-03-31
b,2024-01-31,Open,20,2024-03-31
c,2024-01-31,Won,30,2023-12-31
a,2024-02-29,Open,10,2024-03-31
b,2024-02-29,Open,20,2024-05-31
c,2024-02-29,Won,30,2023-12-31
a,2024-03-31,Late,12,2024-03-31
a,2024-04-30,Won,12,2024-04-30
d,2024-04-30,Open,,2024-06-30
"""


@pytest.mark.parametrize(
    ("fate", "outcome"), [("keep_open", ""), ("lost_no_decision", "lost_no_decision"), ("won", "won")]
)
def test_snapshots_become_changes(tmp_path: Path, fate: str, outcome: str) -> None:
    got = import_texts(tmp_path, "snapshots", MAP.replace("FATE", fate), s_csv=ROWS)
    history = got.history
    changes = history.stage_changes
    assert changes.loc[changes["opportunity_id"] == "a", "changed_at"].dt.strftime("%m-%d").tolist() == [
        "01-31",
        "03-31",
        "04-30",
    ]
    deals = history.opportunities.set_index("opportunity_id")
    assert sorted(deals.index) == ["a", "b", "d"]
    assert deals.loc["a", "closed_date"] == pd.Timestamp("2024-04-30")
    assert deals["outcome"].fillna("").to_dict() == {"a": "won", "b": outcome, "d": ""}
    if outcome:
        assert deals.loc["b", "closed_date"] == pd.Timestamp("2024-03-31")
    assert deals.loc["d", "created_date"] == pd.Timestamp("2024-04-30")
    assert deal_states(history).pushes.max() == 1
    assert "closed already in the first snapshot" in got.understanding.dropped[0].reason
    assert any("1 open deals vanish" in note for note in history.notes)


def test_a_closed_deal_that_is_no_longer_there_has_not_vanished(tmp_path: Path) -> None:
    rows = ROWS + "e,2024-02-29,Open,5,2024-03-31\ne,2024-03-31,Won,5,2024-03-31\n"
    got = import_texts(tmp_path, "snapshots", MAP.replace("FATE", "lost_no_decision"), s_csv=rows).history
    deals = got.opportunities.set_index("opportunity_id")
    assert deals["outcome"].fillna("").to_dict() == {"a": "won", "b": "lost_no_decision", "d": "", "e": "won"}


def test_a_deal_was_created_by_its_first_snapshot(tmp_path: Path) -> None:
    mapped = MAP.replace("FATE", "keep_open").replace(
        "close_date: close", "close_date: close, created_date: made"
    )
    lines = ROWS.splitlines()
    made = [
        "made",
        *(f"2024-01-{10 + i}" if line.startswith("a") else "2024-04-30" for i, line in enumerate(lines[1:])),
    ]
    rows = "\n".join(f"{line},{day}" for line, day in zip(lines, made, strict=True)) + "\n"
    created = import_texts(tmp_path, "snapshots", mapped, s_csv=rows).history.opportunities
    days = created.set_index("opportunity_id")["created_date"].dt.strftime("%m-%d").to_dict()
    assert days["b"] == "01-31" and days["d"] == "04-30" and days["a"] < "01-31"


def test_a_deal_twice_in_a_snapshot_is_a_fault_until_the_map_decides(tmp_path: Path) -> None:
    doubled = ROWS + "d,2024-04-30,Late,,2024-06-30\n"
    with pytest.raises(InputError, match="twice in the same snapshot"):
        import_texts(tmp_path, "snapshots", MAP.replace("FATE", "keep_open"), s_csv=doubled)
    decided = MAP.replace("FATE", "keep_open\n    drop: [{duplicates: [id, day], keep: last}]")
    got = import_texts(tmp_path, "snapshots", decided, s_csv=doubled).history
    assert got.stage_changes["stage"].iloc[-1] == "Late"


def test_headings_of_snapshots_are_recognised(tmp_path: Path) -> None:
    rows = (
        "Snapshot Date,Opportunity ID,Stage,Amount,Close Date,Forecast Category\n"
        "2024-01-31,a,Open,10,2024-03-31,Pipeline\n2024-02-29,a,Closed Won,10,2024-02-15,Closed\n"
    )
    got = import_texts(tmp_path, "snapshots", s_csv=rows).history
    assert got.opportunities["outcome"].tolist() == ["won"]
    assert got.stages["category"].tolist() == ["pipeline", "closed"]


def test_headings_that_are_not_recognised_ask_for_a_map(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, "snapshots", s_csv="when,what\n2024-01-01,a\n")
    assert "--map" in str(caught.value)
    assert "snapshot_date" in str(caught.value)
