"""Answers reach any standard output: other encodings, none at all, a full disk."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.cli.console import AnswerLostError, json_text, prepare_streams, write_answer


def taken(monkeypatch, encoding, write):
    """Return the bytes that standard output takes in an encoding."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    prepare_streams()
    write()
    return raw.getvalue()


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "€1.2M – 3.4× → Größe Ω…"),
        ("latin-1", "EUR 1.2M - 3.4× -> Größe ?..."),
        ("cp1252", "€1.2M – 3.4× -> Größe ?…"),
        ("ascii", "EUR 1.2M - 3.4x -> Gr??e ?..."),
    ],
)
def test_words_are_as_good_as_the_encoding_allows(monkeypatch, encoding, expected):
    seen = taken(monkeypatch, encoding, lambda: write_answer("€1.2M – 3.4× → Größe Ω…"))
    assert seen.decode(encoding) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "cp1252", "ascii"])
def test_json_is_the_same_value_in_any_encoding(monkeypatch, encoding):
    value = {"Größe Ω 😀": ["€", "\u2028", 1.5]}
    assert json.loads(taken(monkeypatch, encoding, lambda: write_answer(json_text(value)))) == value


def test_no_standard_output_is_no_fault(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    prepare_streams()
    write_answer("an answer")
    sys.stdout.close()


class Full(io.StringIO):
    """A stream on a full disk."""

    def flush(self):
        raise OSError(28, "No space left on device")


def test_a_full_disk_behind_standard_output_is_told_from_one_behind_results(monkeypatch):
    monkeypatch.setattr(sys, "stdout", Full())
    with pytest.raises(AnswerLostError, match="No space left"):
        write_answer("an answer")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_the_command_line_says_that_files_are_complete():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "simulator.cli.main", "schema"]
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert "the answer could not be printed" in done.stderr
    assert "files is complete" in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a list of what is open")
def test_an_answer_that_is_lost_leaves_nothing_open(tmp_path, monkeypatch):
    class FullFile(io.TextIOWrapper):
        def flush(self):
            raise OSError(28, "No space left on device")

    with (tmp_path / "out").open("wb") as file:
        monkeypatch.setattr(sys, "stdout", FullFile(file))
        before = len(list(Path("/proc/self/fd").iterdir()))
        for _ in range(3):
            with pytest.raises(AnswerLostError):
                write_answer("")
        assert len(list(Path("/proc/self/fd").iterdir())) == before
