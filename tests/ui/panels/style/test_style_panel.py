import numpy as np
import pytest
from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from studio_kit import (
    LONG,
    PATIENCE,
    QUICK,
    answering_file_dialog,
    drag_slider,
    drop_files,
    drop_mime,
    open_pair,
    write_painting,
    write_photo,
)

from studio.core.images import load_picture
from studio.core.samples import sample_paintings
from studio.core.style_settings import StyleSettings
from studio.ui.canvas.incoming import image_of, picture_of
from studio.ui.picture.session import SessionState


@pytest.fixture
def panel(studio):
    return studio.window.panel("style")


@pytest.fixture
def pictures(tmp_path):
    return write_photo(tmp_path / "a photo.png"), write_painting(tmp_path / "stripes.png")


@pytest.fixture
def finished(panel, pictures, until):
    """The panel with a painting that is done."""
    panel.session.set_settings(QUICK)
    open_pair(panel, *pictures)
    until(lambda: panel.session.state is SessionState.READY)
    panel.start_button.click()
    until(lambda: panel.session.state is SessionState.FINISHED and panel.session.history.frames)
    return panel


def slider(panel, name):
    return panel.form.row(name).slider


def test_before_anything_is_open_nothing_can_be_painted_or_saved(panel):
    assert panel.empty_state.isVisible()
    assert not panel.start_button.isEnabled()
    assert not panel.save_button.isEnabled()
    assert not panel.export_button.isEnabled()
    assert "Drop a photo" in panel.workspace.progress_line.text


def test_the_line_below_names_what_is_still_missing(panel, pictures, until):
    def words():
        return panel.workspace.progress_line.text

    photo, painting = pictures
    panel.open_as("style", [painting])
    until(lambda: words() == "Drop a photo")
    panel.open_pictures([photo])
    until(lambda: words() == "Ready to paint")
    panel.session.remove("style", 0)
    assert words() == "Choose a painting"


def test_a_photo_dropped_on_the_canvas_and_paintings_on_the_shelf_can_be_painted(panel, pictures, until, tmp_path):
    photo, painting = pictures
    assert drop_files(panel.workspace.canvas.viewport(), photo)
    assert drop_files(panel.shelf, painting, write_painting(tmp_path / "more.png", 2))
    until(lambda: len(panel.session.paintings) == 2 and panel.session.photo)
    assert panel.session.photo.picture.name == "a photo.png"
    assert [p.picture.name for p in panel.session.paintings] == ["stripes.png", "more.png"]
    assert panel.shelf.count == 2
    assert not panel.empty_state.isVisible()
    assert panel.start_button.isEnabled()
    assert not panel.save_button.isEnabled()


def test_pictures_dropped_on_the_shelf_are_paintings(panel, pictures, until):
    assert drop_files(panel.shelf, *pictures)
    until(lambda: len(panel.session.paintings) == 2)
    assert panel.session.photo is None


def test_a_picture_dropped_on_the_photo_tile_is_the_photo(panel, pictures, until):
    assert drop_files(panel.photo_tile, pictures[0])
    until(lambda: panel.session.photo)
    assert panel.session.photo.picture.name == "a photo.png"


def test_a_sample_painting_replaces_what_is_on_the_shelf(panel, pictures, until):
    open_pair(panel, *pictures)
    until(lambda: panel.session.paintings)
    until(lambda: panel.shelf._samples.tiles)
    panel.shelf._samples.tiles[1].click()
    until(lambda: panel.session.paintings[0].picture.name == sample_paintings()[1].path.name)
    assert len(panel.session.paintings) == 1


def test_a_painting_however_it_is_chosen_takes_the_place_of_what_is_there(panel, pictures, until, tmp_path):
    other, third = (write_painting(tmp_path / f"{seed}.png", seed) for seed in (2, 3))
    open_pair(panel, *pictures)
    until(lambda: panel.session.paintings)
    assert drop_files(panel.shelf, other)
    until(lambda: [one.picture.name for one in panel.session.paintings] == ["2.png"])
    with answering_file_dialog(third):
        panel.shelf._menu.actions()[0].trigger()
    until(lambda: [one.picture.name for one in panel.session.paintings] == ["3.png"])
    panel.shelf.mix_button.click()
    with answering_file_dialog(pictures[1]):
        panel.shelf._menu.actions()[0].trigger()
    until(lambda: [one.picture.name for one in panel.session.paintings] == ["3.png", "stripes.png"])
    panel.undo_stack.undo()
    assert [one.picture.name for one in panel.session.paintings] == ["3.png"]


