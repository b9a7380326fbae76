"""The kernels without numba: Python steps through the same code and finds the same bits."""

import os
import subprocess
import sys
from pathlib import Path

from tests.kernels.small_company import digest, small_paths

ROOT = Path(__file__).resolve().parents[2]


def test_python_finds_the_same_bits_as_the_compiled_kernels():
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.kernels.small_company"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == digest(small_paths())


def test_the_small_company_uses_every_kind_of_kernel():
    paths = small_paths()
    of_deals = ("n_won", "n_lost_competition", "n_slipped", "n_waited", "n_conceded", "n_gated", "n_referred")
    for flow in of_deals:
        assert paths.flow(flow).sum() > 0, flow
    for flow in ("n_churned", "contraction", "price", "n_expansions", "revenue"):
        assert paths.arr_flow(flow).sum() > 0, flow
    assert paths.people.sum() > 0
