from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.hygiene import check_hygiene
from simulator.history.importers.importer import Imported
from tests.history.importers.exports import import_texts

SUBSCRIPTIONS = """sub,account,start,end,mrr
1,A,2024-01-01,2024-06-01,100
2,A,2024-02-01,,50
3,A,2024-09-01,2024-10-01,10
4,B,2024-01-01,2024-03-01,20
5,B,2024-05-01,,30
6,C,2024-01-01,,0
7,D,2024-05-01,2024-01-01,70
"""
MAP = """
tables:
  subscriptions:
    file: s.csv
    columns: {customer_id: account, start_date: start, end_date: end, arr: {column: mrr, times: 12}}
"""


def test_subscriptions_become_movements_that_foot(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "table", MAP, s_csv=SUBSCRIPTIONS)
    changes = got.history.arr_changes
    told = [f"{r.customer_id} {r.date:%m} {r.movement} {r.arr_delta:+.0f}" for r in changes.itertuples()]
    assert told == [
        "A 01 new +1200",
        "A 02 expansion +600",
        "A 06 contraction -1200",
        "A 09 expansion +120",
        "A 10 contraction -120",
        "B 01 new +240",
        "B 03 churn -240",
        "B 05 reactivation +360",
    ]
    customers = got.history.customers.set_index("customer_id")
    assert customers.loc["B", "start_date"] == pd.Timestamp("2024-01-01")
    assert customers.loc["B", "arr"] == 240
    assert {d.reason: d.rows for d in got.understanding.dropped} == {
        "subscriptions without recurring revenue": 1,
        "subscriptions that end before they start": 1,
    }


def test_movements_that_the_file_names_are_kept(tmp_path: Path) -> None:
    map_yaml = """
tables:
  arr_changes:
    file: c.csv
    columns:
      customer_id: account
      date: day
      movement: {column: kind, values: {won: new, up: expansion}}
      arr_delta: arr
  customers: {file: a.csv, columns: {customer_id: account, segment: size, start_date: start}}
"""
    changes = "account,day,kind,arr\nA,2024-01-01,won,10\nA,2024-02-01,up,5\nZ,2024-02-01,up,5\n"
    got = import_texts(
        tmp_path, "table", map_yaml, c_csv=changes, a_csv="account,size,start\nA,big,2024-01-01\n"
    )
    assert got.history.arr_changes["movement"].tolist() == ["new", "expansion"]
    assert got.history.customers["segment"].tolist() == ["big"]
    assert [d.reason for d in got.understanding.dropped] == ["changes of ARR of unknown customers"]


def test_a_list_of_churn_events_is_compared_and_contradictions_told(tmp_path: Path) -> None:
    map_yaml = MAP + "  churn_events: {file: churn.csv, columns: {customer_id: account, date: day}}\n"
    churn = "account,day\nA,2024-06-01\nB,2024-03-10\nC,2024-08-01\n"
    got = import_texts(tmp_path, "table", map_yaml, s_csv=SUBSCRIPTIONS, churn_csv=churn)
    notes = " ".join(got.history.notes)
    assert "of 4 ends of revenue 2 have a churn event" in notes
    assert "(1 on the day)" in notes
    assert "of 3 churn events 2 have such an end" in notes
    odd = {finding.check: finding for finding in got.oddities}
    assert odd["revenue that ends without a churn event"].n == 2
    assert odd["revenue that ends without a churn event"].amount == 120 + 840
    assert odd["churn events without an end of revenue"].examples == ("C",)
    table = check_hygiene(got.history, got.oddities).table
    assert set(odd) & set(table["check"]) == {check for check, finding in odd.items() if finding.n}


def test_leads_become_a_funnel_by_month(tmp_path: Path) -> None:
    map_yaml = """
tables:
  opportunities: {file: deals.csv, columns: {opportunity_id: id, created_date: day, amount: amount}}
  lead_rows:
    file: leads.csv
    columns:
      date: day
      segment: seg
      status: {column: status, values: {New: lead, Good: mql, Better: sql, Deal: sal}}
"""
    leads = "day,seg,status\n" + "".join(
        f"2024-0{m}-1{i},SMB,{s}\n" for m in (1, 2) for i, s in enumerate(["New", "Good", "Better", "Deal"])
    )
    deals = "id,day,amount\n1,2024-02-20,5\n"
    got = import_texts(tmp_path, "table", map_yaml, deals_csv=deals, leads_csv=leads).history.leads
    assert got[["leads", "mqls", "sqls", "sals"]].to_numpy().tolist() == [[4, 3, 2, 1]] * 2
    assert got["source"].tolist() == ["unknown"] * 2
    with pytest.raises(InputError, match="no step of the funnel"):
        import_texts(tmp_path, "table", map_yaml, deals_csv=deals, leads_csv=leads.replace("Good", "Odd"))


