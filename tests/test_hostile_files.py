"""Files made to harm or by accident: archives that unpack to gigabytes, macros, pipes, what systems leave."""

import os
import threading
import zipfile
from pathlib import Path

import pytest
from pptx import Presentation

from simulator.archives import check_archive
from simulator.errors import InputError
from simulator.history.importers.import_log import ImportLog
from simulator.history.importers.importer import import_files
from simulator.history.importers.readers import files, workbook
from simulator.history.importers.readers.files import read_file
from simulator.history.importers.specs import FileSpec
from simulator.history.load import load_history
from simulator.history.steady import steady
from simulator.report.documents.deck_slides import open_deck
from simulator.yaml_source import read_tree

SHEET = b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
ROW = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'


def packed(path, parts):
    """Write an archive of the given parts."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def unpacked(path):
    """Return the parts of an archive."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_an_archive_is_measured_before_it_is_unpacked(tmp_path):
    bomb = packed(tmp_path / "bomb.pptx", {"ppt/slides/slide1.xml": bytes(30_000_000)})
    assert bomb.stat().st_size < 100_000
    check_archive(bomb, 30_000_000, "")
    with pytest.raises(InputError, match=r"unpacks to 0\.0 GB.*\n.*Save a smaller one"):
        check_archive(bomb, 29_999_999, "Save a smaller one.")
    many = packed(tmp_path / "many.pptx", {f"{i}.xml": b"" for i in range(20_001)})
    with pytest.raises(InputError, match="20,001 parts"):
        check_archive(many, 10**9, "")


def test_a_template_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "house.pptx"
    Presentation().save(str(path))
    monkeypatch.setattr("simulator.report.documents.deck_slides.MOST_UNPACKED", 10_000)
    with pytest.raises(InputError, match="unpacks to"):
        open_deck("source", path)


@pytest.mark.parametrize(
    ("part", "content", "said"),
    [
        ("ppt/vbaProject.bin", b"macro", "holds macros"),
        ("ppt/VBAPROJECT.bin", b"macro", "holds macros"),
        (
            "ppt/extra.xml",
            b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            "defines entities",
        ),
    ],
)
def test_a_template_with_macros_or_entities_is_refused(tmp_path, part, content, said):
    path = tmp_path / "house.pptx"
    Presentation().save(str(path))
    open_deck("source", path)  # the negative control
    packed(path, {**unpacked(path), part: content})
    with pytest.raises(InputError, match=said):
        open_deck("source", path)


def workbook_of(tmp_path, rows):
    """Return a workbook with a sheet of the given rows of XML."""
    import openpyxl

    path = tmp_path / "deals.xlsx"
    book = openpyxl.Workbook()
    book.active.append(["id"])
    book.save(path)
    sheet = SHEET + b"".join(rows) + b"</sheetData></worksheet>"
    return packed(path, {**unpacked(path), "xl/worksheets/sheet1.xml": sheet})


def test_a_sheet_of_more_rows_than_spreadsheets_have_is_refused_early(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 1000)
    path = workbook_of(tmp_path, [ROW % (i, i) for i in range(1, 1102)])
    with pytest.raises(InputError, match="more than 1,000 rows"):
        workbook.read_workbook(path)


def test_a_row_that_claims_to_be_the_last_of_billions_is_refused_early(tmp_path, monkeypatch):
    monkeypatch.setattr(workbook, "MOST_ROWS", 1000)
    path = workbook_of(tmp_path, [ROW % (1, 1), ROW % (10**12, 10**12)])
    with pytest.raises(InputError, match="more than 1,000 rows"):
        workbook.read_workbook(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes have no names here")
@pytest.mark.parametrize("place", ["scenario", "history", "export", "map"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, place):
    def read():
        if place == "scenario":
            os.mkfifo(tmp_path / "s.yaml")
            read_tree(tmp_path / "s.yaml")
        elif place == "export":
            os.mkfifo(tmp_path / "o.csv")
            import_files("salesforce", [tmp_path / "o.csv"])
        elif place == "map":
            os.mkfifo(tmp_path / "map.yaml")
            import_files("salesforce", [], tmp_path / "map.yaml")
        else:
            os.mkfifo(tmp_path / "opportunities.csv")
            load_history(tmp_path)

    said = []

    def attempt():
        try:
            read()
        except InputError as error:
            said.append(str(error))

    thread = threading.Thread(target=attempt, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "it waits for a writer"
    assert "not a file" in said[0] or "is not a file" in said[0]


@pytest.mark.skipif(not Path("/dev/zero").exists(), reason="no devices here")
def test_a_device_is_refused_and_not_read():
    with pytest.raises(InputError, match="a pipe or a device"):
        import_files("salesforce", [Path("/dev/zero")])


def test_an_archive_that_unpacks_to_too_much_is_refused_before_it_is(tmp_path, monkeypatch):
    packed(tmp_path / "o.zip", {"o.csv": b"Id\n" + b"1\n" * 100})
    assert len(read_file(tmp_path / "o.zip", FileSpec(path="o.zip"), ImportLog())[0].frame) == 100
    monkeypatch.setattr(files, "MAX_UNPACKED", 100)
    with pytest.raises(InputError, match="unpacks to"):
        read_file(tmp_path / "o.zip", FileSpec(path="o.zip"), ImportLog())


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        ({"content.xml": b"<x/>"}, "without any CSV file"),
        ({"a.csv": b"a", "b.csv": b"b"}, "archive of 2 files"),
    ],
)
def test_archives_of_something_else_are_named_as_such(tmp_path, inside, said):
    packed(tmp_path / "o.ods", inside)
    with pytest.raises(InputError, match=said):
        import_files("salesforce", [tmp_path / "o.ods"])


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "~$a.xlsx", "s.yaml", "log.txt"])
def test_what_else_lies_in_the_folder_of_a_history_may_change(tmp_path, name):
    (tmp_path / "opportunities.csv").write_text("opportunity_id\n")
    with steady(tmp_path):
        (tmp_path / name).write_text("x")
    with pytest.raises(InputError, match="changed while it was read"), steady(tmp_path):
        (tmp_path / "opportunities.csv").write_text("opportunity_id\n1\n")
