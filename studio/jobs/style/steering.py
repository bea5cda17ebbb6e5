"""What an artist does to a running painting: read live from the controls and written down, or read back from a recipe.

Everything that depends on the clock or on a person happens here; the rest of the job is a function of what `Steering`
says at which evaluation. That is why a picture steered by hand can be made again bit by bit.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from studio.core.controls import Controls
from studio.core.recipes import SteeringStep
from studio.core.settings import describe
from studio.core.style_settings import StyleSettings

STEERED = tuple(info.name for info in describe(StyleSettings) if info.effect == "steer")
INSTANT = tuple(info.name for info in describe(StyleSettings) if info.effect == "instant")

SLOW_EVALUATION = 0.050
"""Above this many seconds an evaluation is too slow to follow a slider: it is sketched instead."""
FAST_SKETCH = 0.025
QUIET = 0.250
"""After this many seconds without a change the sketch is over."""
REST = 6
"""… or after this many evaluations without one: a sketch left alone drifts to what is best at its own size."""
SKETCH_SIDES = (160, 128, 96, 64)


class Steering(Protocol):
    """The hand on the sliders. `at` is the number of evaluations made so far in this segment."""

    @property
    def record(self) -> tuple[SteeringStep, ...]:
        """What was done up to now."""
        ...

    def settings(self, at: int) -> StyleSettings | None:
        """Return the settings for the next evaluation, or None where nothing was moved since the last call."""
        ...

    def stops(self, at: int) -> bool:
        """True when the artist wants what was reached."""
        ...

    def steps_down(self, at: int) -> bool:
        """True where memory ran out before this evaluation when the picture was first made."""
        ...

    def grows(self) -> bool:
        """True when a frame that is gone on from at a larger size takes the photo's finest detail along."""
        ...

    def interrupts(self, side: int) -> bool:
        """True when the evaluation being made at this size is no longer wanted."""
        ...

    def observe(self, side: int, seconds: float) -> None:
        """Learn how long an evaluation at this size took."""
        ...

    def sketch_side(self, at: int, side: int) -> int:
        """Return the size at which to follow a slider while the painting has `side`; 0: the painting itself can."""
        ...

    def keeps_sketching(self, at: int) -> bool:
        """True while the slider is still being moved."""
        ...

    def write(self, step: SteeringStep) -> None:
        """Write down what was decided."""
        ...


