"""What the window knows about a panel: its name, its icon, and which actions it answers."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.failures import Failure


class Panel(QWidget):
    """One task of the studio: a canvas in the middle, its settings on the right.

    The window hands actions down; a panel that cannot answer one leaves it disabled.
    """

    failed = Signal(object)
    noticed = Signal(str, str)
    """A sentence worth knowing, and its level: "info" or "warning"."""
    actions_changed = Signal()

    name = ""
    title = ""
    icon_name = ""
    tooltip = ""
    at_foot = False

    def report(self, failure: Failure) -> None:
        """Pass a failure on to the window's banner."""
        self.failed.emit(failure)

    def close_gently(self) -> None:
        """Keep what must not be lost; called once, before the engines shut down."""
