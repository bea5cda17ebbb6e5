"""Binds the looks of a panel: its settings, the bar that shows them, and the files in which they lie."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from studio.core.file_names import place_in_words
from studio.core.looks import built_in_looks, surprise
from studio.core.presets import SUFFIX, Look, proper_name
from studio.engine import JobHandle
from studio.jobs.looks import LooksTask, ReadLook, WriteLook, list_looks, read_look, write_look
from studio.ui.controls.file_dialogs import choose_files, choose_new_file
from studio.ui.controls.question import Question
from studio.ui.picture.context import PanelContext
from studio.ui.picture.looks_bar import LooksBar
from studio.ui.picture.session import PictureSession

__all__ = ["LookDesk"]


class LookDesk(QObject):
    """Puts looks on, and says which one the settings have.

    Args:
        parent: the widget in front of which dialogs open.
        session: whose settings it is about.
        bar: shows it.
        context: what panels share, among it one's own looks.
        begin_in: the folder in which a dialog begins.
        chance: draws surprises.

    """

    failed = Signal(object)
    noticed = Signal(str, str)

    def __init__(
        self,
        parent: QWidget,
        session: PictureSession[Any],
        bar: LooksBar,
        context: PanelContext,
        begin_in: Callable[[], str],
        chance: Random | None = None,
    ) -> None:
        super().__init__(parent)
        self._window, self._session, self._bar, self._folder = parent, session, bar, context.looks
        self._theme = context.theme
        self._pictures, self._begin_in, self._chance = context.pictures, begin_in, chance or Random()
        self._task = session.task
        self._built_in = built_in_looks(self._task.name, self._task.settings)
        self.own: tuple[Look, ...] = ()
        self._last: Look | None = None
        """The look that the settings had last; they may be others by now."""
        self._connect()
        self._list()
        self.show()

    def _connect(self) -> None:
        bar = self._bar
        self._session.settings_changed.connect(lambda _settings: self.show())
        self._session.brought_back.connect(self._forget)
        bar.look_chosen.connect(self.put_on)
        bar.save_requested.connect(self.save)
        bar.remove_requested.connect(self.remove)
        bar.import_requested.connect(self.open)
        bar.export_requested.connect(self.share)
        bar.surprise_requested.connect(self.surprise)

    # -- which look it is ------------------------------------------------------------------------------------------

    @property
    def shown(self) -> Look | None:
        """The look that the settings have, or had before they were changed; None where there never was one."""
        settings = self._session.settings
        candidates = (*(() if self._last is None else (self._last,)), *self._built_in, *self.own)
        return next((look for look in candidates if look.is_on(settings)), self._last)

    def show(self) -> None:
        """Let the bar say it."""
        look = self.shown
        changed = look is not None and not look.is_on(self._session.settings)
        self._last = look
        self._bar.show_look("" if look is None else look.name, changed=changed)

    def _forget(self) -> None:
        """Say nothing of the look that other settings had."""
        self._last = None
        self.show()

    # -- putting on ------------------------------------------------------------------------------------------------

    def put_on(self, name: str) -> None:
        """Put on the look of this name, as one step of undo."""
        known = (*self._built_in, *self.own, *(() if self._last is None else (self._last,)))
        look = next((one for one in known if one.name == name), None)
        if look is not None:
            self._put_on(look)

    def _put_on(self, look: Look) -> None:
        self._last = look
        self._session.set_settings(look.applied_to(self._session.settings), f"Look {look.name}")
        self.show()

    def surprise(self) -> None:
        """Put on a look drawn by chance."""
        drawn = surprise(self._task.name, self._session.settings, self._chance)
        self._last = None
        self._session.set_settings(drawn, "Surprise")
        self.show()

    # -- one's own -------------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Ask for a name, and keep the settings of now under it."""
        name, given = QInputDialog.getText(
            self._window, "Save the look", "Name of the look:", QLineEdit.EchoMode.Normal, self._free_name()
        )
        name = proper_name(name)
        if given and name and self._may_replace(name):
            self._keep(Look.of(self._session.settings, name, self._task.name))

    def _free_name(self) -> str:
        taken = {look.name for look in self.own}
        return next(name for name in (f"My look {n}" for n in range(1, len(taken) + 2)) if name not in taken)

    def _may_replace(self, name: str) -> bool:
        if name.casefold() in {look.name.casefold() for look in self._built_in}:
            self.noticed.emit(f"“{name}” is one of the looks that come along: take another name.", "warning")
            return False
        if name.casefold() not in {look.name.casefold() for look in self.own}:
            return True
        return self._agreed("Replace", f"There is a look “{name}”. Replace it?")

    def _agreed(self, verb: str, question: str) -> bool:
        return Question(f"{verb} the look?", question, "", self._theme, self._window, yes=verb).is_answered_yes

    def _keep(self, look: Look) -> None:
        self._last = look
        self._list(keep=look)

    def remove(self, name: str) -> None:
        """Remove one of one's own looks, after asking; the settings stay as they are."""
        look = next(one for one in self.own if one.name == name)
        if self._agreed("Remove", f"Remove the look “{name}”?"):
            self._last = None if self._last == look else self._last
            self._list(remove=look)

    def _list(self, keep: Look | None = None, remove: Look | None = None) -> None:
        self._queue(list_looks, LooksTask(self._folder, self._task, keep, remove)).finished.connect(self._take_own)

    def _take_own(self, looks: tuple[Look, ...]) -> None:
        self.own = looks
        self._bar.set_own([look.name for look in looks])
        self.show()

    # -- sharing ---------------------------------------------------------------------------------------------------

    def open(self) -> None:
        """Ask for a file, put on the look that it holds, and keep that among one's own."""
        kinds = f"Looks and painted pictures (*{SUFFIX} *.png *.jpg *.jpeg *.tif *.tiff *.webp);;All files (*)"
        for file in choose_files(self._window, "Take a look from a file", self._begin_in(), kinds, self._theme):
            self._queue(read_look, ReadLook(file, self._task)).finished.connect(self._take)

    def _take(self, look: Look) -> None:
        names = {one.name.casefold() for one in (*self._built_in, *self.own)}
        free = (f"{look.name}{'' if n == 1 else f' {n}'}" for n in range(1, len(names) + 2))
        look = replace(look, name=next(name for name in free if name.casefold() not in names))
        self._put_on(look)
        self._keep(look)
        self.noticed.emit(f"The look “{look.name}” is on, and among your own from now on.", "info")

    def share(self) -> None:
        """Ask for a place, and write the settings of now as a file for others."""
        shown = self.shown
        name = shown.name if shown is not None and shown.is_on(self._session.settings) else self._free_name()
        proposed = Path(self._begin_in()) / f"{name}{SUFFIX}"
        path = choose_new_file(self._window, "Save the look as a file", proposed, "Look", SUFFIX, self._theme)
        if path is not None:
            look = Look.of(self._session.settings, proper_name(path.stem) or name, self._task.name)
            handle = self._queue(write_look, WriteLook(path, look.told(self._task.settings)))
            handle.finished.connect(lambda path: self.noticed.emit(f"Saved as {place_in_words(path)}", "info"))

    def _queue(self, job: Any, task: Any) -> JobHandle:
        handle = self._pictures.queue(f"{self._task.name}.looks", job, task)
        handle.failed.connect(self.failed)
        handle.finish()  # closing the window must not lose it
        return handle
