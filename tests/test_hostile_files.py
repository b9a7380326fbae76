"""Files made to harm or by accident: archives that unpack to gigabytes, macros, pipes, what systems leave."""

import os
import threading
import zipfile

import pytest
from pptx import Presentation

from simulator.archives import check_archive
from simulator.errors import InputError
from simulator.history.importers.readers import workbook
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
@pytest.mark.parametrize("place", ["scenario", "history"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path, place):
    def read():
        if place == "scenario":
            os.mkfifo(tmp_path / "s.yaml")
            read_tree(tmp_path / "s.yaml")
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


@pytest.mark.parametrize("name", [".DS_Store", "Thumbs.db", "desktop.ini", "~$a.xlsx", "s.yaml", "log.txt"])
def test_what_else_lies_in_the_folder_of_a_history_may_change(tmp_path, name):
    (tmp_path / "opportunities.csv").write_text("opportunity_id\n")
    with steady(tmp_path):
        (tmp_path / name).write_text("x")
    with pytest.raises(InputError, match="changed while it was read"), steady(tmp_path):
        (tmp_path / "opportunities.csv").write_text("opportunity_id\n1\n")
