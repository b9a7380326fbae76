import numpy as np
import pytest

from simulator.analysis.forecast.composition import (
    STEPS,
    trace_pipeline,
    waterfall_of,
)
from tests.made_paths import make_paths, sample_paths


def cents(values):
    return np.round(np.asarray(values, dtype=float) * 100).astype(int)


def footing(table):
    change = cents(table["created"]) - sum(cents(table[step]) for step in STEPS[1:])
    return cents(table["opening"]) + change - cents(table["closing"])


def test_every_row_foots_to_the_cent():
    assert (footing(trace_pipeline(sample_paths(301))) == 0).all()


def test_the_check_of_footing_can_fail():
    table = trace_pipeline(sample_paths(301))
    table.loc[0, "created"] += 0.01
    assert (footing(table) != 0).sum() == 1


def test_each_period_opens_where_the_last_closed_and_segments_add_up():
    table = trace_pipeline(sample_paths(301))
    for _, rows in table[~table["period"].str.contains("–")].groupby("segment"):
        assert cents(rows["opening"])[1:].tolist() == cents(rows["closing"])[:-1].tolist()
    for _, rows in table.groupby("period"):
        by_segment = rows.set_index("segment")
        for column in ("opening", *STEPS, "closing", "slipped"):
            assert cents(by_segment[column].drop("all")).sum() == cents([by_segment.loc["all", column]])[0]


def test_the_horizon_spans_first_opening_to_last_closing():
    table = trace_pipeline(sample_paths(101))
    horizon, first = waterfall_of(table, "FY27Q4–FY28Q4"), waterfall_of(table, "FY27Q4")
    assert horizon["opening"] == first["opening"]
    assert horizon["closing"] == waterfall_of(table, "FY28Q4")["closing"]
    total = table[(table["segment"] == "all") & ~table["period"].str.contains("–")]["created"].sum()
    assert horizon["created"] == pytest.approx(total)


def test_known_flows():
    flows = {
        "created": 50.0,
        "won_open_amount": 20.0,
        "lost_competition": 5.0,
        "lost_no_decision": 15.0,
        "slipped": 9.0,
    }
    table = trace_pipeline(make_paths(flows, n_paths=3, open_amount=[[30.0], [20.0], [10.0]]))
    row = waterfall_of(table, "FY27Q1")
    assert row["opening"] == 60.0
    assert row["closing"] == row["closing_p50"] == 70.0
    assert row["slipped"] == 9.0
