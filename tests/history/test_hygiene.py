import csv
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.findings import Finding
from simulator.history.hygiene import check_hygiene, write_hygiene
from simulator.history.hygiene_words import WORDS
from simulator.history.load import load_history
from simulator.history.tables import History
from simulator.history.verification import CLAIMS, verified
from tests.history.by_hand import change, deal, history, stages, table


def found(past: History) -> dict[str, tuple[int, str]]:
    """Return how many each check found, and the examples."""
    rows = check_hygiene(past).table
    return {row.check: (row.n, row.examples) for row in rows.itertuples()}


def won(name: str, **more: object) -> dict[str, object]:
    return deal(name, **({"outcome": "won", "closed_date": "2026-04-01"} | more))


def lost(name: str, **more: object) -> dict[str, object]:
    return deal(name, **({"outcome": "lost_no_decision", "closed_date": "2026-04-01"} | more))


def movement(name: str, date: str, kind: str, delta: float) -> dict[str, object]:
    return {"customer_id": name, "date": date, "movement": kind, "arr_delta": delta}


def with_book(customers: list[dict[str, object]], moves: list[dict[str, object]]) -> History:
    base = {"segment": "m", "start_date": "2026-01-01"}
    return history(
        [won("W")],
        customers=table("customers", [base | row for row in customers]),
        arr_changes=table("arr_changes", moves),
    )


