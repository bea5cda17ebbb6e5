import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu
from widget_kit import plain_picture

from studio.ui.controls.thumbnails import ThumbnailDelegate, ThumbnailItem, ThumbnailModel, ThumbnailView
from studio.ui.theme import Theme

PICTURES = {name: plain_picture(40 * number) for number, name in enumerate("abcd")}


def item(name: str, subject: object = None) -> ThumbnailItem[object]:
    return ThumbnailItem(name, name.upper(), PICTURES[name], f"{name}.png", f"Picture {name}", subject or name)


def items(names: str) -> list[ThumbnailItem[object]]:
    return [item(name) for name in names]


class PlainDelegate(ThumbnailDelegate):
    def paint_item(self, painter, option, cell, index):
        self.paint_ground(painter, option, "window")


@pytest.fixture
def model() -> ThumbnailModel:
    return ThumbnailModel()


def spoken(model: ThumbnailModel, row: int) -> str:
    return model.index(row).data(Qt.ItemDataRole.AccessibleTextRole)


@pytest.mark.parametrize(
    ("before", "after"), [("", "abc"), ("abc", "abcd"), ("abcd", "bd"), ("abc", "cab"), ("ab", "")]
)
def test_exactly_the_items_asked_for_are_shown(model: ThumbnailModel, before, after):
    model.replace(items(before))
    model.replace(items(after))
    assert model.keys == tuple(after)
    assert [model.index(row).data() for row in range(model.rowCount())] == list(after.upper())
    assert [model.row_of(name) for name in after] == list(range(len(after)))


def test_an_item_that_changed_is_drawn_again_and_its_thumbnail_not_converted_again(qtbot, model: ThumbnailModel):
    model.replace(items("ab"))
    pixmap = model.index(1).data(Qt.ItemDataRole.DecorationRole)
    with qtbot.assertNotEmitted(model.rowsRemoved), qtbot.waitSignal(model.dataChanged):
        model.replace([item("a"), ThumbnailItem("b", "Better", PICTURES["b"], "", "Better", "b")])
    assert model.index(1).data() == "Better"
    assert model.index(1).data(Qt.ItemDataRole.DecorationRole).cacheKey() == pixmap.cacheKey()
    model.replace([item("a"), ThumbnailItem("b", "Better", plain_picture(9), "", "Better", "b")])
    assert model.index(1).data(Qt.ItemDataRole.DecorationRole).cacheKey() != pixmap.cacheKey()


def test_a_mark_has_one_bearer_and_is_spoken(model: ThumbnailModel):
    model.replace(items("abc"))
    model.set_mark("open", "a")
    model.set_mark("compared", "b")
    model.set_mark("open", "b")
    assert (model.marked("open"), model.marked("compared")) == ("b", "b")
    assert [spoken(model, row) for row in range(3)] == ["Picture a", "Picture b, compared, open", "Picture c"]
    model.set_mark("open", None)
    assert spoken(model, 1) == "Picture b, compared"


@pytest.mark.parametrize("one_click", [False, True])
def test_mouse_and_enter_open_the_subject_itself(qtbot, theme: Theme, model: ThumbnailModel, one_click):
    view = ThumbnailView(model, PlainDelegate(theme), None, one_click=one_click)
    qtbot.addWidget(view)
    view.show()
    subjects = [object(), object()]
    model.replace([item(name, subject) for name, subject in zip("ab", subjects, strict=True)])
    opened = []
    view.opened.connect(opened.append)
    place = view.visualRect(model.index(1)).center()
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert view.selected is subjects[1]
    assert opened == ([subjects[1]] if one_click else [])
    qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened == [subjects[1]]
    qtbot.keyClick(view, Qt.Key.Key_Up)
    qtbot.keyClick(view, Qt.Key.Key_Enter)
    assert opened == [subjects[1], subjects[0]]


def test_a_menu_is_made_for_the_item_under_the_mouse(qtbot, theme: Theme, model: ThumbnailModel):
    view = ThumbnailView(model, PlainDelegate(theme), None)
    qtbot.addWidget(view)
    view.show()
    model.replace(items("ab"))
    asked = []

    def menu_for(subject: object) -> QMenu:
        asked.append(subject)
        return QMenu(view)

    view.offer_menu(menu_for)
    view.customContextMenuRequested.emit(view.visualRect(model.index(1)).center())
    view.customContextMenuRequested.emit(QPoint(2, view.viewport().height() - 2))  # below the last one
    assert asked == ["b"]
