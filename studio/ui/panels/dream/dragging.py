"""Dragging a picture by points: they are set on the canvas, what may move is painted, and each step is in sight."""

from PySide6.QtCore import QObject, QPointF, Signal
from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QLabel, QPushButton

from studio.core.dream_settings import DreamSettings
from studio.core.events import Metrics, Preview
from studio.core.failures import Failure
from studio.engine import Engine, JobHandle
from studio.jobs.dream_ways import Dragged, DragTask
from studio.ui.canvas.brush_layer import BrushLayer
from studio.ui.canvas.drag_layer import DragLayer, Pair
from studio.ui.canvas.painted_map import PaintedMap
from studio.ui.canvas.view import Canvas
from studio.ui.controls.layouts import row
from studio.ui.controls.section import Section
from studio.ui.controls.segments import Segments
from studio.ui.controls.wrapping_label import WrappingLabel
from studio.ui.panels.dream.lead import Lead
from studio.ui.panels.dream.session import DreamSession
from studio.ui.theme import Theme, mark

__all__ = ["DragDesk", "DragSection"]

_HINT = (
    "Draw on the picture from what you take hold of to where it shall go: a chin, an eyebrow, a hairline. Then drag. "
    "Alt and a click take a point away."
)
_MASK_HINT = "Paint over what may move; everything else is held. Nothing painted: all may. Alt erases, [ ] widen."


class DragSection(Section):
    """What is drawn on the canvas, and the buttons that begin and end a drag."""

    def __init__(self, theme: Theme) -> None:
        super().__init__("Drag", theme)
        self.words = WrappingLabel(_HINT)
        self.tool = Segments({"points": "Points", "mask": "What May Move"})
        self.tool.name_buttons("On the canvas")
        self.tool.set_current("points")
        for choice, tip in zip(self.tool.buttons, ("What is taken, and where it goes", "A brush"), strict=True):
            choice.setToolTip(tip)
        self.drag_button, self.clear_button = QPushButton("Drag"), QPushButton("Clear")
        self.drag_button.setToolTip("Let the picture follow, step by step, until the points are there")
        self.clear_button.setToolTip("Take away all points and what is painted")
        self.distance = QLabel()
        mark(self.words, tone="small")
        mark(self.distance, tone="small")
        mark(self.clear_button, kind="link")
        self.contents.addWidget(self.words)
        self.contents.addWidget(self.tool)
        self.contents.addLayout(row(self.drag_button, self.distance, None, self.clear_button, gap=theme.tokens.gap))
        self.show_state(points=0, dragging=False)

    def show_state(self, *, points: int, dragging: bool) -> None:
        """Say what can be done now."""
        self.drag_button.setText("Stop" if dragging else "Drag")
        self.drag_button.setAccessibleName("Stop dragging" if dragging else "Drag the picture")
        self.drag_button.setEnabled(points > 0)
        self.clear_button.setEnabled(points > 0 and not dragging)

    def show_tool(self, tool: str) -> None:
        """Explain the tool that is chosen."""
        self.words.setText(_MASK_HINT if tool == "mask" else _HINT)