ONE_CUSTOMER = [{"customer_id": "c"}]
A_REP = table("reps", [{"rep_id": "r", "role": "ae", "segment": "m", "start_date": "2025-01-01"}])
CASES = {
    "zombies": (
        history([deal("A", close_date="2026-03-01"), deal("B", created_date="2025-01-01"), deal("C")]),
        (2, "A, B"),
    ),
    "older than almost any deal that closed": (
        history(
            [won(f"W{i}", created_date="2026-03-20") for i in range(50)]
            + [deal("A", created_date="2026-06-17"), deal("B", created_date="2026-06-25")],
        ),
        (1, "A"),
    ),
    "deals without stage changes": (
        history([deal("A"), deal("B")], [change("A", "2026-01-02", "Discovery")]),
        (1, "B"),
    ),
    "past-due close dates": (
        history([deal("A", close_date="2026-06-29"), deal("B", close_date="2026-06-30")]),
        (1, "A"),
    ),
    "open deals without an amount": (history([deal("A", amount=np.nan), won("B", amount=np.nan)]), (1, "A")),
    "deals with an amount of zero": (history([deal("A", amount=0), deal("B")]), (1, "A")),
    "outcomes without a closed date": (history([won("A", closed_date=None), won("B")]), (1, "A")),
    "closed dates without an outcome": (history([deal("A", closed_date="2026-02-01"), won("B")]), (1, "A")),
    "ended before they were qualified": (
        history(
            [lost("A"), lost("B")],
            [change("A", "2026-01-02", "Lead"), change("B", "2026-01-02", "Discovery")],
        ),
        (1, "A"),
    ),
    "closed without a reason": (
        history(
            [deal("A"), lost("B")],
            [change(n, d, s) for n in "AB" for d, s in (("2026-01-02", "Discovery"), ("2026-03-02", "Lost"))],
        ),
        (1, "A"),
    ),
    "losses that never name competition": (
        history([lost(f"L{i:02d}") for i in range(20)]),
        (20, "L00, L01, L02"),
    ),
    "lost to a competitor who is not named": (
        history(
            [
                lost(n, outcome="lost_competition", competitor=c)
                for n, c in (("A", "none"), ("B", "Acme"), ("C", None))
            ]
        ),
        (2, "A, C"),
    ),
    "closed before they were created": (history([won("A", closed_date="2025-12-31"), won("B")]), (1, "A")),
    "planned to close before they were created": (
        history([deal("A", close_date="2025-12-31"), deal("B")]),
        (1, "A"),
    ),
    "created long before all others": (
        history(
            [deal(f"D{i}", created_date=f"2026-0{1 + i // 50}-{1 + i % 28:02d}") for i in range(200)]
            + [deal("typo", created_date="2024-12-01")]
        ),
        (1, "typo"),
    ),
    "dates far ahead of all others": (
        history([won(f"D{i}") for i in range(200)] + [won("typo", closed_date="2062-04-01")]),
        (1, "typo"),
    ),
    "owners who are not in reps": (
        history([deal("A", owner="x"), deal("B", owner="r"), deal("C")], reps=A_REP),
        (1, "A"),
    ),
    "possible duplicates": (
        history([deal("A", owner="r"), deal("B", owner="r"), deal("C", owner="q"), deal("D"), deal("E")]),
        (1, "B"),
    ),
    "close dates that only repeat the closing": (
        history([won(f"D{i}", amount=i, close_date="2026-04-01") for i in range(12)]),
        (12, "D11, D10, D9"),
    ),
    "competitor filled in by outcome": (
        history([won(f"W{i}") for i in range(20)] + [lost(f"L{i}", competitor="Acme") for i in range(20)]),
        (20, "L0, L1, L2"),
    ),
    "skipped stages": (
        history(
            [deal("A"), deal("B"), won("C"), won("D")],
            [
                change("A", "2026-01-02", "Discovery"),
                change("A", "2026-02-02", "Negotiation"),
                change("B", "2026-01-02", "Discovery"),
                change("B", "2026-02-02", "Evaluation"),
                change("C", "2026-01-02", "Discovery"),
                change("C", "2026-04-01", "Won"),
                change("D", "2026-01-02", "Negotiation"),
                change("D", "2026-04-01", "Won"),
            ],
        ),
        (2, "A, C"),
    ),
    "steps back": (
        history(
            [deal("A"), deal("B")],
            [
                change("A", "2026-01-02", "Redlining"),
                change("A", "2026-02-02", "Discovery"),
                change("B", "2026-01-02", "Discovery"),
            ],
        ),
        (1, "A"),
    ),
    "first seen late": (
        history(
            [
                deal("A", created_date="2026-02-01"),
                won("B", created_date="2026-04-01"),
                deal("C", created_date="2025-01-01"),
            ],
            [
                change("C", "2026-01-02", "Negotiation"),
                change("A", "2026-02-01", "Redlining"),
                change("B", "2026-04-01", "Won"),
            ],
        ),
        (2, "A, B"),
    ),
    "changed before they were created": (
        history(
            [deal("A", created_date="2026-02-01"), deal("B")],
            [change("A", "2026-01-02", "Discovery"), change("B", "2026-01-01", "Discovery")],
        ),
        (1, "A"),
    ),
    "edited after they closed": (
        history(
            [won("A"), won("B")],
            [
                change("A", "2026-01-02", "Discovery", 5),
                change("A", "2026-04-01", "Won", 5),
                change("A", "2026-04-09", "Won", 7),
                change("B", "2026-01-02", "Discovery", 5),
                change("B", "2026-04-01", "Won", 5),
                change("B", "2026-04-09", "Won", 5),
            ],
        ),
        (1, "A"),
    ),
    "outcome and last stage disagree": (
        history(
            [won("A"), won("B"), won("C")],
            [change(n, "2026-01-02", "Discovery") for n in "ABC"]
            + [change("A", "2026-04-01", "Lost"), change("B", "2026-04-01", "Won")],
        ),
        (2, "A, C"),
    ),
    "serial slippers": (
        history(
            [won("A", closed_date="2026-05-01"), deal("B")],
            [
                change(n, f"2026-0{m}-02", "Discovery", 5, f"2026-0{m + d}-20")
                for n, d in (("A", 1), ("B", 0))
                for m in (1, 2, 3, 4)
                if n == "A" or m < 4
            ],
        ),
        (1, "A"),
    ),
    "serial slippers still open": (
        history(
            [deal("A")],
            [change("A", f"2026-0{m}-02", "Discovery", 5, f"2026-0{m + 1}-20") for m in (1, 2, 3, 4)],
        ),
        (1, "A"),
    ),
    "changes of deals that do not exist": (
        history([deal("A")], [change("Z", "2026-01-02", "Discovery")]),
        (1, "Z"),
    ),
    "changes older than their stage's mapping": (
        history(
            [deal("A")],
            [change("A", "2026-01-02", "Discovery"), change("A", "2026-02-02", "Discovery")],
            stages=table(
                "stages", [{"stage": "Discovery", "category": "pipeline", "valid_from": "2026-02-01"}]
            ),
        ),
        (1, "A"),
    ),
    "stages that no deal was in": (
        history([deal("A")], [change("A", "2026-01-02", "Discovery")], stages=stages().iloc[:3]),
        (2, "Lead, Evaluation"),
    ),
    "movements with the wrong sign": (
        with_book(
            ONE_CUSTOMER,
            [movement("c", "2026-01-01", "new", 9), movement("c", "2026-02-01", "contraction", 1)],
        ),
        (1, "c"),
    ),
    "churn of customers already gone": (
        with_book(
            ONE_CUSTOMER,
            [movement("c", "2026-01-01", "new", 9)]
            + [movement("c", f"2026-0{m}-01", "churn", -9) for m in (2, 3)],
        ),
        (1, "c"),
    ),
    "churn that leaves ARR behind": (
        with_book(
            ONE_CUSTOMER, [movement("c", "2026-01-01", "new", 9), movement("c", "2026-02-01", "churn", -5)]
        ),
        (1, "c"),
    ),
    "ARR below zero": (
        with_book(
            ONE_CUSTOMER,
            [movement("c", "2026-01-01", "new", 9), movement("c", "2026-02-01", "contraction", -10)],
        ),
        (1, "c"),
    ),
    "movements of unknown customers": (
        with_book(ONE_CUSTOMER, [movement("x", "2026-01-01", "new", 9)]),
        (1, "x"),
    ),
    "customers whose ARR does not foot": (
        with_book(
            [
                {"customer_id": n, "arr": a}
                for n, a in (("first", 9), ("sum", 12), ("neither", 10), ("no moves", 7))
            ],
            [
                m
                for n in ("first", "sum", "neither")
                for m in (movement(n, "2026-01-01", "new", 9), movement(n, "2026-02-01", "expansion", 3))
            ],
        ),
        (1, "neither"),
    ),
    "customers of deals that were not won": (
        with_book(
            [{"customer_id": n, "opportunity_id": o} for n, o in (("a", "W"), ("b", "none"), ("c", None))],
            [movement("a", "2026-01-01", "new", 9)],
        ),
        (1, "b"),
    ),
    "funnels that widen": (
        history(
            [deal("A")],
            leads=table(
                "leads",
                [
                    {
                        "month": f"2026-0{m}-01",
                        "segment": "m",
                        "source": "x",
                        "leads": 9,
                        "mqls": 4,
                        "sqls": 2,
                        "sals": s,
                    }
                    for m, s in ((1, 2), (2, 3))
                ],
            ),
        ),
        (1, "2026-02 m x"),
    ),
    "calls of unknown reps": (
        history(
            [deal("A")],
            reps=A_REP,
            calls=table(
                "calls",
                [{"rep_id": n, "period": "FY26Q1", "as_of": "2026-01-31", "commit": 1} for n in ("r", "s")],
            ),
        ),
        (1, "s"),
    ),
}


