"""The timeline below the canvas: the stations of a walk, and what plays, times and writes it."""

from collections.abc import Mapping

from PySide6.QtCore import QEvent, QObject, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)

from studio.core.dream_settings import Station, Walk
from studio.core.events import Picture
from studio.ui.controls.eliding_label import ElidingLabel
from studio.ui.controls.gesture import Gesture
from studio.ui.controls.layouts import column, row
from studio.ui.controls.number_box import NumberBox
from studio.ui.controls.pixmaps import pixmap_of
from studio.ui.controls.segments import Segments
from studio.ui.controls.tool_button import tool_button
from studio.ui.icons import set_icon
from studio.ui.theme import Theme, mark

__all__ = ["WalkBar"]

_THUMBNAIL, _CELL = 48, QSize(112, 60)
_PLACE = Qt.ItemDataRole.UserRole
_CURVES = {"arcs": "Arcs", "spline": "Spline", "line": "Straight"}
_TIPS = (
    "Along arcs between seeds, where pictures stay as typical as seeds are; held points are reached straight",
    "Without corners: it never turns abruptly at a station",
    "Straight from station to station",
)


class WalkBar(QWidget):
    """Shows a walk; every wish of the hand is a signal, and nothing changes before `show_walk`."""

    add_requested = Signal()
    remove_requested = Signal(int)
    station_chosen = Signal(int)
    order_changed = Signal(object)
    """A `list[int]`: the stations' old numbers in their new order."""
    seconds_typed = Signal(int, float)
    length_typed = Signal(float)
    curve_chosen = Signal(str)
    loop_toggled = Signal(bool)
    soft_toggled = Signal(bool)
    play_toggled = Signal(bool)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        side = theme.tokens.control
        self.add_button = QPushButton("Add Station")
        self.play_button = tool_button("play", "Play the walk", theme, hint="Play the walk", side=side)
        self.remove_button = tool_button("delete", "Remove the station", theme, hint="Remove the station (Delete)",
                                         side=side)  # fmt: skip
        self.more_button = tool_button("export", "Write the walk", theme, hint="Write the walk, or open one", side=side)
        self.more_menu = QMenu(self.more_button)
        self.loop_button, self.soft_button = QToolButton(), QToolButton()
        self.curve = Segments(_CURVES)
        self.seconds_gesture, self.length_gesture = Gesture(self), Gesture(self)
        self.seconds_box, self.length_box = NumberBox(self.seconds_gesture), NumberBox(self.length_gesture)
        self.seconds_label, self.length_label = QLabel("To the next"), QLabel("In all")
        self.hint = ElidingLabel("A walk passes stations: go somewhere, add it, and go on.")
        self.stations = QListWidget()
        self._shown: tuple[Station, ...] = ()
        self._set_up()
        self._lay_out()
        self._connect()
        self.show_walk(Walk())

    def _set_up(self) -> None:
        self.add_button.setToolTip("Let the walk pass what is on the canvas now")
        self.add_button.setAccessibleName("Add a station")
        for button, words, hint in (
            (self.loop_button, "Loop", "Come back to the first station: the end joins the beginning"),
            (self.soft_button, "Soft", "Set off and arrive softly at every station"),
        ):
            button.setText(words)
            button.setCheckable(True)
            button.setToolTip(hint)
            button.setAccessibleName(words)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            mark(button, kind="segment", end="first")
        self.curve.name_buttons("Way")
        for choice, tip in zip(self.curve.buttons, _TIPS, strict=True):
            choice.setToolTip(tip)
        for box, label, hint, most in (
            (self.seconds_box, self.seconds_label, "Seconds from the chosen station to the next one", 600.0),
            (self.length_box, self.length_label, "Seconds of the whole walk: the slower, the longer", 36_000.0),
        ):
            box.setDecimals(1)
            box.setRange(0.1, most)
            box.setSuffix(" s")
            box.setAccessibleName(hint)
            box.setToolTip(hint)
            box.setFixedWidth(68)
            label.setBuddy(box)
            mark(label, tone="small")
        self.play_button.setCheckable(True)
        self.more_button.setMenu(self.more_menu)
        self.more_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        places = self.stations
        places.setAccessibleName("Stations of the walk")
        places.setToolTip("A click goes there; drag to another place; Delete removes")
        places.setViewMode(QListWidget.ViewMode.ListMode)
        places.setFlow(QListWidget.Flow.LeftToRight)
        places.setWrapping(False)
        places.setIconSize(QSize(_THUMBNAIL, _THUMBNAIL))
        places.setFixedHeight(_CELL.height() + 16)
        places.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        places.setDragDropMode(QListWidget.DragDropMode.InternalMove)
        places.setDefaultDropAction(Qt.DropAction.MoveAction)

    def _lay_out(self) -> None:
        """Put the stations above what is pressed: the button that adds the first one stays where it is."""
        tokens = self._theme.tokens
        mark(self, surface="window")
        gap = tokens.gap
        self.settings, self.places = QWidget(), QWidget()
        self.settings.setLayout(row(self.play_button, self.curve, self.loop_button, self.soft_button, None, gap=gap))
        times = QGridLayout()
        times.setContentsMargins(0, 0, 0, 0)
        times.setHorizontalSpacing(gap)
        times.setVerticalSpacing(gap // 2)
        for line, parts in enumerate(
            ((self.seconds_label, self.seconds_box, self.remove_button), (self.length_label, self.length_box))
        ):
            for place, part in enumerate(parts):
                times.addWidget(part, line, place)
        self.places.setLayout(row((self.stations, 1), times, gap=gap))
        mark(self.hint, tone="small")
        top = row(self.add_button, (self.settings, 1), (self.hint, 1), self.more_button, gap=gap)
        margins = (tokens.margin, gap // 2, gap, gap // 2)
        self.setLayout(column(self.places, top, gap=gap // 2, margins=margins))

    def _connect(self) -> None:
        self.add_button.clicked.connect(self.add_requested)
        self.remove_button.clicked.connect(self._remove)
        self.stations.itemClicked.connect(lambda item: self.station_chosen.emit(self.stations.row(item)))
        self.stations.itemActivated.connect(lambda item: self.station_chosen.emit(self.stations.row(item)))
        self.stations.currentRowChanged.connect(lambda _row: self._show_seconds())
        self.stations.model().rowsMoved.connect(self._tell_order)
        self.stations.installEventFilter(self)
        self.seconds_box.valueChanged.connect(
            lambda value: self.seconds_typed.emit(self.stations.currentRow(), float(value))
        )
        self.length_box.valueChanged.connect(lambda value: self.length_typed.emit(float(value)))
        self.curve.chosen.connect(self.curve_chosen)
        self.loop_button.toggled.connect(self.loop_toggled)
        self.soft_button.toggled.connect(self.soft_toggled)
        self.play_button.toggled.connect(self.play_toggled)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if is_key and event.key() in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):  # type: ignore[attr-defined]
            self._remove()
            return True
        return super().eventFilter(watched, event)

    # -- showing

    def show_walk(self, walk: Walk) -> None:
        """Show a walk; tells nobody."""
        there = bool(walk.stations)
        for widget in (self.settings, self.places):
            widget.setVisible(there)
        self.hint.setVisible(not there)
        if walk.stations != self._shown:
            self._shown = walk.stations
            self._fill(walk)
        for button, checked in ((self.loop_button, walk.loop), (self.soft_button, walk.soft)):
            button.blockSignals(True)
            button.setChecked(checked)
            button.blockSignals(False)
        self.curve.set_current(walk.curve)
        self.play_button.setEnabled(walk.goes_somewhere)
        self.length_box.setEnabled(walk.goes_somewhere)
        _show_number(self.length_box, walk.seconds)
        self._show_seconds()

    def _fill(self, walk: Walk) -> None:
        places, chosen = self.stations, self.stations.currentRow()
        places.blockSignals(True)
        places.clear()
        for number, station in enumerate(walk.stations):
            item = QListWidgetItem(f"{station.seconds:.1f} s")
            item.setData(_PLACE, number)
            item.setSizeHint(_CELL)
            item.setToolTip(f"Station {number + 1}")
            places.addItem(item)
        places.setCurrentRow(min(max(chosen, 0), len(walk.stations) - 1))
        places.blockSignals(False)

    def show_thumbnails(self, pictures: Mapping[Station, Picture]) -> None:
        """Show what is at the stations; those of which there is none stay empty."""
        for number, station in enumerate(self._shown):
            icon = QIcon()
            if station in pictures:
                pixmap = pixmap_of(pictures[station])
                for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # what is chosen keeps its colours
                    icon.addPixmap(pixmap, mode)
            if (item := self.stations.item(number)) is not None:
                item.setIcon(icon)

    def show_playing(self, playing: bool, station: int = -1) -> None:
        """Show whether it plays, and which station it has passed last; tells nobody."""
        button = self.play_button
        if playing != button.isChecked():
            button.blockSignals(True)
            button.setChecked(playing)
            button.blockSignals(False)
        name = "Stop playing" if playing else "Play the walk"
        if button.accessibleName() != name:
            set_icon(button, "stop" if playing else "play", self._theme, checked="accent")
            button.setAccessibleName(name)
            button.setToolTip(name)
        if station >= 0:
            self.choose(station)

    def choose(self, station: int) -> None:
        """Mark a station; tells nobody."""
        if station != self.stations.currentRow():
            self.stations.setCurrentRow(station)

    def _show_seconds(self) -> None:
        place = self.stations.currentRow()
        there = 0 <= place < len(self._shown)
        for widget in (self.seconds_box, self.remove_button):
            widget.setEnabled(there)
        if there:
            _show_number(self.seconds_box, self._shown[place].seconds)

    # -- the hand

    def _remove(self) -> None:
        if (place := self.stations.currentRow()) >= 0:
            self.remove_requested.emit(place)

    def _tell_order(self) -> None:
        self.order_changed.emit([self.stations.item(place).data(_PLACE) for place in range(self.stations.count())])


def _show_number(box: NumberBox, value: float) -> None:
    box.blockSignals(True)
    box.setValue(value)
    box.blockSignals(False)
