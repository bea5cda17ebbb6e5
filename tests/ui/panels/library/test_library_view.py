from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from widget_kit import plain_picture

from studio.jobs.browse import Thumbnail
from studio.ui.panels.library.view import LibraryView
from studio.ui.theme import Theme


@pytest.fixture
def library(qtbot, theme: Theme) -> LibraryView:
    library = LibraryView(theme)
    qtbot.addWidget(library)
    library.resize(560, 400)
    library.show()
    qtbot.waitExposed(library)
    return library


def entry(number: int) -> Thumbnail:
    return Thumbnail(
        str(number), f"Painting {number}", Path(f"{number}.png"), plain_picture(10 * number, 40 + number, 40)
    )


def centre_of(library: LibraryView, row: int) -> QPoint:
    return library.view.visualRect(library.view.model().index(row, 0)).center()


def test_empty_library_says_so(library: LibraryView):
    assert library.empty_state.isVisible()
    library.set_entries([entry(1)])
    assert not library.empty_state.isVisible()
    library.set_entries([])
    assert library.empty_state.isVisible()


def test_double_click_opens_once(qtbot, library: LibraryView):
    library.set_entries([entry(i) for i in range(5)])
    opened: list[Path] = []
    library.opened.connect(opened.append)
    place = centre_of(library, 2)
    qtbot.mouseClick(library.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened == []
    qtbot.mouseDClick(library.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened == [Path("2.png")]
    assert library.selected == Path("2.png")


def test_enter_opens_what_the_arrows_chose(qtbot, library: LibraryView):
    library.set_entries([entry(i) for i in range(5)])
    library.view.setFocus()
    library.view.setCurrentIndex(library.view.model().index(0, 0))
    qtbot.keyClick(library.view, Qt.Key.Key_Right)
    with qtbot.waitSignal(library.opened) as told:
        qtbot.keyClick(library.view, Qt.Key.Key_Return)
    assert told.args == [Path("1.png")]


def test_enter_without_a_choice_does_nothing(qtbot, library: LibraryView):
    library.set_entries([])
    with qtbot.assertNotEmitted(library.opened):
        qtbot.keyClick(library.view, Qt.Key.Key_Return)


def test_menu_opens_and_shows_in_folder(qtbot, library: LibraryView):
    library.set_entries([entry(1)])
    menu = library.menu_for(Path("1.png"))
    with qtbot.waitSignal(library.opened):
        menu.actions()[0].trigger()
    with qtbot.waitSignal(library.reveal_requested) as told:
        menu.actions()[1].trigger()
    assert told.args == [Path("1.png")]


def test_thumbnails_are_drawn_whole(library: LibraryView):
    library.set_entries([Thumbnail("wide", "Wide", Path("wide.png"), plain_picture(200, 80, 20))])
    cell = library.view.visualRect(library.view.model().index(0, 0))
    image = library.view.viewport().grab(cell).toImage()
    across, middle = 8 + 208 // 2, 8 + 208 // 2
    assert image.pixelColor(12, middle).red() == 200  # from edge to edge,
    assert image.pixelColor(across, 16).red() < 100  # and nothing above it
