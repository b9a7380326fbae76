"""What may come in and what must never come out: scenario files, maps and histories of any content.

Each target is a hypothesis test without settings: the tests run a few examples, ``benchmarks/fuzz.py`` ten
thousand and more, led by the coverage of the code.
"""

from __future__ import annotations

import io
import json
import re
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from simulator.analysis.customers.arr import arr_movements
from simulator.analysis.forecast.forecast import forecast_bookings
from simulator.calibration.estimate import calibrate
from simulator.calibration.file import load_calibration, save_calibration
from simulator.cli.console import harmless
from simulator.engine.run.simulate import simulate
from simulator.errors import InputError
from simulator.fiscal import FiscalCalendar
from simulator.history.importers.importer import import_files
from simulator.history.tables import History
from simulator.scenario.load import load_scenario, scenario_from_dict
from simulator.scenario.schema import Scenario
from simulator.scenario.settled import sentences, settled
from simulator.yaml_source import parse_tree
from tests.history.importers.exports import DEALS_MAP
from tests.history.importers.test_any_files import MARKS, SOURCES, damaged
from tests.history.test_any_tables import folder_of_tables, use
from tests.scenario.conftest import INLINE
from tests.scenario.test_any_input import JUNK, places
from tests.small_customers import GROWING, book

FATES: Counter[str] = Counter()
"""How many inputs were taken and how many refused, by target."""

ONE_IN = 5
"""Of the inputs that are taken, this many are played: that takes ten times as long as to read them."""

FEW = {"paths": 6, "rate_draws": 2, "threads": 1}
MOST_WORK = 400_000
"""Deals and customers on all paths, beyond which a plan is only read and not played: it takes its time."""

REPS = {"all": {"heads": 3, "open_deals_per_rep": 8, "attrition": "20%", "ote": "200k"}, "ramp": 4}
ROLES = {"csm": {"all": {"heads": 2, "book": 40, "ote": "120k"}}}
VALID: dict[str, Any] = {
    **parse_tree(INLINE, "inline").values,
    "reps": REPS,
    "roles": ROLES,
    "ownership": {"all": "split"},
    "terms": {
        "concessions": [
            {"name": "rebate", "deals": "20%", "win_odds": "x1.2", "discount": "10%", "churn": "x1.3"}
        ]
    },
    "referrals": {"per_customer_per_year": 0.2},
    "customers": {"existing": [{**item, "segment": "smb"} for item in book(3)]},
}
VALID["segments"]["smb"]["customers"] = GROWING
VALID["levers"]["sals"][0]["source"] = "referral"
PLACES = list(places(VALID))
EVIL = st.sampled_from(
    [
        *("=cmd|'/c calc'!A0", "<script>alert(1)</script>", "../../etc/passwd", "\u202egnp.exe"),
        "a" * 300,
        *(10**18, -(10**30), 1e308, 1e-308, "1e-300", "99999999999999999999k", "0%", "x0", "100000%"),
        *(
            "9999-12-31",
            "0001-01-01",
            "2026-02-29",
            "\x07bell",
            "名前",
            "NaN",
            "-0",
            [],
            {},
            [[]],
            [None] * 3,
        ),
    ]
)


FIGURE = re.compile(r"([x+]?)(\d+(?:\.\d+)?)([%kM]?)")
"""A number as scenario files write them: a factor, a share, thousands or millions."""
SHARES = (0.0, 0.1, 1.0, 7.0, 30.0, 60.0, 95.0, 100.0)
TIMES = (0.0, 0.001, 0.1, 0.5, 0.9, 1.1, 2.0, 3.0, 10.0, 100.0)


UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
"""What must not reach a terminal."""


def refused(error: InputError) -> None:
    """Check that a refusal is in words that help."""
    assert error.faults
    for fault in error.faults:
        assert fault.what
        text = str(fault)
        assert "Traceback" not in text
        assert "pydantic" not in text
        assert len(text) < 5_000
        shown = harmless(text)
        assert not UNPRINTABLE.search(shown), repr(shown)


def sound_numbers(values: Any, what: str, *, negative: bool = False) -> None:
    """Check that figures are finite, and not below zero unless they may be."""
    array = np.asarray(values, dtype=np.float64)
    assert np.isfinite(array).all(), f"{what} is not finite"
    assert negative or array.min(initial=0.0) >= -0.005, f"{what} is negative: {array.min()}"


