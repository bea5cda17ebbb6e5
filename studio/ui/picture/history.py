"""The film of a painting: frames worth going back to, with the settings and the recipe that made them."""

from dataclasses import dataclass, field

from studio.core.events import Picture
from studio.core.recipes import Recipe
from studio.core.style_settings import StyleSettings

FRAME_LIMIT = 48
MEMORY_LIMIT = 512 * 2**20
"""Bytes that all frames together may take: large paintings are remembered at fewer moments."""
SPACING = 6
"""Evaluations between two frames, until there are too many."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryState:
    """One frame: the painting as it was (before compositing), its thumbnail, and how it came to be."""

    number: int
    painting: Picture
    thumbnail: Picture
    step: int
    settings: StyleSettings
    recipe: Recipe
    branch: bool = False


@dataclass(slots=True)
class History:
    """The frames in the order in which they were painted, thinned so that a long evening fits.

    A frame is kept every `spacing` evaluations; when there are too many, every second plain frame goes and the spacing
    doubles. First, last and branch frames stay.
    """

    frames: list[HistoryState] = field(default_factory=list)
    spacing: int = SPACING
    _next_number: int = 0
    _last_step: int = -1_000_000

    def wants(self, step: int) -> bool:
        """Tell whether a frame at evaluation `step` is far enough from the last one."""
        return step < self._last_step or step - self._last_step >= self.spacing

    def add(
        self,
        painting: Picture,
        thumbnail: Picture,
        step: int,
        settings: StyleSettings,
        recipe: Recipe,
        *,
        branch: bool = False,
    ) -> HistoryState:
        """Append a frame and return it."""
        frame = HistoryState(self._next_number, painting, thumbnail, step, settings, recipe, branch)
        self.frames.append(frame)
        self._next_number += 1
        self._last_step = step
        while self._too_much and self._thin():
            pass
        return frame

    def find(self, number: int) -> HistoryState | None:
        """Return the frame called `number`, or None when it was thinned out."""
        return next((frame for frame in self.frames if frame.number == number), None)

    def clear(self) -> None:
        """Forget all frames: another photo begins."""
        self.frames.clear()
        self.spacing = SPACING
        self._last_step = -1_000_000

    @property
    def _too_much(self) -> bool:
        return len(self.frames) > FRAME_LIMIT or sum(frame.painting.nbytes for frame in self.frames) > MEMORY_LIMIT

    def _thin(self) -> bool:
        """Let every second plain frame go; False when there is none left to let go."""
        before, last = len(self.frames), len(self.frames) - 1
        self.frames = [frame for i, frame in enumerate(self.frames) if i % 2 == 0 or i == last or frame.branch]
        self.spacing *= 2
        return len(self.frames) < before
