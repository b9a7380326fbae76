"""The benchmark of pipelines on a tiny set: both ways forecast the same, and scores are right by hand."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from benchmarks.pipeline_cases import PipelineSet, known, read_sets, write_case
from benchmarks.pipeline_forecasts import Forecaster
from benchmarks.pipeline_report import look, report, worth_table
from benchmarks.pipeline_scores import booked, clustered, crps, part_scores, score, with_baselines

ROOT = Path(__file__).resolve().parents[2]
CUTS = ["2023-09-30", "2023-12-31"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one made-up set of 400 deals, and what a simple method scores on it."""
    place = tmp_path_factory.mktemp("sets")
    (place / "tiny").mkdir()
    meta = {
        "name": "tiny", "cluster": "tiny", "real": False, "unit": "USD", "period": "quarter",
        "last_reliable": "2024-03-31", "amount_known_while_open": True, "stages": {"Open": "pipeline"},
        "cuts": CUTS, "horizons": [1, 2],
    }  # fmt: skip
    YAML().dump(meta, place / "tiny" / "meta.yaml")
    rng = np.random.default_rng(5)
    created = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 1150, 400), unit="D")
    closed = created + pd.to_timedelta(rng.integers(5, 200, 400), unit="D")
    ended = closed <= pd.Timestamp("2024-03-31")
    won = rng.random(400) < 0.4
    amount = rng.lognormal(10, 0.5, 400).round(2)
    deals = pd.DataFrame(
        {
            "id": [f"T{n}" for n in range(400)], "segment": "all", "created": created,
            "closed": closed.where(ended), "outcome": np.where(won, "won", "lost"), "amount_open": amount,
            "amount_won": np.where(won & ended, amount, np.nan),
        }
    )  # fmt: skip
    deals["outcome"] = deals["outcome"].where(ended, None)
    deals.to_csv(place / "tiny" / "deals.csv.gz", index=False)
    baseline = [
        {"set": "tiny", "cluster": "tiny", "real": False, "method": "mean4", "cut": cut, "h": h,
         "actual": 1.0, "crps": 1e5, "pit": 0.5, "p50": 1.0, "inside": True, "below": False,
         "above": False, "ape": 0.1}
        for cut in CUTS for h in (1, 2)
    ]  # fmt: skip
    pd.DataFrame(baseline).to_csv(place / "baselines_dev.csv", index=False)
    return place


def tiny(folder: Path) -> PipelineSet:
    return read_sets(folder, ["tiny"])[0]


