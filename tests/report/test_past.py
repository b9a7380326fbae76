"""Past quarters in front of the forecast, and the flow of deals, as charts."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.backtest.backtest import TRACK_COLUMNS
from simulator.analysis.forecast.pacing import STEPS, Pacing
from simulator.report.charts.inline import draw_inline
from simulator.report.charts.spec import MULTIPLE, ChartSpec, Series, money_unit
from simulator.report.forecast.past import FORECAST_TYPES, Past, past_specs, with_past
from simulator.report.forecast.pipeline_specs import attainment_spec
from simulator.report.forecast.specs import Frame
from simulator.report.forecast.standing import pace_spec, say_pace, track_spec

AMOUNTS = (290e3, 75e3, 20e3, 7e3, -5e3, -10e3, -55e3, -60e3, 262e3)
AS_OF = dt.date(2026, 11, 9)
FRAME = Frame("USD", ("FY27Q4",), dt.date(2026, 10, 31), "100 simulations")
TRACK = pd.DataFrame(
    [
        ("FY27Q4", "2026-10-31", 3e6, 5e6, 7e6, 0.0, np.nan, 500),
        ("FY27Q4", "2026-11-07", 3.5e6, 4.8e6, 6e6, 0.4e6, np.nan, 500),
    ],
    columns=list(TRACK_COLUMNS),
)


def pacing(booked=(0.4e6, np.nan), before=((0.5e6, 4e6), (1e6, 5e6))):
    days = pd.DataFrame({"period": "FY27Q4", "date": ["2026-11-10", "2027-01-31"], "day": [10, 92]})
    days = days.assign(booked=booked, p10=[np.nan, 3e6], p50=[np.nan, 5e6], p90=[np.nan, 7e6])
    days = days.assign(mean=[np.nan, 5.1e6], past_low=[0.5e6, 4e6], past_median=[0.75e6, 4.5e6])
    days = days.assign(past_high=[1e6, 5e6], past_share=[0.17, 1.0])
    quarters = pd.DataFrame(before, columns=["booked_by_now", "booked"]).assign(period=["FY27Q2", "FY27Q3"])
    return Pacing(days, quarters)


PACING = pacing()
CREATED = pd.DataFrame(
    {
        "quarter": ["FY27Q2", "FY27Q3", "FY27Q4"],
        "segment": "all",
        "amount": [20e6, 22e6, 1e6],
        "partial": [0, 0, 1],
    }
).astype({"partial": bool})
REPS = pd.DataFrame({"rep_id": ["A", "B", "C"], "attainment": [0.2, 1.0, 1.3]})


def past(said=()):
    coverage = pd.DataFrame({"quarter": ["FY27Q2", "FY27Q3"], "segment": "all", "booked": [4e6, 5e6]})
    coverage = coverage.assign(basis=8e6, basis_with_pipeline=20e6, coverage=[2.0, 1.6])
    for name in ("booked_from_basis", "booked_from_pipeline", "booked_from_other", "booked_created"):
        coverage[name] = coverage["booked"] / 4
    flow = pd.DataFrame({"step": STEPS, "amount": AMOUNTS, "n": 1})
    forecasts = pd.DataFrame(list(said), columns=list(FORECAST_TYPES)).astype(FORECAST_TYPES)
    return Past(dt.date(2026, 10, 3), flow, coverage, forecasts, CREATED, REPS, PACING, TRACK)


def fan():
    keys = {"p90": 7e6, "p50": 5e6, "p10": 3e6}
    series = tuple(Series(key, key.upper(), "#12355b", (value,)) for key, value in keys.items())
    return ChartSpec("bookings_fan", "range", "T", "S", "F", money_unit([7e6], "USD"), ("FY27Q4",), series)


@pytest.mark.parametrize("said", [(), [{"period": "FY27Q3", "p10": 3e6, "p50": 4e6, "p90": 6e6}]])
def test_past_results_stand_in_front_of_the_forecast(said):
    chart = with_past(fan(), past(said))
    assert chart.categories == ("FY27Q2", "FY27Q3", "FY27Q4")
    assert np.array_equal(chart["actual"].values, [4e6, 5e6, np.nan], equal_nan=True)
    assert np.array_equal(chart["p50"].values, [np.nan, 4e6 if said else np.nan, 5e6], equal_nan=True)
    assert ("forecast at their start" in chart.subtitle) == bool(said)
    assert "FY27Q3: Booked $5.00M" in draw_inline(chart)


def test_the_flow_foots_as_it_is_drawn():
    flow = next(spec for spec in past_specs(past(), FRAME) if spec.name == "deal_flow")
    amounts = flow["amount"].values  # noqa: PD011
    assert sum(amounts[:-1]) == pytest.approx(amounts[-1], abs=1e-6)
    assert flow.title.endswith("went from $290k to $262k")
    assert len(flow.colours) == len(flow.categories) == len(amounts)


def test_where_no_deal_moved_the_flow_says_so():
    still = past()
    amounts = np.where(np.isin(still.flow["step"], ["opening", "closing"]), 20_694.86, 0.0)
    flow = next(
        spec
        for spec in past_specs(replace(still, flow=still.flow.assign(amount=amounts, n=0)), FRAME)
        if spec.name == "deal_flow"
    )
    assert flow.categories == ("Due then", "Due now")
    assert "is $20.7k: nothing was added, won, lost or moved" in flow.title


def test_the_pace_is_said_next_to_past_quarters_on_the_same_day():
    assert say_pace(PACING, "USD") == (
        "FY27Q4 has booked $400k by day 10 of 92; the last 2 quarters had $500k to $1M by that day, "
        "$750k in the middle, a pace that ends at $2M to $3.2M"
    )
    chart = pace_spec(PACING, FRAME)
    assert chart.title == say_pace(PACING, "USD")
    assert chart.categories == ("10 Nov", "31 Jan")
    assert np.array_equal(chart["booked"].values, [0.4e6, np.nan], equal_nan=True)
    assert chart["p50"].low == (0.4e6, 3e6)
    assert chart["past_median"].high == (1e6, 5e6)


def test_before_the_quarter_shares_are_said():
    said = say_pace(pacing(booked=(np.nan, np.nan)), "USD")
    assert said.startswith("FY27Q4 has not begun; the last 2 quarters had ")
    assert "pace that ends" not in said


def test_the_track_says_how_the_forecast_moved_and_ends_with_the_result():
    chart = track_spec(TRACK, AS_OF, "USD")
    assert chart.title == "The forecast of FY27Q4 went from $5M to $4.8M; its range from $4M to $2.5M"
    assert chart.categories == ("31 Oct", "7 Nov")
    assert "500 simulations each" in chart.footer
    over = track_spec(TRACK.assign(actual=5.5e6), AS_OF, "USD")
    assert "and ended at $5.5M" in over.title
    assert over.categories[-1] == "Result"
    assert np.array_equal(over["actual"].values, [np.nan, np.nan, 5.5e6], equal_nan=True)
    assert len(over.categories) == 3
    assert track_spec(TRACK.head(1), AS_OF, "USD") is None


def test_past_creation_and_coverage_stand_in_front_of_theirs():
    created = with_past(replace(fan(), name="pipeline_created"), past())
    assert np.array_equal(created["actual"].values, [20e6, 22e6, np.nan], equal_nan=True)
    parts = {"booked": 0.1, "commit": 0.5, "best_case": 0.6}
    stack = ChartSpec(
        "coverage", "stack", "T", "S", "F", MULTIPLE, ("FY27Q4",),
        tuple(Series(key, key, "#12355b", (value,)) for key, value in parts.items()),
        totals=(1.2,), levels=(Series("needed_p80", "Needed", "#12355b", (1.6,)),), below=("1.6 needed",),
    )  # fmt: skip
    before = past()
    before.coverage[["commit", "best_case"]] = [[2e6, 6e6], [3e6, 5e6]]
    found = with_past(stack, before)
    assert found["commit"].values == (0.5, 0.6, 0.5)  # noqa: PD011
    assert found.totals == (2.0, 1.6, 1.2)
    assert np.array_equal(found["booked"].values, [np.nan, np.nan, 0.1], equal_nan=True)
    assert np.array_equal(found.levels[0].values, [np.nan, np.nan, 1.6], equal_nan=True)
    assert "FY27Q2: commit 0.50×" in draw_inline(found)


def test_reps_are_counted_by_what_they_attained():
    chart = attainment_spec(REPS, FRAME)
    assert chart["reps"].values == (1.0, 0.0, 0.0, 0.0, 1.0, 1.0)  # noqa: PD011
    assert chart.title.startswith("2 of 3 reps booked their quota")
    assert attainment_spec(REPS.head(0), FRAME) is None


def test_a_footer_names_what_is_drawn_and_simulations_only_where_there_are_any():
    assert attainment_spec(REPS, FRAME).footer == "As of 31 October 2026 · Number of reps, from the history"
    flow = next(spec for spec in past_specs(past(), FRAME) if spec.name == "deal_flow")
    assert flow.footer == "As of 31 October 2026 · Amount of open deals in USD, not bookings"
    assert pace_spec(PACING, FRAME).footer.endswith("Bookings in USD, not ARR or revenue · 100 simulations")
