"""Which files an artist means: folders, lists, files, classes."""

from unicodedata import normalize

import pytest
from picture_files import save, save_scenes

from studio.core.events import finish
from studio.core.failures import StudioError
from studio.training.data.listing import find_pictures
from studio.training.data.sources import Reading, finding_data


def read(*sources, holds="classes", **options):
    return finish(finding_data(sources, Reading(holds, **options)))


def names(paths, folder):
    return [path.relative_to(folder).as_posix() for path in paths]


def test_systems_folders_are_no_classes(tmp_path):
    for name in ("cat/1.png", "dog/2.png", "@eaDir/1.png", "__MACOSX/cat/._1.png", "dog/._2.png"):
        save(tmp_path / name)
    found = read(tmp_path)
    assert (found.names, names(found.files, tmp_path)) == (("cat", "dog"), ["cat/1.png", "dog/2.png"])


def test_an_accent_written_as_one_sign_or_two_makes_one_class(tmp_path):
    composed, decomposed = "Caf\u00e9", "Cafe\u0301"
    for name in (f"mac/{decomposed}/1.png", "mac/dog/2.png", f"linux/{composed}/3.png", "linux/dog/4.png"):
        save(tmp_path / name)
    found = read(tmp_path / "mac", tmp_path / "linux")
    assert (found.names, found.labels) == ((composed, "dog"), (0, 1, 0, 1))
    for name in (f"mixed/{decomposed}/5.png", f"mixed/{composed}/6.png", "mixed/dog/7.png"):
        save(tmp_path / name)
    assert read(tmp_path / "mixed").names == (composed, "dog")
    for name in (f"split/train/{decomposed}/8.png", "split/train/b/9.png", f"split/val/{composed}/10.png"):
        save(tmp_path / name)
    found = read(tmp_path / "split")
    assert (found.names, len(found.kept), found.loose) == ((composed, "b"), 1, ())


def test_pairs_and_lists_find_names_in_either_form(tmp_path):
    for name in ("a/Caf\u00e9.png", "b/Cafe\u0301.png"):
        save(tmp_path / "pairs" / name)
    assert len(read(tmp_path / "pairs", holds="pairs").partners) == 1
    listing = tmp_path / "list.txt"
    listing.write_text("pairs/a/Cafe\u0301.png\npairs/b/Caf\u00e9.png\n", encoding="utf-8")
    assert len(find_pictures([listing])) == 2


@pytest.mark.parametrize("name", [
    "#recycle", "#Recycle/cat", "@eaDir", "#snapshot/GMT+01-2024.05.01", ".snapshot", ".zfs/snapshot", "@Recycle",
    "$RECYCLE.BIN/S-1-5-21", "System Volume Information", "lost+found", ".Trash-1000/files", ".Trashes/501",
    ".@__thumb", "Network Trash Folder", "RECYCLER", "cat/#recycle", "cat/deep/@eaDir",
])  # fmt: skip
def test_wastebaskets_and_snapshots_take_no_pictures_from_the_classes(tmp_path, name):
    original = save(tmp_path / "cat" / "1.png")
    save(tmp_path / "dog" / "2.png")
    (tmp_path / name).mkdir(parents=True, exist_ok=True)
    (tmp_path / name / "copy.png").write_bytes(original.read_bytes())
    found = read(tmp_path)
    assert (found.names, names(found.files, tmp_path)) == (("cat", "dog"), ["cat/1.png", "dog/2.png"])
    listed = [path for path in sorted(tmp_path.iterdir()) if not path.name.startswith(".")]  # “share/*”
    assert names(find_pictures(listed), tmp_path) == ["cat/1.png", "dog/2.png"]


@pytest.mark.parametrize("name", ["\uac00", "Zu\u0308rich", "a\u030a", "\u212b", "e\u0323\u0302", "I\u0307"])
def test_whatever_a_mac_decomposes_is_one_class_in_one_folder(tmp_path, name):
    for form in ("NFC", "NFD"):
        save(tmp_path / normalize(form, name) / f"{form}.png")
    save(tmp_path / "zz" / "3.png")
    assert read(tmp_path).names == tuple(sorted((normalize("NFC", name), "zz")))


