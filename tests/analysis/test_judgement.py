"""Judgement by deal: the rule, calls that overrule it, the in-blood number, the blend."""

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.analysis.judgement import judgement
from simulator.analysis.judgement.in_blood import REASONS, Deadline, Standing, judge_deals, reason_codes
from simulator.analysis.judgement.judgement import BLEND, METHODS, SIMULATION, blend_weights, judge
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.deal_calls import read_deal_calls
from simulator.history.tables import History, empty_table
from tests.made_paths import make_paths

NOW = 2026 * 12 + 1
EARLY, LATE = Deadline(NOW, NOW + 2, NOW, 13.0), Deadline(NOW - 2, NOW, NOW, 3.0)
PIPELINE, BEST, COMMIT = range(3)
DEALS = (
    # name, category, late, close month, pushes, what the rule says 13 weeks and 3 weeks before the end
    ("redlining", COMMIT, 1, NOW, 0, 0, 0),
    ("negotiating", COMMIT, 0, NOW, 1, 0, 3),
    ("passed", COMMIT, 1, NOW - 1, 0, 1, 1),
    ("pushed", COMMIT, 1, NOW, 3, 2, 2),
    ("evaluating", BEST, 0, NOW, 0, 4, 4),
    ("moved", BEST, 1, NOW, 1, 5, 5),
    ("short-listed", BEST, 1, NOW, 0, 0, 6),
    ("young", PIPELINE, 1, NOW, 0, 7, 7),
)


def open_table() -> pd.DataFrame:
    columns = ["opportunity_id", "category", "late", "close_month", "pushes", "early", "late_says"]
    table = pd.DataFrame(DEALS, columns=columns)
    amounts = 10.0 ** np.arange(len(table))
    return table.assign(segment="smb", owner="Ann", amount=amounts)


@pytest.mark.parametrize(("deadline", "column"), [(EARLY, "early"), (LATE, "late_says")])
def test_the_rule_says_of_each_deal_why_it_counts_or_not(deadline, column):
    table = open_table()
    standing = Standing(*(table[name].to_numpy() for name in ("category", "late", "close_month", "pushes")))
    assert reason_codes(standing, deadline).tolist() == table[column].tolist()
    assert deadline.due(standing.close_month).all()


def test_a_deal_is_due_where_its_date_lies_and_at_once_where_it_has_passed():
    months = np.array([-1, NOW - 5, NOW, NOW + 2, NOW + 3])
    assert EARLY.due(months).tolist() == [False, True, True, True, False]
    later = Deadline(NOW + 3, NOW + 5, NOW, 26.0)
    assert later.due(months).tolist() == [False, False, False, False, True]


def calls_of(**calls: str) -> pd.DataFrame:
    rows = [(name.replace("_", "-"), call, "because") for name, call in calls.items()]
    return pd.DataFrame(rows, columns=["opportunity_id", "call", "reason"])


def test_calls_overrule_the_rule_and_pipeline_counts_only_by_a_call():
    judged = judge_deals(open_table(), EARLY, calls_of(redlining="exclude", passed="include"))
    judged = judged.set_index("opportunity_id")
    assert set(judged.index[judged["counts"]]) == {"negotiating", "passed", "short-listed"}
    assert judged.loc["redlining", ["upside", "judged_by", "reason"]].tolist() == [True, "call", "because"]
    assert judged.loc["pushed", "reason"] == REASONS[2]
    assert "young" not in judged.index
    called = judge_deals(open_table(), EARLY, calls_of(young="include")).set_index("opportunity_id")
    assert called.loc["young", "counts"]


