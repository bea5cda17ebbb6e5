"""Someone who paints masks in the Restore panel of the real window, with mouse and keyboard."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from studio_kit import PATIENCE

from studio.core.resizing import to_16_bits

LEFT = Qt.MouseButton.LeftButton


class Retoucher:
    """Sits before the window with a mouse and a keyboard."""

    def __init__(self, studio, qtbot):
        self.studio, self.window, self._qtbot = studio, studio.window, qtbot
        self.panel = studio.window.panel("restore")
        self.session, self.masks = self.panel.session, self.panel.session.masks
        self.section = self.panel.column.mask_section
        QTest.mouseClick(self.window.rail._buttons["restore"], LEFT)

    def waits_until(self, condition):
        self._qtbot.waitUntil(lambda: bool(condition()), timeout=PATIENCE)

    def waits(self):
        self.waits_until(lambda: self.masks.is_settled and self.session.is_settled and self.session.recipe is not None)

    def chooses(self, *path):
        """Choose from the menu of Add, as far down as the words lead."""
        self.section.menu.aboutToShow.emit()
        menu = self.section.menu
        for words in path[:-1]:
            menu = next(action.menu() for action in menu.actions() if action.text() == words)
        next(action for action in menu.actions() if action.text() == path[-1]).trigger()

    def paints(self, *spots):
        """Draw through these spots of the photo with the mouse."""
        view = self.panel.canvas.viewport()
        places = [self.panel.canvas.to_view(QPointF(*spot)).toPoint() for spot in spots]
        QTest.mousePress(view, LEFT, pos=places[0])
        for place in places[1:]:
            QTest.mouseMove(view, place)
        QTest.mouseRelease(view, LEFT, pos=places[-1])

    def presses(self, key, modifiers=Qt.KeyboardModifier.NoModifier):
        self.window.activateWindow()
        self.waits_until(lambda: QApplication.activeWindow() is self.window)
        QTest.keyClick(QApplication.focusWidget() or self.window, key, modifiers)

    def is_restored(self, x, y):
        photo = to_16_bits(self.session.photo.picture.pixels[..., :3])
        return bool((self.session.layer[y, x] != photo[y, x]).any())

    def clicks(self, button):
        assert button.isVisible()
        assert button.isEnabled()
        QTest.mouseClick(button, LEFT)

    def does(self, words):
        """Choose what is done by its word in the row above."""
        self.clicks(next(button for button in self.panel.column.mode.buttons if button.text() == words))

    def takes(self, tool):
        self.clicks(self.section.tools[tool])
