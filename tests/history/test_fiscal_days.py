import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.fiscal_days import FiscalDays, ends_of_weeks
from simulator.history.importers.import_log import quarters
from simulator.history.importers.importer import import_files

YEARS = [dt.date(2023, 1, 29), dt.date(2024, 2, 4), dt.date(2025, 2, 2), dt.date(2026, 2, 1)]
"""Retail years: the first has 53 weeks."""
ENDS = ends_of_weeks("4-4-5", YEARS)


def test_periods_of_weeks_end_where_retailers_say():
    # National Retail Federation, 4-5-4 calendar: fiscal February 2024 ends on 2 March 2024.
    retail = ends_of_weeks("4-5-4", YEARS)
    assert dt.date(2024, 3, 2) in retail
    assert dt.date(2024, 4, 6) in retail
    assert retail[-1] == dt.date(2026, 1, 31)
    assert len(retail) == 37


@pytest.mark.parametrize("end", range(1, 37))
def test_the_last_day_of_a_period_is_that_of_a_month_and_the_next_day_the_first(end):
    days = FiscalDays(ENDS)
    last = days.last_day(ENDS[end])
    assert (last + dt.timedelta(days=1)).day == 1
    assert days.day(ENDS[end]).month == last.month == (ENDS[end] - dt.timedelta(days=14)).month
    assert days.day(ENDS[end] + dt.timedelta(days=1)) == last + dt.timedelta(days=1)


def test_days_keep_their_order_and_times_their_period():
    days = FiscalDays(ENDS)
    numbers = np.arange(19000.0, 20700.0, 0.25)
    assert (np.diff(days.moved(numbers)) > 0).all()
    late = pd.Series([pd.Timestamp("2024-03-02 23:59:59"), pd.NaT, pd.Timestamp("2024-03-03 00:00:00")])
    moved = FiscalDays(ends_of_weeks("4-5-4", YEARS)).column(late, whole=False)
    assert [moved[0].month, moved[2].month] == [2, 3]
    assert moved[2] == pd.Timestamp("2024-03-01")
    assert moved.isna().tolist() == [False, True, False]


def test_quarters_may_be_given_alone():
    quarterly = FiscalDays(ENDS[::3])
    assert quarterly.day(ENDS[3]) == FiscalDays(ENDS).day(ENDS[3])


@pytest.mark.parametrize(
    "ends",
    [[ENDS[0]], [ENDS[1], ENDS[0]], [*ENDS[:4], *ENDS[5:]]],
    ids=["one", "backwards", "one is missing"],
)
def test_ends_that_are_no_calendar_are_refused(ends):
    with pytest.raises(ValueError, match=r"period"):
        FiscalDays(ends)


FILE = """Opportunity ID,Stage,Amount,Created Date,Close Date
1,Closed Won,100,2024-03-01,2024-05-04
2,Closed Won,20,2024-03-01,2024-05-05
3,Closed Lost,3,2025-01-15,2025-02-01
4,Closed Won,4,2025-02-02,2025-02-02
"""
MAPS = {
    "weeks": "period_ends: {weeks: 4-4-5, years: [2024-02-04, 2025-02-02, 2026-02-01]}\n",
    "quarters": "period_ends: [2024-02-03, 2024-05-04, 2024-08-03, 2024-11-02, 2025-02-01, 2025-05-03]\n",
}


@pytest.mark.parametrize("text", MAPS.values(), ids=MAPS)
def test_deals_count_in_the_fiscal_quarter_of_their_day(text: str, tmp_path: Path):
    (tmp_path / "o.csv").write_text(FILE, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(text, encoding="utf-8")
    imported = import_files("salesforce", [tmp_path / "o.csv"], tmp_path / "map.yaml")
    won = {r["quarter"]: r["won_amount"] for r in quarters(imported.history, FiscalCalendar(2, "start"))}
    assert won == {"FY24Q1": 100.0, "FY24Q2": 20.0, "FY24Q4": 0.0, "FY25Q1": 4.0}
    assert "fiscal calendar" in imported.history.notes[0]


def test_a_calendar_with_a_hole_is_a_fault_of_the_map(tmp_path: Path):
    (tmp_path / "o.csv").write_text(FILE, encoding="utf-8")
    (tmp_path / "map.yaml").write_text(
        "period_ends: [2024-02-03, 2024-03-02, 2024-05-04]\n", encoding="utf-8"
    )
    with pytest.raises(InputError, match=r"map.yaml:1.*period"):
        import_files("salesforce", [tmp_path / "o.csv"], tmp_path / "map.yaml")
