from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from tests.history.importers.exports import HUBSPOT, import_texts


def test_dates_of_stages_become_changes(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "hubspot", deals_csv=HUBSPOT).history
    changes = got.stage_changes
    assert len(changes) == 8
    assert changes.loc[changes["opportunity_id"] == "1", "stage"].tolist() == [
        "Appointment scheduled",
        "Contract sent",
        "Closed won",
    ]
    assert dict(zip(got.stages["stage"], got.stages["category"], strict=True)) == {
        "Appointment scheduled": "pipeline",
        "Contract sent": "commit",
        "Closed lost": "closed",
        "Closed won": "closed",
    }
    deals = got.opportunities.set_index("opportunity_id")
    assert deals["outcome"].fillna("open").tolist() == ["won", "lost_competition", "open", "open"]
    assert deals.loc["1", "closed_date"] == pd.Timestamp("2024-03-01")


def test_close_dates_of_closed_deals_are_not_taken_for_plans(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "hubspot", deals_csv=HUBSPOT).history
    deals = got.opportunities.set_index("opportunity_id")["close_date"]
    assert deals.loc[["1", "2"]].isna().all()
    assert deals.loc[["3", "4"]].notna().all()
    assert any("not plans" in note for note in got.notes)


def test_property_names_are_known_and_stages_guessed_loudly(tmp_path: Path) -> None:
    deals = (
        "hs_object_id,dealname,dealstage,amount,closedate,createdate,hs_v2_date_entered_appointmentscheduled,"
        "hs_date_entered_appointmentscheduled,hs_date_entered_contractsent,hs_date_entered_closedwon\n"
        "1,A,closedwon,10,2024-03-01,2024-01-01,2024-01-01,2023-12-24,2024-02-01,2024-03-01\n"
        "2,B,contractsent,10,2024-06-01,2024-01-01,2024-01-01,2023-12-24,2024-02-01,\n"
    )
    got = import_texts(tmp_path, "hubspot", deals_csv=deals)
    first = got.history.stage_changes.iloc[0]
    assert first["changed_at"] == pd.Timestamp("2024-01-01")
    stages = {stage.stage: stage for stage in got.understanding.stages}
    assert stages["closedwon"].outcome == "won"
    assert "GUESSED" in stages["contractsent"].decided_by
    assert len(got.history.stage_changes) == 5


def test_without_dates_of_stages_the_import_says_what_is_missing(tmp_path: Path) -> None:
    deals = (
        "Record ID,Deal Stage,Amount,Close Date,Create Date\n"
        "1,Closed Won,10,2024-03-01,2024-01-01\n2,Contract sent,10,2024-06-01,2024-01-01\n"
    )
    got = import_texts(tmp_path, "hubspot", deals_csv=deals).history
    assert len(got.stage_changes) == 0
    assert any("Date entered" in note for note in got.notes)
    assert got.opportunities["outcome"].fillna("open").tolist() == ["won", "open"]


@pytest.mark.parametrize("other", ["Amount in company currency", "Amount (USD)"])
def test_an_amount_that_the_map_names_keeps_the_currency_of_its_deals(other: str, tmp_path: Path) -> None:
    heading = f"Record ID,Deal Stage,Amount,{other},Currency,Create Date,Close Date\n"
    rows = "1,Closed won,100,100,USD,2024-01-01,2024-02-01\n2,Closed lost,100,108,EUR,2024-01-02,2024-02-02\n"
    named = "tables: {opportunities: {columns: {amount: Amount}}}\n"
    assert (
        import_texts(tmp_path, "hubspot", d_csv=heading + rows).history.opportunities["amount"].sum() == 208.0
    )
    with pytest.raises(InputError, match="several currencies: EUR, USD"):
        import_texts(tmp_path, "hubspot", named, d_csv=heading + rows)
    rates = f"{named}currency: USD\nrates: {{EUR: 1.1}}\n"
    got = import_texts(tmp_path, "hubspot", rates, d_csv=heading + rows)
    assert got.history.opportunities["amount"].round(2).tolist() == [100.0, 110.0]


LOST_FLAG = """Record ID,Deal Stage,Amount,Close Date,Create Date,Is Closed Won,Is closed lost
1,Renewed,1000,2024-03-01,2024-01-01,true,false
2,Churned,2000,2024-03-05,2024-01-02,false,true
3,Up for renewal,3000,2024-05-05,2024-01-03,false,false
"""


def test_a_mark_of_lost_deals_says_which_are_lost(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "hubspot", deals_csv=LOST_FLAG)
    assert got.history.opportunities["outcome"].fillna("open").tolist() == ["won", "lost_no_decision", "open"]


@pytest.mark.parametrize(("heading", "kept"), [("Deal - Is archived", 3), ("Archiviert", 3), ("archived", 2)])
def test_archived_deals_are_asked_about_where_archived_is_not_deleted(
    heading: str, kept: int, tmp_path: Path
) -> None:
    lines = LOST_FLAG.splitlines()
    ends = [heading, "Yes", "No", "No"]
    text = "\n".join(f"{line},{end}" for line, end in zip(lines, ends, strict=True))
    if kept == 3:
        with pytest.raises(InputError, match="1 deals are archived"):
            import_texts(tmp_path, "hubspot", deals_csv=text)
        left = import_texts(tmp_path, "hubspot", "deleted: drop", deals_csv=text)
        assert len(left.history.opportunities) == 2
    got = import_texts(tmp_path, "hubspot", "deleted: keep" if kept == 3 else None, deals_csv=text)
    assert len(got.history.opportunities) == kept
