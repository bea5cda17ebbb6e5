"""What a picture panel shows of its session: pictures, words, how far it is, and what can be done now."""

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QWidget

from studio.core.events import Progress
from studio.core.frames import Frame
from studio.core.picture_task import CONTENT, PictureTask
from studio.core.settings import Settings
from studio.jobs.files import OpenedPicture
from studio.ui.canvas.view import Canvas
from studio.ui.panel import Panel
from studio.ui.picture.column import PictureColumn
from studio.ui.picture.input_slot import SlotPicture
from studio.ui.picture.looking_back import LookingBack
from studio.ui.picture.session import PictureSession, SessionState
from studio.ui.picture.workspace import Workspace

__all__ = ["ShowingPanel"]


class ShowingPanel(Panel):
    """Shows what is there; who inherits it makes the parts, and lets them act."""

    task: PictureTask
    session: PictureSession[Any]
    workspace: Workspace
    canvas: Canvas
    column: PictureColumn
    looking_back: LookingBack
    result_title = "Result"
    """What the canvas calls what is made here: "Painting"."""
    _shown: Frame | None = None
    _loading = ""

    # -- what is said --------------------------------------------------------------------------------------------------

    @property
    def photo_title(self) -> str:
        """What the canvas calls the picture that the result is compared with."""
        return self.task.slot(CONTENT).title if self.task.has_photo else "Picture"

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What the panel says at the bottom while nothing runs."""
        return {SessionState.EMPTY: "Drop a photo", SessionState.READY: "Ready", SessionState.FINISHED: "Done"}

    @property
    def shows_progress(self) -> bool:
        """Whether what runs takes long enough to be told of, and to be paused and stopped."""
        return True

    @property
    def words_as_saved(self) -> str:
        """What it says there while it shows a picture that was mixed with its photo, as its file has it."""
        return f"As it was saved: {self.verb} makes it anew, for sliders to act on it"

    # -- how it stands -------------------------------------------------------------------------------------------------

    @property
    def picture_place(self) -> QWidget:
        """The canvas."""
        return self.canvas

    @property
    def can_start(self) -> bool:
        """True when everything needed is there and nothing runs."""
        return not self.task.at_once and self.session.state in (SessionState.READY, SessionState.FINISHED)

    @property
    def is_running(self) -> bool:
        """True while the job is under way, paused or not."""
        return self.session.is_running and not self.task.at_once

    @property
    def can_pause(self) -> bool:
        """True while something can be paused, and when what was stopped can be gone on with."""
        return self.is_running or self.session.can_go_on

    @property
    def has_picture(self) -> bool:
        """True when there is something to save."""
        return self.session.pixels is not None

    # -- pictures ------------------------------------------------------------------------------------------------------

    def show_input(self, role: str) -> None:
        """Show what goes in, in this role."""
        pictures = self.session.inputs[role]
        if role in self.column.slots:
            self.column.slots[role].set_pictures([_in_slot(opened) for opened in pictures])
        if role == CONTENT:
            self.looking_back.compare_with(-1)
            self._shown = None
            self._show_photo(self.session.photo)
        if not self.is_running:
            self._show_state()  # which names what is still missing

    def _show_photo(self, opened: OpenedPicture | None) -> None:
        canvas, bar = self.canvas, self.workspace.compare_bar
        if opened is None:
            canvas.clear()
            bar.clear_picture()
        else:
            canvas.set_after(None)  # first: now the photo says what is seen, and is fitted
            canvas.set_before(opened.frame)
            bar.set_picture(opened.picture.name, opened.picture.width, opened.picture.height)
            bar.set_result("")

    def show_frame(self, frame: Frame) -> None:
        """Show a composed picture."""
        first, self._shown = self._shown is None, frame
        self._show_size()
        if first:
            self._show_state()

    def show_none(self) -> None:
        """Show the photo alone: nothing that was made is there any more."""
        if self._shown is not None:
            self._shown = None
            self.canvas.set_after(None)
            self.workspace.compare_bar.set_result("")
            self._show_state()

    def _show_draft(self, frame: Frame) -> None:
        """Show a smaller version in the place of the picture that is shown."""
        if self._shown is not None:
            self.canvas.set_after(frame, self.session.size_to_be or (self._shown.width, self._shown.height))

    def _show_size(self) -> None:
        """Show what is there at the size it is going to have, and say both; the same is 100 % from the first frame."""
        frame, to_be = self._shown, self.session.size_to_be
        if frame is not None:
            self.canvas.set_after(frame, to_be)
            there = frame.width, frame.height
            words = "{} × {}".format(*there) + (", stopped" if self.session.is_stopped else "")
            words += " → {} × {}".format(*to_be) if to_be is not None and to_be != there else ""
            self.workspace.compare_bar.set_result(words)

    # -- settings and state --------------------------------------------------------------------------------------------

    def _show_settings(self, settings: Settings) -> None:
        self.column.show_settings(settings)
        if not self.is_running:
            self._show_state()
        self.models_used.emit(self.title, self.models_in_use)

    def _show_progress(self, progress: Progress) -> None:
        if self.session.is_running and self.shows_progress:
            self.workspace.progress_line.set_progress(progress)

    def show_loading(self, words: str) -> None:
        """Name what is being loaded, as long as the job has nothing more to say."""
        if self.task.products:
            self._name_loading(words)

    def _name_loading(self, words: str) -> None:
        self._loading = words
        self._show_state()

    def _show_state(self) -> None:
        state, line = self.session.state, self.workspace.progress_line
        if state is SessionState.RUNNING and self.shows_progress:
            line.start() if not line.is_running else line.set_paused(False)
        elif state is SessionState.PAUSED:
            line.set_paused(True)
        else:
            words = self.words[state] if self.session.as_saved is None or not self.can_start else self.words_as_saved
            line.finish(self._loading or words, can_go_on=self.session.can_go_on)
        self.looking_back.refresh()
        if not self.task.at_once:
            self._show_size()
        self.column.start_button.setText(f"{self.verb} again" if state is SessionState.FINISHED else self.verb)
        self.column.start_button.setEnabled(self.can_start)
        self._show_saveable()

    def _show_saveable(self) -> None:
        for button in (self.column.save_button, self.column.export_button, self.column.finish_button):
            button.setEnabled(self.has_picture)
        self.actions_changed.emit()


def _in_slot(opened: OpenedPicture) -> SlotPicture:
    picture = opened.picture
    of_file = "" if picture.full_size is None else " of {} × {}".format(*picture.full_size)
    return SlotPicture(picture.name, opened.thumbnail, f"{picture.width} × {picture.height}{of_file} px")
