"""Tables of any make, by a map."""

from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import import_files
from tests.history.importers.exports import DEALS_MAP, import_texts, write

DEALS = (
    "id,amount,created,close,stage\n"
    "1,10,2024-01-02,2024-05-01,Open\n2,20,2024-01-03,2024-02-01,Won\n3,30,2024-01-04,2024-02-02,Lost\n"
)


def test_a_table_of_deals(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "table", DEALS_MAP, deals_csv=DEALS)
    deals = got.history.opportunities
    assert deals["outcome"].fillna("").tolist() == ["", "won", "lost_no_decision"]
    assert deals["closed_date"].dt.strftime("%m-%d").fillna("").tolist() == ["", "02-01", "02-02"]
    assert deals["segment"].tolist() == ["company"] * 3
    assert got.understanding.figures["amounts"] == {"lost_no_decision": 30.0, "open": 10.0, "won": 20.0}
    assert any("no reason of loss" in note for note in got.history.notes)


def test_words_units_joins_and_fillings(tmp_path: Path) -> None:
    map_yaml = """
currency: EUR
tables:
  opportunities:
    file: deals.csv
    join:
      - {file: people.csv, on: {rep: name}, take: {office: office, boss: manager}}
    drop:
      - {column: stage, equals: [Test], reason: test records}
      - {column: amount, empty: true}
      - {duplicates: id, keep: last}
    columns:
      opportunity_id: id
      amount: {column: amount, times: 1000, where: won}
      created_date: {column: created, format: "%d.%m.%y"}
      closed_date: {column: created, format: "%d.%m.%y"}
      stage: stage
      owner: rep
      segment: office
      team: boss
      product: {column: product, values: {GTXPro: GTX Pro}}
      source: {first_of: [source, campaign], if_empty: none given}
      competitor: {together: [rival, rival2]}
      type: {constant: new}
stages: {Open: pipeline, Won: won, Lost: lost}
"""
    deals = (
        "id;amount;created;stage;rep;product;source;campaign;rival;rival2\n"
        "1;1;02.01.24;Open;Ann;GTXPro;;mail;X;Y\n"
        "1;2;02.01.24;Won;Ann;GTX Pro;web;mail;X;\n"
        "2;;03.01.24;Open;Ann;Z;;;;\n"
        "3;5;03.01.24;test;Ann;Z;;;;\n"
        "4;6;04.01.24;Lost;Bob;Z;;;;\n"
        "5;7;04.01.24;Open;Eve;Z;;;;Y\n"
    )
    people = "name,office,manager\nAnn,East,Mia\nBob,West,Max\n"
    got = import_texts(tmp_path, "table", map_yaml, deals_csv=deals, people_csv=people)
    deals_read = got.history.opportunities.set_index("opportunity_id")
    assert deals_read.index.tolist() == ["1", "4", "5"]
    assert deals_read["amount"].fillna(-1).tolist() == [2000, -1, -1]
    assert deals_read["segment"].tolist() == ["East", "West", "unknown"]
    assert deals_read["team"].fillna("").tolist() == ["Mia", "Max", ""]
    assert deals_read.loc["1", "product"] == "GTX Pro"
    assert deals_read["source"].tolist() == ["web", "none given", "none given"]
    assert deals_read["competitor"].fillna("").tolist() == ["X", "", "Y"]
    assert {d.reason: d.rows for d in got.understanding.dropped} == {
        "test records": 1,
        "'amount' is empty": 1,
        "another row with the same id is kept, the last one": 1,
    }
    notes = " ".join(got.history.notes)
    assert "not in people.csv (Eve)" in notes
    assert "Amounts are in EUR" in notes


def test_all_faults_of_all_columns_come_at_once_with_their_rows(tmp_path: Path) -> None:
    broken = (
        "id,amount,created,close,stage\n1,ten,2024-01-02,2024-05-01,Open\n"
        "2,-20,03/04/2024,2024-02-01,Won\n3,30,2024-01-04,9999-12-31,Lost\n"
    )
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, "table", DEALS_MAP, deals_csv=broken)
    faults = {fault.where: fault for fault in caught.value.faults}
    assert set(faults) == {
        "deals.csv, row 2, column 'amount'",
        "deals.csv, row 3, column 'created'",
        "deals.csv, row 4, column 'close'",
    }
    assert all(fault.remedy for fault in faults.values())
    assert "'ten' is not an amount" in faults["deals.csv, row 2, column 'amount'"].what


def test_many_faults_of_one_kind_are_counted(tmp_path: Path) -> None:
    broken = "id,amount,created,close,stage\n" + "".join(f"{i},x,2024-01-02,,Open\n" for i in range(400))
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, "table", DEALS_MAP, deals_csv=broken)
    assert len(caught.value.faults) == 6
    assert "395 more" in caught.value.faults[-1].what


@pytest.mark.parametrize(
    ("deals", "what"),
    [
        (DEALS.replace("2,20", "1,20"), "'1' is there 2 times"),
        (DEALS.replace("Open", "Opne"), "stage 'Opne' (1 rows) has no forecast category"),
        (DEALS.replace("amount", "amnt"), "has no column 'amount'"),
        (DEALS.replace("id,amount", "amount,amount"), "two columns 'amount'"),
        ("id,amount,created,close,stage\n", "no rows are left"),
        (DEALS.replace("2024-01-02", ""), "no created date"),
    ],
)
def test_unsound_tables_are_refused_or_told(tmp_path: Path, deals: str, what: str) -> None:
    try:
        got = import_texts(tmp_path, "table", DEALS_MAP, deals_csv=deals)
    except InputError as error:
        assert what in str(error)
    else:
        assert what in " ".join(d.reason for d in got.understanding.dropped)


