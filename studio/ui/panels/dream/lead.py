"""What goes through settings by itself: a search, a drag, a walk that is played."""

from PySide6.QtCore import QObject, Signal

from studio.core.dream_settings import DreamSettings
from studio.ui.panels.dream.session import DreamSession

__all__ = ["Lead"]


class Lead(QObject):
    """Leads a session from settings to settings, all one step of undo; whatever else changes them ends it.

    Args:
        session: is led.

    """

    interrupted = Signal()

    def __init__(self, session: DreamSession, parent: QObject) -> None:
        super().__init__(parent)
        self._session = session
        self._name = ""
        self._shows = False
        session.settings_changed.connect(self._follow)

    @property
    def is_active(self) -> bool:
        """Whether it leads just now."""
        return bool(self._name)

    def begin(self, name: str) -> None:
        """Begin a step of undo that will be called so."""
        self.end()
        self._name = name
        self._session.settings_state.begin()

    def show(self, settings: DreamSettings) -> None:
        """Go on to what is set in these, whatever their walk and their generator."""
        session, led = self._session, settings.station
        if not self.is_active:
            return
        self._shows = True
        try:
            session.set_settings(session.settings.standing_at(led), self._name)
        finally:
            self._shows = False

    def end(self) -> None:
        """Stay where it has come."""
        if self.is_active:
            name, self._name = self._name, ""
            self._session.settings_state.commit(name)

    def _follow(self, _settings: DreamSettings) -> None:
        if self.is_active and not self._shows:
            self.end()
            self.interrupted.emit()
