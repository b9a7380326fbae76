from pathlib import Path

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.states import deal_states
from tests.history.importers.exports import FIELDS, HISTORY, OPPORTUNITIES, import_texts


def test_export_headings_and_api_names_become_one_history(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "salesforce", opps_csv=OPPORTUNITIES, hist_csv=HISTORY).history
    deals = got.opportunities.set_index("opportunity_id")
    assert deals["outcome"].fillna("open").to_dict() == {
        "0061a": "won",
        "0061b": "lost_competition",
        "0061c": "open",
        "0061d": "open",
        "0061e": "lost_no_decision",
    }
    assert deals.loc["0061a", "amount"] == 12_000
    assert deals.loc["0061a", "closed_date"] == pd.Timestamp("2024-03-15")
    assert deals.loc["0061c", "close_date"] == pd.Timestamp("2024-06-30")
    assert deals["closed_date"].notna().sum() == 3
    assert deals["type"].tolist() == ["new", "new", "expansion", "new", "renewal"]
    assert deals["segment"].tolist() == ["EMEA", "AMER", "EMEA", "AMER", "AMER"]
    stages = got.stages.set_index("stage")["category"].to_dict()
    assert stages == {
        "Prospecting": "pipeline",
        "Proposal": "best_case",
        "Negotiation": "commit",
        "Closed Lost": "closed",
        "Closed Won": "closed",
    }
    assert len(got.stage_changes) == 11
    assert deal_states(got).pushes.max() == 1


def test_what_was_left_out_is_told_with_counts(tmp_path: Path) -> None:
    told = import_texts(tmp_path, "salesforce", opps_csv=OPPORTUNITIES, hist_csv=HISTORY).understanding
    assert {d.reason: d.rows for d in told.dropped} == {
        "deleted in the CRM (IsDeleted)": 1,
        "changes of deals that are not in the file of deals": 1,
    }
    notes = " ".join(told.notes)
    assert "Most Likely counts as best_case" in notes
    assert "Lost to competitor → lost_competition (1)" in notes
    assert "Amounts are in USD" in notes
    assert "2 closing lines" in told.files[0].read_as
    assert told.files[0].unused == ("Opportunity Name",)


def test_warehouse_names_are_known(tmp_path: Path) -> None:
    opps = (
        "id,is_deleted,stage_name,amount,close_date,created_date,is_closed,is_won,forecast_category_name\n"
        "1,false,Open,5,2024-05-01 00:00:00,2024-01-01 08:00:00,false,false,Pipeline\n"
        "2,true,Open,5,2024-05-01 00:00:00,2024-01-01 08:00:00,false,false,Pipeline\n"
        "3,false,Done,7,2024-02-01 00:00:00,2024-01-01 08:00:00,true,true,Closed\n"
    )
    hist = (
        "id,_fivetran_start,_fivetran_end,stage_name,amount,close_date,forecast_category_name\n"
        "1,2024-01-01 08:00:00,9999-12-31 23:59:59,Open,5,2024-05-01 00:00:00,Pipeline\n"
        "3,2024-01-01 08:00:00,2024-02-01 09:00:00,Open,7,2024-03-01 00:00:00,Pipeline\n"
        "3,2024-02-01 09:00:00,9999-12-31 23:59:59,Done,7,2024-02-01 00:00:00,Closed\n"
    )
    got = import_texts(tmp_path, "salesforce", opps_csv=opps, hist_csv=hist)
    assert got.history.opportunities["opportunity_id"].tolist() == ["1", "3"]
    assert got.history.opportunities["outcome"].fillna("").tolist() == ["", "won"]
    assert len(got.history.stage_changes) == 3
    assert [d.rows for d in got.understanding.dropped] == [1]


def test_rows_all_marked_deleted_are_kept_and_said(tmp_path: Path) -> None:
    opps = (
        "Id,IsDeleted,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n"
        "1,true,A,5,2024-05-01,2024-01-01,true,true\n"
    )
    got = import_texts(tmp_path, "salesforce", opps_csv=opps)
    assert len(got.history.opportunities) == 1
    assert any("every row is marked as deleted" in note for note in got.history.notes)


def test_a_history_of_fields_is_put_together_again(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "salesforce", opps_csv=OPPORTUNITIES, fields_csv=FIELDS).history
    acme = got.stage_changes[got.stage_changes["opportunity_id"] == "0061a"]
    assert acme["stage"].tolist() == ["Prospecting", "Proposal", "Proposal", "Closed Won"]
    assert acme["amount"].tolist() == [10_000, 10_000, 12_000, 12_000]
    assert acme["close_date"].dt.strftime("%m-%d").tolist() == ["02-28", "02-28", "03-31", "03-31"]
    assert not got.stages["stage"].str.contains("[", regex=False).any()


