"""The state of the Style panel: what painting in the manner of paintings adds to any picture task."""

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QUndoStack

from studio.core.events import DeepPicture, Picture
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import STYLIZE
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings
from studio.engine import Engine
from studio.jobs.files import OpenedPicture
from studio.ui.panels.style.strength_preview import StrengthPreview
from studio.ui.picture.inputs import InputPictures
from studio.ui.picture.session import PictureSession, SessionState

__all__ = ["STYLE", "StyleSession"]

STYLE = "style"
"""The role of the paintings."""

_FOLLOW_DELAY_MS = 60
"""How long Strength rests before a fast style paints anew: meanwhile the last painting is faded."""


class StyleSession(PictureSession[StyleSettings]):
    """Paints live after paintings, or at once with a fast style, which knows its own painting.

    Args:
        studio: the engine that owns the device.
        pictures: the engine that composes frames.
        undo_stack: receives one step per gesture.

    """

    def __init__(self, studio: Engine, pictures: Engine, undo_stack: QUndoStack, parent: QObject | None = None) -> None:
        super().__init__(STYLIZE, studio, pictures, undo_stack, parent)
        self._strength_preview = StrengthPreview()
        self._follow_strength = QTimer(self, singleShot=True, interval=_FOLLOW_DELAY_MS)
        self._follow_strength.timeout.connect(self._paint_in_new_strength)

    @property
    def paintings(self) -> tuple[OpenedPicture, ...]:
        """The paintings of the mix."""
        return self.inputs[STYLE]

    @property
    def used_inputs(self) -> InputPictures:
        """The photo, and the paintings unless a fast style knows its own."""
        return {CONTENT: self.inputs[CONTENT]} if self.starts_by_itself else super().used_inputs

    @property
    def is_complete(self) -> bool:
        """Whether there is a photo, and a manner where one is needed."""
        return self.has_look and super().is_complete

    @property
    def has_look(self) -> bool:
        """Whether there is a manner where one is needed."""
        return bool(self.paintings) or self.settings.mode == "reconstruct" or self.starts_by_itself

    @property
    def starts_by_itself(self) -> bool:
        """Whether a fast style paints: that takes only a moment."""
        return self.settings.method == "instant"

    def fit(self, settings: StyleSettings) -> StyleSettings:
        """Forget a mix of other paintings."""
        if len(settings.style_mix) in (0, len(self.paintings)):
            return settings
        return settings.model_copy(update={"style_mix": ()})

    # -- strength of a fast style ----------------------------------------------------------------------------------

    def follow(self, changed: frozenset[str], effects: frozenset[str]) -> None:
        """Paint at once with another fast style; let it paint anew when Strength rests."""
        if self.starts_by_itself and changed & {"method", "fast_style"} and self.photo is not None:
            self.start()  # it takes a moment: why wait?
        elif self.starts_by_itself and self.state is SessionState.FINISHED and "restart" not in effects:
            if "strength" in changed:
                self._follow_strength.start()
        else:
            super().follow(changed, effects)

    def stop(self) -> None:
        """End the painting with what was reached."""
        self._follow_strength.stop()
        super().stop()

    def _paint_in_new_strength(self) -> None:
        """Let the fast style paint in the strength of now; the library keeps the first version alone."""
        if self.starts_by_itself and self.state is SessionState.FINISHED:
            self._start(again=True)

    @property
    def settings_of_picture(self) -> StyleSettings:
        """The settings that belong to the painting as it is: a fast style's may be of another strength than is set."""
        return self._strength_preview.of_picture(super().settings_of_picture)

    @property
    def settings_to_compose(self) -> StyleSettings:
        """The settings with which the painting is laid over its photo, `strength` being its opacity."""
        return self._strength_preview.to_compose(self.settings)

    def _take_layer(self, layer: Picture | DeepPicture | None, recipe: Recipe | None) -> None:
        super()._take_layer(layer, recipe)
        self._strength_preview = StrengthPreview.of(recipe, self.settings)
