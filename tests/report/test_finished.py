import shutil
from pathlib import Path

import pandas as pd
import pytest

from simulator.atomic_folder import exchange
from simulator.errors import InputError
from simulator.report.documents.exports import formats_of, write_exports
from simulator.report.documents.finished import clean_text, read_finished, read_table
from simulator.report.documents.headline import key_figures
from simulator.report.documents.view import show
from simulator.report.documents.views import views
from simulator.report.output.tables import write_table
from tests.report.finished_runs import HOSTILE_NAMES, write_run


@pytest.fixture
def copy(finished_folder, tmp_path):
    return shutil.copytree(finished_folder, tmp_path / "copy")


def test_a_folder_reads_back_as_it_was_written(finished_folder):
    run = read_finished(finished_folder)
    assert run.currency == "USD"
    assert run.periods[0] == "FY27Q4"
    assert {"bookings", "coverage", "open_deals"} <= set(run.tables)
    assert run.specs["bookings_fan"].title.startswith("New bookings of FY27Q4: most likely ")
    assert {chart.name for chart in run.charts} >= set(run.specs)


def test_every_view_names_files_that_are_there(accompanied_folder):
    shown = views(read_finished(accompanied_folder))
    named = {name: view.file.split(" and ") for name, view in shown.items()}
    assert named["headline"] == ["tables/bookings.csv"]
    for name, files in named.items():
        folders = (accompanied_folder, accompanied_folder.parent)
        assert all(any((folder / file).is_file() for folder in folders) for file in files), name


def test_tables_asked_for_are_read_alone_and_do_not_wait_for_others(copy):
    whole = read_finished(copy)
    (copy / "tables" / "waterfall.csv").write_bytes(b"\xff\xfe not a table")
    part = read_finished(copy, only={"deals", "open_deals", "not there"})
    assert set(part.tables) == {"deals", "open_deals"}
    assert all(part.tables[name].equals(whole.tables[name]) for name in part.tables)
    assert (part.charts, part.companions) == ((), {})


def test_text_that_was_made_harmless_is_itself_again(finished_folder):
    run = read_finished(finished_folder)
    assert set(run.tables["open_deals"]["opportunity_id"]) == {"D-1", "=D-2", "-D-3"}


def test_names_that_look_like_numbers_or_nothing_stay_text(tmp_path):
    folder = write_run(tmp_path / "run", segments=("001", "NA", "1e5"), charts=False)
    assert set(read_finished(folder).tables["bookings"]["segment"]) == {"001", "NA", "1e5", "all"}


@pytest.mark.parametrize(
    ("damage", "where", "what"),
    [
        (lambda f: (f / "manifest.json").unlink(), "manifest.json", "is missing"),
        (lambda f: (f / "summary.json").write_text("{"), "summary.json", "is damaged"),
        (lambda f: (f / "summary.json").write_text("[]"), "summary.json", "is damaged"),
        (lambda f: (f / "summary.json").write_text("{}"), "summary.json", "lacks scenario"),
        (lambda f: (f / "tables" / "coverage.csv").unlink(), "coverage.csv", "is missing"),
        (lambda f: (f / "tables" / "spread.csv").write_text("a,b\n1,2\n"), "spread.csv", "lacks the columns"),
        (lambda f: (f / "tables" / "spread.csv").write_text(""), "spread.csv", "is damaged"),
        (lambda f: (f / "tables" / "spread.csv").write_bytes(b"\xff\xfe,\x80"), "spread.csv", "is damaged"),
    ],
)
def test_a_damaged_folder_is_refused_with_file_and_remedy(copy, damage, where, what):
    damage(copy)
    with pytest.raises(InputError) as error:
        read_finished(copy)
    fault = error.value.faults[0]
    assert fault.where.endswith(where)
    assert what in fault.what
    assert "simulator run" in fault.remedy


def test_all_faults_come_at_once(copy):
    for name in ("bookings", "coverage", "spread"):
        (copy / "tables" / f"{name}.csv").unlink()
    with pytest.raises(InputError) as error:
        read_finished(copy)
    assert len(error.value.faults) == 3


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(InputError, match="is not a results folder"):
        read_finished(tmp_path / "nowhere")


