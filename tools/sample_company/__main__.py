"""Write the sample company anew: ``python -m tools.sample_company FOLDER``."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from simulator.calibration.file import save_calibration
from simulator.history.save import save_history
from tools.sample_company.company import (
    AS_OF,
    BEFORE,
    CALENDAR,
    CSM_SEATS,
    CUSTOMERS,
    FIRST_DAY,
    SEATS,
    SEED,
    TRUTH,
)
from tools.sample_company.contracts import CustomerBook
from tools.sample_company.history import simulate_history
from tools.sample_company.salesforce_export import write_salesforce_export
from tools.sample_company.warts import Warts


def write_sample(folder: Path) -> None:
    """Write the sample history, its export as from Salesforce, and the rates that it was simulated from."""
    book = CustomerBook(CUSTOMERS, BEFORE, CSM_SEATS, SEED)
    history = simulate_history(TRUTH, FIRST_DAY, AS_OF, CALENDAR, SEED, seats=SEATS, book=book, warts=Warts())
    save_history(history, folder / "history")
    write_salesforce_export(history, folder / "salesforce")
    truth = TRUTH.calibration(AS_OF, FIRST_DAY, CALENDAR)
    save_calibration(replace(truth, customers=book.truth(truth.segments)), folder / "truth.json")


def main(arguments: list[str]) -> int:
    """Write the sample where the one argument says, or into ``scenarios/sample``."""
    if len(arguments) > 1 or any(word.startswith("-") for word in arguments):
        sys.stderr.write(f"{__doc__}\n")
        return 2
    write_sample(Path(arguments[0] if arguments else "scenarios/sample"))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
