"""Pictures decoded once: exact, found again by content, safe from being killed, within its limits."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
from filelock import FileLock
from picture_files import (
    cmyk_jpeg,
    deep_png,
    huge_png,
    palette_png,
    save,
    save_scenes,
    scene,
    truncated_jpeg,
    turned_jpeg,
)
from PIL import Image

from studio.core.events import finish
from studio.core.failures import StudioError
from studio.core.resizing import resize
from studio.training.data import cache_eviction
from studio.training.data.cache import PictureCache, caching_pictures
from studio.training.data.contents import ContentMemory

ROOT = Path(__file__).parents[3]


def cached(files, folder, side=1000, **options):
    return finish(caching_pictures(files, folder, side=side, **options))


def caches_in(folder):
    return sorted(path.parent.name for path in folder.glob("*/index.json"))


def test_pictures_come_back_exactly(tmp_path):
    files = save_scenes(tmp_path / "data", 5)
    cache = cached(files, tmp_path / "cache")
    assert (len(cache), cache.files, cache.left_out) == (5, tuple(files), ())
    for number in range(5):
        np.testing.assert_array_equal(cache[number], scene(seed=number))
        assert cache.size_of(number) == (64, 96)
    assert cache.name_of(3) == "003.png"


def test_the_shorter_side_is_limited_and_nothing_enlarged(tmp_path):
    large, small = save(tmp_path / "large.png", scene(301, 200)), save(tmp_path / "small.png", scene(20, 30))
    cache = cached([large, small], tmp_path / "cache", side=50)
    assert [cache.size_of(number) for number in range(2)] == [(50, 75), (30, 20)]
    expected = resize(scene(301, 200), 75, 50).astype(int)
    assert np.abs(cache[0] - expected).mean() < 1.5  # it was reduced in two steps


def test_every_kind_becomes_upright_srgb(tmp_path):
    lying = np.zeros((40, 60, 3), np.uint8)
    lying[:, :30] = 200  # upright (turned clockwise): the upper half is bright
    grey = np.asarray(Image.fromarray(scene()).convert("L"))
    files = [
        turned_jpeg(tmp_path / "turned.jpg", lying), palette_png(tmp_path / "palette.png"),
        deep_png(tmp_path / "deep.png"), cmyk_jpeg(tmp_path / "cmyk.jpg"), save(tmp_path / "grey.png", grey),
    ]  # fmt: skip
    turned, palette, deep, cmyk, grey_again = list(cached(files, tmp_path / "cache"))
    assert turned.shape == (60, 40, 3)
    assert turned[:28].min() > 190
    assert turned[32:].max() < 10
    assert (palette[:32] == 255).all()  # what was transparent is white
    np.testing.assert_array_equal(palette[40, 0], (255, 160, 0))
    np.testing.assert_array_equal(deep, scene())
    assert np.abs(cmyk - scene().astype(int)).mean() < 12
    np.testing.assert_array_equal(grey_again, np.repeat(grey[..., None], 3, axis=2))


def test_half_transparent_parts_are_mixed_with_white(tmp_path):
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[...] = (200, 100, 0, 51)  # 20 %
    cache = cached([save(tmp_path / "x.png", pixels)], tmp_path / "cache")
    np.testing.assert_array_equal(cache[0][0, 0], (0.2 * 200 + 0.8 * 255, 0.2 * 100 + 0.8 * 255, 0.8 * 255))


def test_views_are_read_only_and_share_the_file(tmp_path):
    cache = cached(save_scenes(tmp_path, 2), tmp_path / "cache")
    with pytest.raises(ValueError, match="read-only"):
        cache[0][0, 0, 0] = 1
    assert not cache[0][10:20, 5:9].flags.owndata


def test_broken_files_and_duplicates_are_left_out_with_reasons(tmp_path):
    files = save_scenes(tmp_path, 2)
    again = tmp_path / "again.png"
    again.write_bytes(files[0].read_bytes())
    gone = tmp_path / "gone.png"
    cache = cached([gone, *files, again, truncated_jpeg(tmp_path / "t.jpg"), huge_png(tmp_path / "h.png")],
                   tmp_path / "cache")  # fmt: skip
    assert cache.files == tuple(files)
    reasons = {each.path.name: each.reason for each in cache.left_out}
    assert reasons["again.png"] == "is the same as “000.png”"
    assert reasons["t.jpg"] == "is incomplete: its end is missing"
    assert reasons["h.png"].startswith("is far too large")
    assert reasons["gone.png"].startswith("cannot be read")


def test_nothing_but_broken_files_is_an_error(tmp_path):
    for _ in range(2):  # also when that is known already
        with pytest.raises(StudioError, match=r"None of the 1 files .* “t\.jpg” is incomplete"):
            cached([truncated_jpeg(tmp_path / "t.jpg")], tmp_path / "cache")


def test_the_same_contents_are_decoded_once_wherever_they_lie(tmp_path):
    files = save_scenes(tmp_path / "data", 4)
    first = cached(files, tmp_path / "cache")
    (tmp_path / "data").rename(tmp_path / "moved")
    second = cached([tmp_path / "moved" / path.name for path in files], tmp_path / "cache")
    assert second.fingerprint == first.fingerprint
    assert len(caches_in(tmp_path / "cache")) == 1


def test_another_order_is_other_data_in_the_same_cache(tmp_path):
    files = save_scenes(tmp_path / "data", 4)
    forward, backward = cached(files, tmp_path / "cache"), cached(files[::-1], tmp_path / "cache")
    assert forward.fingerprint != backward.fingerprint
    np.testing.assert_array_equal(forward[0], backward[3])
    assert len(caches_in(tmp_path / "cache")) == 1


def test_a_changed_file_is_noticed(tmp_path):
    files = save_scenes(tmp_path / "data", 3)
    for path in files:
        os.utime(path, (1e9, 1e9))  # long ago: their contents are remembered
    before = cached(files, tmp_path / "cache")
    save(files[1], scene(seed=50))
    after = cached(files, tmp_path / "cache")
    assert after.fingerprint != before.fingerprint
    np.testing.assert_array_equal(after[1], scene(seed=50))
    np.testing.assert_array_equal(after[2], scene(seed=2))


def test_what_is_remembered_is_not_read_again(tmp_path):
    files = save_scenes(tmp_path / "data", 3)
    for path in files:
        os.utime(path, (1e9, 1e9))
    before = cached(files, tmp_path / "cache")
    content = bytearray(files[0].read_bytes())
    content[-20] ^= 1
    files[0].write_bytes(content)
    os.utime(files[0], (1e9, 1e9))  # of the same size, and dated as before: only reading could tell
    assert cached(files, tmp_path / "cache").fingerprint == before.fingerprint


def test_a_file_touched_just_now_is_read_again(tmp_path):
    """Its disk's clock may be too coarse to tell the next change."""
    [path] = save_scenes(tmp_path / "data", 1)
    before = cached([path], tmp_path / "cache")
    stamp = path.stat().st_mtime_ns
    data = path.read_bytes()
    save(path, scene(seed=9), compress_level=0)
    path.write_bytes(path.read_bytes()[: len(data)].ljust(len(data), b"\0"))
    os.utime(path, ns=(stamp, stamp))
    with pytest.raises(StudioError):  # of the size and date from before, but broken now
        cached([path], tmp_path / "cache")
    assert before.fingerprint


