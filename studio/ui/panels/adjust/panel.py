"""The Adjust panel: a photo cropped, straightened and corrected, before it is painted or for its own sake."""

from math import cos, radians, sin

from PySide6.QtCore import QPointF, QRectF

from studio.core.frames import Frame
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import ADJUST
from studio.core.settings import Settings
from studio.jobs.adjust import Proof
from studio.ui.canvas.crop_layer import CropLayer
from studio.ui.panels.adjust.column import AdjustColumn
from studio.ui.panels.adjust.session import AdjustSession
from studio.ui.picture.panel import PanelContext, PicturePanel, PictureWords

_OF_THE_FRAME = ("angle", "aspect", "crop")
"""Settings that one sees best on the whole picture."""


class AdjustPanel(PicturePanel):
    """Adds the crop rectangle on the canvas.

    Args:
        context: what it shares with other panels.

    """

    task = ADJUST
    result_title = "Adjusted"
    done = "adjusted"
    session: AdjustSession
    column: AdjustColumn

    def __init__(self, context: PanelContext) -> None:
        super().__init__(context)
        self.crop = CropLayer()
        self.crop.hide()
        self.canvas.add_layer(self.crop)
        self._crop_before: tuple[float, ...] = ()
        self._connect_crop()

    @property
    def words(self) -> PictureWords:
        """What the panel says at the bottom."""
        return PictureWords("Drop a photo", finished="Done: save it, or send it on with File › Send Picture To")

    def make_session(self) -> AdjustSession:
        """Return the panel's state."""
        return AdjustSession(self.context.pictures, self.undo_stack, self)

    def make_column(self) -> AdjustColumn:
        """Return the controls beside the canvas."""
        return AdjustColumn(self.context.theme)

    def _connect_crop(self) -> None:
        crop, column, session = self.crop, self.column, self.session
        column.crop_button.toggled.connect(self._show_crop)
        column.crop_button.clicked.connect(lambda on: self.canvas.setFocus() if on else None)
        column.turn_requested.connect(lambda quarters: session.set_settings(session.settings.turned(quarters)))
        column.mirror_requested.connect(lambda way: session.set_settings(session.settings.mirrored(way)))
        self.form.drag_started.connect(self._open_crop_for)
        self.form.drag_finished.connect(lambda _name: self.crop.set_lines(3))
        crop.stroke_began.connect(session.settings_state.begin)
        crop.rect_changed.connect(self._take_crop)
        crop.stroke_committed.connect(session.settings_state.commit)
        crop.stroke_aborted.connect(session.settings_state.commit)
        crop.accepted.connect(lambda: column.crop_button.setChecked(False))
        crop.dismissed.connect(self._dismiss_crop)

    # -- the crop --------------------------------------------------------------------------------------------------

    def _open_crop_for(self, name: str) -> None:
        if name in _OF_THE_FRAME and self.session.photo is not None:
            self.column.crop_button.setChecked(True)
            self.crop.set_lines(9 if name == "angle" else 3)

    def _show_crop(self, on: bool) -> None:
        self._crop_before = self.session.settings.crop
        self.crop.setVisible(on)
        self.canvas.activate(self.crop if on else None)
        self.session.show_whole(on)

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
        if not width:
            return
        c, s = cos(radians(settings.angle)), sin(radians(settings.angle))
        ways = ((-1, -1), (1, -1), (1, 1), (-1, 1))
        frame = [QPointF(width * (1 + x) / 2, height * (1 + y) / 2) for x, y in ways]
        photo = [
            QPointF((width + x * width * c - y * height * s) / 2, (height + x * width * s + y * height * c) / 2)
            for x, y in ways
        ]
        self.crop.set_limits(frame, photo)
        self.crop.set_aspect(settings.ratio(width, height))
        if not self.crop.in_stroke:
            left, top, right, bottom = settings.box(width, height)
            self.crop.set_crop(QRectF(QPointF(left, top), QPointF(right, bottom)))
        across, down = settings.size(width, height)
        self.crop.set_caption(f"{across} × {down}")

    def copy(self) -> None:
        """Copy what is left of the photo, also while a crop is chosen on all of it."""
        self.column.crop_button.setChecked(False)
        super().copy()

    # -- showing the state -----------------------------------------------------------------------------------------

    def show_input(self, role: str) -> None:
        """Show the photo, and close what was open of the last one."""
        if role == CONTENT:
            self.column.crop_button.setChecked(False)
        super().show_input(role)
        self._place_crop()

    def show_frame(self, frame: Frame | Proof) -> None:
        """Show photo and result as they are framed; a file that is brought back waits for its proof."""
        if isinstance(frame, Proof) and self.session.photo is not None:
            self.workspace.compare_bar.set_picture(self.session.photo.picture.name, *frame.size)
            if self.session.crops:  # alone: a divider across the crop would only be in the way
                self.canvas.set_after(None)
                self.canvas.set_before(frame.after, frame.size)
            else:
                self.canvas.set_before(frame.before, frame.size)
                super().show_frame(frame.after)

    def _show_settings(self, settings: Settings) -> None:
        super()._show_settings(settings)
        self._place_crop()