def test_the_history_alone_gives_the_deals_of_its_last_rows(tmp_path: Path) -> None:
    got = import_texts(tmp_path, "salesforce", hist_csv=HISTORY).history
    deals = got.opportunities.set_index("opportunity_id")
    assert len(deals) == 6
    assert deals.loc["0061a", "outcome"] == "won"
    assert deals.loc["0061c", "created_date"] == pd.Timestamp("2024-02-01")


@pytest.mark.parametrize(("stated", "closed"), [("2024-01-20", "2024-01-20"), ("2024-08-20", "2024-06-01")])
def test_a_deal_closed_before_its_history_began_closed_on_its_close_date(
    stated: str, closed: str, tmp_path: Path
) -> None:
    opps = (
        "Id,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n"
        f"1,Won,5,{stated},2024-01-01,true,true\n2,Open,5,2024-09-20,2024-01-01,false,false\n"
    )
    hist = (
        "Id,OpportunityId,CreatedDate,StageName,CloseDate,ForecastCategory\n"
        f"a,1,2024-06-01T00:00:00Z,Won,{stated},Closed\nb,2,2024-06-01T00:00:00Z,Open,2024-09-20,Pipeline\n"
    )
    got = import_texts(tmp_path, "salesforce", opps_csv=opps, hist_csv=hist).history
    assert got.opportunities["closed_date"].iloc[0] == pd.Timestamp(closed)


@pytest.mark.parametrize("newest_first", [True, False])
def test_rows_of_one_second_follow_the_order_of_their_file(newest_first: bool, tmp_path: Path) -> None:
    rows = [
        "1,A,2024-01-01T10:00:00Z,Qualification,5,2024-09-20,Pipeline",
        "2,A,2024-01-01T10:00:00Z,Discovery,5,2024-09-20,Pipeline",
        "3,A,2024-02-01T10:00:00Z,Proposal,5,2024-09-20,BestCase",
    ]
    hist = "Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,ForecastCategory\n"
    hist += "\n".join(rows[::-1] if newest_first else rows) + "\n"
    changes = import_texts(tmp_path, "salesforce", hist_csv=hist).history.stage_changes
    assert changes["stage"].tolist() == ["Qualification", "Discovery", "Proposal"]


def test_a_change_to_an_amount_below_zero_keeps_the_amount_before(tmp_path: Path) -> None:
    hist = "Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,ForecastCategory\n" + "".join(
        f"{i},A,2024-0{i}-01T10:00:00Z,{stage},{amount},2024-09-20,Pipeline\n"
        for i, (stage, amount) in enumerate([("One", 10), ("Two", -3), ("Three", 12)], start=1)
    )
    got = import_texts(tmp_path, "salesforce", hist_csv=hist)
    assert got.history.stage_changes["amount"].fillna(-1).tolist() == [10, -1, 12]
    assert any("1 changes have an amount below zero" in note for note in got.understanding.notes)


COUNTED = "tables: {opportunities: {columns: {amount: {constant: 1}}}}"
"""Map that counts deals, where an export has no amounts."""


def test_a_category_that_changed_for_a_stage_is_dated(tmp_path: Path) -> None:
    rows = [
        f"{i},{i},2024-0{1 + i // 10}-{1 + i % 10:02d}T00:00:00Z,Proposal,{word}"
        for i, word in enumerate(["Pipeline"] * 20 + ["BestCase"] * 20)
    ]
    hist = "Id,OpportunityId,CreatedDate,StageName,ForecastCategory\n" + "\n".join(rows) + "\n"
    stages = import_texts(tmp_path, "salesforce", COUNTED, hist_csv=hist).history.stages
    assert stages["category"].tolist() == ["pipeline", "best_case"]
    assert pd.isna(stages["valid_from"].iloc[0])
    assert stages["valid_from"].iloc[1] == pd.Timestamp("2024-03-01")


def test_a_category_set_by_hand_becomes_a_stage_of_its_own(tmp_path: Path) -> None:
    word = ["Commit" if i % 4 == 0 else "Pipeline" for i in range(40)]
    rows = [f"{i},{i},2024-01-{1 + i % 28:02d}T00:00:00Z,Proposal,{word[i]}" for i in range(40)]
    hist = "Id,OpportunityId,CreatedDate,StageName,ForecastCategory\n" + "\n".join(rows) + "\n"
    got = import_texts(tmp_path, "salesforce", COUNTED, hist_csv=hist).history
    assert dict(zip(got.stages["stage"], got.stages["category"], strict=True)) == {
        "Proposal": "pipeline",
        "Proposal [commit]": "commit",
    }
    assert (got.stage_changes["stage"] == "Proposal [commit]").sum() == 10


