"""The queue below the canvas: where results shall go, how far it is, and every photo with what became of it."""

import time
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QMenu,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStyleOptionViewItem,
    QToolButton,
    QWidget,
)

from studio.core.eta import EtaEstimator, words_for_time_left
from studio.jobs.batch import Outcome
from studio.ui.controls.choice_box import ChoiceBox
from studio.ui.controls.eliding_label import ElidingLabel, figures_label
from studio.ui.controls.file_dialogs import choose_folder
from studio.ui.controls.layouts import column, holding, row
from studio.ui.controls.thumbnails import SUBJECT, Index, ThumbnailDelegate, ThumbnailView
from studio.ui.icons import icon, set_icon
from studio.ui.picture.queue import PictureQueue, QueuedPhoto
from studio.ui.preferences import Preferences
from studio.ui.theme import Theme, mark, with_even_figures

__all__ = ["QueueView"]

_ROW, _ROWS = 26, 5
_FINE = 1000
_LIBRARY, _OTHER = "library", "other"
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".tif": "TIFF", ".webp": "WebP"}


class QueueView(QWidget):
    """Shows a queue while there is one, and hides when there is none.

    Args:
        queue: what is shown.
        preferences: the folder that results went to the last time.
        clock: seconds; a test hands in its own.

    """

    start_requested = Signal(object, str)
    """Queue what is proposed: the folder of the results or None for the library, and the suffix of their files."""
    opened = Signal(Path)
    """Open this result."""
    reveal_requested = Signal(Path)

    def __init__(
        self,
        queue: PictureQueue,
        preferences: Preferences,
        theme: Theme,
        parent: QWidget | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.queue, self._preferences, self._theme, self._clock = queue, preferences, theme, clock
        self._eta = EtaEstimator(memory=4.0 * _FINE)
        self._folder = Path(preferences.queue_folder) if preferences.queue_folder else None
        self._ready, self._missing, self._beside = True, "", ""
        self.proposal = ElidingLabel(parent=self)
        self.place_box = ChoiceBox({}, theme, self)
        self.format_box = ChoiceBox(_FORMATS, theme, self)
        self.start_button, self.drop_button = QPushButton("Start Queue", self), QToolButton(self)
        self.fold_button = QToolButton(self)
        self.words = ElidingLabel(parent=self)
        self.bar = QProgressBar(self)
        self._left = figures_label("88:88:88 left", self)
        self.pause_button, self.cancel_button = QPushButton(self), QPushButton("Cancel All", self)
        self.retry_button, self.close_button = QPushButton("Try Failed Again", self), QPushButton("Close", self)
        self.results_button = QPushButton("Show Results", self)
        self._to_focus = False
        self._model = _QueueModel(queue)
        self.list = _QueueList(self._model, theme, self)
        self._lay_out()
        self._connect()
        self._offer_places()
        self._show()

    def _lay_out(self) -> None:
        gap, margin = self._theme.tokens.gap, self._theme.tokens.margin
        mark(self, surface="panel")
        mark(self.start_button, kind="primary")
        self.place_box.setMinimumWidth(120)
        self.place_box.setMaximumWidth(260)
        self.format_box.setFixedWidth(96)
        self.drop_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.fold_button.setCheckable(True)
        self.fold_button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.bar.setTextVisible(False)
        self.bar.setRange(0, _FINE)
        self.bar.setMinimumWidth(48)
        self.list.setFixedHeight(_ROW * _ROWS + 4)
        for label in (self.proposal, self.words):
            label.setMinimumWidth(72)
            label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        set_icon(self.drop_button, "close", self._theme)
        set_icon(self.cancel_button, "close", self._theme)
        set_icon(self.retry_button, "restart", self._theme)
        set_icon(self.results_button, "reveal", self._theme)
        for control, name, tip in (
            (self.place_box, "Where the results go", "Into the library, or into a folder that is asked for once"),
            (self.format_box, "Format", "Of the files in the folder; TIFF, like the library, has 16 bits"),
            (self.start_button, "Start Queue", "One photo after the other, with the settings and paintings of now"),
            (self.drop_button, "Not now", "Queue none of them"),
            (self.bar, "Progress of the queue", ""),
            (self.cancel_button, "Cancel All", "Leave out every photo that is not done; what is done stays"),
            (self.retry_button, "Try Failed Again", "Queue what failed once more"),
            (self.results_button, "Show Results", "Open the folder that they lie in"),
            (self.close_button, "Close", "Put the list away; the results stay"),
        ):
            control.setAccessibleName(name)
            control.setToolTip(tip)
        asking = row(
            (self.proposal, 1), (self.place_box, 2), self.format_box, self.start_button, self.drop_button,
            gap=gap, margins=(margin, gap // 2, margin, gap // 2),
        )  # fmt: skip
        head = row(
            self.fold_button, (self.words, 1), self._left, (self.bar, 1), self.pause_button, self.cancel_button,
            self.retry_button, self.results_button, self.close_button,
            gap=gap, margins=(gap, gap // 2, margin, gap // 2),
        )  # fmt: skip
        self._asking, self._head = holding(asking), holding(head)
        self.setLayout(column(self._asking, self._head, self.list, gap=0))

    def _connect(self) -> None:
        queue = self.queue
        queue.changed.connect(self._show)
        queue.photo_changed.connect(self._show_photo)
        self.place_box.chosen.connect(self._choose_place)
        self.start_button.clicked.connect(self._start)
        self.drop_button.clicked.connect(queue.drop_proposal)
        self.fold_button.toggled.connect(lambda _: self._show_list())
        self.pause_button.clicked.connect(lambda: queue.pause() if queue.is_running else queue.resume())
        self.cancel_button.clicked.connect(queue.cancel_all)
        self.retry_button.clicked.connect(queue.try_again)
        self.results_button.clicked.connect(lambda: self.reveal_requested.emit(self._newest_result))
        self.close_button.clicked.connect(queue.clear)
        self.list.cancel_requested.connect(queue.cancel)
        self.list.opened.connect(self._open)
        self.list.offer_menu(lambda _photo: self.menu())

    # -- where results go ------------------------------------------------------------------------------------------

    def set_ready(self, ready: bool, missing: str = "", beside: str = "") -> None:
        """Tell whether the photos could be worked on now.

        Args:
            ready: whether they could.
            missing: what is not there yet.
            beside: what else every one of them gets: “with the mask “Sky””.

        """
        self._ready, self._missing, self._beside = ready, missing, beside
        self._show_proposal()

    def _offer_places(self) -> None:
        places = {_LIBRARY: "Into the library"}
        if self._folder is not None:
            places[str(self._folder)] = f"Into “{self._folder.name or self._folder}”"
        self.place_box.set_choices({**places, _OTHER: "Into a folder…"})
        self.place_box.set_current(str(self._folder) if self._folder is not None else _LIBRARY)

    def _choose_place(self, place: str) -> None:
        if place == _OTHER:
            begin = str(self._folder or self.queue.proposed[0].photo.parent if self.queue.proposed else Path.home())
            if (folder := choose_folder(self, "Where shall the results go?", begin, self._theme)) is not None:
                self._folder, self._preferences.queue_folder = folder, str(folder)
            self._offer_places()
        self._show_proposal()

    def _start(self) -> None:
        place = self.place_box.currentData()
        self._to_focus = True
        self.start_requested.emit(None if place == _LIBRARY else Path(place), self.format_box.currentData())

    # -- what is shown ---------------------------------------------------------------------------------------------

    def _show(self) -> None:
        self._model.show()
        self._show_proposal()
        self._show_progress()
        self.setHidden(not (self.queue.photos or self.queue.proposed))

    def _show_proposal(self) -> None:
        number = len(self.queue.proposed)
        self._asking.setVisible(bool(number))
        photos = f"{number:,} photo{'s' if number != 1 else ''}"
        self.proposal.setText(f"{photos} {self._beside}".strip() if self._ready else f"{photos}: {self._missing}")
        self.start_button.setEnabled(self._ready)
        self.format_box.setVisible(self.place_box.currentData() != _LIBRARY)

    def _show_photo(self, number: int) -> None:
        self._model.show_row(number)
        photo = self.queue.photos[number]
        if photo.state.outcome is Outcome.RUNNING and not photo.share and not self.list.hasFocus():
            self.list.scrollTo(self._model.index(number))  # whoever walks along the list stays where they are
        self._show_progress()

    def _show_progress(self) -> None:
        queue, report = self.queue, self.queue.report
        self._head.setVisible(bool(queue.photos))
        over = queue.is_over
        done = sum(count for outcome, count in report.counts.items() if outcome.is_over)
        if over:
            self.words.setText(report.sentence)
        elif queue.is_interrupted:
            self.words.setText(f"A queue was broken off: {len(queue.photos) - done:,} of {len(queue.photos):,} left")
        else:
            cancelled = report.counts.get(Outcome.CANCELLED, 0)
            failed = f" · {report.counts[Outcome.FAILED]:,} failed" if report.counts.get(Outcome.FAILED) else ""
            turn = " · waits until what trains is done" if queue.waits_for_turn else ""
            self.words.setText(f"Queue · {done - cancelled:,} of {len(queue.photos) - cancelled:,} done{failed}{turn}")
        self._show_time_left(over)
        self.bar.setVisible(not over)
        self.bar.setValue(round(queue.share * _FINE))
        words, sign = ("Pause", "pause") if queue.is_running else ("Go On", "play")
        self.pause_button.setText(words)
        self.pause_button.setAccessibleName(f"{words} with the queue" if sign == "play" else "Pause the queue")
        self.pause_button.setToolTip("Rest; the photo at work stays as it is" if sign == "pause" else "Go on with it")
        set_icon(self.pause_button, sign, self._theme)
        self.pause_button.setHidden(over)
        self.cancel_button.setHidden(over)
        self.retry_button.setVisible(over and bool(report.failures))
        self.results_button.setVisible(over and self._newest_result is not None)
        self.close_button.setVisible(over)
        self._show_list()
        if self._to_focus and queue.photos:  # not on to whatever stands behind the button that has gone
            self._to_focus = False
            (self.close_button if over else self.pause_button).setFocus()

    def _show_time_left(self, over: bool) -> None:
        queue = self.queue
        if over or not queue.is_running:
            self._eta.rest()
            self._left.setText("" if over else "paused" if queue.is_paused else "")
        else:
            timed = [one for one in queue.photos if one.state.outcome not in (Outcome.SKIPPED, Outcome.CANCELLED)]
            done = sum(1.0 if one.state.outcome.is_over else one.share for one in timed)  # what is skipped took no time
            left = self._eta.observe(self._clock(), round(done * _FINE), len(timed) * _FINE)
            self._left.setText(words_for_time_left(left))
        self._left.setVisible(not over)

    def _show_list(self) -> None:
        folded = self.fold_button.isChecked()
        self.list.setVisible(bool(self.queue.photos) and not folded)
        set_icon(self.fold_button, "chevron_right" if folded else "chevron_down", self._theme)
        words = "Show every photo of the queue" if folded else "Hide the list"
        self.fold_button.setToolTip(words)
        self.fold_button.setAccessibleName(words)

    @property
    def _newest_result(self) -> Path | None:
        return next((one.state.result for one in reversed(self.queue.photos) if one.state.result is not None), None)

    # -- one photo -------------------------------------------------------------------------------------------------

    def _open(self, photo: QueuedPhoto) -> None:
        if photo.state.result is not None:
            self.opened.emit(photo.state.result)

    def menu(self) -> QMenu:
        """Return the context menu of the photos that are chosen."""
        menu, rows = QMenu(self), self.list.chosen
        photos = [self.queue.photos[number] for number in rows]
        result = photos[0].state.result if len(photos) == 1 else None
        if result is not None:
            menu.addAction("Open Result", lambda: self.opened.emit(result))
            menu.addAction("Show in Folder", lambda: self.reveal_requested.emit(result))
        cancel = menu.addAction("Cancel", lambda: self.queue.cancel(rows))
        cancel.setEnabled(any(not photo.state.outcome.is_over for photo in photos))
        return menu


class _QueueModel(QAbstractListModel):
    def __init__(self, queue: PictureQueue) -> None:
        super().__init__()
        self._queue, self._known = queue, 0

    def show(self) -> None:
        """Show what is in the queue; rows that are there stay."""
        now = len(self._queue.photos)
        if now > self._known:
            self.beginInsertRows(QModelIndex(), self._known, now - 1)
            self._known = now
            self.endInsertRows()
        elif now < self._known:
            self.beginResetModel()
            self._known = now
            self.endResetModel()
        elif now:
            self.dataChanged.emit(self.index(0), self.index(now - 1))

    def show_row(self, number: int) -> None:
        if number < self._known:
            self.dataChanged.emit(self.index(number), self.index(number))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._known

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid() or index.row() >= len(self._queue.photos):
            return None
        photo = self._queue.photos[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return photo.item.name
            case Qt.ItemDataRole.ToolTipRole:
                reason = f"{photo.state.cause} {photo.state.remedy}".strip()
                return "\n".join(part for part in (str(photo.item.photo), _words(photo), reason) if part)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{photo.item.name}, {_words(photo)}"
        return photo if role == SUBJECT else None


class _QueueList(ThumbnailView[QueuedPhoto]):
    """The photos of a queue. Enter opens a result, Delete cancels what is chosen."""

    cancel_requested = Signal(object)
    """The rows of photos that shall be left out."""

    def __init__(self, model: _QueueModel, theme: Theme, parent: QWidget) -> None:
        super().__init__(model, _QueueDelegate(theme), parent)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName("Queue")
        self.setAccessibleDescription("Photos that wait or are done; Enter opens a result, Delete cancels a photo")

    @property
    def chosen(self) -> list[int]:
        """The rows that are chosen."""
        return sorted(index.row() for index in self.selectionModel().selectedIndexes())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete:
            self.cancel_requested.emit(self.chosen)
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = event.position().toPoint()
        index = self.indexAt(place)
        on_sign = index.isValid() and _cancel_place(self.visualRect(index)).contains(place)
        if on_sign and event.button() == Qt.MouseButton.LeftButton and not index.data(SUBJECT).state.outcome.is_over:
            self.cancel_requested.emit([index.row()])
        else:
            super().mousePressEvent(event)


_SIGNS = {
    Outcome.WAITING: ("history", "text_muted"), Outcome.RUNNING: ("play", "accent"),
    Outcome.MADE: ("check", "accent"), Outcome.SKIPPED: ("check", "text_muted"),
    Outcome.FAILED: ("error", "error"), Outcome.CANCELLED: ("close", "text_disabled"),
}  # fmt: skip
"""Sign and colour of an outcome; its words stand at the right."""


def _words(photo: QueuedPhoto) -> str:
    state = photo.state
    return {
        Outcome.WAITING: "Waiting", Outcome.RUNNING: f"{photo.share:.0%}", Outcome.MADE: "Done",
        Outcome.SKIPPED: "Was done before", Outcome.FAILED: state.cause, Outcome.CANCELLED: "Cancelled",
    }[state.outcome]  # fmt: skip


def _cancel_place(cell: QRect) -> QRect:
    return QRect(cell.right() - 32, cell.top(), 24, cell.height())


class _QueueDelegate(ThumbnailDelegate):
    """A line for each photo: its sign, its name, and what became of it or how far it is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(200, _ROW)

    def paint_item(self, painter: QPainter, option: QStyleOptionViewItem, cell: QRect, index: Index) -> None:
        photo: QueuedPhoto = index.data(SUBJECT)
        outcome = photo.state.outcome
        self.paint_ground(painter, option, "panel")
        sign, colour = _SIGNS[outcome]
        icon(sign, self._theme.tokens, colour=colour).paint(painter, QRect(cell.x() + 14, cell.y() + 5, 16, 16))
        line = cell.adjusted(40, 0, -40, 0)
        name = QRect(line.x(), line.y(), line.width() * 11 // 20, line.height())
        rest = QRect(name.right() + 16, line.y(), line.right() - name.right() - 16, line.height())
        painter.setFont(with_even_figures(option.font))
        quiet = outcome in (Outcome.WAITING, Outcome.SKIPPED, Outcome.CANCELLED)
        self._write(painter, name, str(PurePath(photo.item.name)), "text_muted" if quiet else "text", at_start=False)
        if outcome is Outcome.RUNNING:
            self._paint_share(painter, rest, photo.share)
        else:
            self._write(painter, rest, _words(photo), "error" if outcome is Outcome.FAILED else "text_muted")
        if not outcome.is_over:
            place = _cancel_place(cell).adjusted(4, 5, -4, -5)
            icon("close", self._theme.tokens, colour="text_muted").paint(painter, place)

    def _write(self, painter: QPainter, line: QRect, words: str, colour: str, *, at_start: bool = True) -> None:
        mode = Qt.TextElideMode.ElideRight if at_start else Qt.TextElideMode.ElideMiddle
        painter.setPen(self._theme.colour(colour))
        shown = painter.fontMetrics().elidedText(words, mode, line.width())
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_share(self, painter: QPainter, line: QRect, share: float) -> None:
        groove = QRect(line.x(), line.center().y() - 1, line.width(), 4)
        painter.setPen(Qt.PenStyle.NoPen)
        for width, colour in ((groove.width(), "groove"), (round(groove.width() * share), "accent")):
            painter.setBrush(self._theme.colour(colour))
            painter.drawRoundedRect(QRect(groove.x(), groove.y(), width, groove.height()), 2, 2)
