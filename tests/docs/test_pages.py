"""What the documentation shows works: commands, programs, files; and its links lead somewhere."""

import re
import shutil
from pathlib import Path

import pytest

from simulator.cli.main import COMMANDS, main
from tests.docs.pages import PAGES, ROOT, blocks, run_command, run_page, shows_commands, with_few_paths

EXPORT = ROOT / "scenarios" / "sample" / "salesforce"
SLOW = {"README", "backtest", "comparing", "hiring", "people", "reports"}
"""Pages whose commands take longer; tests of the commands themselves run more often."""
ANCHOR = re.compile(r"\]\(([^)#\s]*)#([^)\s]+)\)")


@pytest.fixture(scope="session")
def finished(tmp_path_factory):
    """A finished run of the base scenario."""
    folder = tmp_path_factory.mktemp("finished") / "base"
    base = str(ROOT / "scenarios" / "base.yaml")
    with pytest.raises(SystemExit) as ended:
        main(["run", base, "--paths", "60", "--quiet", "-o", str(folder)])
    assert not ended.value.code
    return folder


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A folder as a reader has it, with the starter scenarios."""
    shutil.copytree(ROOT / "scenarios", tmp_path / "scenarios")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bring_what_is_named(text, scratch, request):
    """Bring the finished run and the exports that a page speaks of but does not make itself."""
    if "results/base" in text:
        shutil.copytree(request.getfixturevalue("finished"), scratch / "results" / "base")
    if re.search(r"salesforce Opportunity\.csv", text):
        for path in EXPORT.glob("*.csv"):
            shutil.copy(path, scratch)
            shutil.copy(path, scratch / "scenarios")


def run_pages():
    """The pages to run, the slow ones marked."""
    return [
        pytest.param(
            page, id=f"{page.parent.name}-{page.stem}", marks=[pytest.mark.slow] * (page.stem in SLOW)
        )
        for page in PAGES
        if shows_commands(page)
    ]


@pytest.mark.parametrize("page", run_pages())
def test_what_a_page_shows_works(page, scratch, monkeypatch, request):
    bring_what_is_named(page.read_text(encoding="utf-8"), scratch, request)
    if page.parent.name == "scenarios":
        monkeypatch.chdir(scratch / "scenarios")
    assert run_page(page) > 0


def test_a_command_that_fails_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(AssertionError, match="ends with 2"):
        run_command(["simulator", "run", "nowhere.yaml"], "here:1")
    with pytest.raises(pytest.fail.Exception, match="cannot run"):
        run_command(["rm", "-rf", "results"], "here:1")


def test_blocks_are_taken_out_with_their_place(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("a\n```console\n$ x\n```\n<!-- not run: y -->\n```python\n1/0\n```\n```\nplain\n```\n")
    assert [(block.language, block.text, block.line) for block in blocks(page)] == [("console", "$ x\n", 2)]


def test_simulations_are_few_only_where_nothing_is_said():
    assert with_few_paths(["run", "a.yaml"])[2:4] == ["--paths", "60"]
    assert with_few_paths(["run", "a.yaml", "--paths", "7"])[-1] == "7"
    assert with_few_paths(["audit", "history"]) == ["audit", "history"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_named_in_a_page_exist(page):
    text = page.read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)(?:^\s*(?:\$ )?|`)(?:\.venv/bin/)?simulator ([a-z]+)\b", text))
    assert named <= {command.name for command in COMMANDS}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_to_headings_that_exist(page):
    for target, anchor in ANCHOR.findall(page.read_text(encoding="utf-8")):
        if not re.match(r"[a-z]+:", target):
            aim = page.parent / target if target else page
            assert anchor in anchors(aim), f"{page.name} leads to {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"(?m)^#+ (.+)$", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
