"""The head of a run's page: its name, how it stands, and what can be done with it."""

from collections.abc import Collection

from PySide6.QtCore import QSize, Signal, SignalInstance
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QProgressBar, QPushButton, QToolButton, QWidget

from studio.training.run_folder import RunState
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.layouts import column, row
from studio.ui.icons import set_icon
from studio.ui.panels.train.runs.manager import Whereabouts
from studio.ui.panels.train.session import RunAction
from studio.ui.theme import Theme, mark


class RunHeader(QWidget):
    """Name and state at the left; Pause or Resume, Stop and Keep, and a menu of the rest at the right; a bar below."""

    pause_requested = Signal()
    resume_requested = Signal()
    extend_requested = Signal()
    """It is finished, and shall learn for longer."""
    keep_requested = Signal()
    save_requested = Signal()
    pin_requested = Signal()
    take_over_requested = Signal()
    detach_requested = Signal()
    folder_requested = Signal()
    paint_requested = Signal()
    """What matters shall be painted over the pictures it learns from."""
    time_lapse_requested = Signal()
    """Its samples shall become a video."""
    mirror_requested = Signal()
    """Its pictures shall be held before the mirror."""
    pictures_requested = Signal()
    """The pictures it learns from lie elsewhere now."""
    repeat_requested = Signal()
    forget_requested = Signal()
    delete_requested = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._title = ElidingLabel(parent=self)
        self._state = ElidingLabel(parent=self)
        self.main_button = QPushButton(self)
        self.keep_button = QPushButton("Stop and Keep", self)
        self.menu_button = QToolButton(self)
        self.menu = QMenu(self)
        self.bar = QProgressBar(self)
        self._main: RunAction | None = None
        self._shown: tuple[str, frozenset[RunAction], Whereabouts, bool] | None = None
        self._make_menu()
        self._lay_out()
        self._connect()

    def _make_menu(self) -> None:
        menu = self.menu
        menu.setToolTipsVisible(True)
        self.save_action = self._offer("Save a Checkpoint Now", self.save_requested)
        self.save_action.setToolTip("Write down where it is, so that it can go on from there whatever happens")
        self.pin_action = self._offer("Pin This Moment…", self.pin_requested)
        self.pin_action.setToolTip("Keep a checkpoint of this moment for good, with a note")
        menu.addSeparator()
        self.paint_action = self._offer("Paint What Matters…", self.paint_requested)
        self.paint_action.setToolTip("Paint over the pictures it learns from where errors shall count more")
        self.time_lapse_action = self._offer("Time-Lapse…", self.time_lapse_requested)
        self.time_lapse_action.setToolTip("Save what it has shown on its way as a video")
        self.mirror_action = self._offer("Before the Mirror…", self.mirror_requested)
        self.mirror_action.setToolTip(
            "Its pictures beside the nearest that it learnt from: copies, twins, what it leaves out"
        )
        self.mirror_action.setVisible(False)
        self.set_paintable(shown=False)
        menu.addSeparator()
        self.detach_action = self._offer("Go On Without the Window", self.detach_requested)
        self.detach_action.setToolTip("Pause here, and go on in a process that does not end when the window closes")
        self.take_over_action = self._offer("Bring It Into This Window", self.take_over_requested)
        self.take_over_action.setToolTip("Pause it where it is trained now, and go on here")
        self.compare_menu = menu.addMenu("Compare With")
        menu.addSeparator()
        self.repeat_action = self._offer("New Run Like This…", self.repeat_requested)
        self.repeat_action.setToolTip("Begin another run with the same data and settings, to change something about it")
        self.folder_action = self._offer("Open Its Folder", self.folder_requested)
        self.folder_action.setToolTip("Show the folder that holds everything about this run")
        self.pictures_action = self._offer("Its Pictures Have Moved…", self.pictures_requested)
        self.pictures_action.setToolTip("Choose the folder in which the pictures it learns from lie now")
        self.forget_action = self._offer("Remove From the List", self.forget_requested)
        self.forget_action.setToolTip("Its folder stays as it is")
        self.delete_action = self._offer("Delete…", self.delete_requested)
        self.delete_action.setToolTip("Put the run with all its files into the wastebasket")

    def _offer(self, words: str, request: SignalInstance) -> QAction:
        action = self.menu.addAction(words)
        action.triggered.connect(request)
        return action

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self._title, tone="title")
        mark(self._state, tone="muted")
        self.keep_button.setAccessibleName("Stop and keep")
        self.keep_button.setToolTip("End the run here and keep the network as it is now (Ctrl+.)")
        set_icon(self.keep_button, "stop", self._theme)
        self.main_button.setIconSize(QSize(16, 16))
        self.main_button.setFixedWidth(self.main_button.fontMetrics().horizontalAdvance("Learn On…") + 52)
        set_icon(self.menu_button, "more", self._theme)
        self.menu_button.setAccessibleName("More about this run")
        self.menu_button.setToolTip("Save, pin, compare, open the folder")
        self.menu_button.setMenu(self.menu)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("How much of the run is done")
        words = column(self._title, self._state, gap=0)
        head = row((words, 1), self.main_button, self.keep_button, self.menu_button, gap=tokens.gap)
        self.setLayout(column(head, self.bar, gap=tokens.gap))

    def _connect(self) -> None:
        self.main_button.clicked.connect(self._ask_main)
        self.keep_button.clicked.connect(self.keep_requested)

    def set_title(self, title: str, folder: str) -> None:
        """Name the run; the tooltip says where it lies."""
        self._title.setText(title)
        self._title.set_hint(folder)

    def set_state(self, words: str, actions: Collection[RunAction], place: Whereabouts, *, removable: bool) -> None:
        """Say how it stands, and offer what can be done."""
        shown = (words, frozenset(actions), place, removable)
        if shown == self._shown:
            return
        self._shown = shown
        self._state.setText(words)
        self._main = next((action for action in _MAIN if action in actions), None)
        main, hint, sign = _MAIN[self._main or RunAction.RESUME]
        self.main_button.setText(main)
        self.main_button.setAccessibleName(main.rstrip("…"))
        self.main_button.setToolTip(hint)
        set_icon(self.main_button, sign, self._theme)
        self.main_button.setEnabled(self._main is not None)
        self.keep_button.setEnabled(RunAction.KEEP in actions)
        self.keep_button.setVisible(RunAction.EXTEND not in actions)
        for action in (self.save_action, self.pin_action):
            action.setEnabled(RunAction.SAVE in actions)
        self.detach_action.setVisible(place != "elsewhere")
        self.detach_action.setEnabled(place == "here" or RunAction.RESUME in actions)
        self.take_over_action.setVisible(place == "elsewhere")
        self.pictures_action.setEnabled(place == "nowhere" and RunAction.RESUME in actions)
        self.forget_action.setVisible(removable)
        self.delete_action.setEnabled(place == "nowhere")

    def set_paintable(self, *, shown: bool, enabled: bool = False) -> None:
        """Offer to paint what matters, where the kind of training knows that, and while it can still learn from it."""
        self.paint_action.setVisible(shown)
        self.paint_action.setEnabled(enabled)

    def set_progress(self, done: int, total: int, *, busy: bool) -> None:
        """Show how much is done; a total of 0 is not known, and `busy` then shows that it lives."""
        self.bar.setRange(0, total if total else 0 if busy else 1)
        self.bar.setValue(min(done, total))

    def _ask_main(self) -> None:
        match self._main:
            case RunAction.PAUSE:
                self.pause_requested.emit()
            case RunAction.RESUME:
                self.resume_requested.emit()
            case RunAction.EXTEND:
                self.extend_requested.emit()


_MAIN = {
    RunAction.PAUSE: ("Pause", "Save after the step in progress, and rest (Ctrl+P)", "pause"),
    RunAction.RESUME: ("Resume", "Go on from the last checkpoint (Ctrl+P)", "play"),
    RunAction.EXTEND: ("Learn On…", "Let it learn for longer than was planned", "play"),
}
"""What the first button does: its words, what it says of it, and its sign."""


STATES: dict[RunState, str] = {
    "new": "Not begun yet",
    "running": "Training",
    "paused": "Paused",
    "interrupted": "Interrupted: its program ended without a word. Resume goes on from the last checkpoint.",
    "finished": "Finished",
    "stopped": "Stopped early and kept",
    "failed": "Failed.",
}
