"""The pad with what belongs to it: the seed to be typed, chance, snapping, drifting, letting a held point go."""

from math import cos, sin
from random import Random

from PySide6.QtCore import QElapsedTimer, QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget

from studio.core.dream_settings import DreamSettings
from studio.core.events import Picture
from studio.core.frames import Frame
from studio.engine import JobHandle
from studio.ui.canvas.frame_item import wrap_level
from studio.ui.controls.layouts import column, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.tool_button import tool_button
from studio.ui.icons import set_icon
from studio.ui.panels.dream.pad import DreamPad, Place
from studio.ui.panels.dream.session import DreamSession
from studio.ui.theme import Theme, mark

__all__ = ["PadDesk", "PadSection"]

_LARGEST = 2**31 - 1
_FRAME_MS = 33
_PACE = 0.35
"""How far a drift comes in a second, in small pictures."""
_WANDERING = 0.9
"""How much its direction wanders in a second, radians."""
_REST_MS = 60
"""How long settings have to rest before small pictures are made of them: a moving slider is for the large one."""
_AT_ONCE = 9
"""So many small pictures are made at a time, those in the middle first."""
_SEEDS_SHOWN = 10_000


class PadSection(QWidget):
    """The pad, and a line of controls above it."""

    seed_typed = Signal(int)
    let_go = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.pad = DreamPad(theme)
        side = theme.tokens.control
        self.seed_box = NumberBox(self.pad.gesture)
        self.dice_button, self.snap_button, self.drift_button, self.nearer_button, self.further_button = (
            tool_button(icon, name, theme, hint=hint, side=side)
            for icon, name, hint in (
                ("dice", "Another seed", "Go to a seed drawn by chance"),
                ("target", "Go to the nearest seed", "Go to the nearest seed (Enter on the pad)"),
                ("play", "Drift", "Drift slowly through what lies around"),
                ("zoom", "Nearer", "Nearer: finer differences (+ on the pad, or the wheel)"),
                (
                    "magnify_minus_outline",
                    "Further off",
                    "Further off: greater differences (− on the pad, or the wheel)",
                ),
            )
        )
        self.held_words, self.held_button = QLabel(), QPushButton("Let Go")
        self._theme = theme
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        gap = self._theme.tokens.gap // 2
        self.seed_box.setRange(0, _LARGEST)
        self.seed_box.setDecimals(0)
        self.seed_box.setFixedWidth(112)
        self.seed_box.setAccessibleName("Seed")
        self.seed_box.setToolTip("The seed: the same number is always the same picture")
        title = QLabel("Seed")
        title.setBuddy(self.seed_box)
        tools = (self.dice_button, self.snap_button, self.further_button, self.nearer_button, self.drift_button)
        self.drift_button.setCheckable(True)
        mark(self.held_words, tone="small")
        mark(self.held_button, kind="link")
        self.held_button.setToolTip("Go back to the pad's place")
        self.held_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.held = QWidget()
        self.held.setLayout(row(self.held_words, None, self.held_button, gap=gap))
        keeps_place = self.held.sizePolicy()
        keeps_place.setRetainSizeWhenHidden(True)  # while a walk plays it comes and goes
        self.held.setSizePolicy(keeps_place)
        self.held.hide()
        self.setLayout(
            column(row(title, self.seed_box, None, *tools, gap=gap), self.pad, self.held, gap=self._theme.tokens.gap)
        )

    def _connect(self) -> None:
        self.seed_box.valueChanged.connect(lambda value: self.seed_typed.emit(int(value)))
        # beside a seed, or away from the pad, its number is not where one is
        self.seed_box.entered.connect(lambda: self.seed_typed.emit(int(self.seed_box.value())))
        self.snap_button.clicked.connect(self.pad.snap)
        self.nearer_button.clicked.connect(lambda: self.pad.zoom(1))
        self.further_button.clicked.connect(lambda: self.pad.zoom(-1))
        self.held_button.clicked.connect(self.let_go)

    def show_settings(self, settings: DreamSettings) -> None:
        """Show where one is; tells nobody."""
        self.pad.set_place((settings.across, settings.down), settings.held.name if settings.held.w else "")
        self.seed_box.blockSignals(True)
        self.seed_box.setValue(settings.seed)
        self.seed_box.blockSignals(False)
        mark(self.seed_box, between="false" if settings.is_seed else "true")
        self.snap_button.setEnabled(not settings.is_seed)
        self.held.setVisible(bool(settings.held.w))
        self.held_words.setText(f"Shown is “{settings.held.name}”, no place of the pad.")

    def show_drifting(self, drifting: bool) -> None:
        """Show whether it drifts; tells nobody."""
        button: QToolButton = self.drift_button
        button.setChecked(drifting)
        set_icon(button, "pause" if drifting else "play", self._theme, checked="accent")
        button.setAccessibleName("Pause the drift" if drifting else "Drift")


