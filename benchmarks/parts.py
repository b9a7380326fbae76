"""What each part of the rates is worth: it is left out, and the pipelines are forecast without it.

FOLDER as for benchmarks/pipelines.py; within this process, some minutes for each part:

    python benchmarks/parts.py FOLDER [--every 2] [--only WORD,WORD]
"""

import argparse
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path
from pkgutil import resolve_name
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.pipeline_cases import read_sets
from benchmarks.pipeline_forecasts import Forecaster
from benchmarks.pipeline_report import markdown, relative_by_set
from benchmarks.pipeline_scores import bias, geometric_mean, score, with_baselines

CALIBRATION = "simulator.calibration"
NEVER = 10**9


def steady(*_: Any, **__: Any) -> Any:
    from simulator.calibration.drift import steady_course

    return steady_course()


def without_size(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda opportunities, qualified, _: real(opportunities, qualified, None)


def without_factor(left_out: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    return lambda real: lambda *given: [name for name in real(*given) if name != left_out]


Patch = tuple[str, Callable[[Any], Any]]
"""What is put in place of something: its name, and a function of what it was."""
PARTS: dict[str, tuple[tuple[str, ...], tuple[Patch, ...]]] = {
    "simple methods": (("forecast.evidence=0",), ()),
    "uncertainty of the rates": (("simulation.rate_uncertainty=false",), ()),
    "shocks, and simple methods with them": (("simulation.shared_shock=false",), ()),
    "level of closing": ((), ((f"{CALIBRATION}.trends.fit_course", lambda _: steady),)),
    "level and growth of creation": ((), ((f"{CALIBRATION}.demand.fit_course", lambda _: steady),)),
    "trend of amounts": ((), ((f"{CALIBRATION}.estimate.amount_trend", lambda _: steady),)),
    "steps of levels": ((), ((f"{CALIBRATION}.local_level.P_STEP", lambda _: 1e-9),)),
    "season of closing": ((), ((f"{CALIBRATION}.drift.SEASON_QUARTERS", lambda _: NEVER),)),
    "season of creation": ((), ((f"{CALIBRATION}.demand.SEASON_MONTHS", lambda _: NEVER),)),
    "season of simple methods": ((), ((f"{CALIBRATION}.evidence.SEASON_QUARTERS", lambda _: NEVER),)),
    "size": ((), ((f"{CALIBRATION}.estimate.deal_traits", without_size),)),
    "age": ((), ((f"{CALIBRATION}.factors.CellModel._names", without_factor("age")),)),
    "month of the quarter": ((), ((f"{CALIBRATION}.factors.CellModel._names", without_factor("linearity")),)),
    "ages of a segment": ((), ((f"{CALIBRATION}.deals.segment_ages", lambda _: lambda *_: None),)),
    "reps of open deals": ((), ((f"{CALIBRATION}.estimate.rep_factors", lambda _: lambda *_: None),)),
    "days of the month": ((), ((f"{CALIBRATION}.estimate.month_clock", lambda _: lambda _: None),)),
}


@contextmanager
def left_out(part: str | None) -> Iterator[tuple[str, ...]]:
    """Leave a part out of what is calibrated; yield the settings that leave one out of what is simulated."""
    options, patches = PARTS[part] if part is not None else ((), ())
    with ExitStack() as stack:
        for target, instead in patches:
            owner, name = _owner(target)
            stack.enter_context(mock.patch.object(owner, name, instead(getattr(owner, name))))
        yield options


def forecast_without(
    part: str | None, folder: Path, every: int, work: Path, n_paths: int
) -> list[dict[str, Any]]:
    """Return the forecasts of all cases without one part; None: with all of them."""
    with left_out(part) as options:
        forecaster = Forecaster(work, n_paths, options, in_process=True)
        return [
            {"set": pipelines.name, "cut": cut, **forecaster.within(pipelines, cut)}
            for pipelines in read_sets(folder, [])
            for cut in pipelines.cuts(every)
        ]


def _owner(target: str) -> tuple[Any, str]:
    """Return the module or class that holds what a dotted name means, and its own name."""
    place, _, name = target.rpartition(".")
    return resolve_name(place), name


def line(part: str, rows: pd.DataFrame, whole: pd.Series | None) -> tuple[tuple[str, ...], pd.Series]:
    """Return a row of the table, and the CRPS of each set over that of the mean of the last four."""
    mine, ratios = rows[rows["method"] == "simulator"], relative_by_set(rows)["simulator"]
    moved = [] if whole is None else [f"{name} {change:+.0%}" for name, change in _most(ratios / whole - 1.0)]
    worth = "" if whole is None else f"{geometric_mean(ratios) / geometric_mean(whole) - 1.0:+.1%}"
    cells = (
        part,
        f"{geometric_mean(ratios):.3f}",
        worth,
        f"{mine['inside'].mean():.0%}",
        f"{mine['below'].mean():.0%} / {mine['above'].mean():.0%}",
        f"{bias(mine):+.0%} / {bias(mine, 'mean'):+.0%}",
        ", ".join(moved),
    )
    return cells, ratios


def _most(change: pd.Series) -> list[tuple[str, float]]:
    """Return the two sets that change most."""
    order = np.argsort(-change.abs().to_numpy())[:2]
    return [(str(change.index[place]), float(change.iloc[place])) for place in order]


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=2, metavar="N", help="only every n-th cut of a set")
    parser.add_argument("--paths", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--only", default="", help="only parts with one of these words, with commas between")
    parser.add_argument("--work", type=Path, default=Path("/tmp/parts"), help="where imported cases are kept")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "parts.md")
    return parser.parse_args()


def main() -> None:
    given = parsed()
    given.work.mkdir(parents=True, exist_ok=True)
    sets, baselines = read_sets(given.folder, []), pd.read_csv(given.folder / "baselines_dev.csv")
    words = given.only.split(",")
    todo = [None, *(part for part in PARTS if any(word in part for word in words))]
    lines: list[tuple[str, ...]] = []
    whole = None
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        jobs = [
            pool.submit(forecast_without, part, given.folder, given.every, given.work, given.paths)
            for part in todo
        ]
        for part, job in zip(todo, jobs, strict=True):
            rows = with_baselines(score(job.result(), sets), baselines)
            cells, ratios = line(part or "nothing", rows, whole)
            whole = ratios if whole is None else whole
            lines.append(cells)
            print(" | ".join(cells), file=sys.stderr, flush=True)
    head = ("without", "CRPS / mean of last 4", "change", "P10–P90 holds", "below / above",
            "bias of P50 / mean", "most in")  # fmt: skip
    table = markdown(head, lines)
    given.out.write_text("\n".join([*about(given), *table, ""]))


def about(given: argparse.Namespace) -> list[str]:
    return [
        "# What each part of the rates is worth",
        "",
        f"`python benchmarks/parts.py ../shared/data/pipelines --every {given.every}`. Each part is left out",
        f"in turn; one cut in {given.every} of the pipelines of results/pipelines.md is forecast again,",
        f"with {given.paths} paths. A change above 0: the forecasts are worse without it.",
        "",
    ]


if __name__ == "__main__":
    main()
