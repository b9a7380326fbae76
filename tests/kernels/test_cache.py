"""Compiled kernels live exactly as long as the sources they were made from."""

from pathlib import Path

import pytest

from simulator.kernels.cache import forget_stale_kernels, hash_sources


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of two sources with a compiled kernel, as it stands after a first run."""
    (tmp_path / "outer.py").write_text("from inner import f", encoding="utf-8")
    (tmp_path / "inner.py").write_text("def f(): return 1", encoding="utf-8")
    forget_stale_kernels(tmp_path)
    for name in ("outer.run-1.py311.nbi", "outer.run-1.py311.1.nbc", "outer.cpython-311.pyc"):
        (tmp_path / "__pycache__" / name).touch()
    return tmp_path


def kept(folder: Path) -> set[str]:
    return {path.suffix for path in (folder / "__pycache__").iterdir()} - {".hash"}


def test_kernels_of_the_same_sources_stay(folder: Path) -> None:
    forget_stale_kernels(folder)
    assert kept(folder) == {".nbi", ".nbc", ".pyc"}


def test_a_change_in_a_called_file_forgets_the_callers_too(folder: Path) -> None:
    (folder / "inner.py").write_text("def f(): return 2", encoding="utf-8")
    forget_stale_kernels(folder)
    assert kept(folder) == {".pyc"}


def test_a_second_look_after_a_change_forgets_nothing_more(folder: Path) -> None:
    (folder / "inner.py").write_text("def f(): return 2", encoding="utf-8")
    forget_stale_kernels(folder)
    (folder / "__pycache__" / "outer.run-1.py311.nbi").touch()
    forget_stale_kernels(folder)
    assert kept(folder) == {".nbi", ".pyc"}


def test_renaming_a_source_counts_as_a_change(folder: Path) -> None:
    before = hash_sources(folder)
    (folder / "inner.py").rename(folder / "other.py")
    assert hash_sources(folder) != before


def test_a_folder_that_cannot_be_written_to_is_left_alone(folder: Path) -> None:
    (folder / "inner.py").write_text("def f(): return 2", encoding="utf-8")
    stamp = folder / "__pycache__" / "kernels.hash"
    stamp.unlink()
    stamp.mkdir()
    forget_stale_kernels(folder)
    assert stamp.is_dir()
