"""The company of ``forms`` as people have it: products as rows, words that deny a win, two amounts."""
# ruff: noqa: RUF001  words as they stand in exports

from collections.abc import Callable, Iterator
from typing import Any

from tests.history.importers.forms import (
    SALESFORCE,
    Form,
    Row,
    Tongue,
    as_csv,
    company,
    currency_of,
    of_one_file,
    table,
    with_amounts,
)
from tests.history.importers.hard_forms import book_of

ENGLISH = SALESFORCE["English"]
ROWS = table(ENGLISH)
HEAD = ROWS[0]
OPPORTUNITIES = "tables: {opportunities: {columns: {"
RATES = {"EUR": 1.08, "GBP": 1.27, "USD": 1.0}
WITHOUT = "0068d0000000ABC"
DENIED = {
    "Spanish": ("Ganado", "No ganado"),
    "French": ("Gagné", "Pas gagné"),
    "Russian": ("Выиграна", "Не выиграна"),
    "Japanese": ("受注", "未受注"),
    "Chinese": ("赢单", "未赢单"),
    "English": ("Won", "Competitor won"),
}
"""A word for won, and what denies it."""


def mixed_forms() -> Iterator[Form]:
    """Yield the forms."""
    yield from _lines()
    yield from _stages()
    yield from _amounts()
    yield from _several_files()
    yield from _ids()
    yield from _reports()
    yield from _columns()


def _lines() -> Iterator[Form]:
    """Yield rows for each product, of which the amount of the deal must be computed."""
    lines = [[*HEAD[:3], *HEAD[4:], "Product Name", "Quantity", "Sales Price", "Total Price"]]
    for row, deal in zip(ROWS[1:], company(), strict=True):
        first = round(deal["amount"] / 3, 2)
        for product, price in (("Core", first), ("Add-on", round(deal["amount"] - first, 2))):
            lines.append([*row[:3], *row[4:], product, 1, price, price])
    fix = f"{OPPORTUNITIES}amount: {{product_of: ['Quantity', 'Sales Price']}}}}}}}}"
    yield of_one_file("products with quantity and price", lines, fix=fix, says=fix)
    total = f"{OPPORTUNITIES}amount: total price}}}}}}"
    lines = [[*row[:6], row[8]] for row in lines]
    yield of_one_file("products with a total", lines, fix=total, says="'Total Price'")


def _stages() -> Iterator[Form]:
    for language, (won, denied) in DENIED.items():
        stages = ("Discovery", "Proposal", won, denied)
        meant = zip(stages, ("lead", "pipeline", "won", "lost"), strict=True)
        fix = "stages: {" + ", ".join(f"{stage}: {to}" for stage, to in meant) + "}\nunqualified: keep"
        yield of_one_file(
            f"a win denied in {language}", table(Tongue(ENGLISH.headings, stages)), fix=fix, says="0 as lost"
        )
    for stage in ("To be won", "Likely won", "Almost won"):
        waiting = Tongue(
            ENGLISH.headings, ("Discovery", stage, "Closed Won!", "Closed Lost - Competitor won")
        )
        yield of_one_file(f"open as {stage}", table(waiting))


def _amounts() -> Iterator[Form]:
    def own(deal: Row) -> str:
        return f"{deal['amount'] / RATES[currency_of(deal)]:.2f}"

    more = {"Amount (USD)": lambda deal: f"{deal['amount']:.2f}", "Currency": currency_of}
    rows = with_amounts(table(ENGLISH, **more), own)
    yield of_one_file("an amount in USD next to one in three currencies", rows, currency="USD")
    swapped = [[*row[:3], row[6], *row[4:6], row[3], row[7]] for row in rows]
    yield of_one_file("an amount in three currencies next to one in USD", swapped, currency="USD")
    credit = with_amounts(table(ENGLISH), lambda d: f"{d['amount']:.2f}" + " CR" * (d["id"] == WITHOUT))
    says = "'10000.07 CR' is not an amount"
    drop = "tables: {opportunities: {drop: {column: Amount, equals: 10000.07 CR}}}"
    yield of_one_file("a credit, or a crore", credit, fix=drop, says=says, without=frozenset({WITHOUT}))
    expected = [[*HEAD[:3], "Expected Revenue", *HEAD[4:]], *ROWS[1:]]
    fix = f"{OPPORTUNITIES}amount: Expected Revenue}}}}}}"
    yield of_one_file(
        "an expected revenue alone", expected, fix=fix, says="'Expected Revenue' only if it is not weighted"
    )
    due = [[*HEAD[:5], "Expected Date", "date_won", "date_lost"]]
    for row, deal in zip(ROWS[1:], company(), strict=True):
        ends = [row[5] if deal["stage"] == end else "" for end in (2, 3)]
        due.append([*row[:5], "" if deal["stage"] > 1 else row[5], *ends])
    yield of_one_file("days of ends next to an expected date", due, distinct={"close_date": 5})


