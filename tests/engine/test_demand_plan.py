"""Demand by source: streams stated outright or as funnels, lags, SDRs, and what a SAL costs."""

import numpy as np
import pytest

from simulator.analysis.forecast.pipeline import demand_sources
from simulator.engine.prepare import Prepared
from simulator.engine.run.simulate import compile_deals, simulate
from simulator.errors import InputError
from tests.small_companies import company, segment

FUNNEL = {
    "source": "marketing",
    "segments": "one",
    "leads_per_month": 200,
    "mql_share": "50%",
    "sql_share": "40%",
    "sal_share": "25%",
}


def demand(*items, sals=4):
    return company(
        {"one": segment(sals_per_month=sals), "two": segment(sals_per_month=1)},
        horizon_quarters=2,
        demand=list(items),
    )


def expected(scenario, source):
    compiled = compile_deals(scenario, None, None)
    place = list(compiled.calibration.arrivals.source).index(source)
    return compiled.plan.stream_sals[:, place].mean(axis=0)


def test_a_funnel_brings_leads_times_its_shares():
    np.testing.assert_allclose(expected(demand(FUNNEL), "marketing"), 200 * 0.5 * 0.4 * 0.25)
    created = simulate(demand(FUNNEL), None, None).flow("n_created")[:, :, 0]
    assert abs(created.mean() - 3 * (4 + 10)) < 4 * created.std() / np.sqrt(created.size)


def test_until_the_lag_is_over_nothing_new_comes():
    sals = expected(demand({**FUNNEL, "lag_months": 2}), "marketing")
    assert (sals[:2] == 0).all()
    np.testing.assert_allclose(sals[2:], 10)


def test_too_few_sdrs_leave_leads_unworked():
    short = {**FUNNEL, "sdrs": 1, "leads_per_sdr": 50}
    np.testing.assert_allclose(expected(demand(short), "marketing"), 2.5)
    enough = {**FUNNEL, "sdrs": 10, "leads_per_sdr": 50}
    np.testing.assert_allclose(expected(demand(enough), "marketing"), 10)


def test_stated_demand_replaces_the_stream_of_its_source_only():
    scenario = demand({"source": "all", "segments": ["one"], "sals_per_month": 9})
    compiled = compile_deals(scenario, None, None)
    np.testing.assert_allclose(compiled.plan.stream_sals[:, 0], 9)
    np.testing.assert_allclose(compiled.plan.stream_sals[:, 1], 1)


def test_other_streams_keep_their_draws():
    before = simulate(demand(), None, None).flow("n_created")[:, :, 1]
    after = simulate(demand(FUNNEL), None, None).flow("n_created")[:, :, 1]
    np.testing.assert_array_equal(before, after)


def test_what_a_sal_costs():
    cases = (
        ({**FUNNEL, "cost_per_lead": 30}, 30 / 0.05),
        ({**FUNNEL, "cost_per_lead": 30, "sdrs": 1, "leads_per_sdr": 50}, 30 * 200 / 2.5),
        ({**FUNNEL, "cost_per_sal": 700}, 700),
    )
    for item, cost in cases:
        table = demand_sources(Prepared(demand(item), None, None, (), ())).set_index(["segment", "source"])
        assert table.loc[("one", "marketing"), "cost_per_sal"] == pytest.approx(cost)
        assert np.isnan(table.loc[("two", "all"), "cost_per_sal"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sals_per_month": 3}, "two ways"),
        ({"leads_per_month": None}, "no or in two ways"),
        ({"sdrs": 2}, "go together"),
        ({"segments": "nowhere"}, "unknown segment"),
        ({"mql_share": "150%"}, "more than the whole"),
    ],
)
def test_demand_that_cannot_be_is_refused(change, words):
    with pytest.raises(InputError, match=words):
        demand({k: v for k, v in {**FUNNEL, **change}.items() if v is not None})


def test_shares_that_nothing_tells_are_asked_for():
    with pytest.raises(InputError, match="mql_share"):
        simulate(demand({k: v for k, v in FUNNEL.items() if k != "mql_share"}), None, None)
