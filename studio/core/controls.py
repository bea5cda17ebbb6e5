"""The only thing that changes while a job runs: settings, where one looks, the flags to pause and to cancel."""

from typing import Generic, TypeVar

from studio.core.settings import Settings

S = TypeVar("S", bound=Settings)


class Controls(Generic[S]):
    """Hands the newest settings snapshot from whoever steers to the job that reads.

    Settings are immutable and replaced whole, so one attribute read is consistent and needs no lock. `revision` grows
    with every replacement: a job compares it to learn that something changed.
    """

    def __init__(self, settings: S) -> None:
        self._current: tuple[int, S] = (0, settings)
        self._cancelled = False
        self._finishing = False
        self._paused = False
        self.look_at: tuple[float, float] = (0.5, 0.5)
        """Where the artist looks, as shares of the picture's width and height. It may decide what is made first, never
        what is made: no recipe tells of it."""

    @property
    def settings(self) -> S:
        """The newest settings."""
        return self._current[1]

    @property
    def revision(self) -> int:
        """How often the settings have been replaced."""
        return self._current[0]

    @property
    def snapshot(self) -> tuple[int, S]:
        """Revision and settings that belong together, in one read."""
        return self._current

    def replace(self, settings: S) -> None:
        """Make `settings` the newest; equal ones change nothing. Called by one steering thread only."""
        revision, current = self._current
        if settings != current:
            self._current = (revision + 1, settings)

    @property
    def cancelled(self) -> bool:
        """True once someone asked the job to stop; the engine closes the generator at its next yield."""
        return self._cancelled

    def cancel(self) -> None:
        """Ask the job to stop at its next yield."""
        self._cancelled = True

    @property
    def finishing(self) -> bool:
        """True once someone asked for what has been reached: the job returns it instead of going on."""
        return self._finishing

    def finish(self) -> None:
        """Ask the job to return what it has reached."""
        self._finishing = True

    @property
    def paused(self) -> bool:
        """True while the engine should leave the job alone."""
        return self._paused

    def pause(self) -> None:
        """Leave the job where it is until `resume`."""
        self._paused = True

    def resume(self) -> None:
        """Go on with a paused job."""
        self._paused = False
