import datetime as dt

import numpy as np
import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.states import ADVANCE, CENSORED, CHANGED, deal_states, open_deals
from simulator.history.tables import History
from tests.history.by_hand import (
    change,
    deal,
    history,
    midnight_after,
    month,
    noon,
    stages,
    state_rows,
    table,
)

WON, LOST_COMPETITION, LOST_NO_DECISION = 3, 4, 5


def states_of(deals, changes=(), as_of="2026-06-30", **tables):
    return state_rows(deal_states(history(deals, changes, as_of, **tables)))


def test_a_whole_life_is_told_state_by_state():
    states = states_of(
        [deal(outcome="won", closed_date="2026-03-01")],
        [
            change("A", "2026-01-02", "Lead"),
            change("A", "2026-01-10", "Discovery", 8, "2026-02-15"),
            change("A", "2026-01-20", "Evaluation", 8, "2026-03-15"),
            change("A", "2026-02-01", "Evaluation", 9, "2026-03-20"),
            change("A", "2026-02-10", "Negotiation", 9, "2026-03-20"),
            change("A", "2026-02-20 06:00", "Redlining", 9, "2026-03-20"),
            change("A", "2026-03-01", "Won", 7, "2026-03-01"),
        ],
    )
    february, march = month("2026-02"), month("2026-03")
    expected = pd.DataFrame(
        [
            (noon("2026-01-10"), noon("2026-01-20"), 0, 0, noon("2026-01-10"), february, 0, 8.0, 1, march),
            (noon("2026-01-20"), noon("2026-02-01"), 1, 0, noon("2026-01-20"), march, 1, 8.0, CHANGED, march),
            (noon("2026-02-01"), noon("2026-02-10"), 1, 0, noon("2026-01-20"), march, 1, 9.0, 2, march),
            (
                noon("2026-02-10"),
                noon("2026-02-20") - 0.25,
                2,
                0,
                noon("2026-02-10"),
                march,
                1,
                9.0,
                ADVANCE,
                march,
            ),
            (
                noon("2026-02-20") - 0.25,
                noon("2026-03-01"),
                2,
                1,
                noon("2026-02-10"),
                march,
                1,
                9.0,
                WON,
                march,
            ),
        ],
        columns=[c for c in states.columns if c != "deal"],
    )
    pd.testing.assert_frame_equal(states.drop(columns="deal"), expected, check_dtype=False)


def test_an_open_deal_is_censored_at_the_midnight_that_ends_as_of():
    states = states_of(
        [deal()], [change("A", "2026-02-01", "Discovery", 5, "2026-04-30")], as_of="2026-03-31"
    )
    assert states[["start", "end", "exit"]].to_numpy().tolist() == [
        [noon("2026-02-01"), midnight_after("2026-03-31"), CENSORED]
    ]


def test_without_changes_a_deal_is_in_pipeline_from_its_creation_with_what_is_known():
    states = states_of(
        [
            deal("A", close_date="2026-05-10", outcome="lost_competition", closed_date="2026-04-02"),
            deal("B", amount=np.nan, created_date="2026-02-03"),
        ]
    )
    assert states["category"].tolist() == [0, 0]
    assert states["start"].tolist() == [noon("2026-01-01"), noon("2026-02-03")]
    assert states["end"].tolist() == [noon("2026-04-02"), midnight_after("2026-06-30")]
    assert states["exit"].tolist() == [LOST_COMPETITION, CENSORED]
    assert states["close_month"].tolist() == [month("2026-05"), -1]
    assert states["amount"].isna().tolist() == [False, True]


def test_the_clock_starts_at_qualified_date_where_it_is_given():
    changes = [change("A", "2026-01-05", "Discovery"), change("A", "2026-02-05", "Evaluation")]
    given = states_of([deal(qualified_date="2026-01-15")], changes)
    assert given["start"].tolist() == [noon("2026-01-15"), noon("2026-02-05")]
    assert given["entered"].tolist() == [noon("2026-01-15"), noon("2026-02-05")]
    not_given = states_of([deal()], changes)
    assert not_given["start"].tolist() == [noon("2026-01-05"), noon("2026-02-05")]


def test_a_lead_is_no_deal_until_it_is_qualified():
    assert states_of([deal()], [change("A", "2026-01-05", "Lead")]).empty
    declined = [change("A", "2026-01-05", "Lead"), change("A", "2026-01-05", "Lost")]
    assert states_of([deal(outcome="lost_no_decision", closed_date="2026-01-05")], declined).empty


