"""Which pictures are learnt from and which are kept; folders, lists of folders and digits as one collection."""

import pickle

import numpy as np
import pytest
import torch
from classifier_kit import write_idx, write_shapes
from hypothesis import given
from hypothesis import strategies as st
from job_kit import heard

from studio.core.events import Log, finish
from studio.core.failures import StudioError
from studio.training.data.division import divided
from studio.training.data.sources import Reading
from studio.training.data.variation import Variation
from studio.training.tasks.labelled_pictures import LabelledPictures, opening_collection, shows_grey


def opened(tmp_path, *sources, deepest=False):
    reading = Reading("classes", deepest=deepest)
    return finish(opening_collection(sources, tmp_path / "cache", side=32, reading=reading))


@given(st.lists(st.integers(0, 4), min_size=1, max_size=80), st.floats(0.0, 0.5), st.integers(0, 9))
def test_the_same_part_of_every_class_is_kept(labels, share, seed):
    taught, kept = divided(labels, share, seed)
    assert sorted(taught + kept) == list(range(len(labels)))
    for label in set(labels):
        count = labels.count(label)
        assert sum(labels[index] == label for index in kept) == min(round(share * count), count - 1)
    assert divided(labels, share, seed) == (taught, kept)


def test_another_seed_keeps_others_back():
    labels = [0, 1] * 50
    assert divided(labels, 0.2, 1)[1] != divided(labels, 0.2, 2)[1]


def test_folders_with_the_same_classes_are_one_collection(tmp_path):
    write_shapes(tmp_path / "one", count=3, kinds=("disc", "square"), seed=1)
    write_shapes(tmp_path / "two", count=2, kinds=("square", "stripes"), seed=2)
    collection = opened(tmp_path, tmp_path / "one", tmp_path / "two")
    assert collection.names == ("disc", "square", "stripes")
    assert [collection.labels.count(label) for label in range(3)] == [3, 5, 2]


def test_every_folder_with_pictures_can_be_a_class(tmp_path):
    for style in ("photo", "painting"):
        write_shapes(tmp_path / "all" / style, count=2, kinds=("disc", "square"), seed=len(style))
    assert opened(tmp_path, tmp_path / "all").names == ("painting", "photo")
    names = opened(tmp_path, tmp_path / "all", deepest=True).names
    assert names == ("painting/disc", "painting/square", "photo/disc", "photo/square")


def test_what_belongs_to_no_class_or_is_broken_is_named_and_left_out(tmp_path):
    data = write_shapes(tmp_path / "data", count=2, kinds=("disc", "square"))
    (data / "loose.png").write_bytes((data / "disc" / "000.png").read_bytes())
    (data / "disc" / "broken.png").write_bytes(b"no picture")
    said, collection = heard(opening_collection([data], tmp_path / "cache", side=32, reading=Reading("classes")))
    messages = [one.message for one in said if isinstance(one, Log)]
    assert len(collection.labels) == 4
    assert any("1 picture lies beside" in message for message in messages)
    assert any("broken.png" in message and "left out" in message for message in messages)


def test_of_very_many_broken_files_some_are_named_and_the_others_counted(tmp_path):
    data = write_shapes(tmp_path / "data", count=2, kinds=("disc", "square"))
    for number in range(25):
        (data / "disc" / f"broken{number:02}.png").write_bytes(b"no picture %d" % number)
    said = [one.message for one in opening_collection([data], tmp_path / "cache", side=32, reading=Reading("classes"))
            if isinstance(one, Log)]  # fmt: skip
    assert len(said) == 21
    assert said[-1] == "5 more are left out for such reasons."


def test_a_class_of_which_nothing_can_be_read_is_none(tmp_path):
    data = write_shapes(tmp_path / "data", count=2, kinds=("disc",))
    (data / "square").mkdir()
    (data / "square" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(StudioError, match="Only one class has pictures"):
        opened(tmp_path, data)


def test_digits_and_folders_do_not_mix(tmp_path):
    data = write_shapes(tmp_path / "data", count=2, kinds=("disc", "square"))
    digits = write_idx(tmp_path / "digits", np.zeros((4, 8, 8)), np.array([0, 1, 0, 1]))
    with pytest.raises(StudioError, match="cannot be learnt from together"):
        opened(tmp_path, data, digits)


def test_colour_is_noticed(tmp_path):
    assert not shows_grey(opened(tmp_path, write_shapes(tmp_path / "a", count=2)).pictures)
    assert shows_grey(opened(tmp_path, write_shapes(tmp_path / "b", count=2, grey=True)).pictures)


def test_grey_is_how_bright_a_picture_looks(tmp_path):
    """Y = 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601)."""
    collection = opened(tmp_path, write_shapes(tmp_path / "data", count=2))
    colour, grey = (LabelledPictures(collection, [0, 1], channels, Variation()) for channels in (3, 1))
    weights = torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)
    torch.testing.assert_close(grey.plain(1, 16), (colour.plain(1, 16) * weights).sum(0, keepdim=True))


def test_examples_pickle_and_tell_what_they_are(tmp_path):
    data = write_shapes(tmp_path / "data", count=3)
    collection = opened(tmp_path, data)
    examples = LabelledPictures(collection, [0, 4, 7], 3, Variation())
    copy = pickle.loads(pickle.dumps(examples))
    for index in range(3):
        one, other = (some.draw(index, torch.Generator().manual_seed(5), 16) for some in (examples, copy))
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    assert copy.fingerprint == examples.fingerprint
    assert LabelledPictures(collection, [0, 4, 8], 3, Variation()).fingerprint != examples.fingerprint
    assert examples.labels.tolist() == [0, 1, 2]
    assert examples.name_of(1) == "001.png"
    (data / "disc" / "000.png").rename(data / "square" / "900.png")
    moved = opened(tmp_path, data)
    assert LabelledPictures(moved, [0, 4, 7], 3, Variation()).fingerprint != examples.fingerprint


def test_no_view_is_larger_than_the_largest_picture(tmp_path):
    """What is 20 px wide shows no more at 96 px: it is learnt at 20 px."""
    collection = opened(tmp_path, write_shapes(tmp_path / "data", count=2))
    examples = LabelledPictures(collection, [0, 1], 3, Variation())
    assert collection.largest_side == 20
    assert examples.draw(0, torch.Generator().manual_seed(0), 96)[0].shape == (3, 20, 20)
    assert examples.plain(0, 96).shape == (3, 20, 20)
    assert examples.plain(0, 12).shape == (3, 12, 12)
