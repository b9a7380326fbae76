import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.history.load import load_history, make_history
from tests.history.by_hand import table

HEAD = "opportunity_id,segment,amount,created_date,outcome,closed_date\n"
STAGES = "stage,category\nDiscovery,pipeline\nWon,closed\n"
CHANGES = "opportunity_id,changed_at,stage\nA,2026-01-02,Discovery\n"
ONE_DEAL = HEAD + "A,mid,1,2026-01-01,,\n"


@pytest.fixture
def folder(tmp_path: Path):
    def write(**files: str | bytes) -> Path:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (tmp_path / f"{name}.csv").write_bytes(data)
        return tmp_path

    return write


def faults_of(path: Path) -> list[tuple[str, str, str]]:
    with pytest.raises(InputError) as caught:
        load_history(path)
    return [(fault.where, fault.what, fault.remedy) for fault in caught.value.faults]


def test_only_opportunities_are_needed(folder):
    history = load_history(folder(opportunities=ONE_DEAL))
    assert history.opportunities["opportunity_id"].tolist() == ["A"]
    assert history.opportunities.dtypes["created_date"] == "datetime64[ns]"
    assert all(len(t) == 0 for name, t in history.tables().items() if name != "opportunities")
    assert history.as_of == dt.date(2026, 1, 1)
    assert history.notes == ()


def test_every_fault_of_every_file_is_told_at_once(folder):
    faults = faults_of(
        folder(
            opportunities=HEAD
            + 'A,mid,"1,200",03/04/2026,Won,2026-02-30\n,mid,-5,2026-01-01,,\nB,mid,inf,,,\n',
            stages="stage,category\nDiscovery,pipline\n",
            reps="rep_id,role,segment,start\nr1,ae,mid,2026-01-01\n",
        )
    )
    told = {(where, what) for where, what, _ in faults}
    assert told == {
        ("opportunities.csv, row 2", "amount '1,200' is not a plain number"),
        ("opportunities.csv, row 4", "amount 'inf' is not a plain number"),
        ("opportunities.csv, row 3", "amount '-5' is negative"),
        ("opportunities.csv, row 2", "created_date '03/04/2026' is not a date such as 2026-03-01"),
        ("opportunities.csv, row 2", "outcome 'Won' is not one of its values"),
        ("opportunities.csv, row 2", "closed_date '2026-02-30' is not a date such as 2026-03-01"),
        ("opportunities.csv, row 3", "opportunity_id (unique name of the deal) is empty"),
        ("opportunities.csv, row 4", "created_date (first entered in the CRM) is empty"),
        ("stages.csv, row 2", "category 'pipline' is not one of its values"),
        ("reps.csv, row 1", "column 'start_date' (hired) is missing"),
    }
    remedies = " ".join(remedy for *_, remedy in faults)
    assert "Did you mean 'won'?" in remedies
    assert "Did you mean 'pipeline'?" in remedies
    assert "Did you mean 'start'?" in remedies
    assert all(remedy for *_, remedy in faults)


def test_rows_are_numbered_as_in_the_file_with_blank_and_broken_lines(folder):
    text = HEAD + 'A,"a\nb",1,2026-01-01,,\n\nB,mid\nC,mid,x,2026-01-01,,\n'
    assert [where for where, *_ in faults_of(folder(opportunities=text))] == [
        "opportunities.csv, row 4",
        "opportunities.csv, row 5",
    ]


def test_many_faults_are_counted_not_listed(folder):
    text = HEAD + "".join(f"D{i},mid,5,12.03.2026,,\n" for i in range(300))
    faults = faults_of(folder(opportunities=text))
    assert len(faults) == 6
    assert faults[-1][1].startswith("and 295 more rows")
    broken = HEAD + "".join(f"D{i},mid\n" for i in range(300))
    assert faults_of(folder(opportunities=broken))[-1][1] == "and 295 more such rows"


