"""The one writer of results folders, and what an answer shows in a notebook."""

import datetime as dt
import json

import pandas as pd
import pytest

from simulator.errors import InputError
from simulator.file_digest import digest_of
from simulator.report.answer import Answer, Provenance
from simulator.report.work import Work

PNG = b"\x89PNG"


def draw(folder):
    (folder / "one.png").write_bytes(PNG)
    (folder / "one.svg").write_text("<svg/>")


@pytest.fixture
def read(tmp_path):
    file = tmp_path / "base.yaml"
    file.write_text("name: base")
    return file


def answer(read=None, **changes):
    provenance = Provenance(
        as_of=dt.date(2026, 10, 31),
        n_paths=40,
        seed=7,
        scenarios={"base": {"currency": "USD"}},
        inputs=(digest_of(read),) if read else (),
    )
    given = {
        "question": "hire",
        "currency": "USD",
        "provenance": provenance,
        "sentences": {"answer": "Hire <1> rep"},
        "tables": {"first": pd.DataFrame({"p50": [1.234]}), "second": pd.DataFrame({"name": ["=A1"]})},
        "draws": (draw,),
        "figures": {"n_reps": 1},
        "notes": ("A note",),
        "assumptions": ({"name": "margin", "value": "80%", "source": "assumption"},),
    }
    return Answer(**(given | changes))


def test_the_folder_holds_every_part_and_the_manifest_lists_them(tmp_path, read):
    work = Work()
    with work.step("hire"):
        pass
    folder = answer(read).write(tmp_path / "out", command="simulator hire base.yaml", work=work)
    names = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    listed = {"tables/first.csv", "tables/second.csv", "charts/one.png", "charts/one.svg", "summary.json"}
    assert names == {*listed, "manifest.json"}
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {entry["path"] for entry in manifest["outputs"]} == listed
    assert [entry["path"] for entry in manifest["inputs"]] == ["../base.yaml"]
    assert (manifest["command"], manifest["seed"]) == ("simulator hire base.yaml", 7)
    assert manifest["scenario"] == {"currency": "USD"}
    assert set(manifest["timings_seconds"]) == {"hire", "report"}


def test_tables_are_written_for_any_reader(tmp_path):
    folder = answer().write(tmp_path / "out")
    assert (folder / "tables" / "first.csv").read_text() == "p50\n1.23\n"
    assert (folder / "tables" / "second.csv").read_text() == "name\n'=A1\n"


def test_the_summary_holds_answer_figures_notes_and_assumptions(tmp_path):
    made = answer()
    made.write(tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert summary == made.summary
    assert summary == {
        "scenario": "base",
        "as_of": "2026-10-31",
        "n_paths": 40,
        "currency": "USD",
        "answers": {"answer": "Hire <1> rep"},
        "n_reps": 1,
        "notes": ["A note"],
        "assumptions": [{"name": "margin", "value": "80%", "source": "assumption"}],
    }


def test_a_chart_that_fails_leaves_the_earlier_results(tmp_path):
    answer().write(tmp_path / "out")

    def fail(folder):
        raise InputError.of("x", "cannot be drawn")

    with pytest.raises(InputError):
        answer(draws=(draw, fail), tables={}).write(tmp_path / "out")
    assert (tmp_path / "out" / "tables" / "first.csv").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_notebook_shows_words_the_first_table_and_charts():
    made = answer()
    shown = made._repr_html_()
    assert "Hire &lt;1&gt; rep." in shown
    assert "1.23" in shown and "second" in shown
    assert made.charts["one"]._repr_png_() == PNG
    assert made.charts["one"].svg == "<svg/>"


def test_several_scenarios_are_named_in_the_manifest():
    several = Provenance(dt.date(2026, 10, 31), 40, scenarios={"a": {}, "b": {}})
    assert several.manifest_scenario() == {"compared": {"a": {}, "b": {}}}
    assert several.head()["scenarios"] == ["a", "b"]
    assert Provenance(dt.date(2026, 10, 31), 0).manifest_scenario() is None
