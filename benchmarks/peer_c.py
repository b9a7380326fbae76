"""The same law in C: compiled here, loaded into this process, fed by a file."""

import ctypes
import re
import subprocess
from pathlib import Path

import numpy as np

from benchmarks.workloads import SEED, Outcome, empty_outcome, write_plan
from simulator.kernels.deals.plan import DealPlan
from simulator.kernels.flows import FLOWS

SOURCE = Path(__file__).with_name("deals.c")
FLAGS = ("-O3", "-march=native", "-ffp-contract=off")
"""Products are rounded before they are added, as everywhere else: else the bits would differ."""
FIELDS = tuple(
    re.findall(r"\w+", SOURCE.read_text(encoding="utf-8").split("#define FIELDS")[1].split("\n\n")[0])
)


def compiler_version() -> str:
    """Return the compiler's name and version."""
    command = ["gcc", "--version"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()[0]


class CompiledPeer:
    """The C program with a plan loaded.

    Parameters
    ----------
    plan : DealPlan
    folder : pathlib.Path
        Where the program and the plan's file are put.
    flags : sequence of str
        Options of the compiler.
    """

    def __init__(self, plan: DealPlan, folder: Path, flags: tuple[str, ...] = FLAGS) -> None:
        library = folder / f"deals-{len(list(folder.iterdir()))}.so"
        flows = [f"-D{name.upper()}={place}" for place, name in enumerate(FLOWS)]
        command = [
            "gcc",
            *flags,
            f"-DN_FLOWS={len(FLOWS)}",
            *flows,
            "-shared",
            "-fPIC",
            str(SOURCE),
            "-o",
            str(library),
            "-lm",
        ]
        subprocess.run(command, check=True)
        self._library = ctypes.CDLL(str(library))
        self._library.read_plan.restype = ctypes.c_void_p
        self._library.simulate_paths.restype = ctypes.c_int64
        self._layout = plan
        file = folder / "plan.bin"
        write_plan(plan, FIELDS, file)
        self._plan = ctypes.c_void_p(self._library.read_plan(str(file).encode()))
        file.unlink()
        if not self._plan:
            raise OSError(f"the C program could not read {file}")

    def simulate_paths(self, first_path: int, n_paths: int) -> tuple[Outcome, int]:
        """Return the outcome of consecutive paths, and how many deal-months were looked at."""
        outcome = empty_outcome(self._layout, n_paths)
        n_draws = self._layout.hazard.shape[0]
        draws = np.arange(first_path, first_path + n_paths, dtype=np.int64) % n_draws
        arrays = (draws, outcome.flows, outcome.bookings, outcome.open_wins)
        n_steps = self._library.simulate_paths(
            self._plan,
            ctypes.c_uint64(SEED),
            ctypes.c_int64(first_path),
            ctypes.c_int64(n_paths),
            *(ctypes.c_void_p(array.ctypes.data) for array in arrays),
        )
        return outcome, n_steps

    def close(self) -> None:
        """Free the plan."""
        self._library.free_plan(self._plan)
