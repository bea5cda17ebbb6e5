import json
import os

import numpy as np
import pytest
from PIL import Image
from studio_kit import write_photo

from studio.core.events import finish
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.library_index import LibraryIndex, plain
from studio.core.library_marks import Mark
from studio.core.looks import built_in_looks
from studio.core.presets import Look, LookFolder
from studio.core.recipes import InputRecord, Recipe, SteeringStep
from studio.core.samples import sample_paintings
from studio.core.style_settings import StyleSettings


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


@pytest.fixture
def photo(tmp_path):
    return load_picture(write_photo(tmp_path / "Café am Meer.png"))


def keep(library, photo, shape=(30, 50), task="stylize", painting=("stripes.png", "b" * 64), steering=(), **settings):
    inputs = (
        InputRecord(role="content", name=photo.name, sha256=photo.sha256),
        InputRecord(role="style", name=painting[0], sha256=painting[1]),
    )
    recipe = Recipe(task=task, settings=settings, inputs=inputs[: 2 if painting[0] else 1], steering=steering)
    return library.keep(np.full((*shape, 3), 9000, np.uint16), recipe, [photo])


def read(library):
    return finish(LibraryIndex(library).read())


def test_a_result_is_known_by_photo_painting_and_size(library, photo):
    sample = sample_paintings()[0]
    keep(library, photo, (30, 50))
    keep(library, photo, (40, 20), painting=(sample.path.name, load_picture(sample.path).sha256))
    newest, oldest = read(library)
    assert (oldest.subject, oldest.manner, oldest.width, oldest.height) == ("Café am Meer", ("stripes",), 50, 30)
    assert (newest.manner, newest.size_in_words, newest.task_title) == ((sample.title,), "20 × 40", "Style")


def test_it_is_found_by_everything_that_is_said_of_it(library, photo):
    path = keep(library, photo, start_from="noise", style_weight=3.0, strength=1.0)
    library.marks.set(path.name, Mark(words="Geschenk für Théo"))
    (result,) = read(library)
    for words in ("cafe", "MEER", "stripes", "style", "soft noise", "geschenk", "theo", f"{result.made:%B}", "50 × 30"):
        assert plain(words) in result.sought
    assert "strength" not in result.sought  # as a newcomer finds it


def test_a_look_is_found_by_its_name_an_own_one_also_in_pictures_from_before(library, photo):
    free = next(look for look in built_in_looks("stylize", StyleSettings) if look.name == "Free")
    keep(library, photo, **free.applied_to(StyleSettings(size=128)).model_dump(mode="json"))
    keep(library, photo, **StyleSettings(stroke_size=2.5).model_dump(mode="json"))
    index, own = LibraryIndex(library), LookFolder.standard()
    assert ["free" in result.sought for result in finish(index.read())] == [False, True]
    own.keep(Look("Große Pinsel", "stylize", {"stroke_size": 2.5}))
    for results in (finish(index.read()), read(library), read(library)):
        assert [plain("große pinsel") in result.sought for result in results] == [True, False]


def test_a_fast_style_stands_for_the_painting(library, photo):
    keep(library, photo, painting=("", ""), method="instant", fast_style="fast-town")
    assert read(library)[0].manner == ("fast-town",)


def test_only_what_is_new_is_looked_into_again(library, photo):
    first = keep(library, photo)
    index = LibraryIndex(library)
    before = finish(index.read())
    second = keep(library, photo, (20, 20))
    known = json.loads((library.root / ".index.json").read_text())["results"]
    assert list(known) == [first.name]
    stamp = first.stat()
    first.write_bytes(b"unreadable, but as old as it was")
    os.utime(first, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    for results in (finish(index.read()), read(library)):  # from memory, and from the file
        assert [result.path for result in results] == [second, first]
        assert results[1] == before[0]
    os.utime(first, (1, 1))
    assert read(library)[1].width == 0


@pytest.mark.parametrize(
    "damage", ["{", "[]", '{"version": 99, "results": {}}', '{"version": 2, "results": {"a": [1]}}']
)
def test_a_damaged_index_is_made_again(library, photo, damage):
    keep(library, photo)
    expected = read(library)
    (library.root / ".index.json").write_text(damage)
    assert read(library) == expected
    assert json.loads((library.root / ".index.json").read_text())["version"] == 2


def test_results_that_tell_nothing_are_known_by_their_names(library, photo):
    library.root.mkdir()
    Image.new("RGB", (12, 8)).save(library.root / "found elsewhere.jpg")
    (library.root / "broken.png").write_bytes(b"nothing")
    results = {result.subject: result for result in read(library)}
    assert (results["found elsewhere"].width, results["found elsewhere"].task) == (12, "")
    assert (results["broken"].size_in_words, results["broken"].trunk) == ("", None)


def test_a_recipe_longer_than_the_head_of_the_file_is_read_whole(library, photo):
    steps = tuple(SteeringStep(at=at, action="settings", changes={"style_weight": at / 7}) for at in range(6000))
    keep(library, photo, steering=steps)
    assert len(read(library)[0].trunk.steps) == 6000


def test_a_library_that_is_not_there_yet_is_empty_and_is_not_made(library):
    assert read(library) == ()
    assert not library.root.exists()
