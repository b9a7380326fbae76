import datetime as dt

import pandas as pd
import pytest

from simulator.analysis.diagnose.rates import (
    historical_rates,
)
from simulator.fiscal import FiscalCalendar
from simulator.history.load import load_history


def history(folder, outcomes, amounts):
    """Deals qualified in January 2025 that end, one a day, from the first of February on."""
    ended = pd.date_range("2025-02-01", periods=len(outcomes))
    table = pd.DataFrame(
        {
            "opportunity_id": [f"D{i}" for i in range(len(outcomes))],
            "segment": "a",
            "amount": amounts,
            "created_date": pd.Timestamp("2025-01-05"),
            "qualified_date": pd.Timestamp("2025-01-05"),
            "outcome": outcomes,
            "closed_date": ended,
        }
    )
    table.to_csv(folder / "opportunities.csv", index=False)
    return load_history(folder, dt.date(2025, 6, 30))


OUTCOMES = ["won"] * 5 + ["lost_competition"] * 5 + ["lost_no_decision"] * 10


def test_close_rates_are_by_amount_where_amounts_are_known(tmp_path):
    amounts = [300.0] * 5 + [100.0] * 15
    rates = historical_rates(history(tmp_path, OUTCOMES, amounts), FiscalCalendar())
    assert rates.close["all"] == pytest.approx(1500 / 3000)
    assert rates.close["a"] == pytest.approx(0.5)


def test_close_rates_are_by_count_where_lost_deals_have_no_amount(tmp_path):
    amounts = [300.0] * 5 + [None] * 15
    rates = historical_rates(history(tmp_path, OUTCOMES, amounts), FiscalCalendar())
    assert rates.close["all"] == pytest.approx(0.25)
