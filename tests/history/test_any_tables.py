"""Whatever the files hold: a history that can be used, or faults in plain words. Nothing else."""

import csv
import io
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.history.as_of import history_as_of
from simulator.history.hygiene import check_hygiene
from simulator.history.load import load_history, save_history
from simulator.history.states import deal_states, open_deals
from simulator.history.tables import TABLES, History, empty_table

SETTINGS = settings(max_examples=30, deadline=None, derandomize=True)

DATES = st.one_of(
    st.sampled_from(["2026-01-01", "2026-02-28 13:00", "2026-12-31T23:59:59Z", "2025-06-15"]),
    st.dates().map(str),
)
NUMBERS = st.one_of(st.sampled_from(["1", "0", "12.5", "1e3"]), st.floats(allow_nan=True).map(str))
TEXT = st.text(st.characters(codec="utf-8"), max_size=6)
UNIQUE = {"opportunities", "customers", "reps", "leads"}
IDS = st.sampled_from(["A", "B", "C", "D"])


def cells_of(table: str, column_name: str) -> st.SearchStrategy[str]:
    """Return mostly sensible cells of a column, and now and then anything."""
    column = next(column for column in TABLES[table] if column.name == column_name)
    if column.values:  # noqa: PD011
        sensible: st.SearchStrategy[str] = st.sampled_from(column.values)
    elif column.name.endswith("_id") or column.name == "owner":
        sensible = IDS
    elif column.kind in ("date", "time", "month"):
        sensible = st.sampled_from(["2026-01-01", "2026-02-10", "2026-03-05", "2026-03-05 10:00"])
    elif column.kind in ("money", "count"):
        sensible = st.integers(0, 1000).map(str)
    else:
        sensible = st.sampled_from(["Open", "Won", "mid"])
    anything = st.one_of(DATES, NUMBERS, TEXT, st.just(""))
    return st.integers(0, 60).flatmap(lambda i: anything if i == 0 else sensible)


@st.composite
def csv_table(draw: st.DrawFn, name: str) -> str:
    columns = [c.name for c in TABLES[name] if c.required or draw(st.booleans())]
    if draw(st.integers(0, 15)) == 0:
        columns.append(draw(TEXT))
    known = {column.name for column in TABLES[name]}
    row = st.tuples(*(cells_of(name, c) if c in known else TEXT for c in columns))
    key = (lambda cells: cells[0]) if name in UNIQUE else (lambda cells: cells)
    rows = draw(st.lists(row, max_size=5, unique_by=key))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([columns, *rows])
    return text.getvalue()


@st.composite
def folder_of_tables(draw: st.DrawFn) -> dict[str, str]:
    files = {"opportunities": draw(csv_table("opportunities"))}
    files["stages"] = "stage,category,outcome\nOpen,pipeline,\nWon,closed,won\nmid,commit,\n"
    others = [name for name in TABLES if name not in files]
    for name in draw(st.lists(st.sampled_from(others), unique=True)):
        files[name] = draw(csv_table(name))
    return files


def use(folder: Path) -> History | None:
    """Load and use a history in every way; return it, or None where it was refused."""
    try:
        history = load_history(folder)
    except InputError as error:
        assert all(fault.where and fault.what for fault in error.faults)
        return None
    for name, table in history.tables().items():
        assert table.dtypes.equals(empty_table(name).dtypes)
    states = deal_states(history)
    assert (states.end >= states.start).all()
    assert (states.pushes >= 0).all()
    open_deals(history, states)
    check_hygiene(history)
    check_hygiene(history_as_of(history, history.as_of.replace(day=1)))
    save_history(history, folder / "copy")
    copy = load_history(folder / "copy")
    for name, table in history.tables().items():
        assert copy.tables()[name].equals(rounded(table)), name
    return history


def rounded(table: pd.DataFrame) -> pd.DataFrame:
    numbers = table.select_dtypes("number").columns
    return table.assign(**{name: table[name].round(2) + 0.0 for name in numbers})


def test_tables_of_anything_are_used_or_refused_in_words():
    accepted: list[bool] = []

    @SETTINGS
    @given(folder_of_tables())
    def one(files):
        with tempfile.TemporaryDirectory() as place:
            for name, text in files.items():
                (Path(place) / f"{name}.csv").write_text(text, encoding="utf-8", newline="")
            accepted.append(use(Path(place)) is not None)

    one()
    # It would prove little if nearly everything were refused.
    assert 0.1 < sum(accepted) / len(accepted) < 0.95


@SETTINGS
@given(st.binary(max_size=400))
def test_bytes_of_anything_are_refused_in_words(content):
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "opportunities.csv").write_bytes(content)
        assert use(Path(place)) is None


@SETTINGS
@given(st.binary(max_size=12), st.integers(0, 200))
def test_damaged_files_are_used_or_refused_in_words(content, at):
    text = b"opportunity_id,segment,amount,created_date,outcome,closed_date\n"
    text += b"".join(b"D%d,mid,%d,2026-01-0%d,won,2026-02-03\n" % (i, i, i + 1) for i in range(5))
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / "opportunities.csv").write_bytes(text[:at] + content + text[at:])
        use(Path(place))
