import re
import shutil
import subprocess

import pandas as pd
import pytest
from pptx import Presentation
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from simulator.errors import InputError
from simulator.report.charts.slide import _join_footers, add_chart_slide, add_two_charts
from simulator.report.documents.deck_slides import open_deck
from simulator.report.documents.exports import write_exports
from simulator.report.documents.finished import read_finished
from simulator.report.documents.headline import key_figures
from tests.report.finished_runs import arr_table, write_run


def texts(slide):
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def charts(deck):
    return [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]


@pytest.fixture(scope="module")
def deck(finished_folder):
    return Presentation(str(finished_folder / "board.pptx"))


def test_five_to_ten_slides_with_sentences_and_their_source(deck, finished_folder):
    run = read_finished(finished_folder)
    assert 5 <= len(deck.slides) <= 10
    for slide in deck.slides:
        assert len(slide.shapes.title.text_frame.text.split()) > 3
        assert any(f"{run.summary['n_paths']:,} simulations" in text for text in texts(slide))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert run.specs["bookings_fan"].title in titles
    assert run.specs["coverage"].title in titles


def test_charts_can_be_edited_and_hold_the_figures(deck, finished_folder):
    run = read_finished(finished_folder)
    drawn = charts(deck)
    assert len(drawn) >= 5
    assert all(chart.part.chart_workbook.xlsx_part is not None for chart in drawn)
    table = run.tables["bookings"].query("segment == 'all' and kind == 'new'")
    fan = {series.name: list(series.values) for series in drawn[0].plots[0].series}
    assert fan["P50"] == table["p50"].tolist()
    assert fan["Target"] == table["target"].tolist()


def test_paragraphs_without_room_wait_and_the_first_always_stands():
    slide = open_deck("Source").add_slide("What the slide says in a sentence", "What is shown")
    said = [f"{number} " + "words " * 40 for number in range(9)]
    slide.add_text(said, top=0.6, points=14)
    slide.add_text(said, top=0.99, points=14)
    written = [text.split("\n") for text in texts(slide.shape) if text.startswith("0 words")]
    assert 2 <= len(written[0]) < 9
    assert [line[0] for line in written[0]] == [str(number) for number in range(len(written[0]))]
    assert len(written[1]) == 1


def test_names_below_a_chart_stay_level_and_bars_have_their_axis_at_the_foot(tmp_path):
    """Slanted names are hard to read: what has no room below its column stands left of its bar."""
    run = read_finished(write_run(tmp_path / "base", arr=arr_table()))
    flow = run.specs["arr_snowball"]
    deck = open_deck("Source")
    add_two_charts(deck, "Two charts", "", (flow, run.specs["nrr_grr"]))
    add_chart_slide(deck, flow)
    narrow, lines, wide = charts(deck.file)
    assert narrow.chart_type == XL_CHART_TYPE.BAR_STACKED
    assert wide.chart_type == XL_CHART_TYPE.COLUMN_STACKED
    names = [[str(name).split() for name in chart.plots[0].categories] for chart in (narrow, wide)]
    assert names[0] == names[1]
    assert narrow.value_axis._element.xpath("c:crosses/@val") == ["max"]
    for chart in (lines, wide):
        assert chart.category_axis._element.xpath(".//a:bodyPr/@rot") == ["0"]


def test_the_waterfall_foots_as_it_is_labelled(tmp_path):
    folder = write_run(tmp_path / "run")
    write_exports(folder, ["pptx"])
    title = read_finished(folder).specs["pipeline_waterfall"].title
    slides = Presentation(str(folder / "board.pptx")).slides
    slide = next(slide for slide in slides if slide.shapes.title.text_frame.text == title)
    bridge = next(shape.chart for shape in slide.shapes if shape.has_chart)
    level, comes, goes = (list(series.values) for series in list(bridge.plots[0].series)[1:])
    assert level[0] + sum(comes) - sum(goes) == pytest.approx(level[-1], abs=1e-6)
    assert level[-1] % 1e5 == pytest.approx(0.0, abs=1e-6) or level[-1] % 1e5 == pytest.approx(1e5, abs=1e-6)


