"""Whatever is in a file, an import gives a history or says what is wrong; it never fails otherwise."""

import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.history.importers.importer import import_files
from tests.history.importers.exports import DEALS_MAP, HISTORY, HUBSPOT, OPPORTUNITIES

ODD = ["", " ", "=1+1", "-5", "1e999", "NaN", "inf", "2024-02-30", "31/12/2024", "9999-12-31", "€1.000,5"]
ODDER = [
    '"',
    "'",
    "\x00",
    "\ufeff",
    "Open",
    "Won",
    "null",
    "0061a",
    "12:00",
    "a,b",
    "a\nb",
    "\u202e",
    "😀",
    "1,2,3",
]
MARKS = "{}[]:,&*!|>'\"%@`#\t-?"
CELLS = st.one_of(
    st.sampled_from([*ODD, *ODDER]), st.text(max_size=8), st.floats().map(str), st.dates().map(str)
)
SOURCES = {
    "salesforce": (("opps.csv", OPPORTUNITIES), ("hist.csv", HISTORY)),
    "hubspot": (("deals.csv", HUBSPOT),),
    "table": (
        (
            "deals.csv",
            "id,amount,created,close,stage\n1,10,2024-01-02,2024-05-01,Open\n2,20,2024-01-03,2024-02-01,Won\n",
        ),
    ),
}


def damaged(data: st.DataObject, text: str) -> bytes:
    """Return a file with a few cells replaced, lines moved and bytes changed."""
    lines = text.split("\n")
    for _ in range(data.draw(st.integers(0, 3))):
        row = data.draw(st.integers(0, len(lines) - 1))
        cells = lines[row].split(",")
        cells[data.draw(st.integers(0, len(cells) - 1))] = data.draw(CELLS)
        lines[row] = ",".join(cells)
    if data.draw(st.booleans()):
        lines.insert(
            data.draw(st.integers(0, len(lines))), data.draw(st.sampled_from([*lines, "", ",,", '"']))
        )
    raw = "\n".join(lines).encode("utf-8", "surrogatepass")
    if data.draw(st.integers(0, 4)) == 0:
        place = data.draw(st.integers(0, len(raw)))
        raw = raw[:place] + data.draw(st.binary(max_size=4)) + raw[place:]
    return raw


@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), kind=st.sampled_from(sorted(SOURCES)))
def test_damaged_files_give_a_history_or_faults(data: st.DataObject, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for name, text in SOURCES[kind]:
            path = Path(folder) / name
            path.write_bytes(damaged(data, text))
            paths.append(path)
        map_path = None
        if kind == "table":
            map_path = Path(folder) / "map.yaml"
            map_path.write_text(DEALS_MAP)
        try:
            history = import_files(kind, paths, map_path).history
        except InputError as error:
            assert error.faults
            assert all(fault.where and fault.what for fault in error.faults)
            return
        amounts = history.opportunities["amount"].dropna()
        assert np.isfinite(amounts).all()
        assert (amounts >= 0).all()
        assert history.opportunities["opportunity_id"].is_unique
        assert history.opportunities["created_date"].notna().all()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data())
def test_damaged_maps_give_a_history_or_faults(data: st.DataObject) -> None:
    lines = DEALS_MAP.split("\n")
    row = data.draw(st.integers(0, len(lines) - 1))
    place = data.draw(st.integers(0, len(lines[row])))
    extra = data.draw(st.one_of(st.sampled_from([*MARKS, "1", ".inf", "null", "~"]), st.text(max_size=4)))
    cut = data.draw(st.integers(0, 3))
    lines[row] = lines[row][:place] + extra + lines[row][place + cut :]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deals.csv"
        path.write_text(SOURCES["table"][0][1])
        map_path = Path(folder) / "map.yaml"
        map_path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        try:
            import_files("table", [path], map_path)
        except InputError as error:
            assert all(fault.where and fault.what for fault in error.faults)


@pytest.mark.slow
def test_a_million_changes_take_seconds(tmp_path: Path) -> None:
    """Ten seconds of processor time, half of it for reading; the wall shows the machine's other work."""
    import time

    rng = np.random.default_rng(7)
    n_deals, per_deal = 100_000, 10
    ids = np.repeat(np.arange(n_deals), per_deal)
    days = (
        np.datetime64("2023-01-01")
        + np.tile(np.arange(per_deal), n_deals) * 20
        + rng.integers(0, 20, len(ids))
    )
    stage = np.tile(["Prospecting", "Proposal", "Negotiation", "Closed Won"], len(ids) // 4 + 1)[: len(ids)]
    word = {
        "Prospecting": "Pipeline",
        "Proposal": "BestCase",
        "Negotiation": "Forecast",
        "Closed Won": "Closed",
    }
    rows = [
        f"{i},006{d:015d},{day}T08:00:00.000Z,{s},{1000 + i % 977}.5,2024-06-30,{word[s]}\n"
        for i, (d, day, s) in enumerate(zip(ids, days, stage, strict=True))
    ]
    path = tmp_path / "hist.csv"
    path.write_text(
        "Id,OpportunityId,CreatedDate,StageName,Amount,CloseDate,ForecastCategory\n" + "".join(rows)
    )
    start = time.process_time()
    history = import_files("salesforce", [path]).history
    assert len(history.stage_changes) > 900_000
    assert time.process_time() - start < 20
