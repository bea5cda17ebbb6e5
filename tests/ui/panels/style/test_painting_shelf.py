from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QToolButton, QWidget
from widget_kit import plain_picture

from studio.core.picture_tasks import STYLIZE
from studio.jobs.browse import Thumbnail
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.controls.value_slider import ValueSlider
from studio.ui.panels.style.painting_shelf import SHELF_LIMIT, PaintingShelf
from studio.ui.picture.input_slot import SlotPicture, SlotTile
from studio.ui.theme import Theme


@pytest.fixture
def shelf(qtbot, theme: Theme) -> PaintingShelf:
    shelf = PaintingShelf(theme)
    qtbot.addWidget(shelf)
    shelf.resize(304, 240)
    shelf.show()
    qtbot.waitExposed(shelf)
    return shelf


def paintings(count: int) -> list[SlotPicture]:
    return [SlotPicture(f"Painting {i}", plain_picture(40 * i)) for i in range(count)]


def tiles(shelf: PaintingShelf) -> list[PictureTile]:
    return [tile for tile in shelf.findChildren(PictureTile) if tile.isVisible() and tile.width() > 60]


def sliders(shelf: PaintingShelf) -> list[ValueSlider]:
    return [slider for slider in shelf.findChildren(ValueSlider) if slider.isVisible()]


def add_tile(shelf: PaintingShelf) -> QToolButton:
    return shelf._add