class DragDesk(QObject):
    """Binds the section, the canvas and the job.

    Args:
        session: comes to hold what is dragged.
        section: says what to do.
        canvas: is drawn on while the section is open.
        studio: the engine that drags.
        undo_stack: takes the strokes of the brush.

    """

    failed = Signal(Failure)

    def __init__(
        self, session: DreamSession, section: DragSection, canvas: Canvas, studio: Engine, undo_stack: QUndoStack,
        parent: QObject,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._session, self._section, self._canvas, self._studio = session, section, canvas, studio
        self._lead = Lead(session, self)
        self._job: JobHandle | None = None
        self._size = 0
        self._picture: object = None
        """What the points lie on."""
        self._points_of: dict[object, tuple[Pair, ...]] = {}
        """The points of each picture that had some: they go with it, and are back when it is."""
        self._movable_of: dict[object, PaintedMap] = {}
        """Likewise what may move."""
        self.points, self.brush = DragLayer(), BrushLayer(undo_stack)
        for layer in (self.brush, self.points):
            canvas.layers.add(layer)
            layer.hide()
            layer.dismissed.connect(lambda: section.set_open(False))
        self._connect()

    def _connect(self) -> None:
        section = self._section
        section.toggled.connect(lambda _open: self._arm())
        section.tool.chosen.connect(lambda _tool: self._arm())
        section.drag_button.clicked.connect(self._toggle)
        section.clear_button.clicked.connect(self.clear)
        self.points.pairs_changed.connect(self._take_points)
        self._session.settings_changed.connect(self._follow)
        self._session.generator_changed.connect(self._fit)
        self._lead.interrupted.connect(self._let_go)

    @property
    def is_dragging(self) -> bool:
        """Whether the picture follows just now."""
        return self._job is not None

    def start(self) -> None:
        """Let the picture follow the points."""
        # the canvas counts from a pixel's corner, pictures from its middle
        pairs = tuple(((a.x() - 0.5, a.y() - 0.5), (b.x() - 0.5, b.y() - 0.5)) for a, b in self.points.pairs)
        if not pairs or not self._session.is_complete:
            return
        painting = self.brush.painting
        if painting is not None:
            self._movable_of[self._picture] = painting  # undo comes back to it without having left it by hand
        movable = None if painting is None or painting.is_blank else self.brush.map()
        self._let_go()
        self._lead.begin("Drag")
        self._job = job = self._studio.live(
            "dream.drag", "drag_picture", DragTask(self._session.settings, pairs, movable)
        )
        job.frame_ready.connect(self._show)
        job.measured.connect(self._measure)
        job.finished.connect(self._finish)
        job.failed.connect(self._fail)
        self._show_state()

    def stop(self) -> None:
        """Stay where it has come."""
        if self._job is not None:
            self._job.finish()

    def clear(self) -> None:
        """Take all points away, and what is painted."""
        self.points.set_pairs(())
        self.brush.wipe()
        self._keep_points()

    def _toggle(self) -> None:
        if self.is_dragging:
            self.stop()
        else:
            self.start()

    # -- the canvas

    def _arm(self) -> None:
        """Show the points, and what is painted, while the section is open; the hand has the tool that is chosen."""
        open_, tool = self._section.is_open, self._section.tool.current
        self._fit()
        self.points.setVisible(open_)
        self.brush.setVisible(open_ and self._size > 0)
        self._section.show_tool(tool)
        layers = self._canvas.layers
        if open_:
            layers.activate(self.brush if tool == "mask" else self.points)
        elif layers.active in (self.brush, self.points, None):
            layers.activate(None)

    def _fit(self) -> None:
        """Begin anew on the pictures of another generator."""
        generator = self._session.generator
        size = 0 if generator is None else generator.size
        if size and size != self._size:
            self._size = size
            self._points_of.clear()
            self._movable_of.clear()
            self.points.set_pairs(())
            self.brush.set_map(None, size, size)
            self._show_state()

    def _follow(self, settings: DreamSettings) -> None:
        """Put the points away that lie on another picture; of one that is back they are back, where they were then.

        What is only moved, mixed or bent stays the same picture.
        """
        picture = settings.model, settings.second, settings.across, settings.down, settings.held
        if picture == self._picture:
            return
        before, self._picture = self._picture, picture
        if self._lead.is_active:  # a drag takes along what it drags, and what may move
            return
        self.points.set_pairs(self._points_of.get(picture, ()))
        if self.brush.painting is not None:
            self._movable_of[before] = self.brush.painting
            self.brush.show_painting(self._movable_of.get(picture) or PaintedMap.blank(self._size, self._size))
        self._show_state()

    def _take_points(self) -> None:
        """Keep what the hand set; a picture that follows just now goes on from where it is, after these."""
        self._keep_points()
        if self.is_dragging:
            self._let_go()
            self.start()

    def _keep_points(self) -> None:
        self._points_of[self._picture] = tuple(self.points.pairs)
        self._show_state()

    def _show_state(self) -> None:
        self._section.show_state(points=len(self.points.pairs), dragging=self.is_dragging)
        if not self.is_dragging:
            self._section.distance.setText("")

    # -- what the job says

    def _show(self, preview: Preview) -> None:
        if preview.recipe is not None:
            self._lead.show(DreamSettings.model_validate(preview.recipe.settings))

    def _measure(self, metrics: Metrics) -> None:
        values = metrics.values
        if not self.points.in_stroke:  # in one there may be more of them, or fewer, than are dragged
            self.points.set_handles([
                QPointF(values[f"handle {number} right"] + 0.5, values[f"handle {number} down"] + 0.5)
                for number in range(len(self.points.pairs))
            ])  # fmt: skip
        self._section.distance.setText(f"{values['distance']:.1f} px to go")

    def _finish(self, dragged: Dragged) -> None:
        self._job = None
        self._lead.show(dragged.settings)
        self._lead.end()
        if len(dragged.handles) == len(self.points.pairs) and not self.points.in_stroke:
            self.points.set_handles([QPointF(right + 0.5, down + 0.5) for right, down in dragged.handles])
        self._keep_points()
        self._section.distance.setText(
            "Arrived" if dragged.distance <= 1.5 else f"Stopped {dragged.distance:.1f} px away"
        )

    def _fail(self, failure: Failure) -> None:
        self._let_go()
        self.failed.emit(failure)

    def _let_go(self) -> None:
        """Drag no more: a hand went elsewhere."""
        if self._job is not None:
            self._job.drop()
            self._job = None
        self._lead.end()
        self._show_state()
