import os
from threading import Event

import numpy as np
import pytest
from studio_kit import write_painting, write_photo

from studio.core import images
from studio.core.images import PictureError, load_picture
from studio.core.library import Library
from studio.core.picture_task import PictureResult
from studio.core.picture_tasks import STYLIZE
from studio.core.recipes import InputRecord, Recipe
from studio.core.style_settings import StyleSettings
from studio.engine import Engine
from studio.jobs.browse import SamplesTask, list_samples
from studio.jobs.export import ExportTask
from studio.jobs.files import LoadTask, prepare_opened
from studio.ui.picture.files import PictureFiles

SETTINGS = StyleSettings(size=64)
PAINTING = np.random.default_rng(5).integers(0, 65536, (43, 64, 3), np.uint16)


@pytest.fixture
def files(pictures, library):
    return PictureFiles(STYLIZE, pictures, library)


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png")


def recipe_of(*files, **more):
    pictures = [load_picture(file) for file in files]
    roles = ("content", *["style"] * 4)
    inputs = tuple(
        InputRecord(role=role, name=p.name, sha256=p.sha256) for role, p in zip(roles, pictures, strict=False)
    )
    return Recipe(**({"task": "stylize", "settings": SETTINGS.model_dump(), "inputs": inputs} | more))


def opened(file):
    return prepare_opened(load_picture(file))


@pytest.mark.parametrize("purpose", ["content", "style"])
def test_a_file_opens_for_the_purpose_it_was_asked_for(qtbot, files, photo, purpose):
    with qtbot.waitSignal(files.opened) as heard:
        files.open_file(photo, purpose)
    said, picture = heard.args
    assert said == purpose
    assert picture.picture.name == "photo.png"
    assert (picture.frame.width, picture.frame.height) == (96, 64)


def test_files_open_in_the_order_in_which_they_were_dropped(qtbot, files, tmp_path):
    dropped = [write_painting(tmp_path / f"{seed}.png", seed) for seed in range(4)]
    names = []
    files.opened.connect(lambda purpose, picture: names.append(picture.picture.name))
    for file in dropped:
        files.open_file(file, "style")
    qtbot.waitUntil(lambda: len(names) == 4)
    assert names == ["0.png", "1.png", "2.png", "3.png"]


@pytest.mark.parametrize(("task", "told"), [("adjust", "foreign"), ("dream", "foreign"), ("sculpt", "opened")])
def test_what_another_panel_made_is_told_and_what_none_here_made_is_a_photo(qtbot, files, tmp_path, photo, task, told):
    images.save_picture(tmp_path / "made.png", PAINTING, recipe=recipe_of(photo, task=task, settings={}))
    with qtbot.waitSignal(getattr(files, told)) as heard:
        files.open_file(tmp_path / "made.png", "content", anywhere=True)
    assert heard.args[-1].picture.recipe.task == task


def test_pasted_pixels_get_a_name(qtbot, files):
    pixels = np.full((10, 20, 3), 7, np.uint8)
    with qtbot.waitSignal(files.opened) as heard:
        files.open_plain(LoadTask(pixels=pixels, name="Pasted picture"), "content")
    assert heard.args[1].picture.name == "Pasted picture"
    assert np.array_equal(heard.args[1].picture.pixels, pixels)