def test_a_folder_for_each_class(tmp_path):
    save(tmp_path / "horse" / "a.png")
    save(tmp_path / "horse" / "near" / "b.png")
    save(tmp_path / "house" / "c.png")
    save(tmp_path / "beside.png")
    found = read(tmp_path)
    assert found.names == ("horse", "house")
    assert names(found.files, tmp_path) == ["horse/a.png", "horse/near/b.png", "house/c.png"]
    assert found.labels == (0, 0, 1)
    assert names(found.loose, tmp_path) == ["beside.png"]


def test_the_deepest_folders_as_classes(tmp_path):
    for name in ("photo/horse", "photo/house", "art/horse"):
        save_scenes(tmp_path / name, 1)
    assert read(tmp_path, deepest=True).names == ("art/horse", "photo/horse", "photo/house")


@pytest.mark.parametrize(("files", "cause"), [
    (["x.png"], "no folders to tell them apart"), (["only/x.png"], "only one class, “only”"), ([], "no pictures"),
])  # fmt: skip
def test_fewer_than_two_classes_is_an_error(tmp_path, files, cause):
    for name in files:
        save(tmp_path / name)
    with pytest.raises(StudioError, match=cause):
        read(tmp_path)


# -- folders that divide the data --------------------------------------------------------------------------------------


def kept_names(found, folder):
    return [name for name, path in zip(names(found.files, folder), found.files, strict=True) if path in found.kept]


@pytest.mark.parametrize(("train", "check"), [
    ("train", "valid"), ("train", "val"), ("train", "test"), ("training", "testing"), ("Training", "Validation"),
    ("TRAIN", "VAL"), ("training_set", "test_set"), ("train2017", "val2017"), ("ILSVRC2012_img_train", "testset"),
    ("01-train", "02-valid"), ("Train Images", "Test Images"), ("train", "dev"),
])  # fmt: skip
@pytest.mark.parametrize("holds", ["classes", "pictures"])
def test_train_and_valid_are_no_classes(tmp_path, train, check, holds):
    for name in (f"{train}/cat/1.png", f"{train}/dog/2.png", f"{check}/cat/3.png", f"{check}/dog/4.png"):
        save(tmp_path / name)
    found = read(tmp_path, holds=holds)
    assert names(found.files, tmp_path) == [
        f"{train}/cat/1.png", f"{train}/dog/2.png", f"{check}/cat/3.png", f"{check}/dog/4.png",
    ]  # fmt: skip
    assert kept_names(found, tmp_path) == [f"{check}/cat/3.png", f"{check}/dog/4.png"]
    if holds == "classes":
        assert (found.names, found.labels) == (("cat", "dog"), (0, 1, 0, 1))


@pytest.mark.parametrize(("train", "check"), [
    ("imagenet/train", "imagenet/val"), ("ILSVRC/Data/CLS-LOC/train", "ILSVRC/Data/CLS-LOC/val"),
    ("training_set/training_set", "test_set/test_set"), ("seg_train/seg_train", "seg_test/seg_test"),
    ("Dataset/Train", "Dataset/Valid"),
])  # fmt: skip
def test_an_archives_extra_folders_are_gone_through(tmp_path, train, check):
    for name in (f"{train}/cat/1.png", f"{train}/dog/2.png", f"{check}/cat/3.png", f"{check}/dog/4.png"):
        save(tmp_path / name)
    for part in ("train", "val"):
        (tmp_path / "Annotations" / part).mkdir(parents=True)
        (tmp_path / "Annotations" / part / "1.xml").write_text("<no picture/>")
    (tmp_path / "#recycle").mkdir()
    save(tmp_path / "#recycle" / "old.png")
    found = read(tmp_path)
    assert (found.names, found.labels) == (("cat", "dog"), (0, 1, 0, 1))
    assert kept_names(found, tmp_path) == [f"{check}/cat/3.png", f"{check}/dog/4.png"]
    assert found.loose == ()


def test_a_class_that_is_divided_itself_divides_nothing_else(tmp_path):
    for name in ("cat/train/1.png", "cat/test/2.png", "dog/3.png"):
        save(tmp_path / name)
    found = read(tmp_path)
    assert (found.names, found.labels, found.kept) == (("cat", "dog"), (0, 0, 1), frozenset())


def test_a_class_of_train_sets_is_one_where_nothing_is_checked(tmp_path):
    save_scenes(tmp_path / "train set", 1)
    save_scenes(tmp_path / "bus", 1)
    assert read(tmp_path).names == ("bus", "train set")


