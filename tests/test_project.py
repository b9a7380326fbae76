"""The project's own files agree with each other: pins, wheel, documents, commands."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def run_lock_check(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(folder / ".ci" / "lock.py"), "--check"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def copied_project(tmp_path: Path) -> Path:
    """A copy of the files that the lock check reads, to be spoiled."""
    (tmp_path / ".ci").mkdir()
    for name in ("pyproject.toml", "requirements.lock", ".ci/lock.py"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    return tmp_path


def test_the_lock_file_is_whole_and_installed() -> None:
    result = run_lock_check(ROOT)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(
    ("pattern", "replacement", "fault"),
    [
        (r"(?m)^numpy==.*\n", "", "not pinned"),
        (r"(?m)^numpy==.*$", "numpy==1.0", "does not fit"),
        (r"(?m)^scipy==.*$", "scipy==1.14.99", "installed is"),
        (r"(?m)^numpy==.*$", "numpy @ file:///wheels/numpy.whl", "not of the form"),
        (r"\Z", "pip==1.0\n", "nothing asks for it"),
    ],
)
def test_a_spoiled_lock_file_is_refused(
    copied_project: Path, pattern: str, replacement: str, fault: str
) -> None:
    lock = copied_project / "requirements.lock"
    lock.write_text(re.sub(pattern, replacement, lock.read_text(encoding="utf-8")), encoding="utf-8")
    result = run_lock_check(copied_project)
    assert result.returncode == 1
    assert fault in result.stderr


def test_a_requirement_without_a_pin_is_found(copied_project: Path) -> None:
    project = copied_project / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace('"scipy>=', '"never-locked>=1",\n    "scipy>=')
    project.write_text(text, encoding="utf-8")
    assert "never-locked>=1: not pinned" in run_lock_check(copied_project).stderr


def test_the_wheel_holds_the_package_and_the_starter_workspace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    scenarios = {path.relative_to(ROOT / "scenarios").as_posix() for path in ROOT.glob("scenarios/**/*.yaml")}
    assert {f"simulator/starter/{name}" for name in scenarios} <= names
    assert {"simulator/errors.py", "simulator/kernels/deals/deal.py"} <= names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "results/"))]


def test_the_changelog_names_the_version_or_what_is_unreleased() -> None:
    headings = re.findall(r"(?m)^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert headings[0] == "Unreleased" or headings[0] == PROJECT["project"]["version"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_between_documents_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#\s]+)", document.read_text(encoding="utf-8"))
    local = [target for target in targets if not re.match(r"[a-z]+:", target)]
    missing = [target for target in local if not (document.parent / target).exists()]
    assert not missing


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_make_targets_named_in_documents_exist(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"(?m)(?:^\s*|`)make ([a-z]+)", text))
    targets = set(re.findall(r"(?m)^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8")))
    assert named <= targets


def test_every_make_target_is_explained() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    explained = set(re.findall(r'@echo "make ([a-z]+) ', makefile))
    inner = {"help", "kernels", "wheel", "install", "develop"}
    phony = set(re.search(r"(?m)^\.PHONY: (.+)$", makefile)[1].split())
    assert explained == phony - inner


def test_the_ci_script_is_executable_and_parses() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)
