"""A forecast of one set at one cut: through the command line alone, or quicker within this process."""

import functools
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.pipeline_cases import PipelineSet, write_case

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-m", "simulator.cli.main"]
MONTHS_A_PERIOD = {"quarter": 3, "month": 1}


@dataclass(frozen=True)
class Forecaster:
    """How cases are forecast, and where what was made is kept.

    ``work`` holds one JSON file a case. Its name has a digest of the package's sources and of the options,
    so that a case is made again when either has changed.
    """

    work: Path
    n_paths: int
    options: tuple[str, ...] = ()
    in_process: bool = False

    def forecast(self, pipelines: PipelineSet, cut: str) -> dict[str, Any]:
        """Return ``samples`` by horizon (and ``parts``, within the process), or ``fault``."""
        way = "quick" if self.in_process else "cli"
        key = digest("simulator", str(self.n_paths), *self.options)
        target = self.work / f"{pipelines.name}_{cut}_{way}_{key}.json"
        if target.exists():
            return dict(json.loads(target.read_text()))
        make = self.within if self.in_process else self._by_command
        case = {"set": pipelines.name, "cut": cut, **make(pipelines, cut)}
        if "fault" not in case:
            draft = target.with_suffix(".tmp")
            draft.write_text(json.dumps(case))
            draft.replace(target)
        return case

    def _by_command(self, pipelines: PipelineSet, cut: str) -> dict[str, Any]:
        folder = self.work / f"{pipelines.name}_{cut}"
        files = _fresh(pipelines, cut, folder)
        out = folder / "out"
        sets = [part for option in self.options for part in ("--set", option)]
        steps = (
            ["import", "table", *map(str, files), "--map", str(folder / "map.yaml"),
             "--to", str(folder / "history")],
            ["run", str(folder / "scenario.yaml"), "--monthly", "--paths", str(self.n_paths), "-o", str(out),
             "--quiet", "--set", "simulation.threads=1", *sets],
        )  # fmt: skip
        for step in steps:
            done = subprocess.run([*COMMAND, *step], capture_output=True, text=True, check=False, cwd=ROOT)
            if done.returncode:
                return {"fault": (done.stderr or done.stdout)[-400:]}
        monthly = pd.read_parquet(out / "paths_monthly.parquet")
        shutil.rmtree(folder)
        return {"samples": by_horizon(monthly, pipelines.meta, cut)}

    def within(self, pipelines: PipelineSet, cut: str) -> dict[str, Any]:
        """Forecast within this process, whatever was made before."""
        from simulator.engine.prepare import prepare
        from simulator.engine.run.simulate import simulate
        from simulator.report.output.tables import write_monthly_paths
        from simulator.scenario.load import load_scenario

        settings = [f"simulation.paths={self.n_paths}", "simulation.threads=1", *self.options]
        scenario = load_scenario(self._imported(pipelines, cut), settings)
        ready = prepare(scenario)
        paths = simulate(ready.scenario, ready.calibration, ready.history)
        file = self.work / f"{pipelines.name}_{cut}.parquet"
        write_monthly_paths(paths, file)
        monthly = pd.read_parquet(file)
        file.unlink()
        return {"samples": by_horizon(monthly, pipelines.meta, cut), "parts": _parts(paths)}

    def _imported(self, pipelines: PipelineSet, cut: str) -> Path:
        """Return the scenario of a case whose history is imported; once for every state of the importers."""
        key = digest("simulator/history", digest("benchmarks"))
        folder = self.work / "imported" / f"{pipelines.name}_{cut}_{key}"
        if not folder.exists():
            from simulator.history.importers.importer import import_files
            from simulator.history.save import save_history

            draft = folder.with_name(folder.name + ".tmp")
            files = _fresh(pipelines, cut, draft)
            history = import_files("table", files, draft / "map.yaml", accept=True).history
            save_history(history, draft / "history")
            draft.replace(folder)
        return folder / "scenario.yaml"


def _fresh(pipelines: PipelineSet, cut: str, folder: Path) -> list[Path]:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return write_case(pipelines, cut, folder)


@functools.cache
def digest(place: str, *options: str) -> str:
    from hashlib import blake2b

    total = blake2b(repr(options).encode(), digest_size=6)
    for source in sorted((ROOT / place).rglob("*.py")):
        total.update(source.read_bytes())
    return total.hexdigest()


def by_horizon(monthly: pd.DataFrame, meta: dict[str, Any], cut: str) -> dict[str, list[float]]:
    """Add the bookings of every path up by period after the cut."""
    size = MONTHS_A_PERIOD[meta["period"]]
    first = pd.Period(cut, "M") + 1
    ahead = (pd.PeriodIndex(monthly["month"], freq="M") - first).map(lambda gap: gap.n)
    period = np.asarray(ahead) // size + 1
    total = monthly.assign(period=period).groupby(["period", "path"])["bookings"].sum()
    return {str(h): total.loc[h].round(2).tolist() for h in meta["horizons"]}


def _parts(paths: Any) -> dict[str, Any]:
    """Return what the rest of the first quarter is made of: open deals and new ones, number and amount."""
    origins = np.asarray(paths.bookings_by_origin())[:, 0].sum(axis=1)
    n_won = np.asarray(paths.flow("n_won"))[:, 0].sum(axis=1)
    n_open = float(np.asarray(paths.open_wins)[:, 0].sum()) / paths.n_paths
    amounts = {"open": origins[:, :-1].sum(axis=1), "new": origins[:, -1]}
    return {
        "n_open": n_open,
        "n_new": float(n_won.mean()) - n_open,
        **{f"amount_{part}": float(values.mean()) for part, values in amounts.items()},
        **{f"sd_{part}": float(values.std()) for part, values in amounts.items()},
    }


def faults(cases: Iterable[dict[str, Any]]) -> list[str]:
    return [f"{case['set']} {case['cut']}: {case['fault']}" for case in cases if "fault" in case]
