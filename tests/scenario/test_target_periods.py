import pytest

from simulator.errors import InputError
from simulator.scenario.load import scenario_from_dict


def targets(stated, folder):
    year = {"start_month": 2, "label": "end"}
    scenario = scenario_from_dict({"history": str(folder), "fiscal_year": year, "targets": stated})
    return {quarter: dict(by) for quarter, by in scenario.targets.items()}, scenario.notes


def test_a_year_is_spread_over_the_quarters_without_a_target(tmp_path):
    got, notes = targets({"FY27": "10M", "FY27Q4": "4M"}, tmp_path)
    assert got == {"FY27Q4": {"all": 4e6}, **{f"FY27Q{i}": {"all": 2e6} for i in (1, 2, 3)}}
    assert any("spread evenly over FY27Q1, FY27Q2, FY27Q3" in note for note in notes)


def test_a_year_may_be_given_by_segment(tmp_path):
    got, _ = targets({"FY2027": {"smb": "4M", "all": 8_000_000}}, tmp_path)
    assert got == {f"FY27Q{i}": {"smb": 1e6, "all": 2e6} for i in (1, 2, 3, 4)}


def test_the_months_of_a_fiscal_quarter_are_added(tmp_path):
    got, _ = targets({"2026-02": "1M", "2026-03": "2M", "2026-04": "3.5M", "FY27Q2": "7M"}, tmp_path)
    assert got == {"FY27Q2": {"all": 7e6}, "FY27Q1": {"all": 6.5e6}}


@pytest.mark.parametrize(
    ("stated", "what"),
    [
        ({"2026-02": "1M", "2026-03": "2M"}, "of the three months of FY27Q1 only 2026-02, 2026-03"),
        ({"FY27": "10M", "FY27Q1": "11M"}, "is not the sum of its quarters"),
        ({"FY27": "ten"}, "targets.FY27"),
        ({"2026-13": "1M"}, "2026-13"),
    ],
)
def test_what_does_not_add_up_is_a_fault(stated, what, tmp_path):
    with pytest.raises(InputError, match=what):
        targets(stated, tmp_path)
