"""Characters that steer a terminal, or that no XML file may hold, never get into a history."""

import pandas as pd
import pytest

from simulator.history.importers.importer import import_files
from simulator.history.load import load_history
from simulator.history.parsing import clean_text

STEERED = "a\x1b[31mb\x07\u202ec\x9d\u2066d"
PLAIN = "a?[31mb??c??d"
DEALS = 'opportunity_id,segment,amount,created_date\nA,"{}",1,2026-01-01\n'
MAP = """
tables:
  opportunities:
    file: opportunities.csv
    columns: {opportunity_id: opportunity_id, amount: amount, created_date: created_date, segment: segment}
"""


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (STEERED, PLAIN),
        ("two\nlines\tand\r\nanother\rone", "two\nlines\tand\nanother\none"),
        ("שלום 名前 😀 é", "שלום 名前 😀 é"),
        ("\u200fright to left mark", "\u200fright to left mark"),
        (None, None),
    ],
)
def test_what_steers_is_replaced_and_letters_stay(text, clean):
    got = clean_text(pd.Series([text, "other"], dtype="str"))
    assert got.dtype == "str"
    assert [None if pd.isna(cell) else cell for cell in got] == [clean, "other"]


def test_a_history_and_an_import_hold_clean_names(tmp_path):
    path = tmp_path / "opportunities.csv"
    path.write_text(DEALS.format(STEERED), encoding="utf-8")
    (tmp_path / "map.yaml").write_text(MAP)
    assert load_history(tmp_path).opportunities["segment"].tolist() == [PLAIN]
    imported = import_files("table", [path], tmp_path / "map.yaml").history
    assert imported.opportunities["segment"].tolist() == [PLAIN]


def test_names_that_only_such_characters_tell_apart_are_told(tmp_path):
    """Two deals that look alike everywhere must not become one in silence."""
    from simulator.errors import InputError

    text = DEALS.format("x") + "A\x07,x,1,2026-01-01\nA\x08,x,1,2026-01-01\n"
    (tmp_path / "opportunities.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"rows 3, 4.*'A\?' is there 2 times"):
        load_history(tmp_path)
