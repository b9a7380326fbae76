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


@pytest.mark.parametrize(("old", "new"), [("play", "simulate"), ("Question", "HiringSettings")])
def test_a_name_of_the_version_before_still_works_and_says_what_it_is_called_now(old, new):
    with pytest.warns(DeprecationWarning, match=new):
        assert getattr(sim, old) is getattr(sim, new)


def test_the_old_forms_of_calls_still_work():
    from tests.made_paths import sample_paths

    paths = [sample_paths(40), sample_paths(40)]
    with pytest.warns(DeprecationWarning, match="compare_paths"):
        compared = sim.compare(paths, [{}, {}])
    assert compared.table.equals(sim.compare_paths(paths, [{}, {}]).table)
