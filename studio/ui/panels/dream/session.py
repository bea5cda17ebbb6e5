"""The Dream panel's state: which generator makes pictures up, and where in its latent space one is."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings
from studio.core.picture_tasks import DREAM
from studio.core.recipes import name_in_recipes
from studio.engine import Engine, JobHandle
from studio.jobs.dream_picture import GeneratorFound, SketchesTask
from studio.ui.picture.session import PictureSession

__all__ = ["DreamSession"]


class DreamSession(PictureSession[DreamSettings]):
    """Makes a picture up as soon as there is a generator, and anew for every change.

    Args:
        studio: the engine that owns the device.
        pictures: the engine that prepares frames.
        undo_stack: receives one step per gesture.

    """

    generator_changed = Signal()
    """`generator` is another one, or is known better."""

    def __init__(self, studio: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        self.generator: GeneratorFound | None = None
        """What the generator is; None while there is none, or nobody has looked."""
        self._studio = studio
        self._looking_at = ""
        super().__init__(DREAM, studio, pictures, undo_stack, parent)

    @property
    def is_complete(self) -> bool:
        """Whether a generator is chosen."""
        return bool(self.settings.model)

    @property
    def subject(self) -> str:
        """What the picture is called: after its generator, and its seed or what is held."""
        settings = self.settings
        name = name_in_recipes(settings.model).removesuffix(".safetensors")
        return f"{name} {settings.held.name or settings.seed}".strip() or "Picture"

    def fit(self, settings: DreamSettings) -> DreamSettings:
        """Never blend a generator with itself."""
        return settings.model_copy(update={"second": ""}) if settings.second == settings.model else settings

    # -- the generator -----------------------------------------------------------------------------------------------

    def look(self) -> None:
        """Open the generator that is chosen, and learn what it is."""
        name = self.settings.model
        if name == self._looking_at:
            return
        self._looking_at, self.generator = name, None
        self.generator_changed.emit()
        if name:
            handle = self._studio.live("dream.look", "look_at_generator", name)
            handle.finished.connect(self._take_generator)

    def look_again(self) -> None:
        """Learn anew what the generator is: its file may be another one by now."""
        self._looking_at = ""
        self.look()

    def _take_generator(self, found: GeneratorFound) -> None:
        self.generator = found
        self.generator_changed.emit()

    # -- going somewhere ---------------------------------------------------------------------------------------------

    def go_to(self, across: float, down: float, name: str = "Go There") -> None:
        """Go to a place of the pad; a point that was held is let go. In a gesture it is part of that step of undo."""
        self.set_settings(self.settings.at(across, down), name)

    def go_to_seed(self, seed: int) -> None:
        """Go to a seed."""
        self.set_settings(self.settings.at_seed(seed), f"Go to Seed {seed}")

    def hold(self, w: NDArray[np.floating], name: str) -> None:
        """Go to a point, stages × numbers of w, that stands in place of the pad's: one that was found or dragged."""
        self.set_settings(self.settings.holding(w, name), name)

    def sketch(self, key: str, settings: Sequence[DreamSettings]) -> JobHandle:
        """Have small pictures made, a `tuple[Picture, ...]`; a newer wish of the same key replaces this one."""
        task = SketchesTask(tuple(settings))
        return self._studio.live(f"dream.{key}", "sketch", task, Controls(self.settings), after_running=True)

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Follow every change, another generator first of all."""
        if "model" in changed:
            self.look()
        super().follow(changed, effects)
