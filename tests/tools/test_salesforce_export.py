"""The sample company's Salesforce export comes back as the sample company."""

from pathlib import Path

import pandas as pd
import pytest

from simulator.history.importers.importer import import_files
from simulator.history.load import load_history
from tools.sample_company.salesforce_export import salesforce_id, write_salesforce_export

SAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "sample" / "history"


@pytest.fixture(scope="module")
def sample():
    return load_history(SAMPLE)


@pytest.fixture(scope="module")
def imported(sample, tmp_path_factory):
    files = write_salesforce_export(sample, tmp_path_factory.mktemp("export"))
    return import_files("salesforce", files)


def test_every_deal_comes_back_with_its_amount_days_and_owner(sample, imported):
    theirs = imported.history.opportunities.set_index("opportunity_id")
    ours = sample.opportunities.assign(
        opportunity_id=sample.opportunities["opportunity_id"].map(salesforce_id)
    )
    ours = ours.set_index("opportunity_id").loc[theirs.index]
    assert len(theirs) == len(ours) == len(sample.opportunities)
    for column in ("amount", "created_date", "close_date"):
        pd.testing.assert_series_equal(theirs[column], ours[column], check_names=False)
    assert (theirs["outcome"].fillna("") == ours["outcome"].fillna("")).mean() > 0.97
    known = ours["owner"].notna()
    assert (theirs.loc[known, "owner"] == ours.loc[known, "owner"]).all()


def test_bookings_and_losses_are_the_samples(sample, imported):
    for outcome in ("won", "lost_competition"):
        deals = [history.opportunities for history in (sample, imported.history)]
        amounts = [table.loc[table["outcome"] == outcome, "amount"].sum() for table in deals]
        assert amounts[0] == pytest.approx(amounts[1], abs=0.01)


def test_stages_and_their_categories_come_back(sample, imported):
    theirs = imported.history.stages.set_index("stage")["category"]
    ours = sample.stages.set_index("stage")["category"]
    assert set(theirs.index) == set(ours.index)
    same = ours.index.drop("Prospecting")
    assert (theirs[same] == ours[same]).all()
    assert theirs["Prospecting"] == "omitted"


def test_the_footer_is_no_deal(imported):
    assert "closing lines" in imported.understanding.files[0].read_as
