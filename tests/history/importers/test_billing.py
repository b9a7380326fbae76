"""Exports of billing systems and tables of monthly revenue: movements of ARR to the cent, or a question."""

import datetime as dt
import io
from pathlib import Path

import openpyxl
import pytest

from simulator.errors import InputError
from simulator.history.importers.importer import Imported, import_files

MONTHS = ["2025-01", "2025-02", "2025-03", "2025-04", "2025-05", "2025-06"]
PAID = {
    "Alpha": [100, 100, 120, 120, 120, 120],
    "Beta": [200, 200, 200, 0, 0, 0],
    "Gamma": [0, 50, 50, 50, 50, 40],
    "Delta": [0, 0, 0, 80, 0, 80],
}
MOVED = {"new": 5160.0, "expansion": 240.0, "contraction": -120.0, "churn": -3360.0, "reactivation": 960.0}
HEADINGS = {
    "words": ["Jan-25", "Feb-25", "Mar-25", "Apr-25", "May-25", "Jun-25"],
    "numbers": ["01/2025", "02/2025", "03/2025", "04/2025", "05/2025", "06/2025"],
    "German": ["Januar 2025", "Februar 2025", "März 2025", "April 2025", "Mai 2025", "Juni 2025"],
    "French": ["janv. 2025", "févr. 2025", "mars 2025", "avr. 2025", "mai 2025", "juin 2025"],
    "Japanese": [f"2025年{i}月" for i in range(1, 7)],
    "last days": ["31/01/2025", "28/02/2025", "31/03/2025", "30/04/2025", "31/05/2025", "30/06/2025"],
    "first days": [f"{i}/1/2025" for i in range(1, 7)],
    "digits": [month.replace("-", "") for month in MONTHS],
    "periods": [f"2025 M{i:02d}" for i in range(1, 7)],
    "with a word": [f"MRR {month}" for month in MONTHS],
}


def read(folder: Path, kind: str, rows: list[list[object]], map_text: str | None = None) -> Imported:
    path = folder / "s.csv"
    path.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in rows), encoding="utf-8")
    map_path = None
    if map_text is not None:
        map_path = folder / "map.yaml"
        map_path.write_text(map_text, encoding="utf-8")
    return import_files(kind, [path], map_path)


def moved(imported: Imported) -> dict[str, float]:
    return {str(name): float(arr) for name, arr in imported.understanding.figures["arr_movements"].items()}


@pytest.mark.parametrize("headings", HEADINGS.values(), ids=HEADINGS)
def test_a_column_for_each_month(headings: list[str], tmp_path: Path) -> None:
    rows = [["Customer", *headings, "Total"], *[[name, *paid, sum(paid)] for name, paid in PAID.items()]]
    totals = ["Total", *[sum(paid[i] for paid in PAID.values()) for i in range(6)], ""]
    assert moved(read(tmp_path, "mrr", [*rows, totals])) == MOVED


