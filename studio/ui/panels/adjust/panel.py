"""The Adjust panel: a photo cropped, straightened and corrected, before it is painted or for its own sake."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QTransform
from PySide6.QtWidgets import QAbstractSpinBox, QLineEdit

from studio.core.adjust_settings import AdjustSettings
from studio.core.controls import Controls
from studio.core.frames import Frame
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import ADJUST
from studio.core.settings import Settings
from studio.jobs.adjust import PROOF_PIXELS, Proof
from studio.jobs.find_grey import GreyTask, find_grey
from studio.ui.canvas.crop_layer import CropLayer
from studio.ui.canvas.picker_layer import PickerLayer
from studio.ui.panels.adjust.column import AdjustColumn
from studio.ui.panels.adjust.session import AdjustSession
from studio.ui.picture.context import PanelContext
from studio.ui.picture.panel import PicturePanel
from studio.ui.picture.session import SessionState

_OF_THE_FRAME = ("angle", "aspect", "crop")
"""Settings that one sees best on the whole picture."""
_ENDING = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Escape)
"""Keys that end a crop."""


class AdjustPanel(PicturePanel):
    """Adds the crop rectangle and the grey picker on the canvas, and "Send to" beside Save.

    Args:
        context: what it shares with other panels.

    """

    task = ADJUST
    result_title = "Adjusted"
    session: AdjustSession
    column: AdjustColumn

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.crop = CropLayer()
        self.grey = PickerLayer("Something grey.")
        for layer in (self.crop, self.grey):
            layer.hide()
            self.canvas.layers.add(layer)
        self._crop_before: tuple[float, ...] = ()
        self._proof_size = (0, 0)
        self.session.pixels_seen = self._pixels_seen
        self._connect_crop()
        self._connect_grey()
        menu = self.column.send_menu
        menu.aboutToShow.connect(lambda: self.targets_requested.emit(menu, self.picture_to_send))

    @property
    def words(self) -> Mapping[SessionState, str]:
        """What can be done when it is done; while a crop is chosen, how."""
        done = "Done: save it, or send it on"
        if self.session.shows_whole:
            done = "Drag the corners: Enter when done, Esc leaves the crop as it was"
        elif self.column.grey_button.isChecked():
            done = "Click on something that was grey in truth; Esc leaves the colours as they are"
        return {**super().words, SessionState.FINISHED: done}

    def make_session(self) -> AdjustSession:
        """Return the panel's state."""
        return AdjustSession(self.context.pictures, self.undo_stack, self)

    def make_column(self) -> AdjustColumn:
        """Return the controls beside the canvas."""
        return AdjustColumn(self.context.theme, self._change)

    def _pixels_seen(self) -> int:
        view = self.canvas.viewport()
        seen = round(view.width() * view.height() * view.devicePixelRatio() ** 2)
        return min(seen, PROOF_PIXELS) if self.canvas.fitted else PROOF_PIXELS

    def _change(self, change: Callable[[AdjustSettings], AdjustSettings]) -> None:
        self.session.set_settings(change(self.session.settings))

    # -- the crop --------------------------------------------------------------------------------------------------

    def _connect_crop(self) -> None:
        crop, button, state = self.crop, self.column.crop_button, self.session.settings_state
        button.toggled.connect(self._show_crop)
        button.clicked.connect(lambda on: self.canvas.setFocus() if on else None)
        self.form.drag_started.connect(self._open_crop_for)
        self.form.drag_finished.connect(lambda _name: crop.set_lines(3))
        crop.stroke_began.connect(state.begin)
        crop.rect_changed.connect(self._take_crop)
        crop.stroke_committed.connect(state.commit)
        crop.stroke_aborted.connect(state.commit)
        crop.accepted.connect(lambda: button.setChecked(False))
        crop.dismissed.connect(self._dismiss_crop)

        self.column.crop_sized.connect(self._cut_to)

    def _cut_to(self, across: int, down: int) -> None:
        width, height = self.session.frame_size
        if width:
            self._change(lambda settings: settings.cut_to(across, down, width, height))
        self._place_crop()

    def _open_crop_for(self, name: str) -> None:
        if name in _OF_THE_FRAME and self.session.photo is not None:
            self.column.crop_button.setChecked(True)
            self.crop.set_lines(9 if name == "angle" else 3)

    def _show_crop(self, on: bool) -> None:
        self._crop_before = self.session.settings.crop
        if on:
            self.column.grey_button.setChecked(False)
        self.crop.setVisible(on)
        self.canvas.layers.activate(self.crop if on else None)
        self.session.show_whole(on)
        self._show_state()

    def _dismiss_crop(self) -> None:
        self.session.change(crop=self._crop_before)
        self.column.crop_button.setChecked(False)

    def _take_crop(self, rect: QRectF) -> None:
        width, height = self.session.frame_size
        edges = (rect.left() / width, rect.top() / height, rect.right() / width, rect.bottom() / height)
        self.session.change(crop=tuple(round(min(1.0, max(0.0, edge)), 5) for edge in edges))

    def _place_crop(self) -> None:
        """Lay the rectangle where the settings say, within the straightened photo and its frame."""
        settings, (width, height) = self.session.settings, self.session.frame_size
        self.column.show_crop(settings, width, height)
        if not width:
            return
        frame = [QPointF(0, 0), QPointF(width, 0), QPointF(width, height), QPointF(0, height)]
        turn = QTransform().translate(width / 2, height / 2).rotate(settings.angle).translate(-width / 2, -height / 2)
        left, top, right, bottom = settings.box(width, height)
        self.crop.place(
            QRectF(QPointF(left, top), QPointF(right, bottom)), frame, [turn.map(corner) for corner in frame],
            aspect=settings.ratio(width, height), caption="{} × {}".format(*settings.size(width, height)),
        )  # fmt: skip

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter and Esc end a crop wherever the keyboard is; in a box, Enter is first of all for its number."""
        if not self.column.crop_button.isChecked() or event.key() not in _ENDING:
            super().keyPressEvent(event)
        elif isinstance(self.focusWidget(), QAbstractSpinBox | QLineEdit) and event.key() != Qt.Key.Key_Escape:
            self.canvas.setFocus()
        else:
            self.canvas.layers.answer_key(event)

    # -- a grey --------------------------------------------------------------------------------------------------------

    def _connect_grey(self) -> None:
        button = self.column.grey_button
        button.toggled.connect(self._show_grey)
        button.clicked.connect(lambda on: self.canvas.setFocus() if on else None)
        self.grey.picked.connect(self._take_grey)
        self.grey.dismissed.connect(lambda: button.setChecked(False))

    def _show_grey(self, on: bool) -> None:
        if on:
            self.column.crop_button.setChecked(False)
        self.grey.setVisible(on)
        self.canvas.layers.activate(self.grey if on else None)
        self._show_state()

    def _take_grey(self, spot: QPointF) -> None:
        """Find the white balance that makes this spot grey; one step of undo."""
        photo, rect = self.session.photo, self.grey.picture_rect
        if photo is None or rect.isEmpty():
            return
        task = GreyTask(photo, spot.x() / rect.width(), spot.y() / rect.height())
        handle = self.context.pictures.live("adjust.grey", find_grey, task, Controls(self.session.settings))
        handle.finished.connect(self._balance)
        handle.failed.connect(self.report)

    def _balance(self, found: tuple[int, int]) -> None:
        self.column.grey_button.setChecked(False)
        self.session.change(temperature=found[0], tint=found[1])

    # -- showing the state -----------------------------------------------------------------------------------------

    def copy(self) -> None:
        """Copy what is left of the photo, also while a crop is chosen on all of it."""
        self.column.crop_button.setChecked(False)
        super().copy()

    def show_input(self, role: str) -> None:
        """Show the photo, and close what was open of the last one."""
        if role == CONTENT:
            self.column.crop_button.setChecked(False)
            self.column.grey_button.setChecked(False)
            for tool in (self.column.tools, self.column.grey_button):
                tool.setEnabled(self.session.photo is not None)
        super().show_input(role)
        self._place_crop()

    def show_frame(self, frame: Frame | Proof) -> None:
        """Show photo and result as they are framed; a file that is brought back waits for its proof."""
        if isinstance(frame, Proof) and frame.whole == self.session.shows_whole and self.session.photo is not None:
            self.workspace.compare_bar.set_picture(self.session.photo.picture.name, *frame.size)
            self._proof_size = frame.size
            if frame.whole or frame.size != self.canvas.picture_size:
                self.canvas.set_after(None)  # a divider across the crop would be in the way; another crop is fitted
            if frame.whole:
                self.canvas.set_before(frame.after, frame.size)
            else:
                self.canvas.set_before(frame.before, frame.size)
                super().show_frame(frame.after)

    def _show_size(self) -> None:
        """Show the proof as the picture that it is a smaller version of; the bar names that one alone."""
        if self._shown is not None:
            self.canvas.set_after(self._shown, self._proof_size)

    def _show_settings(self, settings: Settings) -> None:
        super()._show_settings(settings)
        self._place_crop()

    def _show_saveable(self) -> None:
        super()._show_saveable()
        self.column.send_button.setEnabled(self.has_picture)
