import re

import numpy as np
import pytest
from job_kit import run
from studio_kit import write_photo

from studio.core.events import Log
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.recipes import Recipe
from studio.core.samples import sample_paintings, sample_photos
from studio.jobs.browse import SAMPLE_SIDE, LibraryTask, SamplesTask, list_library, list_samples


@pytest.mark.parametrize("samples", [sample_photos, sample_paintings])
def test_every_packaged_sample_is_offered_with_a_small_picture(samples):
    events, found = run(list_samples, SamplesTask(samples))
    assert [one.name for one in found] == [sample.name for sample in samples()]
    assert len(found) >= 4
    assert len(events) == len(found)
    for one in found:
        assert one.title
        assert max(one.picture.shape[:2]) == SAMPLE_SIDE
        assert one.picture.std() > 10
        whole = load_picture(one.path).pixels
        assert one.picture.shape[0] / one.picture.shape[1] == pytest.approx(whole.shape[0] / whole.shape[1], abs=0.02)


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path / "library")
    photo = load_picture(write_photo(tmp_path / "photo.png"))
    for grey in (40, 90, 140):
        picture = np.full((30, 50, 3), grey * 257, np.uint16)
        library.keep(picture, Recipe(task="stylize", settings={"strength": 0.5}), [photo])
    return library


def test_results_come_newest_first_with_their_thumbnails(library):
    _, found = run(list_library, LibraryTask(library))
    assert [one.path for one in found] == [entry.path for entry in library.entries()]
    assert sorted(int(one.picture.mean()) for one in found) == [40, 90, 140]
    assert all(re.fullmatch(r"photo( \d)? · \d{1,2} \w+\.?, \d\d:\d\d", one.title) for one in found)


def test_only_the_newest_are_listed(library):
    _, found = run(list_library, LibraryTask(library, newest=2))
    assert [one.path for one in found] == [entry.path for entry in library.entries()[:2]]


def test_a_damaged_result_is_named_and_left_out(library):
    broken = library.entries()[0].path
    broken.write_bytes(broken.read_bytes()[:100])
    for thumbnail in (library.root / ".thumbnails").iterdir():
        thumbnail.unlink()
    events, found = run(list_library, LibraryTask(library))
    assert len(found) == 2
    warnings = [event for event in events if isinstance(event, Log)]
    assert [broken.name in warning.message for warning in warnings] == [True]


def test_a_library_that_does_not_exist_yet_is_empty(tmp_path):
    assert run(list_library, LibraryTask(Library(tmp_path / "nothing"))) == ([], ())
