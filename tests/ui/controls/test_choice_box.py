import pytest
from PySide6.QtCore import Qt

from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.theme import Theme


@pytest.mark.qt_log_ignore("This plugin does not support", extend=True)  # offscreen, of popups
@pytest.mark.parametrize("lines", [2, 4, 9])
def test_the_list_opens_whole(qtbot, theme: Theme, lines: int):
    box = ChoiceBox({str(number): f"Choice {number}" for number in range(lines)}, theme)
    qtbot.addWidget(box)
    box.show()
    qtbot.waitExposed(box)
    qtbot.mousePress(box, Qt.MouseButton.LeftButton)
    view = box.view()
    qtbot.waitUntil(view.isVisible)
    last = view.visualRect(view.model().index(lines - 1, 0))
    assert view.viewport().rect().contains(last)
    box.hidePopup()
