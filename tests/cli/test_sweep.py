"""``simulator sweep`` from a file to a folder."""

import json

import pandas as pd
import pytest

from tests.cli.test_run import SCENARIO, simulator

GRID = "sweep:\n  levers.sals: [-20%, 1, +20%]\n  levers.slippage: [x0.8, 1]\n"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    (folder / "base.yaml").write_text(SCENARIO)
    (folder / "grid.yaml").write_text(SCENARIO + GRID)
    (folder / "wrong.yaml").write_text(SCENARIO + "sweep: {levers.salz: [1, 2]}\n")
    return folder


def test_every_setting_is_played_on_the_same_futures(workspace):
    result = simulator("sweep", "grid.yaml", "--paths", "60", "-o", "out", cwd=workspace)
    assert result.returncode == 0, result.stderr
    table = pd.read_csv(workspace / "out" / "tables" / "sweep.csv", dtype={"levers.sals": str})
    last = table[table["period"] == table["period"].iloc[-1]].set_index("setting")
    assert list(last.index) == [0, 1, 2, 3, 4, 5, 6]
    neutral = last[(last["levers.sals"] == "1") & (last["levers.slippage"].astype(str) == "1")].iloc[0]
    for figure in ("mean", "p10", "p50", "p90"):
        assert neutral[figure] == last.loc[0, figure]
    assert neutral["p50_change"] == 0
    assert last["mean"].iloc[1] < last["mean"].iloc[3] < last["mean"].iloc[5]
    summary = json.loads((workspace / "out" / "summary.json").read_text())
    assert len(summary["sweep"]) == len(table)
    assert summary["answers"]["best"] in result.stdout
    assert {path.name for path in (workspace / "out" / "charts").iterdir()} == {
        "sweep.json", "sweep.png", "sweep.svg",
    }  # fmt: skip


def test_a_scenario_without_a_sweep_and_a_wrong_key_are_refused_with_the_remedy(workspace):
    plain = simulator("sweep", "base.yaml", cwd=workspace)
    assert plain.returncode == 2
    assert "has no 'sweep:' to simulate" in plain.stderr
    wrong = simulator("sweep", "wrong.yaml", cwd=workspace)
    assert wrong.returncode == 2
    assert "salz" in wrong.stderr
    assert "sals" in wrong.stderr
    assert "Traceback" not in wrong.stderr
