import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.errors import InputError
from simulator.yaml_source import MAX_BYTES, parse_tree, read_tree


def refusal(text: str) -> str:
    with pytest.raises(InputError) as caught:
        parse_tree(text, "s.yaml")
    return str(caught.value)


def test_values_are_plain_and_remember_their_line():
    tree = parse_tree("a: 1\nb:\n  - x\n  - {c: 2.5, d: true, e: ~}\n", "s.yaml")
    assert tree.values == {"a": 1, "b": ["x", {"c": 2.5, "d": True, "e": None}]}
    assert tree.places[("b",)] == "s.yaml:2"
    assert tree.place(("b", 1, "c")) == ("s.yaml:4", ("b", 1, "c"))


def test_a_place_that_was_not_written_is_its_parents():
    tree = parse_tree("a:\n  b: 1\n", "s.yaml")
    assert tree.place(("a", "missing")) == ("s.yaml:1", ("a",))
    assert tree.place(("a", "added by a checker", "b")) == ("s.yaml:2", ("a", "b"))


def test_text_that_reads_in_several_ways_stays_text():
    tree = parse_tree(
        "[yes, 1.200, +10, 0x1f, 012, 1_000, .inf, 2026-10-31, 12:30, '45', 1e400, 99999999999999999999]", "s"
    )
    assert all(isinstance(value, str) for value in tree.values if value != float("inf"))
    assert parse_tree("[0.125, 10.125, 1.5, -3, 1e3]", "s").values == [0.125, "10.125", 1.5, -3, 1000.0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: 1\na: 2\n", "s.yaml:2: the key 'a' is there twice (first at s.yaml:1)"),
        ("a: [1\n", "s.yaml:"),
        ("a: 1\n\tb: 2\n", "spaces, not tabs"),
        ("a: 1\n---\nb: 1\n", "One document per file"),
        ("a: *b\n", "in quotes"),
        ("a: !!python/object:os.system x\n", "tag"),
        ("a: !secret x\n", "tag !secret"),
        ("a: !!set {x, y}\n", "tag !!set"),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", "extends"),
        ("? [a, b]\n: 1\n", "plain word"),
        (": 1\n", "plain word"),
        ("a: &x [*x]\n", "nested too deeply"),
        ("[" * 600, "nested too deeply"),
        ("- " * 30 + "x", "nested too deeply"),
        ("a: '\x00'\n", "not readable"),
        ('a: "\\x1b[31m"\n', "s.yaml:1: text with the control character '\\x1b'"),
        ('a: 1\n"b\\a": 2\n', "s.yaml:2: text with the control character '\\x07'"),
        ('a: "\\ud800"\n', "'\\ud800'"),
    ],
)
def test_broken_text_is_refused_with_its_line(text, words):
    assert words in refusal(text)


def test_all_double_keys_are_reported_at_once():
    assert refusal("a: 1\na: 2\nb: 1\nb: 2\n").count("is there twice") == 2


def test_aliases_cannot_unfold_without_end():
    lines = ["l0: &l0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"l{i}: &l{i} [{', '.join([f'*l{i - 1}'] * 9)}]" for i in range(1, 9)]
    assert "aliases" in refusal("\n".join(lines))


@pytest.mark.parametrize("make", ["missing", "folder", "large", "latin", "binary", "list"])
def test_files_that_cannot_be_scenarios(tmp_path, make):
    path = tmp_path / "s.yaml"
    (tmp_path / "near.yaml").write_text("a: 1")
    contents = {
        "large": b"# " + b"x" * MAX_BYTES,
        "latin": "a: 1\nb: caf\xe9".encode("latin-1"),
        "binary": bytes(range(256)),
        "list": b"&",
    }
    if make == "folder":
        path.mkdir()
    elif make != "missing":
        path.write_bytes(contents[make])
    with pytest.raises(InputError) as caught:
        read_tree(path)
    words = {"missing": "near.yaml", "folder": "is a folder", "large": "1 MB", "latin": ":2: is not UTF-8"}
    assert words.get(make, "s.yaml") in str(caught.value)


def test_a_file_with_a_byte_order_mark_reads(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_tree(path).values == {"a": 1}


@settings(derandomize=True, deadline=None)
@given(st.text(alphabet="ab:-[]{}&*!|>'\"#%@`,?\n\t 1.~<", max_size=60))
def test_any_text_is_a_tree_or_a_refusal(text):
    try:
        parse_tree(text, "s.yaml")
    except InputError as error:
        assert all(fault.where.startswith("s.yaml") and fault.what for fault in error.faults)
