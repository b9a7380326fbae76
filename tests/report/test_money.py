import math

import pytest

from simulator.report.money import (
    format_money,
    format_multiple,
    format_share,
    money_scale,
    shorten_amounts,
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0"), (0.4, "$0"), (7, "$7"), (999.4, "$999"), (1000, "$1k"), (1234, "$1.23k"),
        (999_499, "$999k"), (999_500, "$1M"), (9_849_000, "$9.85M"), (12_000_000, "$12M"),
        (12_340_000, "$12.3M"),
        (2_500_000_000, "$2.5B"), (-1_200_000, "−$1.2M"), (math.nan, "n/a"), (math.inf, "n/a"),
    ],
)  # fmt: skip
def test_money(amount, text):
    assert format_money(amount, "USD") == text


def test_amounts_in_sentences_are_written_as_everywhere():
    said = "205 of 539 open deals, 9,344,722 USD, are late. They are in no coverage (12.4M), as 3 (of 4) are."
    assert shorten_amounts(said, "USD") == (
        "205 of 539 open deals, $9.34M, are late. They are in no coverage ($12.4M), as 3 (of 4) are."
    )
    assert shorten_amounts("worth (12.4M)", "CHF") == "worth (CHF 12.4M)"


def test_currencies_without_a_sign_of_their_own_keep_their_code():
    assert format_money(750_000, "CHF") == "CHF 750k"
    assert format_money(750_000, "EUR") == "€750k"


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0%"), (0.004, "under 1%"), (0.38, "38%"), (0.996, "over 99%"), (1.0, "100%"), (math.nan, "n/a")],
)
def test_shares_keep_the_possible_apart_from_the_impossible(share, text):
    assert format_share(share) == text


@pytest.mark.parametrize(
    ("multiple", "text"), [(3.0, "3.0×"), (0.874, "0.87×"), (0.996, "1.0×"), (math.nan, "n/a")]
)
def test_multiples(multiple, text):
    assert format_multiple(multiple) == text


def test_amounts_side_by_side_share_a_unit():
    scale = money_scale([4_310_000, 120_000], "USD")
    assert [scale.format(a) for a in (4_310_000, 120_000, 0, -50_000)] == [
        "$4.31M",
        "$0.12M",
        "$0",
        "−$0.05M",
    ]
    assert money_scale([1_440, 240], "CHF").format(1_440) == "CHF 1,440"
    assert money_scale([], "USD").format(0) == "$0"


def test_shown_parts_add_up_to_the_shown_total():
    scale = money_scale([100e6], "USD")
    parts = scale.round_parts([33.4e6, 33.4e6, 33.2e6], 100e6)
    assert sum(parts) == pytest.approx(100e6)
    assert sorted(scale.format(part) for part in parts) == ["$33M", "$33M", "$34M"]