def history() -> History:
    """The deals of DEALS on the last day of January 2026, and one that was won in February."""
    rows, changes = [], []
    stages = {0: "P0", 1: "P1", 2: "B0", 3: "B1", 4: "C0", 5: "C1"}
    for name, category, late, month, pushes, *_ in DEALS:
        amount = open_table().set_index("opportunity_id").loc[name, "amount"]
        rows.append(
            {"opportunity_id": name, "segment": "smb", "amount": amount, "created_date": "2025-10-01"}
        )
        first = month - pushes
        for push in range(pushes + 1):
            planned = first + push
            changes.append(
                {
                    "opportunity_id": name,
                    "changed_at": pd.Timestamp("2025-10-02") + pd.Timedelta(days=push),
                    "stage": stages[category * 2 + late],
                    "amount": amount,
                    "close_date": pd.Timestamp(planned // 12, planned % 12 + 1, 15),
                }
            )
    stage_rows = [
        {"stage": stage, "category": ("pipeline", "best_case", "commit")[place // 2]}
        for place, stage in stages.items()
    ]
    tables = {"opportunities": rows, "stage_changes": changes, "stages": stage_rows}
    typed = {}
    for name, content in tables.items():
        empty = empty_table(name)
        typed[name] = pd.DataFrame(content, columns=list(empty.columns)).astype(dict(empty.dtypes))
    return History(dt.date(2026, 1, 31), **typed)


@pytest.fixture(scope="module")
def paths():
    bookings = np.array([100.0, 200.0, 300.0, 400.0, 500.0])[:, None, None]
    made = make_paths({"won_commit": bookings}, n_paths=5, n_periods=2, segments=("smb",))
    return dataclasses.replace(made, calendar=FiscalCalendar(2, "end"))


@pytest.fixture
def good_record(monkeypatch):
    """A rule that was a tenth off over the last six quarters."""
    monkeypatch.setattr(judgement, "past_error", lambda known, history: (0.1, 6))


@pytest.mark.parametrize(("record", "shown"), [((-0.63, 6), False), ((-0.19, 6), True), ((0.0, 3), False)])
def test_the_rule_gives_a_number_only_where_its_past_bears_it_out(paths, monkeypatch, record, shown):
    monkeypatch.setattr(judgement, "past_error", lambda known, history: record)
    result = judge(paths, history())
    assert (result.number("FY27Q1", "in_blood") is not None) == shown
    assert any("past quarters" in note for note in result.notes)
    assert len(result.deals), "its deals are listed all the same"


def test_category_arithmetic_is_for_segments_sold_in_volume(paths):
    assert judge(paths, history()).number("FY27Q1", "category_arithmetic") is None
    assert judge(paths, history(), arithmetic=["others"]).number("FY27Q1", "category_arithmetic") is None
    asked = judge(paths, history(), arithmetic=["smb"]).number("FY27Q1", "category_arithmetic")
    assert asked["number"] == 0.0, "no deal of this history was ever won"


@pytest.mark.usefixtures("good_record")
def test_the_in_blood_number_is_the_sum_of_what_counts_and_its_upside_of_what_does_not(paths):
    result = judge(paths, history())
    row = result.number("FY27Q1", "in_blood")
    assert row["number"] == 1.0 + 10.0 + 1_000_000.0
    assert row["high"] - row["number"] == 100.0 + 1_000.0 + 10_000.0 + 100_000.0
    assert result.number("FY27Q1", "reps_commit") is None
    ours = result.number("FY27Q1", SIMULATION)
    assert (ours["low"], ours["number"], ours["high"]) == (140.0, 300.0, 460.0)
    assert set(result.table["method"]) <= set(METHODS)


@pytest.mark.usefixtures("good_record")
def test_a_judged_deal_moves_the_number_by_its_amount(paths):
    plain = judge(paths, history()).number("FY27Q1", "in_blood")["number"]
    called = judge(paths, history(), calls_of(passed="include", redlining="exclude"))
    assert called.number("FY27Q1", "in_blood")["number"] == plain + 100.0 - 1.0


@pytest.mark.usefixtures("good_record")
def test_the_blend_lies_between_the_forecasts_and_weighs_the_better_more(paths):
    scores = pd.DataFrame(
        [
            (0, 0, "all", SIMULATION, 8, 10.0),
            (0, 0, "all", "in_blood", 8, 20.0),
            (0, 0, "all", "reps_commit", 2, 1.0),
            (8, 0, "all", SIMULATION, 8, 20.0),
        ],
        columns=["week", "ahead", "segment", "method", "n_quarters", "absolute_error"],
    )
    weights = blend_weights(scores, 1)
    assert weights == {0: {SIMULATION: pytest.approx(0.8), "in_blood": pytest.approx(0.2)}}
    assert blend_weights(scores, 9)[0] == {SIMULATION: 1.0}
    result = judge(paths, history(), weights=weights)
    blood, ours = (result.number("FY27Q1", name)["number"] for name in ("in_blood", SIMULATION))
    assert result.number("FY27Q1", BLEND)["number"] == pytest.approx(0.8 * ours + 0.2 * blood)
    assert result.number("FY27Q2", BLEND) is None
    assert judge(paths, history()).number("FY27Q1", BLEND) is None


def test_a_table_of_judgements_is_read_and_deals_that_are_gone_are_noted(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("opportunity_id,call,reason\nA,Include,signed soon\nB,exclude,\nZ,exclude,gone\n")
    table, notes = read_deal_calls(file, {"A", "B"})
    assert table.to_numpy().tolist() == [["A", "include", "signed soon"], ["B", "exclude", ""]]
    assert len(notes) == 1 and "Z" in notes[0]


def test_all_faults_of_a_table_of_judgements_are_told_at_once(tmp_path):
    file = tmp_path / "calls.csv"
    file.write_text("opportunity_id,call,reason\nA,include,\nA,exclude,\nB,maybe,\n,include,\nC,,x\n")
    with pytest.raises(InputError) as caught:
        read_deal_calls(file, {"A"})
    where = [fault.where for fault in caught.value.faults]
    assert where == [f"calls.csv, row {n}" for n in (3, 4, 5, 6)]
    file.write_text("deal,call\nA,include\n")
    with pytest.raises(InputError, match="opportunity_id"):
        read_deal_calls(file, {"A"})
