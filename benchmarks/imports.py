"""One company in every form of its export: read to the cent, or refused with the remedy that makes it so.

Run: python benchmarks/imports.py [--rows 1000000]. Writes results/imports.md.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.errors import InputError
from simulator.history.importers.importer import import_files
from tests.history.importers.forms import Form, totals, write
from tests.history.importers.test_forms import ALL, figures


def result(form: Form) -> str:
    """Return what an import made of one form."""
    with tempfile.TemporaryDirectory() as name:
        folder, map_path, refused = Path(name), None, ""
        paths = write(form, folder)
        try:
            if form.fix is not None:
                try:
                    import_files(form.kind, paths)
                    return "WRONG: not refused"
                except InputError as error:
                    refused = "refused, right after the remedy" if form.says in str(error) else "WRONG remedy"
                map_path = folder / "map.yaml"
                map_path.write_text(form.fix, encoding="utf-8")
            imported = import_files(form.kind, paths, map_path)
        except InputError as error:
            return f"WRONG: refused ({error.faults[0].what[:60]})"
    known = imported.understanding.figures["currency"] == form.currency
    return (
        (refused or "right")
        if known and figures(imported) == totals(form.whole, form.without)
        else "WRONG figures"
    )


def million(folder: Path, n_rows: int) -> list[Path]:
    """Write a Salesforce history of many rows, ten to a deal, and its deals."""
    rng = np.random.default_rng(17)
    n_deals = n_rows // 10
    ids = np.char.add("006", np.char.zfill(np.arange(n_deals).astype(str), 12))
    start = np.datetime64("2018-01-01T08:00:00") + rng.integers(0, 2500 * 86400, n_deals)
    amount = np.round(rng.lognormal(10, 1, n_deals), 2)
    deal = np.repeat(np.arange(n_deals), 10)
    step = np.tile(np.arange(10), n_deals)
    times = start[deal] + step * rng.integers(1, 10 * 86400, n_deals * 10)
    names = np.array(["Discovery", "Discovery", "Proposal", "Proposal", "Negotiation", "Negotiation"])
    end = np.where(rng.random(n_deals) < 0.4, "Closed Won", "Closed Lost")
    stage = np.where(step == 9, end[deal], names[np.minimum(step, 5)])
    category = {"Discovery": "Pipeline", "Proposal": "BestCase", "Negotiation": "Commit"}
    history = pd.DataFrame(
        {
            "Id": np.arange(n_deals * 10),
            "OpportunityId": ids[deal],
            "CreatedDate": np.char.add(np.datetime_as_string(times, unit="s"), ".000Z"),
            "StageName": stage,
            "Amount": amount[deal],
            "CloseDate": np.datetime_as_string(start[deal] + 90 * 86400 + 86400 * step, unit="D"),
            "ForecastCategory": pd.Series(stage)
            .map(category)
            .fillna("Closed")
            .where(stage != "Closed Lost", "Omitted"),
        }
    )
    last = history.iloc[9::10]
    deals = last.drop(columns=["Id"]).rename(columns={"OpportunityId": "Id"})
    deals["CreatedDate"] = np.char.add(np.datetime_as_string(start, unit="s"), ".000Z")
    history.to_csv(folder / "history.csv", index=False)
    deals.to_csv(folder / "deals.csv", index=False)
    return [folder / "deals.csv", folder / "history.csv"]


def measured(paths: list[Path]) -> tuple[int, float, float]:
    """Return how many changes an import keeps, its processor time and the memory of the process."""
    begin = time.process_time()
    imported = import_files("salesforce", paths)
    seconds = time.process_time() - begin
    return len(imported.history.stage_changes), seconds, peak_memory()


def peak_memory() -> float:
    """Return the most memory of this process in MB; ``ru_maxrss`` would count that of its parent."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(
            line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM")
        )
        return float(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Write the table of forms, and the time and memory of a large history."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_008_000)
    parser.add_argument(
        "--measure", type=Path, help="only import the files of a folder, and print what it took"
    )
    asked = parser.parse_args()
    n_rows = asked.rows
    if asked.measure is not None:
        print(*measured([asked.measure / "deals.csv", asked.measure / "history.csv"]))
        return
    results = {form.name: result(form) for form in ALL}
    n_wrong = sum("WRONG" in text for text in results.values())
    lines = ["# Forms of export", "", "Written by `python benchmarks/imports.py`.", ""]
    n_right, n_refused = list(results.values()).count("right"), sum("after" in r for r in results.values())
    lines.append(
        f"One company of 24 deals in {len(ALL)} forms: {n_right} read to the cent, {n_refused} refused with "
        f"a remedy that makes them right, {n_wrong} wrong."
    )
    with tempfile.TemporaryDirectory() as name:
        million(Path(name), n_rows)
        command = [sys.executable, __file__, "--measure", name]  # a process of its own, whose memory counts
        told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    n_changes, seconds, memory = map(float, told.split())
    lines.append(
        f"\nA Salesforce history of {n_rows:,} rows ({n_changes:,.0f} changes kept): {seconds:.1f} s of "
        f"processor time, {memory:,.0f} MB at most, Python and libraries included."
    )
    lines += ["", "| form | kind | result |", "| --- | --- | --- |"]
    lines += [f"| {form.name.replace('|', ' ')} | {form.kind} | {results[form.name]} |" for form in ALL]
    (ROOT / "results" / "imports.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines[:8]))
    sys.exit(1 if n_wrong else 0)


if __name__ == "__main__":
    main()
