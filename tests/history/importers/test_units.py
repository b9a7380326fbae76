"""Units that stand outside the headings: in lines above and below a table, in names of sheets and files."""

from pathlib import Path

import openpyxl
import pytest

from simulator.errors import InputError
from simulator.history.importers.fields.units import Stated, stated_unit
from simulator.history.importers.importer import Imported, import_files
from tests.history.importers.exports import import_texts
from tests.history.importers.forms import SALESFORCE, as_csv, table, totals
from tests.history.importers.test_forms import figures

ROWS = table(SALESFORCE["English"])
AMOUNT = ROWS[0].index("Amount")
EXACT = totals()


def divided(scale: float, sign: str = "") -> list[list[object]]:
    """Return the company's rows with amounts in thousands or millions."""
    rows = [list(row) for row in ROWS]
    for row in rows[1:]:
        row[AMOUNT] = f"{sign}{float(row[AMOUNT]) / scale:.8f}" if row[AMOUNT] else ""
    return rows


def workbook(path: Path, rows: list[list[object]], title: str = "Deals") -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.title = title
    for row in rows:
        book.active.append(row)
    book.save(path)
    return path


def check(got: Imported, currency: str) -> None:
    assert figures(got) == EXACT
    assert got.understanding.figures["currency"] == currency


@pytest.mark.parametrize(
    ("line", "scale", "currency"),
    [
        ("Opportunities (amounts in thousands EUR)", 1e3, "EUR"),
        ("All values in k€", 1e3, "EUR"),
        ("Pipeline, values in USD '000", 1e3, "USD"),
        ("Beträge in TEUR", 1e3, "EUR"),
        ("Angaben in Mio. EUR (ohne MwSt.)", 1e6, "EUR"),
        ("Montants en milliers d'euros", 1e3, "EUR"),
        ("Amounts in 1,000 GBP", 1e3, "GBP"),
        ("Währung: CHF", 1.0, "CHF"),
        ("Amounts in thousands", 1e3, ""),
        ("Filter: Amount greater than 10,000; 5 million rows; 100k EUR or more", 1.0, ""),
        ("Opportunities in EMEA (won)", 1.0, ""),
    ],
)
def test_a_line_around_the_table_says_the_unit(
    line: str, scale: float, currency: str, tmp_path: Path
) -> None:
    rows, title = divided(scale), f'"{line}"\n\n'.encode()
    for i, content in enumerate((title + as_csv(rows), as_csv(rows) + title)):
        path = tmp_path / f"deals{i}.csv"
        path.write_bytes(content)
        check(import_files("salesforce", [path]), currency)
    width = len(rows[0])
    for i, some in enumerate(([[line], [], *rows], [*rows, [line, *[None] * (width - 1)]])):
        path = workbook(tmp_path / f"deals{i}.xlsx", some)
        check(import_files("salesforce", [path]), currency)


@pytest.mark.parametrize("name", ["deals EUR", "deals_eur_2026", "deals (kEUR)", "Pipeline TEUR"])
def test_the_name_of_a_file_or_sheet_says_the_unit(name: str, tmp_path: Path) -> None:
    rows = divided(1e3 if "EUR" in name.replace(" EUR", "") else 1.0)
    path = tmp_path / f"{name}.csv"
    path.write_bytes(as_csv(rows))
    check(import_files("salesforce", [path]), "EUR")
    path = workbook(tmp_path / "deals.xlsx", rows, name)
    check(import_files("salesforce", [path]), "EUR")


def test_files_named_for_two_currencies_are_never_mixed(tmp_path: Path) -> None:
    files = {"deals_eur_csv": as_csv([ROWS[0], *ROWS[1:12]]), "deals_usd_csv": as_csv([ROWS[0], *ROWS[12:]])}
    with pytest.raises(InputError, match="several currencies: EUR, USD"):
        import_texts(tmp_path, "salesforce", **files)
    got = import_texts(tmp_path, "salesforce", "{currency: USD, rates: {EUR: 2}}", **files)
    assert sum(figures(got)[end][1] for end in figures(got)) > sum(EXACT[end][1] for end in EXACT)


