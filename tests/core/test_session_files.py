import json
import os
import zipfile
from dataclasses import asdict, replace

import numpy as np
import pytest
from session_kit import session_of

from studio.core.atomic import WriteError
from studio.core.kept_sessions import kept_sessions, prune_sessions
from studio.core.saved_session import SavedMask, SavedSession, SessionError
from studio.core.session_reading import read_masks, read_session
from studio.core.session_writing import pack_session, write_session


def wrote(session, folder):
    for _ in write_session(session, folder):
        pass
    return folder


def packed(session, path):
    for _ in pack_session(session, path):
        pass
    return path


def edited(folder, **changes):
    file = folder / "session.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return folder


def same(one: SavedSession, other: SavedSession) -> None:
    for name in ("task", "title", "running", "inputs", "made_from", "recipe"):
        assert getattr(one, name) == getattr(other, name)
    assert dict(one.settings) == dict(other.settings)
    assert np.array_equal(one.layer, other.layer)
    assert one.layer.dtype == other.layer.dtype
    assert [frame.key for frame in one.frames] == [frame.key for frame in other.frames]
    for mine, others in zip(one.frames, other.frames, strict=True):
        assert np.array_equal(mine.layer, others.layer)
        assert np.array_equal(mine.thumbnail, others.thumbnail)
        assert (mine.recipe, mine.inputs, dict(mine.numbers)) == (others.recipe, others.inputs, dict(others.numbers))
        assert dict(mine.settings) == dict(others.settings)
    for sha256, picture in one.pictures.items():
        assert (picture.name, picture.sha256) == (other.pictures[sha256].name, sha256)
        assert np.array_equal(picture.pixels, other.pictures[sha256].pixels)


@pytest.fixture
def session(tmp_path):
    return session_of(tmp_path / "pictures")


def test_a_folder_gives_everything_back_to_the_bit(session, tmp_path):
    same(read_session(wrote(session, tmp_path / "kept")), session)


@pytest.mark.parametrize("write", [wrote, packed])
def test_a_picture_that_is_shown_as_its_file_has_it_comes_back_and_without_that_file_only_the_photo(
    session, tmp_path, write
):
    (shown,) = session.inputs["style"]  # any file will do
    mixed = replace(session, layer=None, made_from={}, as_saved=shown)
    path = write(mixed, tmp_path / "kept.atelier")
    back = read_session(path)
    assert (back.as_saved, back.recipe, back.layer) == (shown, session.recipe, None)
    if path.is_dir():
        nowhere = read_session(edited(path, shown={"as_saved": "ab" * 32, "recipe": session.recipe.model_dump()}))
        assert (nowhere.as_saved, nowhere.recipe) == ("", None)


def test_a_file_gives_everything_back_though_the_originals_are_gone_and_tells_no_paths(session, tmp_path):
    path = packed(session, tmp_path / "evening.atelier")
    for picture in session.pictures.values():
        picture.path.unlink()
    read = read_session(path)
    same(read, session)
    assert all(picture.path is None for picture in read.pictures.values())
    assert str(tmp_path) not in zipfile.ZipFile(path).read("session.json").decode()


def test_what_is_there_is_not_written_again_and_what_is_no_longer_needed_goes(session, tmp_path):
    folder = wrote(session, tmp_path / "kept")
    times = {path: path.stat().st_mtime_ns for path in folder.glob("*/*.png")}
    later = session_of(tmp_path / "pictures", frames=session.frames[1:], key="ab" * 8)
    wrote(later, folder)
    frame = session.frames[0].key
    assert not list(folder.glob(f"frames/{frame}*"))
    assert [path.name for path in folder.glob("pictures/*")] == [f"{'ab' * 8}.png"]
    stays = [path for path in times if path.exists()]
    assert stays
    assert all(times[path] == path.stat().st_mtime_ns for path in stays)
    same(read_session(folder), later)


def test_files_half_written_when_the_power_failed_change_nothing(session, tmp_path):
    """Frames come before session.json: until that is there, the former one counts, with everything it names."""
    folder = wrote(session, tmp_path / "kept")
    writing = write_session(session_of(tmp_path / "pictures", key="cd" * 8, title="later"), folder)
    for _ in range(2):
        next(writing)
    writing.close()
    same(read_session(folder), session)


@pytest.mark.parametrize("kind", ["frames", "inputs", "pictures"])
def test_what_is_damaged_is_left_out_and_the_rest_opens(session, tmp_path, kind):
    folder = wrote(session, tmp_path / "kept")
    damaged = {
        "frames": folder / "frames" / f"{session.frames[0].key}.png",
        "inputs": next(folder.glob(f"inputs/{session.inputs['style'][0]}.*")),
        "pictures": next(folder.glob("pictures/*")),
    }[kind]
    damaged.write_bytes(damaged.read_bytes()[:40])
    read = read_session(folder)
    assert read.inputs["content"] == session.inputs["content"]
    assert read.inputs["style"] == (() if kind == "inputs" else session.inputs["style"])
    assert (read.layer is None) == (kind == "pictures")
    assert len(read.frames) == {"frames": 1, "inputs": 0, "pictures": 2}[kind]  # both frames were made of the painting


