"""Binds the gallery with session and jobs: which dreams it shows, stars, collections, marks."""

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from studio.core.controls import Controls
from studio.core.dream_album import STARRED, AlbumShelf, DreamAlbum, anyones, whose
from studio.core.dream_settings import DreamSettings
from studio.core.events import Picture
from studio.core.presets import proper_name
from studio.jobs.dream_files import open_album
from studio.jobs.dream_tasks import AlbumTask, NearestTask, VariationsTask
from studio.ui.controls.question import Question
from studio.ui.panels.dream.gallery_page import GalleryPage
from studio.ui.panels.dream.session import DreamSession
from studio.ui.picture.context import PanelContext

__all__ = ["GalleryDesk"]

_AT_ONCE = 30
"""So many small pictures are asked for at a time: what comes into sight meanwhile need not wait long."""
_REST_MS = 120
_HOW_TO_STAR = (
    "Under Seeds, press S over a picture, or click the star in its corner. The star below the column is for the "
    "picture that is shown large."
)
_HOW_TO_COLLECT = "New Collection… in the menu above begins another one with the picture that is shown large."


class GalleryDesk(QObject):
    """Knows what the gallery shows.

    Args:
        parent: the widget in front of which dialogs open.
        session: goes where one clicks.
        page: shows it.
        context: what panels share.
        shelf: keeps albums.

    """

    failed = Signal(object)
    learn_requested = Signal(list, list)
    """Settings of pictures without something, and of those that have it."""
    album_changed = Signal()
    shown_large = Signal()
    """Somebody wants to see the picture large."""

    def __init__(
        self, parent: QWidget, session: DreamSession, page: GalleryPage, context: PanelContext, shelf: AlbumShelf
    ) -> None:
        super().__init__(parent)
        self._widget, self._session, self._page, self._shelf = parent, session, page, shelf
        self._studio, self._pictures, self._theme = context.studio, context.pictures, context.theme
        self.view, self.collection = "seeds", STARRED
        self.album = DreamAlbum()
        self._starred: set[DreamSettings] = set()
        self._generator, self._chance, self._openings = "", 0, 0
        self._of: DreamSettings | None = None
        """What the gallery was made of."""
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._connect()

    def _connect(self) -> None:
        session, page, grid = self._session, self._page, self._page.grid
        session.generator_changed.connect(self._take_generator)
        session.settings_changed.connect(lambda _settings: self._follow())
        page.view_chosen.connect(self.show)
        page.far_moved.connect(lambda _far: self._rest.start())
        page.again_requested.connect(self._others)
        page.collection_chosen.connect(self.open_collection)
        page.add_requested.connect(self.add_collection)
        page.remove_requested.connect(self.remove_collection)
        page.learn_requested.connect(self._learn)
        page.clear_requested.connect(self._clear_marks)
        grid.chosen.connect(self.go_to)
        grid.opened.connect(self.go_to)
        grid.opened.connect(lambda _dream: self.shown_large.emit())
        grid.pictures_wanted.connect(self._sketch)
        grid.star_pressed.connect(self.star)
        grid.marked.connect(self._mark)
        grid.dreams.set_starred(lambda dream: anyones(dream) in self._starred)
        self._rest.timeout.connect(self.refresh)

    # -- what is shown -----------------------------------------------------------------------------------------------

    def show(self, view: str) -> None:
        """Show seeds, what is like the picture, the nearest seeds, or a collection."""
        self.view = view
        self._page.show_view(view)
        self.refresh()

    def become_visible(self) -> None:
        """Show what belongs to the picture of now."""
        if self._of is None or self.view == "seeds":
            self.refresh()
        self._follow()

    def refresh(self) -> None:
        """Show anew what is asked for."""
        session = self._session
        if not session.is_complete or not self._page.isVisible():
            self._of = None
            return
        settings = self._of = session.settings
        dreams = self._page.grid.dreams
        match self.view:
            case "seeds":
                base = settings.at(0.0, 0.0)
                dreams.show([], base.at_seed)
                if not dreams.dreams:
                    dreams.fetchMore(dreams.index(-1))
            case "like":
                task = VariationsTask(settings, far=self._page.far.current, chance=self._chance)
                self._ask("variations", task, lambda found: dreams.show(found, numbered=True))
            case "nearest":
                self._ask("nearest_seeds", NearestTask(settings), self._take_nearest)
            case "collection":
                dreams.show([whose(dream, settings) for dream in self.album.of(self.collection)])
        self._show_whether_empty()
        dreams.set_here(settings)

    def _show_whether_empty(self) -> None:
        """Say how a collection is filled that has nothing in it."""
        if self.view != "collection" or self._page.grid.dreams.dreams:
            self._page.show_empty()
        elif self.collection == STARRED:
            self._page.show_empty("Nothing is starred yet", _HOW_TO_STAR)
        else:
            self._page.show_empty(f"“{self.collection}” is empty", _HOW_TO_COLLECT)

    def _ask(self, job: str, task: Any, take: Any) -> None:
        handle = self._studio.live("dream.gallery-list", job, task, Controls(self._session.settings))
        handle.finished.connect(take)
        handle.failed.connect(self.failed)

    def _take_nearest(self, seeds: Sequence[int]) -> None:
        settings = self._session.settings
        self._page.grid.dreams.show([settings.at_seed(seed) for seed in seeds])

    def _others(self) -> None:
        self._chance += 1
        self.refresh()

    def _follow(self) -> None:
        """Follow what changes all of a gallery; where one goes is only marked in it."""
        settings = self._session.settings
        self._page.grid.dreams.set_here(settings)
        seeds_changed = self._of is not None and settings.at(0.0, 0.0) != self._of.at(0.0, 0.0)
        if self._page.isVisible() and self.view == "seeds" and (self._of is None or seeds_changed):
            self._rest.start()

    def _sketch(self, wanted: list[DreamSettings]) -> None:
        some = wanted[:_AT_ONCE]
        handle = self._session.sketch("gallery", some)
        handle.finished.connect(lambda made: self._take_small(some, made))

    def _take_small(self, dreams: Sequence[DreamSettings], made: Sequence[Picture]) -> None:
        self._page.grid.dreams.set_small(dict(zip(dreams, made, strict=True)))

    # -- going there -------------------------------------------------------------------------------------------------

    def go_to(self, dream: DreamSettings) -> None:
        """Let the panel show a dream of the gallery; one step of undo."""
        name = dream.held.name or f"Go to Seed {dream.seed}"
        self._session.set_settings(whose(dream, self._session.settings), name)

    # -- stars and collections ---------------------------------------------------------------------------------------

    def _take_generator(self) -> None:
        name = self._session.settings.model
        self._page.grid.dreams.forget_pictures()
        if name and name != self._generator:
            self._generator = name
            self._page.grid.dreams.clear_marks()
            self._show_marks()
            self._open_album()
        self._rest.start()

    def _open_album(self, keep: DreamAlbum | None = None) -> None:
        handle = self._pictures.queue("dream.album", open_album, AlbumTask(self._shelf, self._generator, keep))
        self._openings += 1
        number = self._openings  # what is kept meanwhile is newer than what an earlier answer holds
        handle.finished.connect(lambda album: self._take_album(album) if number == self._openings else None)
        handle.failed.connect(self.failed)
        handle.finish()  # closing the window must not lose it

    def _take_album(self, album: DreamAlbum) -> None:
        self.album = album
        if self.collection not in album.names:
            self.collection = STARRED
        self._starred = set(album.of(STARRED))
        self._page.show_collections(album.names, self.collection)
        if self.view == "collection":
            self.refresh()
        self._page.grid.viewport().update()
        self.album_changed.emit()

    @property
    def _target(self) -> str:
        """The collection that a star puts a dream into: the one that is shown, otherwise the starred ones."""
        return self.collection if self.view == "collection" else STARRED

    def star(self, dream: DreamSettings) -> None:
        """Star a dream, or take its star away; in a collection it is taken out."""
        self._keep(self.album.toggled(self._target, dream))

    def star_shown(self) -> None:
        """Star what the panel shows, or take its star away."""
        self._keep(self.album.toggled(STARRED, self._session.settings))

    @property
    def shows_starred(self) -> bool:
        """Whether what the panel shows is starred."""
        return anyones(self._session.settings) in self._starred

    def collect_shown(self, name: str) -> None:
        """Put what the panel shows into a collection, or take it out."""
        self._keep(self.album.toggled(name, self._session.settings))

    def _keep(self, album: DreamAlbum) -> None:
        self._take_album(album)
        self._open_album(album)

    def open_collection(self, name: str) -> None:
        """Show another collection."""
        self.collection = name
        self._page.show_collections(self.album.names, name)
        self.refresh()

    def add_collection(self) -> None:
        """Ask for a name, and begin a collection with what the panel shows."""
        given, agreed = QInputDialog.getText(
            self._widget, "New collection", "Name of the collection:", QLineEdit.EchoMode.Normal, ""
        )
        name = proper_name(given)
        if agreed and name and name not in self.album.names:
            self.collection = name
            self._keep(self.album.toggled(name, self._session.settings))

    def remove_collection(self) -> None:
        """Remove the collection that is shown, after asking."""
        question = f"Remove the collection “{self.collection}”? Its {len(self.album.of(self.collection))} dreams go."
        if Question("Remove the collection?", question, "", self._theme, self._widget, yes="Remove").is_answered_yes:
            self._keep(self.album.without(self.collection))

    # -- marks -------------------------------------------------------------------------------------------------------

    def _mark(self, dream: DreamSettings, mark: int) -> None:
        self._page.grid.dreams.set_mark(dream, mark)
        self._show_marks()

    def _clear_marks(self) -> None:
        self._page.grid.dreams.clear_marks()
        self._show_marks()

    def _show_marks(self) -> None:
        self._page.show_marks(len(self._marked(-1)), len(self._marked(1)))

    def _marked(self, mark: int) -> list[DreamSettings]:
        return [dream for dream, one in self._page.grid.dreams.marks.items() if one == mark]

    def _learn(self) -> None:
        self.learn_requested.emit(self._marked(-1), self._marked(1))
