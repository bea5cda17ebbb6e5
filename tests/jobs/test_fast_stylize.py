"""Painting at once: what comes out, how it follows the hand, and that it can be made again."""

import shutil

import numpy as np
import pytest
import torch
from fast_style_kit import small_fast_style, write_fast_style, write_finished_run
from style_kit import drive, frames, picture, quick, request_of, small_task

import models.fast_style_strips as strips
import studio.jobs.style.fast_stylize as fast_job
from models.fast_style_files import load_fast_style
from models.painting_init import fitted
from models.pixels import to_deep_picture, to_tensor
from studio.core.controls import Controls
from studio.core.events import Progress, finish
from studio.core.failures import StudioError
from studio.core.inference_format import FORMATS, PLAIN, FormatMemo
from studio.core.model_shelf import ModelShelf
from studio.core.recipes import Recipe
from studio.core.trained_models import TrainedModels
from studio.core.weights import resolve_backbone
from studio.jobs.picture_recipes import ReplayControls


@pytest.fixture
def style(tmp_path):
    return write_fast_style(tmp_path / "stripes.safetensors")


def instantly(style, **changes):
    return quick(**{"method": "instant", "fast_style": str(style), "size": 120, **changes})


def photo_only():
    return request_of(picture("photo.png", seed=0))


def formatted(format, speed=2.0):
    """Let it be known that this format is best here for the small networks of these tests."""
    FormatMemo.standard().keep("fast styles of width 0.125", format, speed)


def put_on_shelf(style, name):
    folder = ModelShelf.standard().folder
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(style, folder / f"{name}.safetensors")


def through_a_file(recipe):
    return Recipe.model_validate_json(recipe.model_dump_json())


def test_it_paints_what_the_network_paints(style):
    formatted(PLAIN)
    task = photo_only()
    _, result = drive(task, Controls(instantly(style, strength=0.6)))
    network, _ = load_fast_style(style)
    with torch.no_grad():
        expected = network(to_tensor(task.photo.pixels), torch.tensor([0.6]))
    assert result.layer.shape == (90, 120, 3)
    assert np.abs(result.layer.astype(int) - to_deep_picture(expected).astype(int)).max() <= 2  # of 65535
    assert np.array_equal(result.picture, result.layer)  # the strength is in the painting, and not laid on again


@pytest.mark.parametrize(("format", "mean", "most"), [(FORMATS[1], 0.001, 0.01), (FORMATS[2], 0.8, 8)])
def test_a_faster_format_paints_nearly_the_same(style, format, mean, most):
    formatted(PLAIN)
    _, plain = drive(photo_only(), Controls(instantly(style)))
    formatted(format)
    _, result = drive(photo_only(), Controls(instantly(style)))
    levels = np.abs(result.layer.astype(float) - plain.layer) / 257  # of 255
    assert levels.mean() < mean
    assert levels.max() < most


@pytest.mark.parametrize("format", FORMATS)
def test_it_is_replayed_in_the_format_it_was_painted_in(style, format):
    formatted(format)
    _, result = drive(photo_only(), Controls(instantly(style, strength=0.7)))
    assert result.recipe.versions["format"] == str(format)
    put_on_shelf(style, "stripes")
    for other in FORMATS:  # whatever is best by then
        formatted(other)
        _, again = drive(photo_only(), ReplayControls(through_a_file(result.recipe)))
        assert np.array_equal(again.layer, result.layer)


def test_what_version_0_1_painted_is_painted_as_then(style):
    formatted(FORMATS[2])
    _, result = drive(photo_only(), Controls(instantly(style, strength=1.0)))
    old = result.recipe.model_copy(update={"versions": {"atelier": "0.1.0"}})
    put_on_shelf(style, "stripes")
    _, again = drive(photo_only(), ReplayControls(through_a_file(old)))
    network, _ = load_fast_style(style)
    photo = to_tensor(photo_only().photo.pixels)
    painted = finish(strips.paint_in_strips(network, photo, 1.0, welford=True))
    assert np.array_equal(again.layer, to_deep_picture(painted))


