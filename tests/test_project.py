"""The project's own files agree with each other: pins, wheel, documents, commands."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import numpy
import pytest

from simulator import database
from simulator.engine.run import dask
from simulator.versions import DISTRIBUTION, version_of

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WHEEL_NAME = f"{DISTRIBUTION.replace('-', '_')}-{PROJECT['project']['version']}"


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


def test_a_pin_that_the_oldest_python_cannot_install_is_found(copied_project: Path) -> None:
    project = copied_project / "pyproject.toml"
    text = project.read_text(encoding="utf-8").replace(
        'requires-python = ">=3.11"', 'requires-python = ">=3.8"'
    )
    project.write_text(text, encoding="utf-8")
    said = run_lock_check(copied_project).stderr
    assert re.search(r"numpy: [\d.]+ needs Python >=3\.\d+, the project promises 3\.8", said)


def test_the_wheel_holds_the_package_and_the_starter_workspace(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    scenarios = {path.relative_to(ROOT / "scenarios").as_posix() for path in ROOT.glob("scenarios/**/*.yaml")}
    assert {f"simulator/starter/{name}" for name in scenarios} <= names
    assert {"simulator/errors.py", "simulator/kernels/deals/months.py"} <= names
    assert {Path(name).parts[0] for name in names} == {"simulator", f"{WHEEL_NAME}.dist-info"}


def test_the_wheel_holds_no_stray_file_from_the_scenarios(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(ROOT / "scenarios", project / "scenarios")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, project)
    (project / "simulator").mkdir()
    (project / "simulator" / "__init__.py").touch()
    before = starter_files(project, tmp_path / "before")
    for stray in ("forecast.yaml", "results/base/manifest.json", "sample/history/.~lock.csv"):
        (project / "scenarios" / stray).parent.mkdir(parents=True, exist_ok=True)
        (project / "scenarios" / stray).touch()
    assert starter_files(project, tmp_path / "after") == before
    assert {"base.yaml", "README.md", "sample/salesforce/Opportunity.csv"} <= before


def starter_files(project: Path, folder: Path) -> set[str]:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=project, capture_output=True, check=True)
    (wheel,) = folder.glob("*.whl")
    prefix = "simulator/starter/"
    names = zipfile.ZipFile(wheel).namelist()
    return {name.removeprefix(prefix) for name in names if name.startswith(prefix)}


def test_messages_about_missing_packages_name_what_the_extras_install() -> None:
    for extra, message in (("sql", database.INSTALL), ("distributed", dask.INSTALL)):
        wanted = [f"'{line}'" for line in PROJECT["project"]["optional-dependencies"][extra]]
        assert f"pip install {' '.join(wanted)}." in message


def test_nothing_tells_to_install_the_distribution_of_a_stranger() -> None:
    """On the package index the name `simulator` is not ours."""
    strangers = re.compile(r"pip3? install [^`\n]*?(?<![-\w.])simulator(?![-\w])")
    assert strangers.search("pip install 'simulator[sql]'")
    assert not strangers.search(f"pip install '{DISTRIBUTION}[sql]' or pip install .")
    sources = [*(ROOT / "simulator").rglob("*.py"), *(ROOT / ".ci").glob("*"), *DOCUMENTS, ROOT / "Makefile"]
    assert not [str(file) for file in sources if strangers.search(file.read_text(encoding="utf-8"))]


def test_versions_are_those_of_this_distribution() -> None:
    assert PROJECT["project"]["name"] == DISTRIBUTION
    assert version_of("numpy") == numpy.__version__
    assert version_of("never-installed") == "not installed"


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


def test_files_that_the_architecture_names_exist() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:\w+/)*\w+(?:\.py|/))`", text))
    assert len(named) > 20
    assert not [
        name for name in named if not any((base / name).exists() for base in (ROOT, ROOT / "simulator"))
    ]
