import errno
import os

import pytest

from simulator import atomic_folder
from simulator.errors import InputError
from simulator.report.output.folder import MANIFEST, check_replaceable, publish


def write(folder, text):
    with publish(folder) as draft:
        (draft / MANIFEST).write_text("{}")
        (draft / "figures.txt").write_text(text)


def leftovers(parent):
    return [path.name for path in parent.iterdir() if path.name.startswith(".")]


def test_a_folder_appears_whole_and_nothing_else(tmp_path):
    write(tmp_path / "deep" / "results", "one")
    assert (tmp_path / "deep" / "results" / "figures.txt").read_text() == "one"
    assert leftovers(tmp_path / "deep") == []


def test_older_results_are_replaced_wholly(tmp_path):
    write(tmp_path / "results", "one")
    (tmp_path / "results" / "old chart.png").write_text("")
    write(tmp_path / "results", "two")
    assert sorted(p.name for p in (tmp_path / "results").iterdir()) == ["figures.txt", MANIFEST]
    assert (tmp_path / "results" / "figures.txt").read_text() == "two"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_whatever_stops_the_writing_leaves_the_old_results(tmp_path, stop):
    write(tmp_path / "results", "one")
    with pytest.raises(stop), publish(tmp_path / "results") as draft:
        (draft / "figures.txt").write_text("half")
        raise stop
    assert (tmp_path / "results" / "figures.txt").read_text() == "one"
    assert leftovers(tmp_path) == []


def test_a_rename_that_fails_puts_the_old_results_back(tmp_path, monkeypatch):
    write(tmp_path / "results", "one")
    monkeypatch.setattr(atomic_folder, "swap", lambda one, other: False)
    rename = type(tmp_path).rename

    def fail(self, target):
        if ".writing-" in self.name:
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(type(tmp_path), "rename", fail)
    with pytest.raises(KeyboardInterrupt):
        write(tmp_path / "results", "two")
    assert (tmp_path / "results" / "figures.txt").read_text() == "one"
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_a_disk_that_refuses_is_said_in_plain_words(tmp_path, code):
    with pytest.raises(InputError) as caught, publish(tmp_path / "results"):
        raise OSError(code, os.strerror(code))
    fault = caught.value.faults[0]
    assert str(tmp_path / "results") in fault.where
    assert fault.remedy
    assert not (tmp_path / "results").exists()


def test_a_bug_of_ours_stays_one(tmp_path):
    with pytest.raises(FileNotFoundError), publish(tmp_path / "results"):
        (tmp_path / "nowhere").read_text()


def test_folders_of_something_else_are_refused_untouched(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_text("meow")
    with pytest.raises(InputError, match="nothing was touched"):
        write(tmp_path / "photos", "one")
    assert (tmp_path / "photos" / "cat.png").read_text() == "meow"
    assert leftovers(tmp_path) == []


def test_files_and_links_are_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("file", "link"):
        with pytest.raises(InputError, match="not a folder"):
            check_replaceable(tmp_path / name)
    with pytest.raises(InputError):
        write(tmp_path / "file" / "below", "one")


def test_a_link_to_results_is_refused_with_where_it_leads(tmp_path):
    """The exchange would put a folder in the place of the link, and leave the old results where it led."""
    write(tmp_path / "results", "one")
    (tmp_path / "link").symlink_to("results")
    with pytest.raises(InputError, match="is a link") as told:
        write(tmp_path / "link", "two")
    assert str(tmp_path / "results") in told.value.faults[0].remedy
    write(tmp_path / "results" / ".." / "results", "two")
    assert leftovers(tmp_path) == []
    assert (tmp_path / "link" / "figures.txt").read_text() == "two"


def test_the_folder_one_stands_in_is_refused(tmp_path, monkeypatch):
    write(tmp_path / "results", "one")
    monkeypatch.chdir(tmp_path / "results")
    with pytest.raises(InputError, match="the folder you are in"):
        write(tmp_path / "results", "two")
    with pytest.raises(InputError, match="the folder you are in"):
        check_replaceable(tmp_path)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "results").mkdir()
    write(tmp_path / "results", "one")
    assert (tmp_path / "results" / MANIFEST).exists()
