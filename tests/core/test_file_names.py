"""Names from any disk can be shown and written down."""

import os

import pytest

from studio.core.file_names import expanded, is_hidden, is_systems_own, is_there, not_too_long, place_in_words, readable


@pytest.mark.parametrize(("name", "shown"), [
    (b"caf\xc3\xa9.png", "café.png"), (b"caf\xe9.png", r"caf\xe9.png"), (b"two\nlines", "two lines"),
    ("東京 🎨".encode(), "東京 🎨"),
])  # fmt: skip
def test_any_name_becomes_one_line_of_proper_text(name, shown):
    assert readable(name.decode(errors="surrogateescape")) == shown


@pytest.mark.skipif(os.name == "nt", reason="names are always text there")
@pytest.mark.parametrize(
    ("path", "words"),
    [("home/Pictures/a.png", "a.png in ~/Pictures"), ("home/a.png", "a.png in ~"), ("disk/a.png", "a.png in {}/disk")],
)
def test_where_a_file_lies_is_told_from_home(tmp_path, monkeypatch, path, words):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert place_in_words(tmp_path / path) == words.format(tmp_path)


def test_names_that_differ_stay_different():
    assert readable(os.fsdecode(b"\xe8")) != readable(os.fsdecode(b"\xe9"))


@pytest.mark.parametrize("name", [
    "._x.jpg", "Thumbs.db", ".DS_Store", "@eaDir", "__MACOSX", "desktop.ini", "lost+found",
    "#recycle", "#Recycle", "#snapshot", "@Recycle", "@Recently-Snapshot", "@__thumb", "@GMT-2024.05.01-00.00.00",
    "$RECYCLE.BIN", "$Recycle.Bin", "RECYCLER", "Recycle Bin", "System Volume Information", "FOUND.000", "~snapshot",
    "Network Trash Folder", "Temporary Items", "TheVolumeSettingsFolder", "trashbox", "Trash-1000",
])  # fmt: skip
def test_what_a_system_leaves_there_is_nobodys(name):
    assert is_systems_own(name)
    assert is_hidden(name)


@pytest.mark.parametrize("name", ["trash", "recycled", "snapshots", "found", "thumb", "recycle", "#1", "@home"])
def test_a_waste_sorters_classes_are_no_wastebaskets(name):
    assert not is_hidden(name)


def test_what_is_hidden_may_be_somebodys():
    assert is_hidden(".x.jpg")
    assert not is_systems_own(".x.jpg")
    assert not is_hidden("x.jpg")


@pytest.mark.parametrize("stem", ["n" * 251, "\u5c71" * 83, "short", os.fsdecode(b"caf\xe9" * 60)])
def test_a_name_is_cut_where_no_disk_would_take_it(tmp_path, stem):
    name = not_too_long(stem, " adjusted.png")
    assert name.endswith(" adjusted.png")
    assert stem.startswith(name.removesuffix(" adjusted.png"))
    assert name == stem + " adjusted.png" or len(os.fsencode(name)) > 252
    (tmp_path / name).touch()


def test_a_home_that_is_nobodys_is_a_name_like_any_other(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert expanded("~/a.pth") == tmp_path / "a.pth"
    assert str(expanded("~nobody-here/a.pth")) == "~nobody-here/a.pth"


def test_whatever_a_disk_refuses_to_tell_is_not_there(tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert is_there(tmp_path)
    assert not any(map(is_there, (tmp_path / "loop", tmp_path / ("x" * 300), tmp_path / "a" / "b")))
