"""Past quarters in front of the forecast, and the flow of deals, as charts."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.forecast.deal_flow import STEPS
from simulator.report.charts.inline import draw_inline
from simulator.report.charts.spec import ChartSpec, Series, money_unit
from simulator.report.forecast.past import FORECAST_TYPES, Past, past_specs, with_past
from simulator.report.forecast.specs import Frame

AMOUNTS = (290e3, 75e3, 20e3, 7e3, -5e3, -10e3, -55e3, -60e3, 262e3)
FRAME = Frame("USD", ("FY27Q4",), "As of today")


def past(said=()):
    coverage = pd.DataFrame({"quarter": ["FY27Q2", "FY27Q3"], "segment": "all", "booked": [4e6, 5e6]})
    coverage = coverage.assign(basis=8e6, basis_with_pipeline=20e6, coverage=[2.0, 1.6])
    for name in ("booked_from_basis", "booked_from_pipeline", "booked_from_other", "booked_created"):
        coverage[name] = coverage["booked"] / 4
    flow = pd.DataFrame({"step": STEPS, "amount": AMOUNTS, "n": 1})
    forecasts = pd.DataFrame(list(said), columns=list(FORECAST_TYPES)).astype(FORECAST_TYPES)
    return Past(dt.date(2026, 10, 3), flow, coverage, forecasts)


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
    assert flow.title.endswith("went from $290k to $262k in the 4 weeks to 2026-10-31")
    assert len(flow.colours) == len(flow.categories) == len(amounts)
