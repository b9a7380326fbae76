"""The public functions are all there, and naming them costs nothing until they are used."""

import subprocess
import sys

import pytest

import simulator as sim


@pytest.mark.parametrize("name", sim.__all__)
def test_every_public_name_is_documented(name):
    assert getattr(sim, name).__doc__


def test_import_is_light():
    code = "import sys, simulator; print(sorted({'numpy', 'pandas', 'numba'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="forecats"):
        _ = sim.forecats
