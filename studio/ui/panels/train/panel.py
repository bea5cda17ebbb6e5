"""The Train panel: a network learns from the artist's own pictures, in sight and in hand from the first step on."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtGui import QAction, QActionGroup, QDesktopServices, QHideEvent, QKeySequence, QShowEvent, QUndoStack
from PySide6.QtWidgets import QAbstractScrollArea, QMenu, QVBoxLayout, QWidget

from studio.core.failures import Failure
from studio.core.file_names import place_in_words
from studio.engine import Engine
from studio.jobs.browse import SamplesTask, Thumbnail, ThumbnailTask, list_offers, list_samples, small_picture
from studio.jobs.time_lapse import TimeLapseTask, make_time_lapse
from studio.training.run_folder import RunFolder
from studio.training.run_summary import RunSummary
from studio.training.task_kind import TaskKind
from studio.training.time_estimate import length_in_words
from studio.ui.controls.file_dialogs import choose_files, choose_folder, choose_new_file
from studio.ui.icons import set_icon
from studio.ui.panel import ModelToAsk, ModelToUse, Panel, Sendable, TrainingToBegin
from studio.ui.panels.train.asking import AskDialog
from studio.ui.panels.train.closing import ClosingChoice, ClosingDialog
from studio.ui.panels.train.emphasis.dialog import EmphasisDialog
from studio.ui.panels.train.mirror import MirrorDialog
from studio.ui.panels.train.new_run.examiner import DataPlace
from studio.ui.panels.train.rate.search import RateSearch
from studio.ui.panels.train.run_questions import RunQuestions
from studio.ui.panels.train.runs.pictures import RunPictures
from studio.ui.panels.train.session import RunAction, TrainSession
from studio.ui.picture.input_slot import SlotPicture
from studio.ui.preferences import Preferences, TrainingAtClose
from studio.ui.theme import Theme, mark

if TYPE_CHECKING:
    from studio.ui.panels.train.desk import TrainDesk

_PICTURES = "Pictures and lists (*.png *.jpg *.jpeg *.tif *.tiff *.webp *.bmp *.txt);;All files (*)"
_TILE = 192


class TrainPanel(Panel):
    """Binds the session of the Train panel to its pages, which are made when they are first seen.

    Args:
        studio: the engine that trains.
        pictures: the engine that loads pictures.
        reader: the engine that reads run folders and examines data.
        runs: the folder of new runs.
        preferences: what is remembered.

    """

    name = "train"
    title = "Train"
    icon_name = "train"
    tooltip = "Teach a network with your own pictures"
    menu_title = "&Training"
    verb = "Start Training"

    def __init__(
        self,
        theme: Theme,
        studio: Engine,
        pictures: Engine,
        reader: Engine,
        runs: Path,
        preferences: Preferences,
    ) -> None:
        super().__init__()
        self._theme, self._preferences = theme, preferences
        self._studio, self._pictures = studio, pictures
        self.undo_stack: QUndoStack = QUndoStack(self)
        self.file_actions = (*self._make_actions(), self._make_closing_menu().menuAction())
        self.session = TrainSession(studio, reader, runs, preferences, self.undo_stack, self)
        self._questions = RunQuestions(self.session, self._last_folder, theme, self)
        self._run_pictures = RunPictures(pictures, self)
        self._desk: TrainDesk | None = None
        self._closing: ClosingDialog | None = None
        mark(self, surface="canvas")
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._connect()

    @property
    def desk(self) -> "TrainDesk":
        """Everything that is seen; made at the first look, because plots take a while to import."""
        if self._desk is None:
            from studio.ui.panels.train.desk import TrainDesk

            self._desk = TrainDesk(self.session, self._run_pictures, self.undo_stack, self._theme, self)
            self._layout.addWidget(self._desk)
            self._connect_desk(self._desk)
            self._list_samples()
            self.refresh_models()
            self._show_readiness()
        return self._desk

    @property
    def picture_place(self) -> QWidget:
        """The newest sample of the run that is shown."""
        return self.desk.run_page.samples.canvas

    @property
    def list_place(self) -> QAbstractScrollArea:
        """What a new run is put together on."""
        return self.desk.new_page.sheet

    # -- commands of its own ---------------------------------------------------------------------------------------

    def _make_actions(self) -> tuple[QAction, QAction]:
        new_run, open_run = QAction("New Training Run", self), QAction("Open a Run Folder…", self)
        for action, keys, icon, act in (
            (new_run, "Ctrl+N", "train", self.new_run), (open_run, "Ctrl+Shift+N", "folder", self.choose_run),
        ):  # fmt: skip
            action.setShortcut(QKeySequence(keys))
            set_icon(action, icon, self._theme)
            action.triggered.connect(self.shown_requested)
            action.triggered.connect(act)
        return new_run, open_run

    def _make_closing_menu(self) -> QMenu:
        menu = QMenu("When Closing While It Trains", self)
        group = QActionGroup(menu)
        choices: dict[TrainingAtClose, str] = {
            "ask": "Ask", "pause": "Pause and Close", "background": "Go On in the Background",
        }  # fmt: skip
        actions = {}
        for choice, text in choices.items():
            actions[choice] = action = QAction(text, menu, checkable=True)
            action.triggered.connect(partial(setattr, self._preferences, "training_at_close", choice))
            group.addAction(action)
            menu.addAction(action)
        menu.aboutToShow.connect(lambda: actions[self._preferences.training_at_close].setChecked(True))
        return menu

    # -- connections -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        session = self.session
        session.failed.connect(self.report)
        session.manager.noticed.connect(self.noticed)
        session.manager.ended.connect(self._tell_end)
        session.manager.rested.connect(self._release)
        session.manager.failed.connect(self._stay_open)
        session.manager.changes_found.connect(self._questions.ask_about_changes)
        session.manager.place_changed.connect(self._tell_actions)
        session.manager.listed.connect(self._show_readiness)
        session.watch.snapshot_taken.connect(self._tell_actions)
        session.shown_changed.connect(self._tell_actions)
        session.new_run.ready_changed.connect(self._show_readiness)
        session.new_run.inputs_changed.connect(self._load_inputs)
        session.new_run.failed.connect(self.report)
        session.rehearsal.changed.connect(self._show_readiness)
        session.rehearsal.failed.connect(self.report)

    def _connect_desk(self, desk: "TrainDesk") -> None:
        questions = self._questions
        desk.open_requested.connect(self.choose_run)
        desk.delete_requested.connect(questions.confirm_deletion)
        desk.reveal_requested.connect(self._show_folder)
        page = desk.new_page
        page.start_requested.connect(self.start)
        page.data.folder_requested.connect(self.choose_folder)
        page.data.files_requested.connect(self.choose_files)
        page.data.reveal_requested.connect(lambda file: self._show_folder(file.parent))
        page.input_requested.connect(self.choose_input)
        page.input_sample_chosen.connect(self._take_sample)
        page.rate_search_requested.connect(self.search_rate)
        page.measure_requested.connect(self.measure_steps)
        run = desk.run_page
        run.folder_requested.connect(self._show_folder)
        run.pictures_requested.connect(questions.choose_moved_pictures)
        run.pin_requested.connect(questions.ask_for_pin)
        run.paint_requested.connect(self.paint_what_matters)
        run.mirror_requested.connect(self.show_mirror)
        run.time_lapse_requested.connect(self.save_time_lapse)
        run.extend_requested.connect(questions.ask_for_steps)
        run.use_requested.connect(self._use)
        run.ask_requested.connect(self._ask_shown)
        run.delete_requested.connect(questions.confirm_deletion)

    # -- what the window asks --------------------------------------------------------------------------------------

    @property
    def can_start(self) -> bool:
        """True when a new run is in sight, and nothing is missing."""
        return self.session.shown is None and not self.session.new_run.missing

    @property
    def is_running(self) -> bool:
        """True when the run in sight can be paused or resumed."""
        actions = self.session.actions(self.session.watch.snapshot)
        return bool(actions & {RunAction.PAUSE, RunAction.RESUME})

    @property
    def can_stop(self) -> bool:
        """True when the run in sight can be ended with the network it has."""
        return RunAction.KEEP in self.session.actions(self.session.watch.snapshot)

    def start(self) -> None:
        """Begin the new run."""
        if self.can_start:
            self.session.start()
            if self.session.shown is not None:  # its folder could be made
                self.desk.new_page.clear_title()

    def toggle_pause(self) -> None:
        """Pause the run in sight, or go on with it."""
        self.session.toggle_pause()

    def stop(self) -> None:
        """End the run in sight and keep its network."""
        self.session.stop_and_keep()

    def reset(self) -> None:
        """Set the settings of the new run back to where a newcomer starts."""
        self.session.new_run.reset()

    def new_run(self) -> None:
        """Put another run together."""
        self.session.show(None)

    def showEvent(self, event: QShowEvent) -> None:
        """Follow the runs from now on."""
        super().showEvent(event)
        self.desk.setVisible(True)
        self.session.set_visible(True)
        self.refresh_models()  # a recipe may have been saved meanwhile, a network finished

    def hideEvent(self, event: QHideEvent) -> None:
        """Let them be."""
        super().hideEvent(event)
        self.session.set_visible(False)

    def close_gently(self) -> None:
        """Keep the notes; runs that are still trained here are asked for what they reached."""
        if self._desk is not None:
            self._desk.run_page.side.notes.flush()
        self.session.manager.pause_all_here()

    # -- closing ---------------------------------------------------------------------------------------------------

    def hold_closing(self, *, ask: bool = True) -> bool:
        """Return whether the window must stay because it trains; `released` says when it need not any more.

        Args:
            ask: whether there is anybody to be asked; otherwise runs are paused.

        """
        manager = self.session.manager
        if not manager.here:
            return False
        if self._closing is None:
            titles = [run.title if (run := manager.summary(path)) else path.name for path in manager.here]
            self._closing = dialog = ClosingDialog(titles, self._theme, self.window())
            dialog.chosen.connect(self._close_by)
            dialog.finished.connect(self._forget_closing)
            dialog.open()
        choice = self._preferences.training_at_close if ask else "pause"
        if choice != "ask" and not self._closing.is_saving:
            self._closing.show_saving()
            self._close_by(choice, remember=False)
        return True

    def _close_by(self, choice: ClosingChoice, remember: bool) -> None:
        if remember:
            self._preferences.training_at_close = choice
        manager = self.session.manager
        if choice == "pause":
            manager.pause_all_here()
        else:
            for path in manager.here:
                manager.go_on_detached(path)

    def _release(self) -> None:
        if self._closing is not None and self._closing.is_saving:
            self._closing.accept()
            self.released.emit()

    def _stay_open(self, _failure: Failure) -> None:
        if self._closing is not None:
            self._closing.accept()

    def _forget_closing(self) -> None:
        self._closing = None

    # -- what comes in ---------------------------------------------------------------------------------------------

    def choose_folder(self, place: DataPlace | None = None) -> None:
        """Ask for a folder to learn from."""
        folder = choose_folder(self, "Learn from a folder", self._last_folder(), self._theme)
        if folder is not None:
            self.session.new_run.add_data([folder], place)

    def choose_files(self, place: DataPlace | None = None) -> None:
        """Ask for pictures, or lists of them, to learn from."""
        files = choose_files(self, "Learn from these", self._last_folder(), _PICTURES, self._theme, several=True)
        if files:
            self.session.new_run.add_data(files, place)

    def choose_input(self, name: str) -> None:
        """Ask for one of the files that the kind of training needs."""
        wanted = next(one for one in self.session.new_run.kind.inputs if one.role == name)
        for file in choose_files(self, wanted.title, self._last_folder(), _PICTURES, self._theme):
            self.session.new_run.set_input(name, file)

    def choose_run(self) -> None:
        """Ask for the folder of a run, wherever it was made."""
        folder = choose_folder(self, "Open a run folder", str(self.session.manager.folder), self._theme)
        if folder is not None:
            self.session.open(folder)

    def _last_folder(self) -> str:
        known = [path for paths in self.session.new_run.data.values() for path in paths]
        pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
        return str(known[-1].parent) if known else pictures

    def refresh_models(self) -> None:
        """Offer the networks that are on this computer now."""
        if self._desk is None:
            return
        page = self._desk.new_page
        for product in page.offers:
            handle = self._pictures.live(f"train.{product}", list_offers, product)
            handle.finished.connect(partial(page.set_networks, product))
            handle.failed.connect(self.report)

    def _list_samples(self) -> None:
        for kind in self.session.new_run.kinds:
            for wanted in kind.inputs:
                task = SamplesTask(wanted.samples)
                handle = self._pictures.queue(f"train-samples {kind.name} {wanted.role}", list_samples, task)
                handle.finished.connect(partial(self._offer_samples, kind.name, wanted.role))
                handle.failed.connect(self.report)

    def _offer_samples(self, kind: str, name: str, found: tuple[Thumbnail, ...]) -> None:
        self.desk.new_page.inputs[kind, name].set_samples(found)

    def _take_sample(self, name: str, sample: str) -> None:
        run = self.session.new_run
        wanted = next(one for one in run.kind.inputs if one.role == name)
        run.set_input(name, next(one.path for one in wanted.samples() if one.name == sample))

    def _load_inputs(self) -> None:
        kind = self.session.new_run.kind
        for name, path in self.session.new_run.inputs.items():
            task = ThumbnailTask(path, _TILE)
            handle = self._pictures.live(f"train.{kind.name}.{name}", small_picture, task)
            handle.finished.connect(partial(self._show_input, kind, name))
            handle.failed.connect(partial(self._refuse_input, kind, name, path))

    def _refuse_input(self, kind: TaskKind, name: str, path: Path, failure: Failure) -> None:
        self.desk.new_page.inputs[kind.name, name].set_pictures([])
        self.session.new_run.refuse_input(kind.name, name, path)
        self.report(failure)

    def _show_input(self, kind: TaskKind, name: str, found: Thumbnail) -> None:
        self.desk.new_page.inputs[kind.name, name].set_pictures([SlotPicture(found.title, found.picture)])

    # -- a learning rate -------------------------------------------------------------------------------------------

    def search_rate(self) -> None:
        """Try learning rates for the new run, and let one be chosen."""
        if missing := self.session.new_run.missing:
            self.report(Failure("A learning rate is tried on the pictures it will learn from.", missing, ""))
            return
        from studio.ui.panels.train.rate.dialog import RateDialog

        dialog = RateDialog(RateSearch(self._studio), self.session.new_run.plan(), self._theme, self.window())
        dialog.rate_chosen.connect(self.desk.new_page.schedule.take_rate)
        dialog.open()

    def measure_steps(self) -> None:
        """Take a few steps of the new run, to tell how long all will take; or give that up."""
        run, rehearsal = self.session.new_run, self.session.rehearsal
        if rehearsal.is_running:
            rehearsal.cancel()
        elif not run.missing:
            rehearsal.start(run.plan(), run.kind)

    # -- what becomes of it ----------------------------------------------------------------------------------------

    def _tell_actions(self) -> None:
        self.actions_changed.emit()

    def _show_readiness(self) -> None:
        self.actions_changed.emit()
        if self._desk is None:
            return
        run, rehearsal = self.session.new_run, self.session.rehearsal
        found = rehearsal.found_for(run.plan(), run.kind) if not run.missing else None
        length = length_in_words(run.total_steps, run.estimate(self.session.manager.runs, found))
        self._desk.new_page.show_readiness(run.missing, length, f"{rehearsal.stage} …" if rehearsal.is_running else "")

    def _tell_end(self, run: RunSummary) -> None:
        words = {
            "finished": "It is finished.",
            "stopped": "It was stopped, and its network kept.",
            "failed": run.trouble or "It failed.",
        }[run.state]
        if not (run.state == "failed" and self.session.manager.has_told(run.path)):
            self.noticed.emit(f"{run.title}: {words}", "warning" if run.state == "failed" else "info")
        self.ended.emit(run.title, words)

    def accepts(self, what: Sendable) -> bool:
        """Ask a classifier, and put a run together."""
        return isinstance(what, ModelToAsk | TrainingToBegin)

    def take(self, what: Sendable) -> None:
        """Open the window in which it is asked, or the page of a new run."""
        match what:
            case ModelToAsk(name, title):
                self.ask(name, title)
            case TrainingToBegin(kind):
                self.new_run()
                self.session.new_run.choose_kind(kind)

    def _ask_shown(self) -> None:
        if (snapshot := self.session.watch.snapshot) is not None:
            self.ask(str(snapshot.path), snapshot.plan.title or snapshot.path.name)

    def ask(self, model: str, title: str) -> None:
        """Let a classifier say what pictures show."""
        dialog = AskDialog(model, title, self._studio, self._pictures, self._theme, self.window())
        dialog.open_requested.connect(partial(self._choose_asked, dialog))
        dialog.show()

    def paint_what_matters(self, run: Path) -> None:
        """Let a hand paint over the pictures of a run where errors shall count more."""
        snapshot = self.session.watch.snapshot
        title = snapshot.plan.title if snapshot is not None and snapshot.path == run else ""
        EmphasisDialog(run, title or run.name, self._pictures, self._theme, self.window()).show()

    def save_time_lapse(self, run: Path) -> None:
        """Ask for a place, and write what a run has shown as a video."""
        proposed = Path(self._last_folder()) / f"{run.name}.mp4"
        path = choose_new_file(self, "Save a time-lapse", proposed, "Video", ".mp4", self._theme)
        if path is not None:
            task = TimeLapseTask(RunFolder(run).samples, path)
            handle = self._pictures.queue("train.time_lapse", make_time_lapse, task)
            handle.finished.connect(lambda path: self.noticed.emit(f"Saved as {place_in_words(path)}", "info"))
            handle.failed.connect(self.report)

    def show_mirror(self, run: Path) -> None:
        """Hold what a run's generator makes before the honest mirror."""
        snapshot = self.session.watch.snapshot
        title = snapshot.plan.title if snapshot is not None and snapshot.path == run else ""
        MirrorDialog(run, title or run.name, self._studio, self._theme, self.window()).show()

    def _choose_asked(self, dialog: AskDialog) -> None:
        folder = str(dialog.picture.parent) if dialog.picture else self._last_folder()
        for file in choose_files(dialog, "Ask about a picture", folder, _PICTURES, self._theme):
            dialog.ask(file)

    def _use(self) -> None:
        snapshot = self.session.watch.snapshot
        if snapshot is not None and (kind := self.session.kind_of(snapshot.plan)) is not None:
            if not snapshot.has_model and snapshot.state == "running":
                self.session.manager.save_now(snapshot.path)  # what is tried is what it can by now
            self.sent.emit(ModelToUse(kind.product, str(snapshot.path)), "")

    def _show_folder(self, path: Path) -> None:
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.noticed.emit(f"No program here shows folders. The folder is {path}", "warning")
