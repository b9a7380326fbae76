from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.history.importers.map_file import check_map, read_map
from simulator.history.importers.mapping import Mapping


def load(folder: Path, text: str) -> Mapping:
    path = folder / "map.yaml"
    path.write_text(text)
    tree = read_map(path)
    return check_map(tree.values, tree, str(path))


GOOD = """currency: USD
tables:
  opportunities:
    file: deals.csv
    columns:
      opportunity_id: Id
      amount: {column: Value, times: 1000, decimal: ","}
      segment: {constant: all}
    drop:
      - {column: Test, equals: true}
stages:
  Open: pipeline
  Won: won
  Old: [{to: pipeline}, {to: best_case, valid_from: 2024-01-01}]
"""


def test_short_and_long_forms(tmp_path: Path) -> None:
    got = load(tmp_path, GOOD)
    table = got.tables.opportunities
    assert table is not None
    assert table.file == ("deals.csv",)
    assert table.columns["opportunity_id"].column == "Id"
    assert table.columns["amount"].times == 1000
    assert table.drop[0].equals == ("true",)
    assert [spec.to for spec in got.stages["Old"]] == ["pipeline", "best_case"]
    assert got.stages["Old"][1].valid_from == "2024-01-01"


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ("currency: USD", "currancy: USD", 1, "Did you mean 'currency'"),
        ("currency: USD", "currency: dollar", 1, "three capital letters"),
        ("opportunity_id: Id", "oportunity_id: Id", 6, "Did you mean 'opportunity_id'"),
        ("opportunity_id: Id", "segment_: Id", 6, "has no column 'segment_'"),
        ("opportunity_id: Id", "team: Id", 5, "needs the column 'opportunity_id'"),
        ("times: 1000", "time: 1000", 7, "Did you mean 'times'"),
        ("times: 1000", "times: .inf", 7, "times"),
        ('decimal: ","', "decimal: x", 7, "one of the words allowed"),
        ("equals: true", "equal: true", 10, "Did you mean 'equals'"),
        ("equals: true", "keep: last", 10, "name a column and one of"),
        ("Open: pipeline", "Open: pipelin", 12, "Did you mean 'pipeline'"),
        ("valid_from: 2024-01-01", "valid_from: 2024-13-01", 14, "is not a day"),
        ("constant: all", "constant: all, column: x", 8, "name one of"),
        ("  opportunities:", "  oportunities:", 3, "Did you mean 'opportunities'"),
        ("    file: deals.csv\n", "", 3, "opportunities.file: is missing"),
        ("currency: USD", "timezone: Mars/Base", 1, "not a time zone"),
        ("currency: USD", "as_of: soon", 1, "not a day"),
    ],
)
def test_faults_name_line_key_and_remedy(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    assert old in GOOD
    with pytest.raises(InputError) as caught:
        load(tmp_path, GOOD.replace(old, new, 1))
    text = str(caught.value)
    assert f"map.yaml:{line}" in text
    assert what in text


def test_all_faults_come_at_once(tmp_path: Path) -> None:
    broken = GOOD.replace("times", "time").replace("Won: won", "Won: one").replace("currency", "money")
    with pytest.raises(InputError) as caught:
        load(tmp_path, broken)
    assert len(caught.value.faults) == 3


def test_snapshots_and_deals_exclude_each_other(tmp_path: Path) -> None:
    both = GOOD.replace(
        "tables:\n",
        "tables:\n  snapshots: {file: s.csv, columns: {opportunity_id: a, snapshot_date: b, stage: c}}\n",
    )
    with pytest.raises(InputError, match="leave out the other tables"):
        load(tmp_path, both)
