import hashlib
import json

import pytest

from simulator.file_digest import contents, list_files
from simulator.report.output.manifest import write_json, write_manifest


def test_manifest_names_every_input_and_output_with_its_hash(tmp_path):
    history, draft = tmp_path / "history", tmp_path / "draft"
    history.mkdir()
    draft.mkdir()
    (history / "opportunities.csv").write_text("id\n")
    (tmp_path / "base.yaml").write_text("name: base\n")
    (draft / "summary.json").write_text("{}")
    read = contents([tmp_path / "base.yaml", history])
    (history / "opportunities.csv").write_text("changed since\n")
    write_manifest(
        draft,
        folder=tmp_path / "results" / "base",
        command="simulator run base.yaml",
        inputs=[*read, read[0]],
        scenario={"name": "base"},
        seed=7,
        timings_seconds={"simulate": 1.23456},
    )
    manifest = json.loads((draft / "manifest.json").read_text())
    assert [row["path"] for row in manifest["inputs"]] == [
        "../../base.yaml",
        "../../history/opportunities.csv",
    ]
    assert manifest["inputs"][0]["sha256"] == hashlib.sha256(b"name: base\n").hexdigest()
    assert manifest["inputs"][1]["sha256"] == hashlib.sha256(b"id\n").hexdigest()
    assert manifest["inputs"][1]["bytes"] == 3
    assert [row["path"] for row in manifest["outputs"]] == ["summary.json"]
    assert (manifest["seed"], manifest["scenario"]) == (7, {"name": "base"})
    assert manifest["timings_seconds"] == {"simulate": 1.235}
    assert manifest["versions"]["numpy"]


def test_paths_in_scenarios_are_found_from_the_folder(tmp_path):
    folder = tmp_path / "results" / "both"
    one = {"history": str(tmp_path / "history"), "calibration": None}
    for scenario in (one, {"compared": {"a": one}}):
        write_manifest(tmp_path, folder=folder, command="x", scenario=scenario)
        written = json.loads((tmp_path / "manifest.json").read_text())["scenario"]
        found = written.get("compared", {"a": written})["a"]
        assert found == {"history": "../../history", "calibration": None}


def test_files_of_a_folder_are_listed_once_in_order(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("z.csv", "b/a.csv"):
        (tmp_path / name).write_text("")
    assert [p.name for p in list_files([tmp_path, tmp_path / "z.csv"])] == ["a.csv", "z.csv"]


def test_json_never_holds_nan(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json({"x": float("nan")}, tmp_path / "x.json")
