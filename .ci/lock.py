"""Pin every dependency in requirements.lock, or check that the pins are whole and in use.

``python .ci/lock.py`` resolves anew; ``--check`` compares the lock file with pyproject.toml and with
what is installed. The file names versions only, never where they come from.
"""

import functools
import json
import re
import subprocess
import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
HEADER = "# Versions that are known to work together; written by `make lock`.\n"
PIN = re.compile(r"^([a-z0-9-]+)==([A-Za-z0-9.+!]+)$")


def read_project() -> dict:
    """Return pyproject.toml as a dictionary."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def list_requirements() -> list[Requirement]:
    """Return all that the project asks for itself: to run, to build and to be worked on."""
    project = read_project()
    lines = [*project["project"]["dependencies"], *project["build-system"]["requires"], "editables"]
    for extra in project["project"]["optional-dependencies"].values():
        lines.extend(extra)
    return [Requirement(line) for line in lines]


def read_pins() -> tuple[dict[str, Version], list[str]]:
    """Return the pinned versions by name, and the lines that are no pins."""
    lines = [line for line in LOCK.read_text(encoding="utf-8").splitlines() if line and line[0] != "#"]
    matches = {line: PIN.match(line) for line in lines}
    pins = {match[1]: Version(match[2]) for match in matches.values() if match}
    return pins, [f"{line}: not of the form name==version" for line, match in matches.items() if not match]


@functools.cache
def find_installed(name: str) -> metadata.Distribution | None:
    """Return the installed distribution of a name, if there is one."""
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def list_needs(requirement: Requirement, distribution: metadata.Distribution) -> list[Requirement]:
    """Return what a distribution asks for on this machine, with the extras that were asked of it."""
    needs = [Requirement(line) for line in distribution.requires or []]
    extras = requirement.extras or {""}
    return [
        need
        for need in needs
        if need.marker is None or any(need.marker.evaluate({"extra": extra}) for extra in {"", *extras})
    ]


def check_requirement(requirement: Requirement, pins: dict[str, Version]) -> str | None:
    """Return what is wrong with the pin of one requirement, if anything."""
    name = canonicalize_name(requirement.name)
    if name not in pins:
        return f"{requirement}: not pinned"
    if not requirement.specifier.contains(pins[name], prereleases=True):
        return f"{requirement}: pinned to {pins[name]}, which does not fit"
    distribution = find_installed(name)
    if distribution is None:
        return f"{name}: pinned but not installed"
    if Version(distribution.version) != pins[name]:
        return f"{name}: pinned to {pins[name]}, installed is {distribution.version}"
    needed = distribution.metadata["Requires-Python"] or ""
    # Debian's stock Python is an early patch of the oldest one: a pin that asks for more cannot be installed.
    if not SpecifierSet(needed).contains(oldest := oldest_python()):
        return f"{name}: {pins[name]} needs Python {needed}, the project promises {oldest}"
    return None


def check() -> list[str]:
    """Return every contradiction between pyproject.toml, requirements.lock and what is installed."""
    pins, faults = read_pins()
    waiting = [need for need in list_requirements() if need.marker is None or need.marker.evaluate()]
    seen: dict[tuple[str, frozenset[str]], None] = {}
    while waiting:
        requirement = waiting.pop()
        fault = check_requirement(requirement, pins)
        if fault is not None:
            faults.append(fault)
        name = canonicalize_name(requirement.name)
        key = (name, frozenset(requirement.extras))
        distribution = find_installed(name)
        if key not in seen and distribution is not None:
            waiting.extend(list_needs(requirement, distribution))
        seen[key] = None
    # What is not installed here may be for an older Python; the oldest one tells of every pin.
    unused = sorted(set(pins) - {name for name, _ in seen})
    unused = [name for name in unused if is_oldest_python() or find_installed(name) is not None]
    return sorted(set(faults)) + [f"{name}: pinned but nothing asks for it" for name in unused]


def oldest_python() -> str:
    """Return the oldest Python that the project allows, such as 3.11."""
    return read_project()["project"]["requires-python"].removeprefix(">=")


def is_oldest_python() -> bool:
    """Return whether this is the oldest Python that the project allows: it needs the most packages."""
    return oldest_python() == f"{sys.version_info.major}.{sys.version_info.minor}"


def resolve() -> str:
    """Return the text of a new lock file."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--ignore-installed"]
    command += ["--report", "-", *(str(requirement) for requirement in list_requirements())]
    report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    pins = {
        canonicalize_name(item["metadata"]["name"]): item["metadata"]["version"] for item in report["install"]
    }
    return HEADER + "".join(f"{name}=={version}\n" for name, version in sorted(pins.items()))


def main() -> int:
    """Write the lock file, or with ``--check`` say what is wrong with it."""
    if "--check" not in sys.argv[1:]:
        LOCK.write_text(resolve(), encoding="utf-8")
        return 0
    faults = check()
    for fault in faults:
        print(f"requirements.lock: {fault}", file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
