"""The Dream panel's state: which generator makes pictures up, and where in its latent space one is."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoStack

from studio.core.controls import Controls
from studio.core.dream_settings import DreamSettings, Moves, unpacked
from studio.core.failures import Failure
from studio.core.picture_tasks import DREAM
from studio.core.recipes import name_in_recipes
from studio.engine import Engine, JobHandle
from studio.jobs.dream_tasks import GeneratorFound, SketchesTask
from studio.ui.picture.history import HistoryState, Made
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
        self.is_loading = False
        """Whether the generator that is chosen is being opened."""
        self.awaits = False
        """Whether it is a run that has kept nothing yet: it is taken up as soon as it has."""
        self._studio = studio
        self._looking_at, self._compared = "", ("", "")
        self._looks = False
        self._begins: bool | None = None
        """Whether what begins once the generator is known only follows the settings; None where nothing does."""
        super().__init__(DREAM, studio, pictures, undo_stack, parent)
        # not in `follow`, which is passed over where settings come back with a session or a step of undo
        self.settings_changed.connect(self._heed_generators)

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

    @property
    def is_settled(self) -> bool:
        """Whether nothing runs or is about to, the opening of the generator included."""
        return super().is_settled and not self.is_loading

    @property
    def is_coming(self) -> bool:
        """Whether a picture is there, or on its way."""
        return self.layer is not None or self._begins is not None or not self.is_settled

    # -- the generator -----------------------------------------------------------------------------------------------

    def _heed_generators(self, _settings: DreamSettings) -> None:
        self.look()
        self._compare()

    def look(self) -> None:
        """Open the generator that is chosen, and learn what it is."""
        name = self.settings.model
        if name == self._looking_at:
            return
        self._looking_at, self.generator = name, None
        self.is_loading, self.awaits = bool(name), False
        self.generator_changed.emit()
        if name:
            handle = self._studio.live("dream.look", "look_at_generator", name)
            handle.finished.connect(partial(self._take_generator, name))
            handle.failed.connect(partial(self._miss_generator, name))

    def look_again(self) -> None:
        """Learn what the generator is by now, where it is one that may learn: then everything is made anew."""
        name = self.settings.model
        if name and name == self._looking_at and Path(name).is_absolute() and not self._looks:
            self._looks = True
            handle = self._studio.live("dream.look-again", "look_at_generator", name)
            handle.finished.connect(partial(self._take_newer, name))
            for over in (handle.finished, handle.failed, handle.cancelled):
                over.connect(self._end_look)

    def _take_generator(self, name: str, found: GeneratorFound | None) -> None:
        if name != self._looking_at:
            return
        self.is_loading, self.awaits = False, found is None
        if found is None:
            self._show_nothing()
        else:
            self._know(found)

    def _miss_generator(self, name: str, failure: Failure) -> None:
        if name == self._looking_at:
            self.is_loading, self._begins = False, None
            self.generator_changed.emit()
            self.failed.emit(failure)
            self._act()

    def _know(self, found: GeneratorFound) -> None:
        """Dream with it, without what only another one can be told."""
        self.generator = found
        if (settings := _possible(self.settings, found)) != self.settings:
            self.noticed.emit("A held point, or a direction, was of another generator: it is let go.", "info")
            self.settings_state.apply(settings)
        self.generator_changed.emit()
        self._compare()
        again, self._begins = self._begins, None
        if again is not None and not self.job.is_there:
            super()._start(again=again)

    def _show_nothing(self) -> None:
        """Let go of the picture of another generator: of this one there is none yet."""
        self.stop()
        self.job.forget()
        self.film.take(Made())
        self._settle()
        self.generator_changed.emit()

    def _start(self, branch: HistoryState | Made | None = None, *, again: bool = False) -> None:
        """Begin as soon as it is known what the generator is; one that could not be opened is tried again."""
        if self.generator is not None or not self.is_complete:
            super()._start(branch, again=again)
            return
        self._begins = again and self._begins is not False
        if not self.is_loading and not self.awaits:
            self._looking_at = ""
            self.look()

    def _end_look(self, *_: object) -> None:
        self._looks = False

    def _take_newer(self, name: str, found: GeneratorFound | None) -> None:
        if found is None or name != self.settings.model or self.is_loading:
            return
        if self.generator is not None and found.sha256 == self.generator.sha256:
            return
        if not self.job.is_there:  # otherwise what comes of it is as new as can be
            self._begins = self.layer is not None
        self.awaits = False
        self._know(found)

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

    def _take_second(self, other: GeneratorFound | None) -> None:
        if self.generator is None or other is None:
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


def _possible(settings: DreamSettings, generator: GeneratorFound) -> DreamSettings:
    """Return settings without a held point, and without directions, that are longer or shorter than a generator's."""
    if settings.held.w and len(unpacked(settings.held.w)) != generator.styles * generator.style:
        settings = settings.at(settings.across, settings.down)
    along = tuple(move for move in settings.moves.along if len(unpacked(move.vector)) == generator.style)
    return settings if along == settings.moves.along else settings.model_copy(update={"moves": Moves(along=along)})