def sound_futures(scenario: Scenario, calibration: Any = None, history: History | None = None) -> None:
    """Play a few simulations and check that nothing in them is nonsense."""
    few = {**FEW, "paths": min(scenario.simulation.paths, FEW["paths"])}
    paths = simulate(scenario.with_simulation(**few), calibration, history)
    sound_numbers(paths.flows, "a flow", negative=True)
    for kind, amounts in paths.bookings_by_kind().items():
        sound_numbers(amounts, f"bookings ({kind})")
    if paths.arr_flows is not None:
        for name, amounts in arr_movements(paths).items():
            sound_numbers(amounts, f"arr_{name}")
    table = forecast_bookings(paths, scenario.targets).bookings
    assert (table["p10"] <= table["p50"] + 0.005).all()
    assert (table["p50"] <= table["p90"] + 0.005).all()
    chances = table["p_hit"].dropna()
    assert ((chances >= 0) & (chances <= 1)).all()


def work_of(scenario: Scenario) -> float:
    """Return about how many deals and customers a few simulations of a scenario hold."""
    months = 3 * scenario.horizon_quarters
    reps = sum(item.heads or 0 for item in (scenario.reps.all, *scenario.reps.segments.values()) if item)
    sals = 0.0
    for segment in scenario.segments.values():
        stated = getattr(segment, "sals_per_month", None)
        sals += float(getattr(stated, "mean", stated) or 0.0) if stated is not None else 0.0
    levers = 1.0
    for lever in scenario.levers:
        levers *= max(1.0, float(getattr(lever, "factor", 1.0)))
    existing = len(getattr(scenario.customers, "existing", ()) or ())
    return FEW["paths"] * (months * (sals * levers + reps) + (existing + len(scenario.open_deals)) * months)


