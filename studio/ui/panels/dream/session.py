"""The Dream panel's state: which generator makes pictures up, and where in its latent space one is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings
from studio.core.picture_tasks import DREAM
from studio.core.recipes import name_in_recipes
from studio.engine import Engine, JobHandle
from studio.jobs.dream_tasks import GeneratorFound, SketchesTask
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
    """`generator` is another one, or has learnt on."""
    kinship_changed = Signal(str)
    """What there is to say of two generators in one; "" where there is one."""

    def __init__(self, studio: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        self.generator: GeneratorFound | None = None
        """What the generator is; None while there is none, or nobody has looked."""
        self._studio = studio
        self._looking_at, self._compared = "", ("", "")
        self._looks = False
        super().__init__(DREAM, studio, pictures, undo_stack, parent)

    @property
    def is_complete(self) -> bool:
        """Whether a generator is chosen."""
        return bool(self.settings.model)

    @property
    def subject(self) -> str:
        """What the picture is called: after its generator, and its seed or what is held."""
        settings = self.settings
        return f"{self.generator_name} {settings.held.name or settings.seed}".strip() or "Picture"

    @property
    def generator_name(self) -> str:
        """What the generator is called in file names."""
        return name_in_recipes(self.settings.model).removesuffix(".safetensors")

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
        """Learn what the generator is by now, where it is one that may learn: then everything is made anew."""
        name = self.settings.model
        if name and name == self._looking_at and Path(name).is_absolute() and not self._looks:
            self._looks = True
            handle = self._studio.live("dream.look-again", "look_at_generator", name)
            handle.finished.connect(partial(self._take_newer, name))
            for over in (handle.finished, handle.failed, handle.cancelled):
                over.connect(self._end_look)

    def _take_generator(self, found: GeneratorFound) -> None:
        self.generator = found
        self.generator_changed.emit()
        self._compare()

    def _end_look(self, *_: object) -> None:
        self._looks = False

    def _take_newer(self, name: str, found: GeneratorFound) -> None:
        if name != self.settings.model:
            return
        if self.generator is not None and found.sha256 == self.generator.sha256:
            return
        self._take_generator(found)
        if not self.job.is_there:  # otherwise what comes of it is as new as can be
            self._start(again=self.layer is not None)

    def _compare(self) -> None:
        """Say whether the two generators go together; one of another make is let go."""
        names = self.settings.model, self.settings.second
        if names == self._compared or self.generator is None:
            return
        self._compared = names
        self.kinship_changed.emit("")
        if self.settings.second:
            handle = self._studio.live("dream.second", "look_at_generator", self.settings.second)
            handle.finished.connect(self._take_second)

    def _take_second(self, other: GeneratorFound) -> None:
        if self.generator is None:
            return
        if other.make != self.generator.make:
            self.noticed.emit("These two are not of the same make: choose another one.", "warning")
            self.settings_state.apply(self.settings.model_copy(update={"second": ""}))
        elif other.is_kin_of(self.generator):
            self.kinship_changed.emit("Of one ancestry: what lies between them makes pictures as well.")
        else:
            self.kinship_changed.emit(
                "Of the same make, but of no ancestry that is known: what lies between may be mud."
            )

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
        if "second" in changed:
            self._compare()
