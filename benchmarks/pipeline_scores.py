"""Scores of forecasts of bookings against what was booked, and against simple methods on the same cases."""

import numpy as np
import pandas as pd

CASE = ["set", "cut", "h"]
REFERENCE = "mean4"
PAUSE = 4
"""Days by which a period may end after the last reliable day of a set."""
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


def crps(sample: np.ndarray, seen: float) -> float:
    """Return the continuous ranked probability score of a sample."""
    ordered = np.sort(sample)
    n = len(ordered)
    weight = 2 * np.arange(1, n + 1) - n - 1
    return float(np.abs(ordered - seen).mean() - (weight * ordered).sum() / n**2)


def score(cases: list[dict], sets: dict) -> pd.DataFrame:
    """Return one row a forecast: what was booked, P10, P50, P90, CRPS, PIT."""
    rows = []
    for case in cases:
        meta, deals = sets[case["set"]]
        for h, values in case["samples"].items():
            seen = booked(meta, deals, case["cut"], int(h))
            if np.isfinite(seen):
                rows.append({"method": "simulator", "real": meta["real"], "cluster": meta["cluster"]} | {
                    "set": case["set"], "cut": case["cut"], "h": int(h), **one_score(np.array(values), seen)
                })  # fmt: skip
    return pd.DataFrame(rows)


def booked(meta: dict, deals: pd.DataFrame, cut: str, h: int) -> float:
    """Return what was won in the h-th period after a cut; NaN where it is not known."""
    frequency = "Q" if meta["period"] == "quarter" else "M"
    period = pd.Period(cut, frequency) + h
    if period.end_time.normalize() > pd.Timestamp(meta["last_reliable"]) + pd.Timedelta(days=PAUSE):
        return np.nan
    won = deals[deals["outcome"].eq("won") & deals["closed"].dt.to_period(frequency).eq(period)]
    return float(won["amount_won"].sum())


def one_score(sample: np.ndarray, seen: float) -> dict:
    p10, p50, p90 = np.quantile(sample, [0.1, 0.5, 0.9])
    return {
        "actual": seen,
        "p50": p50,
        "crps": crps(sample, seen),
        "inside": bool(p10 <= seen <= p90),
        "below": bool(seen < p10),
        "above": bool(seen > p90),
        "pit": float((sample < seen).mean() + 0.5 * (sample == seen).mean()),
        "ape": abs(p50 - seen) / seen if seen else np.nan,
    }


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


def line(method: str, rows: pd.DataFrame, reference: pd.DataFrame) -> str:
    """Return one row of the table of methods."""
    by_set = relative(rows, reference)
    share, low, high = clustered(rows["inside"].astype(float), rows["cluster"])
    per_set = rows.groupby("set")[["p50", "actual"]].sum()
    bias = float((per_set["p50"] / per_set["actual"].clip(lower=1e-9) - 1.0).mean())
    pit = " ".join(str(n) for n in np.histogram(rows["pit"], np.linspace(0, 1, 11))[0])
    cells = (
        METHODS[method],
        f"{np.exp(np.log(by_set).mean()):.3f}",
        f"{(by_set < 1).sum()}/{len(by_set)}",
        f"{share:.0%} ({low:.0%}–{high:.0%})",
        f"{rows['below'].mean():.0%} / {rows['above'].mean():.0%}",
        f"{rows['ape'].median():.0%}",
        f"{bias:+.0%}",
        str(len(rows)),
        pit,
    )
    return f"| {' | '.join(cells)} |"


def table(rows: pd.DataFrame) -> list[str]:
    """Return a table of all methods on the same cases."""
    reference = rows[rows["method"] == REFERENCE]
    head = ("method", "CRPS / mean of last 4", "sets better", "P10–P90 holds", "below / above", "MdAPE",
            "bias", "n", "PIT")  # fmt: skip
    lines = [f"| {' | '.join(head)} |", "| --- " * len(head) + "|"]
    for method in METHODS:
        mine = rows[rows["method"] == method]
        if len(mine):
            lines.append(line(method, mine, reference))
    return lines


def by_set(rows: pd.DataFrame) -> list[str]:
    """Return each set's scores, and where the best simple method does better."""
    reference = rows[rows["method"] == REFERENCE]
    scores = {
        m: relative(rows[rows["method"] == m], reference) for m in METHODS if (rows["method"] == m).any()
    }
    frame = pd.DataFrame(scores)
    simple = frame.drop(columns="simulator")
    lines = [
        "| set | simulator | best simple method | holds | below / above |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, row in frame.iterrows():
        mine = rows[(rows["method"] == "simulator") & (rows["set"] == name)]
        best = simple.loc[name].idxmin()
        lines.append(
            f"| {name} | {row['simulator']:.2f} | {simple.loc[name].min():.2f} ({METHODS[best]}) "
            f"| {mine['inside'].mean():.0%} | {mine['below'].mean():.0%} / {mine['above'].mean():.0%} |"
        )
    return lines


def report(scores: pd.DataFrame, baselines: pd.DataFrame, n_paths: int, options: list[str]) -> str:
    """Return results/pipelines.md."""
    cases = scores[CASE].astype({"cut": str})
    others = baselines.astype({"cut": str}).merge(cases, on=CASE)
    rows = pd.concat([scores, others[others["method"].isin(METHODS)]], ignore_index=True)
    changed = f" with {', '.join(options)}" if options else ""
    parts = {
        "All sets": rows,
        "Real sets": rows[rows["real"]],
        "Made-up sets": rows[~rows["real"].astype(bool)],
        "Next period": rows[rows["h"] == 1],
        "The one after": rows[rows["h"] == 2],
    }
    lines = [
        "# Pipelines that nobody here made",
        "",
        f"`python benchmarks/pipelines.py ../shared/data/pipelines --paths {n_paths}`{changed}.",
        f"{len(scores)} forecasts of {scores['set'].nunique()} pipelines, each made from what was known on",
        "its day, by the command line alone. The CRPS of a set is the sum over its forecasts divided by that",
        "of the mean of the last four periods, over sets the geometric mean: under 1 is better. Intervals of",
        "coverage count sets of one organisation as one. Ranges of simple methods: their own past errors.",
        "Constants of the rates were chosen on these sets: a fair judge is a set that is not here.",
        "",
    ]
    for title, part in parts.items():
        if len(part):
            lines += [f"## {title}", "", *table(part), ""]
    return "\n".join([*lines, "## By set", "", *by_set(rows), ""])