class PadDesk(QObject):
    """Binds pad and session: what a hand does, what lies around, and the drift.

    Args:
        session: goes places.
        section: shows them.
        chance: draws seeds, and where a drift turns to.

    """

    failed = Signal(object)

    def __init__(
        self, session: DreamSession, section: PadSection, parent: QObject, chance: Random | None = None
    ) -> None:
        super().__init__(parent)
        self._session, self._section, self._pad = session, section, section.pad
        self._chance = chance or Random()
        self._heading = self._chance.uniform(-3.14, 3.14)
        self._of: DreamSettings | None = None
        """The settings of which the small pictures are, wherever they lie."""
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._drift = QTimer(self, interval=_FRAME_MS)
        self._clock = QElapsedTimer()
        self._connect()

    def _connect(self) -> None:
        session, section, pad, state = self._session, self._section, self._pad, self._session.settings_state
        session.settings_changed.connect(self._follow)
        session.frame_composed.connect(self._show_centre)
        session.generator_changed.connect(lambda: self._sketch_anew())
        pad.gesture.started.connect(state.begin)
        pad.gesture.finished.connect(lambda: state.commit("Go There"))
        pad.gesture.finished.connect(self._rest.start)
        pad.moved.connect(session.go_to)
        pad.touched.connect(self.stop_drift)
        pad.step_changed.connect(lambda _step: self._rest.start())
        section.seed_typed.connect(session.go_to_seed)
        section.dice_button.clicked.connect(self.throw)
        section.drift_button.toggled.connect(self._set_drifting)
        section.let_go.connect(lambda: session.go_to(*pad.place, "Let Go"))
        self._rest.timeout.connect(self._sketch)
        self._drift.timeout.connect(self._drift_on)

    def throw(self) -> None:
        """Go to a seed drawn by chance."""
        self.stop_drift()
        self._session.go_to_seed(self._chance.randrange(_SEEDS_SHOWN))

    # -- small pictures ---------------------------------------------------------------------------------------------

    def _follow(self, settings: DreamSettings) -> None:
        self._section.show_settings(settings)
        self._rest.start()

    def _show_centre(self, frame: Frame) -> None:
        self._pad.set_centre(wrap_level(frame.levels[0], frame.has_alpha).copy())

    def _sketch_anew(self) -> None:
        self._of = None
        if self._session.awaits:  # what is there is of another generator
            self._pad.forget()
            self._pad.set_centre(None)
        self._rest.start()

    def _sketch(self) -> None:
        """Have what is not there yet made of what lies around; of other settings everything."""
        session, pad = self._session, self._pad
        if not session.is_complete or session.awaits or not pad.isVisible() or pad.is_dragged:
            return
        wherever = session.settings.at(0.0, 0.0)
        if wherever != self._of:
            self._of = wherever
            pad.forget()
        missing = pad.missing()[:_AT_ONCE]
        if missing:
            handle = session.sketch("pad", [session.settings.at(*place) for place in missing])
            self._listen(handle, wherever, missing)

    def _listen(self, handle: JobHandle, of: DreamSettings, places: list[Place]) -> None:
        def take(made: tuple[Picture, ...]) -> None:
            if of == self._of:
                self._pad.forget(all=False)
                self._pad.set_small(dict(zip(places, made, strict=True)))
                self._sketch()

        handle.finished.connect(take)

    # -- drifting ---------------------------------------------------------------------------------------------------

    @property
    def is_drifting(self) -> bool:
        """Whether it moves by itself."""
        return self._drift.isActive()

    def stop_drift(self) -> None:
        """Stay where one is."""
        self._set_drifting(False)

    def _set_drifting(self, drifting: bool) -> None:
        if drifting == self.is_drifting or (drifting and not self._session.is_complete):
            self._section.show_drifting(self.is_drifting)
            return
        state = self._session.settings_state
        if drifting:
            state.begin()
            self._clock.start()
            self._drift.start()
        else:
            self._drift.stop()
            state.commit("Drift")
            self._rest.start()
        self._section.show_drifting(drifting)

    def _drift_on(self) -> None:
        """Go a little further, in a direction that wanders; a slow computer takes larger steps, not longer."""
        seconds = min(self._clock.restart() / 1000, 0.25)
        if not self._pad.isVisible():
            self.stop_drift()
            return
        self._heading += self._chance.uniform(-1, 1) * _WANDERING * (3 * seconds) ** 0.5
        far = _PACE * self._pad.step * seconds
        across, down = self._pad.place
        self._session.go_to(across + far * cos(self._heading), down + far * sin(self._heading))
