"""Install the lowest versions that pyproject.toml allows into an environment of their own, and run the tests.

``python .ci/lowest.py [--newest] [--install-only] [pytest arguments]``: the environment is build/lowest (or
build/newest, with the newest versions there are). What the project itself asks for is lowest; what those
packages need in turn is whatever fits and does not warn. Tools of development are the newest that fit.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
MARKS = "not slow and not shared and not notebook and not browser"
OF_THE_LOCK = "tests/test_project.py::test_the_lock_file_is_whole_and_installed"
"""Asks whether what is installed are the pinned versions, which these are not."""
RUNTIME_EXTRAS = ("sql", "distributed")
OF_THEIR_TIME = ("pyparsing<3.3", "click<8.4")
"""Matplotlib 3.9 and typer 0.20 call them by names that later ones warn of, and warnings fail the tests."""


def read_requirements() -> tuple[list[Requirement], list[Requirement]]:
    """Return what the project needs to run, its extras included, and what it is tested with."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    runtime = [*project["dependencies"], *(line for extra in RUNTIME_EXTRAS for line in extras[extra])]
    tools = [*extras["dev"], *extras["notebooks"]]
    return [Requirement(line) for line in runtime], [Requirement(line) for line in tools]


def lowest(requirement: Requirement) -> str:
    """Return a requirement pinned to the lowest version that it allows."""
    floors = [item.version for item in requirement.specifier if item.operator in (">=", "~=", "==")]
    if len(floors) != 1:
        raise SystemExit(f"pyproject.toml: {requirement} has no lower bound")
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}=={floors[0]}"


def install(python: Path, newest: bool) -> None:
    """Install the project with such versions."""
    runtime, tools = read_requirements()
    wanted = [str(item) for item in runtime] if newest else [*map(lowest, runtime), *OF_THEIR_TIME]
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--upgrade", *wanted, *(str(item) for item in tools), "editables"], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)


def installed(python: Path) -> dict[str, str]:
    """Return the versions of what the project asks for."""
    listing = subprocess.run(
        [str(python), "-m", "pip", "list", "--format", "json", "--disable-pip-version-check"],
        check=True,
        capture_output=True,
        text=True,
    )
    versions = {
        item["name"].lower().replace("_", "-"): item["version"] for item in json.loads(listing.stdout)
    }
    names = [item.name.lower().replace("_", "-") for item in read_requirements()[0]]
    return {name: versions.get(name, "none") for name in names}


def main() -> int:
    """Install, say what was installed, and run the tests."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--newest", action="store_true")
    parser.add_argument("--install-only", action="store_true")
    given, arguments = parser.parse_known_args()
    place = ROOT / "build" / ("newest" if given.newest else "lowest")
    python = place / "bin" / "python"
    if not python.exists():
        venv.create(place, with_pip=True)
    install(python, given.newest)
    print(", ".join(f"{name} {version}" for name, version in installed(python).items()), flush=True)
    if given.install_only:
        return 0
    # The kernels that another version of the compiler left next to the sources are not for this one.
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(place / "kernels")}
    wanted = arguments or ["-n", "2"]
    tests = [str(python), "-m", "pytest", "-m", MARKS, "--deselect", OF_THE_LOCK, *wanted]
    return subprocess.run(tests, check=False, cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
