"""The Adjust panel's state: at screen size while a hand moves, in full when it rests."""

from collections.abc import Callable

from PySide6.QtGui import QUndoStack
from PySide6.QtWidgets import QWidget

from studio.core.adjust_settings import AdjustSettings
from studio.core.picture_tasks import ADJUST
from studio.engine import Engine
from studio.jobs.adjust import PROOF_PIXELS, ProofTask, proof
from studio.ui.picture.session import PictureSession

_REST_MS = 200
"""How long nothing changes before the full size is made."""


class AdjustSession(PictureSession[AdjustSettings]):
    """Shows a proof for every change, and makes the picture when there are no more.

    Args:
        pictures: the engine that does both.
        undo_stack: receives one step per gesture.

    """

    def __init__(self, pictures: Engine, undo_stack: QUndoStack, parent: QWidget) -> None:
        super().__init__(ADJUST, pictures, pictures, undo_stack, parent)
        self._restart.setInterval(_REST_MS)
        self.shows_whole = False
        self.pixels_seen: Callable[[], int] = lambda: PROOF_PIXELS

    def settings_for(self, role: str) -> AdjustSettings:
        """Begin another photo from neutral settings: those of the last one say nothing about it."""
        return AdjustSettings()

    def show_whole(self, on: bool) -> None:
        """Show all of the straightened photo, to choose a crop on, or what is left of it."""
        self.shows_whole = on
        self._compose()

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Show at once what the settings mean; the picture itself is made when they rest."""
        self.job.cancel()
        if self.photo is not None:
            self._restart.start()
            self._compose()

    def start(self) -> None:
        """Make the picture in full size."""
        self._start(again=self.layer is not None)

    @property
    def frame_size(self) -> tuple[int, int]:
        """Width and height of the photo after its quarter turns; (0, 0) without one."""
        photo = self.photo
        return (0, 0) if photo is None else self.settings.frame_size(photo.picture.width, photo.picture.height)

    def _compose(self) -> None:
        if self.photo is not None:
            made = self.recipe is not None and AdjustSettings.model_validate(self.recipe.settings) == self.settings
            layer = self.layer if made and not self.shows_whole else None
            task = ProofTask(self.photo, layer, self.shows_whole, self.pixels_seen())
            self.compositor.compose(task, self.settings, job=proof)
