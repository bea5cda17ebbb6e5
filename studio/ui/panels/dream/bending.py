"""Bending: what a stage makes is moved, turned, strengthened or roughened on its way on (Broad et al. 2021)."""

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QPushButton

from studio.core.dream_settings import Bending, Bends
from studio.core.settings import SettingInfo
from studio.ui.controls.layouts import column, row
from studio.ui.controls.rows.number import NumberRow
from studio.ui.controls.section import Section
from studio.ui.controls.segments import Segments
from studio.ui.controls.tool_button import tool_button
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.theme import Theme, mark

__all__ = ["BendingSection"]

_ROWS = (
    SettingInfo("zoom", "number", 1.0, "Zoom", "Above 1 what it draws becomes larger.", 0.25, 4.0,
                "scaling of the stage's features", step=0.05, scale="log"),
    SettingInfo("turn", "number", 0.0, "Turn", "Against the clock.", -180.0, 180.0, "rotation", step=5.0, unit="°"),
    SettingInfo("right", "number", 0.0, "Right", "Moved to the right, in sides of the picture.", -1.0, 1.0,
                "translation", step=0.02),
    SettingInfo("down", "number", 0.0, "Down", "Moved down, in sides of the picture.", -1.0, 1.0,
                "translation", step=0.02),
    SettingInfo("gain", "number", 1.0, "Strength", "Below 1 it says less, below 0 the opposite.", -2.0, 4.0,
                "factor of the stage's features", step=0.05),
    SettingInfo("noise", "number", 0.0, "Noise", "Chance is added, in units of what is there.", 0.0, 4.0,
                "noise added to the stage's features", step=0.05),
)  # fmt: skip
_WORDS = "A coarse stage moves what things are and where they lie, a fine one only their colours and texture."
_LARGEST = 2**31


class BendingSection(Section):
    """Which stage, and what is done to it."""

    bends_moved = Signal(object)
    """`Bends`."""
    gesture_started = Signal()
    gesture_finished = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__("Bending", theme)
        self.stages = Segments({"0": "4 px"})
        self._places = column(gap=0)
        self.rows = {info.name: NumberRow(info, theme) for info in _ROWS}
        side = theme.tokens.row
        self.dice_button = tool_button("dice", "Other noise", theme, hint="Other noise of the same strength", side=side)
        self.straighten_button = QPushButton("Straighten All")
        self._bends = Bends()
        self._count = 0
        self._lay_out_section()
        self.set_stages(1)

    def _lay_out_section(self) -> None:
        words = WrappingLabel(_WORDS)
        mark(words, tone="small")
        mark(self.straighten_button, kind="link")
        self.straighten_button.setToolTip("Bend nothing any more")
        self.straighten_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.rows["noise"].add_to_head(self.dice_button)
        self.contents.addWidget(words)
        self.contents.addLayout(self._places)
        for name, each in self.rows.items():
            self.contents.addWidget(each)
            each.value_changed.connect(lambda value, name=name: self._take(name, value))
            each.gesture_started.connect(self.gesture_started)
            each.gesture_finished.connect(self.gesture_finished)
        self.contents.addLayout(row(self.straighten_button, None))
        self.dice_button.clicked.connect(self._throw)
        self.straighten_button.clicked.connect(lambda: self.bends_moved.emit(Bends()))

    @property
    def stage(self) -> int:
        """Which stage is shown, the coarsest is 0."""
        return int(self.stages.current or 0)

    def set_stages(self, count: int) -> None:
        """Have so many stages."""
        if count == self._count:
            return
        self._count = count
        self._places.removeWidget(self.stages)
        self.stages.hide()
        self.stages.deleteLater()
        self.stages = Segments({str(stage): str(4 * 2**stage) for stage in range(count)})
        for stage, button in enumerate(self.stages.buttons):
            button.setAccessibleName(f"Stage of {4 * 2**stage} px")
            button.setToolTip(f"The stage that works at {4 * 2**stage} px")
        self.stages.set_current(str(min(1, count - 1)))
        self.stages.chosen.connect(lambda _stage: self.show_bends(self._bends))
        self._places.addWidget(self.stages)
        self.show_bends(self._bends)

    def show_bends(self, bends: Bends) -> None:
        """Show what is bent; tells nobody."""
        self._bends = bends
        bend = bends.at(self.stage)
        for name, each in self.rows.items():
            if each.value != getattr(bend, name):
                each.set_value(getattr(bend, name))
        bent = {one.stage for one in bends.stages}
        for stage, button in enumerate(self.stages.buttons):
            button.setText(f"{4 * 2**stage}{' •' if stage in bent else ''}")
        self.dice_button.setEnabled(bend.noise > 0.0)
        self.straighten_button.setEnabled(bool(bent))
        self.set_changed(bool(bent))

    def _take(self, name: str, value: Any) -> None:
        self._tell(self._bends.at(self.stage).model_copy(update={name: value}))

    def _throw(self) -> None:
        bend = self._bends.at(self.stage)
        self._tell(bend.model_copy(update={"seed": (bend.seed + 1) % _LARGEST}))

    def _tell(self, bend: Bending) -> None:
        self.bends_moved.emit(self._bends.bent(bend))
