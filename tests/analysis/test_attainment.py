"""What reps booked of their quota, by hand."""

import datetime as dt

import pandas as pd
import pytest

from simulator.analysis.diagnose.qualified import rate_window
from simulator.analysis.forecast.pacing import attainment
from simulator.fiscal import FiscalCalendar, day_number
from simulator.history.tables import History, empty_table

AS_OF = dt.date(2026, 1, 31)


def history(reps, won):
    whole = empty_table("opportunities")
    deals = pd.DataFrame(won, columns=["owner", "closed_date", "amount"]).assign(segment="a", outcome="won")
    deals = deals.assign(opportunity_id=[f"D{i}" for i in range(len(deals))])
    deals["closed_date"] = pd.to_datetime(deals["closed_date"])
    people = pd.DataFrame(reps, columns=["rep_id", "start_date", "end_date", "quota", "role"])
    people = people.assign(segment="a", start_date=pd.to_datetime(people["start_date"]))
    people["end_date"] = pd.to_datetime(people["end_date"])
    return History(as_of=AS_OF, opportunities=deals.reindex(columns=whole.columns), reps=people)


def found(reps, won):
    # Calendar quarters: those of 2025 are the last four whole ones.
    window = rate_window(FiscalCalendar(), AS_OF, day_number(dt.date(2023, 1, 1)))
    return attainment(history(reps, won), window).set_index("rep_id")


def test_a_whole_year_a_part_of_one_and_nothing():
    table = found(
        [
            ("whole", "2020-01-05", None, 1200.0, "ae"),
            ("new", "2025-07-20", None, 1200.0, "ae"),
            ("left", "2020-01-01", "2025-06-30", 600.0, "AE"),
            ("newest", "2025-10-01", None, 1200.0, "ae"),
            ("no quota", "2020-01-01", None, None, "ae"),
            ("csm", "2020-01-01", None, 100.0, "csm"),
        ],
        [
            ("whole", "2025-01-01", 300.0), ("whole", "2025-12-31", 600.0), ("whole", "2024-12-31", 5e3),
            ("whole", "2026-01-01", 5e3), ("new", "2025-09-09", 660.0), ("newest", "2025-11-11", 1.0),
        ],
    )  # fmt: skip
    assert sorted(table.index) == ["left", "new", "whole"]
    assert table["months"].to_dict() == {"whole": 12, "new": 6, "left": 6}
    assert table["attainment"].to_dict() == pytest.approx({"whole": 0.75, "new": 1.1, "left": 0.0})


def test_without_quotas_there_is_nothing():
    assert found([("x", "2020-01-01", None, None, "ae")], [("x", "2025-01-01", 1.0)]).empty
