from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QLabel
from widget_kit import plain_picture

from studio.jobs.browse import Thumbnail
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.picture_tile import PictureTile
from studio.ui.theme import Theme


def make_state(qtbot, theme: Theme) -> EmptyState:
    state = EmptyState("add_picture", "Drop a photo here", "Or paste one.", theme)
    qtbot.addWidget(state)
    state.resize(640, 480)
    state.show()
    return state


def test_buttons_trigger_their_actions(qtbot, theme: Theme):
    state = make_state(qtbot, theme)
    action = QAction("&Open a photo…", state)
    button = state.add_action(action, primary=True)
    assert button.accessibleName() == "Open a photo…"
    with qtbot.waitSignal(action.triggered):
        qtbot.keyClick(button, Qt.Key.Key_Space)


def test_a_button_follows_its_action(qtbot, theme: Theme):
    state = make_state(qtbot, theme)
    action = QAction("Paste", state)
    button = state.add_action(action)
    action.setEnabled(False)
    assert not button.isEnabled()


def test_samples_can_be_clicked(qtbot, theme: Theme):
    state = make_state(qtbot, theme)
    state.set_samples(
        [
            Thumbnail("cat", "A cat", Path("cat.jpg"), plain_picture()),
            Thumbnail("coffee", "Coffee", Path("coffee.jpg"), plain_picture()),
        ]
    )
    with qtbot.waitSignal(state.sample_chosen) as told:
        qtbot.mouseClick(state.findChildren(PictureTile)[0], Qt.MouseButton.LeftButton)
    assert told.args == ["cat"]


def test_new_samples_replace_the_old(qtbot, theme: Theme):
    state = make_state(qtbot, theme)
    state.set_samples([Thumbnail("cat", "A cat", Path("cat.jpg"), plain_picture())])
    state.set_samples([Thumbnail("coffee", "Coffee", Path("coffee.jpg"), plain_picture())])
    QApplication.processEvents()  # a layout shows what is new at its next turn
    assert [t.accessibleName() for t in state.findChildren(PictureTile) if t.isVisible()] == ["Coffee"]
    state.set_samples([])
    assert not any(tile.isVisible() for tile in state.findChildren(PictureTile))


def test_sentences_have_room_at_any_width(qtbot, theme: Theme):
    state = make_state(qtbot, theme)
    for width in (280, 640, 1600):
        state.resize(width, 480)
        state.layout().activate()
        for label in state.findChildren(QLabel):
            if label.text() and label.isVisible():
                assert label.height() >= label.heightForWidth(label.width())
