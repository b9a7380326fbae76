import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.backtest.baselines import (
    BASELINES,
    baseline_forecasts,
    category_arithmetic,
    know,
)
from simulator.analysis.backtest.origins import Origin
from simulator.fiscal import FiscalCalendar, month_number
from simulator.history.load import make_history
from simulator.history.tables import TABLES
from tools.sample_company.history import typed

CALENDAR = FiscalCalendar()
MONTHS = pd.period_range("2023-01", "2025-12", freq="M")
STAGES = {"Discover": "pipeline", "Propose": "best_case", "Contract": "commit", "Won": "closed"}
M = 1e6


def test_the_small_business_forecast_is_that_of_the_published_example():
    assert category_arithmetic(commit=1 * M, best_case=2 * M, pipeline=2 * M, created=1 * M) == 3.0 * M


def deal(name, stage, amount, created, close, won=None, segment="smb"):
    """Return a deal that stands in one stage from the day it is created until it is won, if ever."""
    row = {"opportunity_id": name, "segment": segment, "amount": amount, "created_date": created}
    row |= {"close_date": close, "outcome": "won" if won else None, "closed_date": won, "owner": "R1"}
    steps = [{"opportunity_id": name, "changed_at": created, "stage": stage, "amount": amount}]
    steps += [steps[0] | {"changed_at": won, "stage": "Won"}] if won else []
    return row, [step | {"close_date": close} for step in steps]


def company(*deals, calls=()):
    """Return a history of deals, as of the end of 2025, with a rep who calls."""
    rows, steps = zip(*deals, strict=True)
    tables = {
        "opportunities": pd.DataFrame(rows),
        "stage_changes": pd.DataFrame([step for part in steps for step in part]),
        "stages": pd.DataFrame(STAGES.items(), columns=["stage", "category"]).assign(outcome=None),
        "reps": pd.DataFrame([{"rep_id": "R1", "role": "ae", "segment": "smb", "start_date": "2020-01-01"}]),
        "calls": pd.DataFrame(calls, columns=["rep_id", "period", "as_of", "commit"]),
    }
    for name, table in tables.items():
        for column in TABLES[name]:
            if column.name in table and column.kind in ("date", "time"):
                table[column.name] = pd.to_datetime(table[column.name]).astype("datetime64[ns]")
    return make_history(
        {name: typed(name, table) for name, table in tables.items()}, as_of=dt.date(2025, 12, 31)
    )


def past_wins():
    """Return a deal a month for three years: in commit at the month's start, worth 100, won on the 20th."""
    return [
        deal(f"P{month}", "Contract", 100.0, f"{month}-02", f"{month}-28", won=f"{month}-20")
        for month in MONTHS
    ]


def forecasts(*deals, calls=(), origin=None):
    history = company(*past_wins(), *deals, calls=calls)
    quarter = int(CALENDAR.quarter(month_number(dt.date(2026, 1, 1))))
    known = know(history, origin or Origin(history.as_of, quarter, 0), CALENDAR, ("smb",), 2)
    made = baseline_forecasts(known)
    assert tuple(made) == BASELINES
    return made


def test_haircuts_weigh_what_is_due_by_category():
    made = forecasts(
        deal("A", "Contract", 1000.0, "2025-11-01", "2026-02-10"),
        deal("B", "Propose", 1000.0, "2025-11-01", "2026-03-10"),
        deal("C", "Discover", 1000.0, "2025-11-01", "2026-05-10"),
        deal("D", "Discover", 1000.0, "2025-11-01", "2026-09-10"),
    )["category_haircuts"]
    assert made[0] == pytest.approx([925.0 + 600.0] * 2)
    assert made[1] == pytest.approx([200.0] * 2)


def test_the_arithmetic_adds_what_quarters_create():
    made = forecasts(deal("A", "Contract", 1000.0, "2025-11-01", "2026-02-10"))["category_arithmetic"]
    created = (12 * 100 + 1000) / 4
    assert made[0, 0] == pytest.approx(category_arithmetic(1000.0, 0.0, 0.0, created))


def test_stage_weights_are_the_shares_won_in_quarters_like_it():
    # Open at the start of each quarter, due in it; those of 2024 are won, those of 2025 stay open.
    early = dt.timedelta(days=3)
    past = [
        deal(
            f"S{q}",
            "Propose",
            500.0,
            str(q.start_time.date() - early),
            str(q.end_time.date()),
            won=str(q.start_time.date() + 20 * early) if q.year == 2024 else None,
        )
        for q in pd.period_range("2024Q1", "2025Q4", freq="Q")
    ]
    made = forecasts(*past, deal("A", "Propose", 900.0, "2025-12-20", "2026-03-01"))["stage_weighted"]
    # The open ones of 2025 are past due in each later quarter: 1 + 2 + 3 + 4 of them in its four quarters.
    share = 4 / (4 + (1 + 2 + 3 + 4))
    assert made[0, 0] == pytest.approx(share * (900.0 + 4 * 500.0))


def test_past_quarters_carry_on():
    made = forecasts()
    for name in ("run_rate", "same_quarter_last_year", "exponential_smoothing"):
        assert made[name] == pytest.approx(np.full((2, 2), 300.0)), name


def test_within_a_quarter_what_is_booked_counts_and_the_rest_goes_on_at_the_usual_rate():
    quarter = int(CALENDAR.quarter(month_number(dt.date(2025, 10, 1))))
    made = forecasts(origin=Origin(dt.date(2025, 12, 31), quarter, 13))
    assert made["run_rate"][0] == pytest.approx([300.0, 300.0])


def test_the_last_commit_of_each_rep_counts():
    calls = [("R1", "FY26Q1", "2025-12-01", 700.0), ("R1", "FY26Q1", "2025-12-20", 800.0)]
    made = forecasts(calls=[(rep, q, pd.Timestamp(day), x) for rep, q, day, x in calls])["reps_commit"]
    assert made[0] == pytest.approx([800.0, 800.0])
    assert np.isnan(made[1]).all()


def test_without_close_dates_there_are_no_categories_to_cut():
    deals = [deal(f"N{i}", "Propose", 100.0, "2025-11-01", None) for i in range(60)]
    made = forecasts(*deals)
    assert np.isnan(made["category_haircuts"]).all()
    assert np.isnan(made["category_arithmetic"]).all()
    assert np.isfinite(made["run_rate"]).all()
