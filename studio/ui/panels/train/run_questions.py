"""What is asked about a run before something is done with it: in dialogs over the window."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QInputDialog, QWidget

from studio.core.failures import Failure
from studio.ui.controls.file_dialogs import choose_folder
from studio.ui.controls.question import Question
from studio.ui.panels.train.extending import ExtendDialog
from studio.ui.panels.train.session import TrainSession
from studio.ui.theme import Theme


class RunQuestions(QObject):
    """Asks, and tells the session what the answer was.

    Args:
        session: of the Train panel.
        last_folder: where a dialog for files begins.
        panel: over whose window the dialogs lie.

    """

    def __init__(self, session: TrainSession, last_folder: Callable[[], str], theme: Theme, panel: QWidget) -> None:
        super().__init__(panel)
        self._session, self._last_folder, self._theme, self._panel = session, last_folder, theme, panel

    def choose_moved_pictures(self, path: Path) -> None:
        """Ask where the pictures of a run lie now; the run itself finds out whether they are the same.

        Of several slots those are asked for whose pictures are gone, one after the other.
        """
        snapshot = self._session.watch.snapshot
        if snapshot is None or (kind := self._session.kind_of(snapshot.plan)) is None:
            return
        phases = snapshot.plan.schedule.phases
        places = [(slot, phase) for slot in kind.data for phase in (None, *range(len(phases)))]
        sources = {
            (slot.name, phase): slot.sources(snapshot.plan.data if phase is None else phases[phase].data)
            for slot, phase in places
        }
        gone = [(slot, phase) for slot, phase in places
                if not all(one.exists() for one in sources[slot.name, phase])]  # fmt: skip
        for slot, phase in gone or [(slot, None) for slot in kind.data]:
            words = "The pictures it learns from" if len(kind.data) == 1 else f"{slot.title}: where they lie now"
            if phase is not None:
                words = f"{words}, only in “{phases[phase].name or f'Phase {phase + 1}'}”"
            if not (folder := choose_folder(self._panel, words, self._last_folder(), self._theme)):
                return
            self._session.manager.move_data(path, slot.name, folder, phase)
        self._session.watch.look_now()

    def ask_for_steps(self, path: Path) -> None:
        """Ask for how much longer a finished run shall learn."""
        snapshot = self._session.watch.snapshot
        if snapshot is not None and snapshot.path == path:
            title, history = snapshot.plan.title or path.name, snapshot.history
            dialog = ExtendDialog(title, history.step, history.seconds, self._theme, self._panel.window())
            dialog.steps_chosen.connect(self._session.extend)
            dialog.open()

    def confirm_deletion(self, path: Path) -> None:
        """Ask whether a run shall go with all its files; it goes into the desktop's wastebasket."""
        run = self._session.manager.summary(path)
        words = f"Delete “{run.title if run else path.name}”?"
        about = f"Its folder with all checkpoints, samples and its network goes into the wastebasket: {path}"
        question = Question("Delete a run", words, about, self._theme, self._panel, yes="Delete", no="Keep")
        question.accepted.connect(lambda: self._session.delete(path))
        question.open()

    def ask_for_pin(self, path: Path) -> None:
        """Ask for a note on a moment that is to be kept."""
        note, agreed = QInputDialog.getText(self._panel, "Pin this moment", "A note, if you like:")
        if agreed:
            self._session.manager.pin(path, note.strip())

    def ask_about_changes(self, path: Path, failure: Failure) -> None:
        """Ask whether a run shall go on although something about it has changed."""
        about, go_on = "Go on with it as it is now, or leave the run as it was saved?", "Go On With the Change"
        question = Question(
            "Something changed", failure.cause, about, self._theme, self._panel, yes=go_on, no="Leave It"
        )
        question.accepted.connect(lambda: self._session.manager.start(path, accept_changes=True))
        question.open()
