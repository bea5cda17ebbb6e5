import numpy as np
import pytest
from accessibility import controls_without_name, controls_without_tooltip
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QComboBox, QInputDialog, QLineEdit, QMessageBox
from studio_kit import PATIENCE, drop_files, write_photo

from studio.core.images import from_pixels, load_picture
from studio.core.library import Library
from studio.core.recipes import InputRecord, Recipe, SteeringStep
from studio.engine import Engine
from studio.ui.panels.library.grid import _KEPT, _stack_place, _star_place
from studio.ui.panels.library.panel import LibraryPanel

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def library(tmp_path):
    return Library(tmp_path / "library")


def keep(
    library, name="beach.jpg", grey=100, task="stylize", painting="stripes.png", steering=(), size=(40, 64), **values
):
    photo = from_pixels(np.full((8, 8, 3), len(name), np.uint8), name)
    inputs = [InputRecord(role="content", name=name, sha256=photo.sha256)]
    if painting:
        inputs.append(InputRecord(role="style", name=painting, sha256="b" * 64))
    initial = {"size": 1} if steering else None
    recipe = Recipe(task=task, settings={"size": 1, **values}, initial=initial, steering=steering, inputs=tuple(inputs))
    picture = np.full((*size, 3), grey * 257, np.uint16)
    return library.keep(picture, recipe, [photo])


@pytest.fixture
def kept(library):
    """A painting with a continuation, another painting, and an adjusted photo; the newest first."""
    branch = SteeringStep(at=2**31 - 1, action="branch", changes={"size": 2})
    paths = [
        keep(library), keep(library, steering=(branch,), size=(80, 128)),
        keep(library, "castle.png", 200, painting="wave.jpg"), keep(library, "portrait.jpg", 50, "adjust", ""),
    ]  # fmt: skip
    return paths[::-1]


@pytest.fixture
def pictures(qapp):
    engine = Engine("pictures", niceness=0)
    yield engine
    assert engine.shut_down()


@pytest.fixture
def open_panel(qtbot, theme, library, pictures):
    """Open the panel, as the window does, and wait until it has read its folder."""

    def open_it():
        panel = LibraryPanel(theme, pictures, library)
        qtbot.addWidget(panel)
        panel.resize(800, 640)
        panel.show()
        qtbot.waitUntil(lambda: panel.session.is_read, timeout=PATIENCE)
        panel.activateWindow()
        qtbot.waitUntil(lambda: QApplication.activeWindow() is panel, timeout=PATIENCE)
        return panel

    return open_it


@pytest.fixture
def panel(open_panel, kept):
    return open_panel()


@pytest.fixture
def grid(panel):
    return panel.view.view


def click(qtbot, grid, place, modifiers=Qt.KeyboardModifier.NoModifier):
    qtbot.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, modifiers, place)


def cell(grid, row):
    return grid.visualRect(grid.model().index(row, 0))


def spoken(grid, row):
    return grid.model().index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)


# -- what is shown -----------------------------------------------------------------------------------------------------


def test_an_empty_library_says_so_and_fills_when_something_is_kept(open_panel, library, until):
    panel = open_panel()
    assert panel.view.empty_state.isVisible()
    path = keep(library)
    panel.refresh_results()
    until(lambda: panel.view.paths == (path,))
    assert not panel.view.empty_state.isVisible()
    assert panel.view.count.text() == "1 picture"
    assert QApplication.focusWidget() is panel.view.view


def test_results_are_named_by_photo_painting_and_size(grid, kept, panel):
    assert panel.view.paths == (kept[0], kept[1], kept[2])
    assert panel.view.count.text() == "4 pictures"
    assert spoken(grid, 1).startswith("castle, after wave, 64 × 40 px")
    assert spoken(grid, 0).startswith("portrait, Adjust, 64 × 40 px")
    assert "version 2 of 2" in spoken(grid, 2)


def test_small_versions_come_when_they_are_seen_and_only_so_many_stay(qtbot, open_panel, library, until):
    paths = [keep(library, f"{number}.png", number, seed=number) for number in range(40)]
    panel = open_panel()
    grid = panel.view.view
    until(lambda: grid.grid.is_known(paths[-1]))
    assert not grid.grid.is_known(paths[0])
    grid.verticalScrollBar().setValue(grid.verticalScrollBar().maximum())
    until(lambda: grid.grid.is_known(paths[0]))
    assert sum(map(grid.grid.is_known, paths)) < 40
    image = grid.viewport().grab(cell(grid, 39)).toImage()
    assert image.pixelColor(112, 112).red() == 0  # the first of them is black
    found = {paths[0].with_name(str(number)): np.zeros((2, 2, 3), np.uint8) for number in range(_KEPT)}
    grid.set_small(found)
    assert not grid.grid.is_known(paths[20])


def test_a_result_that_cannot_be_read_has_its_place_and_says_so(open_panel, library, until):
    path = keep(library)
    path.write_bytes(b"nothing")
    (library.root / ".thumbnails" / f"{path.name}.png").unlink()
    panel = open_panel()
    until(lambda: panel.view.view.grid.is_known(path))
    assert "cannot be read" in spoken(panel.view.view, 0)