def test_a_damaged_memory_of_contents_costs_time_only(tmp_path):
    files = save_scenes(tmp_path / "data", 2)
    before = cached(files, tmp_path / "cache").fingerprint
    (tmp_path / "cache" / "contents.sqlite").write_bytes(b"no database" * 100)
    assert cached(files, tmp_path / "cache").fingerprint == before


def test_added_pictures_take_over_what_is_decoded(tmp_path):
    files = save_scenes(tmp_path / "data", 4)
    first = cached(files[:3], tmp_path / "cache")
    [known] = caches_in(tmp_path / "cache")
    place = json.loads((tmp_path / "cache" / known / "index.json").read_text())["pictures"]
    with (tmp_path / "cache" / known / "pixels.u8").open("r+b") as pixels:  # a mark that no decoder would make
        pixels.seek(min(start for start, _, _ in place.values()))
        pixels.write(b"mark")
    second = cached(files, tmp_path / "cache")
    assert bytes(second[0][0].tobytes()[:4]) == b"mark"
    assert len(first) == 3


@pytest.mark.parametrize("harm", [
    lambda folder: (folder / "index.json").write_text("{"),
    lambda folder: os.truncate(folder / "pixels.u8", 100),
    lambda folder: (folder / "pixels.u8").unlink(),
])  # fmt: skip
def test_a_damaged_cache_is_built_again(tmp_path, harm):
    files = save_scenes(tmp_path / "data", 3)
    cached(files, tmp_path / "cache")
    [name] = caches_in(tmp_path / "cache")
    harm(tmp_path / "cache" / name)
    np.testing.assert_array_equal(cached(files, tmp_path / "cache")[2], scene(seed=2))


