"""Every step of the panel in front, by name: a click goes back to it, or on again."""

from PySide6.QtGui import QUndoGroup
from PySide6.QtWidgets import QDialog, QUndoView, QWidget

from studio.ui.controls.layouts import column


class HistoryList(QDialog):
    """A small window beside the picture that follows the panel in front.

    Args:
        steps: the lists of all panels, of which one is active.

    """

    def __init__(self, steps: QUndoGroup, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("History")
        self.view = QUndoView(steps, self)
        self.view.setEmptyLabel("As it was opened")
        self.view.setAccessibleName("Steps")
        self.view.setSpacing(3)
        self.view.setToolTip("Click a step to go back to it, or on again")
        self.setLayout(column(self.view, margins=0))
        self.resize(280, 360)
