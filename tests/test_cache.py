"""The one cache: whole files or none, damaged ones never used, bounded, and no obstacle to a run."""

import logging
import os
import pickle
import time
from pathlib import Path

import numpy as np
import pytest

from simulator import cache
from simulator.cache import Cache, build
from simulator.file_digest import sources_digest


@pytest.fixture
def kept(tmp_path):
    return Cache("any", days=90, most_bytes=1_000_000, folder=tmp_path / "kept")


def text_of(kept, name):
    return list(kept.recall(name, Path.read_text))


def put(kept, name, text, **how):
    kept.keep(name, lambda file: file.write_text(text), **how)


def test_what_is_kept_comes_back_under_its_name_only(kept):
    assert text_of(kept, "a") == []
    assert not kept.holds_any()
    put(kept, "a", "one")
    put(kept, "b", "two")
    assert kept.holds_any()
    assert (text_of(kept, "a"), text_of(kept, "b"), text_of(kept, "c")) == (["one"], ["two"], [])


def test_a_name_has_one_file_or_several(kept):
    put(kept, "a", "one")
    put(kept, "a", "two", alone=False)
    assert sorted(text_of(kept, "a")) == ["one", "two"]
    put(kept, "a", "three")
    assert text_of(kept, "a") == ["three"]
    kept.forget("a")
    assert not kept.holds_any()


@pytest.mark.parametrize("damage", [b"", b"onf", b"one "])
def test_a_damaged_file_is_never_used_and_removed(kept, damage):
    put(kept, "a", "one")
    (file,) = kept.folder.iterdir()
    file.write_bytes(damage)
    assert text_of(kept, "a") == []
    assert not file.exists()


def test_a_file_of_another_shape_is_removed(kept):
    put(kept, "a", "no archive")
    assert list(kept.recall("a", lambda file: np.load(file, allow_pickle=False))) == []
    assert not kept.holds_any()


def test_a_pickle_in_the_folder_is_not_opened(kept, tmp_path):
    class Harm:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    kept.keep("a", lambda file: file.write_bytes(pickle.dumps(Harm())))
    assert list(kept.recall("a", lambda file: np.load(file, allow_pickle=False))) == []
    assert not (tmp_path / "harm").exists()


def test_an_interrupted_write_leaves_nothing(kept):
    def stopped(file):
        file.write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kept.keep("a", stopped)
    assert list(kept.folder.iterdir()) == []


def test_unused_files_go_first_and_use_counts(kept):
    for name in ("old", "unused", "used"):
        put(kept, name, "x" * 600)
    for file in kept.folder.iterdir():
        days = {"old": 91, "unused": 3, "used": 3}[file.name.partition("-")[0]]
        os.utime(file, (time.time() - days * 86_400,) * 2)
    kept.tidy_up()
    assert text_of(kept, "old") == []
    assert text_of(kept, "used")
    kept.most_bytes = 1_000
    kept.tidy_up()
    assert text_of(kept, "unused") == []
    assert text_of(kept, "used")


def test_a_folder_that_cannot_be_made_is_said_once_and_no_obstacle(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    kept = Cache("any", days=1, most_bytes=1, folder=tmp_path / "file" / "below")
    cache._say_uncached.cache_clear()
    with caplog.at_level(logging.WARNING, "simulator"):
        put(kept, "a", "one")
        put(kept, "a", "one")
    assert text_of(kept, "a") == []
    (record,) = caplog.records
    assert "Nothing is kept for the next run" in record.getMessage()
    assert "XDG_CACHE_HOME" in record.getMessage()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only for root")
def test_a_read_only_folder_still_gives_what_it_holds(kept):
    put(kept, "a", "one")
    kept.folder.chmod(0o500)
    put(kept, "b", "two")
    assert (text_of(kept, "a"), text_of(kept, "b")) == (["one"], [])


def test_the_program_in_a_name_changes_with_sources_versions_and_arithmetic(tmp_path, monkeypatch):
    for name in ("one.py", "part/two.py", "part/deep/three.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    patterns = ("*.py", "part/**/*.py")
    seen = {sources_digest(tmp_path, patterns)}
    for name in ("one.py", "part/two.py", "part/deep/three.py"):
        (tmp_path / name).write_text("changed")
        seen.add(sources_digest(tmp_path, patterns))
    (tmp_path / "one.py").rename(tmp_path / "other.py")
    seen.add(sources_digest(tmp_path, patterns))
    assert len(seen) == 5
    before = build.__wrapped__("fiscal.py")
    assert build.__wrapped__("errors.py") != before
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "17")
    assert build.__wrapped__("fiscal.py") != before