TERMS = """account,start,end,arr
A,2023-01-01,2023-12-31,1200
A,2024-01-01,2024-12-31,1500
B,2022-01-01,2026-12-31,1000
C,2024-06-30,2025-06-29,500
C,2025-06-30,2026-06-29,500
"""
TERMS_MAP = """
tables:
  subscriptions:
    file: t.csv
    columns: {customer_id: account, start_date: start, end_date: end, arr: arr}
"""


def test_a_renewal_at_the_same_price_is_the_last_thing_that_happened(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "table", TERMS_MAP, t_csv=TERMS)
    told = [f"{r.customer_id} {r.date:%F} {r.movement}" for r in got.history.arr_changes.itertuples()]
    assert told == [
        "A 2023-01-01 new",
        "A 2024-01-01 expansion",
        "A 2025-01-01 churn",
        "B 2022-01-01 new",
        "C 2024-06-30 new",
    ]
    assert f"{got.history.as_of:%F}" == "2025-06-30"


def test_headings_of_months_say_their_scale(tmp_path: Path) -> None:
    wide = "Kunde;ARR Jan 24 (k€);ARR Feb 24 (k€);ARR Mrz 24 (k€)\nA;1,2;1,2;1,5\nB;;0,6;0,6\n"
    got = import_texts(tmp_path, "mrr", arr_csv=wide)
    assert got.understanding.figures["arr_movements"] == {"expansion": 300.0, "new": 1800.0}
    assert got.understanding.figures["currency"] == "EUR"


def test_a_discount_lowers_the_term_of_the_same_days(tmp_path: Path) -> None:
    rows = """account,start,end,mrr
A,2023-01-01,2023-12-31,100
A,2023-01-01,2023-12-31,-10
A,2024-01-01,2024-12-31,100
A,2024-01-01,2024-12-31,-20
B,2024-02-01,2025-01-31,40
B,2024-03-01,2025-01-31,-5
"""
    got = import_texts(tmp_path, "table", MAP, s_csv=rows)
    told = [f"{r.customer_id} {r.movement} {r.arr_delta:+.0f}" for r in got.history.arr_changes.itertuples()]
    assert told == ["A new +1080", "A contraction -120", "B new +480"]
    assert any("2 amounts below zero lower those" in note for note in got.history.notes)


WEEKS = ("2024-03-02", "2024-03-30", "2024-05-04", "2024-06-01")
"""Ends of four periods of a calendar of weeks, of which two lie in March and none in April."""
PERIODS = "period_ends: [2024-02-03, 2024-03-02, 2024-03-30, 2024-05-04, 2024-06-01]\n"
PAID = {"A": (1, 1, 2, 2), "B": (3, 4, 4, 0)}
BALANCES = """
tables:
  balances: {file: r.csv, columns: {customer_id: customer, month: day, arr: {column: mrr, times: 12}}}
"""


def weekly(days: tuple[str, ...], wide: bool) -> str:
    rows = [["customer", *days], *([customer, *map(str, paid)] for customer, paid in PAID.items())]
    if not wide:
        long = [[c, day, str(v)] for c, paid in PAID.items() for day, v in zip(days, paid, strict=True)]
        rows = [["customer", "day", "mrr"], *long]
    return "\n".join(map(",".join, rows))


def moves(got: Imported) -> list[tuple[str, str, float]]:
    table = got.history.arr_changes.sort_values(["date", "customer_id"])
    days = table["date"].dt.strftime("%Y-%m-%d")
    return list(zip(table["customer_id"], days, table["arr_delta"], strict=True))


@pytest.mark.parametrize("wide", [False, True])
def test_balances_of_a_calendar_of_weeks_count_in_its_periods(wide: bool, tmp_path: Path) -> None:
    kind, map_yaml = ("mrr", "") if wide else ("table", BALANCES)
    for accept in (False, True):
        with pytest.raises(InputError, match=r"whole weeks apart[^$]*period_ends: \[2024-03-02, "):
            import_texts(tmp_path, kind, map_yaml or None, accept, r_csv=weekly(WEEKS, wide))
    got = import_texts(tmp_path, kind, PERIODS + map_yaml, r_csv=weekly(WEEKS, wide))
    february, march, april, may = months = ("2024-02-01", "2024-03-01", "2024-04-01", "2024-05-01")
    first = [("A", february, 12.0), ("B", february, 36.0)]
    expected = [*first, ("B", march, 12.0), ("A", april, 12.0), ("B", may, -48.0)]
    assert moves(got) == expected
    by_month = import_texts(tmp_path, kind, PERIODS + map_yaml, r_csv=weekly(months, wide))
    assert moves(by_month) == expected
