"""A table of an older run is there again where every column of it is, cell by cell."""

import pytest

from simulator.report.output.reproduction import _holds


@pytest.mark.parametrize(
    ("new", "same"),
    [
        ("key,cost\na,1.0\nb,\n", True),
        ("key,name,cost\na,x,1.0\nb,y,\n", True),
        ("key,cost\na,1.00\nb,\n", False),
        ("key,cost\na,1.0\nb,0\n", False),
        ("key\na\nb\n", False),
        ("key,cost\na,1.0\n", False),
    ],
)
def test_a_table_may_gain_columns_and_nothing_else(tmp_path, new, same):
    for name, text in (("old.csv", "key,cost\na,1.0\nb,\n"), ("new.csv", new)):
        (tmp_path / name).write_text(text)
    assert _holds(tmp_path / "new.csv", tmp_path / "old.csv") is same