@pytest.mark.parametrize("check", CASES)
def test_each_wart_is_found_counted_and_shown(check):
    past, expected = CASES[check]
    assert found(past)[check] == expected


def test_no_check_is_left_untested():
    alike = {
        "source filled in by outcome",
        "compelling_event filled in by outcome",
        "stages that are not mapped",
    }
    assert set(WORDS) == set(CASES) | alike


@pytest.mark.parametrize(
    "later",
    [
        [change("A", "2026-04-09", "Negotiation", 5), change("A", "2026-04-10", "Lost", 5)],
        [change("A", "2026-04-09", "Lost", 7), change("A", "2026-04-10", "Lost", 5)],
        [change("A", "2026-04-09", "Lost", 5)],
    ],
    ids=["a stage dated late", "taken back", "nothing"],
)
def test_a_deal_that_stays_as_it_closed_is_not_called_edited(later):
    early = [change("A", "2026-01-02", "Discovery", 5), change("A", "2026-04-01", "Lost", 5), *later]
    checked = check_hygiene(history([lost("A", closed_date="2026-04-01")], early))
    assert "edited after they closed" in checked.clean


def test_a_sound_history_has_nothing_to_report():
    past = history(
        [won("A", owner="r", competitor="none"), deal("B", owner="r", amount=11, close_date="2026-08-01")],
        [
            change("A", "2026-01-01", "Lead"),
            change("A", "2026-01-05", "Discovery", 10, "2026-03-30"),
            change("A", "2026-02-05", "Evaluation", 10, "2026-03-30"),
            change("A", "2026-02-15", "Negotiation", 10, "2026-03-30"),
            change("A", "2026-02-25", "Redlining", 10, "2026-04-01"),
            change("A", "2026-04-01", "Won", 10, "2026-04-01"),
            change("B", "2026-01-01", "Discovery", 11, "2026-08-01"),
        ],
        stages=stages().iloc[:6],
        reps=A_REP,
        customers=table(
            "customers",
            [
                {
                    "customer_id": "c",
                    "segment": "m",
                    "start_date": "2026-04-01",
                    "arr": 10,
                    "opportunity_id": "A",
                }
            ],
        ),
        arr_changes=table("arr_changes", [movement("c", "2026-04-01", "new", 10)]),
    )
    hygiene = check_hygiene(past)
    assert hygiene.table.empty
    assert len(hygiene.clean) >= 35


