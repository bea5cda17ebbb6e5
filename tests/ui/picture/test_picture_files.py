import numpy as np
import pytest
from studio_kit import write_painting, write_photo

from studio.core.images import load_picture
from studio.core.library import Library
from studio.core.picture_task import PictureResult
from studio.core.recipes import InputRecord, Recipe
from studio.core.style_settings import StyleSettings
from studio.engine import Engine
from studio.jobs.files import prepare_opened
from studio.ui.picture.files import PictureFiles

SETTINGS = StyleSettings(size=64)
PAINTING = np.random.default_rng(5).integers(0, 65536, (43, 64, 3), np.uint16)


@pytest.fixture
def pictures(qapp):
    engine = Engine("pictures")
    yield engine
    assert engine.shut_down()


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


@pytest.fixture
def desk(pictures, library):
    return PictureFiles(pictures, library)


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


@pytest.mark.parametrize("purpose", ["photo", "painting"])
def test_a_file_opens_for_the_purpose_it_was_asked_for(qtbot, desk, photo, purpose):
    with qtbot.waitSignal(desk.opened) as heard:
        desk.open_file(photo, purpose)
    said, picture = heard.args
    assert said == purpose
    assert picture.picture.name == "photo.png"
    assert (picture.frame.width, picture.frame.height) == (96, 64)


def test_files_open_in_the_order_in_which_they_were_dropped(qtbot, desk, tmp_path):
    files = [write_painting(tmp_path / f"{seed}.png", seed) for seed in range(4)]
    names = []
    desk.opened.connect(lambda purpose, picture: names.append(picture.picture.name))
    for file in files:
        desk.open_file(file, "painting")
    qtbot.waitUntil(lambda: len(names) == 4)
    assert names == ["0.png", "1.png", "2.png", "3.png"]


def test_pasted_pixels_get_a_name(qtbot, desk):
    pixels = np.full((10, 20, 3), 7, np.uint8)
    with qtbot.waitSignal(desk.opened) as heard:
        desk.open_pixels(pixels, "Pasted picture", "photo")
    assert heard.args[1].picture.name == "Pasted picture"
    assert np.array_equal(heard.args[1].picture.pixels, pixels)


def broken_files(folder):
    whole = write_photo(folder / "whole.png").read_bytes()
    contents = {"empty.png": b"", "cut.png": whole[: len(whole) // 2], "notes.jpg": b"dear diary", "gone.png": None}
    for name, content in contents.items():
        if content is not None:
            (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def test_every_kind_of_broken_file_is_explained_and_the_desk_goes_on(qtbot, desk, tmp_path, photo):
    waits = []
    desk.busy_changed.connect(waits.append)
    for file in broken_files(tmp_path):
        with qtbot.waitSignal(desk.failed) as heard, qtbot.assertNotEmitted(desk.opened):
            desk.open_file(file, "photo")
        failure = heard.args[0]
        assert file.name in failure.cause
        assert len(failure.remedy) > 10
        assert "fault in Atelier" not in failure.remedy
    with qtbot.waitSignal(desk.opened):
        desk.open_file(photo, "photo")
    assert waits == ["Opening the picture…", ""] * 5


def save_painting(path, recipe):
    from studio.core.images import save_picture

    save_picture(path, PAINTING, recipe=recipe)
    return path


def test_a_painting_opened_as_photo_brings_everything_back(qtbot, desk, photo, tmp_path):
    painting = write_painting(tmp_path / "stripes.png")
    saved = save_painting(tmp_path / "saved.png", recipe_of(photo, painting))
    with qtbot.waitSignal(desk.recalled) as heard, qtbot.assertNotEmitted(desk.opened):
        desk.open_file(saved, "photo")
    recalled = heard.args[0]
    assert recalled.settings == SETTINGS
    roles = {role: [one.picture.name for one in found] for role, found in recalled.inputs.items()}
    assert roles == {"content": ["photo.png"], "style": ["stripes.png"]}


def test_a_painting_opened_as_painting_is_a_picture_like_any_other(qtbot, desk, photo, tmp_path):
    saved = save_painting(tmp_path / "saved.png", recipe_of(photo))
    with qtbot.waitSignal(desk.opened) as heard, qtbot.assertNotEmitted(desk.recalled):
        desk.open_file(saved, "painting")
    assert heard.args[0] == "painting"


def test_a_painting_whose_photo_is_gone_says_so_and_opens_as_a_plain_photo(qtbot, desk, photo, tmp_path):
    folder = tmp_path / "from a friend"
    folder.mkdir()
    saved = save_painting(folder / "saved.png", recipe_of(photo))
    failures = []
    desk.failed.connect(failures.append)
    with qtbot.waitSignal(desk.opened) as heard:
        desk.open_file(saved, "photo")
    (failure,), (purpose, picture) = failures, heard.args
    assert "“photo.png”" in failure.cause
    assert "plain photo" in failure.remedy
    assert (purpose, picture.picture.name) == ("photo", "saved.png")


def result(photo, painting):
    recipe = recipe_of(photo, painting)
    return PictureResult(PAINTING, PAINTING, recipe), (opened(photo), opened(painting))


def test_a_result_is_kept_with_its_recipe_and_its_inputs(qtbot, desk, library, photo, tmp_path):
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    with qtbot.waitSignal(desk.kept) as heard:
        desk.keep(styled, inputs, ai_mark=True)
    (path,) = heard.args
    assert [entry.path for entry in library.entries()] == [path]
    assert library.entries()[0].recipe() == styled.recipe
    assert all(library.find_input(one.picture.sha256, one.picture.name) for one in inputs)


def test_saving_composes_and_tells_where(qtbot, desk, photo, tmp_path):
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    path = tmp_path / "out.tif"
    with qtbot.waitSignal(desk.saved) as heard:
        desk.export(path, inputs, styled.layer, SETTINGS, styled.recipe, ai_mark=True)
    assert heard.args == [path]
    assert load_picture(path).pixels.shape[2] == 3


def test_a_failed_save_is_told(qtbot, desk, photo, tmp_path):
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    with qtbot.waitSignal(desk.failed) as heard:
        desk.export(tmp_path / "no folder" / "out.png", inputs, PAINTING, SETTINGS, styled.recipe, ai_mark=True)
    assert heard.args[0].remedy


def test_closing_at_once_still_writes_what_was_saved_and_kept(qapp, library, photo, tmp_path):
    engine = Engine("pictures")
    desk = PictureFiles(engine, library)
    styled, inputs = result(photo, write_painting(tmp_path / "stripes.png"))
    desk.open_file(photo, "photo")
    desk.export(tmp_path / "out.png", inputs, PAINTING, SETTINGS, styled.recipe, ai_mark=True)
    desk.keep(styled, inputs, ai_mark=True)
    assert engine.shut_down()
    assert load_picture(tmp_path / "out.png").recipe is not None
    assert len(library.entries()) == 1
