"""What the window knows about a panel: its name, its icon, and which actions it answers."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from studio.core.failures import Failure


class Panel(QWidget):
    """One task of the studio.

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

    @property
    def can_start(self) -> bool:
        """Whether whatever the panel makes can be begun now."""
        return False

    @property
    def is_running(self) -> bool:
        """Whether something runs that can be paused, or rests and can go on."""
        return False

    @property
    def can_stop(self) -> bool:
        """Whether something runs that can be ended with what was reached."""
        return False

    def start(self) -> None:
        """Begin whatever the panel makes."""

    def toggle_pause(self) -> None:
        """Pause what runs, or go on with it."""

    def stop(self) -> None:
        """End what runs, with what was reached."""

    def reset(self) -> None:
        """Set every setting back to where a newcomer starts."""

    def report(self, failure: Failure) -> None:
        """Pass a failure on to the window's banner."""
        self.failed.emit(failure)

    def close_gently(self) -> None:
        """Keep what must not be lost; called once, before the engines shut down."""