def test_a_workbook_with_a_title_and_days_as_headings(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    days = [dt.datetime(2025, month, 1) for month in range(1, 7)]
    for row in [
        ["MRR by customer"],
        [],
        ["Customer", *days],
        *[[name, *paid] for name, paid in PAID.items()],
    ]:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    (tmp_path / "m.xlsx").write_bytes(content.getvalue())
    assert moved(import_files("mrr", [tmp_path / "m.xlsx"])) == MOVED


@pytest.mark.parametrize(
    ("heading", "months", "times"),
    [
        ("MRR", MONTHS, 1),
        ("ARR", MONTHS, 12),
        ("Revenue", HEADINGS["German"], 1),
        ("MRR", HEADINGS["last days"], 1),
    ],
)
def test_a_row_for_each_customer_and_month(
    heading: str, months: list[str], times: int, tmp_path: Path
) -> None:
    rows: list[list[object]] = [["Customer", "Month", heading]]
    rows += [
        [name, m, mrr * times]
        for name, paid in PAID.items()
        for m, mrr in zip(months, paid, strict=True)
        if mrr
    ]
    assert moved(read(tmp_path, "mrr", rows)) == MOVED


def test_a_month_without_any_row_is_asked_about(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Customer", "Month", "MRR"]]
    rows += [[name, m, paid[i]] for name, paid in PAID.items() for i, m in enumerate(MONTHS) if i != 2]
    with pytest.raises(InputError, match="2025-03"):
        read(tmp_path, "mrr", rows)


STRIPE = ["id", "Customer ID", "Plan", "Quantity", "Currency", "Interval", "Amount", "Status", "Start (UTC)"]
STRIPE += ["Canceled At (UTC)", "Ended At (UTC)"]
SUBSCRIPTIONS = [
    ["s1", "c1", "gold", 1, "usd", "month", "100.00", "active", "2025-01-05 10:00", "", ""],
    ["s2", "c2", "gold", 2, "usd", "year", "600.00", "active", "2025-02-05 10:00", "", ""],
    [
        "s3",
        "c3",
        "gold",
        1,
        "usd",
        "month",
        "50.00",
        "canceled",
        "2025-01-10 10:00",
        *["2025-04-10 10:00"] * 2,
    ],
    ["s4", "c4", "gold", 1, "usd", "month", "70.00", "trialing", "2025-05-20 10:00", "", ""],
    ["s5", "c5", "gold", 1, "usd", "month", "80.00", "active", "2025-05-25 10:00", "2025-05-28 00:00", ""],
    ["s6", "c6", "gold", 1, "usd", "week", "10.00", "past_due", "2025-03-01 09:00", "", ""],
]
STRIPE_MOVED = {"new": 1200 + 1200 + 600 + 960 + 520.0, "churn": -600.0}


def test_stripe_counts_intervals_quantities_and_only_what_was_paid(tmp_path: Path) -> None:
    imported = read(tmp_path, "stripe", [STRIPE, *SUBSCRIPTIONS])
    assert moved(imported) == STRIPE_MOVED
    assert imported.history.currency == "USD"


def test_stripe_in_two_currencies_needs_rates(tmp_path: Path) -> None:
    rows = [[*row[:4], "eur" if row[1] == "c2" else "usd", *row[5:]] for row in SUBSCRIPTIONS]
    with pytest.raises(InputError, match="rates: "):
        read(tmp_path, "stripe", [STRIPE, *rows])
    rates = "currency: USD\nrates: {EUR: 2}\n"
    assert moved(read(tmp_path, "stripe", [STRIPE, *rows], rates)) == {"new": 5680.0, "churn": -600.0}


@pytest.mark.parametrize(
    ("rates", "worth"),
    [("2024-12: 9, 2025-02: 2, 2025-03: 7", 2), ("2025-01: 4, 2025-03: 7", 4), ("2025-06: 3", 3)],
)
def test_a_rate_is_that_of_its_month_or_the_last_one_before(rates: str, worth: int, tmp_path: Path) -> None:
    rows = [
        ["s1", "c1", "gold", 1, "eur", "month", "100.00", "active", "2025-02-28 09:00", "", ""],
        ["s2", "c2", "gold", 1, "usd", "month", "1.00", "active", "2025-02-01 09:00", "", ""],
    ]
    said = f"currency: USD\nrates: {{EUR: {{{rates}}}}}\n"
    assert moved(read(tmp_path, "stripe", [STRIPE, *rows], said)) == {"new": 1200.0 * worth + 12.0}


def test_rows_without_a_currency_are_in_the_one_that_the_others_name(tmp_path: Path) -> None:
    rows = [
        ["s1", "c1", "gold", 1, "eur", "month", "100.00", "active", "2025-02-28 09:00", "", ""],
        ["s2", "c2", "gold", 1, "", "month", "10.00", "active", "2025-02-01 09:00", "", ""],
    ]
    said = "currency: USD\nrates: {EUR: 2}\n"
    assert moved(read(tmp_path, "stripe", [STRIPE, *rows], said)) == {"new": 2 * (1200.0 + 120.0)}


def test_cents_are_asked_about_and_the_line_of_the_message_settles_it(tmp_path: Path) -> None:
    rows = [[*row[:6], round(float(str(row[6])) * 100), *row[7:]] for row in SUBSCRIPTIONS]
    line = "tables: {subscriptions: {columns: {arr: {times: 0.01}}}}"
    with pytest.raises(InputError) as caught:
        read(tmp_path, "stripe", [STRIPE, *rows])
    assert line in str(caught.value)
    assert moved(read(tmp_path, "stripe", [STRIPE, *rows], line)) == STRIPE_MOVED


MOGUL = [
    ["2025-01-05", "New Business", 100],
    ["2025-03-05", "Expansion", 20],
    ["2025-04-01", "Churn", -120],
    ["2025-06-01", "Reactivation", 80],
    ["2025-06-05", "Contraction", -10],
]
MOGUL_MOVED = {
    "new": 1200.0,
    "expansion": 240.0,
    "churn": -1440.0,
    "reactivation": 960.0,
    "contraction": -120.0,
}


def test_chartmogul_movements_keep_their_names(tmp_path: Path) -> None:
    heading = ["Customer Name", "Customer External ID", "Date", "Type", "Activity MRR Movement", "Currency"]
    rows = [["A", "c1", day, kind, f"{mrr}.00", "EUR"] for day, kind, mrr in MOGUL]
    imported = read(tmp_path, "chartmogul", [heading, *rows])
    assert moved(imported) == MOGUL_MOVED
    assert imported.history.currency == "EUR"


def test_chartmogul_api_is_in_cents(tmp_path: Path) -> None:
    heading = ["date", "customer-external-id", "type", "activity-mrr-movement"]
    rows = [[day, "c1", kind.lower().replace(" ", "_"), int(str(mrr)) * 100] for day, kind, mrr in MOGUL]
    line = "tables: {arr_changes: {columns: {arr_delta: {times: 0.12}}}}"
    with pytest.raises(InputError) as caught:
        read(tmp_path, "chartmogul", [heading, *rows])
    assert line in str(caught.value)
    assert moved(read(tmp_path, "chartmogul", [heading, *rows], line)) == MOGUL_MOVED


@pytest.mark.parametrize("prefix", ["", "subscription_"])
def test_recurly_runs_until_it_expires(prefix: str, tmp_path: Path) -> None:
    own = ["quantity", "unit_amount", "currency", "state", "activated_at", "canceled_at", "expires_at"]
    heading = ["account_code", *[prefix + name for name in own], "plan_interval_length", "plan_interval_unit"]
    rows = [
        ["a1", 1, "100.00", "USD", "active", "2025-01-05", "", "", 1, "months"],
        ["a2", 2, "600.00", "USD", "canceled", "2025-02-05", "2025-03-01", "2026-02-05", 12, "months"],
        ["a3", 1, "50.00", "USD", "expired", "2025-01-10", "2025-04-01", "2025-04-10", 1, "months"],
    ]
    imported = read(tmp_path, "recurly", [heading, *rows])
    assert moved(imported) == {"new": 3000.0, "churn": -600.0}
    churned = imported.history.arr_changes.query("movement == 'churn'")
    assert [f"{day:%Y-%m-%d}" for day in churned["date"]] == ["2025-04-10"]


def test_baremetrics_has_what_customers_pay_now(tmp_path: Path) -> None:
    heading = ["Customer OID", "Name", "Status", "Current MRR", "Started At", "Canceled At"]
    rows = [
        ["c1", "A", "active", "$100.00", "2025-01-05", ""],
        ["c2", "B", "canceled", "$0.00", "2025-01-05", "2025-04-01"],
        ["c3", "C", "active", "$50.00", "2025-03-05", ""],
    ]
    assert moved(read(tmp_path, "baremetrics", [heading, *rows])) == {"new": 1800.0}


TERMS = [
    ["acct", "begin", "finish", "acv"],
    ["C1", "2023-02-01", "2024-01-31", 12000],
    ["C1", "2024-02-01", "2025-01-31", 12600],
    ["C1", "2025-02-01", "2026-01-31", 13200],
    ["C2", "2023-05-01", "2025-04-30", 9000],
    ["C2", "2025-06-15", "2026-06-14", 9000],
]
TERMS_MAP = """
tables:
  subscriptions:
    file: s.csv
    columns: {customer_id: acct, start_date: begin, end_date: finish, arr: acv}
"""


def test_terms_that_follow_each_other_renew_and_gap_days_says_how_soon(tmp_path: Path) -> None:
    apart = moved(read(tmp_path, "table", TERMS, TERMS_MAP))
    assert apart == {"new": 21000.0, "expansion": 1200.0, "churn": -9000.0, "reactivation": 9000.0}
    together = moved(read(tmp_path, "table", TERMS, TERMS_MAP + "    gap_days: 60\n"))
    assert together == {"new": 21000.0, "expansion": 1200.0}


def test_ends_may_be_the_last_day_or_the_first_without(tmp_path: Path) -> None:
    exclusive = [TERMS[0], ["C1", "2024-01-01", "2024-03-15", 100], ["C2", "2024-02-01", "", 200]]
    for said, day in (("inclusive", "2024-03-16"), ("exclusive", "2024-03-15")):
        imported = read(tmp_path, "table", exclusive, f"{TERMS_MAP}    ends: {said}\nas_of: 2024-06-30\n")
        churned = imported.history.arr_changes.query("movement == 'churn'")["date"]
        assert [f"{date:%Y-%m-%d}" for date in churned] == [day]


def test_a_term_that_begins_before_the_last_one_ends_replaces_it(tmp_path: Path) -> None:
    early = [
        TERMS[0],
        ["C1", "2023-02-01", "2024-01-31", 12000],
        ["C1", "2024-01-15", "2025-01-31", 12600],
        ["C1", "2025-01-01", "2026-01-31", 13200],
        ["C2", "2024-02-01", "", 5000],
    ]
    assert moved(read(tmp_path, "table", early, TERMS_MAP)) == {"new": 17000.0, "expansion": 1200.0}


def test_terms_of_a_stated_length_are_renewed_by_the_next(tmp_path: Path) -> None:
    terms = [
        ["acct", "begin", "months", "total"],
        ["C1", "2024-01-01", 12, 12000],
        ["C1", "2025-01-15", 24, 26000],
        ["C2", "2024-06-01", 36, 36000],
        ["C2", "2025-02-01", 12, 5000],
    ]
    said = (
        "tables: {subscriptions: {file: s.csv, columns: {customer_id: acct, start_date: begin, term_months: "
        "months, arr: {quotient_of: [total, months], times: 12}}}}"
    )
    assert moved(read(tmp_path, "table", terms, said)) == {"new": 24000.0, "expansion": 6000.0}


def test_terms_that_end_before_the_day_asked_for_have_ended(tmp_path: Path) -> None:
    terms = [TERMS[0], ["C1", "2024-01-01", "2024-12-31", 100], ["C2", "2024-06-01", "2025-05-31", 50]]
    path = tmp_path / "s.csv"
    path.write_text("\n".join(",".join(map(str, row)) for row in terms), encoding="utf-8")
    (tmp_path / "map.yaml").write_text(TERMS_MAP, encoding="utf-8")
    for day, arr in ((dt.date(2024, 11, 30), 150.0), (dt.date(2025, 2, 1), 50.0), (dt.date(2025, 7, 1), 0.0)):
        imported = import_files("table", [path], tmp_path / "map.yaml", day)
        assert imported.understanding.figures["arr"] == arr


def overlap(
    folder: Path, kind: str, first: list[list[object]], second: list[list[object]]
) -> dict[str, float]:
    """Return the movements of two files together."""
    for name, rows in (("a.csv", first), ("b.csv", second)):
        text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows)
        (folder / name).write_text(text, encoding="utf-8")
    return moved(import_files(kind, [folder / "a.csv", folder / "b.csv"]))


def test_exports_of_revenue_that_overlap_count_once(tmp_path: Path) -> None:
    assert (
        overlap(tmp_path, "stripe", [STRIPE, *SUBSCRIPTIONS[:4]], [STRIPE, *SUBSCRIPTIONS[2:]])
        == STRIPE_MOVED
    )
    heading = ["Customer External ID", "Date", "Type", "Activity MRR Movement"]
    moves: list[list[object]] = [["c1", day, kind, f"{mrr}.00"] for day, kind, mrr in MOGUL]
    assert overlap(tmp_path, "chartmogul", [heading, *moves[:3]], [heading, *moves[1:]]) == MOGUL_MOVED
    wide: list[list[object]] = [["Customer", *MONTHS], *[[name, *paid] for name, paid in PAID.items()]]
    halves = [[row[:5] for row in wide], [[row[0], *row[3:]] for row in wide]]
    assert overlap(tmp_path, "mrr", *halves) == MOVED
    long: list[list[object]] = [
        [name, month, mrr]
        for i, month in enumerate(MONTHS)
        for name, paid in PAID.items()
        if (mrr := paid[i])
    ]
    head: list[object] = ["Customer", "Month", "MRR"]
    assert overlap(tmp_path, "mrr", [head, *long[:12]], [head, *long[9:]]) == MOVED


def test_a_subscription_that_changed_between_two_exports_is_asked_about(tmp_path: Path) -> None:
    before = [*SUBSCRIPTIONS[2][:7], "active", SUBSCRIPTIONS[2][8], "", ""]
    with pytest.raises(InputError, match="subscription s3 is there several times") as caught:
        overlap(tmp_path, "stripe", [STRIPE, *SUBSCRIPTIONS[:2], before], [STRIPE, *SUBSCRIPTIONS[1:]])
    line = "tables: {subscriptions: {drop: {duplicates: 'id', keep: last}}}"
    assert line in str(caught.value)
    (tmp_path / "map.yaml").write_text(line, encoding="utf-8")
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    assert moved(import_files("stripe", paths, tmp_path / "map.yaml")) == STRIPE_MOVED


def test_what_a_customer_pays_in_two_files_is_added_up(tmp_path: Path) -> None:
    first: list[list[object]] = [["Customer", *MONTHS], *[[name, *paid] for name, paid in PAID.items()]]
    second = [first[0], *[[name, *[3 * mrr for mrr in paid]] for name, paid in PAID.items()]]
    assert overlap(tmp_path, "mrr", first, second) == {name: 4 * arr for name, arr in MOVED.items()}


def test_files_of_revenue_may_head_their_columns_differently(tmp_path: Path) -> None:
    rows: list[list[object]] = [[n, m, paid[i]] for n, paid in PAID.items() for i, m in enumerate(MONTHS)]
    first: list[list[object]] = [["Customer", "Month", "MRR (USD)"], *rows]
    second: list[list[object]] = [
        ["Kunde", "Monat", "MRR (EUR)"],
        *[[f"E{row[0]}", *row[1:]] for row in rows],
    ]
    with pytest.raises(InputError, match="several currencies: EUR, USD"):
        overlap(tmp_path, "mrr", first, second)
    (tmp_path / "map.yaml").write_text("{currency: USD, rates: {EUR: 1.5}}", encoding="utf-8")
    paths = [tmp_path / "a.csv", tmp_path / "b.csv"]
    expected = {name: 2.5 * arr for name, arr in MOVED.items()}
    assert moved(import_files("mrr", paths, tmp_path / "map.yaml")) == expected
    second = [["Kunde", "Monat", "MRR (k€)"], *second[1:]]
    with pytest.raises(InputError, match="counts otherwise"):
        overlap(tmp_path, "mrr", first, second)


def test_a_sheet_a_year_of_months_is_read_whole(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for title, places in (("2024/25", range(4)), ("2026", range(4, 6))):
        sheet = book.create_sheet(title.replace("/", "-"))
        for row in [
            ["Customer", *[MONTHS[i] for i in places]],
            *[[n, *[p[i] for i in places]] for n, p in PAID.items()],
        ]:
            sheet.append(row)
    book.save(tmp_path / "m.xlsx")
    assert moved(import_files("mrr", [tmp_path / "m.xlsx"])) == MOVED


KEPT = {"new": 3000.0, "churn": -600.0}
MONTHLY = {"A": [100, 100, 100, 100, 100], "B": [0, 100, 100, 100, 100], "C": [50, 50, 50, 0, 0]}
"""What three customers pay, whose movements are KEPT."""
WIDE: list[list[object]] = [["Customer", *MONTHS[:5]], *[[name, *paid] for name, paid in MONTHLY.items()]]


def _long(month: str, heading: str, unit: float = 1.0) -> list[list[object]]:
    return [
        ["Customer", month, heading],
        *[[n, m, x / unit] for n, paid in MONTHLY.items() for m, x in zip(MONTHS, paid, strict=False) if x],
    ]


def _terms(
    *rows: list[object], headings: str = "Customer ID,MRR,Started At,Canceled At"
) -> list[list[object]]:
    return [list(headings.split(",")), *rows]


ENDED = _terms(
    ["c1", 100, "2025-01-05", ""], ["c2", 100, "2025-02-05", ""], ["c3", 50, "2025-01-10", "2025-04-10"]
)
READ: dict[str, tuple[str, list[list[object]]]] = {
    "levels next to movements": (
        "chartmogul",
        [
            ["Customer External ID", "Date", "Type", "Activity MRR", "Activity MRR Movement", "Activity ARR"],
            ["c1", "2025-01-05", "New Business", 100, "100.00", 1200],
            ["c2", "2025-02-05", "New Business", 100, "100.00", 1200],
            ["c3", "2025-01-10", "New Business", 50, "50.00", 600],
            ["c3", "2025-04-10", "Churn", 0, "-50.00", 0],
        ],
    ),
    "thousands in the heading": ("mrr", _long("Month", "MRR (k€)", 1000)),
    "French words": ("mrr", _long("Mois", "Revenu mensuel")),
    "German words": ("mrr", _long("Monat", "Umsatz")),
    "a last event that is a churn": ("baremetrics", ENDED),
    "a row that is the sum": ("mrr", [*WIDE, ["Total MRR", 150, 250, 250, 200, 200]]),
    "paused after a trial": (
        "stripe",
        [
            STRIPE,
            ["s1", "c1", "gold", 1, "usd", "month", "100.00", "active", "2025-01-05", "", ""],
            ["s2", "c2", "gold", 2, "usd", "year", "600.00", "active", "2025-02-05", "", ""],
            ["s3", "c3", "gold", 1, "usd", "month", "50.00", "canceled", "2025-01-10", *["2025-04-10"] * 2],
            ["s4", "c4", "gold", 1, "usd", "month", "30.00", "paused", "2025-03-03", "", ""],
        ],
    ),
    "thousands in the heading of prices": (
        "stripe",
        [
            [*STRIPE[:6], "Amount (k)", *STRIPE[7:]],
            ["s1", "c1", "gold", 1, "usd", "month", "0.100", "active", "2025-01-05", "", ""],
            ["s2", "c2", "gold", 2, "usd", "year", "0.600", "active", "2025-02-05", "", ""],
            ["s3", "c3", "gold", 1, "usd", "month", "0.050", "canceled", "2025-01-10", *["2025-04-10"] * 2],
        ],
    ),
}


@pytest.mark.parametrize("what", READ)
def test_what_is_paid_a_month_is_read_to_the_cent(what: str, tmp_path: Path) -> None:
    kind, rows = READ[what]
    assert moved(read(tmp_path, kind, rows)) == KEPT


ASKED: dict[str, tuple[str, list[list[object]], str]] = {
    "a monthly amount of no known name": (
        "mrr",
        _long("Month", "Fees"),
        "tables: {balances: {columns: {arr: {column: 'Fees', times: 12}}}}",
    ),
    "rows of growth": (
        "mrr",
        [*WIDE, ["Growth", "", "66%", "0%", "-20%", "0%"]],
        "tables: {balances: {drop: {'Customer': ['Growth']}}}",
    ),
    "prices without an interval": (
        "recurly",
        _terms(
            *[[*row, "active"] for row in ENDED[1:]],
            headings="account_code,unit_amount,activated_at,expires_at,state",
        ),
        "tables: {subscriptions: {columns: {arr: {column: 'unit_amount', times: 12}}}}",
    ),
}


@pytest.mark.parametrize("what", ASKED)
def test_what_is_asked_is_answered_by_the_line_of_the_message(what: str, tmp_path: Path) -> None:
    kind, rows, line = ASKED[what]
    with pytest.raises(InputError) as caught:
        read(tmp_path, kind, rows)
    assert line in str(caught.value)
    assert moved(read(tmp_path, kind, rows, line))["new"] == KEPT["new"]


@pytest.mark.parametrize("heading", ["Q{} 2025", "2025 Q{}", "MRR Q{}-2025", "Revenue 2025-Q{}"])
def test_columns_of_quarters_are_asked_about(heading: str, tmp_path: Path) -> None:
    rows: list[list[object]] = [["Customer", *map(heading.format, (1, 2, 3))], ["A", 300, 300, 300]]
    rows.append(["B", "", 300, 300])
    with pytest.raises(InputError, match="quarters") as caught:
        read(tmp_path, "mrr", rows)
    line = "tables: {balances: {times: 4}}"
    assert line in str(caught.value)
    assert moved(read(tmp_path, "mrr", rows, line)) == {"new": 2400.0}


def test_months_of_no_year_and_payments_are_no_monthly_revenue(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Customer", "Jan", "Feb"], ["A", 1, 2]]
    with pytest.raises(InputError, match="Write the year into each heading"):
        read(tmp_path, "mrr", rows)
    years = tmp_path / "years.xlsx"
    book = openpyxl.Workbook()
    for row in (["", 2025, None, 2026, None], ["Customer", "Jan", "Feb", "Jan", "Feb"], ["A", 1, 2, 3, 4]):
        book.worksheets[0].append(row)
    book.save(years)
    with pytest.raises(InputError, match="Write the year into each heading"):
        import_files("mrr", [years])
    invoices: list[list[object]] = [["Customer", "Date", "Amount"], ["A", "2025-01-05", 100]]
    invoices += [["A", "2025-02-05", 100], ["A", "2025-02-20", 30], ["B", "2025-02-11", 1200]]
    with pytest.raises(InputError, match="invoices or payments"):
        read(tmp_path, "mrr", invoices)
    same_day = [invoices[0], *[["A", f"2025-{month:02}-15", 100] for month in (1, 2, 3)]]
    assert moved(read(tmp_path, "mrr", same_day)) == {"new": 1200.0}


@pytest.mark.parametrize("heading", ["ARR (k$) {}", "ARR in TUSD {}", "{} ARR (k$)"])
def test_headings_name_thousands_in_front_of_the_month_or_behind(heading: str, tmp_path: Path) -> None:
    rows = [["Customer", *map(heading.format, MONTHS)]]
    rows += [[name, *[mrr * 12 / 1000 for mrr in paid]] for name, paid in PAID.items()]
    assert moved(read(tmp_path, "mrr", rows)) == MOVED


@pytest.mark.parametrize(("other", "times"), [("Seats", 0.1), ("Plan", 2), ("ARR", 12)])
def test_two_columns_of_a_month_are_never_added_up(other: str, times: float, tmp_path: Path) -> None:
    rows: list[list[object]] = [["Customer", *[f"{what} {m}" for m in MONTHS for what in (other, "MRR")]]]
    rows += [[name, *[cell for mrr in paid for cell in (mrr * times, mrr)]] for name, paid in PAID.items()]
    with pytest.raises(InputError, match="several columns are of 2025-01") as caught:
        read(tmp_path, "mrr", rows)
    remedy = f"tables: {{balances: {{months: {[f'MRR {m}' for m in MONTHS]}, times: 12}}}}"
    assert remedy in str(caught.value)
    assert moved(read(tmp_path, "mrr", rows, remedy)) == MOVED


def test_the_name_of_a_file_says_arr_only_as_a_word(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Customer", *MONTHS], *[[name, *paid] for name, paid in PAID.items()]]
    for name, times in (("warranty.csv", 1), ("Our_ARR_2025.csv", 12)):
        lines = [
            [row[0], *[cell * times if isinstance(cell, int) else cell for cell in row[1:]]] for row in rows
        ]
        (tmp_path / name).write_text("\n".join(",".join(map(str, line)) for line in lines), encoding="utf-8")
        assert moved(import_files("mrr", [tmp_path / name])) == MOVED


def test_seats_times_a_price_for_each(tmp_path: Path) -> None:
    rows: list[list[object]] = [["Customer", "Month", "Seats", "Price per seat"]]
    rows += [
        [name, m, mrr / 10, 10] for name, paid in PAID.items() for m, mrr in zip(MONTHS, paid, strict=True)
    ]
    remedy = "tables: {balances: {columns: {arr: {product_of: ['Seats', 'Price per seat'], times: 12}}}}"
    with pytest.raises(InputError) as caught:
        read(tmp_path, "mrr", rows)
    assert remedy in str(caught.value)
    assert moved(read(tmp_path, "mrr", rows, remedy)) == MOVED
