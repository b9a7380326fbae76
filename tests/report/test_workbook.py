import re
import shutil
import subprocess
import zipfile

import openpyxl
import pytest

from simulator.report.documents.workbook import SHORT, TABLE_ROW
from tests.report.finished_runs import FORMULA

NAME = re.compile(r"\$?([A-Z]+)\$?(\d+)")


@pytest.fixture(scope="module")
def formulas(finished_folder):
    return openpyxl.load_workbook(finished_folder / "forecast.xlsx")


@pytest.fixture(scope="module")
def values(finished_folder):
    return openpyxl.load_workbook(finished_folder / "forecast.xlsx", data_only=True)


def live_cells(book):
    return [(s.title, c.coordinate) for s in book for row in s.iter_rows() for c in row if c.data_type == "f"]


def test_the_sheets_are_those_of_a_forecast(formulas):
    assert formulas.sheetnames == [
        "summary", "bookings", "P50", "coverage", "pipeline", "ARR", "spread", "chances", "deals",
        "assumptions", "definitions", "manifest", "chart figures",
    ]  # fmt: skip


def test_headings_stay_in_sight_and_figures_have_the_currency(formulas):
    for name in ("summary", "bookings", "coverage", "deals"):
        assert formulas[name].freeze_panes.endswith("6")
    sheet = formulas["bookings"]
    assert sheet["D5"].value == "Mean"
    assert sheet["D6"].number_format.startswith("[$$]#,##0")


def test_every_sheet_prints_across_one_page_with_company_day_and_page_number(finished_folder, formulas):
    assert formulas["summary"].oddHeader.left.text == "base"
    for sheet in formulas:
        assert sheet.page_setup.orientation == ("portrait" if sheet.title == "summary" else "landscape")
        # Without a number Excel fits one page: short tables with their charts, longer ones by their width.
        is_short = sheet.title == "summary" or TABLE_ROW + 1 < sheet.max_row <= TABLE_ROW + 1 + SHORT
        assert sheet.page_setup.fitToWidth in {None, 1}
        assert sheet.page_setup.fitToHeight in ({None, 1} if is_short else {0})
        assert is_short or sheet.title == "chart figures" or sheet.print_area, "charts are left out"
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddHeader.right.text == "As of 2026-11-30"
        assert sheet.oddFooter.right.text == "Page &P of &N"
        assert sheet.title == "chart figures" or sheet.print_title_rows == "$5:$5"


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_printed_pages_carry_their_head(finished_folder, tmp_path):
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run(
        [*command, str(finished_folder / "forecast.xlsx")], check=True, capture_output=True, timeout=120
    )
    pages = len(re.findall(rb"/Type\s*/Page\b", (tmp_path / "forecast.pdf").read_bytes()))
    assert len(openpyxl.load_workbook(finished_folder / "forecast.xlsx").sheetnames) <= pages <= 30


def evaluate(formula, sheet):
    """Return what a formula of ours amounts to, by the values of the cells that it names."""
    summed = re.fullmatch(r"=SUM\(([A-Z]+)(\d+):\1(\d+)\)", formula)
    if summed:
        column, first, last = summed.groups()
        return sum(sheet[f"{column}{row}"].value for row in range(int(first), int(last) + 1))
    assert re.fullmatch(r"=[A-Z]+\d+([-+*/][A-Z]+\d+)*", formula), formula
    return eval(NAME.sub(lambda m: f"({sheet[m.group(0)].value!r})", formula[1:]))


def test_live_totals_agree_with_the_figures_kept_beside_them(formulas, values):
    cells = live_cells(formulas)
    for sheet, place in cells:
        amounts_to = evaluate(formulas[sheet][place].value, values[sheet])
        assert amounts_to == pytest.approx(values[sheet][place].value, abs=0.06), (sheet, place)
    assert {sheet for sheet, _ in cells} >= {"bookings", "P50", "coverage", "pipeline", "ARR", "deals"}


def test_a_wrong_total_would_be_seen(values):
    sheet = values["pipeline"]
    assert abs(evaluate("=SUM(C6:C7)", sheet) - sheet["C9"].value) > 1000


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
def test_libreoffice_computes_the_same_totals(finished_folder, formulas, values, tmp_path):
    bare = tmp_path / "bare.xlsx"
    openpyxl.load_workbook(finished_folder / "forecast.xlsx").save(bare)
    assert openpyxl.load_workbook(bare, data_only=True)["pipeline"]["H6"].value is None
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", str(tmp_path / "out")]
    subprocess.run([*command, str(bare)], check=True, capture_output=True, timeout=120)
    computed = openpyxl.load_workbook(tmp_path / "out" / "bare.xlsx", data_only=True)
    for sheet, place in live_cells(formulas):
        assert computed[sheet][place].value == pytest.approx(values[sheet][place].value, abs=0.06)


def test_charts_are_native(finished_folder):
    with zipfile.ZipFile(finished_folder / "forecast.xlsx") as archive:
        names = archive.namelist()
        assert sum(name.startswith("xl/charts/chart") for name in names) >= 7
        assert not [name for name in names if name.startswith(("xl/media", "xl/externalLinks"))]


def test_text_stays_text_and_figures_stay_figures(formulas):
    sheet = formulas["deals"]
    by_name = {row[0].value: row for row in sheet.iter_rows(min_row=6)}
    assert {"D-1", "=D-2", "-D-3"} <= set(by_name)
    assert by_name["=D-2"][0].data_type == "s"
    assert by_name["=D-2"][2].value == "@SUM(A1)"
    assert by_name["=D-2"][5].value == 2500.5
    assert by_name["-D-3"][5].value is None


def test_hostile_names_are_cells_like_any_other(hostile_folder):
    book = openpyxl.load_workbook(hostile_folder / "forecast.xlsx")
    segments = {cell.value: cell.data_type for cell in book["bookings"]["C"]}
    assert segments[FORMULA] == "s"
    for sheet, place in live_cells(book):
        assert book[sheet][place].value.startswith("=")
        assert "HYPERLINK" not in book[sheet][place].value
    with zipfile.ZipFile(hostile_folder / "forecast.xlsx") as archive:
        assert b"hyperlink" not in b"".join(archive.read(n) for n in archive.namelist() if "sheet" in n)