@st.composite
def scenario_text(draw: st.DrawFn) -> str:
    """Return a scenario file: a valid one with a few values, keys or letters changed."""
    values = json.loads(json.dumps(VALID))
    for _ in range(draw(st.integers(0, 3))):
        key = draw(st.sampled_from(PLACES))
        how = draw(st.sampled_from(["put", "put", "evil", "delete", "rename"]))
        parent = values
        try:
            for part in key[:-1]:
                parent = parent[part]
            if how == "delete":
                del parent[key[-1]]
            elif how == "rename" and isinstance(parent, dict):
                parent[f"{key[-1]}x"] = parent.pop(key[-1])
            else:
                parent[key[-1]] = draw(EVIL if how == "evil" else JUNK)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change has taken that place away
    text = io.StringIO()
    try:
        YAML(typ="safe", pure=True).dump(values, text)
    except Exception:  # what YAML cannot write, no file can hold
        return INLINE
    written = text.getvalue()
    if draw(st.integers(0, 3)) == 0:
        start, cut = draw(st.integers(0, len(written))), draw(st.integers(0, 6))
        typed = draw(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?\n\t 19.~<", max_size=4))
        written = written[:start] + typed + written[start + cut :]
    return written


@given(scenario_text(), st.integers(0, ONE_IN - 1))
def scenarios(text: str, turn: int) -> None:
    """A scenario file is refused in words, or played without nonsense."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "any.yaml"
        path.write_text(text, encoding="utf-8", errors="replace")
        played_or_refused("scenarios", partial(said_and_read_back, path), is_played=not turn)


def said_and_read_back(path: Path) -> Scenario:
    """Return the scenario of a file, once it is said in words and read back."""
    scenario = settled(load_scenario(path))
    assert sentences(scenario)
    assert settled(scenario_from_dict(scenario.to_dict())) == scenario
    return scenario


def played_or_refused(kind: str, read: Callable[[], Scenario], *, is_played: bool = True) -> None:
    """Read a scenario and play it, unless it is too much work; count what became of it."""
    try:
        scenario = read()
        if not is_played or scenario.history is not None or work_of(scenario) > MOST_WORK:
            FATES[f"{kind}: read"] += 1
            return
        sound_futures(scenario)
    except InputError as error:
        refused(error)
        FATES[f"{kind}: refused"] += 1
    else:
        FATES[f"{kind}: played"] += 1


def figures(values: Any, key: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where the figures of a plan stand; shares that must add up to one as a whole."""
    if key and key[-1] == "to":
        yield key
    elif isinstance(values, dict | list):
        for name, inner in values.items() if isinstance(values, dict) else enumerate(values):
            yield from figures(inner, (*key, name))
    elif type(values) in (int, float) or (isinstance(values, str) and FIGURE.fullmatch(values)):
        yield key


FIGURES = [key for key in figures(VALID) if key[0] not in {"as_of", "fiscal_year"}]


@st.composite
def plan(draw: st.DrawFn) -> dict[str, Any]:
    """Return a scenario whose figures are others, mostly ones that may be."""
    values: dict[str, Any] = json.loads(json.dumps(VALID))
    for key in draw(st.lists(st.sampled_from(FIGURES), min_size=1, max_size=8, unique=True)):
        parent = values
        for part in key[:-1]:
            parent = parent[part]
        parent[key[-1]] = draw(another(parent[key[-1]]))
    return values


def another(value: Any) -> st.SearchStrategy[Any]:
    """Return other figures in place of one, in the form that it has."""
    if isinstance(value, dict):
        parts = st.lists(st.integers(0, 9), min_size=len(value), max_size=len(value)).filter(any)
        return parts.map(lambda drawn: {name: n / sum(drawn) for name, n in zip(value, drawn, strict=True)})
    if not isinstance(value, str):
        return st.sampled_from(TIMES).map(lambda times: type(value)(value * times))
    sign, number, unit = FIGURE.fullmatch(value).groups()  # type: ignore[union-attr]
    if unit == "%":
        return st.sampled_from(SHARES).map(lambda share: f"{sign}{share:g}%")
    return st.sampled_from(TIMES).map(lambda times: f"{sign}{float(number) * times:.6f}{unit}")


@given(plan())
def plans(values: dict[str, Any]) -> None:
    """A scenario of any figures is refused in words, or played without nonsense."""
    played_or_refused("plans", lambda: settled(scenario_from_dict(values)))


@st.composite
def map_text(draw: st.DrawFn) -> str:
    """Return a map with a few letters, lines or values changed."""
    lines = DEALS_MAP.split("\n")
    for _ in range(draw(st.integers(0, 3))):
        row = draw(st.integers(0, len(lines) - 1))
        place, cut = draw(st.integers(0, len(lines[row]))), draw(st.integers(0, 5))
        extra = draw(
            st.one_of(
                st.sampled_from(
                    [*MARKS, "1", ".inf", "null", "~", "../x.csv", "{query: select}", "*a", "&a"]
                ),
                st.text(max_size=4),
            )
        )
        lines[row] = lines[row][:place] + extra + lines[row][place + cut :]
    if draw(st.integers(0, 4)) == 0:
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
    return "\n".join(lines)


@given(st.data())
def maps(data: st.DataObject) -> None:
    """A map and its file are refused in words, or give a history whose figures can be."""
    with tempfile.TemporaryDirectory() as place:
        kind = data.draw(st.sampled_from(["table", "table", *sorted(SOURCES)]))
        paths = []
        for name, text in SOURCES[kind]:
            path = Path(place) / name
            path.write_bytes(damaged(data, text) if data.draw(st.booleans()) else text.encode())
            paths.append(path)
        map_path = Path(place) / "map.yaml" if kind == "table" else None
        if map_path is not None:
            map_path.write_bytes(data.draw(map_text()).encode("utf-8", "surrogatepass"))
        try:
            history = import_files(kind, paths, map_path).history
        except InputError as error:
            refused(error)
            FATES["maps: refused"] += 1
            return
        sound_numbers(history.opportunities["amount"].dropna(), "an amount")
        assert history.opportunities["opportunity_id"].is_unique
        assert history.opportunities["created_date"].notna().all()
        FATES["maps: imported"] += 1


@given(folder_of_tables(), st.integers(0, ONE_IN - 1))
def histories(files: dict[str, str], turn: int) -> None:
    """A history is refused in words, or can be checked, saved, calibrated and forecast without nonsense."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for table, text in files.items():
            (place / f"{table}.csv").write_text(text, encoding="utf-8", newline="")
        history = use(place)
        if history is None:
            FATES["histories: refused"] += 1
            return
        if turn:
            FATES["histories: read"] += 1
            return
        try:
            rates = calibrate(history, FiscalCalendar(1, "end"))
            save_calibration(rates, place / "rates.json")
            kept = load_calibration(place / "rates.json")
            scenario = Scenario(name="any", horizon_quarters=2)
            sound_futures(settled(scenario, kept.all_segments, history.as_of), kept, history)
        except InputError as error:
            refused(error)
            FATES["histories: too little to forecast"] += 1
        else:
            FATES["histories: forecast"] += 1


TARGETS = {"scenarios": scenarios, "plans": plans, "maps": maps, "histories": histories}