def test_every_control_has_a_name_and_explains_itself_in_either_scheme(panel, theme):
    assert controls_without_name(panel) == []
    assert controls_without_tooltip(panel, QAbstractButton, QComboBox, QLineEdit) == []
    dark = panel.grab().toImage()
    theme.set_mode("light")
    assert panel.grab().toImage() != dark
    theme.set_mode("dark")
    assert panel.grab().toImage() == dark


def test_files_that_are_dropped_on_it_are_opened(qtbot, panel, tmp_path):
    photo = write_photo(tmp_path / "photo.png")
    with qtbot.waitSignal(panel.open_requested) as told:
        assert drop_files(panel, photo)
    assert told.args == [[photo]]


# -- searched, filtered, sorted ----------------------------------------------------------------------------------------


def test_ctrl_f_searches_and_enter_goes_on_to_what_was_found(qtbot, panel, grid, kept, until):
    QTest.keyClick(panel, Qt.Key.Key_F, CTRL)
    assert QApplication.focusWidget() is panel.view.search
    QTest.keyClicks(panel.view.search, "WAVE castle")
    until(lambda: panel.view.paths == (kept[1],))
    assert panel.view.count.text() == "1 of 4 pictures"
    QTest.keyClick(panel.view.search, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is grid
    with qtbot.waitSignal(panel.open_requested) as told:
        QTest.keyClick(grid, Qt.Key.Key_Return)
    assert told.args == [[kept[1]]]
    QTest.keyClicks(panel.view.search, " and more")
    until(lambda: panel.view.empty_state.isVisible())
    assert "Nothing like that" in panel.view.empty_state._title.text()
    QTest.keyClick(panel.view.search, Qt.Key.Key_Escape)
    until(lambda: len(panel.view.paths) == 3)


def test_the_field_keeps_who_types_other_words_after_none_were_found(panel, until):
    QTest.keyClick(panel, Qt.Key.Key_F, CTRL)
    QTest.keyClicks(panel.view.search, "zebra")
    until(lambda: panel.view.empty_state.isVisible())
    QTest.keyClick(panel.view.search, Qt.Key.Key_A, CTRL)
    QTest.keyClick(panel.view.search, Qt.Key.Key_Backspace)
    until(lambda: panel.view.view.isVisible())
    assert QApplication.focusWidget() is panel.view.search


def test_one_panel_the_starred_and_another_order_can_be_asked_for(panel, kept, until):
    view = panel.view
    assert [view.task_box.itemText(number) for number in range(view.task_box.count())] == [
        "Every panel", "Style", "Adjust"
    ]  # fmt: skip
    view.task_box.setCurrentIndex(view.task_box.findData("stylize"))
    assert view.paths == (kept[1], kept[2])
    view.sort_box.setCurrentIndex(view.sort_box.findData("largest"))
    assert view.paths == (kept[2], kept[1])
    view.starred.click()
    assert view.paths == ()
    assert view.empty_state._title.text() == "Nothing like that has a star"
    panel.session.star([kept[1]], on=True)
    until(lambda: view.paths == (kept[1],))


# -- keys and hands ----------------------------------------------------------------------------------------------------


def test_a_double_click_opens_once(qtbot, panel, grid, kept):
    opened = []
    panel.open_requested.connect(opened.append)
    click(qtbot, grid, cell(grid, 1).center())
    assert opened == []
    qtbot.mouseDClick(grid.viewport(), Qt.MouseButton.LeftButton, pos=cell(grid, 1).center())
    assert opened == [[kept[1]]]


def test_arrows_walk_and_shift_chooses_several(grid, panel, kept):
    grid.setFocus()
    grid.setCurrentIndex(grid.model().index(0, 0))
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert panel.view.chosen == (kept[1],)
    QTest.keyClick(grid, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert panel.view.chosen == (kept[1], kept[2])
    assert "2 chosen" in panel.view.count.text()
    assert not panel.view.open_button.isEnabled()
    QTest.keyClick(grid, Qt.Key.Key_A, CTRL)
    assert len(panel.view.chosen) == 3


def test_s_and_a_click_on_the_star_give_and_take_stars(qtbot, panel, grid, kept, library, until):
    grid.choose(kept[:2])
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_S)
    until(lambda: [row.result.mark.star for row in panel.session.rows] == [True, True, False])
    assert panel.view.chosen == tuple(kept[:2])
    assert panel.view.star_button.text() == "Unstar"
    click(qtbot, grid, _star_place(cell(grid, 0)).center())
    until(lambda: [row.result.mark.star for row in panel.session.rows] == [False, True, False])
    assert set(library.marks.all()) == {kept[1].name}
    panel.view.star_button.click()
    until(lambda: [row.result.mark.star for row in panel.session.rows] == [True, True, False])


def test_versions_are_shown_and_put_together_again(qtbot, panel, grid, kept):
    click(qtbot, grid, _stack_place(cell(grid, 2)).center() - QPoint(10, 0))
    assert panel.view.paths == tuple(kept)
    assert "version 1 of 2" in spoken(grid, 3)
    grid.setCurrentIndex(grid.model().index(3, 0))
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_V)
    assert len(panel.view.paths) == 3