def test_the_first_slide_has_the_headline_figures_and_no_rep(deck, finished_folder):
    run = read_finished(finished_folder)
    table = next(shape.table for shape in deck.slides[0].shapes if shape.has_table)
    rows = [tuple(cell.text_frame.text for cell in row.cells) for row in list(table.rows)[1:]]
    figures = key_figures(run.tables, run.periods, run.currency, run.cash_today)
    assert rows == [(one.name, one.value, one.range) for one in figures]
    assert len(rows) >= 5
    assert not any("AE-0" in text for text in texts(deck.slides[0]))


def test_the_deck_says_what_it_cannot_show_and_defines_its_percentiles(deck):
    first, last = deck.slides[0], deck.slides[len(deck.slides) - 1]
    assert any("below P10" in text for text in texts(first))
    for slide in (first, last):
        assert any("No backtest yet" in text for text in texts(slide))


def test_a_slide_of_two_charts_says_what_each_measures():
    left, right = "As of today · Bookings in USD · 5 simulations", "As of today · Amount of open deals"
    joined = "As of today · left: Bookings in USD, 5 simulations · right: Amount of open deals"
    assert _join_footers(left, right) == joined
    assert _join_footers(left, left) == left


def test_no_shape_leaves_its_slide(deck, hostile_folder):
    for file in (deck, Presentation(str(hostile_folder / "board.pptx"))):
        for slide in file.slides:
            for shape in slide.shapes:
                assert shape.left >= 0
                assert shape.top >= 0
                assert shape.left + shape.width <= file.slide_width
                assert shape.top + shape.height <= file.slide_height
            assert len(slide.shapes.title.text_frame.text) <= 170


def test_a_template_gives_its_look_and_keeps_none_of_its_slides(finished_folder, tmp_path):
    template = Presentation()
    template.slide_width, template.slide_height = Inches(10), Inches(7.5)
    old = template.slides.add_slide(template.slide_layouts[0])
    old.shapes.title.text_frame.text = "Last year's secret"
    template.save(str(tmp_path / "house.pptx"))
    write_exports(finished_folder, ["pptx"], tmp_path / "house.pptx")
    made = Presentation(str(finished_folder / "board.pptx"))
    write_exports(finished_folder, ["pptx"])
    assert made.slide_width == Inches(10)
    assert 5 <= len(made.slides) <= 10
    assert all("secret" not in " ".join(texts(slide)) for slide in made.slides)
    for slide in made.slides:
        for shape in slide.shapes:
            assert shape.left + shape.width <= made.slide_width


def test_a_template_that_is_none_is_refused(finished_folder, tmp_path):
    fake = tmp_path / "fake.pptx"
    fake.write_text("not a presentation")
    for path in (fake, tmp_path / "nowhere.pptx", finished_folder / "forecast.xlsx"):
        with pytest.raises(InputError) as error:
            write_exports(finished_folder, ["pptx"], path)
        assert str(path) in error.value.faults[0].where
        assert "PowerPoint" in error.value.faults[0].remedy


def test_nothing_booked_and_no_target_still_makes_every_file(tmp_path):
    folder = write_run(tmp_path / "run", charts=False)
    for name in ("bookings", "coverage", "p50_composition", "waterfall", "exceedance", "spread"):
        path = folder / "tables" / f"{name}.csv"
        table = pd.read_csv(path)
        figures = table.select_dtypes("number").columns.difference(["probability"])
        table[figures] = 0.0
        for column in {"target", "p_hit", "coverage", "needed_p50", "needed_p80", "needed_p90"} & set(table):
            table[column] = float("nan")
        table.to_csv(path, index=False)
    assert len(write_exports(folder)) == 3


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice (soffice) is not installed")
@pytest.mark.parametrize("name", ["board.pptx", "forecast.xlsx"])
def test_libreoffice_renders_slides_and_sheets(accompanied_folder, tmp_path, name):
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path)]
    subprocess.run([*command, str(accompanied_folder / name)], check=True, capture_output=True, timeout=180)
    printed = (tmp_path / name).with_suffix(".pdf").read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    deck = Presentation(str(accompanied_folder / "board.pptx"))
    assert pages == len(deck.slides) if name.endswith("pptx") else pages >= 10
