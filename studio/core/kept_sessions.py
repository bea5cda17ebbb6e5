"""The sessions that are kept unasked, a folder each: which there are, and which have to go."""

import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from studio.core.events import Picture
from studio.core.failures import StudioError
from studio.core.images import load_picture
from studio.core.saved_session import SessionError
from studio.core.session_files import PREVIEW, SESSION_JSON, SessionFolder
from studio.core.session_reading import content_of

__all__ = ["KeptSession", "kept_sessions", "prune_sessions"]

KEPT = 8
KEPT_BYTES = 2 * 2**30
"""How many sessions, and how many bytes of them, are kept unasked; the newest one always is."""


@dataclass(frozen=True, slots=True)
class KeptSession:
    """A session that was kept unasked."""

    path: Path
    task: str
    title: str
    saved: datetime
    running: bool

    def preview(self) -> Picture | None:
        """Return a small version of its picture, None where there is none."""
        with suppress(StudioError):
            return load_picture(self.path / PREVIEW).pixels
        return None


def kept_sessions(root: Path) -> tuple[KeptSession, ...]:
    """Return the sessions in `root`, a folder each, the one that was written last first."""
    found = []
    for file in root.glob(f"*/{SESSION_JSON}"):
        with suppress(SessionError, OSError, ValueError):
            content = content_of(SessionFolder(file.parent), file.parent.name)
            saved = datetime.fromtimestamp(file.stat().st_mtime)
            kept = KeptSession(
                file.parent, content["task"], str(content.get("title", "")), saved, bool(content.get("running"))
            )
            found.append((file.stat().st_mtime_ns, kept))
    return tuple(kept for _, kept in sorted(found, key=lambda one: one[0], reverse=True))


def prune_sessions(root: Path, most: int = KEPT, limit: int = KEPT_BYTES) -> None:
    """Let the oldest go, so that at most so many are kept, and so many bytes; the newest stays whatever its size."""
    room = limit
    for place, kept in enumerate(kept_sessions(root)):
        room -= sum(file.stat().st_size for file in kept.path.rglob("*") if file.is_file())
        if place and (place >= most or room < 0):
            shutil.rmtree(kept.path, ignore_errors=True)
