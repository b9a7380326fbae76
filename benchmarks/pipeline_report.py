"""The tables of benchmarks/pipelines.py: the whole record as Markdown, and a short look."""

import numpy as np
import pandas as pd

from benchmarks.pipeline_scores import METHODS, PARTS, REFERENCE, bias, clustered, geometric_mean, relative

HORIZONS = {1: "Next period", 2: "The one after"}


def markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (head, ("---",) * len(head), *rows)]


def split(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return the parts of all cases that have tables of their own; none is empty."""
    real = rows["real"].astype(bool)
    parts = {"All sets": rows, "Real sets": rows[real], "Made-up sets": rows[~real]}
    parts |= {title: rows[rows["h"] == h] for h, title in HORIZONS.items()}
    return {title: part for title, part in parts.items() if len(part)}


def _tails(rows: pd.DataFrame) -> str:
    return f"{rows['below'].mean():.0%} / {rows['above'].mean():.0%}"


def _method_line(method: str, rows: pd.DataFrame, reference: pd.DataFrame) -> tuple[str, ...]:
    by_set = relative(rows, reference)
    share, low, high = clustered(rows["inside"].astype(float), rows["cluster"])
    return (
        METHODS[method],
        f"{geometric_mean(by_set):.3f}",
        f"{(by_set < 1).sum()}/{len(by_set)}",
        f"{share:.0%} ({low:.0%}–{high:.0%})",
        _tails(rows),
        f"{rows['ape'].median():.0%}",
        f"{bias(rows):+.0%}",
        str(len(rows)),
        " ".join(str(n) for n in np.histogram(rows["pit"], np.linspace(0, 1, 11))[0]),
    )


def methods_table(rows: pd.DataFrame) -> list[str]:
    """Return a table of all methods on the same cases."""
    reference = rows[rows["method"] == REFERENCE]
    head = ("method", "CRPS / mean of last 4", "sets better", "P10–P90 holds", "below / above", "MdAPE",
            "bias", "n", "PIT")  # fmt: skip
    by_method = {method: rows[rows["method"] == method] for method in METHODS}
    return markdown(head, [_method_line(m, mine, reference) for m, mine in by_method.items() if len(mine)])


def relative_by_set(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the CRPS over that of the reference, a row a set, a column a method."""
    reference = rows[rows["method"] == REFERENCE]
    return pd.DataFrame({method: relative(mine, reference) for method, mine in rows.groupby("method")})


def sets_table(rows: pd.DataFrame) -> list[str]:
    """Return each set's scores, and which simple method does best there."""
    scores = relative_by_set(rows)
    simple = scores.drop(columns="simulator")
    lines = []
    for name, row in scores.iterrows():
        mine = rows[(rows["method"] == "simulator") & (rows["set"] == name)]
        best, theirs = str(simple.loc[name].idxmin()), float(simple.loc[name].min())
        lines.append(
            (str(name), f"{row['simulator']:.2f}", f"{theirs:.2f} ({METHODS[best]})",
             f"{row['simulator'] / theirs - 1:+.0%}", f"{mine['inside'].mean():.0%}", _tails(mine),
             f"{bias(mine):+.0%}", f"{bias(mine, 'mean'):+.0%}")
        )  # fmt: skip
    head = ("set", "simulator", "best simple method", "against it", "holds", "below / above", "bias of P50",
            "of the mean")  # fmt: skip
    return markdown(head, lines)


def parts_table(parts: pd.DataFrame) -> list[str]:
    """Return forecast over seen: number, amount, amount a win; and how wide the paths are.

    The width is the root mean square of (seen - mean) / standard deviation of the paths: 1 is right, above
    1 the paths lie too close together.
    """
    head = ("set", *(f"{part}: {what}" for part in PARTS for what in ("wins", "amount", "a win", "width")))
    lines = []
    for name, mine in parts.groupby("set"):
        cells = [str(name)]
        for part in PARTS:
            rows = mine[mine["part"] == part]
            number = rows["n"].sum() / rows["n_seen"].sum() if rows["n_seen"].sum() else np.nan
            seen = rows["amount_seen"].sum()
            amount = rows["amount"].sum() / seen if seen else np.nan
            gap = (rows["amount_seen"] - rows["amount"]) / rows["sd"].where(rows["sd"] > 0)
            width = f"{np.sqrt((gap**2).mean()):.2f}"
            each = amount / number if number else np.nan
            cells += [*(f"{ratio:.2f}" for ratio in (number, amount, each)), width]
        lines.append(tuple(cells))
    return markdown(head, lines)


def look(rows: pd.DataFrame, parts: pd.DataFrame, others: dict[str, pd.DataFrame]) -> str:
    """Return the scores in short, for the terminal."""
    mine = rows[rows["method"] == "simulator"]
    ratios = relative_by_set(rows)["simulator"]
    real = mine.groupby("set")["real"].first().astype(bool)
    lines = [
        f"CRPS / mean of last 4: all {geometric_mean(ratios):.3f}, real {geometric_mean(ratios[real]):.3f}; "
        f"{len(mine)} forecasts",
    ]
    for title, part in split(mine).items():
        lines.append(
            f"{title:14} holds {part['inside'].mean():.0%}, below / above {_tails(part)}, "
            f"bias of P50 {bias(part):+.1%}, of the mean {bias(part, 'mean'):+.1%}, "
            f"MdAPE {part['ape'].median():.0%}"
        )
    worth = ["", *worth_table({"as it is": rows} | others)] if others else []
    return "\n".join([*lines, "", *sets_table(rows), "", *parts_table(parts), *worth])


def worth_table(by_setting: dict[str, pd.DataFrame]) -> list[str]:
    """Return the scores of other settings, and of the one chosen for each set on all other sets."""
    head = ("setting", "CRPS / mean of last 4", "real sets", "P10–P90 holds", "below / above", "bias of P50")
    ratios = pd.DataFrame({name: relative_by_set(rows)["simulator"] for name, rows in by_setting.items()})
    mine = {name: rows[rows["method"] == "simulator"] for name, rows in by_setting.items()}
    real = next(iter(mine.values())).groupby("set")["real"].first().astype(bool)
    lines = [
        (name, f"{geometric_mean(ratios[name]):.3f}", f"{geometric_mean(ratios[name][real]):.3f}",
         f"{rows['inside'].mean():.0%}", _tails(rows), f"{bias(rows):+.0%}")
        for name, rows in mine.items()
    ]  # fmt: skip
    if len(ratios) > 1:
        chosen = {left: str(np.log(ratios.drop(index=left)).mean().idxmin()) for left in ratios.index}
        out = pd.Series({left: ratios.loc[left, name] for left, name in chosen.items()})
        rows = pd.concat([mine[name][mine[name]["set"] == left] for left, name in chosen.items()])
        lines.append(
            (f"chosen on the other sets ({', '.join(sorted(set(chosen.values())))})",
             f"{geometric_mean(out):.3f}", f"{geometric_mean(out[real]):.3f}",
             f"{rows['inside'].mean():.0%}", _tails(rows), f"{bias(rows):+.0%}")
        )  # fmt: skip
    return markdown(head, lines)


def report(
    rows: pd.DataFrame, parts: pd.DataFrame, others: dict[str, pd.DataFrame], n_paths: int, options: list[str]
) -> str:
    """Return results/pipelines.md."""
    mine = rows[rows["method"] == "simulator"]
    asked = "".join(f" --other {other}" for other in others)
    changed = f" with {', '.join(options)}" if options else ""
    lines = [
        "# Pipelines that nobody here made",
        "",
        f"`python benchmarks/pipelines.py ../shared/data/pipelines --paths {n_paths}{asked}`{changed}.",
        f"{len(mine)} forecasts of {mine['set'].nunique()} pipelines, each made from what was known on",
        "its day, by the command line alone. The CRPS of a set is the sum over its forecasts divided by that",
        "of the mean of the last four periods, over sets the geometric mean: under 1 is better. Intervals of",
        "coverage count sets of one organisation as one. Ranges of simple methods: their own past errors.",
        "Constants of the rates were chosen on these sets: a fair judge is a set that is not here.",
        "",
    ]
    for title, part in split(rows).items():
        lines += [f"## {title}", "", *methods_table(part), ""]
    lines += ["## By set", "", *sets_table(rows), "", "## Open deals and new ones", ""]
    lines += [
        "Forecast (mean of the paths) over seen, from the cut to the end of the next fiscal quarter to end.",
        "Width: root mean square of (seen - mean) / standard deviation of the paths; above 1 they lie too",
        "close together.",
        "",
        *parts_table(parts),
        "",
    ]
    if others:
        lines += ["## What settings are worth", "", *worth_table({"as it is": rows} | others), ""]
    return "\n".join(lines)
