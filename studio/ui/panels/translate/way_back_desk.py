"""The way back: what was translated goes back where it came from, beside the result, with its error over it."""

from functools import partial

from PySide6.QtCore import QObject, Signal

from studio.core.controls import Controls
from studio.core.events import Progress
from studio.core.failures import Failure
from studio.engine import Engine, JobHandle, JobState
from studio.jobs.translate.way_back import THERE, WayBack, WayBackTask, go_and_come_back
from studio.ui.canvas.map_layer import MapLayer
from studio.ui.panels.translate.column import MAP_LEGEND, TranslateColumn
from studio.ui.panels.translate.session import TranslateSession
from studio.ui.picture.workspace import Workspace

__all__ = ["WayBackDesk"]

_BACK = "back"
"""The canvas's name for the picture that came back."""


class WayBackDesk(QObject):
    """Goes there and back while one of two buttons is pressed, once for each result, and shows what came of it.

    Args:
        session: has the result; its picture is that of the drawing while one draws.
        column: has the buttons, and says by how much it is off.
        workspace: shows picture, map and progress.
        studio: the engine that computes it.

    """

    changed = Signal()
    """What can be seen, or what is under way, is another."""
    failed = Signal(Failure)

    def __init__(
        self, session: TranslateSession, column: TranslateColumn, workspace: Workspace, studio: Engine
    ) -> None:
        super().__init__(workspace)
        self._session, self._column, self._workspace, self._studio = session, column, workspace, studio
        self._canvas, self._line = workspace.canvas, workspace.progress_line
        self._going: JobHandle | None = None
        self._how_far = Progress(THERE)
        self._found: WayBack | None = None
        self._is_fresh = False
        """Whether what was found is of the result there is now; what is not stays until the next one is there."""
        self.map = MapLayer()
        self.map.hide()
        self._canvas.layers.add(self.map)
        for button in (column.back_button, column.error_button):
            button.toggled.connect(lambda _on: self._ask())
        session.frame_composed.connect(lambda _frame: self.renew())
        self._line.stop_requested.connect(self._give_up)
        self._line.pause_requested.connect(lambda: self._rest(True))
        self._line.resume_requested.connect(lambda: self._rest(False))

    @property
    def is_beside(self) -> bool:
        """Whether the picture that came back stands beside the result."""
        return _BACK in self._canvas.pictures

    @property
    def legend(self) -> str:
        """What the colours over the picture mean; "" where there are none."""
        return MAP_LEGEND if self._column.error_button.isChecked() else ""

    @property
    def tells(self) -> bool:
        """Whether the line below the canvas is the way back's: a picture that is being made comes first."""
        session = self._session
        return self._going is not None and not session.is_running and session.takes_a_while

    def renew(self) -> None:
        """Go anew while somebody asks: there is another result."""
        self._is_fresh = False
        self._end()
        self._ask()

    def forget(self) -> None:
        """Show nothing: there is nothing that could come back."""
        self._found, self._is_fresh = None, False
        self._end()
        self._show()

    def show_line(self) -> None:
        """Tell on the line below the canvas how far it is."""
        self._line.start(self._how_far.stage)
        if self._how_far.total:
            self._line.set_progress(self._how_far)
        self._line.set_paused(self._going is not None and self._going.state is JobState.PAUSED)

    def allow(self, possible: bool) -> None:
        """Let the buttons be pressed; one that is pressed can always be let go."""
        for button in (self._column.back_button, self._column.error_button):
            button.setEnabled(possible or button.isChecked())

    @property
    def _is_asked(self) -> bool:
        session = self._session
        pressed = self._column.back_button.isChecked() or self._column.error_button.isChecked()
        return pressed and session.translated is not None and session.recipe is not None and not session.is_behind

    def _ask(self) -> None:
        if not self._is_asked:
            self._end()
            self._found = self._found if self._is_fresh else None
        elif not self._is_fresh and self._going is None:
            self._go()
        self._show()

    def _go(self) -> None:
        picture = self._session.translated
        assert picture is not None, "it is asked"
        controls = Controls(self._session.settings)
        handle = self._studio.live("translate.back", go_and_come_back, WayBackTask(picture), controls)
        self._going, self._how_far = handle, Progress(THERE)
        handle.progressed.connect(self._note_how_far)
        handle.finished.connect(self._take)
        handle.failed.connect(self.failed)
        for over in (handle.finished, handle.failed, handle.cancelled):
            over.connect(partial(self._note_end, handle))

    def _note_how_far(self, progress: Progress) -> None:
        self._how_far = progress
        if self.tells:
            self._line.set_progress(progress)

    def _take(self, found: WayBack) -> None:
        self._found, self._is_fresh = found, True
        self._show()

    def _note_end(self, handle: JobHandle, *_: object) -> None:
        if handle is self._going:  # an earlier one may end when the next is under way
            self._end()
            self._show()

    def _rest(self, rests: bool) -> None:
        if self._going is not None and self.tells:
            self._going.pause() if rests else self._going.resume()
            self._line.set_paused(rests)

    def _give_up(self) -> None:
        """Stop going there and back, and ask for it no more."""
        if self.tells:
            for button in (self._column.back_button, self._column.error_button):
                button.setChecked(False)

    def _end(self) -> None:
        going, self._going = self._going, None
        if going is not None:
            going.drop()  # which does nothing where it is over
            self.changed.emit()

    def _show(self) -> None:
        column, canvas = self._column, self._canvas
        found = self._found if self._is_asked else None
        if found is not None and column.back_button.isChecked():
            canvas.set_picture(_BACK, found.frame, "And back", size=canvas.picture_size)
            canvas.compare(_BACK, "after")
            if canvas.compare_mode == "after":
                canvas.set_compare_mode("side")
        elif self.is_beside:
            canvas.compare("before", "after")
            canvas.set_picture(_BACK, None)
        self.map.set_frame(found.error if found is not None else None)
        self.map.setVisible(found is not None and column.error_button.isChecked())
        column.show_way_back(found, going=self._going is not None)
        self.changed.emit()
