import numpy as np
import pytest

from simulator.analysis.forecast.outlook import look_ahead
from simulator.report.forecast.findings import (
    composition_title,
    coverage_title,
    exceedance_title,
    fan_title,
    headline_period,
    say_chance,
    say_coverage,
    say_parts,
    spread_title,
    waterfall_figures,
    waterfall_title,
)
from simulator.report.forecast.summary import answers, summarise
from tests.made_paths import SAMPLE_TARGETS, make_paths, sample_paths

UNIFORM = np.arange(101.0)[:, None, None] * 1e5


def titles(outlook):
    forecast = outlook.forecast
    return (
        fan_title(forecast),
        exceedance_title(forecast),
        coverage_title(forecast, outlook.coverage),
        waterfall_title(forecast, outlook.waterfall),
        composition_title(forecast),
        spread_title(outlook.spread, headline_period(forecast)),
    )


def test_the_headline_says_range_and_chance():
    outlook = look_ahead(make_paths({"won_commit": UNIFORM}, n_paths=101), targets={"FY27Q1": {"all": 6.2e6}})
    assert fan_title(outlook.forecast) == (
        "New bookings of FY27Q1: most likely $1M to $9M; the $6.2M target is hit in 39% of simulations"
    )
    assert exceedance_title(outlook.forecast) == (
        "FY27Q1: an even chance of reaching $5M, and nine chances in ten of $1M"
    )


@pytest.mark.parametrize(
    ("flows", "target", "title"),
    [
        ({}, 1e6, "nothing in any simulation; the $1M target is hit in none of the simulations"),
        ({"won_commit": 2e6}, 1e6, "$2M; the $1M target is hit in every simulation"),
        ({"won_commit": 2e6}, 3e6, "$2M; the $3M target is hit in none of the simulations"),
        ({"won_commit": 2e6}, None, "$2M"),
    ],
)  # fmt: skip
def test_certain_outcomes_have_true_titles(flows, target, title):
    targets = {"FY27Q1": {"all": target}} if target else {}
    assert fan_title(look_ahead(make_paths(flows, n_paths=3), targets=targets).forecast) == (
        f"New bookings of FY27Q1: {title}"
    )


def test_a_target_already_booked_is_called_so():
    paths = make_paths(n_paths=3, partial=True, booked=5e6)
    outlook = look_ahead(paths, targets={"FY27Q1": {"all": 4e6}})
    assert fan_title(outlook.forecast).endswith("the $4M target is already booked")
    assert coverage_title(outlook.forecast, outlook.coverage).endswith("its target is already booked")


def test_the_headline_is_of_the_first_period_with_a_target():
    outlook = look_ahead(sample_paths(50), targets={"FY28Q2": {"all": 5e6}})
    assert headline_period(outlook.forecast) == "FY28Q2"
    assert headline_period(look_ahead(sample_paths(50)).forecast) == "FY27Q4"


def test_coverage_titles_compare_now_with_needed():
    due = np.array([[[8e6], [4e6], [2e6]]])
    paths = make_paths({"won_commit": UNIFORM}, n_paths=101, open_amount=due[0], due_amount=due)
    short = look_ahead(paths, targets={"FY27Q1": {"all": 4e6}})
    enough = look_ahead(paths, targets={"FY27Q1": {"all": 1.5e6}})
    assert coverage_title(short.forecast, short.coverage) == (
        "FY27Q1 is covered 1.5×; an 80% chance of the target takes 3.0×"
    )
    assert coverage_title(enough.forecast, enough.coverage) == (
        "FY27Q1 is covered 4.0×, enough for an 80% chance of the target (3.0× needed)"
    )
    assert say_coverage(short.coverage, "FY27Q1") == "1.5× now; 1.2×/3.0×/6.0× needed for a 50/80/90% chance"


def test_the_printed_waterfall_adds_up():
    for seed in range(10):
        outlook = look_ahead(sample_paths(40, seed=seed))
        figures = waterfall_figures(outlook.forecast, outlook.waterfall)
        created, *left = figures.steps.values()
        assert figures.opening + created - sum(left) == pytest.approx(figures.closing, abs=1.0)
        shown = [figures.opening, created, *left, figures.closing]
        texts = [figures.text(amount).removeprefix("$").removesuffix("M") for amount in shown]
        units = [round(float(text) * 10) for text in texts]
        assert units[0] + units[1] - sum(units[2:5]) == units[5]


def test_no_title_breaks_on_any_shape():
    shapes = [
        look_ahead(make_paths(n_paths=1)),
        look_ahead(make_paths(n_paths=2, n_periods=3, segments=("a", "b"))),
        look_ahead(make_paths({"won_created": UNIFORM}, n_paths=101, n_periods=12)),
        look_ahead(make_paths(n_paths=3, open_amount=1e6), targets={"FY27Q1": {"all": 1e6}}),
        look_ahead(
            sample_paths(60), targets=SAMPLE_TARGETS, motions=dict.fromkeys(sample_paths(1).segments, "smb")
        ),
    ]
    for outlook in shapes:
        for text in (*titles(outlook), *answers(outlook).values()):
            assert text
            assert "nan" not in text
            assert "n/a" not in text


def test_parts_are_named_largest_first():
    paths = make_paths({"won_commit": 1e6, "won_created": 2e6}, n_paths=3)
    assert say_parts(look_ahead(paths).forecast, "FY27Q1") == "$2M yet to be created, $1M open in commit"
    assert say_parts(look_ahead(make_paths()).forecast, "FY27Q1") == "nothing"


@pytest.mark.parametrize(("p", "words"), [(0.0, "never hit"), (1.0, "always hit"), (0.38, "hit in 38%")])
def test_chances_in_words(p, words):
    assert say_chance(p) == words


def test_the_summary_has_the_figures_of_the_tables_and_no_nan():
    outlook = look_ahead(sample_paths(200), targets=SAMPLE_TARGETS)
    summary = summarise(
        outlook, notes=["a note"], assumptions=[{"name": "n", "value": "v", "source": "model"}]
    )
    rows = [row for row in summary["bookings"] if row["segment"] == "all" and row["kind"] == "all"]
    assert [row["p50"] for row in rows] == [
        round(outlook.forecast.total(period)["p50"], 2) for period in outlook.forecast.periods
    ]
    assert all(value == value for row in summary["bookings"] for value in row.values())
    assert summary["partial_period"] == "FY27Q4"
    assert summary["notes"][0] == "a note"