def test_a_deal_that_was_won_out_of_nowhere_was_qualified():
    states = states_of([deal(outcome="won", closed_date="2026-02-01")], [change("A", "2026-02-01", "Won")])
    assert states[["category", "exit"]].to_numpy().tolist() == [[0, WON]]
    assert states["end"].tolist() == [noon("2026-02-01")]


def test_changes_after_a_stated_end_are_no_states():
    """A close date that lies before every change on record: nobody knows which of both is wrong."""
    closed = deal(outcome="lost_competition", closed_date="2026-01-01", created_date="2026-01-01")
    early = deal("Z", outcome="won", closed_date="2026-02-01")
    states = states_of(
        [closed, early],
        [change("A", "2026-03-05", "Negotiation"), change("Z", "2025-12-01", "Discovery")],
    )
    assert (states["end"] >= states["start"]).all()


def test_a_later_qualified_date_puts_the_deal_into_pipeline_meanwhile():
    states = states_of(
        [deal(qualified_date="2026-01-10"), deal("Z")],
        [change("Z", "2026-01-02", "Discovery"), change("A", "2026-01-20", "Evaluation", 5, "2026-03-01")],
    )
    mine = states[states["deal"] == 0]
    assert mine["category"].tolist() == [0, 1]
    assert mine["start"].tolist() == [noon("2026-01-10"), noon("2026-01-20")]
    assert mine["amount"].tolist() == [5, 5]


def test_what_was_before_the_first_change_on_record_is_not_observed():
    """Left truncation: a deal from before the table of changes is seen from its first change on."""
    old = deal("A", created_date="2025-01-01", qualified_date="2025-01-10")
    young = deal("B", created_date="2025-06-01", qualified_date="2025-06-01")
    gone = deal("C", created_date="2025-01-01", outcome="won", closed_date="2025-03-01")
    changes = [
        change("A", "2025-05-01", "Discovery"),
        change("A", "2025-08-01", "Negotiation"),
        change("B", "2025-07-01", "Evaluation"),
    ]
    states = states_of([old, young, gone], changes, as_of="2025-12-31")
    assert states["deal"].tolist() == [0, 0, 1, 1]
    assert states["start"].tolist()[0] == noon("2025-05-01")
    assert states["entered"].tolist()[0] == noon("2025-01-10")
    assert states["category"].tolist() == [0, 2, 0, 1]
    assert states["start"].tolist()[2] == noon("2025-06-01")


def test_a_push_with_a_category_change_belongs_to_the_next_state():
    states = states_of(
        [deal()],
        [
            change("A", "2026-01-05", "Discovery", 5, "2026-02-10"),
            change("A", "2026-01-20", "Evaluation", 5, "2026-04-10"),
            change("A", "2026-02-20", "Evaluation", 5, "2026-03-10"),
            change("A", "2026-03-05", "Evaluation", 5, "2026-03-31"),
            change("A", "2026-03-20", "Evaluation", 5, "2026-05-10"),
        ],
    )
    assert states["exit"].tolist() == [1, CHANGED, CHANGED, CENSORED]
    assert states["pushes"].tolist() == [0, 1, 1, 2]
    assert states["exit_close_month"].tolist() == [
        month(m) for m in ("2026-04", "2026-03", "2026-05", "2026-05")
    ]


def test_closing_on_another_day_than_planned_is_no_push():
    states = states_of(
        [deal(outcome="won", closed_date="2026-05-02")],
        [
            change("A", "2026-01-05", "Discovery", 5, "2026-03-10"),
            change("A", "2026-05-02", "Won", 5, "2026-05-02"),
        ],
    )
    assert states[["pushes", "close_month", "exit_close_month"]].to_numpy().tolist() == [
        [0, *[month("2026-03")] * 2]
    ]


def test_a_reopened_deal_has_its_final_outcome_and_no_exposure_while_closed():
    states = states_of(
        [deal(outcome="won", closed_date="2026-05-01")],
        [
            change("A", "2026-01-05", "Discovery"),
            change("A", "2026-02-01", "Lost"),
            change("A", "2026-04-01", "Discovery"),
            change("A", "2026-05-01", "Won"),
        ],
    )
    assert states["start"].tolist() == [noon("2026-01-05"), noon("2026-04-01")]
    assert states["end"].tolist() == [noon("2026-02-01"), noon("2026-05-01")]
    assert states["exit"].tolist() == [CHANGED, WON]
    assert states["entered"].tolist() == [noon("2026-01-05")] * 2