def test_own_paintings_stay_at_hand_and_apart_from_photos(panel, pictures, until):
    open_pair(panel, *pictures)
    until(lambda: [tile.accessibleName() for tile in panel.shelf._own.tiles] == ["stripes"])
    assert panel.context.preferences.recent_files == [pictures[0]]
    until(lambda: panel.shelf._samples.tiles)
    panel.shelf._samples.tiles[0].click()
    chosen = lambda: [painting.picture.name for painting in panel.session.paintings]  # noqa: E731
    until(lambda: chosen() == [sample_paintings()[0].path.name])
    panel.shelf._own.tiles[0].click()
    until(lambda: chosen() == ["stripes.png"])
    panel.shelf.recent_removed.emit(pictures[1])
    until(lambda: panel.shelf._own.tiles == [])


def test_one_broken_file_among_several_paintings_is_explained_and_the_others_come(studio, panel, until, tmp_path):
    good = [write_painting(tmp_path / f"{seed}.png", seed) for seed in (1, 2)]
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    panel.open_as("style", [good[0], broken, good[1]])
    until(lambda: [one.picture.name for one in panel.session.paintings] == ["1.png", "2.png"])
    assert "broken.png" in studio.window.banner.text
    assert panel.undo_stack.count() == 1


def test_delete_takes_a_painting_off_the_shelf(panel, pictures, until):
    open_pair(panel, *pictures)
    until(lambda: panel.session.paintings)
    QTest.keyClick(panel.shelf._slots[0].tile, Qt.Key.Key_Delete)
    assert panel.session.paintings == ()
    assert panel.shelf.count == 0


def test_form_and_session_say_the_same(panel):
    QTest.keyClick(slider(panel, "style_weight"), Qt.Key.Key_Right)
    assert panel.session.settings.style_weight == pytest.approx(2.05)
    panel.session.set_settings(StyleSettings(strength=0.3))
    assert slider(panel, "strength").current == pytest.approx(0.3)
    assert panel.form.settings == panel.session.settings


def test_one_drag_of_a_slider_is_one_undo_and_the_form_follows(studio, panel):
    row = panel.form.row("content_weight")
    drag_slider(row.slider, 0.9)
    moved = panel.session.settings.content_weight
    assert moved > 2
    assert studio.window.panel("style").undo_stack.count() == 1
    studio.window.panel("style").undo_stack.undo()
    assert (panel.session.settings.content_weight, row.slider.current) == (2.0, 2.0)
    studio.window.panel("style").undo_stack.redo()
    assert panel.session.settings.content_weight == pytest.approx(moved)
    assert row.slider.current == pytest.approx(moved)


def test_the_mix_of_two_paintings_is_a_setting_with_undo(studio, panel, pictures, until, tmp_path):
    open_pair(panel, *pictures, write_painting(tmp_path / "more.png", 2))
    until(lambda: len(panel.session.paintings) == 2)
    drag_slider(panel.shelf._slots[1].slider, 0.25)
    first, second = panel.session.settings.style_mix
    assert first == 1.0
    assert second == pytest.approx(0.25, abs=0.06)
    assert studio.window.panel("style").undo_stack.undoText() == "Mix"
    studio.window.panel("style").undo_stack.undo()
    assert panel.session.settings.style_mix == ()
    assert panel.shelf.mix == (1.0, 1.0)


def test_reset_brings_every_setting_home_in_one_step(studio, panel):
    changed = StyleSettings(strength=0.4, seed=9, size=96)
    panel.session.set_settings(changed)
    panel.reset()
    assert panel.session.settings == StyleSettings()
    studio.window.panel("style").undo_stack.undo()
    assert panel.session.settings == changed


