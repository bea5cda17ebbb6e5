import numpy as np
import pytest
from fast_style_kit import write_finished_run
from job_kit import run
from studio_kit import write_painting, write_photo

from studio.core.checksums import sha256_of
from studio.core.failures import StudioError
from studio.core.images import load_picture, save_picture
from studio.core.library import Library
from studio.core.recipes import InputRecord, Recipe, SteeringStep, WeightsRecord
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.jobs.files import prepare_opened
from studio.jobs.recall import RecallTask, recall

SETTINGS = StyleSettings(size=96, style_weight=3.0, style_mix=(1.0, 0.25), seed=7)


@pytest.fixture
def inputs(tmp_path):
    files = (
        write_photo(tmp_path / "in" / "photo.png"),
        write_painting(tmp_path / "in" / "first.png", 1),
        write_painting(tmp_path / "in" / "second.png", 2),
    )
    return [load_picture(file) for file in files]


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


def recipe_of(pictures, **more):
    roles = ("content", "style", "style")
    records = tuple(
        InputRecord(role=role, name=p.name, sha256=p.sha256) for role, p in zip(roles, pictures, strict=False)
    )
    return Recipe(**({"task": "stylize", "settings": SETTINGS.model_dump(), "inputs": records} | more))


def saved(tmp_path, recipe):
    path = tmp_path / "saved" / "painted.png"
    path.parent.mkdir(exist_ok=True)
    save_picture(path, np.full((64, 96, 3), 90, np.uint8), recipe=recipe)
    return prepare_opened(load_picture(path))


def test_everything_comes_back_from_the_library(tmp_path, library, inputs):
    for picture in inputs:
        library.keep_input(picture)
    shown = saved(tmp_path, recipe_of(inputs))
    events, recalled = run(recall, RecallTask(shown, library))
    assert recalled.settings == SETTINGS
    assert recalled.inputs["content"][0].picture.name == "photo.png"
    assert np.array_equal(recalled.inputs["content"][0].picture.pixels, inputs[0].pixels)
    assert [painting.picture.name for painting in recalled.inputs["style"]] == ["first.png", "second.png"]
    assert all(
        np.array_equal(back.picture.pixels, given.pixels)
        for back, given in zip(recalled.inputs["style"], inputs[1:], strict=True)
    )
    assert recalled.shown is shown
    assert "first.png" in events[1].stage


def test_inputs_beside_the_saved_file_will_do(tmp_path, library, inputs):
    shown = saved(tmp_path, recipe_of(inputs))
    _, recalled = run(recall, RecallTask(shown, library, (tmp_path / "in",)))
    assert [painting.picture.name for painting in recalled.inputs["style"]] == ["first.png", "second.png"]


def test_a_file_of_the_same_name_but_other_pixels_is_not_taken_for_it(tmp_path, library, inputs):
    shown = saved(tmp_path, recipe_of(inputs))
    write_painting(tmp_path / "in" / "second.png", 99)
    _, recalled = run(recall, RecallTask(shown, library, (tmp_path / "in",)))
    assert recalled.missing == ("second.png",)
    assert [painting.picture.name for painting in recalled.inputs["style"]] == ["first.png"]
    assert recalled.settings == SETTINGS
    assert recalled.remark.startswith("“second.png”, from which this was made, is not in the library.")


def test_the_settings_come_back_where_nothing_else_does(tmp_path, library, inputs):
    _, recalled = run(recall, RecallTask(saved(tmp_path, recipe_of(inputs)), library))
    assert recalled.settings == SETTINGS
    assert recalled.missing == ("photo.png", "first.png", "second.png")
    assert not recalled.has_photo
    assert "the picture is your photo" in recalled.remark


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"task": "sculpt"}, "carries no painting recipe"),
        ({"inputs": ()}, "names no photo"),
        ({"settings": {"colour_of_the_frame": "gold"}}, "settings cannot be read"),
        ({"settings": {"size": -5}}, "settings cannot be read"),
    ],
)
def test_a_recipe_that_cannot_be_followed_says_so(tmp_path, library, inputs, change, cause):
    with pytest.raises(StudioError, match=cause) as refused:
        run(recall, RecallTask(saved(tmp_path, recipe_of(inputs, **change)), library, (tmp_path / "in",)))
    assert "plain photo" in refused.value.remedy