def test_a_loss_corrected_to_a_win_ends_at_the_win():
    states = states_of(
        [deal(outcome="won", closed_date="2026-02-03")],
        [
            change("A", "2026-01-05", "Negotiation"),
            change("A", "2026-02-01", "Lost"),
            change("A", "2026-02-03", "Won"),
        ],
    )
    assert states["exit"].tolist() == [CHANGED, WON]
    assert states["end"].tolist() == [noon("2026-02-01"), noon("2026-02-03")]
    assert (states["end"] - states["start"]).tolist() == [27, 0]


def test_edits_after_the_end_change_nothing():
    changes = [change("A", "2026-01-05", "Discovery", 5), change("A", "2026-02-01", "Lost", 5)]
    lost = deal(outcome="lost_no_decision", closed_date="2026-02-01")
    edited = [*changes, change("A", "2026-02-20", "Lost", 99, "2027-01-01")]
    pd.testing.assert_frame_equal(states_of([lost], changes), states_of([lost], edited))


def test_the_first_closing_that_agrees_with_the_outcome_counts():
    contrary = deal(outcome="won", closed_date="2026-04-20")
    changes = [
        change("A", "2026-01-05", "Discovery"),
        change("A", "2026-03-01", "Won"),
        change("A", "2026-04-01", "Won", 11),
    ]
    assert states_of([contrary], changes)["end"].tolist() == [noon("2026-03-01")]


def test_the_outcome_of_the_deal_wins_over_that_of_its_stage():
    changes = [change("A", "2026-01-05", "Discovery"), change("A", "2026-02-01", "Lost")]
    states = states_of([deal(outcome="lost_competition", closed_date="2026-02-01")], changes)
    assert states["exit"].tolist() == [LOST_COMPETITION]
    without = states_of([deal()], changes)
    assert without["exit"].tolist() == [LOST_NO_DECISION]


def test_a_closed_stage_that_says_nothing_is_no_decision():
    mute = table(
        "stages", [{"stage": "Open", "category": "pipeline"}, {"stage": "Closed", "category": "closed"}]
    )
    changes = [change("A", "2026-01-05", "Open"), change("A", "2026-02-01", "Closed")]
    assert states_of([deal()], changes, stages=mute)["exit"].tolist() == [LOST_NO_DECISION]


def test_omitted_for_good_is_no_decision_and_for_a_while_is_a_gap():
    left = states_of([deal()], [change("A", "2026-01-05", "Discovery"), change("A", "2026-02-01", "Shelved")])
    assert left[["end", "exit"]].to_numpy().tolist() == [[noon("2026-02-01"), LOST_NO_DECISION]]
    back = states_of(
        [deal()],
        [
            change("A", "2026-01-05", "Discovery"),
            change("A", "2026-02-01", "Shelved"),
            change("A", "2026-03-01", "Evaluation"),
        ],
    )
    assert back["exit"].tolist() == [1, CENSORED]
    assert back["end"].tolist()[0] == noon("2026-02-01")
    won = states_of(
        [deal(outcome="won", closed_date="2026-04-01")],
        [change("A", "2026-01-05", "Negotiation"), change("A", "2026-02-01", "Shelved")],
    )
    assert won["exit"].tolist() == [CHANGED, WON]
    assert won["end"].tolist() == [noon("2026-02-01"), noon("2026-04-01")]
    assert won["start"].tolist()[1] == noon("2026-04-01")


def test_a_change_of_the_mapping_never_rewrites_the_past():
    remapped = pd.concat(
        [
            stages(),
            table("stages", [{"stage": "Evaluation", "category": "commit", "valid_from": "2026-03-01"}]),
        ],
        ignore_index=True,
    )
    deals = [deal("A"), deal("B")]
    changes = [
        change("A", "2026-02-01", "Evaluation", 5, "2026-05-01"),
        change("A", "2026-04-01", "Evaluation", 6, "2026-05-01"),
        change("B", "2026-03-01", "Evaluation", 5, "2026-05-01"),
    ]
    states = states_of(deals, changes, stages=remapped)
    assert states["category"].tolist() == [1, 1, 2]
    assert states["late"].tolist() == [0, 0, 0]


def test_the_last_of_several_stages_of_a_category_is_late_as_of_the_day():
    merged = pd.concat(
        [
            stages(),
            table("stages", [{"stage": "Negotiation", "category": "best_case", "valid_from": "2026-03-01"}]),
        ],
        ignore_index=True,
    )
    changes = [
        change("A", "2026-02-01", "Redlining"),
        change("B", "2026-04-01", "Redlining"),
        change("C", "2026-04-01", "Negotiation"),
        change("D", "2026-04-01", "Evaluation"),
    ]
    states = states_of([deal(name) for name in "ABCD"], changes, stages=merged)
    assert states["category"].tolist() == [2, 2, 1, 1]
    assert states["late"].tolist() == [1, 0, 1, 0]