def answering(qtbot, text):
    """Answer the next dialog that asks for words."""

    def answer():
        dialog = QApplication.activeModalWidget()
        assert isinstance(dialog, QInputDialog)
        dialog.findChild(QLineEdit).setText(text)
        dialog.accept()

    QTimer.singleShot(100, answer)


def test_words_of_the_artists_own_find_it_again(qtbot, panel, grid, kept, until):
    grid.choose(kept[2:3])
    answering(qtbot, "for Anna")
    QTest.keyClick(grid, Qt.Key.Key_W)
    until(lambda: panel.session.rows[2].result.mark.words == "for Anna")
    panel.session.ask(text="anna")
    assert panel.view.paths == (kept[2],)


def test_the_menu_speaks_of_what_is_chosen(panel, grid, kept, shown_folders):
    grid.choose(kept[2:3])
    menu = panel.view.menu()
    words = [action.text().split("\t")[0] for action in menu.actions()]
    assert words == ["Open", "Star", "Words…", "Show All 2 Versions", "Show in Folder", "Send to", "", "Delete"]
    menu.actions()[4].trigger()
    assert shown_folders == [kept[2].parent]
    grid.choose(kept[:2])
    several = panel.view.menu()
    words = [action.text().split("\t")[0] for action in several.actions()]
    assert words == ["Star 2 Pictures", "Words…", "", "Delete 2 Pictures"]
    for made in (menu, several):
        made.deleteLater()


# -- the wastebasket ---------------------------------------------------------------------------------------------------


def test_delete_puts_into_the_wastebasket_and_undo_brings_back(panel, grid, kept, until):
    grid.choose(kept[:2])
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    until(lambda: panel.view.paths == (kept[2],))
    assert panel.view.basket_button.text() == "Wastebasket (2)"
    assert panel.undo_stack.undoText() == "Delete 2 Pictures"
    panel.undo_stack.undo()
    panel.undo_stack.redo()  # before the files have moved
    panel.undo_stack.undo()
    until(lambda: panel.view.paths == tuple(kept[:3]))
    assert panel.view.basket_button.text() == "Wastebasket"


def test_after_a_deletion_the_next_is_chosen_until_none_is_left(panel, grid, kept, until):
    grid.choose(kept[1:2])
    grid.setFocus()
    for left, chosen in (((0, 2), 2), ((0, 3), 3), ((0,), 0)):
        QTest.keyClick(grid, Qt.Key.Key_Delete)
        until(lambda left=left: panel.view.paths == tuple(kept[number] for number in left))
        assert panel.view.chosen == (kept[chosen],)
    QTest.keyClick(grid, Qt.Key.Key_Delete)
    until(lambda: panel.view.paths == ())
    assert panel.view.chosen == ()


def test_what_is_deleted_can_be_looked_at_and_restored_another_day(panel, open_panel, grid, kept, until):
    panel.session.delete(kept[:2])
    until(lambda: panel.session.deleted == 2)
    other_day = open_panel()
    view = other_day.view
    view.basket_button.click()
    assert sorted(path.name for path in view.paths) == sorted(path.name for path in kept[:2])
    assert not view.open_button.isVisible()
    assert view.count.text() == "2 pictures"
    view.view.choose(view.paths[:1])
    view.restore_button.click()
    until(lambda: other_day.session.deleted == 1)
    view.basket_button.click()
    assert kept[0] in view.paths
    assert kept[1] not in view.paths


@pytest.mark.parametrize("sure", [True, False])
def test_the_wastebasket_is_emptied_only_when_the_artist_is_sure(qtbot, panel, kept, library, until, sure):
    panel.session.delete(kept[:2])
    until(lambda: panel.session.deleted == 2)
    panel.view.basket_button.click()

    def answer():
        box = QApplication.activeModalWidget()
        assert isinstance(box, QMessageBox)
        assert "2 pictures for good" in box.text()
        does_it = {box.buttonRole(button) is box.ButtonRole.AcceptRole: button for button in box.buttons()}
        does_it[sure].click()

    QTimer.singleShot(100, answer)
    panel.view.empty_button.click()
    if sure:
        until(lambda: panel.session.deleted == 0)
        assert not panel.undo_stack.canUndo()
        assert "empty" in panel.view.empty_state._title.text()
    assert len(library.wastebasket.entries()) == (0 if sure else 2)


def test_a_library_that_cannot_be_read_says_so(qtbot, open_panel, library, tmp_path):
    panel = open_panel()
    photo = load_picture(write_photo(tmp_path / "photo.png"))
    kept = library.keep(np.zeros((4, 4, 3), np.uint16), Recipe(task="stylize", settings={}), [photo])
    panel.session.refresh()
    qtbot.waitUntil(lambda: panel.view.paths == (kept,), timeout=PATIENCE)
    kept.unlink()
    with qtbot.waitSignal(panel.failed) as told:
        panel.session.delete([kept])
    assert "not there any more" in told.args[0].cause
    qtbot.waitUntil(lambda: panel.view.paths == (), timeout=PATIENCE)