def test_pickles_cheaply(tmp_path):
    cache = cached(save_scenes(tmp_path / "data", 3, width=300, height=300), tmp_path / "cache")
    data = pickle.dumps(cache)
    assert len(data) < 2000
    again = pickle.loads(data)
    assert (again.files, again.fingerprint) == (cache.files, cache.fingerprint)
    np.testing.assert_array_equal(again[1], cache[1])


# -- killed and resumed ------------------------------------------------------------------------------------------------


def interrupted(files, folder, side=1000):
    """Begin a build and close it once some pictures are there."""
    job = caching_pictures(files, folder, side=side)
    for event in job:
        if event.stage == "Preparing the pictures":
            break
    job.close()
    [part] = folder.glob("*.part")
    return part


@pytest.fixture(scope="module")
def slow_set(tmp_path_factory):
    """Takes longer to decode than a breath."""
    folder = tmp_path_factory.mktemp("data")
    return [save(folder / f"{n:03d}.png", scene(500, 400, n), compress_level=1) for n in range(40)]


def assert_whole(cache, files):
    assert cache.files == tuple(files)
    for number in (0, 1, len(files) // 2, len(files) - 1):
        np.testing.assert_array_equal(cache[number], scene(500, 400, number))


def test_an_interrupted_build_goes_on_where_it_was(tmp_path, slow_set):
    part = interrupted(slow_set, tmp_path / "cache")
    assert caches_in(tmp_path / "cache") == []
    done = (part / "journal.jsonl").read_text().count("\n")
    assert 0 < done < len(slow_set)
    with (part / "pixels.u8").open("r+b") as pixels:
        pixels.write(b"mark")  # what is done is not decoded again
    cache = cached(slow_set, tmp_path / "cache")
    assert cache[0].tobytes()[:4] == b"mark"
    np.testing.assert_array_equal(cache[39], scene(500, 400, 39))
    assert not part.exists()


@pytest.mark.parametrize("harm", [
    lambda part: os.truncate(part / "pixels.u8", (part / "pixels.u8").stat().st_size - 1000),
    lambda part: os.truncate(part / "journal.jsonl", (part / "journal.jsonl").stat().st_size - 9),
    lambda part: (part / "pixels.u8").unlink(),
    lambda part: (part / "journal.jsonl").unlink(),
    lambda part: (part / "pixels.u8").write_bytes((part / "pixels.u8").read_bytes() + b"beyond the journal"),
])  # fmt: skip
def test_what_a_killed_build_has_left_half_is_made_again(tmp_path, slow_set, harm):
    harm(interrupted(slow_set, tmp_path / "cache"))
    assert_whole(cached(slow_set, tmp_path / "cache"), slow_set)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_build_killed_at_any_instant_leaves_nothing_wrong(tmp_path, slow_set):
    code = f"""
from pathlib import Path
from studio.core.events import finish
from studio.training.data.cache import caching_pictures
print("ready", flush=True)
files = sorted(Path({str(slow_set[0].parent)!r}).iterdir())
finish(caching_pictures(files, Path({str(tmp_path / "cache")!r}), side=1000))
"""
    for delay in (0.05, 0.1, 0.2):
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE)
        with process:
            assert process.stdout.readline() == b"ready\n"
            time.sleep(delay)
            process.send_signal(signal.SIGKILL)
    assert_whole(cached(slow_set, tmp_path / "cache"), slow_set)


def test_two_processes_do_not_build_at_once(tmp_path):
    files = save_scenes(tmp_path / "data", 2)
    (tmp_path / "cache").mkdir()
    lock = FileLock(tmp_path / "cache" / "building.lock")
    job = caching_pictures(files, tmp_path / "cache", side=100)
    with lock:
        stages = {next(job).stage for _ in range(5)}
    assert "Waiting until another run has prepared its pictures" in stages
    assert len(finish(job)) == 2


