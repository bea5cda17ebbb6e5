"""The row of a range: a slider with two handles to feel, a box for each end to be exact."""

from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QLabel, QWidget
from superqt import QRangeSlider

from studio.core.settings import SettingInfo
from studio.ui.controls.focus_wheel import FocusWheel
from studio.ui.controls.layouts import holding, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.rows.base import SettingRow
from studio.ui.controls.value_scale import POSITIONS, ValueScale
from studio.ui.theme import Theme

__all__ = ["RangeRow"]


class RangeRow(SettingRow):
    """Two numbers, the first never above the second: what is moved past the other end takes it along.

    The boxes have the keyboard: superqt's slider has none.
    """

    def __init__(self, info: SettingInfo, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(info, theme, parent)
        low, high = float(info.low or 0.0), float(1.0 if info.high is None else info.high)
        self._scale = ValueScale(low, high, float(info.step or (high - low) / 100), info.scale)
        self.slider = self._make_slider()
        self.low_box, self.high_box = self._make_box("least"), self._make_box("most")
        self._place(self.slider, 1)
        boxes = holding(row(self.low_box, QLabel("–", self), self.high_box, gap=2))
        self._grid.addWidget(boxes, 0, 2, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.caption.setBuddy(self.low_box)
        self.setFocusProxy(self.low_box)
        QWidget.setTabOrder(self.low_box, self.high_box)
        QWidget.setTabOrder(self.high_box, self.reset_button)
        self._finish_building()
        self._connect()

    def _make_slider(self) -> QRangeSlider:
        slider = QRangeSlider(Qt.Orientation.Horizontal, self)  # type: ignore[no-untyped-call]  # superqt's
        slider.setRange(0, POSITIONS)
        FocusWheel(slider)
        slider.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._dress_slider(slider)
        self._theme.theme_changed.connect(lambda: self._dress_slider(self.slider))
        return slider

    def _dress_slider(self, slider: QRangeSlider) -> None:
        tokens = self._theme.tokens
        slider.setStyleSheet(
            f"QSlider {{ min-height: 20px; }}"
            f"QSlider::groove:horizontal {{ height: 3px; border-radius: 1px; background: {tokens.groove}; }}"
            f"QSlider::handle:horizontal {{ width: 10px; height: 10px; margin: -4px 0; border-radius: 5px;"
            f" background: {tokens.handle}; }}"
        )
        slider.barColor = QColor(tokens.accent)

    def _make_box(self, which: str) -> NumberBox:
        box = NumberBox(self.gesture, self)
        box.setDecimals(self._scale.decimals)
        box.setRange(self._scale.low, self._scale.high)
        box.setSingleStep(self._scale.step)
        if which == "most" and self.info.unit:
            box.setSuffix(f" {self.info.unit}")
        widest = max((box.textFromValue(value) for value in (self._scale.low, self._scale.high)), key=len)
        box.setFixedWidth(max(36, box.fontMetrics().horizontalAdvance(widest + box.suffix()) + 16))
        box.setAccessibleName(f"{self.info.label}: {which}")
        return box

    def _connect(self) -> None:
        self.slider.sliderPressed.connect(self.gesture.begin)
        self.slider.sliderReleased.connect(self.gesture.end)
        self.slider.valueChanged.connect(self._slide)
        self.low_box.valueChanged.connect(lambda low: self._take((low, max(low, self._value[1]))))
        self.high_box.valueChanged.connect(lambda high: self._take((min(high, self._value[0]), high)))

    def set_caption(self, label: str, tooltip: str) -> None:  # noqa: D102
        super().set_caption(label, tooltip)
        for box in (self.low_box, self.high_box):
            box.setToolTip(tooltip)
            box.setAccessibleDescription(tooltip)

    def _slide(self, positions: tuple[int, int]) -> None:
        """Take over the end that was moved; the other one stays exact."""
        ends = [
            value if position == self._scale.position(value) else self._scale.value(position)
            for position, value in zip(positions, self._value, strict=True)
        ]
        self._take((min(ends), max(ends)))

    def _show(self, value: Any) -> None:
        low, high = value
        for control, shown in ((self.low_box, low), (self.high_box, high)):
            with QSignalBlocker(control):
                control.setValue(shown)
        with QSignalBlocker(self.slider):
            self.slider.setValue((self._scale.position(low), self._scale.position(high)))

    def _in_words(self, value: Any) -> str:
        return f"{self.low_box.textFromValue(value[0])} to {self.low_box.textFromValue(value[1])}"
