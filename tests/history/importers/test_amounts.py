import math

import pandas as pd
import pytest

from simulator.history.importers.fields.amounts import read_amounts
from simulator.history.importers.fields.units import heading_unit


@pytest.mark.parametrize(
    ("cell", "decimal", "amount"),
    [
        ("1200.50", None, 1200.5),
        ("$1,200.50", None, 1200.5),
        ("USD 1,200", None, 1200),
        ("1 200 EUR", None, 1200),
        ("(3,000)", None, -3000),
        ("-5", None, -5),
        ("5-", None, -5),
        ("12,34,567", None, 1_234_567),
        ("1'200.00", None, 1200),
        ("1.200,50 €", ",", 1200.5),
        ("1.200", ",", 1200),
        ("3,5", ",", 3.5),
        ("1.200", ".", 1.2),
        (".5", None, 0.5),
        ("1e3", None, 1000),
    ],
)
def test_amounts_are_read_as_meant(cell: str, decimal: str | None, amount: float) -> None:
    got = read_amounts(pd.Series([cell], dtype="str"), decimal)  # type: ignore[arg-type]
    assert got.numbers.tolist() == [amount]
    assert len(got.bad) == 0


@pytest.mark.parametrize("cell", ["abc", "inf", "nan%", "1e999", "12%", "1.2X", "--5", "$", "1,2,3"])
def test_what_is_no_amount_is_bad(cell: str) -> None:
    got = read_amounts(pd.Series(["1", cell], dtype="str"))
    assert got.bad.tolist() == [cell]
    assert math.isnan(got.numbers[1])


@pytest.mark.parametrize("cell", ["", " ", "N/A", "-", "null", "#N/A", "none"])
def test_empty_cells_are_no_amount_and_no_fault(cell: str) -> None:
    got = read_amounts(pd.Series(["1", cell], dtype="str"))
    assert got.numbers.isna().tolist() == [False, True]
    assert len(got.bad) == 0


def test_points_before_three_digits_throughout_are_doubted() -> None:
    column = pd.Series(["1.200", "15.000", "7"], dtype="str")
    assert read_amounts(column).doubtful.tolist() == ["1.200", "15.000"]
    assert len(read_amounts(column, ",").doubtful) == 0
    assert len(read_amounts(pd.Series(["1.200", "1.25"], dtype="str")).doubtful) == 0


def test_currencies_are_collected() -> None:
    column = pd.Series(["$1", "$1,000", "2 EUR", "£3"], dtype="str")
    assert read_amounts(column).currencies == {"$", "EUR", "GBP"}


def test_numbers_of_typed_files_stay_and_infinities_are_bad() -> None:
    got = read_amounts(pd.Series([1.5, math.inf, math.nan]))
    assert got.numbers[0] == 1.5
    assert got.bad.tolist() == [math.inf]


def test_mixed_types_of_a_workbook_are_read_cell_by_cell() -> None:
    got = read_amounts(pd.Series([1.5, "$2,000", None, 7], dtype=object))
    assert got.numbers.tolist()[:2] == [1.5, 2000]
    assert got.numbers[3] == 7
    assert len(got.bad) == 0


@pytest.mark.parametrize(
    ("heading", "unit"),
    [
        ("Amount (x1000 EUR)", ("Amount", "EUR", 1000.0)),
        ("Amount $M", ("Amount", "$", 1e6)),
        ("Amount (€ x 1.000)", ("Amount", "EUR", 1000.0)),
        ("amount_usd", ("amount", "USD", 1.0)),
        ("amount_all", ("amount_all", "", 1.0)),
    ],
)
def test_headings_say_currency_and_scale(heading: str, unit: tuple[str, str, float]) -> None:
    assert heading_unit(heading) == unit
