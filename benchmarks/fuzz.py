"""Ten thousand inputs and more of each kind: scenarios, maps, histories. Nothing but figures or faults.

Run: python benchmarks/fuzz.py [--inputs 10000] [--kinds scenarios,plans,maps,histories] [--more]. Writes
results/fuzzing.md, where kinds that are not tried keep the figures of the run before. ``--more`` goes on
where a run that was stopped has come to, while the code is the same.

With atheris installed the inputs are led by the coverage of what reads them (libFuzzer); without it
hypothesis draws them. Each kind runs in a process of its own. Led inputs go on after a traceback or nonsense
in the figures, so that one run tells every fault, each once with an input that shows it; an input that takes
longer than a minute ends the run.
"""

import argparse
import hashlib
import importlib.util
import json
import os
import pkgutil
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from simulator import kernels

KINDS = ("scenarios", "plans", "maps", "histories")
TOLD = ROOT / "build" / "fuzzing"
LED = "led by the coverage of the code (atheris)"
SECONDS_EACH = 60
MOST_BYTES = 6_000
N_SEEDS = 100
CHECKS = {
    "scenarios": "read, settled, said in words and read back; then played: every flow finite, no negative "
    "bookings or ARR, P10 ≤ P50 ≤ P90, chances between 0 and 1",
    "plans": "scenarios that keep their form and take other figures: all are played, with the same checks",
    "maps": "imported with their files: finite amounts of zero or more, unique deals, every deal dated",
    "histories": "loaded, checked, saved and read back; then calibrated, the rates saved and read back, and "
    "forecast as the scenarios are",
}


class Told:
    """What became of the inputs so far, in a file: the process may be ended at any of them."""

    def __init__(self, path: Path) -> None:
        before = json.loads(path.read_text()) if path.exists() else {}
        self.path = path
        self.code = code()
        self.fates: dict[str, int] = before.get("fates", {})
        self.began = time.monotonic() - before.get("seconds", 0.0)
        self.faults: dict[str, dict[str, str]] = {}

    def fault(self, error: BaseException, content: bytes) -> None:
        """Keep the first input that fails at a place."""
        frames = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in frames if str(ROOT) in frame.filename and ".venv" not in frame.filename]
        where = f"{type(error).__name__} at {ours[-1].filename}:{ours[-1].lineno}"
        words = "".join(traceback.format_exception(error))
        self.faults.setdefault(where, {"words": words[-4_000:], "input": content.hex()})

    def tell(self, fates: dict[str, int]) -> None:
        """Write down how far it has come."""
        seconds = time.monotonic() - self.began
        told = {"code": self.code, "fates": fates, "seconds": seconds, "faults": self.faults}
        self.path.write_text(json.dumps(told))


