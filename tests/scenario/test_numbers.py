import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.scenario.numbers import (
    LARGEST,
    ReadingError,
    money_text,
    percent_text,
    read_factor,
    read_money,
    read_number,
    read_share,
    read_whole,
)

READERS = (read_money, read_share, read_factor, read_number, read_whole)


@pytest.mark.parametrize(
    ("written", "amount"),
    [
        ("1.2M", 1.2e6),
        ("750k", 750e3),
        ("2bn", 2e9),
        ("3 mm", 3e6),
        ("1,200,000", 1.2e6),
        ("1 200 000.50", 1200000.5),
        ("1'200'000", 1.2e6),
        ("1_000", 1000),
        ("$1.2M", 1.2e6),
        ("€ 750k", 750e3),
        ("1.234M", 1.234e6),
        ("12e3", 12e3),
        ("0", 0),
        (1200, 1200),
        (0.5, 0.5),
    ],
)
def test_amounts_are_read_as_people_write_them(written, amount):
    assert read_money(written) == amount


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("1.200,00", "1200.00"),
        ("1.200", "1,200 or 1.2"),
        ("1.200.000", "1200000"),
        ("1,2", "1.2"),
        ("12,50", "12.50"),
        ("5%", "1.2M"),
        ("12 apples", "1.2M"),
        ("-5k", "zero or more"),
        ("1e16", "1e+15"),
        ("", "1.2M"),
        ("$", "1.2M"),
        ("nan", "1.2M"),
        ("inf", "1.2M"),
        ("0x1f", "1.2M"),
        ("٣", "1.2M"),
        (math.nan, "1.2M"),
        (math.inf, "1e+15"),
        (10**400, "1e+15"),
        (True, "1.2M"),
        (None, "1.2M"),
        ([1], "1.2M"),
    ],
)
def test_amounts_that_are_none_or_ambiguous_are_refused_with_a_remedy(written, remedy):
    with pytest.raises(ReadingError) as caught:
        read_money(written)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("written", "share"), [("45%", 0.45), (0.45, 0.45), ("5 %", 0.05), (1, 1), ("0.125", 0.125)]
)
def test_shares(written, share):
    assert read_share(written) == share


@pytest.mark.parametrize(
    ("written", "remedy"), [("45", "45%"), (45, "45%"), ("120%", "45%"), ("45,5%", "45.5"), (-0.1, "45%")]
)
def test_shares_refused(written, remedy):
    with pytest.raises(ReadingError) as caught:
        read_share(written)
    assert remedy in caught.value.remedy


@pytest.mark.parametrize(
    ("written", "factor"),
    [
        ("+20%", 1.2),
        ("-20%", 0.8),
        ("x0.8", 0.8),
        ("×0.8", 0.8),
        (1.1, 1.1),
        ("1.125", 1.125),
        (0, 0),
        ("−20%", 0.8),
    ],
)
def test_factors(written, factor):
    assert read_factor(written) == pytest.approx(factor, abs=1e-15)


@pytest.mark.parametrize(
    ("written", "remedy"),
    [
        ("80%", "x0.8"),
        ("+10", "+10% or x10"),
        ("-20", "-20%"),
        (-0.2, "-20%"),
        ("-120%", "-100%"),
        ("x", "x1.2"),
        ("%", "x1.2"),
    ],
)
def test_factors_refused(written, remedy):
    with pytest.raises(ReadingError) as caught:
        read_factor(written)
    assert remedy in caught.value.remedy


def test_whole_numbers():
    assert (read_whole("10k"), read_whole(1e4), read_whole(2**62)) == (10_000, 10_000, 2**62)
    for wrong in (10.5, "1.5", -1, True, "60%", "$5"):
        with pytest.raises(ReadingError):
            read_whole(wrong)


@settings(derandomize=True, deadline=None)
@given(
    st.one_of(
        st.text(max_size=30), st.floats(), st.integers(), st.booleans(), st.none(), st.lists(st.integers())
    )
)
def test_whatever_is_written_gives_a_sound_number_or_a_remedy(written):
    for reader in READERS:
        try:
            number = reader(written)
        except ReadingError as error:
            assert str(error)
            assert error.remedy
        else:
            assert 0 <= number <= max(LARGEST, 2**63)


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet="0123456789.,-+%kKMmbnx $€eE'_ ", max_size=14))
def test_number_like_text_gives_a_sound_number_or_a_remedy(written):
    test_whatever_is_written_gives_a_sound_number_or_a_remedy.hypothesis.inner_test(written)


@settings(derandomize=True, deadline=None)
@given(st.integers(0, 10**14).map(lambda cents: cents / 100))
def test_amounts_in_words_read_back_to_the_cent(amount):
    assert read_money(money_text(amount)) == pytest.approx(amount, abs=0.005, rel=1e-15)


def test_words():
    assert [money_text(a) for a in (1.2e6, 750e3, 2e9, 12345.67, 0, 999)] == [
        "1.2M",
        "750k",
        "2bn",
        "12,345.67",
        "0",
        "999",
    ]
    assert percent_text(0.45) == "45 %"
