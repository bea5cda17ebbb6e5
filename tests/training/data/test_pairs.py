"""Pairs: which pictures belong together, and that both are seen through the same window."""

import pickle

import numpy as np
import pytest
import torch
from picture_files import save, scene

from studio.core.events import Log, finish
from studio.core.failures import StudioError
from studio.training.data.inspection import examine
from studio.training.data.pairs import opening_pairs
from studio.training.data.sources import Reading
from studio.training.data.variation import Variation

STILL = Variation(crop_smallest=1.0, crop_stretch=1.0, mirror=False)
WILD = Variation(turn=20, shift=0.1, zoom=0.2, slant=10, brightness=0.3, hue=0.1, erase=0.5)


def opened(tmp_path, *sources, variation=STILL, **reading):
    reading = Reading("pairs", **reading)
    return finish(opening_pairs(sources, tmp_path / "cache", side=64, reading=reading, variation=variation))


def names(pairs):
    files = pairs.pictures.files
    return [(*(files[one].parent.name for one in pair), pairs.name_of(i)) for i, pair in enumerate(pairs.pairs)]


def negative(pixels):
    return 255 - pixels


def write_pairs(folder, names, sides=("a", "b"), first=0):
    for number, name in enumerate(names, first):
        save(folder / sides[0] / name, scene(96, 64, number))
        save(folder / sides[1] / name, negative(scene(96, 64, number)))
    return folder


def test_two_folders_with_equal_names_are_pairs(tmp_path):
    data = write_pairs(tmp_path / "data", ["x.png", "y.png"])
    (data / "b" / "y.png").rename(data / "b" / "y.jpeg.png")
    save(data / "b" / "y.bmp", negative(scene(96, 64, 1)))  # of another kind, of the same name
    for sources in ([data], [data / "a", data / "b"]):
        taught, kept = opened(tmp_path, *sources)
        assert names(taught) == [("a", "b", "x.png"), ("a", "b", "y.png")]
        assert len(kept) == 0
        for index in range(2):
            one, other = taught.plain(index, 32)
            torch.testing.assert_close(one + other, torch.ones(3, 32, 32), atol=0.01, rtol=0)


def test_the_first_folder_is_the_first_that_was_given(tmp_path):
    data = write_pairs(tmp_path / "data", ["x.png"])
    assert names(opened(tmp_path, data / "b", data / "a")[0]) == [("b", "a", "x.png")]


def test_pictures_without_a_partner_are_named_and_left_out(tmp_path):
    data = write_pairs(tmp_path / "data", ["x.png", "y.png"])
    (data / "b" / "y.png").unlink()
    job = opening_pairs([data], tmp_path / "cache", side=64, reading=Reading("pairs"), variation=STILL)
    said = [event.message for event in job if isinstance(event, Log)]
    assert said == ["1 picture has no partner of the same name; what is alone is left out."]
    assert names(opened(tmp_path, data)[0]) == [("a", "b", "x.png")]


def test_two_folders_without_equal_names_are_no_pairs(tmp_path):
    for number in range(3):
        save(tmp_path / "data" / "photos" / f"p{number}.png", scene(96, 64, number))
        save(tmp_path / "data" / "sketches" / f"s{number}.png", scene(96, 64, number))
    both = [tmp_path / "data" / name for name in ("photos", "sketches")]
    for sources in (both, [tmp_path / "data"]):
        with pytest.raises(StudioError, match="“photos” and “sketches” hold no pictures of equal names"):
            opened(tmp_path, *sources)


def test_two_folders_of_files_with_both_pictures_are_what_they_look_like(tmp_path):
    for number in range(2):
        save(tmp_path / "data" / f"day {number}" / f"{number}.png", scene(160, 64, number))
    taught, _ = opened(tmp_path, tmp_path / "data")
    assert all(one == other for one, other in taught.pairs)
    assert len(taught) == 2


def test_files_with_both_pictures_are_cut_in_the_middle(tmp_path):
    left, right = scene(48, 64, 1), scene(48, 64, 2)
    save(tmp_path / "data" / "1.png", np.concatenate([left, right], axis=1))
    taught, _ = opened(tmp_path, tmp_path / "data")
    one, other = taught.plain(0, 48)
    for shown, pixels in ((one, left), (other, right)):
        middle = torch.from_numpy(pixels[8:56]).permute(2, 0, 1) / 255
        torch.testing.assert_close(shown, middle)


@pytest.mark.parametrize("layout", ["parts of pairs", "pairs of parts", "side by side", "CycleGAN's"])
def test_folders_divide_pairs_however_they_lie(tmp_path, layout):
    data = tmp_path / "data"
    match layout:
        case "parts of pairs":  # train/a, train/b, val/a, val/b
            write_pairs(data / "train", ["1.png", "2.png"])
            write_pairs(data / "val", ["1.png"], first=7)
        case "pairs of parts":  # a/train, a/val, b/train, b/val
            write_pairs(data, ["train/1.png", "train/2.png"])
            write_pairs(data, ["val/1.png"], first=7)
        case "side by side":
            for number, name in enumerate(("train/1.png", "train/2.png", "val/1.png")):
                save(data / name, scene(96, 48, number))
        case _:
            write_pairs(data, ["1.png", "2.png"], sides=("trainA", "trainB"))
            write_pairs(data, ["1.png"], sides=("testA", "testB"), first=7)
    taught, kept = opened(tmp_path, data)
    assert (len(taught), len(kept)) == (2, 1)
    report = finish(examine([data], size=32, reading=Reading("pairs")))
    assert (report.total, report.taught, report.kept, report.what) == (3, 2, 1, "pairs")


