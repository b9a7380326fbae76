import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from simulator.analysis.forecast.outlook import look_ahead
from simulator.report.forecast.findings import waterfall_figures
from simulator.report.forecast.results import chart_jobs
from simulator.report.style import PART_COLOURS, SERIES, text_colour
from tests.made_paths import SAMPLE_TARGETS, make_paths, sample_paths

CHARTS = (
    "bookings_fan", "coverage", "p50_composition", "pipeline_created", "pipeline_waterfall",
    "probability_of_hitting", "segment_chances", "spread",
)  # fmt: skip


def draw(paths, folder, **more):
    outlook = look_ahead(paths, **more)
    (folder / "charts").mkdir()
    for draw_one in chart_jobs(paths, outlook, folder / "charts"):
        draw_one()
    return folder / "charts"


def words(svg):
    return " ".join(t for t in ET.parse(svg).getroot().itertext() if t.strip())


@pytest.fixture(scope="module")
def charts(tmp_path_factory):
    return draw(
        sample_paths(400),
        tmp_path_factory.mktemp("charts"),
        without_shock=sample_paths(400, shock=0.0),
        targets=SAMPLE_TARGETS,
    )


def test_every_chart_is_there_with_its_figures(charts):
    assert sorted(p.name for p in charts.iterdir()) == sorted(
        f"{n}.{e}" for n in CHARTS for e in ("json", "png", "svg")
    )


@pytest.mark.parametrize("name", CHARTS)
def test_charts_carry_title_date_and_unit(charts, name):
    with Image.open(charts / f"{name}.png") as image:
        assert image.size[0] == 2000
        assert image.info["dpi"][0] == pytest.approx(200, abs=0.1)
    text = words(charts / f"{name}.svg")
    assert "As of 30 November 2026" in text
    assert "USD" in text
    assert "scenario “base”" in text


@pytest.mark.parametrize("name", CHARTS)
def test_no_text_leaves_the_picture(charts, name):
    """The outermost pixels are paper: a title or label that is too long would cross them."""
    with Image.open(charts / f"{name}.png") as image:
        pixels = np.asarray(image.convert("L"))
    for edge in (pixels[:4], pixels[-4:], pixels[:, :4], pixels[:, -4:]):
        assert edge.min() > 250


def test_waterfall_shows_the_figures_that_add_up(charts):
    outlook = look_ahead(sample_paths(400), targets=SAMPLE_TARGETS)
    figures = waterfall_figures(outlook.forecast, outlook.waterfall)
    created, *left = figures.steps.values()
    text = words(charts / "pipeline_waterfall.svg")
    for amount in (figures.opening, created, *(-amount for amount in left), figures.closing):
        assert figures.text(amount) in text


def test_charts_are_the_same_bytes_each_time(charts, tmp_path):
    again = draw(
        sample_paths(400), tmp_path, without_shock=sample_paths(400, shock=0.0), targets=SAMPLE_TARGETS
    )
    for name in CHARTS:
        assert (again / f"{name}.svg").read_bytes() == (charts / f"{name}.svg").read_bytes()


@pytest.mark.parametrize(
    "paths",
    [
        make_paths(n_paths=2),
        make_paths({"won_created": 5.0}, n_paths=3, n_periods=14, currency="CHF", segments=("a", "b")),
        make_paths({"won_commit": 1e9}, n_paths=1, open_amount=5.0),
    ],
    ids=["nothing", "many quarters", "one future, no close dates"],
)  # fmt: skip
def test_strange_shapes_are_drawn_without_a_warning(paths, tmp_path):
    charts = draw(paths, tmp_path, targets={"FY27Q1": {"all": 1.0}})
    # One segment has no heat map, and where nothing is created there is no chart of it.
    assert len(list(charts.iterdir())) >= 3 * (len(CHARTS) - 2)


def lightness(colour):
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_stacked_colours_differ_in_grey():
    stack = [lightness(PART_COLOURS[part]) for part in ("booked", "commit", "best_case", "pipeline")]
    assert np.diff(stack).min() > 0.12
    series = [lightness(colour) for colour in SERIES]
    assert np.abs(np.diff(series)).min() > 0.12


@pytest.mark.parametrize("colour", [*PART_COLOURS.values(), *SERIES])
def test_ink_stands_out_on_every_colour(colour):
    assert abs(lightness(colour) - lightness(text_colour(colour))) > 0.4
