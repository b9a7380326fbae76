import json
from pathlib import Path

import pytest

from simulator.cli.main import main
from tests.cli.test_run import SCENARIO, simulator


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    (folder / "base.yaml").write_text(SCENARIO)
    done = simulator("run", "base.yaml", "--paths", "60", "-o", "out", cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


def test_a_run_leaves_the_three_files(workspace):
    for name in ("report.html", "forecast.xlsx", "board.pptx"):
        assert (workspace / "out" / name).stat().st_size > 10_000


def test_a_report_can_be_written_again_and_in_part(workspace):
    out = workspace / "out"
    (out / "report.html").unlink()
    before = (out / "board.pptx").stat().st_mtime_ns
    done = simulator("report", "out", "--only", "html,xlsx", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["Written: out/report.html", "Written: out/forecast.xlsx"]
    assert (out / "board.pptx").stat().st_mtime_ns == before


def test_json_lists_the_files(workspace):
    done = simulator("report", "out", "--only", "html", "--json", cwd=workspace)
    assert json.loads(done.stdout) == {"files": ["out/report.html"]}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("nowhere",), "is not a results folder"),
        (("out", "--only", "pdf"), "pdf is not a format"),
        (("out", "--template", "base.yaml"), "is not a PowerPoint presentation"),
    ],
)
def test_wrong_input_is_refused_with_a_remedy(workspace, options, said):
    done = simulator("report", *options, cwd=workspace)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) >= 2


@pytest.mark.parametrize("n_written", [0, 1])
def test_a_report_that_is_stopped_says_what_it_has_written(monkeypatch, capsys, n_written):
    def stopped(results, formats, template, *, on_written):
        for name in ["report.html"][:n_written]:
            on_written(results / name)
        raise KeyboardInterrupt

    monkeypatch.setattr("simulator.report.documents.exports.write_exports", stopped)
    with pytest.raises(SystemExit) as ending:
        main(["report", "results"])
    assert ending.value.code == 130
    said = capsys.readouterr().err
    assert said.endswith(
        ("Stopped; nothing was written.\n", f"written before: {Path('results/report.html')}.\n")[n_written]
    )
