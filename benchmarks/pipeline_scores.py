"""Scores of forecasts of bookings against what was booked, and against simple methods on the same cases."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.pipeline_cases import PipelineSet

CASE = ["set", "cut", "h"]
REFERENCE = "mean4"
PAUSE = pd.Timedelta(days=4)
"""By how much a period may end after the last reliable day of a set."""
METHODS = {
    "simulator": "**the simulator**",
    "stage_yield": "yield of the open deals by stage + run rate",
    "combined": "mean of last 4, AutoETS and that yield",
    "yield_run": "yield of the open deals + run rate",
    "ets": "AutoETS",
    "mean4": "mean of the last 4",
    "last": "last period",
    "year": "same period last year",
}
PARTS = ("open", "new")


def crps(sample: npt.NDArray[np.float64], seen: float) -> float:
    """Return the continuous ranked probability score of a sample."""
    ordered = np.sort(sample)
    n = len(ordered)
    weight = 2 * np.arange(1, n + 1) - n - 1
    return float(np.abs(ordered - seen).mean() - (weight * ordered).sum() / n**2)


def score(cases: Iterable[dict[str, Any]], sets: list[PipelineSet]) -> pd.DataFrame:
    """Return one row a forecast: what was booked, P10, P50, P90, CRPS, PIT."""
    named = {one.name: one for one in sets}
    rows = []
    for case in cases:
        pipelines = named[case["set"]]
        about = {key: pipelines.meta[key] for key in ("real", "cluster")}
        for h, values in case.get("samples", {}).items():
            seen = booked(pipelines, case["cut"], int(h))
            if np.isfinite(seen):
                rows.append({"method": "simulator", **about, "set": case["set"], "cut": case["cut"],
                             "h": int(h), **one_score(np.array(values), seen)})  # fmt: skip
    return pd.DataFrame(rows)


def with_baselines(scores: pd.DataFrame, baselines: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the simulator and those of the simple methods on the same cases."""
    others = baselines.astype({"cut": str}).merge(scores[CASE], on=CASE)
    return pd.concat([scores, others[others["method"].isin(METHODS)]], ignore_index=True)


def booked(pipelines: PipelineSet, cut: str, h: int) -> float:
    """Return what was won in the h-th period after a cut; NaN where it is not known."""
    frequency = "Q" if pipelines.meta["period"] == "quarter" else "M"
    period = pd.Period(cut, frequency) + h
    if not _is_reliable(pipelines, period):
        return np.nan
    deals = pipelines.deals
    won = deals[deals["outcome"].eq("won") & deals["closed"].dt.to_period(frequency).eq(period)]
    return float(won["amount_won"].sum())


def _is_reliable(pipelines: PipelineSet, period: pd.Period) -> bool:
    return bool(period.end_time.normalize() <= pd.Timestamp(pipelines.meta["last_reliable"]) + PAUSE)


def one_score(sample: npt.NDArray[np.float64], seen: float) -> dict[str, Any]:
    p10, p50, p90 = np.quantile(sample, [0.1, 0.5, 0.9])
    return {
        "actual": seen,
        "mean": float(sample.mean()),
        "p50": p50,
        "crps": crps(sample, seen),
        "inside": bool(p10 <= seen <= p90),
        "below": bool(seen < p10),
        "above": bool(seen > p90),
        "pit": float((sample < seen).mean() + 0.5 * (sample == seen).mean()),
        "ape": abs(p50 - seen) / seen if seen else np.nan,
    }


def part_scores(cases: Iterable[dict[str, Any]], sets: list[PipelineSet]) -> pd.DataFrame:
    """Return forecast and seen number and amount of wins, of open deals and of new ones.

    From the cut to the end of the first fiscal quarter that ends after it.
    """
    named = {one.name: one for one in sets}
    rows = []
    for case in cases:
        pipelines, cut = named[case["set"]], pd.Timestamp(case["cut"]) + pd.Timedelta(days=1)
        quarter = cut.to_period("Q")
        if "parts" not in case or not _is_reliable(pipelines, quarter):
            continue
        deals = pipelines.deals
        won = deals[deals["outcome"].eq("won") & (deals["closed"] >= cut)]
        won = won[won["closed"] < (quarter + 1).start_time]
        for part, its in zip(PARTS, (won["created"] < cut, won["created"] >= cut), strict=True):
            rows.append(
                {
                    "set": case["set"], "cut": case["cut"], "real": pipelines.meta["real"], "part": part,
                    "n": case["parts"][f"n_{part}"], "n_seen": int(its.sum()),
                    "amount": case["parts"][f"amount_{part}"], "sd": case["parts"][f"sd_{part}"],
                    "amount_seen": float(won["amount_won"][its].sum()),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def clustered(inside: pd.Series, cluster: pd.Series) -> tuple[float, float, float]:
    """Return a share with its 95 % Wilson interval, the cases of one organisation counting together."""
    n, share = len(inside), float(inside.mean())
    sums = (inside - share).groupby(cluster).sum()
    k = len(sums)
    variance = float((sums**2).sum()) / n**2 * (k / (k - 1) if k > 1 else 1.0)
    effective = float(np.clip(share * (1 - share) / max(variance, 1e-12), min(k, n), n))
    z = 1.96
    middle = share + z * z / (2 * effective)
    half = z * np.sqrt(share * (1 - share) / effective + z * z / (4 * effective**2))
    scale = 1 + z * z / effective
    return share, max((middle - half) / scale, 0.0), min((middle + half) / scale, 1.0)


def relative(rows: pd.DataFrame, reference: pd.DataFrame) -> pd.Series:
    """Return the CRPS of each set over that of the reference on the same cases."""
    joined = rows.merge(reference[[*CASE, "crps"]], on=CASE, suffixes=("", "_reference"))
    sums = joined.groupby("set")[["crps", "crps_reference"]].sum()
    return sums["crps"] / sums["crps_reference"]


def geometric_mean(values: pd.Series) -> float:
    return float(np.exp(np.log(values).mean()))


def bias(rows: pd.DataFrame, what: str = "p50") -> float:
    """Return the mean over sets of how far the sum of forecasts lies from the sum of what was seen."""
    sums = rows.groupby("set")[[what, "actual"]].sum()
    return float((sums[what] / sums["actual"].clip(lower=1e-9) - 1.0).mean())
