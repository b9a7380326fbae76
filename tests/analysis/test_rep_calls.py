"""Sandbagging and happy ears: planted habits are found as often as intervals say, thin reps are shrunk."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.judgement import rep_calls
from simulator.analysis.judgement.rep_calls import (
    COLUMNS,
    COMPANY,
    HAPPY_EARS,
    SANDBAGGING,
    UNTOLD,
    called_and_won,
    pool,
    rep_biases,
)
from simulator.fiscal import FiscalCalendar
from simulator.history.tables import History, empty_table

CALENDAR = FiscalCalendar(1, "end")
QUARTERS = ("FY24Q1", "FY24Q2", "FY24Q3", "FY24Q4", "FY25Q1", "FY25Q2", "FY25Q3", "FY25Q4")
FIRST_DAYS = tuple(f"{year}-{month:02d}-01" for year in (2024, 2025) for month in (1, 4, 7, 10))


def typed(name: str, rows: list[dict[str, object]]) -> pd.DataFrame:
    table = empty_table(name)
    frame = pd.DataFrame(rows, columns=list(table.columns))
    return frame.astype(dict(table.dtypes))


def company(habit: dict[str, float], seed: int, *, noise: bool = True, deal: float = 10_000.0) -> History:
    """Reps who call 300k each quarter and win deals worth that times their habit, Poisson many."""
    rng = np.random.default_rng(seed)
    calls, deals, reps = [], [], []
    for place, (rep, factor) in enumerate(habit.items()):
        reps.append({"rep_id": rep, "role": "ae", "segment": "smb", "start_date": "2023-01-01"})
        reps[-1]["team"] = f"T{place % 4}"
        for period, day in zip(QUARTERS, FIRST_DAYS, strict=True):
            early = pd.Timestamp(day) + pd.Timedelta(days=20)
            calls.append({"rep_id": rep, "period": period, "as_of": early, "commit": 300_000.0})
            late = early + pd.Timedelta(days=60)
            calls.append({"rep_id": rep, "period": period, "as_of": late, "commit": 1.0})
            expected = 300_000.0 * factor / deal
            n = rng.poisson(expected) if noise else round(expected)
            for k in range(n):
                name = f"{rep}-{period}-{k}"
                closed = pd.Timestamp(day) + pd.Timedelta(days=30)
                deals.append(
                    {"opportunity_id": name, "segment": "smb", "amount": deal, "created_date": day}
                    | {"outcome": "won", "closed_date": closed, "owner": rep}
                )
    return History(
        dt.date(2025, 12, 31),
        opportunities=typed("opportunities", deals),
        reps=typed("reps", reps),
        calls=typed("calls", calls),
    )


def test_the_call_made_by_the_middle_of_the_quarter_is_held_against_what_was_won():
    pairs = called_and_won(company({"A": 0.5}, 1, noise=False), CALENDAR)
    assert len(pairs) == len(QUARTERS)
    assert (pairs["commit"] == 300_000.0).all()
    assert (pairs["won"] == 150_000.0).all()


def test_a_quarter_that_is_not_over_says_nothing_yet():
    history = company({"A": 0.5}, 1, noise=False)
    early = History(
        dt.date(2025, 12, 30), opportunities=history.opportunities, reps=history.reps, calls=history.calls
    )
    assert len(called_and_won(early, CALENDAR)) == len(QUARTERS) - 1


def planted(seed: int) -> dict[str, float]:
    rng = np.random.default_rng(seed)
    return {f"R{i:02d}": float(np.exp(rng.normal(-0.1, 0.3))) for i in range(24)}


def test_planted_habits_lie_inside_their_intervals_as_often_as_they_say():
    inside, off = [], []
    for seed in range(6):
        habit = planted(seed)
        table = rep_biases(company(habit, 100 + seed), CALENDAR).set_index("rep_id").drop(index=COMPANY)
        true = pd.Series(habit).reindex(table.index)
        inside += ((table["bias_low"] <= true) & (true <= table["bias_high"])).tolist()
        wrong = true * 1.25
        off += ((table["bias_low"] <= wrong) & (wrong <= table["bias_high"])).tolist()
    error = np.sqrt(0.8 * 0.2 / len(inside))
    assert abs(np.mean(inside) - 0.8) < 4 * error
    assert np.mean(off) < 0.8 - 4 * error


def test_who_calls_twice_what_they_win_has_happy_ears_and_who_calls_half_sandbags():
    table = rep_biases(company({"high": 0.5, "low": 2.0, "a": 1.0, "b": 1.0}, 3), CALENDAR)
    assert list(table.columns) == list(COLUMNS)
    verdict = table.set_index("rep_id")["verdict"]
    assert (verdict["high"], verdict["low"]) == (HAPPY_EARS, SANDBAGGING)
    assert table["rep_id"].iloc[-1] == COMPANY and table["won_per_called"].iloc[-1] == pytest.approx(
        1.25, abs=0.1
    )


def test_a_rep_who_won_nothing_is_low_but_not_nothing():
    table = rep_biases(company({"none": 0.0, "a": 1.0, "b": 0.9, "c": 1.1}, 4), CALENDAR).set_index("rep_id")
    assert table.loc["none", "won"] == 0.0
    assert 0.0 < table.loc["none", "bias"] < 0.5


def test_pooling_is_the_mean_where_all_agree_and_leaves_sure_values_alone():
    same, error, (mean, _) = pool(np.full(6, 0.3), np.full(6, 0.5), np.zeros(6, dtype=np.int64))
    np.testing.assert_allclose(same, 0.3, atol=1e-6)
    assert mean == pytest.approx(0.3) and (error < np.sqrt(0.5)).all()
    sure = np.array([-1.0, 0.0, 1.0, 2.0])
    kept, error, _ = pool(sure, np.full(4, 1e-8), np.zeros(4, dtype=np.int64))
    np.testing.assert_allclose(kept, sure, atol=1e-4)
    assert (error < 1e-3).all()


def test_without_calls_or_owners_there_is_nothing_to_say():
    history = company({"A": 1.0}, 1)
    without = History(history.as_of, opportunities=history.opportunities, reps=history.reps)
    assert rep_biases(without, CALENDAR).empty


def test_nobody_is_named_on_the_teams_account_against_their_own_record():
    assert rep_calls._verdict(0.5, 0.9, 1.03) == UNTOLD
    assert rep_calls._verdict(0.5, 0.9, 0.97) == HAPPY_EARS
    assert rep_calls._verdict(1.1, 1.9, 0.97) == UNTOLD
    assert rep_calls._verdict(1.1, 1.9, 1.03) == SANDBAGGING
