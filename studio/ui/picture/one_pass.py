"""Pictures that a network makes in one pass: begun as soon as everything is there; what is half made is never kept."""

from dataclasses import replace
from typing import TypeVar

from studio.core.controls import Controls
from studio.core.settings import Settings
from studio.ui.picture.history import HistoryState, Made
from studio.ui.picture.session import PictureSession
from studio.ui.picture.undo import Snapshot

__all__ = ["OnePassSession"]

S = TypeVar("S", bound=Settings)


class OnePassSession(PictureSession[S]):
    """Begins by itself as soon as photo and network are there; what is half made is never kept."""

    _last = Made()
    """What was made last, while something is half made."""

    @property
    def starts_by_itself(self) -> bool:
        """Always: what one looks at is there in a moment, and the rest can be stopped."""
        return True

    def begin_if_ready(self) -> None:
        """Begin where nothing could be made before."""
        if self.photo is not None and self.layer is None and self.as_saved is None and not self.job.is_there:
            self._settle()

    def snapshot(self) -> Snapshot:
        """Return everything that is there, with what was made last in place of what is half made."""
        now = super().snapshot()
        return replace(now, made=self._last) if self._is_half_made else now

    @property
    def _is_half_made(self) -> bool:
        return self.film.newest.layer is not None and self.film.newest.recipe is None

    def _start(self, branch: HistoryState | Made | None = None, *, again: bool = False) -> None:
        if not self._is_half_made:
            self._last = self.film.newest
        super()._start(branch, again=again)

    def _rest(self, controls: Controls[S]) -> None:
        """Let go of what is half made: what was made last is shown again, or the photo alone."""
        if self._is_half_made:
            self.compositor.forget()
            self.film.take(self._last)
        super()._rest(controls)

    def _forget(self, left: Snapshot) -> None:
        super()._forget(left)
        self._last = Made()