def test_shares_amounts_and_money_words_agree():
    past = history([deal("A", close_date="2026-03-01", amount=1.5e6), deal("B"), won("C")])
    row = check_hygiene(past).table.set_index("check").loc["zombies"]
    assert (row["n"], row["share"], row["amount"]) == (1, 0.5, 1.5e6)
    assert "(1.5M)" in row["effect"]
    unknown = check_hygiene(history([deal("A", close_date="2026-03-01", amount=np.nan)])).table
    assert unknown.set_index("check").loc["zombies", ["amount"]].isna().all()
    assert not unknown["effect"].str.contains("[{}]|nan", regex=True).any()


def test_stages_without_a_mapping_are_reported_and_the_rest_is_still_checked():
    past = history([deal("A", close_date="2026-03-01")], [change("A", "2026-01-02", "Discovery")])
    bare = History(past.as_of, past.opportunities, past.stage_changes, past.stages.iloc[:0])
    assert found(bare)["stages that are not mapped"] == (1, "Discovery")
    assert found(bare)["zombies"] == (1, "A")


def test_no_deals_nothing_odd():
    assert check_hygiene(History(dt.date(2026, 1, 1), table("opportunities", []))).table.empty


def test_spreadsheets_cannot_take_a_name_for_a_formula_nor_a_number_for_text(tmp_path: Path):
    past = history([deal("=HYPERLINK(1)", close_date="2026-03-01", amount=2.345), deal("-5", amount=np.nan)])
    path = tmp_path / "new" / "hygiene.csv"
    write_hygiene(check_hygiene(past), path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    examples = {row["check"]: row["examples"] for row in rows}
    assert examples["zombies"] == "'=HYPERLINK(1)"
    assert examples["open deals without an amount"] == "'-5"
    by_check = {row["check"]: row for row in rows}
    assert (by_check["zombies"]["amount"], by_check["zombies"]["share"]) == ("2.35", "0.5")
    assert sorted(p.name for p in path.parent.iterdir()) == ["hygiene.csv"]


def test_a_report_that_cannot_be_written_is_the_users_input(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_hygiene(check_hygiene(history([deal()])), tmp_path / "file" / "hygiene.csv")


def test_orphans_set_apart_when_loading_are_still_counted(tmp_path: Path):
    (tmp_path / "opportunities.csv").write_text(
        "opportunity_id,segment,amount,created_date\nA,m,1,2026-01-01\n"
    )
    (tmp_path / "stage_changes.csv").write_text(
        "opportunity_id,changed_at,stage\nA,2026-01-02,Open\nY,2026-01-02,Open\nZ,2026-01-02,Open\n"
    )
    (tmp_path / "stages.csv").write_text("stage,category\nOpen,pipeline\n")
    assert found(load_history(tmp_path))["changes of deals that do not exist"] == (2, "Y, Z")


def test_checking_a_large_history_is_a_matter_of_columns():
    n = 20_000
    deals = table("opportunities", [deal(f"D{i}", owner=f"r{i % 50}", amount=i) for i in range(n)])
    hygiene = check_hygiene(History(dt.date(2027, 6, 30), deals))
    assert hygiene.n_deals == n
    assert int(hygiene.table.set_index("check").loc["zombies", "n"]) == n
    assert isinstance(hygiene.table, pd.DataFrame)


@pytest.mark.parametrize("check", sorted(CLAIMS))
def test_a_finding_that_its_own_example_contradicts_is_not_told(check):
    sound = history(
        [deal("A", amount=5, owner="r", close_date="2026-08-01", closed_date=None)],
        [change("A", "2026-01-02", "Discovery", 5, "2026-08-01")],
        reps=A_REP,
    )
    gone = history(
        [won("A", amount=5, owner="r", close_date="2026-04-02", competitor="x")],
        [change("A", "2026-01-02", "Discovery"), change("A", "2026-04-01", "Won", 5, "2026-04-02")],
        reps=A_REP,
    )
    about = Finding(check, "deals", 1, 0.5, 5.0, ("A",), "", "")
    assert any(verified([about], past) == ([], [about]) for past in (sound, gone))


def test_withheld_findings_are_named_and_leave_the_others(monkeypatch):
    past = history([deal("A", close_date="2026-03-01"), deal("B")])
    monkeypatch.setitem(CLAIMS, "zombies", lambda deal: False)
    checked = check_hygiene(past)
    assert [finding.check for finding in checked.withheld] == ["zombies"]
    assert "zombies" not in set(checked.table["check"]) | set(checked.clean)
    assert "past-due close dates" in set(checked.table["check"])
