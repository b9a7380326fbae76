"""The calls of a simulated history: made of what could be known on the day, and of nothing else."""

import numpy as np
import pandas as pd
import pytest

from simulator.fiscal import FiscalCalendar
from tools.sample_company import calls
from tools.sample_company.calls import DAYS, make_calls

CALENDAR = FiscalCalendar(1, "end")
STAGES = pd.DataFrame(
    {"stage": ["Talk", "Offer", "Sign"], "category": ["pipeline", "best_case", "commit"], "phase": ""}
)
REPS = pd.DataFrame(
    {
        "rep_id": ["AE-1", "AE-2"],
        "role": "ae",
        "segment": ["smb", "enterprise"],
        "team": ["A", "B"],
        "start_date": pd.to_datetime(["2024-01-01", "2024-01-01"]),
        "end_date": pd.to_datetime([None, None]),
    }
)


def records(n: int = 200, seed: int = 5) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Deals of two years that live half a year, planned to the day on which they end."""
    rng = np.random.default_rng(seed)
    born = np.datetime64("2024-01-05") + rng.integers(0, 600, n).astype("timedelta64[D]")
    ended = born + rng.integers(30, 250, n).astype("timedelta64[D]")
    ids = [f"D{i}" for i in range(n)]
    deals = pd.DataFrame(
        {
            "opportunity_id": ids,
            "segment": np.where(np.arange(n) % 2, "smb", "enterprise"),
            "owner": np.where(np.arange(n) % 2, "AE-1", "AE-2"),
            "amount": rng.integers(10, 100, n) * 1000.0,
            "qualified_date": born.astype("datetime64[ns]"),
            "closed_date": ended.astype("datetime64[ns]"),
            "outcome": np.where(rng.random(n) < 0.5, "won", "lost_no_decision"),
        }
    )
    changes = pd.DataFrame(
        {
            "opportunity_id": ids,
            "changed_at": deals["qualified_date"],
            "stage": STAGES["stage"].to_numpy()[rng.integers(0, 3, n)],
            "amount": deals["amount"],
            "close_date": deals["closed_date"],
        }
    )
    return deals, changes, STAGES


def call(deals: pd.DataFrame, changes: pd.DataFrame) -> pd.DataFrame:
    return make_calls((deals, changes, STAGES), REPS, CALENDAR, np.random.default_rng(1))


def test_reps_call_before_and_early_in_each_quarter():
    table = call(*records()[:2])
    assert (table["commit"] > 0).all()
    starts = {"2024-04-01": "FY24Q2", "2024-07-01": "FY24Q3", "2025-07-01": "FY25Q3"}
    for start, period in starts.items():
        days = {pd.Timestamp(start) + pd.Timedelta(days=day) for day in DAYS}
        assert set(table.loc[table["period"] == period, "as_of"]) == days


def test_what_happens_after_a_call_does_not_change_it():
    deals, changes, _ = records()
    cut = pd.Timestamp("2025-01-21")
    later = deals["closed_date"] > cut
    other = deals.assign(
        amount=deals["amount"].where(~later, 1e9),
        closed_date=deals["closed_date"].where(~later, pd.Timestamp("2025-02-01")),
    )
    # A change that is made later, to a plan and an amount that nobody could guess.
    late = changes[later].assign(changed_at=cut + pd.Timedelta(days=1), amount=1e9, close_date=cut)
    before, after = call(deals, changes), call(other, pd.concat([changes, late], ignore_index=True))
    known = before["as_of"] <= cut
    assert known.sum() > 10
    kept = after[after["as_of"] <= cut].reset_index(drop=True)
    pd.testing.assert_frame_equal(before[known].reset_index(drop=True), kept)
    assert not before[~known].equals(after[after["as_of"] > cut])


def test_without_bias_and_noise_a_call_is_the_sum_of_the_shares(monkeypatch):
    for name, value in {"HABITS": (0.0, 0.0), "TEAM_SPREAD": 0.0, "NOISE": 0.0}.items():
        monkeypatch.setattr(calls, name, value)
    deals, changes, _ = records()
    deals = deals.assign(outcome="lost_no_decision")
    table = call(deals, changes).set_index(["rep_id", "period", "as_of"])
    day = pd.Timestamp("2025-01-21")
    open_then = (deals["qualified_date"] <= day) & (deals["closed_date"] <= pd.Timestamp("2025-03-31"))
    open_then &= deals["closed_date"] > day - pd.Timedelta(days=calls.DEAD_DAYS - 1)
    category = changes["stage"].map(STAGES.set_index("stage")["category"])
    share = category.map(calls.GUT).where(open_then & (deals["owner"] == "AE-1"), 0.0)
    expected = float((deals["amount"] * share).sum())
    assert table.loc[("AE-1", "FY25Q1", day), "commit"] == pytest.approx(expected, abs=501)
    best = float(deals["amount"][(share > 0) & (category == "best_case")].sum())
    assert table.loc[("AE-1", "FY25Q1", day), "best_case"] == pytest.approx(best, abs=501)
