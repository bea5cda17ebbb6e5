"""Looks in the Style panel: put on, changed, saved, shared, drawn by chance; each one step of undo."""

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMessageBox
from studio_kit import answering_file_dialog, write_photo

from studio.core.images import load_picture
from studio.core.looks import built_in_looks
from studio.core.presets import SUFFIX, Look
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.jobs.files import prepare_opened
from studio.jobs.recall import RecalledPicture

LOOKS = {look.name: look for look in built_in_looks("stylize", StyleSettings)}


@pytest.fixture
def panel(studio, until):
    until(lambda: studio.pictures.is_idle)
    return studio.window.panel("style")


@pytest.fixture
def bar(panel):
    return panel.column.looks_bar


def click(bar, name):
    button = next(button for button in bar.buttons.buttons if button.text() == name)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def answering(answer):
    """Answer the next dialog as soon as it is there."""

    def try_to() -> None:
        dialog = QApplication.activeModalWidget()
        if dialog is None:
            QTimer.singleShot(20, try_to)
        else:
            answer(dialog)

    QTimer.singleShot(20, try_to)


def name_it(name):
    def answer(dialog):
        assert isinstance(dialog, QInputDialog)
        dialog.setTextValue(name)
        dialog.accept()

    answering(answer)


def say_yes():
    def answer(dialog):
        assert isinstance(dialog, QMessageBox)
        assert not dialog.iconPixmap().isNull()
        next(one for one in dialog.buttons() if dialog.buttonRole(one) is dialog.ButtonRole.AcceptRole).click()

    answering(answer)


@pytest.mark.parametrize("name", LOOKS)
def test_a_look_is_put_on_in_one_step_and_leaves_the_size_alone(panel, bar, name):
    panel.session.set_settings(StyleSettings(size=320, seed=5, original_colours=0.3))
    before, steps = panel.session.settings, panel.undo_stack.count()
    click(bar, name)
    assert panel.session.settings == before.model_copy(update=LOOKS[name].settings)
    assert panel.form.settings == panel.session.settings
    assert panel.looks.shown.name == name
    assert panel.undo_stack.count() - steps == (panel.session.settings != before)
    if panel.session.settings != before:
        assert panel.undo_stack.undoText() == f"Look {name}"
        panel.undo_stack.undo()
        assert panel.session.settings == before


def test_a_moved_slider_is_told_beside_the_look_and_undo_takes_it_back(panel, bar):
    click(bar, "Free")
    panel.session.change(style_weight=7.0)
    assert bar.state.text() == "Free, changed"
    panel.undo_stack.undo()
    assert bar.state.text() == ""
    panel.session.change(style_weight=7.0)
    QTest.mouseClick(bar.back_button, Qt.MouseButton.LeftButton)
    assert LOOKS["Free"].is_on(panel.session.settings)


def test_the_look_that_was_on_before_is_not_told_of_settings_that_came_with_a_file_or_an_undone_look(
    panel, bar, tmp_path
):
    click(bar, "Free")
    photo = prepare_opened(load_picture(write_photo(tmp_path / "photo.png")))
    settings = StyleSettings(size=64, style_weight=7.0)
    recipe = Recipe(task="stylize", settings=settings.model_dump(), inputs=())
    panel.session.recall(RecalledPicture(panel.task, photo, {}, settings, recipe))
    assert (panel.looks.shown, bar.state.text()) == (None, "Your own settings")
    panel.undo_stack.undo()
    assert panel.looks.shown.name == "Free"
    panel.undo_stack.undo()
    panel.session.change(style_weight=7.0)
    assert bar.state.text() == "Painted, changed"


def test_a_surprise_is_another_look_and_one_step_of_undo(panel, bar):
    before = panel.session.settings
    QTest.mouseClick(bar.surprise_button, Qt.MouseButton.LeftButton)
    drawn = panel.session.settings
    assert drawn.size == before.size
    assert drawn != before
    QTest.mouseClick(bar.surprise_button, Qt.MouseButton.LeftButton)
    assert panel.session.settings not in (drawn, before)
    panel.undo_stack.undo()
    assert panel.session.settings == drawn


def test_a_look_of_ones_own_is_saved_and_there_again_at_the_next_start(studio, panel, bar, until):
    panel.session.change(style_weight=6.0, stroke_size=2.5)
    name_it("Evening")
    bar.save_requested.emit()
    until(lambda: [look.name for look in panel.looks.own] == ["Evening"])
    assert bar.state.text() == "Evening"
    panel.session.set_settings(StyleSettings())
    panel.looks.put_on("Evening")
    assert (panel.session.settings.style_weight, panel.session.settings.stroke_size) == (6.0, 2.5)
    assert [look.name for look in panel.context.looks.looks("stylize")] == ["Evening"]
    assert studio.window.panel("adjust").looks.own == ()

    say_yes()
    bar.remove_requested.emit("Evening")
    until(lambda: panel.looks.own == ())
    assert panel.context.looks.looks("stylize") == ()
    assert panel.session.settings.style_weight == 6.0


def test_the_name_of_a_look_that_comes_along_is_not_given_away(panel, bar, until):
    name_it("free")
    told = []
    panel.looks.noticed.connect(lambda words, _level: told.append(words))
    bar.save_requested.emit()
    assert "come along" in told[0]
    assert panel.looks.own == ()


def test_a_look_is_shared_as_a_file_and_taken_from_one(panel, bar, until, tmp_path):
    panel.session.change(style_weight=6.0)
    with answering_file_dialog(tmp_path / "for you"):
        bar.export_requested.emit()
    shared = tmp_path / f"for you{SUFFIX}"
    until(shared.is_file)
    until(lambda: panel.context.pictures.is_idle)
    panel.session.set_settings(StyleSettings())
    with answering_file_dialog(shared):
        bar.import_requested.emit()
    until(lambda: [look.name for look in panel.looks.own] == ["for you"])
    assert panel.session.settings.style_weight == 6.0
    assert bar.state.text() == "for you"
    with answering_file_dialog(shared):
        bar.import_requested.emit()
    until(lambda: [look.name for look in panel.looks.own] == ["for you", "for you 2"])


def test_a_file_that_holds_no_look_is_explained(studio, panel, bar, until, tmp_path):
    broken = tmp_path / f"broken{SUFFIX}"
    broken.write_bytes(b"{")
    with answering_file_dialog(broken):
        bar.import_requested.emit()
    until(lambda: "holds no look" in studio.window.banner.text)
    assert panel.session.settings == StyleSettings()


def test_a_fast_style_is_offered_no_look_that_would_not_act(panel, bar):
    panel.session.change(method="instant")
    assert bar.buttons.isHidden()
    assert bar.surprise_button.isHidden()
    panel.session.change(method="live")
    assert not bar.buttons.isHidden()


def test_a_photo_that_is_adjusted_has_looks_of_ones_own(studio, until):
    panel = studio.window.panel("adjust")
    assert panel.column.looks_bar.buttons is None
    panel.context.looks.keep(Look("Evening", "adjust", {"exposure": 0.5}))
    panel.looks._list()
    until(lambda: panel.looks.own)
    panel.looks.put_on("Evening")
    assert panel.session.settings.exposure == 0.5
    assert panel.column.looks_bar.state.text() == "Evening"
