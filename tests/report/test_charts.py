"""A chart is one set of figures, whichever program draws it."""

# ruff: noqa: PD011 - values of a series of a chart, not of pandas

import datetime as dt
import re
import xml.etree.ElementTree as ET
import zipfile

import numpy as np
import openpyxl
import pandas as pd
import pytest
from pptx import Presentation

from simulator.errors import InputError
from simulator.report.charts.spec import MULTIPLE, SHARE, ChartSpec, bars_of_bridge, money_unit
from simulator.report.documents.finished import read_finished
from simulator.report.forecast.pipeline_specs import waterfall_spec
from simulator.report.forecast.specs import Frame, parts_spec
from simulator.report.style import PART_COLOURS

FRAME = Frame("USD", ("FY27Q4", "FY28Q1"), dt.date(2026, 10, 31), "100 simulations")
CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
COLOUR = re.compile(r"fill: (#[0-9a-f]{6})")


@pytest.fixture(scope="module")
def run(finished_folder):
    return read_finished(finished_folder)


@pytest.fixture(scope="module")
def specs(run):
    return run.specs


@pytest.fixture(scope="module")
def native(finished_folder, specs):
    """Charts of the slides by name."""
    slides = Presentation(str(finished_folder / "board.pptx")).slides
    return {shape.name: shape.chart for slide in slides for shape in slide.shapes if shape.has_chart}


def composition(*parts):
    """Return a composition table of one segment: commit, best case, pipeline, created by quarter."""
    names = ("booked", "commit", "best_case", "pipeline", "created")
    return pd.DataFrame(
        [
            (period, "all", name, amount)
            for period, amounts in zip(FRAME.periods, parts, strict=True)
            for name, amount in zip(names, (0.0, *amounts), strict=True)
        ],
        columns=["period", "segment", "part", "amount"],
    )


@pytest.mark.parametrize("name", ["bookings_fan", "p50_composition", "nrr_grr"])
def test_slides_draw_the_figures_names_and_colours_of_the_spec(specs, native, name):
    spec, chart = specs[name], native[name]
    shown = spec.native
    assert tuple(chart.plots[0].categories) == spec.categories
    assert [series.name for series in chart.plots[0].series] == [one.name for one in shown]
    for series, one in zip(chart.plots[0].series, shown, strict=True):
        drawn = [np.nan if value is None else value for value in series.values]
        assert np.array_equal(drawn, one.values, equal_nan=True)
        look = series.format.fill.fore_color if spec.shape == "stack" else series.format.line.color
        assert f"#{look.rgb}".lower() == one.colour
        if spec.shape == "stack":
            assert series.data_labels.number_format.endswith(spec.unit.code)
        else:
            assert series.data_labels.number_format == spec.unit.code


def test_slides_draw_the_curves_of_the_spec(specs, native):
    spec = specs["probability_of_hitting"]
    for series, one in zip(native[spec.name].plots[0].series, spec.series, strict=True):
        assert tuple(series.values) == one.values
        assert f"#{series.format.line.color.rgb}".lower() == one.colour


def test_a_bridge_on_a_slide_ends_where_the_spec_ends(specs, native):
    spec = specs["arr_snowball"]
    level, comes, goes = (np.array(list(s.values)) for s in list(native[spec.name].plots[0].series)[1:])
    assert np.array_equal(level + comes - goes, spec.series[0].values)
    assert level[0] + (comes - goes)[1:-1].sum() == pytest.approx(level[-1], abs=1.0)
    # Each figure stands by its name, where no thin column hides it.
    written = [str(name).split()[-1] for name in native[spec.name].plots[0].categories]
    figures = [spec.unit.write(value) for value in spec.series[0].values]
    assert [text.lstrip("+\N{WORD JOINER}") for text in written] == figures
    assert [text.startswith("+") for text in written] == [False, *(comes[1:-1] > 0), False]


def test_pictures_write_the_figures_of_the_spec(finished_folder, specs):
    for name in ("p50_composition", "bookings_fan", "pipeline_waterfall"):
        svg = (finished_folder / "charts" / f"{name}.svg").read_text(encoding="utf-8")
        texts = [text.strip() for text in ET.fromstring(svg).itertext() if text.strip()]
        spec = specs[name]
        tallest = max([*spec.totals, *spec.finite()])
        for one in spec.series:
            for value in one.values:
                if one.key == "target" or abs(value) < 0.07 * tallest:
                    continue
                assert any(text.lstrip("+") == spec.unit.write(value) for text in texts), (name, one.key)


def test_a_picture_stacks_the_parts_in_the_order_and_colours_of_the_spec(finished_folder, specs):
    svg = (finished_folder / "charts" / "p50_composition.svg").read_text(encoding="utf-8")
    drawn = [colour for colour in COLOUR.findall(svg) if colour in set(PART_COLOURS.values())]
    spec = specs["p50_composition"]
    assert list(dict.fromkeys(drawn))[: len(spec.series) - 1] == [one.colour for one in spec.series][:-1]
    assert [one.colour for one in spec.series] == [PART_COLOURS[one.key] for one in spec.series]


def test_a_slide_of_coverage_holds_what_is_there_and_what_is_needed(specs, native):
    spec = specs["coverage"]
    drawn = {series.name: list(series.values) for series in native["coverage"].plots[0].series}
    assert drawn["Now"] == list(spec.totals)
    for one in spec.levels:
        assert [np.nan if v is None else v for v in drawn[one.name]] == pytest.approx(one.values, nan_ok=True)


