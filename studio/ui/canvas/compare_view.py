"""Pictures in one geometry, any two of them compared: by a divider, side by side, or by a peek."""

from typing import Literal, cast, get_args

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from studio.core.frames import Frame
from studio.ui.canvas.colours import CanvasColours
from studio.ui.canvas.frame_item import FrameItem, wrap_level
from studio.ui.canvas.marks import GRIP, LABEL_BAND, paint_divider, paint_empty_place, paint_label, small_font
from studio.ui.canvas.side_pane import SidePane
from studio.ui.canvas.tools import SplitTool
from studio.ui.canvas.zoom_pan import ZoomPanView
from studio.ui.theme import Theme
from studio.ui.tokens import Tokens

CompareMode = Literal["after", "split", "side"]

_GAP = 8


class CompareView(ZoomPanView):
    """Shows pictures in the same place, whatever their resolution; two of them, *before* and *after*, are compared.

    The one after sets the geometry, so that 100 % is one pixel of what is made; the other is scaled to it. While it is
    not there yet, the one before does. A frame in another size moves nothing on the screen.
    """

    compare_changed = Signal(str)
    split_moved = Signal(float)
    peek_changed = Signal(bool)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = CanvasColours.of(theme.tokens)
        self._mode: CompareMode = "after"
        self._split = 0.5
        self._peeking = False
        self._hot = False
        self._hint = ""
        self._pair = ("before", "after")
        self._labels = {"before": "Photo", "after": "Painting"}
        self._sizes: dict[str, tuple[int, int]] = {}
        """What the frames are smaller versions of, where they are."""
        self._items = {name: self._make_item() for name in self._pair}
        self._pane = SidePane(self.viewportEvent, self._colours, self)
        self.add_tool(SplitTool(self))
        theme.theme_changed.connect(self._dress)

    # -- pictures

    @property
    def pictures(self) -> dict[str, str]:
        """The pictures that are there: name → label, in the order in which they came."""
        return {name: self._labels[name] for name, item in self._items.items() if item.frame is not None}

    @property
    def labels(self) -> tuple[str, str]:
        """What the two that are compared are called, whether they are there or not."""
        return self._labels[self._pair[0]], self._labels[self._pair[1]]

    @property
    def _before(self) -> FrameItem:
        return self._items[self._pair[0]]

    @property
    def _after(self) -> FrameItem:
        return self._items[self._pair[1]]

    def set_picture(self, name: str, frame: Frame | None, label: str = "", size: tuple[int, int] | None = None) -> None:
        """Show another state of a picture, or take it away; one before alone that has another size is fitted.

        Args:
            name: of the picture, for `compare`.
            frame: its pixels.
            label: what it is called from now on.
            size: width and height of what the frame is a smaller version of; whatever counts pixels counts those.

        """
        known = self.pictures
        item = self._items[name] = self._items.get(name) or self._make_item()
        self._labels[name] = label or self._labels.get(name, name)
        item.set_frame(frame)
        self._sizes[name] = (0, 0) if frame is None else size or (frame.width, frame.height)
        if item is self._before:
            self._pane.item.set_frame(frame)
        self._take_size(keep_eye=item is not self._before or frame is None)
        if frame is None and name not in self._pair:
            self.scene().removeItem(self._items.pop(name))
            del self._sizes[name]
        if self.pictures != known:
            self._arrange()

    def note_change(self, name: str, part: QRectF) -> None:
        """Draw a part of a picture again whose frame was changed in place: shares of its width and height."""
        item = self._items[name]
        for drawn in (item, *((self._pane.item,) if item is self._before else ())):
            rect = drawn.boundingRect()
            across, down = rect.width(), rect.height()
            place = QRectF(part.x() * across, part.y() * down, part.width() * across, part.height() * down)
            drawn.update(place.translated(rect.topLeft()))

    def compare(self, before: str, after: str) -> None:
        """Compare these two pictures from now on.

        Raises:
            ValueError: they are one and the same, or one of them was never there.

        """
        if before == after or not {before, after} <= self._items.keys():
            raise ValueError(f"no two pictures to compare: {before}, {after}")
        if (before, after) != self._pair:
            for item in self._items.values():
                item.set_span(None)
                item.hide()
            self._pair = (before, after)
            self._pane.item.set_frame(self._before.frame)
            self._take_size(keep_eye=True)

    def set_before(self, frame: Frame | None, size: tuple[int, int] | None = None) -> None:
        """Show another photo, or none; one of another size is fitted."""
        self.set_picture(self._pair[0], frame, size=size)

    def set_after(self, frame: Frame | None, size: tuple[int, int] | None = None) -> None:
        """Show another state of the painting, or none; nothing on the screen moves."""
        self.set_picture(self._pair[1], frame, size=size)

    def clear(self) -> None:
        """Take every picture away."""
        for name in reversed(self.pictures):  # the one that sets the geometry last
            self.set_picture(name, None)

    def set_labels(self, before: str, after: str) -> None:
        """Name what is compared, in a panel where it is not a photo and its painting."""
        self._labels |= dict(zip(self._pair, (before, after), strict=True))
        self._arrange()

    def set_hint(self, words: str) -> None:
        """Keep the place of the one after, side by side, with these words in it until it is there; "" keeps none."""
        if words != self._hint:
            self._hint = words
            self._arrange()

    @property
    def waits_beside(self) -> bool:
        """Whether the place beside the one before is empty, and says what comes there."""
        return bool(self._hint) and self._mode == "side" and self._before.frame is not None and not self._both

    def _make_item(self) -> FrameItem:
        item = FrameItem(self._colours)
        item.set_rect(QRectF(0, 0, *self.picture_size))
        item.set_pixels_wanted(not self.fitted)
        item.hide()
        self.scene().addItem(item)
        return item

    @property
    def _drawn(self) -> tuple[FrameItem, ...]:
        return (*self._items.values(), self._pane.item)

    def _take_size(self, *, keep_eye: bool) -> None:
        leader = self._pair[0] if self._after.frame is None else self._pair[1]
        size = self._sizes.get(leader, (0, 0))
        for item in self._drawn:
            item.set_rect(QRectF(0, 0, *size))
        self._arrange()
        if size != self.picture_size:
            self.set_picture_size(*size, keep_eye=keep_eye)
            self._describe()

    def colour_at(self, spot: QPointF) -> QColor | None:
        """Return the colour that is seen at a spot of the picture, whichever of the two is shown there."""
        cut = self._before.span
        left = cut is not None and spot.x() < cut[1]
        frame = (self._after if self._after.isVisible() and not left else self._before).frame
        width, height = self.picture_size
        if frame is None or not (0 <= spot.x() < width and 0 <= spot.y() < height):
            return None
        image = wrap_level(frame.levels[0], frame.has_alpha)
        return image.pixelColor(int(spot.x() * image.width() / width), int(spot.y() * image.height() / height))

    # -- comparing

    @property
    def compare_mode(self) -> CompareMode:
        """How photo and painting are compared."""
        return self._mode

    def set_compare_mode(self, mode: str) -> None:
        """Choose "after", "split" or "side".

        Raises:
            ValueError: there is no such mode.

        """
        if mode not in get_args(CompareMode):
            raise ValueError(f"no such compare mode: {mode}")
        if mode != self._mode:
            self._mode = cast(CompareMode, mode)
            self._arrange()
            self.compare_changed.emit(mode)

    @property
    def split(self) -> float:
        """Where the divider stands, from 0 (left) to 1 (right), across what is visible of the picture.

        Of the visible part, not of the whole picture: so it is never out of reach, and one can pan a detail under it.
        """
        return self._split

    def set_split(self, split: float) -> None:
        """Put the divider somewhere between 0 and 1."""
        split = max(0.0, min(1.0, split))
        if split != self._split:
            self._split = split
            self._place_divider()
            self.split_moved.emit(split)

    @property
    def peeking(self) -> bool:
        """Whether the photo is shown in place of the painting for the moment."""
        return self._peeking

    def peek(self, on: bool) -> None:
        """Show the photo alone while `on`."""
        if on != self._peeking:
            self._peeking = on
            self._peek_key_held = False
            self._arrange()
            self.peek_changed.emit(on)

    @property
    def divider_x(self) -> float | None:
        """Where the divider stands in the viewport; None when there is none."""
        if not self._both or self._mode != "split" or self._peeking:
            return None
        visible = self.picture_in_view()
        return None if visible.isEmpty() else float(round(visible.left() + self._split * visible.width()))

    def move_divider(self, x: float) -> None:
        """Put the divider at `x` of the viewport, as far as the picture goes."""
        visible = self.picture_in_view()
        if not visible.isEmpty():
            self.set_split((x - visible.left()) / visible.width())

    def centre_divider(self) -> None:
        """Put the divider back in the middle."""
        self.set_split(0.5)

    @property
    def _both(self) -> bool:
        return self._before.frame is not None and self._after.frame is not None

    def _arrange(self) -> None:
        """Show what the mode, the peek and the frames at hand ask for."""
        before, after = self._before.frame is not None, self._after.frame is not None
        peeking = self._peeking and before
        alone = not after and not self.waits_beside
        self._before.setVisible(before and (alone or peeking or self._mode == "split"))
        self._after.setVisible(after and not peeking)
        self._pane.set_label(self.labels[0])
        self._lay_out_panes()
        self._place_divider()
        self._describe()
        self.viewport().update()

    def _lay_out_panes(self) -> None:
        side = (self._both and self._mode == "side") or self.waits_beside
        half = (self.width() - _GAP) // 2
        self._pane.setVisible(side)
        self._pane.setGeometry(0, 0, half, self.height())
        self.setViewportMargins(self.width() - half if side else 0, 0, 0, 0)

    def _place_divider(self) -> None:
        """Cut both pictures at the divider, and repaint only the strip that it swept and the labels above."""
        x = self.divider_x
        cut = None if x is None else self.to_picture(QPointF(x, 0)).x()
        before = self._before.span
        self._before.set_span(None if cut is None else (-1.0, cut))
        self._after.set_span(None if cut is None else (cut, float(self.picture_size[0]) + 1.0))
        if x is not None:
            edges = [x, x if before is None else self.to_view(QPointF(before[1], 0)).x()]
            left, right = int(min(edges) - GRIP - 4), int(max(edges) + GRIP + 4)
            self.viewport().update(QRect(left, 0, right - left, self.viewport().height()))
            self.viewport().update(QRect(0, int(self.picture_in_view().top()), self.viewport().width(), LABEL_BAND))

    def _describe(self) -> None:
        (width, height), (before, after) = self.picture_size, self.labels
        words = "No picture yet"
        if self._both:
            words = f"{before} and {after.lower()}, {width} by {height} pixels"
        elif width:
            words = f"{before if self._before.frame else after}, {width} by {height} pixels"
        self.setAccessibleDescription(words)

    # -- the screen

    def _dress(self, tokens: Tokens) -> None:
        self._colours = CanvasColours.of(tokens)
        self.setBackgroundBrush(QColor(self._colours.surround))
        palette = self.palette()
        palette.setColor(self.backgroundRole(), QColor(self._colours.surround))
        self.setPalette(palette)
        self._pane.set_colours(self._colours)
        for item in self._items.values():
            item.set_colours(self._colours)
        self.viewport().update()

    def eye_moved(self) -> None:
        """Let the pane and the divider follow."""
        super().eye_moved()
        for item in self._drawn:
            item.set_pixels_wanted(not self.fitted)
        self._pane.follow(self)
        self._place_divider()

    def drawForeground(self, painter: QPainter, rect: QRectF | QRect) -> None:
        """Draw divider and labels in the screen's own pixels."""
        visible, x = self.picture_in_view(), self.divider_x
        font, (before, after) = small_font(self.font()), self.labels
        painter.save()
        painter.resetTransform()
        if x is not None:
            left, right = QRectF(visible), QRectF(visible)
            left.setRight(x)
            right.setLeft(x)
            paint_label(painter, before, left, False, font)
            paint_label(painter, after, right, True, font)
            paint_divider(painter, x, visible, self._hot)
        elif self._both and self._peeking:
            paint_label(painter, before, visible, False, font)
        elif self._both and self._mode == "side":
            paint_label(painter, after, visible, False, font)
        elif self.waits_beside and not self._peeking:
            paint_empty_place(painter, self._hint, visible, self._colours, font)
            paint_label(painter, after, visible, False, font)
        painter.restore()

    def show_pointer(self, shape: Qt.CursorShape) -> None:
        """Shape the pointer over both halves, and light the divider up while it can be grabbed."""
        super().show_pointer(shape)
        self._pane.viewport().setCursor(shape)
        hot = shape == Qt.CursorShape.SplitHCursor
        if hot != self._hot:
            self._hot = hot
            self._place_divider()

    def event(self, event: QEvent) -> bool:
        """Share a new size between the panes before the viewport gets it."""
        if event.type() == QEvent.Type.Resize:
            self._lay_out_panes()
        return super().event(event)
