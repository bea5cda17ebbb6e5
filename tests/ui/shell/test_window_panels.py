"""The window with two picture panels: it drives the one in front, and hands what one sends to the other."""

import numpy as np
import pytest
from picture_kit import BrightenPanel, BrightenSettings, brightened
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu
from studio_kit import answering_file_dialog, drop_files, write_photo

from studio.core.images import load_picture, save_picture
from studio.core.library import Library
from studio.core.style_settings import StyleSettings
from studio.core.user_folders import UserFolders
from studio.ui.canvas.incoming import picture_of
from studio.ui.panels.library.panel import LibraryPanel
from studio.ui.panels.style.panel import StylePanel
from studio.ui.shell.help_desk import HelpDesk
from studio.ui.shell.window import StudioWindow


@pytest.fixture
def window(qtbot, theme, panel_context, brightening, tmp_path):
    context = panel_context
    panels = (StylePanel(context), BrightenPanel(context), LibraryPanel(theme, context.pictures, context.library))
    help_desk = HelpDesk(theme, context.pictures, UserFolders.within(tmp_path))
    window = StudioWindow(theme, panels, context.actions, context.preferences, help_desk)
    qtbot.addWidget(window)
    window.resize(1200, 800)
    window.show()
    return window


@pytest.fixture
def photo(tmp_path):
    return write_photo(tmp_path / "photo.png")


@pytest.fixture
def brightened_photo(window, photo, until):
    """The panel in front with a photo that is one stop brighter."""
    window.show_panel("brighten")
    panel = window.panel("brighten")
    panel.session.set_settings(BrightenSettings(stops=1.0))
    window.open_files([photo])
    until(lambda: panel.has_picture and panel.session.is_settled)
    return panel


def submenu(menu, title):
    return next(action.menu() for action in menu.actions() if action.text() == title)


def targets(menu):
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions()}


def test_the_rail_shows_every_panel_it_was_given(window):
    assert [panel.name for panel in window.panels] == ["style", "brighten", "library"]
    window.rail._buttons["brighten"].click()
    assert window.panel("brighten").isVisible()


def test_commands_and_their_words_follow_the_panel_in_front(window, brightened_photo):
    actions = window.actions_of_window
    assert (window.menus.work.title(), actions.start.text()) == ("&Brighten", "Brighten")
    assert actions.show_result.text() == "Brightened Only"
    assert not actions.start.isEnabled()  # it is done by itself
    assert actions.save.isEnabled()
    window.show_panel("style")
    assert (window.menus.work.title(), actions.start.text()) == ("&Painting", "Paint")
    assert actions.show_result.text() == "Painting Only"
    assert not actions.save.isEnabled()
    window.show_panel("library")  # it is only looked at: the commands stay where they were
    assert window.menus.work.title() == "&Painting"


def test_each_panel_undoes_its_own(window, brightened_photo):
    actions, style = window.actions_of_window, window.panel("style")
    brightened_photo.session.change(stops=2.0)
    window.show_panel("style")
    style.session.change(style_weight=3.0)
    actions.undo.trigger()
    assert (style.session.settings, brightened_photo.session.settings.stops) == (StyleSettings(), 2.0)
    window.show_panel("brighten")
    actions.undo.trigger()
    assert brightened_photo.session.settings.stops == 1.0


def test_a_slider_makes_the_picture_anew_and_copy_takes_it(window, brightened_photo, photo, until):
    QTest.keyClick(brightened_photo.form.row("stops").slider, Qt.Key.Key_Right)
    stops = brightened_photo.session.settings.stops
    assert stops == pytest.approx(1.1)
    until(lambda: brightened_photo.session.is_settled)
    window.actions_of_window.copy.trigger()
    expected = np.floor(brightened(load_picture(photo).pixels, stops) / 257 + 0.5).astype(np.uint8)
    assert np.array_equal(picture_of(QGuiApplication.clipboard().image()), expected)


def test_what_is_made_at_once_has_no_button_no_film_and_nothing_to_stop(brightened_photo):
    workspace = brightened_photo.workspace
    assert brightened_photo.start_button.isHidden()
    assert workspace.strip_bar.isHidden()
    assert workspace.progress_line._stop.isHidden()
    assert not brightened_photo.is_running
    assert workspace.progress_line.text == "Done"


