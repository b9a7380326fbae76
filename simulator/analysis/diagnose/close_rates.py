"""The close rates of the past that coverage is judged by."""

from __future__ import annotations

import math

from simulator.analysis.diagnose.due_deals import (
    due_deals,
)
from simulator.analysis.diagnose.qualified import qualified_deals, rate_window
from simulator.analysis.diagnose.rates import (
    rate_by_segment,
    rates,
)
from simulator.analysis.forecast.coverage import HistoricalRates
from simulator.fiscal import FiscalCalendar
from simulator.history.states import deal_states
from simulator.history.tables import History

N_QUARTERS = 8


def historical_rates(history: History, calendar: FiscalCalendar) -> HistoricalRates:
    """Return close rates over the last eight whole quarters.

    By amount, as coverage is money; by count where the amounts are not known.

    Parameters
    ----------
    history : History
        As of the day of the forecast. One without qualified deals gives no rates.
    calendar : FiscalCalendar
        Fiscal quarters.
    """
    states = deal_states(history)
    if not len(states.deal):
        return HistoricalRates()
    deals = qualified_deals(history, states)
    window = rate_window(calendar, history.as_of, float(deals["qualified"].min()), N_QUARTERS)
    table = rates(deals, due_deals(states, deals, window), window, by=("segment",))

    def by_segment(measure: str) -> dict[str, float]:
        by_count = rate_by_segment(table, measure, "count")
        by_amount = rate_by_segment(table, measure, "amount")
        known = {name: rate for name, rate in by_amount.items() if math.isfinite(rate)}
        return by_count | known

    return HistoricalRates(by_segment("close_rate"), by_segment("slippage_adjusted_close_rate"))
