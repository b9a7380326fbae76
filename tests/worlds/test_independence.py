"""The generators of the worlds share nothing with what forecasts them."""

import subprocess
import sys

LOADED = """
import importlib, sys
for module in sys.argv[1:]:
    importlib.import_module("tests.worlds." + module)
print(any(name.split(".")[0] == "simulator" for name in sys.modules))
"""
GENERATORS = ("csm", "daily", "expanding_customers", "gallery", "renewals_among_deals", "reps")


def load_the_simulator(*modules: str) -> bool:
    """Return whether modules of this folder, or whatever they import, load any of the simulator."""
    command = [sys.executable, "-c", LOADED, *modules]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "True"


def test_generators_know_nothing_of_the_simulator() -> None:
    assert not load_the_simulator(*GENERATORS)


def test_what_forecasts_them_does() -> None:
    assert load_the_simulator("forecasts")
