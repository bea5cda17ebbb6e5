"""What an artist does to a running painting: read live from the controls and written down, or read back from a recipe.

Everything that depends on the clock or on a person happens here; the rest of the job is a function of what `Steering`
says at which evaluation. That is why a picture steered by hand can be made again bit by bit.
"""

from typing import Any, Protocol

from studio.core.controls import Controls
from studio.core.recipes import SteeringStep
from studio.core.settings import describe
from studio.core.style_settings import StyleSettings

_STEERED = tuple(info.name for info in describe(StyleSettings) if info.effect == "steer")


class Steering(Protocol):
    """The hand on the sliders. `at` is the number of evaluations made so far."""

    @property
    def record(self) -> tuple[SteeringStep, ...]:
        """What was done up to now."""
        ...

    def settings(self, at: int) -> StyleSettings:
        """Return the settings for the next evaluation."""
        ...

    def stops(self, at: int) -> bool:
        """True when the artist wants what was reached."""
        ...

    def interrupts(self) -> bool:
        """True when the evaluation being made is no longer wanted."""
        ...


class LiveSteering:
    """Reads the controls, and writes down what matters to the picture.

    Settings that only a restart can change stay what they were at the start.
    """

    def __init__(self, controls: Controls[StyleSettings]) -> None:
        self._controls = controls
        self._settings = controls.settings
        self._record: list[SteeringStep] = []

    @property
    def record(self) -> tuple[SteeringStep, ...]:
        """What was done up to now."""
        return tuple(self._record)

    def settings(self, at: int) -> StyleSettings:
        """Return the newest settings; a change that steers is written down."""
        changes = changes_between(self._settings, self._controls.settings)
        if changes:
            self._settings = self._settings.model_copy(update=changes)
            self._record.append(SteeringStep(at=at, action="settings", changes=changes))
        return self._settings

    def stops(self, at: int) -> bool:
        """True when the artist wants what was reached; written down once."""
        if self._controls.finishing and not (self._record and self._record[-1].action == "stop"):
            self._record.append(SteeringStep(at=at, action="stop"))
        return self._controls.finishing

    def interrupts(self) -> bool:
        """True when a slider was moved, or the job is to stop."""
        controls = self._controls
        return controls.finishing or bool(changes_between(self._settings, controls.settings))


def changes_between(old: StyleSettings, new: StyleSettings) -> dict[str, Any]:
    """Return the steering settings in which `new` differs from `old`."""
    if new is old:
        return {}
    return {name: getattr(new, name) for name in _STEERED if getattr(new, name) != getattr(old, name)}
