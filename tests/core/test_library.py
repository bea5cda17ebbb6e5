import json
import multiprocessing
import os
import re
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from studio.core import samples
from studio.core.atomic import WriteError
from studio.core.failures import StudioError
from studio.core.images import from_pixels, load_picture, read_recipe
from studio.core.library import Library
from studio.core.library_marks import Mark
from studio.core.recipes import InputRecord, Recipe


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


@pytest.fixture
def photo(tmp_path, scene):
    """An opened photo file."""
    folder = tmp_path / "holiday"
    folder.mkdir()
    Image.fromarray((scene >> 8).astype(np.uint8)).save(folder / "beach: day?.jpg")
    return load_picture(folder / "beach: day?.jpg")


def recipe_of(*pictures):
    inputs = tuple(InputRecord(role="content", name=picture.name, sha256=picture.sha256) for picture in pictures)
    return Recipe(task="stylize", settings={"strength": 1.0}, inputs=inputs)


def test_a_result_is_kept_losslessly_with_its_recipe(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    stored = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(stored[..., ::-1], scene)
    assert read_recipe(path) == recipe_of(photo)


def test_the_name_tells_when_and_of_what_and_suits_every_file_system(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d beach_ day_\.png", path.name)


def test_nothing_is_overwritten(library, scene, photo):
    paths = {library.keep(scene, recipe_of(photo), [photo]) for _ in range(4)}
    assert len(paths) == 4
    assert all(path.stat().st_size > 1000 for path in paths)


def test_a_shared_file_tells_no_paths(library, scene, photo):
    data = library.keep(scene, recipe_of(photo), [photo]).read_bytes()
    assert str(photo.path.parent).encode() not in data
    assert b"holiday" not in data


def test_inputs_are_found_again_after_the_originals_are_gone(library, scene, photo):
    original = photo.path.read_bytes()
    library.keep(scene, recipe_of(photo), [photo])
    photo.path.unlink()
    found = library.find_input(photo.sha256, photo.name)
    assert found == library.inputs / f"{photo.sha256}.jpg"
    assert found.read_bytes() == original
    assert load_picture(found).sha256 == photo.sha256


def test_a_pasted_picture_is_kept_as_the_file_that_its_recipe_names(library, scene):
    pasted = from_pixels((scene >> 8).astype(np.uint8), "Pasted picture")
    library.keep(scene, recipe_of(pasted), [pasted])
    found = library.find_input(pasted.sha256, "Pasted picture")
    assert found.suffix == ".png"
    assert np.array_equal(load_picture(found).pixels, pasted.pixels)


def test_a_name_of_many_bytes_still_fits_beside_the_date(library, scene, photo):
    painters = replace(photo, name="🎨" * 70 + ".jpg", encoded=None)
    kept = library.keep(scene, recipe_of(painters), [painters])
    assert "🎨" * 40 in kept.name
    assert library.entries()[0].thumbnail().shape


def test_an_input_is_stored_once(library, photo):
    first = library.keep_input(photo)
    changed = first.stat().st_mtime_ns
    assert library.keep_input(photo) == first
    assert first.stat().st_mtime_ns == changed
    assert len(list(library.inputs.iterdir())) == 1


def test_a_very_large_input_is_copied_from_its_file_unless_it_has_changed(library, photo):
    large = replace(photo, encoded=None)  # as it is for files that are not kept in memory
    stored = library.keep_input(large)
    assert stored.read_bytes() == photo.path.read_bytes()
    stored.unlink()
    photo.path.write_bytes(b"something else")
    assert library.keep_input(large) is None
    photo.path.unlink()
    assert library.keep_input(large) is None


def test_a_stored_input_that_rotted_is_not_given_out_and_is_stored_anew(library, photo):
    stored = library.keep_input(photo)
    stored.write_bytes(b"rotten")
    assert library.find_input(photo.sha256, photo.name) is None
    assert library.keep_input(photo) == stored
    assert library.find_input(photo.sha256, photo.name) == stored


def test_other_folders_are_searched_by_name_and_content(library, photo, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    (other / photo.name).write_bytes(b"same name, other picture")
    folder = photo.path.parent
    assert library.find_input(photo.sha256, photo.name) is None
    assert library.find_input(photo.sha256, photo.name, [other]) is None
    assert library.find_input(photo.sha256, photo.name, [other, tmp_path / "none", folder]) == photo.path
    assert library.find_input(photo.sha256, f"../{folder.name}/{photo.name}", [other]) is None


def test_a_recipe_cannot_name_files_outside(library, tmp_path):
    (tmp_path / "secret.txt").write_text("x")
    library.inputs.mkdir(parents=True)
    assert library.find_input("../../secret", "secret.txt") is None
    assert library.find_input("*", "*") is None


def test_packaged_samples_are_found_by_content(library):
    known = (*samples.sample_photos(), *samples.sample_paintings())
    if not known:
        pytest.skip("this checkout has no samples yet")
    sample = load_picture(known[0].path)
    assert library.find_input(sample.sha256, "whatever.jpg") == known[0].path


def test_entries_come_newest_first_and_know_their_recipe(library, scene, photo):
    assert library.entries() == ()
    paths = [library.keep(scene, recipe_of(photo), [photo]) for _ in range(3)]
    for age, path in enumerate(reversed(paths)):
        os.utime(path, (1_700_000_000 - age, 1_700_000_000 - age))
    (library.root / "notes.txt").write_text("not a picture")
    (library.root / "reserved.png").touch()
    entries = library.entries()
    assert [entry.path for entry in entries] == paths[::-1]
    assert entries[0].recipe() == recipe_of(photo)
    assert entries[0].made > entries[2].made


def test_thumbnails_are_small_stored_and_made_again(library, photo):
    large = cv2.resize(photo.pixels, (1200, 800)).astype(np.uint16) * 257
    path = library.keep(large, recipe_of(photo), [photo])
    entry = library.entries()[0]
    stored = library.root / ".thumbnails" / f"{path.name}.png"
    assert entry.thumbnail().shape == (171, 256, 3)
    made_at_once = stored.stat().st_mtime_ns
    entry.thumbnail()
    assert stored.stat().st_mtime_ns == made_at_once
    for spoil in (stored.unlink, lambda: stored.write_bytes(b"rotten")):
        spoil()
        assert entry.thumbnail().shape == (171, 256, 3)
        assert load_picture(stored).width == 256


def test_a_library_whose_place_is_taken_says_so(tmp_path, scene, photo):
    (tmp_path / "library").write_text("a file")
    library = Library(tmp_path / "library")
    assert library.entries() == ()
    with pytest.raises(WriteError, match="library"):
        library.keep(scene, recipe_of(photo), [photo])


def keep_some(root, photo_path, number):
    photo = load_picture(photo_path)
    picture = np.full((20, 20, 3), number, np.uint16)
    library = Library(root)
    return [str(library.keep(picture, recipe_of(photo), [photo])) for _ in range(5)]


def test_two_processes_may_keep_results_at_once(library, photo):
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        kept = pool.starmap(keep_some, [(library.root, photo.path, number) for number in (1, 2)])
    assert len({path for paths in kept for path in paths}) == 10
    for number, paths in zip((1, 2), kept, strict=True):
        assert all((cv2.imread(path, cv2.IMREAD_UNCHANGED) == number).all() for path in paths)
    assert len(library.entries()) == 10
    assert json.loads(library.entries()[0].recipe().to_json())["task"] == "stylize"


# -- marks, wastebasket ------------------------------------------------------------------------------------------------


def test_a_deleted_result_lies_in_the_wastebasket_with_its_marks_and_comes_back_with_them(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    library.marks.set(path.name, Mark(star=True, words="für Anna"))
    content = path.read_bytes()
    thrown = library.move(path, library.wastebasket)
    assert library.entries() == ()
    assert [entry.path for entry in library.wastebasket.entries()] == [thrown]
    assert (library.marks.all(), library.wastebasket.marks.all()) == ({}, {path.name: Mark(True, "für Anna")})
    assert library.find_input(photo.sha256, photo.name) is not None
    back = library.wastebasket.move(thrown, library)
    assert (back, back.read_bytes()) == (path, content)
    assert library.marks.all() == {path.name: Mark(star=True, words="für Anna")}
    assert (library.root / ".thumbnails" / f"{path.name}.png").exists()


def test_a_result_of_the_same_name_in_the_wastebasket_is_not_overwritten(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    first = library.move(path, library.wastebasket)
    path.write_bytes(first.read_bytes() + b"other")
    second = library.move(path, library.wastebasket)
    assert second.name == f"{path.stem} 2.png"
    assert second.read_bytes() == first.read_bytes() + b"other"


def test_what_is_gone_cannot_be_moved_and_says_so(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    path.unlink()
    with pytest.raises(StudioError, match="not there any more"):
        library.move(path, library.wastebasket)


def test_a_removed_result_leaves_nothing_behind(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    library.marks.set(path.name, Mark(star=True))
    library.remove(path)
    library.remove(path)
    assert list(library.root.glob("*.png")) == []
    assert list((library.root / ".thumbnails").iterdir()) == []
    assert library.marks.all() == {}


def test_a_damaged_mark_says_nothing(library, scene, photo):
    path = library.keep(scene, recipe_of(photo), [photo])
    library.marks.set(path.name, Mark(star=True))
    (library.root / ".marks" / f"{path.name}.json").write_text("{")
    assert library.marks.of(path.name) == Mark()
    library.marks.set(path.name, Mark(words="again"))
    assert library.marks.of(path.name).words == "again"


def test_a_photo_whose_place_is_known_is_found_without_a_copy_as_long_as_it_is_the_same(library, photo):
    library.note_place(photo)
    assert library.find_input(photo.sha256, photo.name) == photo.path
    assert [path.suffix for path in library.inputs.iterdir()] == [".place"]
    assert library.keep_input(photo).read_bytes() == photo.path.read_bytes()  # a copy is still made where one is wanted
    library.keep_input(photo).unlink()
    photo.path.write_bytes(b"another picture")
    assert library.find_input(photo.sha256, photo.name) is None