class LiveSteering:
    """Reads the controls and the clock, and writes down what matters to the picture.

    Settings that only a restart can change stay what they were at the start.

    Args:
        controls: where the sliders arrive.
        settings: those the segment started with.
        clock: seconds, for learning how fast evaluations are and when a slider rests.

    """

    def __init__(
        self,
        controls: Controls[StyleSettings],
        settings: StyleSettings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._controls = controls
        self._clock = clock
        self._settings = settings
        self._record: list[SteeringStep] = []
        self._pace: dict[int, float] = {}
        self._moved_at, self._moved_before = clock(), 0
        self._stopped = False

    @property
    def record(self) -> tuple[SteeringStep, ...]:
        """What was done up to now, in the order of the evaluations."""
        return tuple(sorted(self._record, key=lambda step: step.at))

    @property
    def pace(self) -> Mapping[int, float]:
        """How long an evaluation took: longer side of the painting, px → seconds."""
        return self._pace

    def settings(self, at: int) -> StyleSettings | None:
        """Return the newest settings if a slider was moved, and write the change down."""
        changes = self._unread()
        if not changes:
            return None
        self._moved_at, self._moved_before = self._clock(), at
        self._settings = self._settings.model_copy(update=changes)
        self.write(SteeringStep(at=at, action="settings", changes=changes))
        return self._settings

    def pinned(self, newest: StyleSettings) -> StyleSettings:
        """Return `newest` as far as it took effect: the moves that were read, and whatever acts without the network."""
        instant = {name: getattr(newest, name) for name in INSTANT}
        return self._settings.model_copy(update=instant)

    def stops(self, at: int) -> bool:
        """True when the artist wants what was reached; written down once."""
        if self._controls.finishing and not self._stopped:
            self._stopped = True
            self.write(SteeringStep(at=at, action="stop"))
        return self._stopped

    def steps_down(self, at: int) -> bool:
        """Never known beforehand."""
        return False

    def grows(self) -> bool:
        """Always, and written down: pictures of version 0.1 were only enlarged."""
        self.write(SteeringStep(at=0, action="grow"))
        return True

    def interrupts(self, side: int) -> bool:
        """True when a slider was moved that a sketch can follow sooner, or the job is to stop.

        An evaluation that is fast enough is never given up: a slider that keeps moving would starve the painting.
        """
        if self._controls.finishing:
            return True
        return bool(self._unread()) and self._sketch_side(side) > 0

    def observe(self, side: int, seconds: float) -> None:
        """Remember how long an evaluation takes at each size, the newest counting half."""
        self._pace[side] = 0.5 * (self._pace.get(side, seconds) + seconds)

    def sketch_side(self, at: int, side: int) -> int:
        """Return the largest size that is fast enough, where the painting itself is not."""
        return self._sketch_side(side)

    def _sketch_side(self, side: int) -> int:
        if self._pace.get(side, 0.0) <= SLOW_EVALUATION:
            return 0
        smaller = [candidate for candidate in SKETCH_SIDES if candidate <= 0.75 * side]
        fast = [candidate for candidate in smaller if self._expect(candidate) <= FAST_SKETCH]
        return max(fast, default=min(smaller, default=0))

    def _expect(self, side: int) -> float:
        """Seconds per evaluation at `side`, from the nearest size that was measured."""
        nearest = min(self._pace, key=lambda known: abs(known - side))
        return self._pace[nearest] * (side / nearest) ** 2

    def keeps_sketching(self, at: int) -> bool:
        """True until the slider has been quiet for a moment; a move that was not read yet counts."""
        moving = self._clock() - self._moved_at < QUIET and at - self._moved_before < REST
        return moving or bool(self._unread())

    def _unread(self) -> dict[str, Any]:
        return changes_between(self._settings, self._controls.settings)

    def write(self, step: SteeringStep) -> None:
        """Append to the record."""
        self._record.append(step)


class ReplayedSteering:
    """Does again, evaluation by evaluation, what a record says.

    Args:
        settings: those the segment started with.
        steps: the part of a recipe's record that belongs to this segment.

    """

    def __init__(self, settings: StyleSettings, steps: tuple[SteeringStep, ...]) -> None:
        self._settings = settings
        self._moves = [step for step in steps if step.action == "settings"]
        self._sketches = {step.at: step for step in steps if step.action == "sketch"}
        self._stop = next((step.at for step in steps if step.action in {"stop", "branch"}), None)
        self._downs = {step.at for step in steps if step.action == "step_down"}
        self._sketch_until = 0
        self._steps = steps

    @property
    def record(self) -> tuple[SteeringStep, ...]:
        """The record that is being replayed."""
        return self._steps

    def settings(self, at: int) -> StyleSettings | None:
        """Return the settings after everything that was moved up to this evaluation."""
        due = [step for step in self._moves if step.at <= at]
        if not due:
            return None
        self._moves = self._moves[len(due) :]
        for step in due:
            self._settings = StyleSettings.model_validate({**self._settings.model_dump(), **step.changes})
        return self._settings

    def stops(self, at: int) -> bool:
        """True where it was stopped, or branched from."""
        return self._stop is not None and at >= self._stop

    def steps_down(self, at: int) -> bool:
        """True where memory ran out."""
        if at in self._downs:
            self._downs.remove(at)
            return True
        return False

    def grows(self) -> bool:
        """True where it did then."""
        return any(step.action == "grow" for step in self._steps)

    def interrupts(self, side: int) -> bool:
        """Evaluations that were given up are not in the record."""
        return False

    def observe(self, side: int, seconds: float) -> None:
        """A replay does not look at the clock."""

    def sketch_side(self, at: int, side: int) -> int:
        """Return the size that was sketched at, if a sketch was begun here."""
        sketch = self._sketches.pop(at, None)
        if sketch is None:
            return 0
        self._sketch_until = at + int(sketch.changes["evaluations"])
        return int(sketch.changes["side"])

    def keeps_sketching(self, at: int) -> bool:
        """True until as many evaluations were sketched as then."""
        return at < self._sketch_until

    def write(self, step: SteeringStep) -> None:
        """Nothing new happens in a replay."""


def changes_between(old: StyleSettings, new: StyleSettings) -> dict[str, Any]:
    """Return the steering settings in which `new` differs from `old`."""
    if new is old:
        return {}
    return {name: getattr(new, name) for name in STEERED if getattr(new, name) != getattr(old, name)}