# -- room --------------------------------------------------------------------------------------------------------------

SET = 4 * 64 * 96 * 3
"""Bytes of `save_scenes(…, 4)`."""


def test_a_set_larger_than_the_limit_is_refused_with_a_remedy(tmp_path):
    with pytest.raises(StudioError, match="take 72 KB once they are decoded, more than the 72 KB") as caught:
        cached(save_scenes(tmp_path / "data", 4), tmp_path / "cache", limit=SET - 1)
    assert "smaller picture size" in caught.value.remedy


def test_what_was_not_used_for_longest_makes_way(tmp_path):
    sets = [save_scenes(tmp_path / str(n), 4, first=10 * n) for n in range(3)]
    prints = []
    for number, files in enumerate(sets[:2]):
        cached(files, tmp_path / "cache")
        prints.append(caches_in(tmp_path / "cache"))
        for index in (tmp_path / "cache").glob("*/*"):
            os.utime(index, (1e9 + number, 1e9 + number))
    [oldest] = prints[0]
    os.utime(tmp_path / "cache" / oldest / "index.json", (2e9, 2e9))  # used again
    cached(sets[2], tmp_path / "cache", limit=int(2.5 * SET))
    left = caches_in(tmp_path / "cache")
    assert len(left) == 2
    assert oldest in left
    assert not list((tmp_path / "cache").glob("*.gone"))


@pytest.mark.skipif(sys.platform == "win32", reason="there, what is mapped cannot be deleted anyway")
def test_what_is_in_use_stays(tmp_path):
    used = cached(save_scenes(tmp_path / "a", 4), tmp_path / "cache")
    cached(save_scenes(tmp_path / "b", 4, first=20), tmp_path / "cache", limit=int(1.5 * SET))
    assert isinstance(pickle.loads(pickle.dumps(used)), PictureCache)
    del used
    cached(save_scenes(tmp_path / "c", 4, first=40), tmp_path / "cache", limit=int(1.5 * SET))
    assert len(caches_in(tmp_path / "cache")) == 1


def test_a_full_disk_is_noticed_before(tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(cache_eviction.shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 10**6, 10**6))
    with pytest.raises(StudioError, match=r"the disk has 1\.0 MB left"):
        cached(save_scenes(tmp_path / "data", 4), tmp_path / "cache")
    assert not list((tmp_path / "cache").glob("*.part"))


@pytest.mark.parametrize("change", [Path.unlink, lambda path: path.write_bytes(b"something else")])
def test_a_file_that_changes_in_the_middle_of_a_build_is_left_out_this_time_only(tmp_path, change):
    files = save_scenes(tmp_path / "data", 12)
    before = files[5].read_bytes()
    for path in files:  # old enough to be remembered
        os.utime(path, (time.time() - 60, time.time() - 60))
    job = caching_pictures(files, tmp_path / "cache", side=50)
    with FileLock(tmp_path / "cache" / "building.lock"):
        while next(job).stage != "Waiting until another run has prepared its pictures":
            pass
        change(files[5])
    cache = finish(job)
    assert len(cache) == 11
    assert [(one.path, one.reason.split("(")[0].strip()) for one in cache.left_out] == [
        (files[5], "cannot be read" if change is Path.unlink else "has changed while it was prepared")
    ]
    files[5].write_bytes(before)
    os.utime(files[5], (time.time() - 60, time.time() - 60))
    again = cached(files, tmp_path / "cache", side=50)
    assert (len(again), again.left_out) == (12, ())
    np.testing.assert_array_equal(again[5], cached([files[5]], tmp_path / "other", side=50)[0])


def test_a_damaged_memory_is_begun_anew(tmp_path):
    files = save_scenes(tmp_path / "data", 2)
    os.utime(files[0], (time.time() - 60, time.time() - 60))
    cached(files, tmp_path / "cache")
    (tmp_path / "cache" / "contents.sqlite").write_bytes(b"no database" * 100)
    cached(files, tmp_path / "cache")
    assert list(ContentMemory(tmp_path / "cache").recall()) == [os.fsencode(files[0])]


def test_where_no_cache_can_be_made_is_told(tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(StudioError, match="could not be saved"):
        cached(save_scenes(tmp_path / "data", 1), tmp_path / "cache" / "training")