def test_a_map_wins_over_a_line_above(tmp_path: Path) -> None:
    text = b'"Amounts in thousands EUR"\n\n' + as_csv(ROWS)
    for line in ("{column: Amount, times: 1}", "{times: 1}"):
        columns = f"{{amount: {line}, currency: {{constant: USD}}}}"
        got = import_texts(
            tmp_path, "salesforce", f"tables: {{opportunities: {{columns: {columns}}}}}", o_csv=text
        )
        check(got, "USD")


MONTHS = "customer,2025-01,2025-02,2025-03\nA,1,1,2\nB,3,3,3\nC,5,5,5\n"


def test_monthly_revenue_is_in_the_unit_of_its_title(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "mrr", mrr_csv='"MRR in k€"\n' + MONTHS)
    assert got.understanding.figures["arr"] == 12 * 10_000
    assert got.understanding.figures["currency"] == "EUR"
    with pytest.raises(InputError, match=r"such as 2025-01 .k€."):
        import_texts(tmp_path, "mrr", mrr_csv='"Thousand Oaks"\n' + MONTHS)
    named = MONTHS.replace("2025-01", "2025-01 (k€)").replace("2025-02", "2025-02 (k€)")
    got = import_texts(
        tmp_path, "mrr", mrr_csv='"Thousand Oaks"\n' + named.replace("2025-03", "2025-03 (k€)")
    )
    assert got.understanding.figures["arr"] == 12 * 10_000


def test_lines_that_contradict_each_other_are_unclear() -> None:
    assert stated_unit(("in k€", "in EUR"), "deals.csv") == Stated("EUR", 1e3, "in k€")
    assert stated_unit(("in k€", "in kUSD"), "deals.csv").unclear == "in k€ / in kUSD"
    assert stated_unit(("Thousand Oaks Inc",), "deals.csv").unclear == "Thousand Oaks Inc"
    counts = ("Total: 1,000", "Rows: 1000", "Deals (1000)", "1,000 EUR", "Limited to 1,000,000 rows")
    assert [stated_unit((text,), "deals.csv") for text in counts] == [Stated()] * len(counts)
    assert stated_unit(("Pipeline (1,000 EUR)",), "deals.csv").unclear == "Pipeline (1,000 EUR)"
    assert stated_unit((), "part-000.csv") == stated_unit((), "export_20260301_000.csv") == Stated()
    assert stated_unit(("USD 000",), "deals.csv").unclear == "USD 000"
    assert stated_unit(("Assigned to Miles", "Try all of it in ALL"), "miles_try_TRY.csv") == Stated()


def test_cells_with_their_own_unit_are_not_scaled_again(tmp_path: Path) -> None:
    rows = divided(1e3)
    rows[0][AMOUNT] = "Amount (k€)"
    for row in rows[1:]:
        row[AMOUNT] = f"{row[AMOUNT]}k"
    check(import_texts(tmp_path, "salesforce", o_csv=as_csv(rows)), "EUR")
    rows[3][AMOUNT] = str(rows[3][AMOUNT]).removesuffix("k")
    with pytest.raises(InputError, match="only some cells say so again"):
        import_texts(tmp_path, "salesforce", o_csv=as_csv(rows))


def test_a_row_of_units_below_the_headings_counts(tmp_path: Path) -> None:
    rows = divided(1e3)
    units = ["k€" if place == AMOUNT else "" for place in range(len(rows[0]))]
    check(import_texts(tmp_path, "salesforce", o_csv=as_csv([rows[0], units, *rows[1:]])), "EUR")


@pytest.mark.parametrize("odd", ["#,##0.00 [$€-407]", '"£"#,##0', '"$"#,##0', "#,##0"])
def test_formats_of_cells_show_their_currency(odd: str, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    for i, row in enumerate(ROWS):
        cells = [float(c) if i and place == AMOUNT and c else c for place, c in enumerate(row)]
        book.active.append(cells)
        cell = book.active.cell(i + 1, AMOUNT + 1)
        cell.number_format = odd if i == 5 else "#,##0.00 [$€-407]"
    book.save(tmp_path / "o.xlsx")
    if "£" in odd:
        with pytest.raises(InputError, match="several currencies: EUR, GBP"):
            import_files("salesforce", [tmp_path / "o.xlsx"])
    else:
        check(import_files("salesforce", [tmp_path / "o.xlsx"]), "EUR")
