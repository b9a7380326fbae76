"""Months and quarters ahead: whole and partial, by fiscal calendar; and what is open or booked already."""

import datetime as dt

import numpy as np
import pytest

from simulator.engine.keys import key, unique_keys
from simulator.engine.plan.horizon import horizon
from simulator.fiscal import FiscalCalendar, month_number
from tests.small_companies import deal, run, segment


def test_a_month_end_begins_a_whole_quarter():
    ahead = horizon(dt.date(2026, 10, 31), FiscalCalendar(2, "end"), 2)
    assert FiscalCalendar(2, "end").quarter_label(int(ahead.quarters[0])) == "FY27Q4"
    assert not ahead.partial
    assert np.array_equal(ahead.month_end, [30, 61, 92, 120, 151, 181])
    assert np.all(ahead.month_share == 1)


def test_a_day_inside_a_month_leaves_part_of_it():
    ahead = horizon(dt.date(2026, 11, 10), FiscalCalendar(1), 1)
    assert ahead.partial
    assert np.array_equal(
        ahead.months, [month_number(dt.date(2026, 11, 1)), month_number(dt.date(2026, 12, 1))]
    )
    assert np.array_equal(ahead.month_end, [20, 51])
    assert ahead.month_share[0] == pytest.approx(20 / 30)


@pytest.mark.parametrize("start_month", range(1, 13))
@pytest.mark.parametrize("label", ["start", "end"])
def test_labels_round_trip(start_month, label):
    calendar = FiscalCalendar(start_month, label)
    for quarter in range(8000, 8100):
        assert calendar.parse_quarter(calendar.quarter_label(quarter)) == quarter


def test_keys_never_collide_and_never_change():
    names = [f"n{i}" for i in range(5000)]
    keys = unique_keys(names, bits=20)
    assert len(set(keys.tolist())) == 5000
    assert unique_keys(names)[17] == key("n17")


def test_due_and_open_amounts_are_those_of_the_deals():
    deals = [
        deal("past", close_date="2026-05-01", amount=100),
        deal("now", close_date="2027-02-01", amount=200),
        deal("next", close_date="2027-05-01", amount=400),
        deal("never", amount=800),
    ]
    paths = run({"one": segment()}, deals)
    assert paths.open_amount[0, 0] == 1500
    assert np.array_equal(paths.due_amount[:2, 0, 0], [200, 400])
    assert (paths.past_due_amount[0, 0], paths.n_past_due[0, 0]) == (100, 1), "shown apart, due in no quarter"
    assert paths.n_open[0, 0] == 4
