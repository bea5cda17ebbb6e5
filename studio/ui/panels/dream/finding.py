"""A picture that came in, looked for in what the generator knows: in sight, with an honest figure; then edited."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QPushButton, QWidget

from studio.core.dream_settings import DreamSettings
from studio.core.events import Metrics, Picture, Preview
from studio.core.failures import Failure
from studio.core.frames import prepare_frame
from studio.engine import Engine, JobHandle
from studio.jobs.dream_ways import Found, LookForTask
from studio.jobs.files import OpenedPicture
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import row
from studio.ui.panels.dream.lead import Lead
from studio.ui.panels.dream.session import DreamSession
from studio.ui.picture.workspace import Workspace
from studio.ui.theme import Theme, mark

__all__ = ["FindingBar", "FindingDesk"]

_GIVEN = "given"
"""What the job calls the preview of what it looks for: `studio.jobs.dream_find.GIVEN`."""
_HINT = "0 % is no nearer than a picture picked at random, 100 % the same"


class FindingBar(QWidget):
    """A line below the canvas: what is looked for, how near it has come, and two ways to end it."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.words = ElidingLabel()
        self.stop_button, self.close_button = QPushButton("That Will Do"), QPushButton("Close")
        self.stop_button.setToolTip("Stay with the nearest that was found so far")
        self.close_button.setToolTip("Stop comparing; the picture stays")
        for button in (self.stop_button, self.close_button):
            button.setAccessibleName(button.text())
            mark(button, kind="quiet")
        self.words.set_hint(_HINT)
        mark(self, surface="window")
        tokens = theme.tokens
        margins = (tokens.margin, tokens.gap // 2, tokens.gap, tokens.gap // 2)
        self.setLayout(row((self.words, 1), self.stop_button, self.close_button, gap=tokens.gap, margins=margins))
        self.hide()

    def tell(self, words: str, *, looking: bool) -> None:
        """Say how far it is, and offer what can be done now."""
        self.words.setText(words)
        self.stop_button.setVisible(looking)
        self.close_button.setVisible(not looking)
        self.show()


class FindingDesk(QObject):
    """Looks for pictures, and compares what was found with what was given until that is closed.

    Args:
        session: comes to hold what is found.
        bar: tells of it.
        workspace: shows both.
        studio: the engine that looks.

    """

    failed = Signal(Failure)
    noticed = Signal(str, str)

    def __init__(
        self, session: DreamSession, bar: FindingBar, workspace: Workspace, studio: Engine, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._session, self._bar, self._workspace, self._studio = session, bar, workspace, studio
        self._lead = Lead(session, self)
        self._job: JobHandle | None = None
        self._name, self._compares = "", False
        """What is looked for, and whether it is on the canvas."""
        self._labels = workspace.canvas.labels
        self._in = ""
        """Checksum of the generator that it was found in."""
        bar.stop_button.clicked.connect(self.stop)
        bar.close_button.clicked.connect(self.close)
        self._lead.interrupted.connect(self._give_up)
        session.settings_changed.connect(self._follow)
        session.generator_changed.connect(self._follow_generator)

    def take(self, opened: OpenedPicture) -> None:
        """Look for a picture that was dropped, opened or pasted."""
        session, name = self._session, Path(opened.picture.name).name
        if not session.is_complete or session.awaits:
            self.noticed.emit("There is no generator to look for this picture in.", "info")
            return
        self._give_up()
        self._name = name
        self._bar.tell(f"Looking for {name}", looking=True)
        self._lead.begin(f"Look for {name}")
        task = LookForTask(session.settings, opened.picture.pixels, name)
        self._job = job = self._studio.live("dream.find", "look_for", task)
        job.frame_ready.connect(self._show)
        job.measured.connect(self._measure)
        job.finished.connect(self._finish)
        job.failed.connect(self._fail)

    def stop(self) -> None:
        """Stay with the nearest so far."""
        if self._job is not None:
            self._job.finish()

    def close(self) -> None:
        """Compare no more."""
        self._name, self._compares = "", False
        self._bar.hide()
        canvas = self._workspace.canvas
        canvas.set_compare_mode("after")
        canvas.set_before(None)
        self._workspace.compare_bar.set_comparable(False)
        canvas.set_labels(*self._labels)

    # -- what the job says

    def _show(self, preview: Preview) -> None:
        if preview.stage == _GIVEN:
            self._compare(preview.picture)
        elif preview.recipe is not None:
            self._lead.show(DreamSettings.model_validate(preview.recipe.settings))

    def _compare(self, given: Picture) -> None:
        """Show what is looked for beside what is found."""
        self._compares = True
        canvas = self._workspace.canvas
        canvas.set_labels("Given", "So far" if self._job is not None else "Found")
        canvas.set_before(prepare_frame(given))
        self._workspace.compare_bar.set_comparable(True)
        canvas.set_compare_mode("side")

    def _measure(self, metrics: Metrics) -> None:
        self._bar.tell(f"Looking for {self._name} · {metrics.values['alike']:.0%} alike so far", looking=True)

    def _finish(self, found: Found) -> None:
        self._job = None
        if not self._compares:  # its preview was passed over
            self._compare(found.given)
        self._workspace.canvas.set_labels("Given", "Found")
        self._lead.show(found.settings)
        self._lead.end()
        self._in = self._generator
        self._bar.tell(
            f"{self._name}: {found.similarity:.0%} alike. Directions, bending and drags go on from here.", looking=False
        )

    def _fail(self, failure: Failure) -> None:
        self._job = None
        self._lead.end()
        self.close()
        self.failed.emit(failure)

    def _give_up(self) -> None:
        """Look no more: a hand went elsewhere, or another picture came."""
        if self._job is not None:
            self._job.drop()
            self._job = None
        self._lead.end()
        if self._name:
            self.close()

    def _follow(self, settings: DreamSettings) -> None:
        """Close the comparison once something else is held."""
        if self._job is None and self._name and settings.held.name not in (self._name, "Dragged"):
            self.close()

    @property
    def _generator(self) -> str:
        generator = self._session.generator
        return "" if generator is None else generator.sha256

    def _follow_generator(self) -> None:
        """Close the comparison where the generator is another one, or has learnt on: the figure was the last one's."""
        if self._job is None and self._name and self._generator != self._in:
            self.close()
