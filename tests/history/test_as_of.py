import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.fiscal import day_number
from simulator.history.as_of import history_as_of
from simulator.history.load import make_history
from simulator.history.states import CENSORED, deal_states
from simulator.history.tables import TABLES, History
from tests.history.by_hand import change, deal, history, stages, state_rows, table

CUT = dt.date(2026, 3, 15)
NEXT_DAY = pd.Timestamp("2026-03-16")


def story() -> History:
    """Return a history in which every table knows something that happens after the cut."""
    return history(
        [
            deal("early", amount=99, outcome="won", closed_date="2026-05-01", close_date="2026-05-01"),
            deal("done", amount=20, outcome="lost_competition", closed_date="2026-03-15"),
            deal("later", created_date="2026-03-16"),
            deal("not yet", qualified_date="2026-04-01"),
            deal("undated", outcome="lost_no_decision", amount=5, close_date="2026-02-20"),
        ],
        [
            change("early", "2026-02-01", "Discovery", 50, "2026-04-01"),
            change("early", "2026-03-15 23:59:59", "Evaluation", 60, "2026-04-20"),
            change("early", "2026-03-16", "Negotiation", 70, "2026-05-01"),
            change("early", "2026-05-01", "Won", 99, "2026-05-01"),
            change("done", "2026-02-01", "Discovery", 20, "2026-04-01"),
            change("done", "2026-03-15", "Lost", 20, "2026-03-15"),
            change("later", "2026-03-16", "Discovery", 20, "2026-04-01"),
            change("not yet", "2026-02-01", "Discovery"),
            change("undated", "2026-02-01", "Discovery"),
            change("undated", "2026-04-01", "Lost"),
        ],
        stages=pd.concat(
            [
                stages(),
                table("stages", [{"stage": "Discovery", "category": "commit", "valid_from": "2026-04-01"}]),
            ],
            ignore_index=True,
        ),
        customers=table(
            "customers",
            [
                {
                    "customer_id": "c",
                    "segment": "m",
                    "start_date": "2026-01-01",
                    "arr": 150,
                    "opportunity_id": "later",
                },
                {"customer_id": "d", "segment": "m", "start_date": "2026-04-01", "arr": 10},
                {"customer_id": "e", "segment": "m", "start_date": "2026-01-01", "arr": 30},
            ],
        ),
        arr_changes=table(
            "arr_changes",
            [
                {"customer_id": "c", "date": "2026-01-01", "movement": "new", "arr_delta": 100},
                {"customer_id": "c", "date": "2026-04-01", "movement": "expansion", "arr_delta": 50},
            ],
        ),
        reps=table(
            "reps",
            [
                {
                    "rep_id": "r",
                    "role": "ae",
                    "segment": "m",
                    "start_date": "2025-01-01",
                    "end_date": "2026-04-01",
                },
                {"rep_id": "s", "role": "ae", "segment": "m", "start_date": "2026-04-01"},
            ],
        ),
        leads=table(
            "leads",
            [
                {
                    "month": f"2026-{m:02d}-01",
                    "segment": "m",
                    "source": "x",
                    "leads": 9,
                    "mqls": 4,
                    "sqls": 2,
                    "sals": 1,
                }
                for m in (1, 2, 3, 4)
            ],
        ),
        calls=table(
            "calls",
            [
                {"rep_id": "r", "period": "FY26Q1", "as_of": d, "commit": 1}
                for d in ("2026-03-15", "2026-03-16")
            ],
        ),
    )


def test_nothing_that_has_happened_is_dated_after_the_day():
    then = history_as_of(story(), CUT)
    for name, frame in then.tables().items():
        for column in TABLES[name]:
            if column.kind in ("date", "time", "month") and column.name != "close_date":
                assert not (frame[column.name] >= NEXT_DAY).any(), (name, column.name)
    assert then.as_of == CUT


def test_a_deal_is_as_its_last_change_up_to_the_day_left_it():
    deals = history_as_of(story(), CUT).opportunities.set_index("opportunity_id")
    assert deals.index.tolist() == ["early", "done", "undated"]
    early = deals.loc["early"]
    assert (early["amount"], early["close_date"]) == (60, pd.Timestamp("2026-04-20"))
    assert pd.isna(early["outcome"])
    assert pd.isna(early["closed_date"])
    assert deals.loc["done", "outcome"] == "lost_competition"
    assert deals.loc["done", "closed_date"] == pd.Timestamp("2026-03-15")
    assert pd.isna(deals.loc["undated", "outcome"])


@pytest.mark.parametrize(("day", "ended"), [("2026-02-19", False), ("2026-02-20", True)])
def test_a_deal_without_a_closing_day_or_changes_ended_on_its_close_date(day, ended):
    bare = history([deal("A", outcome="won", close_date="2026-02-20"), deal("B", created_date="2026-05-01")])
    then = history_as_of(bare, dt.date.fromisoformat(day)).opportunities
    assert then["opportunity_id"].tolist() == ["A"]
    assert then["outcome"].notna().tolist() == [ended]


def test_the_other_tables_are_those_of_the_day():
    then = history_as_of(story(), CUT)
    assert then.customers[["customer_id", "arr"]].to_numpy().tolist() == [["c", 100], ["e", 30]]
    assert then.customers["opportunity_id"].isna().all()
    assert then.arr_changes["movement"].tolist() == ["new"]
    assert then.reps["rep_id"].tolist() == ["r"]
    assert then.reps["end_date"].isna().all()
    assert then.leads["month"].dt.month.tolist() == [1, 2]
    assert history_as_of(story(), dt.date(2026, 3, 31)).leads["month"].dt.month.tolist() == [1, 2, 3]
    assert len(then.calls) == 1
    assert len(then.stages) == len(stages())


