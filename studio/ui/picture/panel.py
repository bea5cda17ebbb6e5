"""What every picture panel is made of: a canvas, a column of controls, files, and commands, bound to one session."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAction, QGuiApplication, QUndoStack
from PySide6.QtWidgets import QMenu, QWidget

from studio.core.failures import Failure
from studio.core.file_names import place_in_words
from studio.core.picture_task import CONTENT, PictureResult
from studio.core.settings import describe
from studio.jobs.browse import list_offers
from studio.jobs.files import KeepTask, LoadTask, OpenedPicture
from studio.jobs.recall import RecalledPicture
from studio.jobs.sessions import OpenedSession
from studio.ui.canvas.frame_item import wrap_level
from studio.ui.canvas.incoming import picture_of
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.file_dialogs import choose_folder
from studio.ui.controls.file_drop import FileDrop
from studio.ui.controls.layouts import column, holding, row, splitter
from studio.ui.controls.mnemonics import literal
from studio.ui.panel import ModelToUse, PictureToOpen, ResultToOpen, Sendable, SessionToOpen
from studio.ui.picture.column import COLUMN_WIDTH, PictureColumn
from studio.ui.picture.context import PanelContext
from studio.ui.picture.files import PictureFiles
from studio.ui.picture.input_desk import InputDesk
from studio.ui.picture.keeper import SessionKeeper
from studio.ui.picture.look_desk import LookDesk
from studio.ui.picture.looking_back import LookingBack
from studio.ui.picture.mask_desk import MaskDesk
from studio.ui.picture.queue_desk import QueueDesk
from studio.ui.picture.saver import PictureSaver
from studio.ui.picture.session import PictureSession, SessionState
from studio.ui.picture.session_files import SessionFiles
from studio.ui.picture.showing import ShowingPanel
from studio.ui.picture.size_desk import SizeDesk
from studio.ui.picture.workspace import Workspace

__all__ = ["PicturePanel"]


class PicturePanel(ShowingPanel):
    """The panel of one picture task; a subclass names the task and says what is special about it.

    Args:
        context: what it shares with other panels.

    """

    def __init__(self, context: PanelContext) -> None:
        super().__init__()
        self.context, task = context, self.task
        self.name, self.title, self.verb = task.title.lower(), task.title, task.verb
        self.icon_name, self.tooltip = task.icon, task.tooltip
        self.menu_title = self.menu_title or f"&{task.title}"
        self.undo_stack: QUndoStack = QUndoStack(self)
        self.files = PictureFiles(task, context.pictures, context.library, self)
        self.session = self.make_session()
        self.workspace = Workspace(task, self.result_title, context.theme)
        self.canvas = self.workspace.canvas
        self.column = self.make_column()
        self.form = self.column.form
        self.start_button, self.save_button, self.export_button = (
            self.column.start_button, self.column.save_button, self.column.export_button,
        )  # fmt: skip
        self.empty_state = self._make_empty_state()
        root = None if context.sessions is None else context.sessions / task.name
        self.keeper = SessionKeeper(self.session, context.pictures, root, self)
        self.session_files = SessionFiles(self, self.session, self.keeper, context)
        self.input_desk = InputDesk(
            self, self.session, self.files, self.session_files, self.column.slots, self.empty_state, context
        )
        titles = self.photo_title, self.result_title
        self.looking_back = LookingBack(self.session, self.workspace, context.pictures, titles, self)
        self.desk = QueueDesk(self.session, context, self)
        last_folder = self.input_desk.last_folder
        self.looks = LookDesk(self, self.session, self.column.looks_bar, context, last_folder)
        section = self.column.mask_section
        self.mask_desk = None if section is None else MaskDesk(self, self.session, self.canvas, section, context)
        self.sizes = SizeDesk(self, self.session, self.column, context.theme) if self.column.has_sizes else None
        self._saver = PictureSaver(self, self.session, self.files, context, last_folder)
        self._not_made: list[Failure] = []
        self._closing = False
        self._lay_out()
        self._connect()
        self.canvas.set_compare_mode(context.preferences.compare_mode)
        self._show_state()
        self.refresh_models()

    # -- what is special about a panel -----------------------------------------------------------------------------

    def make_session(self) -> PictureSession[Any]:
        """Return the panel's state."""
        # a task that needs no network never waits for the step of one
        engine = self.context.studio if self.task.products else self.context.pictures
        return PictureSession(self.task, engine, self.context.pictures, self.undo_stack, self)

    def make_column(self) -> PictureColumn:
        """Return the controls beside the canvas."""
        return PictureColumn(self.task, self.context.theme)

    def make_middle(self) -> QWidget:
        """Return what stands beside the column: canvas and queue; asked once, while it is laid out."""
        return holding(column((self.workspace, 1), self.desk.view, gap=0))

    def use_model(self, model: ModelToUse) -> None:
        """Work with another network: its name, its file, or the folder of its run; one step of undo."""
        asking = (info.name for info in describe(self.task.settings) if info.offers == model.product)
        self.session.change(**dict.fromkeys(asking, model.name))
        self.refresh_models()

    # -- layout and connections ------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.canvas.set_empty_widget(self.empty_state)
        self.canvas.set_labels(self.photo_title, self.result_title)
        self.workspace.compare_bar.set_comparable(self.task.has_photo)
        self.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setLayout(row(splitter(self.make_middle(), self.column, sizes=(10_000, COLUMN_WIDTH), growing=0)))

    def _make_empty_state(self) -> EmptyState:
        noun, actions = self.photo_title.lower(), self.context.actions
        words = "or open one, or paste one from the clipboard"
        empty = EmptyState("picture", f"Drop a {noun} here", words, self.context.theme)
        empty.add_action(actions.open, primary=True)
        empty.add_action(actions.paste)
        self._continue = QAction("Continue", self, visible=False)
        self._continue.triggered.connect(lambda: self.session_files.open(self.session_files.offers[0].kept.path))
        empty.add_action(self._continue)
        return empty

    def _offer_to_continue(self) -> None:
        offers = self.session_files.offers
        self._continue.setVisible(bool(offers))
        if offers:
            photo = shorten(offers[0].kept.title.partition(" · ")[0], 24, placeholder="…")
            self._continue.setText(literal(f"Continue with “{photo}”"))

    def _connect(self) -> None:
        self._connect_session()
        self._connect_workspace()
        self._connect_files()
        masks = () if self.mask_desk is None else (self.mask_desk,)
        for desk in (self.input_desk, self.looks, *masks):
            desk.noticed.connect(self.noticed)
        desks = (self.input_desk, self.looks, self.looking_back, self.session_files, self.keeper, self.desk.queue)
        for part in (*desks, *masks, *(() if self.sizes is None else (self.sizes,))):
            part.failed.connect(self.report)
        self.looking_back.save_requested.connect(self.save_as)
        self.desk.queue.made.connect(self.results_changed)
        self.desk.view.opened.connect(lambda path: self.open_requested.emit([path]))
        self.desk.ended.connect(self.ended)

    def _connect_session(self) -> None:
        session, line = self.session, self.workspace.progress_line
        session.input_changed.connect(self.show_input)
        session.settings_changed.connect(self._show_settings)
        session.frame_composed.connect(self.show_frame)
        session.draft_composed.connect(self._show_draft)
        session.cleared.connect(self.show_none)
        session.state_changed.connect(self._show_state)
        session.progressed.connect(self._show_progress)
        session.finished.connect(self._keep)
        session.failed.connect(self._fail_to_make)
        (session.frame_composed if self.task.at_once else session.finished).connect(self._note_made)
        session.noticed.connect(self.noticed)
        line.stop_requested.connect(session.stop)
        line.pause_requested.connect(session.pause)
        line.resume_requested.connect(session.resume)
        line.go_on_requested.connect(session.go_on)

    def _connect_workspace(self) -> None:
        canvas, state = self.canvas, self.session.settings_state
        canvas.files_dropped.connect(self.open_pictures)
        canvas.picture_pasted.connect(partial(self.input_desk.open_pasted, CONTENT))
        canvas.refused.connect(self.files.refuse)
        around = FileDrop(self.workspace, pictures=True)
        around.files_dropped.connect(self.open_pictures)
        around.picture_dropped.connect(partial(self.input_desk.open_pasted, CONTENT))
        around.refused.connect(self.files.refuse)
        canvas.customContextMenuRequested.connect(self._offer_menu)
        if self.task.has_photo:
            self.column.slots[CONTENT].files_dropped.connect(self.open_pictures)
        self.form.settings_changed.connect(self.session.set_settings)
        self.form.drag_started.connect(state.begin)
        self.form.drag_finished.connect(lambda _name: state.commit())
        self.start_button.clicked.connect(self.start)
        self.save_button.clicked.connect(self.save)
        self.export_button.clicked.connect(self.save_as)

    def _connect_files(self) -> None:
        files, sessions = self.files, self.session_files
        files.recalled.connect(self._recall)
        files.foreign.connect(lambda opened: self.sent.emit(ResultToOpen(opened), ""))
        files.saved.connect(self._note_saved)
        files.kept.connect(self.results_changed)
        files.failed.connect(self.report)
        files.withdrawn.connect(self.withdrawn)
        files.busy_changed.connect(self._name_loading)
        files.busy_changed.connect(self.canvas.show_waiting)
        self.input_desk.session_chosen.connect(sessions.open)
        sessions.opened.connect(self.take_session)
        sessions.opened.connect(lambda *_: files.take_back_refusals())
        sessions.listed.connect(self._offer_to_continue)
        sessions.saved.connect(lambda path: self.noticed.emit(f"Session saved as {place_in_words(path)}", "info"))

    # -- what the window asks --------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin from the beginning."""
        self.input_desk.take_over()
        self.session.start()

    def stop(self) -> None:
        """End the job with what was reached."""
        self.session.stop()

    def toggle_pause(self) -> None:
        """Pause the job, or go on with it, also where it was stopped."""
        if self.session.state is SessionState.RUNNING:
            self.session.pause()
        elif self.session.can_go_on:
            self.session.go_on()
        else:
            self.session.resume()

    def reset(self) -> None:
        """Set every setting back to where a newcomer starts."""
        self.session.set_settings(self.task.settings(), "Reset All Settings")

    # -- pictures in -----------------------------------------------------------------------------------------------

    def open_pictures(self, files: list[Path], *, anywhere: bool = False) -> None:
        """Open a file as the photo; several, or a folder, are photos for the queue.

        What another task made is an ordinary photo, or (`anywhere`) is brought back in that task's panel.
        """
        self.shown_requested.emit()
        if len(files) > 1 or any(path.is_dir() for path in files):
            self.desk.propose(files)
            self.files.take_back_refusals()
        elif files:
            self.input_desk.open_photo(files[0], anywhere=anywhere)

    def open_as(self, role: str, files: Sequence[Path]) -> None:
        """Open files in this role, in place of what is there."""
        self.input_desk.open_as(role, files)

    def choose(self, role: str = CONTENT, *, joins: bool = False) -> None:
        """Ask for a picture in this role, or for several where it has places for them."""
        self.shown_requested.emit()
        self.input_desk.choose(role, joins=joins)

    def choose_folder(self) -> None:
        """Ask for a folder whose photos shall be queued."""
        self.shown_requested.emit()
        begin = self.input_desk.last_folder()
        if (folder := choose_folder(self, "Queue the photos of a folder", begin, self.context.theme)) is not None:
            self.desk.propose([folder])

    def paste(self) -> None:
        """Take what is on the clipboard as the photo."""
        self.shown_requested.emit()
        self.canvas.paste()

    def show_input(self, role: str) -> None:
        """Show what goes in, in this role; what another photo becomes is saved under another name."""
        if role == CONTENT:
            self._saver.forget_name()
        super().show_input(role)

    # -- pictures out ----------------------------------------------------------------------------------------------

    def save(self) -> None:
        """Save what is shown under the name it has, or ask for one."""
        self._saver.save()

    def save_as(self) -> None:
        """Ask for a name and a format, then save what is shown."""
        self._saver.save_as()

    def copy(self) -> None:
        """Put what is shown on the clipboard."""
        self.session.when_made(self._copy)

    def _copy(self) -> None:
        if self._shown is not None:
            image = wrap_level(self._shown.levels[0], self._shown.has_alpha).copy()
            QGuiApplication.clipboard().setImage(image)
            self.noticed.emit(f"Copied, {image.width()} × {image.height()} px", "info")

    @property
    def picture_to_send(self) -> PictureToOpen | None:
        """What is shown, for another panel; what nobody kept goes with its recipe into the library on its way."""
        session, name = self.session, self._saver.proposed_name
        if self._shown is None or not self.task.at_once:
            return None if self._shown is None else PictureToOpen(name, frame=self._shown)
        if session.layer is None or session.recipe is None or not session.is_settled:
            return None
        mark, settings = self.context.preferences.ai_mark, session.settings_of_picture
        task = KeepTask(self.context.library, session.layer, session.recipe, session.pictures, mark, settings)
        return PictureToOpen(name, result=task)

    def menu_for_picture(self) -> QMenu:
        """Return the menu of the picture on the canvas."""
        menu, actions = QMenu(self), self.context.actions
        menu.addActions([actions.copy, actions.save, actions.save_as])
        self.add_send_menu(menu, lambda: self.picture_to_send)
        return menu

    def _offer_menu(self, place: QPoint) -> None:
        if self.has_picture:
            menu = self.menu_for_picture()
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.canvas.mapToGlobal(place))

    def _fail_to_make(self, failure: Failure) -> None:
        self._not_made.append(failure)
        self.report(failure)

    def _note_made(self) -> None:
        """Take back what went wrong before: it works again."""
        told, self._not_made = self._not_made, []
        for failure in told:
            self.withdrawn.emit(failure)

    def _keep(self, result: PictureResult, inputs: tuple[OpenedPicture, ...]) -> None:
        if not self.input_desk.shows_sample:
            self.files.keep(result, inputs, ai_mark=self.context.preferences.ai_mark)

    def _recall(self, recalled: RecalledPicture) -> None:
        """Show a saved picture with everything that made it, and the strip that there was of its photo."""
        session = self.session
        if not self.task.has_photo:
            session.when_kept(partial(session.recall, recalled))
            return
        (photo, *_) = recalled.inputs.get(CONTENT) or (recalled.shown,)
        self.session_files.find_strip(
            photo, lambda history, _masks: session.when_kept(partial(session.recall, recalled, history))
        )

    def _note_saved(self, path: Path) -> None:
        self._saver.note_saved(path)
        self.noticed.emit(f"Saved as {place_in_words(path)}", "info")

    def hold_closing(self, *, ask: bool = True) -> bool:
        """Hold the window until what is to be saved has been made."""
        if self.session.is_waited_for and not self._closing:
            self._closing = True
            self.session.resume()  # of a paused draft nothing more would come
            self.session.when_kept(self._release)
        return self._closing

    def close_gently(self) -> None:
        """Keep what was reached, and the session as it is; the queue is gone on with the next time."""
        self.desk.queue.let_go()
        self.session.masks.settle()
        self.session.masks.select("")
        super().close_gently()
        self.keeper.close()

    def _release(self) -> None:
        self._closing = False
        self.released.emit()

    # -- between panels --------------------------------------------------------------------------------------------

    def accepts(self, what: Sendable) -> bool:
        """Take a picture as the photo, a result or a session of this task, and a network that it can work with."""
        match what:
            case SessionToOpen():
                return what.opened.task is self.task
            case ResultToOpen():
                return what.task == self.task.name
            case ModelToUse():
                return what.product in self.task.products
        return isinstance(what, PictureToOpen)

    def take(self, what: Sendable) -> None:
        """Work with what another panel sent."""
        if isinstance(what, PictureToOpen) and what.settings:
            self.session.change(**what.settings)
        match what:
            case PictureToOpen(name, result=KeepTask() as result):
                self.files.keep_and_open(result, name, CONTENT)
            case PictureToOpen(name, path, frame):
                pixels = None if frame is None else picture_of(wrap_level(frame.levels[0], frame.has_alpha))
                self.files.open_plain(LoadTask(path=path, pixels=pixels, name=name), CONTENT)
            case ResultToOpen(opened):
                self.files.recall(opened)
            case SessionToOpen(session, path):
                self.take_session(session, path)
            case ModelToUse():
                self.use_model(what)

    @property
    def models_in_use(self) -> frozenset[str]:
        """The names of the networks that the settings name."""
        settings = self.session.settings
        return frozenset(getattr(settings, info.name) for info in describe(self.task.settings) if info.offers)

    def refresh_models(self) -> None:
        """Offer the networks that are on this computer now."""
        for product in self.form.offers:
            self.list_models(product)

    def list_models(self, product: str) -> None:
        """Have the networks of one kind looked up, and offer them when they are found."""
        handle = self.context.pictures.live(f"{self.name}.{product}", list_offers, product)
        handle.finished.connect(partial(self.offer_models, product))
        handle.failed.connect(self.report)

    def offer_models(self, product: str, names: Mapping[str, str]) -> None:
        """Offer the networks of one kind that are here: name → label."""
        self.form.set_offers(product, names)

    # -- sessions --------------------------------------------------------------------------------------------------

    def take_session(self, opened: OpenedSession, path: Path | None) -> None:
        """Show a session; without a `path` it is the last one, and nothing was there before."""
        if opened.task is not self.task:
            self.sent.emit(SessionToOpen(opened, path), "")
            return
        self.input_desk.take_over()
        self.session.when_kept(partial(self._show_session, opened, path))

    def _show_session(self, opened: OpenedSession, path: Path | None) -> None:
        if path is not None or opened.running:  # the others come back behind the one that was worked in last
            self.shown_requested.emit()
        self.session.restore(opened)
        if path is None:
            self.undo_stack.clear()
        if opened.running:
            self.noticed.emit(
                f"Atelier ended while “{opened.title}” was being made. Its last picture is back: Go On continues.",
                "warning",
            )
