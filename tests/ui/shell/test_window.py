import sys
from dataclasses import fields
from pathlib import Path

from PySide6.QtCore import QPoint, QRect, Qt, QTimer, QUrl
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMenu, QMessageBox, QUndoView
from studio_kit import QUICK, drop_files, open_studio, write_photo
from widget_kit import actions_below

from studio.core.failures import Failure
from studio.core.file_names import readable
from studio.core.log_file import logging_to
from studio.core.style_settings import StyleSettings
from studio.ui.controls.mnemonics import without_mnemonic
from studio.ui.picture.session import SessionState
from studio.ui.shell.commands import commands_now
from studio.ui.shell.manual_window import ManualWindow
from studio.ui.tokens import DARK, LIGHT

CTRL, ALT, SHIFT = (Qt.KeyboardModifier[f"{name}Modifier"] for name in ("Control", "Alt", "Shift"))


def menu_called(window, title):
    return next(menu for menu in window.findChildren(QMenu) if menu.title().replace("&", "") == title)


# -- commands ----------------------------------------------------------------------------------------------------------


def enabled(window):
    actions = window.actions_of_window
    return {field.name for field in fields(actions) if getattr(actions, field.name).isEnabled()}


DOING = {"start", "pause", "stop", "save", "save_as", "copy", "undo", "redo"}


def test_what_cannot_be_done_is_grey(window):
    assert enabled(window) & DOING == set()


def test_what_can_be_done_follows_the_painting(painted):
    assert enabled(painted) & DOING == {"start", "save", "save_as", "copy", "undo"}


def test_undo_says_what_it_takes_back(window):
    QTest.keyClick(window.panel("style").form.row("style_weight").slider, Qt.Key.Key_Right)
    undo, redo = window.actions_of_window.undo, window.actions_of_window.redo
    assert (undo.text(), undo.isEnabled()) == ("Undo Style", True)
    undo.trigger()
    assert (redo.text(), redo.isEnabled(), undo.isEnabled()) == ("Redo Style", True, False)
    assert window.panel("style").session.settings == StyleSettings()


def test_the_history_names_every_step_and_a_click_goes_back_to_it(painted, until):
    panel = painted.panel("style")
    panel.session.change(style_weight=3.0)
    panel.reset()
    painted.actions_of_window.history.trigger()
    view = painted.findChild(QUndoView)
    words = [view.model().index(row, 0).data() for row in range(view.model().rowCount())]
    assert words[0] == "As it was opened"
    assert words[-2:] == ["Style", "Reset All Settings"]
    assert {"Photo “photo.png”", "Painting “stripes.png”"} <= set(words)
    view.setCurrentIndex(view.model().index(0, 0))
    assert panel.session.photo is None
    assert painted.panel("style").empty_state.isVisible()
    view.setCurrentIndex(view.model().index(len(words) - 2, 0))
    assert panel.session.photo is not None
    assert panel.session.settings.style_weight == 3.0


def test_ctrl_z_takes_back_and_ctrl_shift_z_brings_again(window):
    slider = window.panel("style").form.row("content_weight").slider
    QTest.keyClick(slider, Qt.Key.Key_PageUp)
    moved = window.panel("style").session.settings
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL)
    assert window.panel("style").session.settings == StyleSettings()
    QTest.keyClick(window, Qt.Key.Key_Z, CTRL | SHIFT)
    assert window.panel("style").session.settings == moved


def test_undo_after_typing_a_number_takes_back_the_number_not_its_digits(window):
    box = window.panel("style").form.row("style_weight").box
    box.setFocus()
    box.selectAll()
    QTest.keyClicks(box, "2.5")
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert window.panel("style").session.settings.style_weight == 2.5
    QTest.keyClick(box, Qt.Key.Key_Z, CTRL)
    assert window.panel("style").session.settings == StyleSettings()
    assert box.value() == StyleSettings().style_weight


def test_a_comparison_is_chosen_in_the_menu_the_bar_or_by_key_and_all_agree(painted, studio):
    canvas, actions = painted.panel("style").workspace.canvas, painted.actions_of_window
    QTest.keyClick(painted, Qt.Key.Key_3, ALT)
    assert canvas.compare_mode == "side"
    assert actions.show_side.isChecked()
    assert studio.preferences.compare_mode == "side"
    canvas.set_compare_mode("after")
    assert actions.show_result.isChecked()
    actions.show_split.trigger()
    assert canvas.compare_mode == "split"
    assert not actions.show_result.isChecked()


def test_zoom_and_fit_by_key(painted):
    canvas = painted.panel("style").workspace.canvas
    QTest.keyClick(painted, Qt.Key.Key_1, CTRL)
    assert canvas.zoom == 1.0
    QTest.keyClick(painted, Qt.Key.Key_Plus, CTRL)
    assert canvas.zoom > 1.0
    QTest.keyClick(painted, Qt.Key.Key_0, CTRL)
    assert canvas.fitted