def test_a_file_that_is_nothing_of_salesforce_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        import_texts(tmp_path, "salesforce", people_csv="name,town\nAnn,Bonn\n")
    assert "people.csv" in str(caught.value)
    assert "no column is read as the amount" in str(caught.value)


def test_ids_that_never_meet_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no change belongs to any deal"):
        import_texts(tmp_path, "salesforce", opps_csv=OPPORTUNITIES, hist_csv=HISTORY.replace("0061", "0077"))


def test_a_map_may_name_the_segment(tmp_path: Path) -> None:
    extra = "currency: USD\ntables:\n  opportunities:\n    columns:\n      segment: Lead Source\n"
    got = import_texts(tmp_path, "salesforce", extra, opps_csv=OPPORTUNITIES, hist_csv=HISTORY).history
    assert got.opportunities["segment"].tolist() == ["Web", "Event", "unknown", "Web", "Event"]


def test_several_currencies_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="several currencies: EUR, USD"):
        import_texts(
            tmp_path, "salesforce", opps_csv=OPPORTUNITIES.replace('"8000"', '"€8,000"'), hist_csv=HISTORY
        )


def test_converted_amounts_are_preferred_to_those_in_many_currencies(tmp_path: Path) -> None:
    opps = (
        "Opportunity ID,Stage,Amount,Amount Currency,Amount (converted),Close Date,Created Date\n"
        "1,Closed Won,100,EUR,110,2024-02-01,2024-01-01\n2,Closed Lost,100,USD,100,2024-02-01,2024-01-01\n"
    )
    got = import_texts(tmp_path, "salesforce", opps_csv=opps).history
    assert got.opportunities["amount"].tolist() == [110, 100]


@pytest.mark.parametrize(("rate", "steady"), [(2, True), (20, False)])
def test_a_history_in_own_currency_is_scaled_where_deals_have_one_rate(
    rate: int, steady: bool, tmp_path: Path
) -> None:
    opps = "Opportunity ID,Stage,Amount,Amount Currency,Amount (converted),Close Date,Created Date\n"
    hist = "Id,OpportunityId,CreatedDate,StageName,Amount,CurrencyIsoCode,CloseDate,ForecastCategory\n"
    for i in range(1, 7):
        opps += f"{i},Open,100,EUR,{100 * (rate if i > 3 else 2)},2024-09-01,2024-01-01\n"
        hist += f"h{i},{i},2024-0{i}-02T10:00:00Z,Open,100,EUR,2024-09-01,Pipeline\n"
    got = import_texts(tmp_path, "salesforce", "currency: USD\n", opps_csv=opps, hist_csv=hist, accept=True)
    assert (set(got.history.stage_changes["amount"]) == {200}) == steady
    assert bool(got.conflicts) != steady


def test_long_and_short_ids_are_the_same_deal(tmp_path: Path) -> None:
    opps = (
        "Id,StageName,Amount,CloseDate,CreatedDate,IsClosed,IsWon\n"
        "0065g00000ABCdeAAF,Won,5,2024-02-20,2024-01-01,true,true\n"
    )
    hist = (
        "Opportunity ID,Last Modified,To Stage,Close Date\n"
        "0065g00000ABCde,2024-01-01,Open,2024-03-20\n0065g00000ABCde,2024-02-20,Won,2024-02-20\n"
    )
    got = import_texts(tmp_path, "salesforce", opps_csv=opps, hist_csv=hist).history
    assert len(got.stage_changes) == 2
    assert got.opportunities["opportunity_id"].tolist() == ["0065g00000ABCde"]


def test_rules_of_the_map_are_added_to_those_of_the_kind(tmp_path: Path) -> None:
    deals = "Id,StageName,Amount,CloseDate,CreatedDate,IsDeleted\n" + "".join(
        f"{i},{stage},{amount},2024-03-01,2024-01-01,{gone}\n"
        for i, (stage, amount, gone) in enumerate(
            [
                ("Closed Won", 10, "false"),
                ("Closed Won", 20, "true"),
                ("Closed Lost", 30, "false"),
                ("Open", 1, "false"),
            ]
        )
    )
    for rule in ("{Amount: below 5}", "[{column: Amount, below: 5}]"):
        said = f"tables: {{opportunities: {{drop: {rule}}}}}"
        assert set(
            import_texts(tmp_path, "salesforce", said, o_csv=deals).history.opportunities["amount"]
        ) == {10, 30}