def test_beside_valid_test_is_left_alone_and_so_is_whatever_else_lies_there(tmp_path):
    """As fast.ai ships dogscats: train, valid, test1, sample, models."""
    for name in ("train/cat/1.png", "train/dog/2.png", "valid/cat/3.png", "test/9.png", "sample/train/cat/1.png"):
        save(tmp_path / name)
    found = read(tmp_path)
    assert kept_names(found, tmp_path) == ["valid/cat/3.png"]
    assert names(found.beside, tmp_path) == ["sample", "test"]
    assert len(found.files) == 3


def test_the_parts_may_be_chosen_one_by_one(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "valid/cat/3.png", "more/dog/4.png"):
        save(tmp_path / name)
    found = read(*(tmp_path / name for name in ("valid", "train", "more")))
    assert names(found.files, tmp_path) == ["train/cat/1.png", "train/dog/2.png", "more/dog/4.png", "valid/cat/3.png"]
    assert kept_names(found, tmp_path) == ["valid/cat/3.png"]


def test_classes_that_are_only_checked_or_not_told_apart_there_are_left_out(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "valid/cat/3.png", "valid/cow/4.png", "valid/5.png"):
        save(tmp_path / name)
    found = read(tmp_path)
    assert found.names == ("cat", "dog")
    assert kept_names(found, tmp_path) == ["valid/cat/3.png"]
    assert sorted(names(found.loose, tmp_path)) == ["valid/5.png", "valid/cow/4.png"]


def test_an_unlabelled_test_leaves_the_checking_to_the_seed(tmp_path):
    """As Kaggle ships it."""
    for name in ("train/cat/1.png", "train/dog/2.png", "test/3.png"):
        save(tmp_path / name)
    found = read(tmp_path)
    assert (found.names, found.kept, found.parts) == (("cat", "dog"), frozenset(), None)


def test_a_folder_that_holds_nothing_but_train_is_entered(tmp_path):
    save_scenes(tmp_path / "train" / "cat", 1)
    save_scenes(tmp_path / "train" / "dog", 1)
    assert read(tmp_path).names == ("cat", "dog")


def test_a_class_of_trains_is_one_where_nothing_is_checked(tmp_path):
    save_scenes(tmp_path / "train", 1)
    save_scenes(tmp_path / "bus", 1)
    assert read(tmp_path).names == ("bus", "train")


def test_the_split_can_be_ignored_as_version_one_did(tmp_path):
    save_scenes(tmp_path / "train", 2)
    save_scenes(tmp_path / "test", 1)
    found = read(tmp_path, split=False)
    assert (found.names, found.labels, found.kept) == (("test", "train"), (0, 1, 1), frozenset())


def test_the_sides_of_an_unpaired_set_may_lie_beside_each_other(tmp_path):
    """As CycleGAN ships horse2zebra."""
    for name in ("trainA/1.png", "trainB/2.png", "trainB/3.png", "testA/4.png", "testB/5.png", "extra/6.png"):
        save(tmp_path / name)
    one, other = (read(tmp_path, holds="pictures", side=side) for side in "ab")
    assert (names(one.files, tmp_path), kept_names(one, tmp_path)) == (["trainA/1.png", "testA/4.png"], ["testA/4.png"])
    assert names(other.files, tmp_path) == ["trainB/2.png", "trainB/3.png", "testB/5.png"]
    assert names(other.beside, tmp_path) == ["extra"]


# -- a part of the data ------------------------------------------------------------------------------------------------


def test_as_large_a_part_of_every_class_is_drawn_by_the_seed(tmp_path):
    for name, count in (("cat", 40), ("dog", 10), ("cow", 2)):
        save_scenes(tmp_path / name, count)
    some = read(tmp_path, share=0.1, seed=1)
    assert [some.labels.count(label) for label in range(3)] == [4, 1, 1]
    assert some.total == 52
    assert read(tmp_path, share=0.1, seed=1) == some
    assert read(tmp_path, share=0.1, seed=2).files != some.files
    assert set(some.files) < set(read(tmp_path, share=0.5, seed=1).files)  # a larger part holds the smaller one


def test_what_is_checked_on_becomes_as_much_less(tmp_path):
    save_scenes(tmp_path / "train", 20)
    save_scenes(tmp_path / "valid", 10)
    some = read(tmp_path, holds="pictures", share=0.2)
    assert (len(some.files), len(some.kept & set(some.files))) == (6, 2)