def test_what_was_painted_at_once_keeps_its_format_where_it_is_gone_on_from(style):
    formatted(FORMATS[2])
    events, first = drive(photo_only(), Controls(instantly(style, size=96)))
    request = small_task(1, branch=frames(events)[1].picture, history=first.recipe)
    _, result = drive(request, Controls(quick(steps=2, fast_style=str(style))))
    assert result.recipe.versions["format"] == str(FORMATS[2])
    formatted(PLAIN)
    put_on_shelf(style, "stripes")
    _, again = drive(small_task(1), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


@pytest.mark.parametrize("size", [96, 300])
def test_the_result_has_the_size_that_was_asked_for(style, size):
    _, result = drive(photo_only(), Controls(instantly(style, size=size)))
    assert result.layer.shape[:2] == fitted(90, 120, size)


def test_strength_zero_is_the_photo(style):
    task = photo_only()
    _, result = drive(task, Controls(instantly(style, strength=0.0)))
    assert np.array_equal(result.layer // 257, task.photo.pixels)


def test_it_needs_no_painting_and_says_how_far_it_is(style):
    events, result = drive(photo_only(), Controls(instantly(style)))
    shares = [event.share for event in events if isinstance(event, Progress) and event.share is not None]
    assert shares[-1] == pytest.approx(1.0)
    assert [record.role for record in result.recipe.inputs] == ["content"]


def test_paintings_on_the_shelf_are_not_part_of_it(style):
    _, result = drive(small_task(paintings=2), Controls(instantly(style)))
    assert [record.role for record in result.recipe.inputs] == ["content"]


def test_colour_and_blend_are_laid_on_top(style):
    _, plain = drive(photo_only(), Controls(instantly(style)))
    _, grey = drive(photo_only(), Controls(instantly(style, saturation=0.0)))
    assert np.array_equal(plain.layer, grey.layer)
    assert np.ptp(grey.picture.astype(int), axis=2).max() <= 2


def test_a_moved_slider_is_followed_by_a_draft_and_then_in_earnest(style, monkeypatch):
    monkeypatch.setattr(strips, "WORK_PER_STRIP", 1e5)
    seen = []

    def hand(event, controls):
        seen.append(event)
        if len(seen) == 4:
            controls.replace(controls.settings.model_copy(update={"strength": 0.4}))

    events, result = drive(photo_only(), Controls(instantly(style)), hand)
    _, expected = drive(photo_only(), Controls(instantly(style, strength=0.4)))
    assert np.array_equal(result.layer, expected.layer)
    assert result.recipe.settings["strength"] == 0.4
    assert len(frames(events)) == 1  # what was half painted in the old strength was never shown as a result


def test_a_strength_that_changes_at_the_last_moment_counts(style):
    done = []

    def hand(event, controls):
        if isinstance(event, Progress) and event.share is not None and event.share >= 1.0 and not done:
            done.append(True)
            controls.replace(controls.settings.model_copy(update={"strength": 0.25}))

    _, result = drive(photo_only(), Controls(instantly(style)), hand)
    assert result.recipe.settings["strength"] == 0.25


def test_what_is_set_for_the_next_painting_is_not_said_of_this_one(style):
    def hand(event, controls):
        controls.replace(controls.settings.model_copy(update={"method": "live", "size": 500, "saturation": 0.5}))

    events, result = drive(photo_only(), Controls(instantly(style)), hand)
    for recipe in (result.recipe, next(iter(frames(events).values())).recipe):
        assert [recipe.settings[name] for name in ("method", "size", "saturation")] == ["instant", 120, 0.5]
    put_on_shelf(style, "stripes")
    _, again = drive(photo_only(), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_a_large_photo_is_shown_small_first(style, monkeypatch):
    monkeypatch.setattr(fast_job, "LARGE", 100)
    monkeypatch.setattr(fast_job, "GLANCE", 48)
    events, _ = drive(photo_only(), Controls(instantly(style)))
    assert [max(event.picture.shape[:2]) for event in frames(events, drafts=True).values()] == [48]


def test_it_is_replayed_to_identical_pixels(style, tmp_path):
    _, result = drive(photo_only(), Controls(instantly(style, strength=0.7, saturation=1.2)))
    put_on_shelf(style, "stripes")
    _, again = drive(photo_only(), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)
    assert np.array_equal(again.picture, result.picture)


def test_a_recipe_finds_its_fast_style_by_content_and_tells_no_folder(style):
    _, result = drive(photo_only(), Controls(instantly(style)))
    assert result.recipe.settings["fast_style"] == "stripes.safetensors"
    put_on_shelf(style, "called-otherwise")
    _, again = drive(photo_only(), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_a_recipe_whose_fast_style_is_gone_says_so(style):
    _, result = drive(photo_only(), Controls(instantly(style)))
    with pytest.raises(StudioError, match=r"stripes\.safetensors"):
        drive(photo_only(), ReplayControls(through_a_file(result.recipe)))


def test_live_painting_can_start_from_a_fast_style_and_be_replayed(style):
    settings = quick(start_from="instant", fast_style=str(style), steps=1)
    _, result = drive(small_task(1), Controls(settings))
    _, from_photo = drive(small_task(1), Controls(quick(steps=1)))
    assert not np.array_equal(result.layer, from_photo.layer)
    assert [record.name for record in result.recipe.weights][-1] == "stripes.safetensors"
    put_on_shelf(style, "stripes")
    _, again = drive(small_task(1), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_going_on_live_from_what_was_painted_at_once_is_replayed_too(style):
    events, first = drive(photo_only(), Controls(instantly(style, size=96)))
    frame = frames(events)[1].picture
    task = small_task(1, branch=frame, history=first.recipe)
    _, result = drive(task, Controls(quick(steps=4, fast_style=str(style))))
    put_on_shelf(style, "stripes")
    _, again = drive(small_task(1), ReplayControls(through_a_file(result.recipe)))
    assert np.array_equal(again.layer, result.layer)


def test_what_is_no_fast_style_is_refused_in_words(tmp_path, style):
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(style.read_bytes()[:-100])
    for name, words in (("nothing", "no fast style called"), (str(broken), "cut off"), (str(tmp_path), "no finished")):
        with pytest.raises(StudioError, match=words):
            drive(photo_only(), Controls(instantly(name)))


def test_a_fast_style_is_listed_from_shelf_and_runs(tmp_path):
    models = TrainedModels("fast_style", ModelShelf(tmp_path / "models"), tmp_path / "runs")
    write_fast_style(tmp_path / "models/own.safetensors")
    write_finished_run(tmp_path / "runs/first", "My stripes")
    (tmp_path / "runs/unfinished").mkdir()
    listed = {style.name: style.label for style in models.all()}
    assert listed[str(tmp_path / "runs/first")] == "My stripes"
    assert "own" in listed
    assert models.find(str(tmp_path / "runs/first")).path == tmp_path / "runs/first/model.safetensors"


def test_an_imported_one_is_called_after_its_painting_and_cannot_look(tmp_path, style):
    shelf = ModelShelf.standard()
    entry = shelf.import_file(write_fast_style(tmp_path / "brought/mine.safetensors"))
    assert (entry.task, entry.architecture, entry.label) == ("fast_style", "fast-style", "stripes")
    assert shelf.verify(entry.name).state == "present"
    with pytest.raises(StudioError, match="fast style"):
        resolve_backbone(entry.name)


def test_a_file_put_there_by_hand_is_known_for_what_it_is():
    write_fast_style(ModelShelf.standard().folder / "byhand.safetensors")
    entry = ModelShelf.standard().entry("byhand")
    assert entry.task == "fast_style"
    assert ModelShelf.standard().verify("byhand").architecture == "fast-style"


def test_the_small_network_of_these_tests_paints():
    assert small_fast_style()(torch.rand(1, 3, 20, 20), torch.ones(1)).shape == (1, 3, 20, 20)
