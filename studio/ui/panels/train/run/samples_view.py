"""What a run could do, and when: its samples on the canvas, with a scrubber from the first to the newest."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QToolButton, QWidget

from studio.core.frames import Frame
from studio.ui.canvas.view import Canvas
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.empty_state import EmptyState
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.segments import Segments
from studio.ui.controls.value_scale import ValueScale
from studio.ui.controls.value_slider import ValueSlider
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

FrameTaken: TypeAlias = Callable[[Frame | None], None]
FrameLoader: TypeAlias = Callable[[Path, FrameTaken], None]
"""Reads a picture elsewhere, never on the UI thread, and calls back on it; with None where that failed."""

_KEPT = 16
"""Frames that are kept ready; the first one besides."""
_LARGEST_STEP = 10**9
_MODES = {"after": "Sample", "split": "Split", "side": "Side by side"}
_TIPS = {
    "after": "Only the sample of the chosen step",
    "split": "First and chosen sample with a line between them to drag",
    "side": "First and chosen sample beside each other",
}


@dataclass(frozen=True, slots=True)
class SampleShot:
    """A sample of a run: after how many steps it was made, and its file."""

    step: int
    path: Path


class SamplesView(QWidget):
    """The sample of one step, large, also beside the first one.

    It stands at the newest sample and goes on to each newer one, until one scrubs away; at the end, or with the
    “Newest” button, it follows again. While a picture is being read the one before stays.

    Args:
        load: reads a sample's picture.

    """

    step_shown = Signal(int)
    """Another step's sample was chosen, by hand or because it is the newest."""

    def __init__(self, theme: Theme, load: FrameLoader, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._load = theme, load
        self._shots: tuple[SampleShot, ...] = ()
        self._at = -1
        self._follows = True
        self._ready: OrderedDict[Path, Frame] = OrderedDict()
        self._first: tuple[Path, Frame] | None = None
        self._broken: set[Path] = set()
        self._asked: Path | None = None
        self._shown: Path | None = None
        self._gesture = Gesture(self)
        self.canvas = Canvas(theme, self)
        self.title = ElidingLabel(parent=self)
        self.modes = Segments(_MODES, self)
        self.back = QToolButton(self)
        self.on = QToolButton(self)
        self.scrubber = ValueSlider(ValueScale(0, 0, 1), theme, self._gesture, parent=self)
        self.step_box = NumberBox(self._gesture, self)
        self.newest = QToolButton(self)
        self._set_up()
        self._lay_out()
        self._connect()
        self.set_samples(())

    def _set_up(self) -> None:
        tokens = self._theme.tokens
        self.canvas.set_labels("First", "Sample")
        self.canvas.setAcceptDrops(False)
        self.canvas.setAccessibleName("Sample")
        words = "The first one is made when training begins, and one every now and then after that."
        self.canvas.set_empty_widget(EmptyState("picture", "No samples yet", words, self._theme))
        mark(self.title, tone="muted")
        self.title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.modes.name_buttons("Compare")
        self.modes.set_current("after")
        for button, tip in zip(self.modes.buttons, _TIPS.values(), strict=True):
            button.setToolTip(tip)
        for button, icon, name in (
            (self.back, "step_back", "Earlier sample"), (self.on, "step_on", "Later sample"),
        ):  # fmt: skip
            set_icon(button, icon, self._theme)
            button.setFixedSize(tokens.control, tokens.control)
            button.setAccessibleName(name)
            button.setToolTip(name)
        self.scrubber.setAccessibleName("Time")
        self.scrubber.setToolTip("From the first sample to the newest; arrow keys go from one to the next")
        self.step_box.setDecimals(0)
        self.step_box.setRange(0, _LARGEST_STEP)
        self.step_box.setGroupSeparatorShown(True)
        self.step_box.setPrefix("step ")
        self.step_box.setFixedWidth(self.step_box.fontMetrics().horizontalAdvance("step 88,888,888") + 24)
        self.step_box.setAccessibleName("Step")
        self.step_box.setToolTip("Type a step to see the sample made nearest to it")
        self.newest.setText("Newest")
        self.newest.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.newest.setIconSize(QSize(tokens.icon, tokens.icon))
        self.newest.setCheckable(True)
        self.newest.setFixedHeight(tokens.control)
        self.newest.setAccessibleName("Follow the newest sample")
        self.newest.setToolTip("Stay at the newest sample as more are made")
        set_icon(self.newest, "newest", self._theme)
        for control in (self.back, self.on, self.newest):
            control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _lay_out(self) -> None:
        tokens = self._theme.tokens
        mark(self, surface="window")
        half = tokens.gap // 2
        top = row((self.title, 1), self.modes, margins=(tokens.margin, half, tokens.gap, half))
        bottom = row(
            self.back, self.on, half, (self.scrubber, 1), half, self.step_box, self.newest,
            gap=half, margins=(tokens.gap, half, tokens.gap, half),
        )  # fmt: skip
        self.setLayout(column(top, (self.canvas, 1), bottom, gap=0))

    def _connect(self) -> None:
        self.modes.chosen.connect(self.canvas.set_compare_mode)
        self.canvas.compare_changed.connect(self.modes.set_current)
        self.scrubber.value_moved.connect(self._scrub)
        self.step_box.valueChanged.connect(self._go_near)
        self.back.clicked.connect(lambda: self._scrub(self._at - 1))
        self.on.clicked.connect(lambda: self._scrub(self._at + 1))
        self.newest.clicked.connect(self._follow_or_stay)

    # -- what is shown -------------------------------------------------------------------------------------------------

    @property
    def current(self) -> SampleShot | None:
        """The sample that is chosen; its picture may still be on its way."""
        return self._shots[self._at] if 0 <= self._at < len(self._shots) else None

    @property
    def follows_newest(self) -> bool:
        """Whether it goes on to each newer sample."""
        return self._follows

    @property
    def shown(self) -> Path | None:
        """The file whose picture is on the canvas."""
        return self._shown

    def set_samples(self, shots: Sequence[SampleShot]) -> None:
        """Show these, in the order of their steps; who looks at one of them goes on looking at it."""
        if self._shots and (not shots or shots[0].path != self._shots[0].path):
            self._forget()
        looked_at = self.current
        self._shots = tuple(shots)
        self._at = len(shots) - 1
        if not self._follows and looked_at is not None:
            self._at = self._nearest(looked_at.step)
        self._show_place()

    def show_step(self, step: int) -> None:
        """Go to the sample made nearest to `step`, as if by hand."""
        if self._shots:
            self._scrub(self._nearest(step))

    def follow_newest(self) -> None:
        """Go to the newest sample and stay with the newest."""
        self._scrub(len(self._shots) - 1)

    def _forget(self) -> None:
        self._follows = True
        self._ready.clear()
        self._broken.clear()
        self._first = self._asked = self._shown = None
        self._at = -1
        self.canvas.clear()

    def _nearest(self, step: int) -> int:
        distances = [abs(shot.step - step) for shot in self._shots]
        return distances.index(min(distances)) if distances else -1

    def _scrub(self, index: float) -> None:
        self._at = min(max(round(index), 0), len(self._shots) - 1)
        self._follows = self._at == len(self._shots) - 1
        self._show_place()

    def _go_near(self, step: float) -> None:
        self.show_step(round(step))

    def _follow_or_stay(self) -> None:
        if self.newest.isChecked():
            self.follow_newest()
        else:
            self._follows = False
            self._show_place()

    def _show_place(self) -> None:
        last, shot = len(self._shots) - 1, self.current
        self.scrubber.set_scale(ValueScale(0, max(last, 0), 1), max(self._at, 0))
        with QSignalBlocker(self.step_box):
            self.step_box.setValue(shot.step if shot else 0)
        self.newest.setChecked(self._follows and shot is not None)
        self.back.setEnabled(self._at > 0)
        self.on.setEnabled(self._at < last)
        for control in (self.scrubber, self.step_box, self.newest):
            control.setEnabled(shot is not None)
        self.modes.setEnabled(last > 0)
        self.title.setText(self._words())
        self.scrubber.setAccessibleDescription(self._words())
        if shot is not None:
            self.step_shown.emit(shot.step)
        self._show_pictures()

    def _words(self) -> str:
        shot = self.current
        if shot is None:
            return ""
        if shot.path in self._broken:
            return f"The sample of step {shot.step:,} cannot be read"
        return f"Sample {self._at + 1} of {len(self._shots)} · after {shot.step:,} steps"

    # -- pictures ------------------------------------------------------------------------------------------------------

    def _show_pictures(self) -> None:
        """Show what is there, and ask for what is missing: one picture at a time, so the newest wish never waits."""
        shot = self.current
        if shot is None:
            return
        frame = self._frame_of(shot.path)
        if frame is not None and self._shown != shot.path:
            self._shown = shot.path
            self.canvas.set_after(frame)
            self.canvas.set_labels("First", f"Step {shot.step:,}")
        if self._asked is None and (wanted := self._missing()) is not None:
            self._asked = wanted
            self._load(wanted, partial(self._take, wanted))

    def _frame_of(self, path: Path) -> Frame | None:
        if self._first is not None and self._first[0] == path:
            return self._first[1]
        if path in self._ready:
            self._ready.move_to_end(path)
        return self._ready.get(path)

    def _missing(self) -> Path | None:
        """Return the picture to read next: the chosen one, the first, then the neighbours."""
        neighbours = (self._at, 0, self._at + 1, self._at - 1)
        paths = [self._shots[at].path for at in neighbours if 0 <= at < len(self._shots)]
        return next((path for path in paths if path not in self._broken and self._frame_of(path) is None), None)

    def _take(self, path: Path, frame: Frame | None) -> None:
        if path != self._asked:  # another run is shown by now
            return
        self._asked = None
        if frame is None:
            self._broken.add(path)
            self.title.setText(self._words())
        else:
            if path == self._shots[0].path:
                self._first = (path, frame)
                self.canvas.set_before(frame)
            else:
                self._ready[path] = frame
            while len(self._ready) > _KEPT:
                self._ready.popitem(last=False)
        self._show_pictures()
