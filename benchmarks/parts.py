"""What each part of the rates is worth: it is left out, and pipelines and worlds are forecast without it.

FOLDER as for benchmarks/pipelines.py. Some minutes for each part; what was forecast before by the same
sources is not forecast again:

    python benchmarks/parts.py FOLDER [--every 2] [--seeds 4] [--only WORD,WORD]
"""

import argparse
import json
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
from benchmarks.pipeline_forecasts import Forecaster, digest
from benchmarks.pipeline_report import markdown, relative_by_set
from benchmarks.pipeline_scores import bias, geometric_mean, score, with_baselines
from benchmarks.worlds import measured
from tests.worlds.forecasts import EVIDENCE
from tests.worlds.gallery import COMPANIES, Company
from tests.worlds.next_quarters import forecast_and_truth

N_CONTINUATIONS = 100
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


def pipelines_without(part: str | None, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the forecasts of all cases without one part; None: with all of them."""
    with left_out(part) as options:
        forecaster = Forecaster(given.work, given.paths, options, in_process=True)
        return [
            {"set": pipelines.name, "cut": cut, **forecaster.within(pipelines, cut)}
            for pipelines in read_sets(given.folder, [])
            for cut in pipelines.cuts(given.every)
        ]


def worlds_without(part: str | None, given: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the scores of two quarters of every world without one part; None: with all of them."""
    with left_out(part) as options:
        settings: dict[str, Any] = {
            option.removeprefix("simulation.").removesuffix("=false"): False
            for option in options
            if option.endswith("=false")
        }
        evidence = 0.0 if "forecast.evidence=0" in options else EVIDENCE
        return [
            {"set": name, "quarter": quarter, **measured(forecast, truth)}
            for name, company in COMPANIES.items()
            for seed in range(given.seeds)
            for quarter, (forecast, truth) in enumerate(_quarters(company, seed, evidence, settings), start=1)
        ]


def _quarters(company: Company, seed: int, evidence: float, settings: dict[str, Any]) -> Any:
    forecasts, truths = forecast_and_truth(company, seed, evidence, N_CONTINUATIONS, **settings)
    return zip(forecasts.T, truths.T, strict=True)


def kept(scope: Callable[..., list[dict[str, Any]]], part: str | None, given: argparse.Namespace) -> Any:
    """Return what a scope forecasts without a part, from its file where the same sources wrote one."""
    sources = (digest("tests/worlds"), digest("benchmarks"))
    key = digest("simulator", *sources, str((part, given.every, given.paths, given.seeds)))
    target = given.work / f"{scope.__name__}_{key}.json"
    if not target.exists():
        draft = target.with_suffix(".tmp")
        draft.write_text(json.dumps(scope(part, given), default=float))
        draft.replace(target)
    return json.loads(target.read_text())


def _owner(target: str) -> tuple[Any, str]:
    """Return the module or class that holds what a dotted name means, and its own name."""
    place, _, name = target.rpartition(".")
    return resolve_name(place), name


def pipeline_cells(rows: pd.DataFrame, whole: pd.Series | None) -> tuple[tuple[str, ...], pd.Series]:
    """Return the cells of a row, and the CRPS of each set over that of the mean of the last four."""
    mine, ratios = rows[rows["method"] == "simulator"], relative_by_set(rows)["simulator"]
    cells = (
        *_worth(ratios, whole),
        f"{mine['inside'].mean():.0%}",
        f"{mine['below'].mean():.0%} / {mine['above'].mean():.0%}",
        f"{bias(mine):+.0%} / {bias(mine, 'mean'):+.0%}",
        _most(ratios, whole),
    )
    return cells, ratios


def world_cells(rows: pd.DataFrame, whole: pd.Series | None) -> tuple[tuple[str, ...], pd.Series]:
    """Return the cells of a row, and the CRPS of each world over the least possible."""
    worlds = rows.groupby("set", sort=False)
    ratios = worlds["crps"].sum() / worlds["least_crps"].sum()
    off = worlds["mean"].sum() / worlds["true_mean"].sum() - 1.0
    cells = (
        *_worth(ratios, whole),
        f"{1.0 - (rows['below'] + rows['above']).mean():.0%}",
        f"{rows['below'].mean():.0%} / {rows['above'].mean():.0%}",
        f"{off.abs().mean():.1%}",
        _most(ratios, whole),
    )
    return cells, ratios


def _worth(ratios: pd.Series, whole: pd.Series | None) -> tuple[str, str]:
    score = geometric_mean(ratios)
    return f"{score:.3f}", "" if whole is None else f"{score / geometric_mean(whole) - 1.0:+.1%}"


def _most(ratios: pd.Series, whole: pd.Series | None) -> str:
    """Return the two sets that change most."""
    if whole is None:
        return ""
    change = ratios / whole - 1.0
    order = np.argsort(-change.abs().to_numpy())[:2]
    return ", ".join(f"{change.index[place]} {change.iloc[place]:+.0%}" for place in order)


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--every", type=int, default=2, metavar="N", help="only every n-th cut of a set")
    parser.add_argument("--seeds", type=int, default=4, help="companies of each world")
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

    def on_pipelines(found: list[dict[str, Any]], whole: pd.Series | None) -> Any:
        return pipeline_cells(with_baselines(score(found, sets), baselines), whole)

    def on_worlds(found: list[dict[str, Any]], whole: pd.Series | None) -> Any:
        return world_cells(pd.DataFrame(found), whole)

    worlds = table(worlds_without, on_worlds, WORLD_HEAD, given)
    pipelines = table(pipelines_without, on_pipelines, PIPELINE_HEAD, given)
    given.out.write_text("\n".join([about(given), *pipelines, about_worlds(given), *worlds, ""]))


def table(
    scope: Callable[..., list[dict[str, Any]]],
    cells_of: Callable[[list[dict[str, Any]], pd.Series | None], Any],
    head: tuple[str, ...],
    given: argparse.Namespace,
) -> list[str]:
    """Return a table with a row for each part that is left out, the first with none left out."""
    words = given.only.split(",")
    parts = [None, *(part for part in PARTS if any(word in part for word in words))]
    lines: list[tuple[str, ...]] = []
    whole = None
    with ProcessPoolExecutor(given.jobs, mp_context=get_context("spawn")) as pool:
        jobs = [pool.submit(kept, scope, part, given) for part in parts]
        for part, job in zip(parts, jobs, strict=True):
            cells, ratios = cells_of(job.result(), whole)
            whole = ratios if whole is None else whole
            lines.append((part or "nothing", *cells))
            print(" | ".join(lines[-1]), file=sys.stderr, flush=True)
    return markdown(head, lines)


PIPELINE_HEAD = ("without", "CRPS / mean of last 4", "change", "P10–P90 holds", "below / above",
                 "bias of P50 / mean", "most in")  # fmt: skip
WORLD_HEAD = ("without", "CRPS / the least possible", "change", "P10–P90 holds", "below / above",
              "bias of a world, sign apart", "most in")  # fmt: skip


def about(given: argparse.Namespace) -> str:
    return f"""# What each part of the rates is worth

`python benchmarks/parts.py ../shared/data/pipelines --every {given.every} --seeds {given.seeds}`.
Each part is left out in turn; one in {given.every} of the cuts of results/pipelines.md is
forecast again, with {given.paths} paths. A change above 0: the forecasts are worse without it.
"""


def about_worlds(given: argparse.Namespace) -> str:
    return f"""
## On companies that break the plain law

The worlds of results/worlds.md, {given.seeds} companies each, two quarters ahead, against
{N_CONTINUATIONS} continuations of each.
"""


if __name__ == "__main__":
    main()