def test_names_that_must_be_unique_are_named_with_their_rows(folder):
    faults = faults_of(
        folder(opportunities=HEAD + "A,mid,1,2026-01-01,,\nB,mid,1,2026-01-01,,\nA,mid,2,2026-01-01,,\n")
    )
    assert faults == [
        ("opportunities.csv, rows 2, 4", "opportunity_id 'A' is there 2 times", "Keep one of them.")
    ]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"", "is empty"),
        (b"\x89PNG\0\0\0", "not a text file"),
        (b"\xff\xfea\0b\0", "UTF-16"),
        (HEAD.encode() + b"M\xfcller,mid,1,2026-01-01,,\n", "not UTF-8"),
        (b"opportunity_id;segment;amount;created_date\nA;mid;1;2026-01-01\n", "no commas"),
        (b"opportunity_id,segment,amount,amount,created_date\n", "'amount' is there 2 times"),
        (HEAD.encode(), "has no rows"),
        (b"\n\n", "no column names"),
        (HEAD.encode() + b'"A,mid,1,2026-01-01,,\n', "1 cells"),
        (HEAD.encode() + b"A,mid,1,0001-01-01,,\n", "out of any plausible year"),
        (HEAD.encode() + b"A,mid,1e300,2026-01-01,,\n", "implausibly large"),
        (HEAD.encode() + b"A,mid,nan,2026-01-01,,\n", "not a plain number"),
        (HEAD.encode() + b"A,mid,1,2026-01-01T25:00,,\n", "not a date"),
    ],
)
def test_hostile_files_are_refused_in_plain_words(folder, content, what):
    faults = faults_of(folder(opportunities=content))
    assert what in faults[0][1]
    assert faults[0][0].startswith("opportunities.csv")


def test_a_mark_at_the_beginning_blanks_and_offsets_are_understood(folder):
    text = "\ufeffopportunity_id, segment ,amount,created_date\n  A ,mid, 12.5 ,2026-01-01T23:30:00-05:00\n"
    deals = load_history(folder(opportunities=text)).opportunities
    assert deals[["opportunity_id", "segment", "amount"]].to_numpy().tolist() == [["A", "mid", 12.5]]
    assert deals["created_date"].tolist() == [pd.Timestamp("2026-01-02")]


def test_folders_that_are_none_are_refused(tmp_path: Path):
    for path, what in ((tmp_path / "none", "does not exist"), (tmp_path, "holds no opportunities.csv")):
        assert what in faults_of(path)[0][1]
    (tmp_path / "oportunities.csv").write_text("a")
    assert "Did you mean 'oportunities'?" in faults_of(tmp_path)[0][2]
    assert "is a file" in faults_of(tmp_path / "oportunities.csv")[0][1]


@pytest.mark.parametrize("leads_to", ["nowhere.csv", "leads.csv", "/dev/zero", "."])
def test_a_table_that_leads_to_no_file_is_refused_not_left_out(folder, leads_to):
    place = folder(opportunities=ONE_DEAL)
    (place / "leads.csv").symlink_to(leads_to)
    where, what, remedy = faults_of(place)[0]
    assert where == str(place / "leads.csv")
    assert "is not a file" in what
    assert remedy


def test_a_table_behind_a_link_is_read(folder, tmp_path):
    place = folder(opportunities=ONE_DEAL)
    (place / "opportunities.csv").rename(tmp_path / "elsewhere.csv")
    (place / "opportunities.csv").symlink_to(tmp_path / "elsewhere.csv")
    assert len(load_history(place).opportunities) == 1


def test_stages_must_be_explained(folder):
    path = folder(
        opportunities=ONE_DEAL, stage_changes=CHANGES + "A,2026-01-03,Discovry\nA,2026-01-04,Discovry\n"
    )
    assert "no table of stages" in faults_of(path)[0][1]
    folder(stages=STAGES)
    assert faults_of(path) == [
        (
            "stage_changes.csv",
            "stage 'Discovry' (2 changes) is not in stages.csv",
            "Did you mean 'Discovery'?",
        )
    ]


def test_unknown_columns_and_orphans_are_left_out_with_a_note(folder):
    history = load_history(
        folder(
            opportunities=HEAD.replace("\n", ",closed_dat,mood\n") + "A,mid,1,2026-01-01,,,x,y\n",
            stage_changes=CHANGES + "Z,2026-03-03,Discovery\n",
            stages=STAGES,
        )
    )
    assert history.notes == (
        "opportunities.csv: unknown columns are left out: 'closed_dat' (Did you mean 'close_date'?), 'mood'.",
        "1 stage changes of opportunities that do not exist are left out.",
    )
    assert history.stage_changes["opportunity_id"].tolist() == ["A"]
    assert history.orphan_changes["opportunity_id"].tolist() == ["Z"]


def test_a_misspelt_optional_column_is_pointed_out(folder):
    text = HEAD.replace("closed_date", "closed_at") + "A,mid,1,2026-01-01,,\n"
    assert "Did you mean 'closed_date'?" in load_history(folder(opportunities=text)).notes[0]


def test_deals_without_a_segment_get_one(folder):
    history = load_history(folder(opportunities=HEAD + "A,,1,2026-01-01,,\nB,mid,1,2026-01-01,,\n"))
    assert history.opportunities["segment"].tolist() == ["unknown", "mid"]
    assert "1 rows without a segment" in history.notes[0]


