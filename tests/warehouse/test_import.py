"""A history that went into a database comes out of it as it was, and nothing but that is done there."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pandas as pd
import pytest

from simulator.cli.main import main
from simulator.database import open_database
from simulator.errors import InputError
from simulator.history.importers.readers.sql import import_queries
from simulator.history.load import load_history
from simulator.history.tables import TABLES, History

SAMPLE = Path(__file__).parents[2] / "scenarios" / "sample" / "history"
COLUMN_TYPES = {
    "text": "TEXT",
    "money": "NUMERIC(14, 2)",
    "count": "INTEGER",
    "date": "DATE",
    "month": "DATE",
}
PG = {**COLUMN_TYPES, "time": "TIMESTAMPTZ"}


def first_deals(history: History, n: int = 400) -> dict[str, pd.DataFrame]:
    """Return the tables of a history with its first deals and customers only."""
    tables = dict(history.tables())
    tables["opportunities"] = tables["opportunities"].head(n)
    ids = tables["opportunities"]["opportunity_id"]
    tables["stage_changes"] = tables["stage_changes"][tables["stage_changes"]["opportunity_id"].isin(ids)]
    tables["customers"] = tables["customers"].head(n)
    keep = tables["arr_changes"]["customer_id"].isin(tables["customers"]["customer_id"])
    tables["arr_changes"] = tables["arr_changes"][keep]
    return {name: table.reset_index(drop=True) for name, table in tables.items() if len(table)}


@pytest.fixture(scope="session")
def tables() -> dict[str, pd.DataFrame]:
    return first_deals(load_history(SAMPLE))


def fill(url: str, tables: dict[str, pd.DataFrame], types: dict[str, str]) -> None:
    """Make the tables in a database, typed as a warehouse has them."""
    from sqlalchemy import create_engine, text

    engine = create_engine(url)
    with engine.begin() as connection:
        for name, table in tables.items():
            kinds = {column.name: types[column.kind] for column in TABLES[name]}
            columns = ", ".join(f'"{column}" {kinds[column]}' for column in table.columns)
            connection.execute(text(f'CREATE TABLE "{name}" ({columns})'))
            named = ", ".join(f":{column}" for column in table.columns)
            rows = [dict(zip(table.columns, map(cell, row), strict=True)) for row in table.to_numpy(object)]
            connection.execute(text(f'INSERT INTO "{name}" VALUES ({cast(named, kinds, types)})'), rows)
    engine.dispose()


def cell(value: object) -> object:
    return None if pd.isna(value) else f"{value:.15g}" if isinstance(value, float) else str(value)


def cast(named: str, kinds: dict[str, str], types: dict[str, str]) -> str:
    if types is not PG:
        return named
    return ", ".join(f"CAST({name} AS {kinds[name[1:]]})" for name in named.split(", "))


@pytest.fixture(scope="session")
def in_postgres(postgres: str, tables: dict[str, pd.DataFrame]) -> str:
    fill(postgres.replace("postgresql:", "postgresql+psycopg:"), tables, PG)
    return postgres


@pytest.fixture(scope="session")
def in_sqlite(tmp_path_factory: pytest.TempPathFactory, tables: dict[str, pd.DataFrame]) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('sqlite')}/crm.db"
    fill(url, tables, {**COLUMN_TYPES, "time": "TEXT"})
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"in_{request.param}"))


def call(*args: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*map(str, args)])
    return int(ended.value.code or 0)


def count(url: str, table: str) -> int:
    from simulator.database import read_rows

    with open_database(url).reading() as connection:
        return int(read_rows(connection, f"SELECT count(*) FROM {table}", {})[1][0][0])


def test_a_history_comes_back_as_it_was(url, tables, tmp_path):
    history = load_history(SAMPLE)
    queries = [part for name in tables for part in ("--query", f"{name}={name}")]
    settings = tmp_path / "map.yaml"
    settings.write_text(f"currency: USD\nas_of: {history.as_of}\nunqualified: keep\n")
    done = call("import", "sql", "--url", url, *queries, "--map", settings, "--to", tmp_path / "h", "--quiet")
    assert done == 0
    back = load_history(tmp_path / "h")
    assert back.as_of == history.as_of
    for name in ("customers", "arr_changes", "reps", "leads", "calls"):
        if name in tables:
            given = tables[name].sort_values(list(tables[name].columns), ignore_index=True)
            found = back.tables()[name].sort_values(list(given.columns), ignore_index=True)
            pd.testing.assert_frame_equal(found, given, check_dtype=False)
    both = tables["opportunities"].merge(back.opportunities, on="opportunity_id", suffixes=("", "_back"))
    assert len(both) == len(tables["opportunities"]) == len(back.opportunities)
    for column in ("segment", "outcome", "created_date", "owner", "competitor"):
        stated = both[both[column].notna()]
        assert len(stated)
        pd.testing.assert_series_equal(stated[f"{column}_back"], stated[column], check_names=False)


def told(capsys: pytest.CaptureFixture[str], *args: object) -> str:
    """Return all that a command prints with --debug, the traceback included."""
    try:
        main(["--debug", *map(str, args)])
    except SystemExit as ended:
        assert not ended.code
    except InputError:
        return traceback.format_exc() + "".join(capsys.readouterr())
    return "".join(capsys.readouterr())


def test_the_password_is_in_no_file_and_in_no_word(in_postgres, tmp_path, monkeypatch, capsys):
    """Not in what is written, not in what is said, whether all goes well or not."""
    from sqlalchemy import make_url

    url = make_url(in_postgres)
    folder = tmp_path / "h"
    asking = ["import", "sql", "--url", "env:CRM", "--query", "opportunities=opportunities", "--to", folder]
    monkeypatch.setenv("CRM", in_postgres)
    texts = [told(capsys, *asking), told(capsys, *asking, "--query", "reps=nowhere")]
    monkeypatch.setenv("CRM", url.set(password="wr0ng/s€cret").render_as_string(hide_password=False))
    texts.append(told(capsys, *asking))
    assert "password authentication failed" in texts[-1]
    texts += [path.read_text(encoding="utf-8") for path in folder.iterdir()]
    for secret in (str(url.password), "wr0ng", "%E2%82%ACcret"):
        assert not any(secret in text for text in texts)
    assert f"127.0.0.1:{url.port}/postgres" in (folder / "import.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("DELETE FROM stages", "is not a SELECT"),
        ("SELECT 1; DROP TABLE stages", "more than one statement"),
        ("WITH gone AS (DELETE FROM stages RETURNING *) SELECT * FROM gone", "the database says"),
        ("SELECT * FROM stages WHERE stage = :stage", "nothing is given for :stage"),
        ("SELECT * FROM no_such_table", "the database says"),
        ("SELECT stage FROM stages", "needs the columns stage and category"),
    ],
)
def test_what_cannot_be_read_is_refused_and_nothing_is_written(url, query, words):
    before = count(url, "stages")
    with pytest.raises(InputError, match=words):
        import_queries(open_database(url), {"opportunities": "opportunities", "stages": query})
    assert count(url, "stages") == before > 0


def test_a_connection_for_reading_cannot_write(url):
    from sqlalchemy import text

    with pytest.raises(InputError, match=r"read-?only"), open_database(url).reading() as connection:
        connection.execute(text("DELETE FROM stages"))
    assert count(url, "stages") > 0


def test_values_are_bound_and_never_become_code(url):
    hostile = "won' OR '1'='1"
    queries = {
        "opportunities": "SELECT opportunity_id, segment, amount, created_date, outcome, closed_date "
        "FROM opportunities WHERE outcome = :outcome"
    }
    with pytest.raises(InputError, match="no rows are left"):
        import_queries(open_database(url), queries, values={"outcome": hostile})
    found = import_queries(open_database(url), queries, values={"outcome": "won"})
    assert set(found.history.opportunities["outcome"]) == {"won"}


def test_a_map_may_hold_the_queries(url, tmp_path, capsys):
    (tmp_path / "map.yaml").write_text(
        "currency: USD\n"
        "files:\n"
        "  deals: {query: 'SELECT opportunity_id AS id, segment AS region, amount AS value, created_date,"
        " outcome, closed_date FROM opportunities WHERE created_date <= :as_of'}\n"
        "tables:\n"
        "  opportunities:\n"
        "    file: deals\n"
        "    columns: {opportunity_id: id, segment: region, amount: value, created_date: created_date,"
        " outcome: outcome, closed_date: closed_date}\n"
    )
    done = call(
        *("import", "sql", "--url", url, "--map", tmp_path / "map.yaml", "--as-of", "2025-06-30"),
        *("--to", tmp_path / "h", "--json"),
    )
    said = json.loads(capsys.readouterr().out)
    assert done == 0
    assert said["kind"] == "sql"
    assert said["figures"]["last_created"] <= "2025-06-30"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("--url", "nonsense"), "is not the URL"),
        (("--url", "oracle9i://x:hush@y/z"), "not a kind of database"),
        (("--url", "sqlite:////no/such/file.db"), "no such file"),
        (("--url", "env:NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE is not set"),
        ((), "no database is named"),
        (("--url", "postgresql://u:hush@127.0.0.1:1/x"), "the database says"),
    ],
)
def test_databases_that_cannot_be_used(args, words, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("SIMULATOR_SQL_URL", raising=False)
    assert call("import", "sql", *args, "--query", "stages=stages", "--to", tmp_path / "h") == 2
    said = capsys.readouterr()
    assert words in said.err
    assert "hush" not in said.err + said.out
    assert not (tmp_path / "h").exists()


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("sql", "a.csv", "--query", "stages=stages"), "FILE: does not go with"),
        (("salesforce", "a.csv", "--url", "sqlite:///x.db"), "--url: does not go with"),
        (("sql", "--url", "sqlite://", "--query", "stages"), "not of the form NAME="),
        (("sql", "--url", "sqlite://", "--query", "a=b", "--query", "a=c"), "'a' is there twice"),
        (("sql", "--url", "sqlite://"), "there are no queries"),
        (
            ("sql", "--url", "sqlite://", "--query", "a=select 1 as b", "--param", "c=1"),
            "no query asks for :c",
        ),
        (("sql", "--url", "sqlite://", "--query", "a=select 1 as b"), "nothing is made of the queries a"),
    ],
)
def test_options_that_do_not_go_together(args, words, tmp_path, capsys):
    assert call("import", *args, "--to", tmp_path / "h") == 2
    assert words in capsys.readouterr().err
