import gzip
from pathlib import Path

import pytest

from simulator.errors import InputError
from simulator.history.importers.readers.text import TextOptions, read_text_file


def read(tmp_path: Path, content: bytes | str, **options: str) -> tuple[dict[str, list[str]], list[int], str]:
    path = tmp_path / "x.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    sheet, read_as = read_text_file(path, TextOptions(**options))
    return sheet.frame.to_dict("list"), list(sheet.frame.index), read_as


def test_plain_rows_keep_the_numbers_of_a_spreadsheet(tmp_path: Path) -> None:
    cells, rows, _ = read(tmp_path, "a,b\n1,2\n\n3,4\n,\n5,\n")
    assert cells == {"a": ["1", "3", "5"], "b": ["2", "4", ""]}
    assert rows == [2, 4, 6]


@pytest.mark.parametrize(
    ("mark", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars"), (",", "commas")]
)
def test_delimiters_are_found_out(tmp_path: Path, mark: str, name: str) -> None:
    cells, _, read_as = read(tmp_path, f"a{mark}b\n1{mark}2\n")
    assert cells == {"a": ["1"], "b": ["2"]}
    assert name in read_as


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("b\nGrün\n".encode("utf-8-sig"), "byte-order mark"),
        ("b\nGrün\n".encode("cp1252"), "cp1252"),
        ("b\nGrün\n".encode("utf-16"), "UTF-16"),
        ("b\nGrün\n".encode(), "UTF-8"),
        (gzip.compress("b\nGrün\n".encode(), mtime=0), "UTF-8"),
        (b"b\r\nGr\xc3\xbcn\r\n", "UTF-8"),
    ],
)
def test_encodings_are_found_out_and_said(tmp_path: Path, content: bytes, said: str) -> None:
    cells, _, read_as = read(tmp_path, content)
    assert cells == {"b": ["Grün"]}
    assert said in read_as


def test_the_hint_of_excel_is_obeyed(tmp_path: Path) -> None:
    cells, rows, _ = read(tmp_path, 'sep=;\na;b,c\n1;"2\n3"\n')
    assert cells == {"a": ["1"], "b,c": ["2\n3"]}
    assert rows == [3]


def test_closing_lines_of_a_report_are_left_out(tmp_path: Path) -> None:
    cells, _, read_as = read(tmp_path, 'a,b\n1,2\n3,4\n\n"Grand Totals (2)"\n"Copyright"\n')
    assert cells["a"] == ["1", "3"]
    assert "2 closing lines" in read_as


def test_rows_of_the_wrong_length_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, "a,b\n1,2\n\n3\n4,5,6\n7,8\n")
    assert [fault.where for fault in caught.value.faults] == ["x.csv, row 4", "x.csv, row 5"]


def test_headings_that_are_there_twice_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("a,a,b,b,\n1,2,3,3,4\n")
    sheet, _ = read_text_file(path, TextOptions())
    assert list(sheet.frame.columns) == ["a", "a (2)", "b", "b (2)", "column 5"]
    assert sheet.ambiguous == {"a"}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty"),
        (b"a,b\x00\x01\n", "not a text file"),
        (b"\x1f\x8bbroken", "gzip"),
        (b'a,b\n"1,2\n', "quotation mark"),
        (b'a,b\n1,2\n3,"4\n5,6\n7,8\n', "line 3"),
        (b"\xff\xfea", "utf-16"),
        (b"a\n\x81\x8d\n", "cp1252"),
    ],
)
def test_files_that_are_no_tables_are_refused(tmp_path: Path, content: bytes, what: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert what in str(caught.value)


def test_an_unknown_encoding_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no encoding called 'utf8x'"):
        read(tmp_path, "a\n1\n", encoding="utf8x")