def test_without_its_photo_a_session_says_what_is_wrong(session, tmp_path):
    folder = wrote(session, tmp_path / "kept")
    next(folder.glob(f"inputs/{session.inputs['content'][0]}.*")).unlink()
    with pytest.raises(SessionError, match="photo"):
        read_session(folder)


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{}", b'{"format": "x", "task": "stylize"}', b"\xff\x00", b"[" * 9999]
)
def test_nonsense_is_refused_in_words(session, tmp_path, content):
    folder = wrote(session, tmp_path / "kept")
    (folder / "session.json").write_bytes(content)
    with pytest.raises(SessionError, match="no session that can be read"):
        read_session(folder)
    (tmp_path / "a.atelier").write_bytes(content)
    with pytest.raises(SessionError, match="cannot be opened as a session"):
        read_session(tmp_path / "a.atelier")


def test_a_session_of_a_newer_version_asks_for_an_update(session, tmp_path):
    with pytest.raises(SessionError, match="newer Atelier"):
        read_session(edited(wrote(session, tmp_path / "kept"), format=2))


def test_what_a_later_version_adds_is_passed_over(session, tmp_path):
    same(read_session(edited(wrote(session, tmp_path / "kept"), mood="blue")), session)


def test_a_name_in_it_leads_nowhere_else(session, tmp_path):
    (tmp_path / "secret.png").write_bytes((tmp_path / "pictures" / "photo.png").read_bytes())
    folder = wrote(session, tmp_path / "kept")
    shown = {"file": "../secret.png", "recipe": None, "inputs": {}}
    assert read_session(edited(folder, shown=shown)).layer is None


def test_only_so_many_bytes_of_frames_are_written_starred_and_newest_first(session, tmp_path, monkeypatch):
    size = session.frames[0].layer.nbytes
    monkeypatch.setattr("studio.core.session_writing.STRIP_LIMIT", size)
    folder = wrote(session, tmp_path / "kept")
    assert [frame.key for frame in read_session(folder).frames] == [session.frames[0].key]  # which is starred


def test_a_full_disk_is_told_and_the_former_session_still_opens(session, tmp_path):
    folder = wrote(session, tmp_path / "kept")
    if os.geteuid() == 0:
        (tmp_path / "file").touch()
        with pytest.raises(WriteError):
            wrote(session, tmp_path / "file" / "kept")
    else:
        folder.chmod(0o500)
        with pytest.raises(WriteError):
            wrote(session_of(tmp_path / "pictures", title="later"), folder)
        folder.chmod(0o700)
    same(read_session(folder), session)


def test_kept_sessions_are_listed_newest_first_and_the_oldest_go(session, tmp_path):
    root = tmp_path / "sessions"
    for number in range(4):
        folder = wrote(session_of(tmp_path / "pictures", title=str(number)), root / str(number))
        os.utime(folder / "session.json", (number, number))
    (root / "notes").mkdir()
    assert [kept.title for kept in kept_sessions(root)] == ["3", "2", "1", "0"]
    assert kept_sessions(root)[0].preview().shape == (8, 12, 3)
    prune_sessions(root, most=3)
    assert [kept.title for kept in kept_sessions(root)] == ["3", "2", "1"]
    prune_sessions(root, limit=1)
    assert [kept.title for kept in kept_sessions(root)] == ["3"]
    assert kept_sessions(tmp_path / "nowhere") == ()


def test_masks_come_back_with_the_session_and_alone(tmp_path):
    painting = session_of(tmp_path).inputs["style"][0]
    masks = [
        SavedMask("Sky", painting, "mask", shown=False),
        SavedMask("Empty", ""),
        SavedMask("Dots", "", "hints", colours=True),
    ]
    folder = wrote(session_of(tmp_path, masks=masks), tmp_path / "kept")
    assert read_session(folder).masks == tuple(masks)
    alone, pictures = read_masks(folder)
    assert alone == tuple(masks)
    assert list(pictures) == [painting]
    next(folder.glob(f"inputs/{painting}.*")).unlink()
    assert [mask.name for mask in read_masks(folder)[0]] == ["Empty", "Dots"]
    content = json.loads((folder / "session.json").read_text())
    content["masks"] = [{"name": 3}, "x", {**asdict(masks[1]), "unknown": 1}]
    (folder / "session.json").write_text(json.dumps(content))
    assert read_session(folder).masks == (masks[1],)
    del content["masks"]  # as version 0.1 wrote it
    (folder / "session.json").write_text(json.dumps(content))
    assert read_session(folder).masks == ()
