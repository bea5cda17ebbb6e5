"""The middle of a panel: the bar above the canvas, the canvas, the film strip, and the line that says how far it is."""

from PySide6.QtWidgets import QWidget

from studio.core.picture_task import PictureTask
from studio.ui.canvas.view import Canvas
from studio.ui.controls.layouts import column
from studio.ui.controls.progress_line import ProgressLine
from studio.ui.picture.compare_bar import CompareBar
from studio.ui.picture.strip_bar import StripBar
from studio.ui.theme import Theme


class Workspace(QWidget):
    """Canvas with its surroundings, the same in every panel that turns one picture into another.

    Args:
        task: what is done; without previews there is no film strip.
        result: what the picture is called that is made: "Painting".

    """

    def __init__(self, task: PictureTask, result: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.compare_bar = CompareBar(result, theme, self)
        self.canvas = Canvas(theme, self)
        self.strip_bar = StripBar(result, theme, self)
        self.film_strip = self.strip_bar.strip
        self.progress_line = ProgressLine(theme, self, with_buttons=not task.at_once)
        self.strip_bar.setHidden(not task.previews)
        self.setLayout(column(self.compare_bar, (self.canvas, 1), self.strip_bar, self.progress_line, gap=0))
        self._connect()

    def _connect(self) -> None:
        self.compare_bar.mode_chosen.connect(self.canvas.set_compare_mode)
        self.compare_bar.fit_requested.connect(self.canvas.fit)
        self.compare_bar.zoom_chosen.connect(self.canvas.zoom_to)
        self.compare_bar.peek_changed.connect(self.canvas.peek)
        self.compare_bar.actual_size_requested.connect(self.canvas.actual_size)
        self.canvas.zoom_changed.connect(self.compare_bar.set_zoom)
        self.canvas.compare_changed.connect(self.compare_bar.set_mode)