def test_what_is_checked_on_is_no_other_kind_of_pairs(tmp_path):
    """Where no names in a/val and b/val are equal, no photo is cut in the middle instead."""
    data = write_pairs(tmp_path / "data", ["train/1.png", "train/2.png"])
    save(data / "a" / "val" / "8.png", scene(96, 48, 8))
    save(data / "b" / "val" / "9.png", scene(96, 48, 9))
    taught, kept = opened(tmp_path, data)
    assert (len(taught), len(kept)) == (2, 0)
    (unpaired,) = [one for one in finish(examine([data], size=32, reading=Reading("pairs"))).findings
                   if one.kind == "unpaired"]  # fmt: skip
    assert [path.name for path in unpaired.files] == ["8.png", "9.png"]


def test_both_are_changed_alike(tmp_path):
    """With a picture's negative beside it, whatever window is cut, turned and mirrored: both add up to white."""
    data = write_pairs(tmp_path / "data", ["x.png"])
    variation = Variation(crop_smallest=0.2, mirror=True, turn=15, shift=0.1, zoom=0.2, slant=5)
    taught, _ = opened(tmp_path, data, variation=variation)
    views = [taught.draw(0, torch.Generator().manual_seed(seed), 32) for seed in range(8)]
    for one, other in views:
        torch.testing.assert_close(one + other, torch.ones(3, 32, 32), atol=0.02, rtol=0)
    assert not torch.allclose(views[0][0], views[1][0], atol=0.05)


def test_a_second_picture_of_another_size_is_fitted_to_the_first(tmp_path):
    save(tmp_path / "data" / "a" / "x.png", scene(96, 64, 1))
    save(tmp_path / "data" / "b" / "x.png", scene(48, 32, 1))
    taught, _ = opened(tmp_path, tmp_path / "data", variation=Variation(crop_smallest=0.3))
    one, other = taught.draw(0, torch.Generator().manual_seed(1), 32)
    torch.testing.assert_close(one, other, atol=0.1, rtol=0)


def test_equal_partners_are_pairs_of_their_own(tmp_path):
    """Many masks are all black."""
    for number in range(3):
        save(tmp_path / "data" / "a" / f"{number}.png", scene(96, 64, number))
        save(tmp_path / "data" / "b" / f"{number}.png", np.zeros((64, 96, 3), np.uint8))
    taught, _ = opened(tmp_path, tmp_path / "data")
    assert len(taught) == 3
    assert all(taught.plain(index, 16)[1].max() == 0 for index in range(3))
    report = finish(examine([tmp_path / "data"], size=32, reading=Reading("pairs")))
    assert report.summary == "3 pairs, shorter side 64 px"
    assert {finding.kind for finding in report.findings} == {"few", "grey", "sides"}


def test_what_is_wrong_with_pairs_is_reported(tmp_path):
    data = write_pairs(tmp_path / "data", [f"{number}.png" for number in range(20)])
    save(data / "b" / "3.png", scene(64, 64, 3))
    (data / "a" / "4.png").write_bytes(b"no picture")
    save(data / "b" / "alone.png")
    report = finish(examine([data], size=32, reading=Reading("pairs")))
    found = {finding.kind: finding for finding in report.findings}
    assert found["unpaired"].sentence == "1 picture without a partner of the same name: it is left out."
    assert found["unequal"].files == (data / "a" / "3.png",)
    assert found["broken"].files == (data / "a" / "4.png",)
    assert report.summary == "19 of 20 pairs, shorter side 64 px"


def test_a_share_of_the_pairs_is_drawn_whole(tmp_path):
    data = write_pairs(tmp_path / "data", [f"{number}.png" for number in range(20)])
    some = [opened(tmp_path, data, share=0.25, seed=seed)[0] for seed in (0, 0, 1)]
    assert [len(one) for one in some] == [5, 5, 5]
    assert names(some[0]) == names(some[1]) != names(some[2])
    one, other = some[0].plain(2, 16)
    torch.testing.assert_close(one + other, torch.ones(3, 16, 16), atol=0.01, rtol=0)


def test_pairs_pickle_and_tell_what_they_are(tmp_path):
    data = write_pairs(tmp_path / "data", ["x.png", "y.png"])
    taught, _ = opened(tmp_path, data, variation=WILD)
    copy = pickle.loads(pickle.dumps(taught))
    both = [one.draw(1, torch.Generator().manual_seed(4), 24) for one in (taught, copy)]
    assert all(torch.equal(one, other) for one, other in zip(*both, strict=True))
    assert copy.fingerprint == taught.fingerprint
    assert opened(tmp_path, data / "b", data / "a")[0].fingerprint != taught.fingerprint


def test_without_a_single_pair_there_is_nothing_to_learn(tmp_path):
    data = write_pairs(tmp_path / "data", ["x.png"])
    (data / "a" / "x.png").write_bytes(b"no picture")
    with pytest.raises(StudioError, match="no pair of which both"):
        opened(tmp_path, data)