def test_the_command_writes_the_record_and_does_not_forecast_twice(folder: Path, tmp_path: Path) -> None:
    command = [
        sys.executable, str(ROOT / "benchmarks" / "pipelines.py"), str(folder), "--paths", "40",
        "--jobs", "1", "--work", str(tmp_path / "work"), "--out", str(tmp_path / "record.md"),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    record = (tmp_path / "record.md").read_text()
    for title in ("## All sets", "## Next period", "## By set", "## Open deals and new ones", "| tiny |"):
        assert title in record
    made = sorted((tmp_path / "work").glob("tiny_*_cli_*.json"))
    assert [file.name[5:15] for file in made] == CUTS
    by_command, within = (
        Forecaster(tmp_path / "work", 40, in_process=in_process).forecast(tiny(folder), CUTS[0])["samples"]
        for in_process in (False, True)
    )
    assert sorted(made) == sorted((tmp_path / "work").glob("tiny_*_cli_*.json"))
    for h in ("1", "2"):
        np.testing.assert_allclose(by_command[h], within[h])


def test_nothing_of_after_the_cut_is_written(folder: Path, tmp_path: Path) -> None:
    write_case(tiny(folder), CUTS[0], tmp_path)
    table = pd.read_csv(tmp_path / "deals.csv")
    assert table["created"].max() <= CUTS[0]
    assert table["closed"].max() <= CUTS[0]
    assert (table["stage"].eq("Open") == table["closed"].isna()).all()
    deals = known(tiny(folder).deals, CUTS[0])
    assert deals.loc[deals["closed"].isna(), "amount_won"].isna().all()


def test_scores_are_those_of_the_definition(folder: Path) -> None:
    sample = np.array([1.0, 2.0, 4.0, 9.0])
    pairs = np.abs(sample[:, None] - sample[None, :]).mean()
    assert crps(sample, 3.0) == pytest.approx(np.abs(sample - 3.0).mean() - pairs / 2)
    deals = tiny(folder).deals
    won = deals[deals["outcome"].eq("won") & deals["closed"].between("2024-01-01", "2024-03-31")]
    seen = booked(tiny(folder), CUTS[0], 2)
    assert seen == pytest.approx(won["amount_won"].sum())
    assert np.isnan(booked(tiny(folder), CUTS[1], 2))
    case = {"set": "tiny", "cut": CUTS[0], "samples": {"2": [seen - 2, seen - 1, seen + 5]}}
    row = score([case], [tiny(folder)]).iloc[0]
    assert (row["inside"], row["below"], row["above"]) == (True, False, False)
    assert row["pit"] == pytest.approx(2 / 3)
    assert row["mean"] == pytest.approx(seen + 2 / 3)


def test_parts_split_at_the_cut(folder: Path) -> None:
    parts = {f"{what}_{part}": 1.0 for what in ("n", "amount", "sd") for part in ("open", "new")}
    case = {"set": "tiny", "cut": CUTS[1], "samples": {"1": [1.0, 2.0]}, "parts": parts}
    scores = part_scores([case], [tiny(folder)]).set_index("part")
    assert scores["amount_seen"].sum() == pytest.approx(booked(tiny(folder), CUTS[1], 1))
    deals = tiny(folder).deals
    new = deals[deals["outcome"].eq("won") & (deals["created"] > CUTS[1])]
    assert scores.loc["new", "n_seen"] == len(new) > 0
    rows = with_baselines(
        score([case], [tiny(folder)]), pd.read_csv(folder / "baselines_dev.csv", dtype={"cut": str})
    )
    for text in (look(rows, scores.reset_index(), {}), report(rows, scores.reset_index(), {}, 2, [])):
        assert f"{1 / len(new):.2f}" in text


def test_an_interval_counts_organisations_not_forecasts() -> None:
    inside = pd.Series([1.0] * 30 + [0.0] * 10)
    one_each = pd.Series(range(40))
    four = pd.Series([0] * 15 + [1] * 15 + [2] * 5 + [3] * 5)
    share, low, high = clustered(inside, one_each)
    assert share == pytest.approx(0.75)
    assert (low, high) == (pytest.approx(0.598, abs=0.003), pytest.approx(0.858, abs=0.003))
    assert clustered(inside, four)[1] < low - 0.2


def test_a_setting_is_judged_by_the_sets_on_which_it_was_not_chosen() -> None:
    """Good on two sets, bad on the third: chosen for the third, where it is bad, and there alone."""

    def rows(*crps_by_set: float) -> pd.DataFrame:
        ours = [
            {"set": f"s{n}", "cut": "c", "h": 1, "method": method, "crps": value, "real": True,
             "inside": True, "below": False, "above": False, "p50": 1.0, "actual": 1.0}
            for n, own in enumerate(crps_by_set) for method, value in (("simulator", own), ("mean4", 1.0))
        ]  # fmt: skip
        return pd.DataFrame(ours)

    table = worth_table({"as it is": rows(0.8, 0.8, 0.8), "other": rows(0.7, 0.7, 1.2)})
    assert [line.split("|")[2].strip() for line in table[2:4]] == ["0.800", f"{0.588 ** (1 / 3):.3f}"]
    # The first two are chosen for by themselves and the third: as it is.
    assert table[4].split("|")[2].strip() == f"{(0.8 * 0.8 * 1.2) ** (1 / 3):.3f}"
