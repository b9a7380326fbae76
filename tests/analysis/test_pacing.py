"""Where a quarter stands: same days are compared, and what is booked, past and simulated fits together."""

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.forecast.pacing import measure_pacing
from tests.analysis.deals_by_hand import Deal, by_hand
from tests.made_paths import CALENDAR, make_paths

PAST = [int(CALENDAR.parse_quarter(label)) for label in ("FY26Q3", "FY26Q4")]


def won(day, amount, segment="a"):
    step = (day[:8] + "01", "commit", None, amount)
    return Deal([step], ended=day, outcome="won", signed=amount, segment=segment)


DEALS = [
    won("2025-08-14", 10.0), won("2025-09-20", 20.0), won("2025-10-30", 70.0),  # FY26Q3: 100
    won("2025-11-15", 40.0), won("2025-11-16", 5.0), won("2026-01-31", 155.0),  # FY26Q4: 200
    won("2026-02-10", 30.0), won("2026-03-15", 6.0),  # FY27Q1, up to 15 March
]  # fmt: skip


def pacing_of(*, partial=True, as_of="2026-03-15", deals=DEALS, **changes):
    history, _ = by_hand(deals, as_of)
    monthly = np.zeros((3, 3, 1))
    monthly[:, 1, 0], monthly[:, 2, 0] = (10.0, 20.0, 30.0), 40.0
    paths = make_paths(n_paths=3, partial=partial, monthly_bookings=monthly, booked=np.array([36.0]))
    paths = replace(paths, as_of=dt.date.fromisoformat(as_of), **changes)
    if partial:  # the month that goes on is the first of those simulated
        paths = replace(paths, months=paths.months[1:], monthly_bookings=monthly[:, 1:])
    return measure_pacing(history, paths, PAST)


def test_the_same_day_of_past_quarters_is_compared():
    found = pacing_of()
    assert found.today["date"] == "2026-03-15"
    assert found.today["day"] == 28 + 15
    assert found.today["booked"] == 36.0
    # 15 September and 15 December: the deals of 20 September and of 31 January had not been won.
    assert list(found.quarters["booked_by_now"]) == [10.0, 45.0]
    assert list(found.quarters["booked"]) == [100.0, 200.0]
    assert [found.today[key] for key in ("past_low", "past_median", "past_high")] == [10.0, 27.5, 45.0]
    assert found.today["past_share"] == pytest.approx((0.1 + 0.225) / 2)


def test_the_pace_is_what_is_booked_over_past_shares():
    slow, middle, fast = pacing_of().paced()
    assert (slow, fast) == (pytest.approx(36.0 / 0.225), pytest.approx(36.0 / 0.1))
    assert slow < middle < fast
    early = pacing_of(deals=[deal for deal in DEALS if deal.ended != "2025-08-14"])
    assert np.isnan(early.paced()).all()  # a quarter that had nothing by then says nothing of the end


def test_past_quarters_without_bookings_leave_a_table_that_joins():
    found = pacing_of(deals=DEALS[-2:])
    assert found.quarters.empty
    assert np.isnan(found.paced()).all()
    past = pd.DataFrame({"period": ["FY26Q3", "FY26Q4"]}).merge(found.quarters, on="period", how="left")
    assert past["booked_by_now"].isna().tolist() == [True, True]


def test_the_simulated_line_continues_what_is_booked_and_ends_with_the_quarter():
    days = pacing_of().days.set_index("date")
    assert days.loc["2026-03-31", "mean"] == 36.0 + 20.0
    assert days.loc["2026-03-31", "p50"] == 56.0
    assert days.loc["2026-04-30", "mean"] == 36.0 + 60.0
    assert np.isnan(days.loc["2026-02-28", "p50"])
    assert days["booked"].notna().sum() == list(days.index).index("2026-03-15") + 1
    assert list(days.loc[["2026-02-10", "2026-02-20"], "booked"]) == [30.0, 30.0]


def test_the_last_day_of_short_months_is_their_end():
    days = pacing_of().days
    assert list(days["date"]) == [
        "2026-02-10", "2026-02-20", "2026-02-28", "2026-03-10", "2026-03-15", "2026-03-20", "2026-03-31",
        "2026-04-10", "2026-04-20", "2026-04-30",
    ]  # fmt: skip
    assert days["day"].iloc[-1] == 89


def test_a_quarter_that_has_not_begun_has_booked_nothing_yet():
    found = pacing_of(partial=False, as_of="2026-01-31")
    assert found.today is None
    assert found.days["booked"].isna().all()
    assert np.isnan(found.paced()).all()
    assert len(found.days) == 9


def test_other_segments_do_not_count():
    assert pacing_of(deals=[*DEALS, won("2026-02-11", 1e6, "elsewhere")]).today["booked"] == 36.0
