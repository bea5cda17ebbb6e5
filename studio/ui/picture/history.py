"""The history of a picture: frames worth going back to, with the settings and the recipe that made them."""

from dataclasses import dataclass, field, replace

from studio.core.events import DeepPicture, Picture, Preview
from studio.core.recipes import Recipe
from studio.core.resizing import to_8_bits
from studio.core.settings import Settings

FRAME_LIMIT = 48
MEMORY_LIMIT = 512 * 2**20
"""Bytes that all frames together may take: large pictures are remembered at fewer moments."""
SPACING = 6
"""Evaluations between two frames, until there are too many."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryState:
    """One frame: the layer as it was (before compositing), its thumbnail, and how it came to be."""

    number: int
    layer: Picture
    thumbnail: Picture
    step: int
    settings: Settings
    recipe: Recipe
    branch: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Reached:
    """A picture to go on from that need not be a frame of the strip: the layer, and how it came to be."""

    layer: Picture
    recipe: Recipe


@dataclass(slots=True)
class History:
    """The frames in the order in which they were made, thinned so that a long evening fits.

    A frame is kept every `spacing` evaluations; when there are too many, every second plain frame goes and the spacing
    doubles. First, last and branch frames stay as long as there are others. What is worth a frame waits in `waiting`
    until it has been composed, for its thumbnail shows what the artist saw.
    """

    frames: list[HistoryState] = field(default_factory=list)
    spacing: int = SPACING
    waiting: Preview | None = None
    branches_next: bool = False
    """The next frame is the first on another way."""
    newest: Preview | None = None
    """The newest picture of the job in progress, whether it is worth a frame or not."""
    _next_number: int = 0
    _last_step: int = -1_000_000

    def begin(self) -> None:
        """A job begins; what waited belongs to another one."""
        self.newest = self.waiting = None
        self.branches_next = False

    def offer(self, preview: Preview) -> None:
        """Let a picture of the job in progress wait for its thumbnail, if it is worth a frame."""
        self.newest = preview
        if preview.recipe is not None and self.wants(preview.step):
            self.waiting = preview

    def offer_last(self, layer: Picture | DeepPicture, recipe: Recipe) -> None:
        """Let the job's last picture wait, whatever the spacing, unless it is there already."""
        last = self.newest or Preview(to_8_bits(layer), 0)
        if not (self.frames and self.frames[-1].layer is last.picture):
            self.waiting = replace(last, recipe=recipe)

    def wants(self, step: int) -> bool:
        """Tell whether a frame at evaluation `step` is far enough from the last one."""
        return step < self._last_step or step - self._last_step >= self.spacing

    def add(
        self,
        layer: Picture,
        thumbnail: Picture,
        step: int,
        settings: Settings,
        recipe: Recipe,
        *,
        branch: bool = False,
    ) -> HistoryState:
        """Append a frame and return it."""
        frame = HistoryState(self._next_number, layer, thumbnail, step, settings, recipe, branch or self.branches_next)
        self.frames.append(frame)
        self.waiting = None
        self.branches_next = False
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
        return len(self.frames) > FRAME_LIMIT or sum(frame.layer.nbytes for frame in self.frames) > MEMORY_LIMIT

    def _thin(self) -> bool:
        """Let every second plain frame go; False when there is none left to let go."""
        before, last = len(self.frames), len(self.frames) - 1
        self.frames = [frame for i, frame in enumerate(self.frames) if i % 2 == 0 or i == last or frame.branch]
        self.spacing *= 2
        if len(self.frames) == before > 2:
            del self.frames[1]  # an evening of new beginnings: the oldest goes
        return len(self.frames) < before
