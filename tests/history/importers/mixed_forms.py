"""The company of ``forms`` as people have it: products as rows, words that deny a win, two amounts."""
# ruff: noqa: RUF001  words as they stand in exports

from collections.abc import Iterator
from typing import Any

from tests.history.importers.forms import SALESFORCE, Form, Row, Tongue, as_csv, company, table, with_amounts

ENGLISH = SALESFORCE["English"]
ROWS = table(ENGLISH)
HEAD = ROWS[0]
OPPORTUNITIES = "tables: {opportunities: {columns: {"
RATES = {"EUR": 1.08, "GBP": 1.27, "USD": 1.0}
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


def _form(name: str, rows: list[list[Any]], **more: Any) -> Form:
    return Form(name, "salesforce", {"o.csv": as_csv(rows)}, **more)


def _lines() -> Iterator[Form]:
    """Yield rows for each product, of which the amount of the deal must be computed."""
    lines = [[*HEAD[:3], *HEAD[4:], "Product Name", "Quantity", "Sales Price", "Total Price"]]
    for row, deal in zip(ROWS[1:], company(), strict=True):
        first = round(deal["amount"] / 3, 2)
        for product, price in (("Core", first), ("Add-on", round(deal["amount"] - first, 2))):
            lines.append([*row[:3], *row[4:], product, 1, price, price])
    fix = f"{OPPORTUNITIES}amount: {{product_of: ['Quantity', 'Sales Price']}}}}}}}}"
    yield _form("products with quantity and price", lines, fix=fix, says=fix)
    total = f"{OPPORTUNITIES}amount: total price}}}}}}"
    lines = [[*row[:6], row[8]] for row in lines]
    yield _form("products with a total", lines, fix=total, says="'Total Price'")


def _stages() -> Iterator[Form]:
    for language, (won, denied) in DENIED.items():
        stages = ("Discovery", "Proposal", won, denied)
        meant = zip(stages, ("lead", "pipeline", "won", "lost"), strict=True)
        fix = "stages: {" + ", ".join(f"{stage}: {to}" for stage, to in meant) + "}\nunqualified: keep"
        yield _form(
            f"a win denied in {language}", table(Tongue(ENGLISH.headings, stages)), fix=fix, says="0 as lost"
        )
    for stage in ("To be won", "Likely won", "Almost won"):
        waiting = Tongue(
            ENGLISH.headings, ("Discovery", stage, "Closed Won!", "Closed Lost - Competitor won")
        )
        yield _form(f"open as {stage}", table(waiting))


def _amounts() -> Iterator[Form]:
    def currency(deal: Row) -> str:
        return ("USD", "EUR", "GBP")[int(deal["id"][10:12]) % 3]

    def own(deal: Row) -> str:
        return f"{deal['amount'] / RATES[currency(deal)]:.2f}"

    more = {"Amount (USD)": lambda deal: f"{deal['amount']:.2f}", "Currency": currency}
    rows = with_amounts(table(ENGLISH, **more), own)
    yield _form("an amount in USD next to one in three currencies", rows, currency="USD")
    swapped = [[*row[:3], row[6], *row[4:6], row[3], row[7]] for row in rows]
    yield _form("an amount in three currencies next to one in USD", swapped, currency="USD")
    expected = [[*HEAD[:3], "Expected Revenue", *HEAD[4:]], *ROWS[1:]]
    fix = f"{OPPORTUNITIES}amount: Expected Revenue}}}}}}"
    yield _form(
        "an expected revenue alone", expected, fix=fix, says="'Expected Revenue' only if it is not weighted"
    )
    due = [[*HEAD[:5], "Expected Date", "date_won", "date_lost"]]
    for row, deal in zip(ROWS[1:], company(), strict=True):
        ends = [row[5] if deal["stage"] == end else "" for end in (2, 3)]
        due.append([*row[:5], "" if deal["stage"] > 1 else row[5], *ends])
    yield _form("days of ends next to an expected date", due, distinct={"close_date": 5})
