"""Brings pictures into a panel: from files, the clipboard and samples, and those that were chosen before."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QStandardPaths, Signal
from PySide6.QtWidgets import QWidget

from studio.core.errands import answers
from studio.core.events import Picture
from studio.core.images import DISPLAY_LIMIT, LoadedPicture
from studio.core.picture_task import CONTENT, PAINTED
from studio.core.saved_session import SESSION_SUFFIX
from studio.jobs.browse import PicturesTask, SamplesTask, list_pictures, list_samples
from studio.jobs.files import LoadTask, OpenedPicture
from studio.jobs.sessions import OpenedMask
from studio.ui.controls.empty_state import EmptyState
from studio.ui.picture.context import PanelContext
from studio.ui.picture.files import PictureFiles
from studio.ui.picture.history import History
from studio.ui.picture.input_slot import SlotView
from studio.ui.picture.open_dialog import choose_pictures
from studio.ui.picture.session import PictureSession
from studio.ui.picture.session_files import SessionFiles

__all__ = ["InputDesk"]

_PASTED = "Pasted picture"


class InputDesk(QObject):
    """Fills the slots of a picture task.

    Args:
        parent: the widget in front of which dialogs open.
        session: works from the pictures.
        files: opens them.
        sessions: finds what was made of a photo before.
        slots: role → what shows the pictures in it, and asks for others.
        empty_state: what the canvas shows while there is no photo.
        context: what panels share.

    """

    offered = Signal(object)
    """An `OpenedPicture` came in where the task takes no photo."""
    session_chosen = Signal(Path)
    """A whole session was chosen in a picture's place."""
    noticed = Signal(str, str)
    failed = Signal(object)

    def __init__(
        self, parent: QWidget, session: PictureSession[Any], files: PictureFiles, sessions: SessionFiles,
        slots: Mapping[str, SlotView], empty_state: EmptyState, context: PanelContext,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._widget, self._session, self._files, self._sessions, self._slots = parent, session, files, sessions, slots
        self._empty_state, self._preferences = empty_state, context.preferences
        self._pictures, self._theme = context.pictures, context.theme
        self._task = session.task
        self.shows_sample = False
        """Whether what is being made is a show, in which nobody has had a hand yet."""
        self._connect()
        self._list_samples()
        for role in slots:
            self._list_recent(role)

    def _connect(self) -> None:
        session, files = self._session, self._files
        session.settings_changed.connect(lambda _: None if session.adapts else self.take_over())
        files.opened.connect(self._take_opened)
        files.unreadable.connect(self._preferences.forget_file)
        self._empty_state.sample_chosen.connect(partial(self.choose_sample, CONTENT))
        for role, view in self._slots.items():
            self._connect_slot(role, view)

    def _connect_slot(self, role: str, view: SlotView) -> None:
        view.open_requested.connect(lambda: self.choose(role, joins=view.joins))
        if role != CONTENT:  # several photos are for the queue
            view.files_dropped.connect(lambda files: self.open_as(role, files, joins=view.joins))
        view.picture_dropped.connect(lambda picture: self.open_pasted(role, picture, joins=view.joins))
        view.refused.connect(self._files.refuse)
        view.sample_chosen.connect(lambda name: self.choose_sample(role, name, joins=view.joins))
        view.recent_chosen.connect(lambda path: self.open_as(role, [path], joins=view.joins))
        view.recent_removed.connect(partial(self._forget_recent, role))

    # -- choosing --------------------------------------------------------------------------------------------------

    def choose(self, role: str, *, joins: bool = False) -> None:
        """Ask for a picture in this role, or for several where it has places for them."""
        slot = next((slot for slot in self._task.inputs if slot.role == role), None)
        noun, several = ("picture", False) if slot is None else (slot.title.lower(), slot.most > 1)
        title = f"Open a {noun}"
        if several:
            title = f"Add {noun}s" if joins else f"Choose a {noun}, or several to mix"
        folder = self.last_folder(role)
        files = choose_pictures(self._widget, title, folder, self._pictures, self._theme, several=several)
        self.open_as(role, files, joins=joins)

    def choose_sample(self, role: str, name: str, *, joins: bool = False) -> None:
        """Work from this sample, and from nothing else in its role unless it shall join what is there."""
        self.take_over()
        path = next(sample.path for sample in self._task.slot(role).samples() if sample.name == name)
        if role == CONTENT:
            self._files.open_file(path, role)
        else:
            self._open_together([LoadTask(path=path)], role, joins)

    def last_folder(self, role: str = CONTENT) -> str:
        """Return the folder in which a dialog begins: of the last file, of pictures or of everything, if it answers."""
        recent = (() if role == CONTENT else self._preferences.recent_in(role)) or self._preferences.recent_files
        pictures = Path(QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation))
        places = [*(file.parent for file in recent[:1]), pictures]
        return str(next((place for place in places if all(answers([place.is_dir], False))), Path.home()))

    # -- opening ---------------------------------------------------------------------------------------------------

    def open_samples(self) -> None:
        """Put the first sample of everything that goes in on the panel; it begins when all are there.

        What is made of them is a show, and kept in the library only when somebody has had a hand in it.
        """
        self._session.start_when_ready = self.shows_sample = True
        for slot in self._task.inputs:
            for sample in slot.samples()[:1]:
                self._files.open_file(sample.path, slot.role)

    def open_photo(self, path: Path, *, anywhere: bool = False) -> None:
        """Open a file as the photo; a session is told as `session_chosen`.

        Args:
            path: the file.
            anywhere: what another task made is brought back in that task's panel; otherwise it is an ordinary photo.

        """
        self.take_over()
        if path.suffix.lower() == SESSION_SUFFIX:
            self.session_chosen.emit(path)
            return
        self._files.open_file(path, CONTENT, anywhere=anywhere)
        self._preferences.remember_file(path)

    def open_as(self, role: str, files: Sequence[Path], *, joins: bool = False) -> None:
        """Open files in this role: they take the place of what is there, unless they shall join it."""
        if role == CONTENT:
            for path in files:
                self.open_photo(path)
        elif files:
            self._open_together([LoadTask(path=path) for path in files], role, joins)
            for path in files:
                self._preferences.remember_in(role, path)
            if role in self._slots:
                self._list_recent(role)

    def open_pasted(self, role: str, picture: bytes | Picture, *, joins: bool = False) -> None:
        """Open what is no file: its bytes, or pixels."""
        data, pixels = (picture, None) if isinstance(picture, bytes) else (None, picture)
        load = LoadTask(data=data, pixels=pixels, name=_PASTED)
        if role == CONTENT:
            self._files.open_plain(load, role)
        else:
            self._open_together([load], role, joins)

    def _open_together(self, loads: Sequence[LoadTask], role: str, joins: bool) -> None:
        self._files.open_together(loads, partial(self._take_chosen, role, joins))

    def take_over(self) -> None:
        """Somebody has a hand in what is made from now on."""
        self.shows_sample = False

    def _take_chosen(self, role: str, joins: bool, opened: tuple[OpenedPicture, ...]) -> None:
        session, most = self._session, self._task.slot(role).most
        self.take_over()

        def put() -> None:
            there = session.inputs[role][: max(0, most - len(opened))] if joins else ()
            session.put(role, *there, *opened)

        session.when_kept(put)

    def _take_opened(self, role: str, opened: OpenedPicture) -> None:
        if opened.picture.full_size is not None:
            self.noticed.emit(_words_for_reduced(opened.picture), "info")
        if opened.picture.recipe_problem:
            self.noticed.emit(opened.picture.recipe_problem, "warning")
        session = self._session
        if role == CONTENT and not self._task.has_photo:
            self.offered.emit(opened)
        elif role == CONTENT:

            def put(history: History, masks: tuple[OpenedMask, ...]) -> None:
                session.when_kept(partial(session.put, role, opened, history=history, masks=masks))

            self._sessions.find_strip(opened, put)
        else:
            session.when_kept(partial(session.add, role, opened))

    # -- what is offered -------------------------------------------------------------------------------------------

    def _list_samples(self) -> None:
        for slot in self._task.inputs:
            if slot.role in PAINTED:
                continue
            take = (self._empty_state if slot.role == CONTENT else self._slots[slot.role]).set_samples
            handle = self._pictures.queue(f"{self._task.name}.samples", list_samples, SamplesTask(slot.samples))
            handle.finished.connect(take)
            handle.failed.connect(self.failed)

    def _list_recent(self, role: str) -> None:
        """Have the pictures of one's own looked up that were chosen in this role."""
        paths = tuple(self._preferences.recent_in(role))
        if paths or role != CONTENT:
            handle = self._pictures.live(f"{self._task.name}.recent", list_pictures, PicturesTask(paths))
            handle.finished.connect(self._slots[role].set_recent)
            handle.failed.connect(self.failed)

    def _forget_recent(self, role: str, path: Path) -> None:
        self._preferences.forget_in(role, path)
        self._list_recent(role)


def _words_for_reduced(picture: LoadedPicture) -> str:
    assert picture.full_size is not None
    across, down = picture.full_size
    return (
        f"“{picture.name}” has {across} × {down} pixels. It is worked on at {picture.width} × {picture.height}: "
        f"{DISPLAY_LIMIT // 1_000_000} megapixels are the most that stay fluent here. The file is left as it is."
    )
