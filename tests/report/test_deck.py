import json

import pandas as pd
import pytest
from pptx import Presentation
from pptx.util import Inches

from simulator.errors import InputError
from simulator.report.documents.exports import write_exports
from simulator.report.documents.finished import read_finished
from tests.report.finished_runs import arr_table, write_run


def texts(slide):
    return [shape.text_frame.text for shape in slide.shapes if shape.has_text_frame]


def charts(deck):
    return [shape.chart for slide in deck.slides for shape in slide.shapes if shape.has_chart]


@pytest.fixture(scope="module")
def deck(finished_folder):
    return Presentation(str(finished_folder / "board.pptx"))


def test_five_to_eight_slides_with_sentences_and_their_source(deck, finished_folder):
    run = read_finished(finished_folder)
    assert 5 <= len(deck.slides) <= 8
    for slide in deck.slides:
        assert len(slide.shapes.title.text_frame.text.split()) > 3
        assert any(run.source_line() in text for text in texts(slide))
    titles = [slide.shapes.title.text_frame.text for slide in deck.slides]
    assert run.title("bookings_fan", "") in titles
    assert run.title("coverage", "") in titles


def test_charts_can_be_edited_and_hold_the_figures(deck, finished_folder):
    run = read_finished(finished_folder)
    drawn = charts(deck)
    assert len(drawn) >= 5
    assert all(chart.part.chart_workbook.xlsx_part is not None for chart in drawn)
    table = run.tables["bookings"].query("segment == 'all' and kind == 'new'")
    fan = {series.name: list(series.values) for series in drawn[0].plots[0].series}
    assert fan["P50"] == table["p50"].tolist()
    assert fan["Target"] == table["target"].tolist()


def test_the_waterfall_foots_as_it_is_labelled(tmp_path):
    folder = write_run(tmp_path / "run", charts=False)
    write_exports(folder, ["pptx"])
    bridge = charts(Presentation(str(folder / "board.pptx")))[-1]
    level, comes, goes = (list(series.values) for series in list(bridge.plots[0].series)[1:])
    assert level[0] + sum(comes) - sum(goes) == pytest.approx(level[-1], abs=1e-6)
    assert level[-1] % 1e5 == pytest.approx(0.0, abs=1e-6) or level[-1] % 1e5 == pytest.approx(1e5, abs=1e-6)


def test_single_reps_are_not_named_on_a_slide(tmp_path):
    folder = write_run(tmp_path / "run", charts=False)
    summary = json.loads((folder / "summary.json").read_text())
    summary["answers"] |= {"calls": "Happy ears: AE-033", "record": "Your P10–P90 held 7 of 9 quarters"}
    (folder / "summary.json").write_text(json.dumps(summary))
    write_exports(folder, ["pptx"])
    said = " ".join(texts(Presentation(str(folder / "board.pptx")).slides[0]))
    assert "held 7 of 9 quarters" in said
    assert "AE-033" not in said


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
    assert 5 <= len(made.slides) <= 8
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


def test_without_customers_of_a_year_there_is_no_slide_on_retention(tmp_path, deck):
    young = arr_table().query("measure not in ['nrr', 'grr']")
    unknown = arr_table().assign(mean=float("nan"), p10=float("nan"), p50=float("nan"), p90=float("nan"))
    for at, arr in enumerate((young, pd.concat([young, unknown.query("measure in ['nrr', 'grr']")]))):
        folder = write_run(tmp_path / str(at), charts=False, arr=arr)
        write_exports(folder)
        made = Presentation(str(folder / "board.pptx"))
        assert len(made.slides) == len(deck.slides) - 1


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
