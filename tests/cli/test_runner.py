"""The one runner of commands: what it hands to a question, and what it does with the answer."""

import json

import pytest
import typer
from typer.testing import CliRunner

from simulator.cli.console import Console
from simulator.cli.runner import Asked, question, show_notes
from simulator.engine.run import simulate
from simulator.report.answer import Answer
from simulator.report.work import Silence, Work
from simulator.scenario.load import load_scenario
from tests.cli.test_run import SCENARIO
from tests.report.test_answer import answer


@pytest.fixture
def asked(tmp_path, monkeypatch):
    """Return a function that runs a made-up command, and what its question was given."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.yaml").write_text(SCENARIO)
    given: list[tuple[Asked, int]] = []

    @question()
    def guess(asked: Asked, *, reps: int = 5) -> Answer:
        """Guess."""
        given.append((asked, reps))
        return answer()

    app = typer.Typer()
    app.command()(guess)

    def run(*args):
        return CliRunner().invoke(app, ["base.yaml", *args]), given

    return run


def test_the_question_gets_its_own_options_and_the_common_ones(asked):
    done, given = asked("--reps", "3", "--paths", "4k", "--seed", "9", "--set", "horizon_quarters=2")
    assert done.exit_code == 0, done.output
    common, reps = given[0]
    assert (reps, common.paths) == (3, 4000)
    assert common.scenario.simulation.seed == 9
    assert common.scenario.horizon_quarters == 2
    assert common.overrides == ["horizon_quarters=2", "simulation.seed=9"]


def test_the_answer_is_written_and_printed(asked, tmp_path):
    done, _ = asked()
    assert "\nHire <1> rep.\n\nTables, charts and summary: results/base-guess\n" in done.stdout
    assert (tmp_path / "results" / "base-guess" / "manifest.json").is_file()
    done, _ = asked("-o", "elsewhere", "--json")
    assert json.loads(done.stdout)["folder"] == "elsewhere"
    assert (tmp_path / "elsewhere" / "summary.json").is_file()


def test_nothing_is_asked_where_the_results_cannot_go(asked, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine")
    done, given = asked("-o", "mine")
    assert done.exit_code != 0
    assert given == []


def test_many_notes_are_counted(capsys):
    notes = [f"note {number}." for number in range(10)]
    show_notes(Console(), notes)
    assert capsys.readouterr().out == "10 notes to act on: --details, summary.json\n"
    show_notes(Console(details=True), notes)
    assert capsys.readouterr().out.count("Note: ") == 10


def test_an_answer_is_cut_to_eight_lines_unless_details_are_asked_for(capsys):
    sentences = ["x" * 100] * 9
    Console().brief(sentences)
    assert capsys.readouterr().out.split("\n")[4:6] == ["5 more sentences: --details", ""]
    Console(details=True).brief(sentences)
    assert capsys.readouterr().out.count("\n") == 9


def test_it_says_once_that_kernels_are_compiled(tmp_path, monkeypatch):
    (tmp_path / "base.yaml").write_text(SCENARIO)
    monkeypatch.setattr(simulate, "kernels_are_compiled", lambda: False)
    listener = Silence()
    said = []
    monkeypatch.setattr(listener, "note", said.append)
    work = Work(listener)
    work.compile(work.prepare(load_scenario(tmp_path / "base.yaml")))
    assert said[0] == "Reading the history and its rates …"
    assert [text for text in said if "ompiling" in text] == [simulate.compilation_note()]


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("deals.csv has no ids.", "deals.csv has no ids."),
        ("q3_deals [2024]: empty", "q3_deals [2024]: empty."),
        ("no rate of this file", "No rate of this file."),
        ("e.g. two", "e.g. two."),
    ],
)
def test_a_name_of_a_file_keeps_its_small_letter(note, said, capsys):
    show_notes(Console(details=True), [note])
    assert capsys.readouterr().out == f"\nNote: {said}\n"
