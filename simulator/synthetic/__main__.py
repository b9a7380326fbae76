"""Write the sample company anew: ``python -m simulator.synthetic FOLDER``."""

from __future__ import annotations

import sys
from pathlib import Path

from simulator.calibration.file import save_calibration
from simulator.history.save import save_history
from simulator.synthetic.company import AS_OF, CALENDAR, FIRST_DAY, SEATS, SEED, TRUTH
from simulator.synthetic.history import simulate_history
from simulator.synthetic.warts import Warts


def write_sample(folder: Path) -> None:
    """Write the sample history and, beside it, the truth that it was simulated from."""
    history = simulate_history(TRUTH, FIRST_DAY, AS_OF, CALENDAR, SEED, seats=SEATS, warts=Warts())
    save_history(history, folder / "history")
    save_calibration(TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR), folder / "truth.json")


if __name__ == "__main__":
    write_sample(Path(sys.argv[1] if len(sys.argv) > 1 else "scenarios/sample"))