def test_words_that_the_map_does_not_give_are_listed(tmp_path: Path) -> None:
    map_yaml = DEALS_MAP.replace("stage: stage", "outcome: {column: stage, values: {Won: won, Lost: lost}}")
    with pytest.raises(InputError, match=r"does not say what these mean: 'Open' \(1 rows\)"):
        import_texts(tmp_path, "table", map_yaml, deals_csv=DEALS)


def test_a_lookup_with_two_answers_is_a_fault(tmp_path: Path) -> None:
    map_yaml = DEALS_MAP.replace(
        "file: deals.csv", "file: deals.csv\n    join: [{file: p.csv, on: id, take: {x: office}}]"
    )
    with pytest.raises(InputError, match="there twice with different values"):
        import_texts(tmp_path, "table", map_yaml, deals_csv=DEALS, p_csv="id,office\n1,East\n1,West\n")


def test_a_table_of_changes_gives_pushes_and_reopened_deals(tmp_path: Path) -> None:
    map_yaml = """
tables:
  opportunities: {file: deals.csv, columns: {opportunity_id: id, amount: amount}}
  stage_changes:
    file: changes.csv
    columns: {opportunity_id: id, changed_at: at, stage: stage, close_date: close}
stages: {Open: pipeline, Won: won, Lost: lost}
"""
    changes = (
        "id,at,stage,close\n1,2024-01-01,Open,2024-03-01\n1,2024-02-01,Lost,2024-03-01\n1,2024-03-01,Open,2024-05-01\n"
        "1,2024-03-01,Open,2024-05-01\n1,2024-04-01,Won,2024-04-01\n1,2024-04-09,Won,2024-04-02\n2,2024-01-01,Open,\n"
    )
    got = import_texts(tmp_path, "table", map_yaml, deals_csv="id,amount\n1,5\n2,6\n", changes_csv=changes)
    deals = got.history.opportunities
    assert deals["outcome"].fillna("").tolist() == ["won", ""]
    assert deals["closed_date"].iloc[0] == pd.Timestamp("2024-04-01")
    assert deals["created_date"].tolist() == [pd.Timestamp("2024-01-01")] * 2
    assert [d.rows for d in got.understanding.dropped] == [1]


def test_columns_not_used_are_named(tmp_path: Path) -> None:
    wide = (
        DEALS.replace("stage\n", "stage,colour\n").replace("Open\n", "Open,red\n").replace("Won\n", "Won,\n")
    )
    got = import_texts(tmp_path, "table", DEALS_MAP, deals_csv=wide.replace("Lost\n", "Lost,\n"))
    assert got.understanding.files[0].unused == ("colour",)


def test_files_are_found_beside_the_map_or_by_name(tmp_path: Path) -> None:
    (tmp_path / "map").mkdir()
    (tmp_path / "elsewhere").mkdir()
    map_path = tmp_path / "map" / "m.yaml"
    map_path.write_text(DEALS_MAP)
    write(tmp_path / "map", deals_csv=DEALS)
    assert len(import_files("table", [], map_path).history.opportunities) == 3
    (other,) = write(tmp_path / "elsewhere", deals_csv=DEALS.replace("3,30", "4,30"))
    assert import_files("table", [other], map_path).history.opportunities["opportunity_id"].iloc[-1] == "4"


def test_one_file_for_one_table_may_have_any_name(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "table", DEALS_MAP, june_csv=DEALS)
    assert got.understanding.files[0].file == "june.csv"


@pytest.mark.parametrize(
    ("kind", "what"),
    [("table", "need a map"), ("saleforce", "no kind of import"), ("salesforce", "no files")],
)
def test_a_call_without_what_it_needs(kind: str, what: str) -> None:
    with pytest.raises(InputError, match=what):
        import_files(kind, [])


@pytest.mark.parametrize("named", ["'s *.csv'", "all"])
def test_a_pattern_of_several_files_means_them_all(named: str, tmp_path: Path) -> None:
    files = {
        "s 1_csv": "id,amount,created,close,stage\n1,10,2024-01-01,2024-02-01,Won\n",
        "s 2_csv": "id,amount,created,close,stage\n2,5,2024-01-01,2024-02-01,Open\n",
    }
    map_yaml = DEALS_MAP.replace("deals.csv", named) + "files: {all: {path: 's *.csv', delimiter: ','}}\n"
    got = import_texts(tmp_path, "table", map_yaml, **files)
    assert got.history.opportunities["amount"].tolist() == [10.0, 5.0]


def test_files_that_nobody_asked_for_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="the map does not use it"):
        import_texts(tmp_path, "table", DEALS_MAP, deals_csv=DEALS, more_csv="a\n1\n")


def test_missing_files_and_folders_are_faults(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        import_files("salesforce", [tmp_path / "nothing.csv"])
    with pytest.raises(InputError, match="folder"):
        import_files("salesforce", [tmp_path])


def test_as_of_takes_away_what_came_later_and_says_so(tmp_path: Path) -> None:
    import datetime as dt

    paths = write(tmp_path, deals_csv=DEALS)
    map_path = tmp_path / "m.yaml"
    map_path.write_text(DEALS_MAP)
    got = import_files("table", paths, map_path, dt.date(2024, 1, 3))
    assert got.history.as_of == dt.date(2024, 1, 3)
    assert len(got.history.opportunities) == 2
    assert got.history.opportunities["outcome"].isna().all()
    assert any("2024-01-03" in d.reason for d in got.understanding.dropped)