def test_a_result_is_saved_with_the_recipe_that_makes_it(brightened_photo, until, tmp_path):
    with answering_file_dialog(tmp_path / "mine.png") as proposed:
        brightened_photo.save_button.click()
    assert proposed[0].endswith("photo brightened")
    until((tmp_path / "mine.png").is_file)
    recipe = load_picture(tmp_path / "mine.png").recipe
    assert (recipe.task, recipe.settings) == ("brighten", {"stops": 1.0})
    assert [record.role for record in recipe.inputs] == ["content"]


def test_a_result_is_sent_to_another_panel_as_its_photo(window, brightened_photo, photo, until):
    file = submenu(window.menuBar(), "&File")
    offered = targets(submenu(file, "Send Picture To"))
    assert list(offered) == ["Style", "Brighten"]
    offered["Style"].trigger()
    style = window.panel("style")
    assert window.rail.current == "style"
    until(lambda: style.session.photo is not None)
    sent = style.session.photo.picture
    assert sent.name == "photo brightened"
    expected = np.floor(brightened(load_picture(photo).pixels, 1.0) / 257 + 0.5).astype(np.uint8)
    assert np.array_equal(sent.pixels, expected)


def test_the_canvas_offers_the_same_where_it_is_clicked(window, brightened_photo, until):
    menu = brightened_photo.menu_for_picture()
    assert [action.text() for action in menu.actions()] == ["Copy Picture", "Save", "Save As…", "Send to"]
    targets(submenu(menu, "Send to"))["Brighten"].trigger()  # once more, from where it is
    until(lambda: brightened_photo.session.photo.picture.name == "photo brightened")
    menu.deleteLater()


def test_without_a_picture_there_is_nothing_to_send(window):
    file = submenu(window.menuBar(), "&File")
    (nothing,) = targets(submenu(file, "Send Picture To")).values()
    assert not nothing.isEnabled()


@pytest.fixture
def saved(brightened_photo, tmp_path):
    path = tmp_path / "saved.png"
    save_picture(path, brightened_photo.session.layer, recipe=brightened_photo.session.recipe)
    brightened_photo.session.set_settings(BrightenSettings(stops=-1.0))
    return path


def test_a_result_that_is_opened_goes_to_the_panel_that_made_it(window, brightened_photo, saved, until):
    window.show_panel("style")
    window.open_files([saved])
    until(lambda: brightened_photo.session.settings == BrightenSettings(stops=1.0))
    assert window.rail.current == "brighten"
    assert brightened_photo.session.photo.picture.name == "photo.png"
    assert window.panel("style").session.photo is None


def test_a_result_that_is_dropped_on_another_panel_is_its_photo(window, brightened_photo, saved, until):
    window.show_panel("style")
    style = window.panel("style")
    assert drop_files(style.canvas.viewport(), saved)
    until(lambda: style.session.photo is not None)
    assert style.session.photo.picture.name == "saved.png"
    assert window.rail.current == "style"
    assert not window.banner.is_showing


def test_the_library_opens_results_where_they_were_made_and_sends_them_as_photos(
    window, brightened_photo, photo, until, tmp_path
):
    session, library = brightened_photo.session, window.panel("library")
    pixels = load_picture(photo)
    kept = Library(tmp_path / "library").keep(brightened(pixels.pixels, 1.0), session.recipe, (pixels,))
    session.set_settings(BrightenSettings(stops=-1.0))
    window.show_panel("library")
    until(lambda: library.view.paths == (kept,))
    library.view.view.choose([kept])
    menu = library.view.menu()
    targets(submenu(menu, "Send to"))["Style"].trigger()
    until(lambda: window.panel("style").session.photo is not None)
    assert window.panel("style").session.photo.picture.name == kept.name
    window.show_panel("library")
    library.view.opened.emit(kept)
    until(lambda: session.settings == BrightenSettings(stops=1.0))
    assert window.rail.current == "brighten"
    menu.deleteLater()


def test_a_pasted_picture_goes_to_the_picture_panel_that_was_in_front_last(window, brightened_photo, photo, until):
    window.show_panel("library")
    window.actions_of_window.copy.trigger()
    window.actions_of_window.paste.trigger()
    until(lambda: brightened_photo.session.photo.picture.name == "Pasted picture")
    assert window.rail.current == "brighten"


def test_every_command_of_a_panel_stands_in_the_file_menu(window):
    file = submenu(window.menuBar(), "&File")
    for panel in window.panels:
        assert set(panel.file_actions) <= set(file.actions())
    assert isinstance(file, QMenu)