@pytest.mark.parametrize(("others", "called"), [("mid", "company"), ("company", "company 2")])
def test_a_segment_called_all_gets_a_name_that_no_other_has(folder, others, called):
    deals = HEAD + f"A,All ,1,2026-01-01,,\nB,{others},1,2026-01-01,,\n"
    reps = "rep_id,role,segment,start_date\nR,ae,all,2025-01-01\n"
    history = load_history(folder(opportunities=deals, reps=reps))
    assert history.opportunities["segment"].tolist() == [called, others]
    assert history.reps["segment"].tolist() == [called]
    assert f"The segment 'all' is called '{called}'" in " ".join(history.notes)


def test_as_of_is_the_last_thing_that_happened_not_a_plan(folder):
    text = "opportunity_id,segment,amount,created_date,close_date\nA,mid,1,2026-01-01,2027-12-31\n"
    changes = CHANGES + "A,2026-02-03 23:59,Discovery\n"
    path = folder(opportunities=text, stage_changes=changes, stages=STAGES)
    assert load_history(path).as_of == dt.date(2026, 2, 3)
    assert load_history(path, dt.date(2026, 6, 30)).as_of == dt.date(2026, 6, 30)
    early = load_history(path, dt.date(2026, 1, 15))
    assert early.as_of == dt.date(2026, 1, 15)
    assert len(early.stage_changes) == 1


def test_changes_are_put_in_order_and_simultaneous_ones_keep_theirs(folder):
    text = CHANGES + "A,2026-01-01 10:00,Won\nA,2026-01-01 10:00,Discovery\n"
    history = load_history(folder(opportunities=ONE_DEAL, stage_changes=text, stages=STAGES))
    assert history.stage_changes["stage"].tolist() == ["Won", "Discovery", "Discovery"]


def test_parquet_is_read_like_csv_whatever_its_types(tmp_path: Path, folder):
    plain = load_history(
        folder(opportunities=HEAD + "7,mid,1.5,2026-01-01,won,2026-02-01\n8,mid,,2026-01-02,,\n")
    )
    frame = pd.DataFrame(
        {
            "opportunity_id": [7, 8],
            "segment": pd.Categorical(["mid", "mid"]),
            "amount": [1.5, np.nan],
            "created_date": pd.to_datetime(["2026-01-01", "2026-01-02"]).tz_localize("UTC"),
            "outcome": ["won", None],
            "closed_date": [dt.date(2026, 2, 1), None],
        }
    )
    (tmp_path / "opportunities.csv").unlink()
    frame.to_parquet(tmp_path / "opportunities.parquet")
    pd.testing.assert_frame_equal(load_history(tmp_path).opportunities, plain.opportunities)


def test_parquet_at_fault_is_refused(tmp_path: Path):
    path = tmp_path / "opportunities.parquet"
    path.write_bytes(b"PAR1 no more than that")
    assert "not a readable Parquet file" in faults_of(tmp_path)[0][1]
    frame = pd.DataFrame(
        {"opportunity_id": ["A"], "segment": ["m"], "amount": [True], "created_date": [20260101]}
    )
    frame.to_parquet(path)
    told = [what for _, what, _ in faults_of(tmp_path)]
    assert told == [
        "amount 'True' is a truth value, not a number",
        "created_date '20260101' is a number, not a date",
    ]
    frame.assign(amount=np.inf, created_date="2026-01-01").to_parquet(path)
    assert "amount 'inf' is implausibly large" in faults_of(tmp_path)[0][1]
    frame.to_csv(tmp_path / "opportunities.csv")
    assert "holds both" in faults_of(tmp_path)[0][1]


def test_what_is_beside_the_tables_is_checked_too(folder, tmp_path: Path):
    path = folder(opportunities=ONE_DEAL)
    (tmp_path / "history.json").write_text('{"as_of": "2026-05-05", "notes": ["from the CRM"]}')
    history = load_history(path)
    assert (history.as_of, history.notes) == (dt.date(2026, 5, 5), ("from the CRM",))
    for broken in ("{", "[]", '{"as_of": 3}', "[" * 100_000):
        (tmp_path / "history.json").write_text(broken)
        assert faults_of(path)[0][0] == "history.json"


def test_customers_alone_are_a_history():
    customers = table("customers", [{"customer_id": "c", "segment": "mid", "start_date": "2025-02-03"}])
    assert make_history({"customers": customers}).as_of == dt.date(2025, 2, 3)
    with pytest.raises(InputError, match="nothing to learn from"):
        make_history({})