def broken_files(folder):
    whole = write_photo(folder / "whole.png").read_bytes()
    contents = {"empty.png": b"", "cut.png": whole[: len(whole) // 2], "notes.jpg": b"dear diary", "gone.png": None}
    for name, content in contents.items():
        if content is not None:
            (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_an_error_goes_when_the_next_try_works_but_not_with_what_was_dropped_beside_it(qtbot, files, photo, tmp_path):
    told, withdrawn = [], []
    files.failed.connect(told.append)
    files.withdrawn.connect(withdrawn.append)
    with qtbot.waitSignal(files.opened):
        files.open_file(tmp_path / "gone.png", "content")
        files.open_file(photo, "content")  # at once: it says nothing about the other
    assert ([failure.cause for failure in told], withdrawn) == ([f"“gone.png” is not there ({tmp_path})."], [])
    with qtbot.waitSignal(files.withdrawn):
        files.open_file(photo, "content")
    assert withdrawn == told


def test_a_pipe_is_refused_and_a_file_that_cannot_be_read_is_named(qtbot, files, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    with qtbot.waitSignals([files.failed, files.unreadable]):
        files.open_file(tmp_path / "pipe.png", "content")


def test_other_jobs_go_on_while_a_disk_is_slow(qtbot, files, pictures, tmp_path, monkeypatch):
    asked, awake = Event(), Event()

    def slow(path):
        asked.set()
        awake.wait(20)
        raise PictureError("It was a bad dream.", "Wake up.")

    monkeypatch.setattr(images, "check_file", slow)
    files.open_file(tmp_path / "far away.png", "content")
    assert asked.wait(20)
    with qtbot.waitSignal(pictures.live("samples", list_samples, SamplesTask(lambda: ())).finished):
        pass
    with qtbot.waitSignal(files.failed):
        awake.set()


def test_every_kind_of_broken_file_is_explained_and_the_next_one_opens(qtbot, files, tmp_path, photo):
    waits = []
    files.busy_changed.connect(waits.append)
    for file in broken_files(tmp_path):
        with qtbot.waitSignal(files.failed) as heard, qtbot.assertNotEmitted(files.opened):
            files.open_file(file, "content")
        failure = heard.args[0]
        assert file.name in failure.cause
        assert len(failure.remedy) > 10
        assert "fault in Atelier" not in failure.remedy
    with qtbot.waitSignal(files.opened):
        files.open_file(photo, "content")
    names = ["empty.png", "cut.png", "notes.jpg", "gone.png", "photo.png"]
    assert waits == [words for name in names for words in (f"Opening {name}…", "")]


def save_painting(path, recipe):
    from studio.core.images import save_picture

    save_picture(path, PAINTING, recipe=recipe)
    return path


def test_a_painting_opened_as_photo_brings_everything_back(qtbot, files, photo, tmp_path):
    painting = write_painting(tmp_path / "stripes.png")
    saved = save_painting(tmp_path / "saved.png", recipe_of(photo, painting))
    with qtbot.waitSignal(files.recalled) as heard, qtbot.assertNotEmitted(files.opened):
        files.open_file(saved, "content")
    recalled = heard.args[0]
    assert recalled.settings == SETTINGS
    names = {role: [one.picture.name for one in pictures] for role, pictures in recalled.inputs.items()}
    assert names == {"content": ["photo.png"], "style": ["stripes.png"]}


def test_a_photo_that_is_opened_after_a_painting_is_not_replaced_by_what_that_brings_back(
    qtbot, files, pictures, photo, tmp_path
):
    saved = save_painting(tmp_path / "saved.png", recipe_of(photo, write_painting(tmp_path / "stripes.png")))
    shown = []
    files.opened.connect(lambda _, opened: shown.append(opened.picture.name))
    files.recalled.connect(lambda recalled: shown.append("saved.png"))
    files.open_file(saved, "content")
    files.open_file(photo, "content")
    qtbot.waitUntil(lambda: pictures.is_idle and bool(shown))
    assert shown == ["photo.png"]


def test_a_painting_opened_as_painting_is_a_picture_like_any_other(qtbot, files, photo, tmp_path):
    saved = save_painting(tmp_path / "saved.png", recipe_of(photo))
    with qtbot.waitSignal(files.opened) as heard, qtbot.assertNotEmitted(files.recalled):
        files.open_file(saved, "style")
    assert heard.args[0] == "style"


def test_a_painting_whose_photo_is_gone_brings_its_settings_back_all_the_same(qtbot, files, photo, tmp_path):
    folder = tmp_path / "from a friend"
    folder.mkdir()
    saved = save_painting(folder / "saved.png", recipe_of(photo))
    with qtbot.waitSignal(files.recalled) as heard, qtbot.assertNotEmitted(files.failed):
        files.open_file(saved, "content")
    (recalled,) = heard.args
    assert recalled.settings.model_dump(mode="json") == recipe_of(photo).settings
    assert recalled.remark.startswith("“photo.png”, from which this was made")
    assert recalled.shown.picture.name == "saved.png"


def result(photo, painting):
    recipe = recipe_of(photo, painting)
    return PictureResult(PAINTING, PAINTING, recipe), (opened(photo), opened(painting))


def test_a_result_is_kept_with_its_recipe_and_its_inputs(qtbot, files, library, photo, tmp_path):
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    with qtbot.waitSignal(files.kept) as heard:
        files.keep(styled, inputs, ai_mark=True)
    (path,) = heard.args
    assert [entry.path for entry in library.entries()] == [path]
    assert library.entries()[0].recipe() == styled.recipe
    assert all(library.find_input(one.picture.sha256, one.picture.name) for one in inputs)


def exported(path, inputs, layer, recipe):
    library = Library(path.parent / "library")
    return ExportTask(path, library, tuple(one.picture for one in inputs), layer, SETTINGS, recipe)


def test_saving_composes_and_tells_where(qtbot, files, photo, tmp_path):
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    path = tmp_path / "out.tif"
    with qtbot.waitSignal(files.saved) as heard:
        files.export(exported(path, inputs, styled.layer, styled.recipe))
    assert heard.args == [path]
    assert load_picture(path).pixels.shape[2] == 3


def test_a_failed_save_is_told(qtbot, files, photo, tmp_path):
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    with qtbot.waitSignal(files.failed) as heard:
        files.export(exported(tmp_path / "no folder" / "out.png", inputs, PAINTING, styled.recipe))
    assert heard.args[0].remedy


def test_closing_at_once_still_writes_what_was_saved_and_kept(qapp, library, photo, tmp_path):
    engine = Engine("pictures")
    files = PictureFiles(STYLIZE, engine, library)
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    files.open_file(photo, "content")
    files.export(exported(tmp_path / "out.png", inputs, PAINTING, styled.recipe))
    files.keep(styled, inputs, ai_mark=True)
    assert engine.shut_down()
    assert load_picture(tmp_path / "out.png").recipe is not None
    assert len(library.entries()) == 1
