"""Versions of this program and of the packages that its figures depend on."""

from importlib.metadata import PackageNotFoundError, version

PROGRAM = "simulator"
DISTRIBUTION = "bookings-simulator"
"""Name under which the program is installed. On the public index ``simulator`` is a stranger's package."""


def version_of(package: str) -> str:
    """Return the installed version of a package, or "not installed"; ``simulator`` is this program."""
    try:
        return version(DISTRIBUTION if package == PROGRAM else package)
    except PackageNotFoundError:
        return "not installed"