def test_full_screen_comes_and_goes(window):
    window.actions_of_window.full_screen.trigger()
    assert window.isFullScreen()
    window.actions_of_window.full_screen.trigger()
    assert not window.isFullScreen()


def test_the_theme_is_switched_in_the_menu_and_remembered(window, studio):
    light = next(action for action in menu_called(window, "Appearance").actions() if action.text() == "Light")
    light.trigger()
    assert studio.theme.tokens == LIGHT
    assert studio.preferences.theme_mode == "light"
    assert window.grab().toImage().pixelColor(4, window.height() // 2).lightness() > 150
    next(action for action in menu_called(window, "Appearance").actions() if action.text() == "Dark").trigger()
    assert studio.theme.tokens == DARK
    assert window.grab().toImage().pixelColor(4, window.height() // 2).lightness() < 90


def test_the_mark_of_ai_made_pictures_is_switched_knowingly(window, studio):
    mark = next(action for action in actions_below(menu_called(window, "File")) if "AI-Made" in action.text())
    assert mark.isChecked()
    mark.trigger()
    assert not studio.preferences.ai_mark


def test_recent_files_open_again(window, until, tmp_path):
    photo, other = write_photo(tmp_path / "first.png"), write_photo(tmp_path / "second.png", 64, 96)
    menu = menu_called(window, "Open Recent")
    menu.aboutToShow.emit()
    assert [(action.text(), action.isEnabled()) for action in menu.actions()] == [("Nothing opened yet", False)]
    window.open_files([photo])
    window.open_files([other])
    session = window.panel("style").session
    until(lambda: session.photo and session.photo.picture.name == "second.png")
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["second.png", "first.png"]
    menu.actions()[1].trigger()
    until(lambda: session.photo.picture.name == "first.png")


def test_names_in_menus_are_shown_as_they_are(window, until, tmp_path):
    names = ("salt & pepper.png", "&file.png", "a && b.png", "tab\tin it.png", "caf\udce9 & co.png")
    if sys.platform != "linux":
        names = names[:3]
    style, recent = window.panel("style"), menu_called(window, "Open Recent")
    for name in names:
        window.open_files([write_photo(tmp_path / name)])
        style.open_as("style", [tmp_path / name])
    until(lambda: style.session.photo and len(style.session.paintings) == 1)
    for menu in (recent, menu_called(window, "Recent Paintings")):
        menu.aboutToShow.emit()
        shown = [without_mnemonic(action.text()) for action in menu.actions()]
        assert shown == [readable(name) for name in reversed(names)]
    assert {readable(f"Open Recent: {name}") for name in names} <= {
        one.name for one in commands_now(window.menuBar(), style)
    }


def test_a_file_named_from_another_folder_is_found_again(window, until, tmp_path, monkeypatch):
    write_photo(tmp_path / "near.png")
    monkeypatch.chdir(tmp_path)
    window.open_files([Path("near.png")])
    until(lambda: window.panel("style").session.photo)
    monkeypatch.chdir("/")
    menu = menu_called(window, "Open Recent")
    menu.aboutToShow.emit()
    assert [(action.text(), action.toolTip()) for action in menu.actions()] == [
        ("near.png", str(tmp_path / "near.png"))
    ]


def test_a_recent_file_that_is_gone_or_broken_is_no_longer_offered(window, until, tmp_path):
    menu = menu_called(window, "Open Recent")
    gone, broken, photo = (write_photo(tmp_path / name) for name in ("gone.png", "broken.png", "photo.png"))
    broken.write_bytes(b"no picture")
    session = window.panel("style").session
    for file in (gone, photo, broken):
        window.open_files([file])
    until(lambda: "broken.png" in window.banner.text)
    until(lambda: session.photo and session.photo.picture.name == "photo.png")
    gone.unlink()
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.actions()] == ["photo.png"]


# -- what is said ------------------------------------------------------------------------------------------------------


def test_a_broken_file_is_explained_in_a_banner_and_nothing_is_lost(painted, until, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff\xe0 nothing more")
    session = painted.panel("style").session
    before = session.photo, session.paintings, session.layer, session.settings
    assert drop_files(painted.panel("style").workspace.canvas.viewport(), broken)
    until(lambda: painted.banner.isVisible() and "broken.jpg" in painted.banner.text)
    assert session.photo is before[0]
    assert (session.paintings, session.settings) == (before[1], before[3])
    assert session.layer is before[2]
    assert session.state is SessionState.FINISHED
    QTest.keyClick(painted, Qt.Key.Key_Escape)
    until(lambda: not painted.banner.isVisible() or "broken.jpg" not in painted.banner.text)


def test_details_of_a_failure_can_be_copied(window):
    window.show_failure(Failure("It broke.", "Mend it.", "Traceback: line 7"))
    next(b for b in window.banner.findChildren(QAbstractButton) if b.text() == "Copy details").click()
    assert QGuiApplication.clipboard().text() == "It broke. Mend it.\n\nTraceback: line 7"


def test_an_error_goes_when_the_next_photo_opens(painted, until, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    painted.open_files([tmp_path / "broken.jpg"])
    until(lambda: "broken.jpg" in painted.banner.text)
    painted.open_files([write_photo(tmp_path / "whole.png")])
    until(lambda: "broken.jpg" not in painted.banner.text)


def test_messages_lie_over_the_picture_and_over_no_control(painted, qtbot):
    canvas = painted.panel("style").canvas
    painted.show_failure(Failure("Something failed.", "Try again.", "details"))
    place = lambda: QRect(canvas.mapTo(painted, QPoint()), canvas.size())  # noqa: E731
    said = lambda: QRect(painted.banner.mapTo(painted, QPoint()), painted.banner.size())  # noqa: E731
    qtbot.waitUntil(lambda: place().contains(said()))
    painted.show_panel("models")
    cards = painted.panel("models").list.area
    qtbot.waitUntil(cards.isVisible)
    seen = lambda: QRect(cards.viewport().mapTo(painted, QPoint()), cards.viewport().size())  # noqa: E731
    qtbot.waitUntil(lambda: 0 < said().top() - seen().bottom() < 20)


def test_copying_says_so(painted):
    painted.actions_of_window.copy.trigger()
    assert painted.banner.text == "Copied, 64 × 43 px"


# -- help --------------------------------------------------------------------------------------------------------------


def test_the_manual_opens_at_its_first_page_and_follows_its_links(window, until):
    window.actions_of_window.manual.trigger()
    manual = window.findChild(ManualWindow)
    assert "Using Atelier" in manual.browser.toPlainText()
    manual.browser.follow(QUrl("#the-models-panel"))
    assert manual.browser.verticalScrollBar().value() > 0
    manual.browser.follow(QUrl("models.md"))
    assert "Networks" in manual.browser.toPlainText()
    manual._back.click()
    until(lambda: "Using Atelier" in manual.browser.toPlainText())
    window.actions_of_window.manual.trigger()
    assert len(window.findChildren(ManualWindow)) == 1


def test_diagnostics_are_copied_with_the_end_of_the_log(window, studio, until):
    log = window._help.folders.log
    with logging_to(log):
        window.show_failure(Failure("It broke.", "Mend it.", "Traceback: line 7"))
    window.actions_of_window.diagnostics.trigger()
    until(lambda: window.banner.text.startswith("Copied: versions"))
    copied = QGuiApplication.clipboard().text()
    for words in (
        "Qt:",
        "screens:",
        "atelier:",
        "torchvision:",
        str(window._help.folders.library),
        "It broke. Mend it.",
    ):
        assert words in copied


def test_the_log_is_opened_and_its_path_is_told(window, tmp_path, shown_folders):
    log = window._help.folders.log
    window.actions_of_window.log.trigger()
    assert str(log) in window.banner.text  # there is none yet
    with logging_to(log):
        window.show_notice("Good to know.")
    window.actions_of_window.log.trigger()
    assert shown_folders == [log]
    assert "INFO Good to know." in log.read_text()


def test_about_says_what_it_is(window):
    said = []

    def read():
        box = QApplication.activeModalWidget()
        if isinstance(box, QMessageBox) and box.isVisible():
            said.append(box.text())
            box.close()

    clock = QTimer(interval=20)
    clock.timeout.connect(read)
    clock.start()
    window.actions_of_window.about.trigger()
    clock.stop()
    assert "Atelier 0" in said[0]


# -- library -----------------------------------------------------------------------------------------------------------


def test_a_finished_picture_stands_in_the_library_and_opens_with_all_its_settings(painted, studio, until):
    until(lambda: studio.library.entries())
    painted.rail._buttons["library"].click()
    until(lambda: painted.panel("library").view.paths)
    assert painted.panel("library").view.paths == tuple(entry.path for entry in studio.library.entries())
    session = painted.panel("style").session
    session.set_settings(session.settings.model_copy(update={"strength": 0.2, "saturation": 0.3}))
    view = painted.panel("library").view.view
    view.setCurrentIndex(view.model().index(0, 0))
    view.setFocus()
    QTest.keyClick(view, Qt.Key.Key_Return)
    until(lambda: session.settings == QUICK)
    assert painted.rail.current == "style"
    assert painted.panel("style").isVisible()


def test_an_empty_library_says_what_it_is_for(window, until):
    window.show_panel("library")
    assert window.panel("library").view.empty_state.isVisible()
    until(lambda: window.panel("library").session.is_read)
    assert "kept here" in window.panel("library").view.empty_state._words.text()


# -- closing -----------------------------------------------------------------------------------------------------------


def test_size_and_place_are_remembered(qapp, tmp_path):
    screen = QApplication.primaryScreen().availableSize()
    with open_studio(tmp_path, (screen.width() - 100, screen.height() - 150)) as first:
        before = first.window.size()
    with open_studio(tmp_path, size=None) as second:
        assert second.window.size() == before