def test_what_is_painted_can_be_saved_from_the_first_frame_on(panel, pictures, until):
    panel.session.set_settings(LONG)
    open_pair(panel, *pictures)
    until(lambda: panel.session.state is SessionState.READY)
    panel.start_button.click()
    until(lambda: panel.session.layer is not None and panel.save_button.isEnabled())
    assert panel.is_running
    assert panel.export_button.isEnabled()


def test_film_and_progress_follow_the_painting(panel, pictures, until):
    panel.session.set_settings(LONG)
    open_pair(panel, *pictures)
    until(lambda: panel.session.state is SessionState.READY)
    panel.start_button.click()
    strip, line = panel.workspace.film_strip, panel.workspace.progress_line
    until(lambda: len(strip.numbers) >= 2)
    assert strip.numbers == tuple(frame.number for frame in panel.session.history.frames)
    assert strip.current == strip.numbers[-1]
    assert line.is_running
    assert "64 px" in line.text
    line._stop.click()
    until(lambda: panel.session.state is SessionState.FINISHED)
    assert not line.is_running
    assert panel.start_button.isEnabled()


def test_pause_and_stop_stand_where_they_act(panel, pictures, until):
    panel.session.set_settings(LONG)
    open_pair(panel, *pictures)
    until(lambda: panel.session.state is SessionState.READY)
    panel.start_button.click()
    until(lambda: panel.session.layer is not None)
    line = panel.workspace.progress_line
    line._pause.click()
    assert panel.session.state is SessionState.PAUSED
    assert line._pause.text() == "Resume"
    panel.toggle_pause()
    assert panel.session.state is SessionState.RUNNING
    assert line._pause.text() == "Pause"


def test_copy_takes_what_is_shown(finished, until):
    finished.session.set_settings(finished.session.settings.model_copy(update={"strength": 0.5}))
    until(lambda: not finished.session.compositor.is_busy)
    finished.copy()
    image = QGuiApplication.clipboard().image()
    shown = finished._shown.levels[0][..., 2::-1]
    assert np.array_equal(picture_of(image), shown)


def test_a_pasted_picture_becomes_the_photo(panel, until):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    QGuiApplication.clipboard().setImage(image_of(pixels))
    panel.paste()
    until(lambda: panel.session.photo)
    assert np.array_equal(panel.session.photo.picture.pixels, pixels)


def test_pasting_words_is_refused_with_a_reason(studio, panel):
    QGuiApplication.clipboard().setText("not a picture")
    panel.paste()
    assert "text" in studio.window.banner.text


def test_a_picture_dragged_from_a_browser_onto_the_shelf_is_a_painting(studio, panel, pictures, until):
    photo, painting = pictures
    assert drop_files(panel.canvas.viewport(), photo)
    dragged, on_a_server = QMimeData(), QMimeData()
    dragged.setUrls([QUrl("https://example.org/stripes.png")])
    dragged.setData("image/png", painting.read_bytes())
    assert drop_mime(panel.shelf, dragged)
    until(lambda: panel.session.paintings and panel.session.photo)
    assert panel.session.paintings[0].picture.sha256 == load_picture(painting).sha256
    on_a_server.setUrls([QUrl("smb://nas/stripes.png")])
    drop_mime(panel.shelf, on_a_server)
    assert "lies on a server (smb://nas)" in studio.window.banner.text
    assert drop_mime(panel.shelf, dragged)
    until(lambda: not studio.window.banner.is_showing)


def test_a_refusal_goes_when_the_next_paste_succeeds(studio, panel, pictures, until):
    clipboard, photo = QGuiApplication.clipboard(), pictures[0]
    encoded = QMimeData()
    encoded.setData("image/png", photo.read_bytes())
    for refused, welcome in (("not a picture", encoded), ("trash:///a.png", photo), ("words", photo.parent)):
        clipboard.setText(refused)
        panel.paste()
        assert studio.window.banner.is_showing
        if not isinstance(welcome, QMimeData):
            welcome, path = QMimeData(), welcome
            welcome.setUrls([QUrl.fromLocalFile(str(path))])
        clipboard.setMimeData(welcome)
        panel.paste()
        until(lambda: not studio.window.banner.is_showing)
    assert panel.session.photo.picture.sha256 == load_picture(photo).sha256


