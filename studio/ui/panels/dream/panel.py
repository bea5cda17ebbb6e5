"""The Dream panel: pictures made up, and ways through what a generator knows."""

from collections.abc import Mapping

from PySide6.QtGui import QAction, QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from studio.core.picture_tasks import DREAM
from studio.core.settings import Settings
from studio.jobs.files import OpenedPicture
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.layouts import column, holding
from studio.ui.panel import KindToTrain
from studio.ui.panels.dream.column import DreamColumn
from studio.ui.panels.dream.pad_section import PadDesk
from studio.ui.panels.dream.session import DreamSession
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.picture.session import SessionState

__all__ = ["DreamPanel"]


class DreamPanel(PicturePanel):
    """Shows one picture and where it lies; every change is made at once.

    Args:
        context: what it shares with other panels.

    """

    task = DREAM
    result_title = "Dream"
    session: DreamSession
    column: DreamColumn
    below: QVBoxLayout
    """What stands below the canvas."""

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self._place: object = None
        self.pad_desk = PadDesk(self.session, self.column.pad, self)
        self.session.generator_changed.connect(self._show_generator)
        self.input_desk.offered.connect(self.take_picture)

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What the panel says at the bottom while nothing runs."""
        return {
            SessionState.EMPTY: "There is no generator here yet",
            SessionState.READY: "Ready",
            SessionState.FINISHED: "Drag on the pad, or move a slider: the picture follows at once",
        }

    def make_session(self) -> DreamSession:
        """Return the panel's state."""
        return DreamSession(self.context.studio, self.context.pictures, self.undo_stack, self)

    def make_column(self) -> DreamColumn:
        """Return the controls beside the canvas."""
        return DreamColumn(self.context.theme)

    def make_middle(self) -> QWidget:
        """Return the canvas, and what stands below it."""
        self.desk.view.setParent(self)  # nothing goes in: there is nothing to queue
        self.desk.view.hide()
        self.below = column(gap=0)
        return holding(column((self.workspace, 1), self.below, gap=0))

    def _make_empty_state(self) -> EmptyState:
        empty = EmptyState(
            "dream", "No generator is here yet",
            "A generator learns from a folder of pictures of one kind (faces, flowers, letters), and makes others up. "
            "Train one: its pictures can be browsed while it learns. One that was trained elsewhere is imported under "
            "Models.",
            self.context.theme,
        )  # fmt: skip
        grow = QAction("Train a Generator", self)
        grow.triggered.connect(lambda: self.sent.emit(KindToTrain("gan"), ""))
        empty.add_action(grow, primary=True)
        self._continue = QAction("Continue", self, visible=False)
        return empty

    # -- pictures that come in ---------------------------------------------------------------------------------------

    def take_picture(self, opened: OpenedPicture) -> None:
        """Do something with a picture that was dropped, opened or pasted, and that was not made here."""
        self.noticed.emit("Only pictures that were made here open in Dream.", "info")

    # -- networks ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.refresh_models()  # a run that goes on has a newer network by now

    def offer_models(self, product: str, names: Mapping[str, str]) -> None:
        """Offer the generators that are here; the first is taken where none is chosen."""
        super().offer_models(product, names)
        settings = self.session.settings
        if names and not settings.model:
            self.session.settings_state.apply(settings.model_copy(update={"model": next(iter(names))}))

    def _show_generator(self) -> None:
        self._show_state()

    # -- showing the state -------------------------------------------------------------------------------------------

    def _show_settings(self, settings: Settings) -> None:
        super()._show_settings(settings)
        session = self.session
        place = session.subject, session.settings.across, session.settings.down
        if place != self._place:
            self._place = place
            self._saver.forget_name()  # another picture: nobody wants the last one written over

    def _show_size(self) -> None:
        super()._show_size()
        frame = self._shown
        if frame is not None:
            self.workspace.compare_bar.set_picture(self.session.subject, frame.width, frame.height)
            self.workspace.compare_bar.set_result("")
