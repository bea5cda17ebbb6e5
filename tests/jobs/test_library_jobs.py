import numpy as np
import pytest
from job_kit import run
from studio_kit import write_photo

from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.library_index import LibraryIndex
from studio.core.library_marks import Mark
from studio.core.picture_task import PictureRequest
from studio.core.picture_tasks import STYLIZE
from studio.core.recipes import Recipe, SteeringStep
from studio.core.style_settings import StyleSettings
from studio.jobs.library import (
    MarkTask,
    MoveTask,
    empty_wastebasket,
    mark_results,
    move_results,
    read_library,
    small_versions,
)  # fmt: skip
from studio.jobs.picture_recipes import RecipeWriter


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


@pytest.fixture
def kept(library, tmp_path):
    """Three results: a painting, its continuation, and another painting."""
    photo = load_picture(write_photo(tmp_path / "photo.png"))
    branch = SteeringStep(at=2**31 - 1, action="branch", changes={"strength": 0.2})
    recipes = (
        Recipe(task="stylize", settings={"strength": 0.5}),
        Recipe(task="stylize", settings={"strength": 0.2}, initial={"strength": 0.5}, steering=(branch,)),
        Recipe(task="stylize", settings={"strength": 0.9}),
    )
    return [
        library.keep(np.full((30, 50, 3), grey * 257, np.uint16), recipe, [photo])
        for grey, recipe in zip((40, 90, 140), recipes, strict=True)
    ]


def look(library):
    _, found = run(read_library, (LibraryIndex(library), LibraryIndex(library.wastebasket)))
    return [[[result.path for result in stack] for stack in stacks] for stacks in (found.kept, found.deleted)]


def test_versions_of_one_painting_come_together(library, kept):
    assert look(library) == [[kept[:2], kept[2:]], []]


def test_small_versions_are_read_and_those_that_cannot_be_are_none(library, kept):
    kept[1].write_bytes(kept[1].read_bytes()[:100])
    for thumbnail in (library.root / ".thumbnails").iterdir():
        thumbnail.unlink()
    events, found = run(small_versions, tuple(kept))
    assert len(events) == 3
    assert [None if small is None else int(small.mean()) for small in found.values()] == [40, None, 140]


def test_results_move_to_the_wastebasket_and_back_by_the_same_list(library, kept):
    paths = kept[:2]
    run(move_results, MoveTask(paths, library, library.wastebasket))
    assert [path.parent.name for path in paths] == ["wastebasket"] * 2
    assert look(library) == [[kept[2:]], [paths]]
    run(move_results, MoveTask(paths, library.wastebasket, library))
    assert look(library)[0] == [paths, kept[2:]]


def test_one_that_cannot_be_moved_keeps_no_other_from_moving(library, kept):
    kept[0].unlink()
    with pytest.raises(StudioError, match="not there any more"):
        run(move_results, MoveTask(paths := list(kept), library, library.wastebasket))
    assert [path.parent.name for path in paths] == ["library", "wastebasket", "wastebasket"]


def test_emptying_deletes_what_lies_in_the_wastebasket_and_nothing_else(library, kept):
    run(move_results, MoveTask(kept[:2], library, library.wastebasket))
    assert run(empty_wastebasket, library)[1] == 2
    assert look(library) == [[kept[2:]], []]
    assert len(list(library.inputs.iterdir())) == 1


def test_marks_are_kept(library, kept):
    run(mark_results, MarkTask(library, {kept[0].name: Mark(star=True), kept[1].name: Mark(words="print")}))
    assert library.marks.all() == {kept[0].name: Mark(star=True), kept[1].name: Mark(words="print")}


def test_what_goes_on_from_a_painting_is_its_version_as_recipes_are_really_written(library, tmp_path):
    photo = load_picture(write_photo(tmp_path / "photo.png"))
    inputs, painting = {"content": (photo,)}, np.zeros((30, 50, 3), np.uint16)
    begun = StyleSettings(size=64)
    steered = begun.model_copy(update={"style_weight": 3.0})
    move = SteeringStep(at=7, action="settings", changes={"style_weight": 3.0})
    first = RecipeWriter(STYLIZE, PictureRequest(inputs), begun).write(steered, (move,))
    on = PictureRequest(inputs, branch=photo.pixels, history=first)
    larger = RecipeWriter(STYLIZE, on, steered.model_copy(update={"size": 96})).write(steered, stopped_at=3)
    earlier = RecipeWriter(STYLIZE, PictureRequest(inputs), begun).write(begun, stopped_at=4)
    other_way = RecipeWriter(STYLIZE, PictureRequest(inputs, photo.pixels, earlier), begun).write(begun)
    again = RecipeWriter(STYLIZE, PictureRequest(inputs), steered).write(steered)
    paths = [library.keep(painting, recipe, [photo]) for recipe in (first, larger, other_way, again)]
    assert look(library)[0] == [paths[:3], paths[3:]]
