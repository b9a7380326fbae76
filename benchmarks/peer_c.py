"""The same law in C: compiled here, loaded into this process, fed by a file."""

import ctypes
import subprocess
from pathlib import Path

import numpy as np

from benchmarks.workloads import N_SEGMENTS, SEED, Outcome, write_plan
from simulator.kernels.deals import DealPlan
from simulator.kernels.flows import N_FLOWS

SOURCE = Path(__file__).with_name("deals.c")
FLAGS = ("-O3", "-march=native")


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
        command = ["gcc", *flags, "-shared", "-fPIC", str(SOURCE), "-o", str(library), "-lm"]
        subprocess.run(command, check=True)
        self._library = ctypes.CDLL(str(library))
        self._library.read_plan.restype = ctypes.c_void_p
        self._library.simulate_paths.restype = ctypes.c_int64
        self._shape = (plan.month_end.shape[0], plan.open_entity.shape[0], plan.hazard.shape[0])
        self._first_month_of_quarter = plan.first_month_of_quarter
        file = folder / "plan.bin"
        write_plan(plan, file)
        self._plan = ctypes.c_void_p(self._library.read_plan(str(file).encode()))
        file.unlink()
        if not self._plan:
            raise OSError(f"the C program could not read {file}")

    def simulate_paths(self, first_path: int, n_paths: int) -> tuple[Outcome, int]:
        """Return the outcome of consecutive paths, and how many deal-months were looked at."""
        n_months, n_open, n_draws = self._shape
        n_quarters = (n_months + self._first_month_of_quarter + 2) // 3
        outcome = Outcome(
            flows=np.empty((n_paths, n_quarters, N_SEGMENTS, N_FLOWS)),
            bookings=np.empty((n_paths, n_months, N_SEGMENTS)),
            open_wins=np.zeros((n_open, n_quarters), dtype=np.int64),
        )
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