def test_what_may_tell_the_future_is_said():
    assert history_as_of(story(), CUT).notes == (
        "1 deals that were not yet qualified are left out.",
        "The amounts of 1 deals have no history: as last known, they may show what came later.",
        "The close dates of 1 deals have no history: as last known, they may show what came later.",
        "The ARR of 1 customers has no history: as last known, it may show what came later.",
    )
    bare = history([deal("A", competitor="Acme", close_date="2026-05-01")])
    told = " ".join(history_as_of(bare, CUT).notes)
    assert "amounts of 1" in told
    assert "close dates of 1" in told
    assert "competitor carry no dates" in told


def test_a_planted_leak_is_caught():
    """Two histories that agree up to the day give the same view of it; a table that leaks would differ."""

    def until_now(outcome: str, amount: float, stage: str, end: str) -> History:
        return history(
            [deal(amount=amount, outcome=outcome, closed_date=end, close_date=end)],
            [
                change("A", "2026-02-01", "Discovery", 50, "2026-04-01"),
                change("A", "2026-03-20", "Redlining", 55, "2026-06-01"),
                change("A", end, stage, amount, end),
            ],
        )

    one = until_now("won", 70, "Won", "2026-05-01")
    other = until_now("lost_competition", 1, "Lost", "2026-06-02")
    for name, frame in history_as_of(one, CUT).tables().items():
        pd.testing.assert_frame_equal(frame, history_as_of(other, CUT).tables()[name])
    leaking = history_as_of(history([deal(amount=70)]), CUT).opportunities
    with pytest.raises(AssertionError):
        pd.testing.assert_frame_equal(leaking, history_as_of(history([deal(amount=1)]), CUT).opportunities)


def test_a_later_day_only_moves_the_date():
    past = story()
    later = history_as_of(past, dt.date(2027, 1, 1))
    assert later.as_of == dt.date(2027, 1, 1)
    assert later.opportunities is past.opportunities


def test_a_stage_that_is_mapped_later_keeps_its_only_mapping():
    late = table("stages", [{"stage": "Discovery", "category": "pipeline", "valid_from": "2026-05-01"}])
    past = history([deal()], [change("A", "2026-02-01", "Discovery")], stages=late)
    then = history_as_of(past, CUT)
    assert then.stages["valid_from"].isna().tolist() == [True]
    assert state_rows(deal_states(then))["category"].tolist() == [0]


def random_history(seed: int) -> History:
    """Return deals with random changes that end once, with an outcome and a closed date that agree."""
    rng = np.random.default_rng(seed)
    open_stages = ["Lead", "Discovery", "Evaluation", "Negotiation", "Redlining"]
    deals, changes = [], []
    for i in range(40):
        days = np.sort(rng.choice(150, size=rng.integers(1, 8), replace=False))
        at = [dt.date(2026, 1, 1) + dt.timedelta(int(day)) for day in days]
        path = [str(stage) for stage in rng.choice(open_stages, size=len(at))]
        ends = len(at) > 1 and bool(rng.random() < 0.6)
        if ends:
            path[-1] = str(rng.choice(["Won", "Lost", "Lost to rival"]))
        for day, stage in zip(at, path, strict=True):
            close = day + dt.timedelta(int(rng.integers(1, 90)))
            changes.append(
                change(f"D{i}", day.isoformat(), stage, float(rng.integers(1, 5)), close.isoformat())
            )
        outcome = {"Won": "won", "Lost": "lost_no_decision", "Lost to rival": "lost_competition"}.get(
            path[-1]
        )
        qualified = str(at[0]) if rng.random() < 0.3 else None
        closed = at[-1].isoformat() if ends else None
        deals.append(
            deal(
                f"D{i}",
                created_date=str(at[0]),
                outcome=outcome,
                closed_date=closed,
                qualified_date=qualified,
            )
        )
    return history(deals, changes)


@pytest.mark.parametrize("seed", range(4))
def test_the_states_of_a_view_are_those_of_the_whole_cut_at_the_day(seed):
    past = random_history(seed)
    whole = state_rows(deal_states(past))
    whole["deal"] = past.opportunities["opportunity_id"].to_numpy()[whole["deal"]]
    n_seen = 0
    for day in (dt.date(2026, 2, 1), dt.date(2026, 3, 17), dt.date(2026, 5, 30)):
        midnight = day_number(day) + 1
        expected = whole[whole["start"] < midnight].reset_index(drop=True)
        going = expected["end"] >= midnight
        expected.loc[going, "end"] = midnight
        expected.loc[going, "exit"] = CENSORED
        expected.loc[going, "exit_close_month"] = expected["close_month"]
        then = history_as_of(past, day)
        seen = state_rows(deal_states(then))
        seen["deal"] = then.opportunities["opportunity_id"].to_numpy()[seen["deal"]]
        pd.testing.assert_frame_equal(seen, expected, check_dtype=False)
        n_seen += int(going.sum())
    assert n_seen > 0


def test_making_a_history_of_a_view_changes_nothing():
    then = history_as_of(story(), CUT)
    again = make_history(then.tables(), as_of=then.as_of)
    for name, frame in then.tables().items():
        pd.testing.assert_frame_equal(again.tables()[name], frame)