def test_a_saved_chart_reads_back_as_it_was(specs, tmp_path):
    for spec in specs.values():
        spec.save(tmp_path)
        again = ChartSpec.load(tmp_path / f"{spec.name}.json")
        assert repr(again) == repr(spec)
    (tmp_path / "bad.json").write_text('{"name": "x"}')
    with pytest.raises(InputError, match="figures of a chart"):
        ChartSpec.load(tmp_path / "bad.json")


def test_sheets_draw_the_cells_that_hold_the_figures(finished_folder, specs):
    book = openpyxl.load_workbook(finished_folder / "forecast.xlsx", data_only=True)
    titled = {spec.title: spec for spec in specs.values()}
    found = set()
    with zipfile.ZipFile(finished_folder / "forecast.xlsx") as file:
        for name in (name for name in file.namelist() if "charts/chart" in name):
            root = ET.fromstring(file.read(name))
            spec = titled["".join(t for t in root.find(f".//{CHART}title").itertext() if t.strip())]
            if spec.shape == "bridge":
                continue
            for series, one in zip(root.iter(f"{CHART}ser"), spec.native, strict=True):
                cells = [cell for ref in series.iter(f"{CHART}f") for cell in cells_of(book, ref.text)]
                figures = [cell for cell in cells if isinstance(cell, float | int)]
                expected = [value for value in (*one.x, *one.values) if np.isfinite(value)]
                assert figures == pytest.approx(expected, rel=1e-12), (spec.name, one.key)
            found.add(spec.name)
    assert found >= {"bookings_fan", "p50_composition", "coverage", "nrr_grr", "probability_of_hitting"}


def cells_of(book, reference):
    """Return the values of the cells that a formula of a chart names."""
    values = []
    for sheet, area in re.findall(r"'?([\w ]+)'?!([$A-Z0-9:]+)", reference):
        found = book[sheet][area.replace("$", "")]
        rows = found if isinstance(found, tuple) else ((found,),)
        values += [cell.value for row in rows for cell in row]
    return values


def test_a_part_is_rounded_as_its_table_is():
    """514,800 is 0.51M in the chart too, though 0.52M would make the parts add up."""
    table = composition((514_800.0, 1_994_800.0, 3_324_800.0, 684_800.0), (1e6, 1e6, 1e6, 1e6))
    spec = parts_spec(table, FRAME, "Parts")
    assert [spec.labels(one.key)[0] for one in spec.series] == ["$0.51M", "$1.99M", "$3.32M", "$0.68M"]
    assert spec.unit.write(spec.totals[0]) == "$6.52M"
    assert "rounded" in spec.subtitle
    even = parts_spec(composition((1e6, 2e6, 3e6, 4e6), (1e6, 1e6, 1e6, 1e6)), FRAME, "Parts")
    assert "rounded" not in even.subtitle


def test_a_waterfall_adds_up_and_what_leaves_is_negative():
    row = {"opening": 10.004e6, "created": 5.004e6, "won": 2.2222e6, "lost_competition": 1.1111e6}
    row |= {
        "lost_no_decision": 3.3333e6,
        "closing": 8.3414e6,
        "segment": "all",
        "period": "FY27Q4–FY28Q1",
        "slipped": 0.0,
    }
    spec = waterfall_spec(pd.DataFrame([row]), FRAME, "Pipeline")
    amounts = spec.series[0].values
    assert [np.sign(amount) for amount in amounts] == [1, 1, -1, -1, -1, 1]
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1], abs=1e-6)
    bottoms, heights, levels = bars_of_bridge(spec)
    assert bottoms.tolist()[1:3] == pytest.approx([amounts[0], amounts[0] + amounts[1] + amounts[2]])
    assert bottoms[0] == bottoms[-1] == 0.0
    assert levels[-1] == pytest.approx(heights[-1])


@pytest.mark.parametrize(
    ("unit", "value", "text"),
    [
        (money_unit([4.2e6], "USD"), 515_000.0, "$0.52M"),
        (money_unit([4.2e6], "USD"), 1_005_000.0, "$1.01M"),
        (money_unit([4.2e6], "USD"), 545_000.0, "$0.55M"),
        (money_unit([4.2e6], "USD"), -1_234_000.0, "−$1.23M"),
        (MULTIPLE, 0.87, "0.87×"),
        (MULTIPLE, 1.25, "1.2×"),
        (SHARE, 1.0125, "101.2%"),
        (SHARE, float("nan"), ""),
    ],
)
def test_labels_round_as_office_does(unit, value, text):
    assert unit.write(value) == text


@pytest.mark.parametrize("largest", [4.2e6, 42e6, 420e6, 42e3, 9e3])
def test_office_shows_as_many_decimals_as_the_picture(largest):
    unit = money_unit([largest], "USD")
    text = unit.write(largest)
    decimals = len(text.partition(".")[2].rstrip("kMB"))
    assert len(re.search(r"0(?:\.(0+))?", unit.code.partition("##")[2])[1] or "") == decimals
    assert unit.code.count(",") - 1 == {"k": 1, "M": 2}.get(text[-1], 0)


def test_ticks_of_shares_have_the_decimals_of_their_step():
    assert SHARE.write_ticks([0.0, 0.025, 0.05]) == ["0.0%", "2.5%", "5.0%"]
    assert SHARE.write_ticks([0.0985, 0.099, 0.0995]) == ["9.85%", "9.90%", "9.95%"]
    assert SHARE.write_ticks([0.0, 0.5, 1.0]) == ["0%", "50%", "100%"]
