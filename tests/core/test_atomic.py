import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest

from studio.core.atomic import WriteError, sweep, write_error, write_file, write_new_file, written_in_pieces


def test_the_file_is_whole_and_nothing_else_is_left(tmp_path):
    write_file(tmp_path / "a.bin", b"one")
    write_file(tmp_path / "a.bin", b"two")
    assert (tmp_path / "a.bin").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_readers_never_see_a_half_written_file(tmp_path):
    path = tmp_path / "a.bin"
    contents = [bytes([number]) * 300_000 for number in range(20)]
    write_file(path, contents[0])
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(lambda: [write_file(path, content) for content in contents])
        while not writing.done():
            assert path.read_bytes() in contents
        writing.result()
    assert path.read_bytes() == contents[-1]


def test_a_new_file_takes_the_first_free_name_and_overwrites_none(tmp_path):
    def names():
        return (tmp_path / f"{number}.bin" for number in count())

    (tmp_path / "0.bin").write_bytes(b"theirs")
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda number: (write_new_file(names(), bytes([number])), bytes([number])), range(24)))
    assert len({path for path, _ in written}) == 24
    assert all(path.read_bytes() == content for path, content in written)
    assert (tmp_path / "0.bin").read_bytes() == b"theirs"
    assert len(list(tmp_path.iterdir())) == 25


def test_a_new_file_in_no_folder(tmp_path):
    with pytest.raises(WriteError, match="folder is not there"):
        write_new_file([tmp_path / "none" / "a.bin"], b"x")


def write_in_pieces(path, data):
    with written_in_pieces(path) as file:
        file.write(data)


@pytest.mark.skipif(os.name != "posix", reason="elsewhere folders cannot be synced")
@pytest.mark.parametrize(
    ("write", "reserved"),
    [(write_file, None), (lambda path, data: write_new_file([path], data), b""), (write_in_pieces, None)],
    ids=["at once", "new", "in pieces"],
)
def test_all_of_it_is_on_the_disk_before_it_gets_its_name_and_then_the_name(tmp_path, monkeypatch, write, reserved):
    """A power cut leaves neither a name without content nor a finished file without a name."""
    path, synced = tmp_path / "a.bin", []

    def sync(descriptor):
        found = os.fstat(descriptor)
        what = "folder" if stat.S_ISDIR(found.st_mode) else found.st_size
        synced.append((what, path.read_bytes() if path.exists() else None))

    monkeypatch.setattr(os, "fsync", sync)
    write(path, b"all of it")
    assert synced == [(9, reserved), ("folder", b"all of it")]


@pytest.mark.skipif(os.name != "posix", reason="umask")
def test_files_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_file(tmp_path / "a.bin", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "a.bin").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("number", "cause", "remedy"),
    [(errno.ENOSPC, "the disk is full", "Free some space"), (errno.EROFS, "can only be read", "another disk"),
     (errno.EACCES, "no permission", "permissions"), (errno.EIO, "reports an error", "another disk"),
     (errno.ELOOP, os.strerror(errno.ELOOP)[1:], "another folder")],
)  # fmt: skip
def test_every_cause_has_a_remedy(tmp_path, number, cause, remedy):
    error = write_error(tmp_path / "a.png", OSError(number, os.strerror(number)))
    assert cause in error.cause
    assert "“a.png”" in error.cause
    assert remedy in error.remedy


def test_what_killed_processes_had_begun_is_swept_away(tmp_path):
    fresh, forsaken, finished = tmp_path / ".0a.part", tmp_path / ".0b.part", tmp_path / "picture.png"
    for path in (fresh, forsaken, finished):
        path.write_bytes(b"half")
    os.utime(forsaken, (0, 0))
    os.utime(finished, (0, 0))
    sweep(tmp_path)
    assert set(tmp_path.iterdir()) == {fresh, finished}
    sweep(tmp_path, alone=True)
    assert set(tmp_path.iterdir()) == {finished}
    sweep(tmp_path / "nowhere")
