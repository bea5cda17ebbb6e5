"""The Dream panel: pictures made up, and ways through what a generator knows."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QAction, QHideEvent, QShowEvent
from PySide6.QtWidgets import QMenu, QStackedWidget, QVBoxLayout, QWidget

from studio.core.dream_album import AlbumShelf
from studio.core.dream_settings import DreamSettings
from studio.core.failures import Failure
from studio.core.named_directions import DirectionBook
from studio.core.picture_tasks import DREAM
from studio.core.settings import Settings
from studio.jobs.dream_tasks import GeneratorOffered
from studio.jobs.files import OpenedPicture
from studio.jobs.unfinished_generators import list_generators
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.layouts import column, holding
from studio.ui.panel import ModelToUse, TrainingToBegin
from studio.ui.panels.dream.column import DreamColumn
from studio.ui.panels.dream.directions_desk import DirectionsDesk
from studio.ui.panels.dream.dragging import DragDesk
from studio.ui.panels.dream.finding import FindingBar, FindingDesk
from studio.ui.panels.dream.gallery_desk import GalleryDesk
from studio.ui.panels.dream.gallery_page import GalleryPage
from studio.ui.panels.dream.pad_section import PadDesk
from studio.ui.panels.dream.session import DreamSession
from studio.ui.panels.dream.walk_bar import WalkBar
from studio.ui.panels.dream.walking import WalkDesk
from studio.ui.panels.dream.writing_bar import WritingBar
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.picture.session import SessionState

__all__ = ["DreamPanel"]

_WATCHED_MS = 4_000
"""How often it is looked whether a generator has learnt on."""
_NONE_HERE = (
    "No generator is here yet",
    "A generator learns from a folder of pictures of one kind (faces, flowers, letters), and makes others up. Train "
    "one: its pictures can be browsed while it learns. One that was trained elsewhere is imported under Models.",
)


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
        self._place: object = None
        self._other = -1
        self._offered: Mapping[str, GeneratorOffered] = {}
        self._has_looked = False
        """Whether it is known which generators there are."""
        self._told_loading = ""
        self._wanted = ""
        """A generator to be taken as soon as it is known where it begins."""
        super().__init__(context)
        self._watch = QTimer(self, interval=_WATCHED_MS)
        self._send_menu = QMenu(self)
        self.pad_desk = PadDesk(self.session, self.column.pad, self)
        book = DirectionBook(context.looks.folder.parent / "directions")
        self.directions_desk = DirectionsDesk(self, self.session, self.column.directions, context, book)
        albums = AlbumShelf(context.looks.folder.parent / "dreams")
        self.gallery_desk = GalleryDesk(self, self.session, self.gallery, context, albums)
        self.finding_desk = FindingDesk(self.session, self.finding_bar, self.workspace, context.studio, self)
        self.drag_desk = DragDesk(self.session, self.column.drag, self.canvas, context.studio, self.undo_stack, self)
        self.walk_desk = WalkDesk(self, self.session, self.walk_bar, self.writing_bar, context)
        self._connect_dreaming()

    def _connect_dreaming(self) -> None:
        session, state, column = self.session, self.session.settings_state, self.column
        session.generator_changed.connect(self._show_generator)
        session.kinship_changed.connect(column.show_kinship)
        self._watch.timeout.connect(session.look_again)
        self.input_desk.offered.connect(self.take_picture)
        for desk in (
            self.pad_desk, self.directions_desk, self.gallery_desk, self.finding_desk, self.drag_desk, self.walk_desk
        ):  # fmt: skip
            desk.failed.connect(self.report)
        for teller in (self.finding_desk, self.walk_desk):
            teller.noticed.connect(self.noticed)
        self.gallery_desk.learn_requested.connect(self.directions_desk.learn)
        self.gallery_desk.shown_large.connect(lambda: self.show_page("picture"))
        column.page.chosen.connect(self.show_page)
        column.star_button.clicked.connect(self.gallery_desk.star_shown)
        column.enlarge_button.clicked.connect(self.enlarge)
        column.send_button.setMenu(self._send_menu)
        self._send_menu.aboutToShow.connect(self._fill_send_menu)
        self.gallery_desk.album_changed.connect(self._show_star)
        self.directions_desk.noticed.connect(self.noticed)
        for part in (column.mixing, column.bending):
            part.gesture_started.connect(state.begin)
            part.gesture_finished.connect(state.commit)
        column.mixing.mixture_moved.connect(lambda mixture: session.change(mixture=mixture))
        column.mixing.other_clicked.connect(lambda: session.go_to_seed(session.settings.other))
        column.bending.bends_moved.connect(lambda bends: session.change(bends=bends))

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What the panel says at the bottom while nothing runs."""
        missing, session = self._missing[0], self.session
        done = "Drag on the pad, or move a slider: the picture follows at once"
        return {
            SessionState.EMPTY: missing,
            SessionState.READY: missing,
            SessionState.FINISHED: missing if session.is_loading else done,
        }

    @property
    def _missing(self) -> tuple[str, str]:
        """Why there is no picture, and what comes or can be done."""
        session = self.session
        name = f"“{self._generator_label}”"
        if session.awaits:
            return f"{name} has kept nothing yet", (
                "It is learning, and is taken up here as soon as its first checkpoint is written."
            )
        if session.is_complete and session.is_coming:
            return f"Loading {name}", "Its first picture comes in a moment."
        if session.is_complete:
            what = "could not be opened" if session.generator is None else "made no picture"
            return f"{name} {what}", "The message says why. Choose another generator in the column."
        if self._wanted or self._offered or not self._has_looked:
            return "Looking for generators", "The first picture comes in a moment."
        return _NONE_HERE

    @property
    def _generator_label(self) -> str:
        """What the list calls the generator that is chosen, without how far it is."""
        name = self.session.settings.model
        offered = self._offered.get(name)
        return self.session.generator_name if offered is None else offered.label.partition(", ")[0]

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
        self.gallery = GalleryPage(self.context.theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.workspace)
        self.pages.addWidget(self.gallery)
        theme = self.context.theme
        self.finding_bar, self.writing_bar, self.walk_bar = FindingBar(theme), WritingBar(theme), WalkBar(theme)
        self.below = column(self.finding_bar, self.writing_bar, self.walk_bar, gap=0)
        return holding(column((self.pages, 1), self.below, gap=0))

    def _make_empty_state(self) -> EmptyState:
        empty = EmptyState("dream", *self._missing, self.context.theme)
        self._grow = QAction("Train a Generator", self)
        self._grow.triggered.connect(lambda: self.sent.emit(TrainingToBegin("gan"), ""))
        empty.add_action(self._grow, primary=True)
        self._continue = QAction("Continue", self, visible=False)
        return empty

    # -- what is shown, elsewhere ------------------------------------------------------------------------------------

    def enlarge(self) -> None:
        """Have Restore enlarge what is shown four times; it goes with its recipe into the library on its way."""
        self.session.when_made(self._enlarge)

    def _enlarge(self) -> None:
        if (picture := self.picture_to_send) is not None:
            self.sent.emit(replace(picture, settings={"mode": "enlarge", "scale": "4"}), "restore")

    def _fill_send_menu(self) -> None:
        self._send_menu.clear()
        self.targets_requested.emit(self._send_menu, self.picture_to_send)

    def _show_star(self) -> None:
        self.column.show_star(self.gallery_desk.shows_starred)

    def show_page(self, page: str) -> None:
        """Show the "picture" or the "gallery"."""
        self.column.page.set_current(page)
        self.pages.setCurrentWidget(self.gallery if page == "gallery" else self.workspace)
        if page == "gallery":
            self.gallery_desk.become_visible()
            self.gallery.grid.setFocus()  # its keys act at once

    # -- pictures that come in ---------------------------------------------------------------------------------------

    def take_picture(self, opened: OpenedPicture) -> None:
        """Look for a picture that was dropped, opened or pasted, and that was not made here."""
        self.show_page("picture")
        self.finding_desk.take(opened)

    # -- networks ----------------------------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:  # noqa: D102
        super().showEvent(event)
        self.refresh_models()  # a run that goes on has a newer network by now
        self.session.look_again()
        self._watch.start()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: D102
        super().hideEvent(event)
        self._watch.stop()
        self.pad_desk.stop_drift()
        self.walk_desk.stop()

    def list_models(self, product: str) -> None:
        """Have the generators looked up, those that are still learning too."""
        used = self._wanted or self.session.settings.model
        handle = self.context.pictures.live("dream.generators", list_generators, used)
        handle.finished.connect(partial(self._take_offers, product, used))
        handle.failed.connect(self._miss_offers)

    def _miss_offers(self, failure: Failure) -> None:
        self._has_looked = True
        self.report(failure)
        self._show_state()

    def _take_offers(self, product: str, used: str, offered: Mapping[str, GeneratorOffered]) -> None:
        """Offer them, unless another one is used by now, of which this list may not know."""
        if used != (self._wanted or self.session.settings.model):
            self.list_models(product)
            return
        self._offered, self._has_looked = offered, True
        if self._wanted:
            self._wanted = ""
            self.session.set_settings(self._with_generator(used))
        self.offer_models(product, {name: one.label for name, one in offered.items()})
        self._show_state()

    def use_model(self, model: ModelToUse) -> None:
        """Dream with another generator; one step of undo."""
        if self.session.settings.model:
            self.session.change(model=model.name, second="")
        else:
            self._wanted = model.name
            self.refresh_models()

    def _with_generator(self, name: str) -> DreamSettings:
        """Return the settings with another generator: where there was none, at the seed that it names to begin with."""
        settings = self.session.settings
        changed = settings.model_copy(update={"model": name})
        if settings.model or settings != settings.at_seed(0) or name not in self._offered:
            return changed
        return changed.at_seed(self._offered[name].first_seed)

    def offer_models(self, product: str, names: Mapping[str, str]) -> None:
        """Offer the generators that are here; the first is taken where none is chosen, or that one is gone.

        Nobody dreams behind another panel: until this one is seen there is nothing to be taken.
        """
        super().offer_models(product, names)
        model = self.session.settings.model
        if self.isVisible() and model not in names and (names or model):
            self.session.settings_state.apply(self._with_generator(next(iter(names), "")))

    def _show_generator(self) -> None:
        session = self.session
        self.column.show_generator(session.generator)
        self.column.show_settings(session.settings)
        self._sketch_other()
        self._show_state()
        if session.generator is not None and Path(session.settings.model).is_absolute():
            self.refresh_models()  # the list tells how far it has learnt, too

    def _sketch_other(self) -> None:
        """Have the seed made that stages are taken from."""
        session = self.session
        other = session.settings.other
        self.column.mixing.show_other(other, None)
        if session.generator is not None:
            plain = DreamSettings(model=session.settings.model, typical=session.settings.typical).at_seed(other)
            handle = session.sketch("other", [plain])
            handle.finished.connect(lambda made: self.column.mixing.show_other(other, made[0]))

    # -- showing the state -------------------------------------------------------------------------------------------

    def _show_settings(self, settings: Settings) -> None:
        super()._show_settings(settings)
        session = self.session
        if session.settings.model:
            self._wanted = ""  # another one has come meanwhile, with a picture or a session
        if session.settings.model not in self._offered:
            self.refresh_models()
        self._show_star()
        place = session.subject, session.settings.across, session.settings.down
        if place != self._place:
            self._place = place
            self._saver.forget_name()  # another picture: nobody wants the last one written over
        if session.settings.other != self._other:
            self._other = session.settings.other
            self._sketch_other()

    def show_none(self) -> None:
        """Show that there is no picture any more."""
        super().show_none()
        self.workspace.compare_bar.clear_picture()

    def _show_state(self) -> None:
        super()._show_state()
        session, (title, words) = self.session, self._missing
        self.walk_bar.setEnabled(session.is_complete and not session.awaits)  # otherwise there is nowhere to go
        self.empty_state.set_words(title, words)
        self._grow.setVisible((title, words) == _NONE_HERE)
        loading = title if session.is_loading and self.has_picture else ""
        if loading != self._told_loading:  # otherwise what is said of a file that is being opened stays
            self._told_loading = loading
            self.canvas.show_waiting(loading)

    def _show_saveable(self) -> None:
        super()._show_saveable()
        for button in (self.column.star_button, self.column.enlarge_button, self.column.send_button):
            button.setEnabled(self.has_picture)

    def _show_size(self) -> None:
        super()._show_size()
        frame = self._shown
        if frame is not None:
            self.workspace.compare_bar.set_picture(self.session.subject, frame.width, frame.height)
            generator = self.session.generator
            learnt = 0 if generator is None or not Path(self.session.settings.model).is_absolute() else generator.steps
            steps = f"after {learnt:,} steps" if learnt else ""
            self.workspace.compare_bar.set_result(steps)