def drag(
    widget: QWidget, data: QMimeData, *, drop: bool, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> QDragEnterEvent:
    copy, left = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    enter = QDragEnterEvent(QPoint(10, 10), copy, data, left, keys)
    QApplication.sendEvent(widget, enter)
    if drop:
        QApplication.sendEvent(widget, QDropEvent(QPointF(10, 10), copy, data, left, keys))
    return enter


def files(*paths: Path) -> QMimeData:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def test_empty_shelf_offers_to_add(shelf: PaintingShelf):
    assert shelf.count == 0
    assert shelf.mix == ()
    assert add_tile(shelf).isVisible()


def test_one_painting_needs_no_mix(shelf: PaintingShelf):
    shelf.set_pictures(paintings(1))
    assert len(tiles(shelf)) == 1
    assert sliders(shelf) == []
    assert shelf.mix == (1.0,)


def test_two_paintings_can_be_mixed(shelf: PaintingShelf):
    shelf.set_pictures(paintings(2))
    assert len(sliders(shelf)) == 2
    assert shelf.mix == (1.0, 1.0)


def test_a_full_shelf_takes_no_more(shelf: PaintingShelf):
    shelf.set_pictures(paintings(SHELF_LIMIT + 2))
    assert shelf.count == SHELF_LIMIT
    assert not add_tile(shelf).isVisible()
    shelf.set_pictures(paintings(3))
    assert add_tile(shelf).isVisible()


def test_thumbnails_are_drawn(shelf: PaintingShelf):
    shelf.set_pictures([SlotPicture("Grey", plain_picture(77))])
    image = tiles(shelf)[0].grab().toImage()
    assert image.pixelColor(image.width() // 2, image.height() // 2).red() == 77


def test_moving_a_weight_is_one_gesture(qtbot, shelf: PaintingShelf):
    shelf.set_pictures(paintings(2))
    told: list[object] = []
    shelf.mix_drag_started.connect(lambda: told.append("start"))
    shelf.mix_changed.connect(told.append)
    shelf.mix_drag_finished.connect(lambda: told.append("finish"))
    slider = sliders(shelf)[1]
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    assert told == ["start", (1.0, 0.5), "finish"]
    assert shelf.mix == (1.0, 0.5)


def test_a_weight_can_be_typed(qtbot, shelf: PaintingShelf):
    shelf.set_pictures(paintings(2))
    box = next(box for box in shelf.findChildren(NumberBox) if box.isVisible())
    box.setFocus()
    box.selectAll()
    qtbot.keyClicks(box, box.textFromValue(0.25))
    with qtbot.waitSignal(shelf.mix_changed) as told:
        qtbot.keyClick(box, Qt.Key.Key_Return)
    assert told.args == [(0.25, 1.0)]


def test_set_mix_tells_nobody_and_fills_up_with_ones(qtbot, shelf: PaintingShelf):
    shelf.set_pictures(paintings(3))
    with qtbot.assertNotEmitted(shelf.mix_changed):
        shelf.set_mix((0.2,))
    assert shelf.mix == (0.2, 1.0, 1.0)


def test_weights_stay_when_a_painting_joins(shelf: PaintingShelf):
    shelf.set_pictures(paintings(2))
    shelf.set_mix((0.5, 0.75))
    shelf.set_pictures(paintings(3))
    assert shelf.mix == (0.5, 0.75, 1.0)


def test_delete_and_the_cross_ask_to_remove(qtbot, shelf: PaintingShelf):
    shelf.set_pictures(paintings(3))
    tile = tiles(shelf)[1]
    tile.setFocus()
    with qtbot.waitSignal(shelf.removed) as told:
        qtbot.keyClick(tile, Qt.Key.Key_Delete)
    assert told.args == [1]
    cross = tile.findChild(QToolButton)
    assert cross.isVisible()  # shown while the tile has the focus
    with qtbot.waitSignal(shelf.removed) as told:
        qtbot.mouseClick(cross, Qt.MouseButton.LeftButton)
    assert told.args == [1]


def test_samples_can_be_clicked_and_chosen_from_the_menu(qtbot, shelf: PaintingShelf):
    shelf.set_samples(
        [
            Thumbnail("waves", "Waves", Path("waves.jpg"), plain_picture(10)),
            Thumbnail("rose", "Rose", Path("rose.jpg"), plain_picture(20)),
        ]
    )
    small = [tile for tile in shelf.findChildren(PictureTile) if tile.isVisible()]
    with qtbot.waitSignal(shelf.sample_chosen) as told:
        qtbot.mouseClick(small[1], Qt.MouseButton.LeftButton)
    assert told.args == ["rose"]
    menu = shelf.findChild(QMenu)
    with qtbot.waitSignal(shelf.sample_chosen) as told:
        next(action for action in menu.actions() if action.text() == "Waves").trigger()
    assert told.args == ["waves"]
    with qtbot.waitSignal(shelf.open_requested):
        menu.actions()[0].trigger()


def test_the_tile_says_whether_what_is_chosen_replaces_or_joins(qtbot, shelf: PaintingShelf):
    assert add_tile(shelf).accessibleName() == "Add a painting"
    shelf.set_pictures(paintings(1))
    assert add_tile(shelf).accessibleName() == "Choose another painting"
    assert not shelf.joins
    qtbot.mouseClick(shelf.mix_button, Qt.MouseButton.LeftButton)
    assert shelf.joins
    assert add_tile(shelf).accessibleName() == "Add a painting"


def test_ctrl_lets_a_sample_and_a_drop_join(qtbot, shelf: PaintingShelf, tmp_path: Path):
    shelf.set_pictures(paintings(1))
    shelf.set_samples([Thumbnail("waves", "Waves", Path("waves.jpg"), plain_picture(10))])
    joined = []
    shelf.sample_chosen.connect(lambda _: joined.append(shelf.joins))
    shelf.files_dropped.connect(lambda _: joined.append(shelf.joins))
    tile = shelf._samples.tiles[0]
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(tile, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier)
    drag(shelf, files(tmp_path / "a.png"), drop=True)
    drag(shelf, files(tmp_path / "a.png"), drop=True, keys=Qt.KeyboardModifier.ControlModifier)
    assert joined == [False, True, False, True]


def test_paintings_of_ones_own_stand_beside_the_samples_and_can_be_taken_away(qtbot, shelf: PaintingShelf):
    shelf.set_samples([Thumbnail("waves", "Waves", Path("waves.jpg"), plain_picture(10))])
    shelf._sources.buttons[1].click()
    assert shelf._no_own.isVisible()
    assert not shelf._samples.isVisible()
    mine = Path("/pictures/mine.jpg")
    shelf.set_recent([Thumbnail(str(mine), "mine", mine, plain_picture(20))])
    (tile,) = shelf._own.tiles
    assert not shelf._no_own.isVisible()
    with qtbot.waitSignal(shelf.recent_chosen) as told:
        qtbot.mouseClick(tile, Qt.MouseButton.LeftButton)
    assert told.args == [mine]
    with qtbot.waitSignal(shelf.recent_removed) as told:
        qtbot.keyClick(tile, Qt.Key.Key_Delete)
    assert told.args == [mine]
    shelf._sources.buttons[0].click()
    assert shelf._samples.isVisible()


def test_dropped_files_are_handed_on(qtbot, shelf: PaintingShelf, tmp_path: Path):
    with qtbot.waitSignal(shelf.files_dropped) as told:
        drag(shelf, files(tmp_path / "a.png", tmp_path / "b.jpg"), drop=True)
    assert told.args == [[tmp_path / "a.png", tmp_path / "b.jpg"]]


def test_the_shelf_lights_up_while_files_hang_over_it(shelf: PaintingShelf, tmp_path: Path):
    calm = shelf.grab().toImage()
    enter = drag(shelf, files(tmp_path / "a.png"), drop=False)
    assert enter.isAccepted()
    assert shelf.grab().toImage() != calm
    QApplication.sendEvent(shelf, QDragLeaveEvent())
    assert shelf.grab().toImage() == calm


def test_text_is_not_taken_and_of_web_addresses_it_is_said_why(qtbot, shelf: PaintingShelf):
    text, address = QMimeData(), QMimeData()
    text.setText("hello")
    address.setUrls([QUrl("https://example.org/a.png")])
    with qtbot.assertNotEmitted(shelf.files_dropped), qtbot.assertNotEmitted(shelf.picture_dropped):
        assert not drag(shelf, text, drop=True).isAccepted()
        with qtbot.waitSignal(shelf.refused) as refused:
            drag(shelf, address, drop=True)
    assert refused.args[0] == "That picture is still on the web (example.org)."


def test_photo_tile_asks_for_another_photo(qtbot, theme: Theme, tmp_path: Path):
    tile = SlotTile(STYLIZE.inputs[0], theme)
    qtbot.addWidget(tile)
    tile.resize(304, 80)
    tile.show()
    tile.set_pictures([SlotPicture("cat.jpg", plain_picture(), "451 × 300")])
    assert tile.tile.accessibleName() == "cat.jpg"
    with qtbot.waitSignal(tile.open_requested):
        qtbot.keyClick(tile.tile, Qt.Key.Key_Return)
    with qtbot.waitSignal(tile.files_dropped) as told:
        drag(tile, files(tmp_path / "dog.jpg"), drop=True)
    assert told.args == [[tmp_path / "dog.jpg"]]
