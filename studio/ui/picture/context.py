"""What all picture panels share, in one value."""

from dataclasses import dataclass, field
from pathlib import Path

from studio.core.library import Library
from studio.core.presets import LookFolder
from studio.engine import Engine
from studio.ui.actions import Actions
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme

__all__ = ["PanelContext"]


@dataclass(frozen=True, slots=True, eq=False)
class PanelContext:
    """What picture panels share: colours, engines, the library, what is remembered, the window's commands."""

    theme: Theme
    studio: Engine
    """Owns the device."""
    pictures: Engine
    """Loads, saves and composes; runs tasks that need no network."""
    library: Library
    preferences: Preferences
    actions: Actions
    sessions: Path | None = None
    """Where sessions are kept unasked; None keeps none."""
    looks: LookFolder = field(default_factory=LookFolder.standard)
    """The artist's own."""
