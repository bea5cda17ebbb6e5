"""The row of a number: a slider to feel, a box to be exact."""

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QWidget

from studio.core.settings import SettingInfo
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.rows.base import SettingRow
from studio.ui.controls.value_scale import ValueScale
from studio.ui.controls.value_slider import ValueSlider
from studio.ui.theme import Theme

_MOST_STEPS = 20_000
"""A range with more steps than this (a seed) is typed, not slid."""
_UNBOUNDED = 1e9


class NumberRow(SettingRow):
    """A number or integer: slider and exact entry; only the entry where the range is open or vast."""

    def __init__(self, info: SettingInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(info, theme, parent)
        self._whole = info.kind == "integer"
        scale = self._scale_of(info)
        self.box = self._make_box(scale)
        bounded = info.low is not None and info.high is not None
        slides = bounded and (scale.high - scale.low) / scale.step <= _MOST_STEPS
        self.slider = ValueSlider(scale, theme, self.gesture, float(info.default)) if slides else None
        if self.slider is not None:
            self._place(self.slider, 1, main=True)
        self._place(self.box, 0, main=self.slider is None)
        if self.slider is not None:
            QWidget.setTabOrder(self.slider, self.box)
            QWidget.setTabOrder(self.box, self.reset_button)
        self._finish_building()
        self._connect()

    def _connect(self) -> None:
        self.box.valueChanged.connect(self._take_number)
        if self.slider is not None:
            self.slider.value_moved.connect(self._take_number)

    def _scale_of(self, info: SettingInfo) -> ValueScale:
        low = -_UNBOUNDED if info.low is None else float(info.low)
        high = _UNBOUNDED if info.high is None else float(info.high)
        step = info.step or (1.0 if self._whole else (high - low) / 100 if high - low < _UNBOUNDED else 0.1)
        return ValueScale(low, high, float(step), info.scale)

    def _make_box(self, scale: ValueScale) -> NumberBox:
        box = NumberBox(self.gesture)
        box.setDecimals(0 if self._whole else max(2, scale.decimals))
        box.setRange(scale.low, scale.high)
        box.setSingleStep(scale.step)
        if self.info.unit:
            box.setSuffix(f" {self.info.unit}")
        box.setSpecialValueText(self.info.lowest)
        widest = max((box.textFromValue(v) for v in (scale.low, scale.high)), key=len) + box.suffix()
        room = max(box.fontMetrics().horizontalAdvance(words) for words in (widest, self.info.lowest))
        box.setFixedWidth(max(64, room + 24))
        return box

    def _take_number(self, value: float) -> None:
        self._take(round(value) if self._whole else value)

    def _show(self, value: float) -> None:
        with QSignalBlocker(self.box):
            self.box.setValue(value)
        if self.slider is not None:
            self.slider.set_value(float(value))

    def _in_words(self, value: float) -> str:
        if self.info.lowest and value == self.info.low:
            return self.info.lowest
        return f"{self.box.textFromValue(value)}{self.box.suffix()}"
