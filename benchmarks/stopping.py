"""Fifty runs killed at random moments, twenty stopped by Ctrl-C: the results are old or new, and whole.

Run: python benchmarks/stopping.py [--kills 50] [--interrupts 20]. Writes results/stopping.md; of a way to
stop that is tried 0 times it keeps the figures of the run before.
"""

import argparse
import hashlib
import json
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator.atomic_folder import SECONDS_TO_LOCK

WRITTEN_AFTER_THE_MANIFEST = {"manifest.json", "report.html", "forecast.xlsx", "board.pptx"}
STOPPED = 130


def command(folder: Path, seed: int) -> list[str]:
    """Return a run that takes a few seconds, told apart by its seed."""
    scenario = str(ROOT / "scenarios" / "base.yaml")
    settings = ["--paths", "60", "--set", "simulation.rate_draws=6", "--seed", str(seed)]
    return [sys.executable, "-m", "simulator.cli.main", "run", scenario, *settings, "-o", str(folder)]


def whole(folder: Path) -> int:
    """Return the seed of the run that a folder holds; fail where it is not all of one run."""
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    listed = {entry["path"]: entry["sha256"] for entry in manifest["outputs"]}
    there = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    assert set(there) == {*listed, *WRITTEN_AFTER_THE_MANIFEST}, sorted(set(there) ^ set(listed))
    for name, digest in listed.items():
        assert hashlib.sha256(there[name].read_bytes()).hexdigest() == digest, name
    return int(manifest["seed"])


def stop(place: Path, seed: int, after_seconds: float, how: signal.Signals) -> tuple[int, str]:
    """Stop a run after so long; return how it ended and what it said."""
    process = subprocess.Popen(
        command(place / "results", seed),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        _, said = process.communicate(timeout=after_seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(how)
        _, said = process.communicate()
    return process.returncode, said


def try_many(place: Path, n_times: int, how: signal.Signals, longest: float, draw: random.Random) -> Counter:
    """Stop as many runs at random moments; return how often the results were the older or the newer ones."""
    fates: Counter = Counter(seconds=round(longest)) if n_times else Counter()
    before = whole(place / "results")
    for turn in range(n_times):
        seed = before + 1 + turn % 2
        code, said = stop(place, seed, draw.uniform(0.0, longest), how)
        now = whole(place / "results")
        assert now in (before, seed), (now, before, seed)
        fates["finished" if code == 0 else "new" if now == seed else "old"] += 1
        if how == signal.SIGINT and code:
            # A stop before the first line of the program is Python's own to tell.
            assert code in (STOPPED, -signal.SIGINT, 1), (code, said)
            assert code == STOPPED or "simulator" not in said.partition("Traceback")[0], said
            fates["said so"] += code == STOPPED
        before = now
    return fates


def kept(name: str, fates: Counter) -> Counter:
    """Keep figures for the next run; return those of the run before where there are none."""
    file = ROOT / "build" / "stopping" / f"{name}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    if fates:
        file.write_text(json.dumps(fates))
    return Counter(json.loads(file.read_text())) if file.exists() else fates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--interrupts", type=int, default=20)
    given = parser.parse_args()
    # Shells let jobs in the background ignore Ctrl-C, and the runs would take that over.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    draw = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        subprocess.run(command(place / "results", 1), check=True, capture_output=True, cwd=ROOT)
        began = time.monotonic()
        subprocess.run(command(place / "results", 2), check=True, capture_output=True, cwd=ROOT)
        longest = 1.1 * (time.monotonic() - began)
        killed = kept("kills", try_many(place, given.kills, signal.SIGKILL, longest, draw))
        stopped = kept("interrupts", try_many(place, given.interrupts, signal.SIGINT, longest, draw))
        time.sleep(SECONDS_TO_LOCK)
        subprocess.run(command(place / "results", 1), check=True, capture_output=True, cwd=ROOT)
        left = sorted(path.name for path in place.iterdir())
    assert left == ["results"], left
    for fates in (killed, stopped):
        assert fates["old"], f"no run was stopped before its end, which shows nothing: {fates}"
    (ROOT / "results" / "stopping.md").write_text(report(killed, stopped), encoding="utf-8")
    print(dict(killed), dict(stopped))


def report(killed: Counter, stopped: Counter) -> str:
    """Return results/stopping.md."""

    def row(name: str, fates: Counter) -> str:
        n = fates["old"] + fates["new"] + fates["finished"]
        cells = (name, n, f"0–{fates['seconds']} s", fates["old"], fates["new"], fates["finished"], "none")
        return f"| {' | '.join(map(str, cells))} |"

    n_stopped = stopped["old"] + stopped["new"]
    return "\n".join(
        [
            "# Stopped at any moment",
            "",
            "`python benchmarks/stopping.py`: runs of the sample company, each stopped at a random moment.",
            "Afterwards every file of the results folder is compared with the SHA-256 in its manifest.",
            "",
            "| stopped by | runs | within | old, whole | new, whole | ended before | in between |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            row("SIGKILL", killed),
            row("Ctrl-C", stopped),
            "",
            f"Of the {n_stopped} stopped by Ctrl-C {stopped['said so']} said so in words; any others were",
            "stopped before the first line of the program or after its last.",
            "",
            "The next run tidied up every draft that the killed ones had left beside the folder.",
            "",
        ]
    )


if __name__ == "__main__":
    main()
