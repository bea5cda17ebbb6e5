"""MNIST's file format: pairs of pictures and labels, and all that can be wrong with them."""

import gzip
import pickle
import struct

import numpy as np
import pytest
from picture_files import save

from studio.core.events import finish
from studio.core.failures import StudioError
from studio.training.data.idx_files import read_idx
from studio.training.data.sources import Reading, finding_data, parts_of


def read(*sources):
    return finish(finding_data(sources, Reading("classes")))


def idx(values):
    return struct.pack(f">HBB{values.ndim}I", 0, 8, values.ndim, *values.shape) + values.tobytes()


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (6, 5, 4), np.uint8)


LABELS = np.array([7, 3, 3, 7, 9, 3], np.uint8)


def write(folder, pictures, labels, *, pack=lambda data: data, suffix="", stem="train"):
    (folder / f"{stem}-images-idx3-ubyte{suffix}").write_bytes(pack(idx(pictures)))
    (folder / f"{stem}-labels-idx1-ubyte{suffix}").write_bytes(pack(idx(labels)))


@pytest.mark.parametrize(("pack", "suffix"), [(bytes, ""), (gzip.compress, ".gz")])
def test_a_pair_is_read(tmp_path, pictures, pack, suffix):
    write(tmp_path, pictures, LABELS, pack=pack, suffix=suffix)
    found = read(tmp_path)
    assert (len(found), found.names, found.labels) == (6, ("3", "7", "9"), (1, 0, 0, 1, 2, 0))
    np.testing.assert_array_equal(found[2], np.repeat(pictures[2][..., None], 3, axis=2))
    assert not found[2].flags.writeable


def test_the_same_set_plain_and_packed_is_read_once(tmp_path, pictures):
    write(tmp_path, pictures, LABELS)
    write(tmp_path, pictures, LABELS, pack=gzip.compress, suffix=".gz")
    assert len(read(tmp_path)) == 6


def test_several_pairs_follow_one_another_and_one_can_be_chosen(tmp_path, pictures):
    write(tmp_path, pictures, LABELS, stem="t10k")
    write(tmp_path, pictures[:4], LABELS[:4])
    assert len(read(tmp_path)) == 10
    assert len(read(tmp_path / "train-images-idx3-ubyte")) == 4


@pytest.mark.parametrize("stems", [("train", "t10k"), ("train", "test"), ("emnist-train", "emnist-test")])
def test_train_and_t10k_are_a_split(tmp_path, pictures, stems):
    write(tmp_path, pictures, LABELS, stem=stems[0])
    write(tmp_path, pictures[:4], LABELS[:4], stem=stems[1])
    found = read(tmp_path)
    taught, kept = parts_of(found, Reading("classes"))
    assert (len(taught), len(kept)) == (6, 4)
    for number, index in enumerate(taught):
        np.testing.assert_array_equal(found[index][..., 0], pictures[number])
    assert parts_of(found, Reading("classes", split=False)) == (list(range(10)), [])
    assert parts_of(pickle.loads(pickle.dumps(found)), Reading("classes")) == (taught, kept)


def test_t10k_alone_is_learnt_from(tmp_path, pictures):
    write(tmp_path, pictures, LABELS, stem="t10k")
    assert parts_of(read(tmp_path), Reading("classes")) == (list(range(6)), [])


def test_of_a_part_every_digit_has_its_share(tmp_path):
    labels = np.repeat(np.arange(3, dtype=np.uint8), (20, 10, 2))
    write(tmp_path, np.zeros((32, 5, 4), np.uint8), labels)
    found = read(tmp_path)
    taught, _ = parts_of(found, Reading("classes", share=0.1))
    assert [found.labels[index] for index in taught] == [0, 0, 1, 2]


def test_what_a_mac_leaves_beside_a_set_is_no_part_of_it(tmp_path, pictures):
    write(tmp_path, pictures, LABELS)
    (tmp_path / "._train-images-idx3-ubyte").write_bytes(b"\0\5\x16\7")
    assert len(read(tmp_path)) == 6


def test_pickles_as_its_files_names(tmp_path):
    write(tmp_path, np.zeros((3000, 5, 4), np.uint8), np.arange(3000).astype(np.uint8) % 3)
    found = read(tmp_path)
    data = pickle.dumps(found)
    assert len(data) < 1000
    assert pickle.loads(data).fingerprint == found.fingerprint


def test_fingerprint_changes_with_pixels_and_labels_only(tmp_path, pictures):
    prints = []
    for number, (changed, labels) in enumerate([(0, LABELS), (1, LABELS), (0, LABELS[::-1].copy()), (0, LABELS)]):
        folder = tmp_path / str(number)
        folder.mkdir()
        write(folder, pictures ^ np.uint8(changed), labels)
        prints.append(read(folder).fingerprint)
    assert prints[0] == prints[3]
    assert len(set(prints)) == 3


def test_counts_that_differ_are_named(tmp_path, pictures):
    write(tmp_path, pictures, LABELS[:5])
    with pytest.raises(StudioError, match="holds 6 pictures, but “train-labels-idx1-ubyte” 5 labels"):
        read(tmp_path)


def test_missing_labels_are_named(tmp_path, pictures):
    write(tmp_path, pictures, LABELS)
    (tmp_path / "train-labels-idx1-ubyte").unlink()
    with pytest.raises(StudioError, match="labels of “train-images-idx3-ubyte” are missing"):
        read(tmp_path)


def test_idx_files_stand_alone(tmp_path, pictures):
    write(tmp_path, pictures, LABELS)
    save(tmp_path / "folders" / "a" / "x.png")
    save(tmp_path / "folders" / "b" / "x.png")
    for sources in ([tmp_path, tmp_path / "folders"], [tmp_path, tmp_path]):
        with pytest.raises(StudioError, match="cannot be learnt from together"):
            read(*sources)


def test_one_class_only_is_an_error(tmp_path, pictures):
    write(tmp_path, pictures, LABELS * 0)
    with pytest.raises(StudioError, match="the same label"):
        read(tmp_path)


@pytest.mark.parametrize("harm", [
    lambda data: data[:-1], lambda data: data + b"x", lambda data: data[:6], lambda data: b"",
    lambda data: data[:4] + b"\xff" * 12 + data[16:], lambda data: gzip.compress(data)[:-9],
    lambda data: gzip.compress(data)[:20] + b"xxxxxxxx" + gzip.compress(data)[28:],
])  # fmt: skip
def test_damaged_files_are_recognised(tmp_path, pictures, harm):
    path = tmp_path / "x-idx3-ubyte"
    path.write_bytes(harm(idx(pictures)))
    with pytest.raises(StudioError, match="“x-idx3-ubyte” is damaged"):
        read_idx(path)


def test_other_kinds_of_idx_are_refused(tmp_path):
    path = tmp_path / "x-idx3-ubyte"
    path.write_bytes(struct.pack(">HBBI", 0, 0x0D, 1, 1) + b"\0\0\0\0")  # floats
    with pytest.raises(StudioError, match="not a file of bytes"):
        read_idx(path)


@pytest.mark.data
def test_mnist(shared_data):
    found = read(shared_data / "images" / "mnist_t10k")
    assert (len(found), len(found.names), found[0].shape) == (10_000, 10, (28, 28, 3))
    assert found.labels[:5] == (7, 2, 1, 0, 4)