def code() -> str:
    """Return a digest of what reads the inputs, what makes them and what checks them."""
    folders = ("simulator", "tests/fuzzing", "tests/history", "tests/scenario")
    files = sorted(path for name in folders for path in (ROOT / name).rglob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def goes_on(path: Path, corpus: Path) -> bool:
    """Return whether a run of the same code stopped before its end, without a fault."""
    before = json.loads(path.read_text()) if path.exists() else {}
    return before.get("code") == code() and not before["faults"] and corpus.is_dir()


def fuzz(kind: str, n_inputs: int, told: Told, place: Path, *, led: bool) -> None:
    """Try this many inputs of a kind in this process, and write what became of them."""
    if led:
        fuzz_led(kind, n_inputs, told, place)
        return
    from hypothesis import HealthCheck, settings

    from tests.fuzzing.targets import FATES, TARGETS

    many = settings(max_examples=n_inputs, deadline=None, suppress_health_check=list(HealthCheck))
    try:
        many(TARGETS[kind])()
    finally:
        told.tell(dict(FATES))


def fuzz_led(kind: str, n_inputs: int, told: Told, place: Path) -> None:
    """The same, each input made of those before it that reached new code."""
    import atheris

    for module in pkgutil.walk_packages(kernels.__path__, "simulator.kernels."):
        importlib.import_module(module.name)  # numba compiles them, and cannot compile what watches
    with atheris.instrument_imports(include=["simulator"]):
        from tests.fuzzing.targets import FATES, TARGETS
    FATES.update(told.fates)
    n_before = sum(FATES.values())

    def one(content: bytes) -> None:
        before = sum(FATES.values())
        try:
            TARGETS[kind].hypothesis.fuzz_one_input(content)
        except Exception as error:
            told.fault(error, content)
            FATES[f"{kind}: faulty"] += 1
        n_done = sum(FATES.values())
        if n_done > before and (n_done % 100 == 0 or n_done >= n_inputs):
            told.tell(dict(FATES))
        if n_done >= n_inputs:
            os._exit(int(bool(told.faults)))

    draw = random.Random(1 + n_before)
    seeds = place / "seeds"
    seeds.mkdir()
    for number in range(N_SEEDS):
        (seeds / str(number)).write_bytes(draw.randbytes(draw.randint(500, MOST_BYTES)))
    options = [f"-timeout={SECONDS_EACH}", f"-max_len={MOST_BYTES}", "-rss_limit_mb=6000", "-len_control=0"]
    options += [f"-seed={1 + n_before}", f"-artifact_prefix={TOLD}/", "-print_final_stats=0", "-verbosity=0"]
    atheris.Setup([sys.argv[0], *options, str(corpus_of(kind)), str(seeds)], one)
    atheris.Fuzz()


def corpus_of(kind: str) -> Path:
    """Return where inputs that reached new code are kept."""
    return TOLD / f"corpus-{kind}"


def run(kind: str, n_inputs: int, *, led: bool, more: bool = False) -> dict:
    """Fuzz one kind in a process of its own; return what became of the inputs."""
    told = TOLD / f"{kind}.json"
    if not (more and led and goes_on(told, corpus_of(kind))):
        told.unlink(missing_ok=True)
        shutil.rmtree(corpus_of(kind), ignore_errors=True)
    corpus_of(kind).mkdir(parents=True, exist_ok=True)
    command = [sys.executable, __file__, "--inputs", str(n_inputs), "--child", kind, "--told", str(told)]
    command += [] if led else ["--unled"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    outcome = json.loads(told.read_text()) if told.exists() else {"fates": {}, "seconds": 0.0}
    outcome["failed"] = done.returncode != 0
    faults = [f"{where}\n{found['words']}" for where, found in outcome.get("faults", {}).items()]
    ended = done.stdout[-4_000:] + done.stderr[-4_000:]
    outcome["words"] = "\n".join(faults) or (ended if outcome["failed"] else "")
    outcome["engine"] = LED if led else "drawn by hypothesis"
    told.write_text(json.dumps(outcome))
    return outcome


def report(outcomes: dict[str, dict], before: str) -> str:
    """Return results/fuzzing.md; kinds without an outcome keep their row of the report before."""
    lines = [
        "# Inputs of any content",
        "",
        "`python benchmarks/fuzz.py`",
        "",
        "| kind | inputs | of these | how | tracebacks, nonsense, hangs | seconds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    rows = {kind: line for kind in KINDS for line in before.splitlines() if line.startswith(f"| {kind} |")}
    for kind, outcome in outcomes.items():
        fates = {name.split(": ")[1]: n for name, n in sorted(outcome["fates"].items())}
        parts = ", ".join(f"{n:,} {name}" for name, n in fates.items())
        how = outcome.get("engine", LED)
        bad = "**yes**" if outcome.get("failed") or outcome.get("faults") else "none"
        bad += "" if "failed" in outcome else " so far: **not run to its end yet**"
        rows[kind] = (
            f"| {kind} | {sum(fates.values()):,} | {parts} | {how} | {bad} | {outcome['seconds']:,.0f} |"
        )
    lines += [rows[kind] for kind in KINDS if kind in rows]
    lines += ["", "What is checked of each input that is not refused in words:", ""]
    lines += [f"- **{kind}**: {CHECKS[kind]}." for kind in KINDS if kind in rows]
    lines += [
        "",
        f"An input may take {SECONDS_EACH} seconds. Of scenarios and histories that are taken one in five is",
        "played; what is more work than a few seconds is read and settled only (`read`).",
    ]
    return "\n".join(lines) + "\n"


def write_report() -> None:
    """Write results/fuzzing.md of what every kind has come to."""
    files = {kind: TOLD / f"{kind}.json" for kind in KINDS}
    known = {kind: json.loads(file.read_text()) for kind, file in files.items() if file.exists()}
    path = ROOT / "results" / "fuzzing.md"
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(report(known, before), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=10_000)
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--child", choices=KINDS)
    parser.add_argument("--told", type=Path)
    parser.add_argument("--more", action="store_true", help="go on where a stopped run has come to")
    parser.add_argument("--report", action="store_true", help="only write what was found so far")
    parser.add_argument("--unled", action="store_true", help="not led by coverage: quicker by the input")
    given = parser.parse_args()
    if given.child:
        with tempfile.TemporaryDirectory() as place:
            fuzz(given.child, given.inputs, Told(given.told), Path(place), led=not given.unled)
        return 0
    if given.report:
        write_report()
        return 0
    atheris = importlib.util.find_spec("atheris") is not None and not given.unled
    outcomes = {}
    for kind in given.kinds.split(","):
        outcomes[kind] = run(kind, given.inputs, led=atheris, more=given.more)
        print(f"{kind}: {outcomes[kind]['fates']}, {outcomes[kind]['seconds']:.0f} s", flush=True)
        print(outcomes[kind]["words"], flush=True)
    write_report()
    return int(any(outcome["failed"] for outcome in outcomes.values()))


if __name__ == "__main__":
    sys.exit(main())
