"""Binds the directions' section with session, jobs and files: finding, moving, naming, keeping, giving away."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QInputDialog, QLineEdit, QWidget

from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings, Moves
from studio.core.events import Picture
from studio.core.failures import StudioError, explain
from studio.core.file_names import place_in_words
from studio.core.named_directions import SUFFIX, Direction, DirectionBook, combined, free_name, proper_name
from studio.engine import Engine, JobHandle
from studio.jobs.dream_files import list_directions, open_directions, write_directions
from studio.jobs.dream_tasks import BookTask, FindTask, LearnTask, WriteTask
from studio.ui.controls.file_dialogs import choose_files, choose_new_file
from studio.ui.panels.dream.directions_section import END, DirectionsSection
from studio.ui.panels.dream.session import DreamSession
from studio.ui.picture.context import PanelContext

__all__ = ["DirectionsDesk"]

_REST_MS = 200
"""How long settings have to rest before the ends are made."""


class DirectionsDesk(QObject):
    """Knows which directions there are for the generator of now.

    Args:
        parent: the widget in front of which dialogs open.
        session: is moved along them.
        section: shows them.
        context: what panels share.
        book: keeps one's own.

    """

    failed = Signal(object)
    noticed = Signal(str, str)

    def __init__(
        self, parent: QWidget, session: DreamSession, section: DirectionsSection, context: PanelContext,
        book: DirectionBook,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._widget, self._session, self._section, self._book = parent, session, section, book
        self._studio: Engine = context.studio
        self._pictures, self._preferences, self._theme = context.pictures, context.preferences, context.theme
        self.kept: tuple[Direction, ...] = ()
        self.found: tuple[Direction, ...] = ()
        self._generator, self._lists = "", 0
        self._shown_ends: tuple[DreamSettings, tuple[Direction, ...]] | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._connect()

    def _connect(self) -> None:
        session, section, state = self._session, self._section, self._session.settings_state
        session.settings_changed.connect(self._follow)
        session.generator_changed.connect(self._take_generator)
        section.moved.connect(self.move)
        section.gesture_started.connect(state.begin)
        section.gesture_finished.connect(state.commit)
        section.find_requested.connect(self.find)
        section.rename_requested.connect(self.rename)
        section.keep_requested.connect(self.keep)
        section.remove_requested.connect(self.remove)
        section.span_chosen.connect(self.set_span)
        section.combine_requested.connect(self.combine)
        section.reset_requested.connect(lambda: session.change(moves=Moves()))
        section.import_requested.connect(self.choose)
        section.export_requested.connect(self.share)
        section.model_requested.connect(self.share_model)
        section.forget_requested.connect(lambda: self._show(found=()))
        section.toggled.connect(lambda _open: self._rest.start())
        self._rest.timeout.connect(self._sketch_ends)

    # -- which there are ---------------------------------------------------------------------------------------------

    @property
    def listed(self) -> tuple[Direction, ...]:
        """Those that are kept, and those that were found."""
        return (*self.kept, *self.found)

    def _take_generator(self) -> None:
        name, generator = self._session.settings.model, self._session.generator
        if self._session.awaits:  # what is there is of another generator
            self._generator = ""
            self._show((), ())
        if generator is None or not name:
            return
        self._section.set_stages(generator.stages, generator.styles)
        if name != self._generator:
            self._generator = name
            self._show((), ())
            self._list()
        self._rest.start()

    def _list(self, keep: tuple[Direction, ...] | None = None) -> None:
        """Read what is kept, after exactly `keep` is, if given."""
        self._lists += 1
        number = self._lists
        handle = self._queue(list_directions, BookTask(self._book, self._generator, keep))
        handle.finished.connect(lambda kept: self._show(kept) if number == self._lists else None)

    def _show(self, kept: Sequence[Direction] | None = None, found: Sequence[Direction] | None = None) -> None:
        """Show these; what a picture is moved along and nobody knows is among those found."""
        self.kept = self.kept if kept is None else tuple(kept)
        names = {direction.name for direction in self.kept}
        others = self.found if found is None else found
        loose = [direction for direction in others if direction.name not in names]
        names |= {direction.name for direction in loose}
        moves = self._session.settings.moves
        loose += [Direction.of(move) for move in moves.along if move.name not in names]
        self.found = tuple(loose)
        generator = self._session.generator
        self._section.show_directions(self.kept, self.found, 1 if generator is None else generator.styles)
        self._section.show_moves(moves)
        self._rest.start()

    def _follow(self, settings: DreamSettings) -> None:
        names = {direction.name for direction in self.listed}
        if any(move.name not in names for move in settings.moves.along):
            self._show()
        self._section.show_moves(settings.moves)
        self._rest.start()

    # -- finding -----------------------------------------------------------------------------------------------------

    def find(self, method: Any, stage: int) -> None:
        """Look for directions; they stand below those that are there."""
        task = FindTask(self._session.settings, method, stage)
        handle = self._studio.live("dream.directions", "find_directions_of", task, Controls(self._session.settings))
        handle.finished.connect(self._take_found)
        handle.failed.connect(self.failed)

    def _take_found(self, found: Sequence[Direction]) -> None:
        names = {direction.name for direction in found}
        self._show(found=(*(one for one in self.found if one.name not in names), *found))

    def learn(self, without: Sequence[DreamSettings], having: Sequence[DreamSettings]) -> None:
        """Ask for a name, and learn the direction from some pictures to others."""
        name = self._asked_for("Learn a direction", "What the pictures marked with + have:", "")
        if name:
            task = LearnTask(tuple(without), tuple(having), free_name(name, [one.name for one in self.listed]))
            handle = self._studio.live("dream.learn", "learn_direction", task, Controls(self._session.settings))
            handle.finished.connect(self._take_learnt)
            handle.failed.connect(self.failed)

    def _take_learnt(self, direction: Direction) -> None:
        self.keep(direction)
        self._section.set_open(True)
        self.noticed.emit(f"“{direction.name}” is among your directions from now on.", "info")

    # -- one of them -------------------------------------------------------------------------------------------------

    def move(self, direction: Direction, amount: float) -> None:
        """Go along a direction."""
        moves = self._session.settings.moves.moved(direction.by(amount))
        changed = self._session.settings.model_copy(update={"moves": moves})
        self._session.set_settings(changed, direction.name)

    def keep(self, direction: Direction) -> None:
        """Keep a direction for this generator, from session to session."""
        self._keep((*(one for one in self.kept if one.name != direction.name), direction), direction)

    def _keep(self, kept: Sequence[Direction], *instead_of: Direction) -> None:
        """Keep exactly these; those that they stand instead of are not among the found ones any more."""
        names = {direction.name for direction in instead_of}
        self._show(kept, [one for one in self.found if one.name not in names])
        self._list(tuple(kept))

    def rename(self, direction: Direction) -> None:
        """Ask for another name; what has a name is kept."""
        name = self._asked_for("Rename the direction", "Name of the direction:", direction.name)
        others = [one.name for one in self.listed if one.name != direction.name]
        if name and name != direction.name:
            self._replace(direction, direction.model_copy(update={"name": free_name(name, others)}))

    def set_span(self, direction: Direction, first: int, after: int) -> None:
        """Let a direction act on some stages only."""
        self._replace(direction, direction.model_copy(update={"first": first, "after": after}))

    def _replace(self, old: Direction, new: Direction) -> None:
        """Put another version in a direction's place; a picture that was moved along it stays so."""
        settings = self._session.settings
        kept = [new if one == old else one for one in self.kept]
        if amount := settings.moves.amount_of(old.name):
            moves = settings.moves.moved(old.by(0.0)).moved(new.by(amount))
            self.kept = (*self.kept, new)  # known before the picture is moved along it
            self._session.set_settings(settings.model_copy(update={"moves": moves}), new.name)
        self._keep(kept if new in kept else [*kept, new], old)

    def remove(self, direction: Direction) -> None:
        """Take a direction away; the picture goes back to where it was without."""
        if self._session.settings.moves.amount_of(direction.name):
            self.move(direction, 0.0)
        if direction in self.kept:
            self._keep([one for one in self.kept if one != direction])
        else:
            self._show(found=[one for one in self.found if one.name != direction.name])

    def combine(self) -> None:
        """Ask for a name, and make one direction of all that the picture is moved along; it looks as before."""
        moves = self._session.settings.moves
        name = self._asked_for("Combine directions", "Name of the direction:", " + ".join(m.name for m in moves.along))
        if not name:
            return
        try:
            made = combined(moves.along, free_name(name, [one.name for one in self.listed]))
        except StudioError as error:
            self.failed.emit(explain(error))
            return
        self.keep(made)
        moved = self._session.settings.model_copy(update={"moves": Moves(along=(made.by(1.0),))})
        self._session.set_settings(moved, made.name)

    # -- files -------------------------------------------------------------------------------------------------------

    def choose(self) -> None:
        """Ask for a file of directions, and keep what it holds."""
        kinds = f"Directions (*{SUFFIX});;Generators that bring some along (*.safetensors);;All files (*)"
        for file in choose_files(self._widget, "Import directions", self._preferences.save_folder, kinds, self._theme):
            self.open(file)

    def open(self, path: Path) -> None:
        """Keep the directions of a file."""
        self._queue(open_directions, path).finished.connect(self._take_opened)

    def _take_opened(self, found: Sequence[Direction]) -> None:
        generator, names = self._session.generator, [one.name for one in self.kept]
        fitting = [one for one in found if generator is None or one.numbers == generator.style]
        if len(fitting) < len(found):
            self.noticed.emit(
                "Some of these directions are of another kind of generator, and were left out.", "warning"
            )
        kept = list(self.kept)
        for one in fitting:
            if one not in kept:
                kept.append(one.model_copy(update={"name": free_name(one.name, names)}))
                names.append(kept[-1].name)
        self._keep(kept)

    def share(self) -> None:
        """Ask for a place, and write the directions for others."""
        proposed = Path(self._preferences.save_folder or Path.home()) / f"{self._session.generator_name}{SUFFIX}"
        path = choose_new_file(self._widget, "Save the directions", proposed, "Directions", SUFFIX, self._theme)
        if path is not None:
            self.write(path)

    def share_model(self) -> None:
        """Ask for a place, and write the generator's file with the directions inside."""
        proposed = Path(self._preferences.save_folder or Path.home()) / f"{self._session.generator_name}.safetensors"
        title = "Save the generator with its directions"
        path = choose_new_file(self._widget, title, proposed, "Generators", ".safetensors", self._theme)
        if path is not None:
            self.write(path)

    def write(self, path: Path) -> None:
        """Write those that are kept, or all where none is; into a `.safetensors` together with the generator."""
        task = WriteTask(path, self._session.settings.model, self.kept or self.listed)
        handle = self._queue(write_directions, task)
        handle.finished.connect(lambda path: self.noticed.emit(f"Saved as {place_in_words(path)}", "info"))
        handle.finish()

    # -- small pictures ----------------------------------------------------------------------------------------------

    def _sketch_ends(self) -> None:
        """Have what lies at the ends of each made, where somebody looks."""
        session, section, listed = self._session, self._section, self.listed
        if not (section.is_open and section.isVisible() and session.is_complete and listed):
            return
        wanted = (session.settings, listed)
        if wanted == self._shown_ends:
            return
        ends = [self._at_end(direction, end) for direction in listed for end in (-END, END)]
        handle = session.sketch("ends", ends)

        def take(made: tuple[Picture, ...]) -> None:
            self._shown_ends = wanted
            pairs = zip(made[::2], made[1::2], strict=True)
            section.show_ends({one.name: pair for one, pair in zip(listed, pairs, strict=True)})

        handle.finished.connect(take)

    def _at_end(self, direction: Direction, end: float) -> DreamSettings:
        settings = self._session.settings
        return settings.model_copy(update={"moves": settings.moves.moved(direction.by(end))})

    # -- helpers -----------------------------------------------------------------------------------------------------

    def _asked_for(self, title: str, label: str, name: str) -> str:
        given, agreed = QInputDialog.getText(self._widget, title, label, QLineEdit.EchoMode.Normal, proper_name(name))
        return proper_name(given) if agreed else ""

    def _queue(self, job: Any, task: Any) -> JobHandle:
        handle = self._pictures.queue("dream.book", job, task)
        handle.failed.connect(self.failed)
        handle.finish()  # closing the window must not lose what is kept
        return handle
