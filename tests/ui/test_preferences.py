from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from studio.ui.preferences import RECENT_LIMIT, Preferences


@pytest.fixture
def file(tmp_path, qapp):
    return tmp_path / "config" / "atelier.ini"


def start_again(preferences, file):
    """Write everything to disk and read it as the next start does."""
    preferences._store.sync()
    assert file.is_file()
    return Preferences(file)


def test_a_newcomer_gets_calm_defaults(file):
    fresh = Preferences(file)
    assert (fresh.theme_mode, fresh.compare_mode, fresh.ai_mark) == ("system", "split", True)
    assert (fresh.recent_files, fresh.save_folder, fresh.load_bytes("geometry")) == ([], "", None)


def test_what_was_chosen_is_there_at_the_next_start(file):
    before = Preferences(file)
    before.theme_mode, before.compare_mode, before.ai_mark, before.save_folder = "light", "side", False, "/some/where"
    before.mask_hand, before.mask_colour, before.ink_colour = '{"diameter": 12}', "#0a141e", "#2b57a7"
    before.store_bytes("geometry", QByteArray(b"\x00\x01bytes"))
    after = start_again(before, file)
    assert (after.theme_mode, after.compare_mode, after.ai_mark) == ("light", "side", False)
    assert after.save_folder == "/some/where"
    assert (after.mask_hand, after.mask_colour, after.ink_colour) == ('{"diameter": 12}', "#0a141e", "#2b57a7")
    assert after.load_bytes("geometry") == QByteArray(b"\x00\x01bytes")


@pytest.mark.parametrize(("line", "mode"), [("theme=mauve", "system"), ("compare=upside-down", "split")])
def test_a_preferences_file_from_elsewhere_does_no_harm(file, line, mode):
    file.parent.mkdir(parents=True)
    file.write_text(f"[General]\n{line}\n")
    preferences = Preferences(file)
    assert (preferences.theme_mode if "theme" in line else preferences.compare_mode) == mode


def test_a_damaged_preferences_file_counts_as_empty(file):
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(range(256)))
    assert Preferences(file).theme_mode == "system"


def test_recent_files_are_newest_first_each_once_and_not_too_many(file, tmp_path):
    names = [tmp_path / f"photo {number}, copy.png" for number in range(RECENT_LIMIT + 3)]
    preferences = Preferences(file)
    for name in names:
        name.touch()
        preferences.remember_file(name)
    preferences.remember_file(names[-2])
    expected = [names[-2], names[-1], *reversed(names[3:-2])]
    assert start_again(preferences, file).recent_files == expected


def test_one_recent_file_survives_the_ini_format(file, tmp_path):
    photo = tmp_path / "a photo; with = signs.png"
    photo.touch()
    preferences = Preferences(file)
    preferences.remember_file(photo)
    assert start_again(preferences, file).recent_files == [photo]


def test_a_file_that_cannot_be_opened_is_forgotten(file, tmp_path):
    preferences = Preferences(file)
    for name in ("here.png", "gone.png"):
        preferences.remember_file(tmp_path / name)
    preferences.forget_file(tmp_path / "gone.png")
    assert preferences.recent_files == [tmp_path / "here.png"]


def test_only_the_first_start_is_one(file):
    first = Preferences(file)
    assert first.is_first_start
    assert not start_again(first, file).is_first_start


def test_paintings_are_remembered_apart_from_photos_and_forgotten_one_by_one(file, tmp_path):
    preferences = Preferences(file)
    for name in ("one", "two", "one"):
        preferences.remember_in("style", tmp_path / name)
    assert start_again(preferences, file).recent_in("style") == [tmp_path / "one", tmp_path / "two"]
    assert preferences.recent_files == []
    preferences.forget_in("style", tmp_path / "one")
    assert start_again(preferences, file).recent_in("style") == [tmp_path / "two"]


def test_session_files_are_offered_as_long_as_they_are_there(file, tmp_path):
    preferences = Preferences(file)
    for name in ("one.atelier", "gone.atelier"):
        (tmp_path / name).touch()
        preferences.remember_session(tmp_path / name)
    (tmp_path / "gone.atelier").unlink()
    assert start_again(preferences, file).recent_sessions == [tmp_path / "one.atelier"]


@pytest.mark.parametrize(("stored", "read"), [("80", 80), ("0", 1), ("500", 100), ("much", 92)])
def test_the_quality_of_jpegs_stays_within_reason(file, stored, read):
    preferences = Preferences(file)
    assert preferences.jpeg_quality == 92
    preferences._store.setValue("jpeg_quality", stored)
    assert start_again(preferences, file).jpeg_quality == read


def test_runs_opened_from_elsewhere_are_remembered_newest_first_and_forgotten(file, tmp_path):
    preferences = Preferences(file)
    for name in ("one", "two, with a comma", "one"):
        preferences.remember_run(tmp_path / name)
    assert start_again(preferences, file).opened_runs == (tmp_path / "one", tmp_path / "two, with a comma")
    preferences.forget_run(tmp_path / "two, with a comma")
    assert start_again(preferences, file).opened_runs == (tmp_path / "one",)


def test_what_becomes_of_a_training_at_close_is_asked_until_it_is_chosen(file):
    preferences = Preferences(file)
    assert preferences.training_at_close == "ask"
    preferences.training_at_close = "background"
    assert start_again(preferences, file).training_at_close == "background"


def test_files_are_kept_absolute_and_in_their_own_bytes(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    kept, odd = Preferences(file), tmp_path / "caf\udce9 #1?.png"
    names = (Path("a % b.png"), Path("sub/../c.png"), odd, Path("file:x.png"), Path("Cafe\u0301.png"))
    for name in names:
        kept.remember_file(name)
        kept.remember_in("style", name)
        kept.remember_run(name)
    monkeypatch.chdir("/")
    expected = [tmp_path / name for name in reversed(names)]
    again = start_again(kept, file)
    assert again.recent_files == again.recent_in("style") == list(again.opened_runs) == expected
    again.forget_file(odd)
    assert odd not in again.recent_files
