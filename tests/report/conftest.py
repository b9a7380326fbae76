"""Finished runs that several tests of reports read."""

import pytest

from simulator.report.documents.exports import write_exports
from tests.report.finished_runs import (
    HOSTILE_NAMES,
    HOSTILE_SCENARIO,
    arr_table,
    write_companions,
    write_run,
)


@pytest.fixture(scope="session")
def finished_folder(tmp_path_factory):
    folder = write_run(tmp_path_factory.mktemp("finished") / "base", arr=arr_table())
    write_exports(folder)
    return folder


@pytest.fixture(scope="session")
def hostile_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hostile") / "base"
    write_run(folder, segments=HOSTILE_NAMES, scenario=HOSTILE_SCENARIO, charts=False)
    write_exports(folder)
    return folder


@pytest.fixture(scope="session")
def accompanied_folder(tmp_path_factory):
    """A run with hiring, headcount and a backtest beside it."""
    folder = write_run(tmp_path_factory.mktemp("accompanied") / "base", arr=arr_table())
    write_companions(folder)
    write_exports(folder)
    return folder
