"""The flow of due deals foots, and each deal is in the step that it took."""

import datetime as dt

import pytest

from simulator.analysis.forecast.pacing import STEPS, deal_flow
from simulator.fiscal import FiscalCalendar
from tests.analysis.deals_by_hand import Deal, by_hand

CALENDAR = FiscalCalendar()
SINCE, AS_OF = dt.date(2026, 2, 1), "2026-02-28"
DEALS = [
    Deal([("2026-01-05", "pipeline", "2026-03", 100.0)]),  # stays as it is
    Deal([("2026-01-05", "pipeline", "2026-03", 10.0), ("2026-02-10", "pipeline", "2026-05", 10.0)]),  # slips
    Deal([("2026-01-05", "pipeline", "2026-05", 20.0), ("2026-02-10", "pipeline", "2026-03", 20.0)]),  # in
    Deal([("2026-01-05", "commit", "2026-03", 30.0), ("2026-02-10", "commit", "2026-03", 37.0)]),  # raised
    Deal([("2026-01-05", "commit", "2026-03", 40.0), ("2026-02-10", "commit", "2026-03", 35.0)]),  # cut
    Deal([("2026-01-05", "commit", "2026-02", 50.0)], ended="2026-02-15", outcome="won", signed=48.0),
    Deal([("2026-01-05", "commit", "2026-02", 60.0)], ended="2026-02-15", outcome="lost_competition"),
    Deal([("2026-02-12", "pipeline", "2026-03", 70.0)]),  # created
    Deal([("2026-02-12", "commit", "2026-02", 5.0)], ended="2026-02-20", outcome="won", signed=5.0),
    Deal([("2026-02-12", "pipeline", "2026-07", 900.0)]),  # due later: not in it
]
EXPECTED = {
    "opening": 290.0, "created": 75.0, "pulled_in": 20.0, "raised": 7.0, "cut": -5.0, "slipped": -10.0,
    "won": -55.0, "lost": -60.0, "closing": 262.0,
}  # fmt: skip


@pytest.fixture(scope="module")
def flow():
    history, states = by_hand(DEALS, AS_OF)
    return deal_flow(history, states, CALENDAR, int(CALENDAR.parse_quarter("FY26Q1")), SINCE)


def test_each_deal_is_in_its_step(flow):
    assert dict(zip(flow["step"], flow["amount"], strict=True)) == EXPECTED
    assert tuple(flow["step"]) == STEPS
    assert dict(zip(flow["step"], flow["n"], strict=True))["created"] == 2


def test_it_foots(flow):
    amounts = flow.set_index("step")["amount"]
    assert amounts[list(STEPS[:-1])].sum() == pytest.approx(amounts["closing"])


def test_nothing_flows_in_no_time():
    history, states = by_hand(DEALS, AS_OF)
    quarter = int(CALENDAR.parse_quarter("FY26Q1"))
    flow = deal_flow(history, states, CALENDAR, quarter, states.as_of).set_index("step")
    assert flow.loc[list(STEPS[1:-1]), "n"].sum() == 0
    assert flow.loc["opening", "amount"] == flow.loc["closing", "amount"] == 262.0