def test_a_file_that_cannot_be_written_whole_leaves_the_old_one(copy, monkeypatch):
    before = (copy / "report.html").read_bytes()

    def fail(run):
        raise RuntimeError("stopped")

    monkeypatch.setattr("simulator.report.documents.page.render_page", fail)
    with pytest.raises(RuntimeError):
        write_exports(copy, ["html"])
    assert (copy / "report.html").read_bytes() == before
    assert not [p for p in copy.iterdir() if "writing" in p.name]


@pytest.mark.parametrize("at", ["while it is written", "just before it is put in place"])
def test_a_run_that_takes_the_place_of_the_folder_gets_nothing_of_the_report(copy, monkeypatch, at):
    other = copy.with_name("other")
    shutil.copytree(copy, other)
    for path in other.glob("*.*"):
        path.write_bytes(b"of the other run")

    def taken_over(run):
        if at == "while it is written":
            exchange(other, copy)
        return "of the run before"

    monkeypatch.setattr("simulator.report.documents.page.render_page", taken_over)
    if at != "while it is written":
        replace = Path.replace
        monkeypatch.setattr(Path, "replace", lambda *names: (exchange(other, copy), replace(*names))[1])
    with pytest.raises(InputError, match="another run wrote its results here"):
        write_exports(copy, ["html"])
    assert {path.read_bytes() for path in copy.glob("*.*")} == {b"of the other run"}


def test_formats_are_named_or_all():
    assert formats_of(None) == ("html", "xlsx", "pptx")
    assert formats_of("PPTX, .html") == ("html", "pptx")
    for wrong in ("pdf", "", "html,doc"):
        with pytest.raises(InputError, match="--only"):
            formats_of(wrong)


@pytest.mark.parametrize("text", [*HOSTILE_NAMES, "a\x00b\x1fc\ud800d\u2067e\uffff"])
def test_no_character_is_left_that_a_document_refuses(text):
    cleaned = clean_text(text)
    assert not set(cleaned) & set("\x00\x07\x1f\u202e\u2067\ud800\uffff")
    cleaned.encode("utf-8")


def test_right_to_left_letters_stay():
    assert clean_text("שלום عربى 中文") == "שלום عربى 中文"


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (1234567.4, "money", "€1.23M"),
        (-1200.0, "money", "−€1.2k"),
        (-0.2, "money", "€0"),
        (float("nan"), "money", "–"),
        (0.2725, "share", "27.3%"),
        (2.678, "multiple", "2.68×"),
        (5.92, "count", "5.9"),
        (462, "count", "462"),
        ("smb", "text", "smb"),
    ],
)
def test_cells_are_shown_as_people_read_them(value, kind, text):
    assert show(value, kind, "EUR") == text


def test_every_view_has_the_columns_that_it_shows(finished_folder):
    shown = views(read_finished(finished_folder))
    assert next(iter(shown)) == "headline"
    assert {"bookings", "parts", "coverage", "pipeline", "arr", "deals", "assumptions"} <= set(shown)
    for view in shown.values():
        assert {column.key for column in view.columns} <= set(view.table.columns)


def test_a_table_of_nothing_that_a_run_wrote_is_read(tmp_path):
    write_table(pd.DataFrame(), tmp_path / "lifetime.csv")
    faults = []
    assert read_table(tmp_path / "lifetime.csv", faults).empty
    assert not faults


@pytest.mark.parametrize(
    ("chance", "today", "said"),
    [
        (0.0, 6e6, "$4M to $5M; $6M today; lasts through FY28Q3 in every simulation"),
        (0.25, None, "$4M to $5M; lasts through FY28Q3 in 75% of simulations"),
    ],
)
def test_cash_says_how_long_it_lasts_and_what_is_there_today(finished_folder, chance, today, said):
    run = read_finished(finished_folder)
    cash = {"period": ["FY28Q3"], "line": ["cash at the end"], "p10": [4e6], "p50": [4.5e6], "p90": [5e6]}
    run_out = pd.DataFrame({"period": ["FY28Q3"], "p_run_out": [chance]})
    tables = run.tables | {"operating": pd.DataFrame(cash), "operating_run_out": run_out}
    assert key_figures(tables, run.periods, "USD", today)[-1].range == said