def test_moving_back_from_the_late_stage_is_no_exit_of_its_own():
    changes = [change("A", "2026-02-01", "Redlining"), change("A", "2026-03-01", "Negotiation")]
    states = states_of([deal()], changes)
    assert states["late"].tolist() == [1, 0]
    assert states["exit"].tolist() == [CHANGED, CENSORED]
    assert states["entered"].tolist() == [noon("2026-02-01")] * 2


def test_two_changes_on_one_day_are_kept_in_the_order_of_the_table():
    changes = [
        change("A", "2026-02-01", "Discovery"),
        change("A", "2026-02-01", "Evaluation"),
        change("A", "2026-03-01", "Negotiation"),
    ]
    states = states_of([deal()], changes)
    assert states["category"].tolist() == [0, 1, 2]
    assert (states["end"] - states["start"]).tolist()[0] == 0


def test_an_outcome_without_a_date_takes_the_best_that_is_known():
    undated = deal(outcome="won", close_date="2026-03-15")
    assert states_of([undated])["end"].tolist() == [noon("2026-03-15")]
    by_last_change = states_of([deal(outcome="won")], [change("A", "2026-02-01", "Negotiation")])
    assert by_last_change[["end", "exit"]].to_numpy().tolist() == [[noon("2026-02-01"), WON]]
    assert states_of([deal(outcome="won")]).empty


def test_overwritten_plans_are_no_plans():
    """An export with one close date per deal: of closed deals it is the day they closed."""
    closed = [deal(f"C{i}", outcome="won", closed_date=f"2026-03-{i + 1:02d}") for i in range(12)]
    same = [d | {"close_date": d["closed_date"]} for d in closed]
    other = [d | {"close_date": "2026-02-01"} for d in closed]
    open_deal = deal("O", close_date="2026-09-30")
    assert (states_of([*same, open_deal])["close_month"] == -1).all()
    assert (states_of([*other, open_deal])["close_month"] > 0).all()
    past = history([*same, open_deal])
    assert open_deals(past, deal_states(past))["close_month"].tolist() == [month("2026-09")]


def test_open_deals_come_with_what_the_engine_needs():
    reps = table(
        "reps",
        [{"rep_id": "r1", "role": "ae", "segment": "mid", "start_date": "2025-01-01", "team": "North"}],
    )
    past = history(
        [
            deal("A", owner="r1", competitor="Acme"),
            deal("B", outcome="won", closed_date="2026-02-01"),
            deal("C"),
        ],
        [
            change("A", "2026-01-05", "Negotiation", 50, "2026-04-01"),
            change("A", "2026-02-05", "Redlining", 60, "2026-07-01"),
            change("B", "2026-01-05", "Discovery"),
            change("C", "2026-01-05", "Lead"),
        ],
        reps=reps,
    )
    deals = open_deals(past, deal_states(past))
    row = deals.iloc[0]
    assert len(deals) == 1
    assert row[["opportunity_id", "segment", "category", "late", "pushes", "amount", "team"]].tolist() == [
        "A", "mid", 2, 1, 1, 60.0, "North",
    ]  # fmt: skip
    assert row["entered"] == noon("2026-01-05")
    assert row["close_month"] == month("2026-07")


def test_orphans_and_what_lies_after_as_of_are_ignored():
    past = history(
        [deal()], [change("A", "2026-01-05", "Discovery"), change("A", "2026-05-05", "Evaluation")]
    )
    early = History(dt.date(2026, 3, 1), past.opportunities, past.stage_changes, past.stages)
    assert state_rows(deal_states(early))["category"].tolist() == [0]
    stray = pd.concat([past.stage_changes, table("stage_changes", [change("Z", "2026-01-06", "Won")])])
    with_stray = History(past.as_of, past.opportunities, stray.reset_index(drop=True), past.stages)
    pd.testing.assert_frame_equal(state_rows(deal_states(with_stray)), state_rows(deal_states(past)))


def test_a_stage_without_a_mapping_is_a_fault_of_the_input():
    past = history([deal()], [change("A", "2026-01-05", "Discovery")])
    bare = History(past.as_of, past.opportunities, past.stage_changes, past.stages.iloc[:1])
    with pytest.raises(InputError, match="Discovery"):
        deal_states(bare)


def test_no_deals_no_states():
    states = deal_states(History(dt.date(2026, 1, 1), table("opportunities", [])))
    assert all(len(values) == 0 for name, values in vars(states).items() if name != "as_of")
