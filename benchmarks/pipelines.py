"""Forecasts of pipelines that nobody here made, scored against simple methods.

FOLDER holds one folder a set: meta.yaml (period, cuts, horizons, stages, units), deals.csv.gz, and where
stages are logged changes.csv.gz; and baselines_dev.csv, the scores of simple methods on the same cases.
Every case is forecast from what was known on its day; a case that was made before, by the same sources
with the same options, is not made again.

The record, through the command line alone, writes results/pipelines.md (some 20 minutes, two processes):

    python benchmarks/pipelines.py FOLDER --other forecast.evidence=0 --other forecast.evidence=0.7

A look, within this process, prints scores and writes nothing (all 96 cuts: 80 seconds of processor time,
so 50 seconds in two processes of a quiet machine; every third cut a third of that; a minute more after
kernels have changed):

    python benchmarks/pipelines.py FOLDER --in-process --jobs 1
    python benchmarks/pipelines.py FOLDER --in-process --sets caiso,miso --every 3 --set forecast.evidence=0
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pipeline_cases import PipelineSet, read_sets
from benchmarks.pipeline_forecasts import Forecaster, faults
from benchmarks.pipeline_report import look, report
from benchmarks.pipeline_scores import part_scores, score, with_baselines


def forecast_all(
    forecaster: Forecaster, sets: list[PipelineSet], every: int, jobs: int
) -> list[dict[str, Any]]:
    """Forecast every n-th cut of the sets; whatever fails is said, and the rest goes on."""
    todo = [(pipelines, cut) for pipelines in sets for cut in pipelines.cuts(every)]
    cases = []
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        jobs_done = [pool.submit(forecaster.forecast, *case) for case in todo]
        for done in jobs_done:
            cases.append(done.result())
            said = cases[-1].get("fault", "done")
            print(f"{cases[-1]['set']} {cases[-1]['cut']}: {said}", file=sys.stderr, flush=True)
    return cases


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--in-process", action="store_true", help="print scores, quicker; write no results")
    parser.add_argument("--paths", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--sets", default="", metavar="A,B", help="only these sets")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only every n-th cut of a set")
    parser.add_argument("--set", dest="options", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--other", action="append", default=[], metavar="KEY=VALUE",
                        help="a setting to score as well, within this process; repeatable")  # fmt: skip
    parser.add_argument("--work", type=Path, default=Path("/tmp/pipelines"), help="where cases are kept")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "pipelines.md")
    return parser.parse_args()


def main() -> None:
    given = parsed()
    given.work.mkdir(parents=True, exist_ok=True)
    sets = read_sets(given.folder, [name for name in given.sets.split(",") if name])

    baselines = pd.read_csv(given.folder / "baselines_dev.csv")

    def run(in_process: bool, *other: str) -> list[dict[str, Any]]:
        forecaster = Forecaster(given.work, given.paths, (*given.options, *other), in_process)
        return forecast_all(forecaster, sets, given.every, given.jobs)

    cases = run(given.in_process)
    rows = with_baselines(score(cases, sets), baselines)
    parts = part_scores(cases if given.in_process else run(True), sets)
    others = {other: with_baselines(score(run(True, other), sets), baselines) for other in given.other}
    if given.in_process:
        print(look(rows, parts, others))
    else:
        given.out.write_text(report(rows, parts, others, given.paths, given.options))
    if failed := faults(cases):
        sys.exit("\n".join(failed))


if __name__ == "__main__":
    main()
