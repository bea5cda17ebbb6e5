"""A picture task that only this test knows gets its command, replay, recall and export by its entry in the list."""

import json
import re

import numpy as np
import pytest
from studio_kit import write_photo

from studio.cli import commands, main
from studio.core import picture_tasks
from studio.core.compositing import Backdrop, compose, result_of
from studio.core.controls import Controls
from studio.core.events import Progress, finish
from studio.core.failures import StudioError
from studio.core.images import load_picture, read_recipe
from studio.core.library import Library
from studio.core.picture_task import CONTENT, InputSlot, PictureRequest, PictureTask
from studio.core.resizing import to_16_bits
from studio.core.settings import Settings, setting
from studio.core.user_folders import UserFolders
from studio.jobs import catalog
from studio.jobs.export import ComposeTask, ExportTask, export_picture
from studio.jobs.files import prepare_opened
from studio.jobs.picture_recipes import RecipeWriter
from studio.jobs.recall import RecallTask, recall


class MirrorSettings(Settings):
    """What the task of this test can be set to."""

    darker: int = setting(0, label="Darker", help="Takes so much off every channel.", low=0, high=255, step=1)
    content: str = setting("plain", label="Content", help="Has the name of an input.")


def mirror(request, controls):
    """Turn the photo left to right, or lay the mask's mirror image beside it."""
    yield Progress("Mirroring")
    settings = controls.settings
    halves = [picture.pixels[:, ::-1] for picture in request.pictures]
    layer = to_16_bits(np.concatenate(halves, axis=1) - np.minimum(np.concatenate(halves, axis=1), settings.darker))
    return result_of(request, layer, settings, RecipeWriter(MIRROR, request, settings).write(settings))


MIRROR = PictureTask(
    name="mirror",
    title="Mirror",
    verb="Mirror",
    icon="style",
    tooltip="Turn a photo left to right",
    settings_at=f"{__name__}:MirrorSettings",
    job=f"{__name__}:mirror",
    inputs=(InputSlot(CONTENT, "Photo", "the photo"), InputSlot("mask", "Mask", least=0)),
)


@pytest.fixture(autouse=True)
def mirror_is_in_the_list(monkeypatch):
    monkeypatch.setattr(picture_tasks, "PICTURE_TASKS", (*picture_tasks.PICTURE_TASKS, MIRROR))


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png")


@pytest.fixture
def out(tmp_path):
    return tmp_path / "results" / "out.png"


def atelier(*arguments):
    return main([str(argument) for argument in arguments])


def test_it_has_a_command_with_its_inputs_and_flags(capsys):
    assert commands()["mirror"][1] == "turn a photo left to right"
    assert atelier("mirror", "--help") == 0
    words = capsys.readouterr().out
    assert "usage: atelier mirror CONTENT [MASK] -o OUT" in words
    assert "Takes so much off every channel. [0 to 255, default 0]" in words
    assert atelier("--help") == 0
    assert re.search(r"\n  mirror +turn a photo left to right\n", capsys.readouterr().out)


def test_the_command_makes_the_picture_with_its_recipe(photo, out, capsys):
    assert atelier("mirror", photo, "--darker", "9", "-o", out, "--content", "x", "--events") == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (result["type"], result["path"], result["width"], result["height"]) == ("result", str(out), 96, 64)
    before = load_picture(photo).pixels
    assert np.array_equal(load_picture(out).pixels, before[:, ::-1] - np.minimum(before[:, ::-1], 9))
    recipe = read_recipe(out)
    assert (recipe.task, recipe.settings) == ("mirror", {"darker": 9, "content": "x"})
    assert [(record.role, record.name) for record in recipe.inputs] == [("content", "photo.png")]


def test_an_optional_input_goes_in_by_its_place(photo, out, tmp_path):
    mask = write_photo(tmp_path / "mask.png", width=32)
    assert atelier("mirror", photo, mask, "-o", out) == 0
    assert load_picture(out).pixels.shape == (64, 128, 3)
    assert [record.role for record in read_recipe(out).inputs] == ["content", "mask"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [([], "-o/--output"), (["-o", "out.png"], "CONTENT"), (["photo.png", "a.png", "b.png", "-o", "out.png"], "b.png"),
     (["photo.png", "-o", "out.png", "--darker", "256"], "256 is not between 0 and 255"),
     (["photo.png", "-o", "out.docx"], "has to end in one of")],
)  # fmt: skip
def test_wrong_arguments_are_refused_before_anything_is_made(arguments, words, capsys):
    assert atelier("mirror", *arguments) == 2
    assert words in capsys.readouterr().err


def test_replay_makes_it_again_from_the_library(photo, out, capsys):
    assert atelier("mirror", photo, "-o", out, "--darker", "30") == 0
    photo.unlink()
    again = out.with_name("again.png")
    assert atelier("replay", out, "-o", again, "--events") == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["identical"]
    assert read_recipe(again) == read_recipe(out)


def test_replay_names_the_input_that_is_gone(photo, out, capsys, home):
    assert atelier("mirror", photo, "-o", out) == 0
    photo.unlink()
    for kept in (home / "library" / "inputs").iterdir():
        kept.unlink()
    assert atelier("replay", out) == 1
    assert "“photo.png”, the photo that went in, is not to be found." in capsys.readouterr().err


def test_recall_brings_inputs_and_settings_back(photo, out):
    assert atelier("mirror", photo, "-o", out, "--darker", "3") == 0
    library = Library(UserFolders.standard().library)
    recalled = finish(recall(RecallTask(prepare_opened(load_picture(out)), library), Controls(Settings())))
    assert recalled.task is MIRROR
    assert recalled.settings == MirrorSettings(darker=3)
    assert np.array_equal(recalled.inputs["content"][0].picture.pixels, load_picture(photo).pixels)
    assert recalled.inputs["mask"] == ()
    assert (recalled.shows_layer, recalled.step) == (True, 0)


def test_without_blending_the_layer_is_what_is_shown_and_saved(photo, tmp_path):
    given = load_picture(photo)
    layer = np.random.default_rng(0).integers(0, 65536, (20, 30, 4), np.uint16)
    assert np.array_equal(compose(given.pixels, layer, MirrorSettings()), layer)
    task = ComposeTask(Backdrop(given.pixels), layer)
    frame = finish(catalog.start("compose", task, Controls(MirrorSettings())))
    assert (frame.levels[0].shape, frame.has_alpha) == ((20, 30, 4), True)
    recipe = RecipeWriter(MIRROR, PictureRequest({CONTENT: (given,)}), MirrorSettings()).write(MirrorSettings())
    task = ExportTask(tmp_path / "out.tif", Library(tmp_path / "kept"), (given,), layer, MirrorSettings(), recipe)
    finish(export_picture(task, Controls(Settings())))
    assert np.array_equal(load_picture(tmp_path / "out.tif").pixels, (layer / 257).round().astype(np.uint8))
    assert read_recipe(tmp_path / "out.tif").task == "mirror"


def test_a_version_without_the_task_says_so(photo, out, monkeypatch, capsys):
    assert atelier("mirror", photo, "-o", out) == 0
    monkeypatch.setattr(picture_tasks, "PICTURE_TASKS", picture_tasks.PICTURE_TASKS[:1])
    assert atelier("replay", out) == 1
    assert "of the task “mirror”" in capsys.readouterr().err
    with pytest.raises(StudioError) as refused:
        finish(recall(RecallTask(prepare_opened(load_picture(out)), Library(out.parent)), Controls(Settings())))
    assert "plain photo" in refused.value.remedy
