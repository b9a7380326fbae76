"""Questions asked on the page: progress, a way to stop, and the figures of the commands."""

import pandas as pd
import pytest

from simulator.report.documents.exports import FILES
from tests.app.conftest import PATHS, PATIENCE_SECONDS
from tests.cli.test_headcount import ROLES, SCENARIO
from tests.cli.test_run import simulator

pytestmark = pytest.mark.browser
LEVERS = {"fast": "velocity", "safe": "churn", "busy": "sals", "late": "slippage"}
HIRE, HEADCOUNT = "Where do the next five reps go?", "What is one more CSM worth?"
MOST_ROWS = 40


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """A company of one segment that states its rates, and four scenarios that extend it."""
    folder = tmp_path_factory.mktemp("questions") / "small"
    folder.mkdir()
    text = (SCENARIO + ROLES).replace("paths: 40", f"paths: {PATHS}")
    (folder / "base.yaml").write_text(f"name: base\n{text}")
    for name, lever in LEVERS.items():
        (folder / f"{name}.yaml").write_text(
            f"extends: base.yaml\nname: {name}\nlevers: {{{lever}: [{{factor: 0.8}}]}}\n"
        )
    return folder


@pytest.fixture
def questions(hands):
    hands.press("Questions")
    return hands


REFUSED_THEN_STOPPED = """
const buttons = () => [...document.querySelectorAll('main button')];
const press = label => buttons().find(b => b.innerText.trim() === label).click();
const seen = text => document.querySelector('main').innerText.includes(text);
const [first, second, refusal, done] = arguments;
press(first);
let asked = false;
const timer = setInterval(() => {
  if (!asked && document.querySelector('progress[value]')) { asked = true; press(second); }
  if (asked && seen(refusal)) { clearInterval(timer); press('Stop'); done(true); }
}, 2);
"""
"""In the page itself: a small company's question may be answered before a driver has found the button."""


def answered(hands):
    hands.wait(lambda: not hands.has("progress"), "the question is answered")
    return hands.text("section[aria-label=Questions]")


def same_figures(rows, table):
    """Hold the rows of a table on the page against those that a command wrote."""
    assert len(rows) == min(len(table), MOST_ROWS) > 0
    numeric = [place for place, name in enumerate(table) if pd.api.types.is_numeric_dtype(table[name])]
    for row, expected in zip(rows, table.itertuples(index=False), strict=False):
        for place in numeric:
            if pd.notna(expected[place]):
                assert float(row[place]) == pytest.approx(expected[place], rel=1e-6, abs=0.006)


@pytest.mark.parametrize(
    ("label", "command", "table", "caption"),
    [
        (HIRE, ("hire", "--reps", "5"), "hiring_marginal", "What each further rep adds"),
        (HEADCOUNT, ("headcount",), "headcount", "What one more head is worth"),
    ],
)
def test_a_question_shows_its_progress_can_be_stopped_and_answers_as_the_command(
    questions, workspace, label, command, table, caption
):
    questions.browser.set_script_timeout(PATIENCE_SECONDS)
    refusal = "One question at a time"
    assert questions.browser.execute_async_script(REFUSED_THEN_STOPPED, label, HEADCOUNT, refusal)
    assert "Stopped." in answered(questions)
    assert not questions.table(caption)

    questions.press(label)
    questions.wait(lambda: questions.has("progress"), "it is asked again")
    said = answered(questions)
    name, *more = command
    done = simulator(name, "base.yaml", *more, "-o", f"cli-{name}", cwd=workspace)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].rstrip(".").casefold() in said.casefold()
    expected = pd.read_csv(workspace / f"cli-{name}" / "tables" / f"{table}.csv")
    same_figures(questions.table(caption), expected)


def test_up_to_four_scenarios_are_compared(questions, workspace):
    for name in ("base", *LEVERS):
        questions.tick(f"{name}.yaml")
    questions.press("Compare")
    questions.wait(lambda: "Choose two to 4 scenarios" in questions.text("main"), "five are too many")
    questions.tick("late.yaml")
    questions.press("Compare")
    questions.wait(lambda: questions.table("New bookings against the base"), "four are compared")
    names = [f"{name}.yaml" for name in ("base", "fast", "safe", "busy")]
    done = simulator("compare", *names, "-o", "cli-compare", cwd=workspace)
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(workspace / "cli-compare" / "tables" / "compare.csv")
    table = table[(table["segment"] == "all") & (table["measure"] == "bookings_new")]
    expected = table.set_index(["scenario", "period"])[["base_p50", "p50", "mean_change"]]
    rows = questions.table("New bookings against the base")
    assert [row[0] for row in rows[:3]] == ["fast", "safe", "busy"]
    assert len(rows) == len(expected) == 3 * 5
    for name, period, *figures in rows:
        assert [float(figure) for figure in figures[:3]] == pytest.approx(
            expected.loc[(name, period)].tolist(), rel=1e-6, abs=0.006
        )


def test_page_slides_and_workbook_are_those_of_the_command(questions, browser, workspace, tmp_path):
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    questions.type("Save changes as", "as_it_is")
    questions.press("Export page, slides and workbook")
    questions.wait(lambda: "Written to results/as_it_is" in questions.text("main"), "it is written")
    done = simulator("run", "base.yaml", "-o", "cli-run", cwd=workspace)
    assert done.returncode == 0, done.stderr
    ours, theirs = workspace / "results" / "as_it_is" / "tables", workspace / "cli-run" / "tables"
    for name in ("bookings.csv", "arr.csv", "coverage.csv"):
        assert (ours / name).read_bytes() == (theirs / name).read_bytes()
    for file in FILES.values():
        questions.press(f"Download {file}")
        questions.wait((tmp_path / file).exists, f"{file} is downloaded")
        assert (tmp_path / file).read_bytes() == (ours.parent / file).read_bytes()
