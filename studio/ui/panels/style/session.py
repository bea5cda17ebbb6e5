"""The state of the Style panel: what painting in the manner of paintings adds to any picture task."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QTimer
from PySide6.QtGui import QUndoStack

from studio.core.cost import Cost, Pace
from studio.core.picture_task import CONTENT
from studio.core.picture_tasks import STYLIZE
from studio.core.style_settings import StyleSettings
from studio.engine import Engine
from studio.jobs.files import OpenedPicture
from studio.jobs.sessions import OpenedMask
from studio.jobs.style.cost import cost_of_painting, largest_size
from studio.jobs.style.scales import fitted
from studio.ui.panels.style.strength_preview import StrengthPreview
from studio.ui.picture.history import History
from studio.ui.picture.inputs import InputPictures
from studio.ui.picture.session import PictureSession, SessionState

__all__ = ["STYLE", "StyleSession"]

STYLE = "style"
"""The role of the paintings."""

PATIENCE_S = 40.0
"""How long the first painting may take: on a slower computer it is smaller than the default."""
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
        self._pace: Mapping[str, Pace] = {}
        self._began_in_time = False
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

    def put(
        self, role: str, *pictures: OpenedPicture, history: History | None = None, masks: Sequence[OpenedMask] = ()
    ) -> None:
        """Work from exactly these pictures in this role; a painting that comes is painted after live."""
        if role == STYLE and pictures and self.starts_by_itself:
            self.stop()  # its frame stays; what comes of it still is of the fast style
        super().put(role, *pictures, history=history, masks=masks)

    def settings_for(self, role: str) -> StyleSettings:
        """Return the settings to go on with: a fast style knows its own painting alone, and no other that comes."""
        comes = role == STYLE and bool(self.paintings)
        return self.settings.model_copy(update={"method": "live"}) if comes else self.settings

    # -- what a size costs -----------------------------------------------------------------------------------------

    def take_pace(self, pace: Mapping[str, Pace]) -> None:
        """Learn how fast this computer is. Where the default size would take long, a newcomer starts with a smaller."""
        self._pace = pace
        if not self._began_in_time and self.settings.backbone in pace:
            self._began_in_time = True
            default = type(self.settings)().size
            size = min(default, self.largest_size(PATIENCE_S))
            if self.settings.size == default and size < default:
                self.adapts = True
                self.settings_state.apply(self.settings.model_copy(update={"size": size}))
                self.adapts = False
        self.costs_changed.emit()

    def cost(self, size: int, *, goes_on: bool = False) -> Cost | None:
        """Return what a painting with this longer side costs here: time only where something was measured."""
        if self.photo is None:
            return None
        start = self.layer.shape[:2] if goes_on and self.layer is not None else None
        settings = self.settings.model_copy(update={"size": size})
        return cost_of_painting(self._photo_size, settings, self._pace, len(self.paintings), start)

    def largest_size(self, seconds: float | None = None) -> int:
        """Return the longer side, px, that there is memory for, and time for where that is given."""
        return largest_size(self._photo_size, self.settings, self._pace, seconds=seconds)

    @property
    def _photo_size(self) -> tuple[int, int]:
        """Height and width of the photo; of an ordinary one while there is none."""
        return (2, 3) if self.photo is None else (self.photo.picture.height, self.photo.picture.width)

    @property
    def size_to_be(self) -> tuple[int, int] | None:
        """Width and height that the painting in progress is going to have."""
        if not self.is_running or self.photo is None:
            return None
        photo = self.photo.picture
        height, width = fitted(photo.height, photo.width, self.job.began_with.size)
        return width, height

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
        elif "method" not in changed or not self.come_back():  # from a fast style back to the painting there was
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

    def note_shown(self) -> None:
        """Fade the painting from the strength in which it was made."""
        self._strength_preview = StrengthPreview.of(self.recipe, self.settings)
