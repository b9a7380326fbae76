"""What the words of a track record say, on histories where the answer is known."""

import numpy as np
import pytest

from simulator.analysis.diagnose import track_record as module
from simulator.analysis.diagnose.track_record import track_record
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.report.charts.picture import draw_picture
from simulator.report.diagnose.rates_words import findings
from simulator.report.diagnose.record_charts import record_specs
from simulator.report.diagnose.results import track_record_summary
from simulator.report.diagnose.words import _apart
from tests.analysis.deals_by_hand import Deal, by_hand

AS_OF = "2026-07-15"


def deals(won=0, to_competition=0, no_decision=0, still_open=0, amount=100.0, close="2026-05", **more):
    counts = {"won": won, "lost_competition": to_competition, "lost_no_decision": no_decision}
    steps = [("2026-04-10", "pipeline", close, amount)]
    ended = [Deal(steps, "2026-05-20", name, **more) for name, n in counts.items() for _ in range(n)]
    return ended + [Deal(steps, **more) for _ in range(still_open)]


@pytest.fixture
def record(monkeypatch):
    """Make the track record of deals whose states are written by hand."""

    def make(some_deals, n_quarters=1):
        history, states = by_hand(some_deals, AS_OF)
        monkeypatch.setattr(module, "deal_states", lambda _: states)
        return track_record(history, FiscalCalendar(1), n_quarters)

    return make


def said(record, currency="USD"):
    return "\n".join(findings(record, currency))


def test_a_low_close_rate_is_put_down_to_what_causes_it(record):
    assert "discovery and the business case" in said(record(deals(20, 20, 60)))
    assert "differentiation" in said(record(deals(20, 60, 20)))
    both = said(record(deals(20, 40, 40)))
    assert "alike" in both and "discovery, and differentiation" in both
    good = said(record(deals(60, 20, 20)))
    assert "low close rate" not in good and "above the rule of thumb of a third" in good


def test_above_and_below_mean_the_whole_interval(record):
    assert "in line with the rule of thumb of a third" in said(record(deals(3, 4, 3)))
    assert "below the rule of thumb of a third" in said(record(deals(10, 40, 50)))


def test_open_deals_are_named_and_counted(record):
    text = said(record(deals(20, 10, 20, still_open=50)))
    assert "close rate of 40% leaves out 50 deals still open" in text
    assert "of 100 accepted deals, 20 are won within 90 days, 30 lost and 50 still open" in text


def test_slippage_gives_the_coverage_that_it_asks_for(record):
    text = said(record(deals(25, 10, 15, still_open=50)))
    assert "50%" in text and "4.0× coverage" in text


def test_large_deals_lost_more_often_are_told(record):
    text = said(record(deals(50, 10, 10) + deals(2, 20, 28, amount=1000.0)))
    assert "large deals close less often" in text


def test_only_gaps_that_chance_does_not_explain_are_told(record):
    fair = deals(10, 5, 5, segment="east") + deals(11, 4, 5, segment="west")
    assert "By segment" not in said(record(fair))
    unfair = deals(18, 1, 1, segment="east") + deals(4, 8, 8, segment="west")
    assert "for west to 90%" in said(record(unfair))


def test_stale_close_dates_are_told(record):
    assert "2 of the 2 open deals carry a close date before " in said(record(deals(10, 5, 5, still_open=2)))


def test_amounts_carry_the_currency_or_none(record):
    assert "€100" in said(record(deals(10, 5, 5)), "EUR")
    assert "$" not in said(record(deals(10, 5, 5)), "")


def test_a_record_of_one_open_deal_says_that_it_cannot_tell(record, tmp_path):
    lone = record(deals(still_open=1))
    assert "there is no close rate" in said(lone)
    assert "nan" not in said(lone).lower()
    for spec in record_specs(lone):
        draw_picture(spec, tmp_path)


@pytest.mark.parametrize("mix", [(1, 0, 0, 0), (0, 0, 1, 0), (12, 0, 0, 0), (0, 12, 0, 3), (5, 5, 5, 5)])
def test_no_mix_of_outcomes_breaks_words_or_summary(record, mix):
    made = record(deals(*mix) + deals(amount=np.nan, close=None, still_open=2))
    assert "nan" not in said(made).lower() and "inf" not in said(made).lower()
    assert track_record_summary(made)["n_deals"] == sum(mix) + 2


def test_charts_hold_up_without_intervals_targets_or_amounts(record, tmp_path):
    made = record(deals(12, 0, 0, amount=np.nan))
    specs = record_specs(made)
    assert {spec.name for spec in specs} == {"rates_by_segment", "conversion", "pipeline_created"}
    for spec in specs:
        draw_picture(spec, tmp_path)
    assert (tmp_path / "conversion.svg").stat().st_size > 1000


def test_a_history_without_deals_says_what_to_ask_instead(record):
    with pytest.raises(InputError, match="no new business by 2026-07-15") as fault:
        record([])
    assert "simulator run SCENARIO shows ARR" in str(fault.value)


def test_a_history_without_qualified_deals_is_the_users_fault(monkeypatch):
    history, _ = by_hand(deals(1), AS_OF)
    monkeypatch.setattr(module, "deal_states", lambda _: by_hand([], AS_OF)[1])
    with pytest.raises(InputError, match="no deal had been qualified"):
        track_record(history, FiscalCalendar(1), 1)


def test_shares_that_round_alike_are_told_apart():
    assert _apart(0.3514, 0.3463) == "35.1% instead of 34.6%"
    assert _apart(0.33, 0.31) == "33% instead of 31%"
