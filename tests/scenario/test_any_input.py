"""Whatever is written, a scenario is either sound or refused in plain words."""

import io
import math
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from simulator.errors import InputError
from simulator.scenario.load import load_scenario, scenario_from_dict
from simulator.scenario.settled import sentences, settled
from simulator.yaml_source import parse_tree
from tests.scenario.conftest import INLINE

VALID = parse_tree(INLINE, "inline").values

JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=12),
    st.sampled_from(
        ["45%", "-3", "1.200", "1e400", "nan", ".inf", "all", "2026-13-01", "x0", "€5", "won", "smb", "0"]
    ),
    st.lists(st.integers(-2, 2), max_size=2),
    st.dictionaries(
        st.sampled_from(["won", "factor", "median", "fixed", "all", "smb", "to", "x"]), st.integers(-1, 2)
    ),
)


def places(values: Any, key: tuple = ()) -> Iterator[tuple]:
    if key:
        yield key
    items = (
        values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    )
    for name, inner in items:
        yield from places(inner, (*key, name))


PLACES = list(places(VALID))


def copied(values: Any) -> Any:
    if isinstance(values, dict):
        return {key: copied(inner) for key, inner in values.items()}
    return [copied(inner) for inner in values] if isinstance(values, list) else values


def changed(key: tuple, how: str, junk: Any) -> Any:
    values = copied(VALID)
    parent = values
    for part in key[:-1]:
        parent = parent[part]
    if how == "delete":
        del parent[key[-1]]
    elif how == "rename" and isinstance(parent, dict):
        parent[f"{key[-1]}x"] = parent.pop(key[-1])
    else:
        parent[key[-1]] = junk
    return values


def finite(values: Any) -> bool:
    if isinstance(values, dict):
        return all(finite(inner) for inner in values.values())
    if isinstance(values, list):
        return all(finite(inner) for inner in values)
    return not isinstance(values, float) or math.isfinite(values)


def sound_or_refused(read) -> bool:
    """Return whether the scenario was taken; fail where it is neither sound nor refused in words."""
    try:
        scenario = settled(read())
    except InputError as error:
        assert error.faults
        for fault in error.faults:
            assert fault.what
            assert "Traceback" not in str(fault)
            assert "pydantic" not in str(fault)
            assert "Error" not in str(fault)
        return False
    assert finite(scenario.to_dict())
    assert sentences(scenario)
    assert settled(scenario_from_dict(scenario.to_dict())) == scenario
    return True


@settings(derandomize=True, max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from(["put", "put", "delete", "rename"]), JUNK)
def test_any_value_at_any_place(key, how, junk):
    sound_or_refused(lambda: scenario_from_dict(changed(key, how, junk)))


@settings(
    derandomize=True,
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.sampled_from(PLACES), JUNK)
def test_any_value_written_to_a_file(tmp_path, key, junk):
    text = io.StringIO()
    try:
        YAML(typ="safe", pure=True).dump(changed(key, "put", junk), text)
    except Exception:  # what YAML cannot write, no file can hold
        return
    path = tmp_path / "any.yaml"
    path.write_text(text.getvalue(), encoding="utf-8", errors="replace")
    sound_or_refused(lambda: load_scenario(path))


@settings(
    derandomize=True,
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.integers(0, len(INLINE) - 1),
    st.integers(0, 6),
    st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?\n\t 19.~<", max_size=4),
)
def test_any_slip_of_the_keyboard(tmp_path, start, n_deleted, typed):
    path = tmp_path / "any.yaml"
    path.write_text(INLINE[:start] + typed + INLINE[start + n_deleted :], encoding="utf-8")
    sound_or_refused(lambda: load_scenario(path))


@settings(
    derandomize=True,
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.text(alphabet="abelrsv.=:[]{}'\"% 0123", max_size=20), max_size=3))
def test_any_override(inline, overrides):
    sound_or_refused(lambda: load_scenario(inline, overrides))


def test_the_unchanged_scenario_is_taken_and_a_broken_one_refused():
    assert sound_or_refused(lambda: scenario_from_dict(VALID))
    assert not sound_or_refused(lambda: scenario_from_dict({**VALID, "segments": 3}))
