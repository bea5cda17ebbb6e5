"""A question that must be answered first, under an icon of our own."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget

from studio.ui.icons import icon
from studio.ui.theme import Theme

__all__ = ["Question"]

_ICON = 40


class Question(QMessageBox):
    """Asks whether to do something, and tells by `accepted`; leaving it is the default, and what Esc does.

    Args:
        title: of the little window.
        words: the question.
        about: what follows from it.
        yes: what the button says that does it; "" where there is nothing to do but to read.
        no: what the one says that leaves it.

    """

    def __init__(
        self, title: str, words: str, about: str, theme: Theme, parent: QWidget, *, yes: str, no: str = "Cancel"
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setIconPixmap(icon("help" if yes else "info", theme.tokens, colour="accent").pixmap(_ICON, _ICON))
        self.setWindowTitle(title)
        self.setText(words)
        self.setInformativeText(about)
        if yes:
            self.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
        leave = self.addButton(no, QMessageBox.ButtonRole.RejectRole)
        self.setDefaultButton(leave)
        self.setEscapeButton(leave)

    @property
    def is_answered_yes(self) -> bool:
        """Ask now, and return whether it shall be done."""
        answers: list[bool] = []
        self.accepted.connect(lambda: answers.append(True))
        self.exec()
        return bool(answers)
