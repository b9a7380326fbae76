"""Empty lines above the headings: rows keep the numbers that an editor shows."""

import pytest

from simulator.errors import InputError
from simulator.history.importers.readers.text import TextOptions, read_text_file


@pytest.mark.parametrize("n_leading", [0, 1, 3])
@pytest.mark.parametrize("rows", ["1,2\n3\n4,5\n", "3\n4,5\n", "1,2,3\n4,5,6\n"])
def test_rows_of_the_wrong_length_are_named_as_an_editor_numbers_them(tmp_path, n_leading, rows):
    path = tmp_path / "deals.csv"
    path.write_text("\n" * n_leading + "a,b\n" + rows + "6,7,8\n")
    with pytest.raises(InputError) as told:
        read_text_file(path, TextOptions(None, None))
    lines = path.read_text().split("\n")
    wrong = [number for number, line in enumerate(lines, 1) if line and line.count(",") != 1]
    assert [fault.where for fault in told.value.faults] == [f"deals.csv, row {number}" for number in wrong]


def test_closing_lines_below_leading_ones_are_left_out(tmp_path):
    path = tmp_path / "deals.csv"
    path.write_text("\n\na,b\n1,2\n4,5\nGrand Totals\n")
    sheet, read_as = read_text_file(path, TextOptions(None, None))
    assert len(sheet.frame) == 2
    assert "1 closing line" in read_as