def test_a_picture_without_a_recipe_is_no_painting(library, inputs):
    with pytest.raises(StudioError, match="no painting recipe"):
        run(recall, RecallTask(prepare_opened(inputs[0]), library))


@pytest.mark.parametrize(
    ("change", "plain"),
    [({}, True), ({"style_weight": 5.0}, True), ({"strength": 0.5}, False), ({"blend": "screen"}, False),
     ({"saturation": 0.9}, False), ({"original_colours": 0.1}, False)],
)  # fmt: skip
def test_only_a_neutral_composition_is_the_painting_itself(tmp_path, library, inputs, change, plain):
    settings = SETTINGS.model_copy(update=change)
    shown = saved(tmp_path, recipe_of(inputs, settings=settings.model_dump()))
    _, recalled = run(recall, RecallTask(shown, library, (tmp_path / "in",)))
    assert recalled.shows_layer == plain


def steps(*pairs):
    return tuple(SteeringStep(at=at, action=action) for at, action in pairs)


@pytest.mark.parametrize(
    ("steering", "step"),
    [
        ((), SETTINGS.steps),
        (steps((3, "settings"), (40, "stop")), 40),
        (steps((30, "stop"), (30, "branch"), (12, "stop")), 12),
        (steps((2**31 - 1, "branch"), (5, "stop")), 5),
        (steps((2**31 - 1, "branch")), SETTINGS.steps),
    ],
)
def test_the_frame_stands_at_the_evaluation_of_its_last_sitting(tmp_path, library, inputs, steering, step):
    shown = saved(tmp_path, recipe_of(inputs, steering=steering))
    _, recalled = run(recall, RecallTask(shown, library, (tmp_path / "in",)))
    assert recalled.step == step


def put_run(folder):
    """Put a finished run's fast style there; returns what a recipe says of it."""
    run_folder = write_finished_run(folder)
    return WeightsRecord(name=run_folder.name, sha256=sha256_of(run_folder / "model.safetensors"))


def test_a_network_is_found_again_by_its_content_wherever_its_run_lies_here(tmp_path, library, inputs):
    runs = UserFolders.standard().runs
    record = put_run(runs / "stripes 2")
    recipe = recipe_of(inputs, weights=(record.model_copy(update={"name": "stripes"}),),
                       settings={"method": "instant", "fast_style": "stripes"})  # fmt: skip
    _, recalled = run(recall, RecallTask(saved(tmp_path, recipe), library, (tmp_path / "in",)))
    assert recalled.settings.fast_style == str(runs / "stripes 2")


def test_a_network_that_was_chosen_but_not_used_is_called_as_it_is_here(tmp_path, library, inputs):
    run_folder = UserFolders.standard().runs / "stripes"
    put_run(run_folder)
    recipe = recipe_of(inputs, settings={"fast_style": "stripes"})
    _, recalled = run(recall, RecallTask(saved(tmp_path, recipe), library, (tmp_path / "in",)))
    assert recalled.settings.fast_style == str(run_folder)


def test_a_network_that_is_not_here_keeps_its_name(tmp_path, library, inputs):
    gone = (WeightsRecord(name="stripes", sha256="ab" * 32), WeightsRecord(name="vgg19", sha256="cd" * 32))
    recipe = recipe_of(inputs, weights=gone, settings={"fast_style": "stripes", "backbone": "vgg19"})
    _, recalled = run(recall, RecallTask(saved(tmp_path, recipe), library, (tmp_path / "in",)))
    assert (recalled.settings.fast_style, recalled.settings.backbone) == ("stripes", "vgg19")