def _several_files() -> Iterator[Form]:
    """Yield the deals in two files or sheets, of which each has amounts of its own kind."""
    american, european = [HEAD, *ROWS[1::2]], [HEAD, *ROWS[2::2]]

    def written(rows: list[list[Any]], heading: str, write: Callable[[float], str]) -> list[list[Any]]:
        written = [[*row[:3], write(float(row[3])), *row[4:]] for row in rows[1:]]
        return [[*HEAD[:3], heading, *HEAD[4:]], *written]

    def form(name: str, first: list[list[Any]], second: list[list[Any]], **more: Any) -> Form:
        return Form(name, "salesforce", {"us.csv": as_csv(first), "eu.csv": as_csv(second, ";")}, **more)

    fix = {"currency": "USD", "fix": "{currency: USD, rates: {EUR: 1.25}}", "says": "rates: {EUR:"}
    dollars = written(american, "Amount", lambda amount: f"${amount:,.2f}")
    euros = written(european, "Amount", lambda amount: f"{amount / 1.25:.6f}".replace(".", ",") + " €")
    yield form("two files, signs of two currencies", dollars, euros, **fix)
    dollars = written(american, "Amount (USD)", lambda amount: f"{amount:.2f}")
    euros = written(european, "Amount (EUR)", lambda amount: f"{amount / 1.25:.6f}")
    yield form("two files, headings of two currencies", dollars, euros, **fix)
    book = {"b.xlsx": book_of({"US": dollars, "EU": euros})}
    yield Form("two sheets, headings of two currencies", "salesforce", book, **fix)
    thousands = written(american, "Amount (k)", lambda amount: f"{amount / 1000:.5f}")
    yield form("two files, one in thousands", thousands, european)
    noted = [[*row, "x" if i else "Notes"] for i, row in enumerate(european)]
    yield Form("two sheets, one with notes", "salesforce", {"b.xlsx": book_of({"1": american, "2": noted})})


def _ids() -> Iterator[Form]:
    """Yield ids that a program took for numbers in one of two exports that overlap."""
    numbers = [HEAD, *[[f"90000{i:02d}", *row[1:]] for i, row in enumerate(ROWS[1:])]]
    floats = [HEAD, *[[f"{row[0]}.0", *row[1:]] for row in numbers[1:16]]]
    files = {"a.csv": as_csv(floats), "b.csv": as_csv([HEAD, *numbers[10:]])}
    yield Form("ids with .0 in one of two exports", "salesforce", files)


def _reports() -> Iterator[Form]:
    """Yield groups of two levels below an empty column, and deals that are called as totals are."""
    head = ["", "Stage", "Owner", *HEAD[:2], *HEAD[3:]]
    rows: list[list[Any]] = [head]
    for stage in ENGLISH.stages:
        first_of_stage = True
        for owner in ("Ann", "Bob"):
            its = [
                row
                for i, row in enumerate(ROWS[1:])
                if row[2] == stage and ("Ann", "Bob")[i // 2 % 2] == owner
            ]
            for i, row in enumerate(its):
                groups = ["", stage if first_of_stage else "", "" if i else owner]
                rows.append([*groups, *row[:2], *row[3:]])
                first_of_stage = False
            rows += [["", "", "Subtotal", "", "", "1.00", "", ""], ["", "", "Count", "6", "", "", "", ""]]
        rows += [["", "Subtotal", "", "", "", "1.00", "", ""]]
    rows += [["", "Total", "", "", "", "9.00", "", ""], ["", "Count", "", "24", "", "", "", ""]]
    blank = [[cell or None for cell in row] for row in rows]
    yield Form("groups of two levels, an empty column", "salesforce", {"o.xlsx": book_of({"S": blank})})
    called = [
        [("Total", "Sum", "Count")[i - 1] if 0 < i < 4 else row[1], row[0], *row[2:]]
        for i, row in enumerate(ROWS)
    ]
    yield of_one_file("deals called as totals are", called)
    flags = ("Zamknięte jako wygrane", "Czy zamknięte")
    plain = Tongue(ENGLISH.headings, ("A", "B", "C", "D"))
    for language, (yes, no) in {"Polish": ("PRAWDA", "FAŁSZ"), "Dutch": ("WAAR", "ONWAAR")}.items():
        won, closed = flags if language == "Polish" else ("Is gesloten-gewonnen", "Is gesloten")
        more = {
            won: lambda deal, yes=yes, no=no: yes if deal["stage"] == 2 else no,
            closed: lambda deal, yes=yes, no=no: yes if deal["stage"] > 1 else no,
        }
        yield of_one_file(f"yes and no of a spreadsheet in {language}", table(plain, **more))


def _columns() -> Iterator[Form]:
    """Yield columns that say how deals ended, or in what their amounts are, in few words."""
    ends = ("Discovery", "Proposal", "Closed", "Closed")
    won = table(Tongue(ENGLISH.headings, ends), **{"Won?": lambda deal: ("", "", "Yes", "No")[deal["stage"]]})
    yield of_one_file("a stage called closed, and which are won", won)
    for name, heading in (("dots", "Opportunity.{}"), ("blanks", "Opportunity {}")):
        api = ("Id", "Name", "Stage Name", "Amount", "Created Date", "Close Date")
        prefixed = table(Tongue(tuple(map(heading.format, api)), ENGLISH.stages))
        yield of_one_file(f"headings of a query, with {name}", prefixed)
    snake = ("id", "name", "stage", "amount_usd", "created_at", "expected_close")
    days = [[*snake, "won_at", "lost_at"]]
    for i, (row, deal) in enumerate(zip(ROWS[1:], company(), strict=True)):
        closed = [row[5] if deal["stage"] == end else "" for end in (2, 3)]
        days.append([i, row[1], f"S{i % 3}", *row[3:5], "" if deal["stage"] > 1 else row[5], *closed])
    yield of_one_file("a warehouse with days of ends", days, currency="USD")
    odd = frozenset(deal["id"] for deal in company() if int(deal["id"][11]) % 2)
    nameless = [["" if row[0] in odd else row[0], *row[1:]] for row in ROWS]
    fix = "tables: {opportunities: {drop: {'Opportunity ID': empty}}}"
    yield of_one_file("half of the ids are empty", nameless, fix=fix, says=fix, without=odd)