def test_save_as_proposes_a_name_and_writes_the_format_that_was_chosen(finished, until, tmp_path):
    with answering_file_dialog(tmp_path / "deep", filter_with="TIFF") as proposed:
        finished.export_button.click()
    assert proposed[0].endswith("a photo painted")
    until(lambda: (tmp_path / "deep.tif").is_file())
    assert load_picture(tmp_path / "deep.tif").recipe is not None


def test_save_asks_once_and_then_writes_the_same_file(finished, until, qtbot, tmp_path):
    path = tmp_path / "mine.png"
    # the file is there before the panel hears of it, and a name that is not known to be good is asked for again
    with qtbot.waitSignal(finished.files.saved, timeout=PATIENCE), answering_file_dialog(path):
        finished.save_button.click()
    path.unlink()
    finished.session.set_settings(finished.session.settings.model_copy(update={"strength": 0.5}))
    finished.save_button.click()
    until(path.is_file)
    assert load_picture(path).recipe.settings["strength"] == 0.5


def test_save_asks_again_for_another_photo(finished, until, tmp_path):
    with answering_file_dialog(tmp_path / "mine.png"):
        finished.save()
    finished.open_pictures([write_photo(tmp_path / "other.png", 64, 96)])
    until(lambda: finished.session.photo.picture.name == "other.png" and finished.has_picture)
    with answering_file_dialog() as proposed:
        finished.save()
    assert proposed[0].endswith("other painted")


def test_a_file_that_is_ready_after_the_next_photo_came_is_not_that_photos(finished, until, tmp_path):
    with answering_file_dialog(tmp_path / "mine.png"):
        finished.save()
    finished.open_pictures([write_photo(tmp_path / "other.png", 64, 96)])
    until(lambda: finished.session.photo.picture.name == "other.png" and finished.has_picture)
    finished.files.saved.emit(tmp_path / "mine.png")  # as of a slow disk
    with answering_file_dialog() as proposed:
        finished.save()
    assert proposed[0].endswith("other painted")


def test_a_cancelled_dialog_saves_nothing(finished, tmp_path):
    before = set(tmp_path.glob("*.png"))  # the library, a folder further down, may still be taking the result in
    with answering_file_dialog():
        finished.save_as()
    assert set(tmp_path.glob("*.png")) == before


def test_photo_and_paintings_are_chosen_in_a_dialog(panel, pictures, until, tmp_path):
    with answering_file_dialog(pictures[0]):
        panel.choose()
    until(lambda: panel.session.photo)
    second = write_painting(tmp_path / "more.png", 2)
    with answering_file_dialog(pictures[1], second):
        panel.choose("style")
    until(lambda: len(panel.session.paintings) == 2)
    assert panel.context.preferences.recent_files == [pictures[0]]
    assert panel.context.preferences.recent_in("style") == [second, pictures[1]]


def test_whoever_comes_back_to_a_photo_finds_its_strip_again(finished, pictures, tmp_path, until):
    session = finished.session
    photo, (first, *_) = pictures[0], session.history.frames
    session.film.star(first.number)
    kept = [frame.key for frame in session.history.frames]
    finished.open_pictures([write_photo(tmp_path / "other.png", 64, 96)])
    until(lambda: session.photo.picture.name == "other.png")
    assert not {frame.key for frame in session.history.frames} & set(kept)
    assert drop_files(finished.workspace, photo)  # anywhere around the canvas, the strip included
    until(lambda: session.photo.picture.name == photo.name)
    assert [frame.key for frame in session.history.frames][: len(kept)] == kept
    assert session.history.frames[0].starred
    until(lambda: session.state is SessionState.FINISHED and len(session.history.frames) > len(kept))
    assert session.history.frames[-1].take > first.take  # it was begun anew behind what there was
