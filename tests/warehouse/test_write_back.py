"""Results as tables of a database: run beside run, whatever the names hold."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from simulator.cli.main import main
from simulator.database import open_database, read_rows
from simulator.errors import InputError
from simulator.report.output.folder import MANIFEST
from simulator.report.output.tables import write_table
from simulator.report.output.warehouse import write_to_database

HOSTILE = """=cmd|'x'!A1"); DROP TABLE simulator_bookings; -- <b>"""


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "base"
    (folder / "tables").mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps({"written_at": "2026-11-01T00:00:00+00:00"}))
    bookings = pd.DataFrame(
        {
            "period": ["FY27Q1", "FY27Q2"],
            "segment": ["all", HOSTILE],
            "p50": [1.25, 2.0],
            "target": [None, 3.0],
        }
    )
    write_table(bookings, folder / "tables" / "bookings.csv")
    write_table(pd.DataFrame({"segment": pd.Series(dtype=str)}), folder / "tables" / "empty.csv")
    return folder


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/warehouse.db"
    return str(request.getfixturevalue("postgres"))


@pytest.fixture
def clean(url: str):
    """Leave no table of ours behind in a database that other tests use."""
    yield
    from sqlalchemy import MetaData

    with open_database(url, must_exist=False).writing() as connection:
        there = MetaData()
        there.reflect(connection)
        there.drop_all(connection, [table for name, table in there.tables.items() if "simulator_" in name])


def rows_of(url: str, query: str) -> list[tuple]:
    with open_database(url).reading() as connection:
        return list(zip(*read_rows(connection, query, {})[1], strict=True))


def test_tables_arrive_with_their_run_and_hostile_names_as_they_are(url, results, clean):
    assert write_to_database(results, open_database(url, must_exist=False)) == {
        "simulator_bookings": 2,
        "simulator_empty": 0,
    }
    found = rows_of(
        url, "SELECT run, written_at, period, segment, p50, target FROM simulator_bookings ORDER BY period"
    )
    written_at = "2026-11-01T00:00:00+00:00"
    assert found == [
        ("base", written_at, "FY27Q1", "all", 1.25, None),
        ("base", written_at, "FY27Q2", HOSTILE, 2.0, 3.0),
    ]


def test_a_schema_is_a_name_and_never_code(url, results, clean):
    write_to_database(results, open_database(url, must_exist=False))
    with pytest.raises(InputError) as told:
        write_to_database(results, open_database(url), schema=HOSTILE)
    assert told.value.faults[0].remedy
    assert len(rows_of(url, "SELECT * FROM simulator_bookings")) == 2


def test_a_run_written_again_replaces_its_rows_and_no_others(url, results, clean):
    database = open_database(url, must_exist=False)
    for run in ("base", "other", "base"):
        write_to_database(results, database, run=run, only=["bookings"])
    counts = rows_of(url, "SELECT run, count(*) FROM simulator_bookings GROUP BY run ORDER BY run")
    assert counts == [("base", 2), ("other", 2)]


def test_a_new_column_is_added_and_older_rows_keep_theirs(url, results, clean):
    database = open_database(url, must_exist=False)
    write_to_database(results, database, run="old", only=["bookings"])
    more = pd.DataFrame({"period": ["FY27Q1"], "p50": [9.0], 'odd "name"; --': ["x"]})
    write_table(more, results / "tables" / "bookings.csv")
    write_to_database(results, database, run="new", only=["bookings"])
    assert rows_of(url, """SELECT "odd ""name""; --" FROM simulator_bookings WHERE run = 'new'""") == [("x",)]
    assert rows_of(url, "SELECT count(*) FROM simulator_bookings WHERE run = 'old'") == [(2,)]


def test_if_one_table_fails_none_is_written(url, results, clean):
    database = open_database(url, must_exist=False)
    with database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE simulator_empty (theirs TEXT)")
    with pytest.raises(InputError, match="not one of ours"):
        write_to_database(results, database)
    with pytest.raises(InputError, match="simulator_bookings"):
        rows_of(url, "SELECT * FROM simulator_bookings")


def test_the_command_and_its_refusals(url, results, clean, capsys):
    def call(*args: object) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["report", *map(str, args)])
        return int(ended.value.code or 0)

    assert call(results, "--to-sql", url, "--tables", "bookings", "--run", "Q1 plan", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"rows": {"simulator_bookings": 2}}
    assert rows_of(url, "SELECT DISTINCT run FROM simulator_bookings") == [("Q1 plan",)]
    assert call(results, "--to-sql", url, "--tables", "nothing") == 2
    assert "has no table 'nothing'" in capsys.readouterr().err
    assert call(results.parent, "--to-sql", url) == 2
    assert "is not a results folder" in capsys.readouterr().err
