"""The history of a picture: frames worth going back to, with everything that made them, in takes as on film."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Self

from studio.core.events import DeepPicture, Picture, Preview
from studio.core.masking import Bare
from studio.core.recipes import NETWORK, Recipe
from studio.core.resizing import to_8_bits
from studio.core.settings import Settings
from studio.jobs.files import OpenedPicture
from studio.ui.picture.inputs import InputPictures

FRAME_LIMIT = 48
MEMORY_LIMIT = 512 * 2**20
"""Bytes that all frames together may take: large pictures are remembered at fewer moments."""
STAR_LIMIT = MEMORY_LIMIT // 2
"""Bytes that starred frames may take, which never go by themselves."""
SPACING = 6
"""Evaluations between two frames, until there are too many."""


@dataclass(frozen=True, slots=True, eq=False)
class HistoryState:
    """One frame: the layer as it was (before compositing), its thumbnail, and how it came to be.

    `step` counts the evaluations of its job, `evaluations` all that lead to it, those of the frames it went on from as
    well. Frames made in one go are a `take`; `parent` is the number of the frame that a take went on from, if any.
    `loss` can be compared within a take at one size. `key` is its name in a session's files.
    """

    number: int
    layer: Picture
    thumbnail: Picture
    step: int
    settings: Settings
    recipe: Recipe
    inputs: InputPictures = field(default_factory=dict)
    evaluations: int = 0
    take: int = 0
    parent: int | None = None
    branch: bool = False
    """The first frame of a take that went another way."""
    loss: float | None = None
    starred: bool = False
    key: str = field(default_factory=lambda: HistoryState.new_key())

    @staticmethod
    def new_key() -> str:
        """Return a name for a picture's file, which no other has."""
        return secrets.token_hex(8)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the layer."""
        return self.layer.shape[1], self.layer.shape[0]

    @property
    def name(self) -> str:
        """What it is called: its step, or what made it in one pass."""
        return self.recipe.versions.get(NETWORK, f"Step {self.evaluations}")


_APART = frozenset({"layer", "thumbnail", "settings", "recipe", "inputs", "key"})
NUMBERS = tuple(one.name for one in fields(HistoryState) if one.name not in _APART)
"""What a session's file says of a frame besides its pictures, its settings and its recipe."""


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A picture that need not be a frame of the strip: its layer, how it came to be, and what it was made from.

    `as_saved` is the picture of a file that was mixed with its photo, so that nobody knows its layer. `bare` is the
    layer before masks were heeded, where that is known.
    """

    layer: Picture | DeepPicture | None = None
    recipe: Recipe | None = None
    inputs: InputPictures = field(default_factory=dict)
    as_saved: OpenedPicture | None = None
    bare: Bare | None = None


@dataclass(slots=True)
class History:
    """The frames in the order in which they were made, thinned so that a long evening fits.

    A frame is kept every `spacing` evaluations; when there are too many, every second plain frame goes and the spacing
    doubles. The first and the last of a take stay as long as there is anything else to let go, starred ones for good.
    What is worth a frame waits in `waiting` until it has been composed, for its thumbnail shows what the artist saw.
    """

    frames: list[HistoryState] = field(default_factory=list)
    spacing: int = SPACING
    waiting: Preview | None = None
    newest: Preview | None = None
    """The newest picture of the job in progress, whether it is worth a frame or not."""
    loss: float | None = None
    """The newest loss of the job in progress."""
    _take: int = -1
    _follows: int | None = None
    _followed: int | None = None
    """The gestures that the job in progress and the last frame follow."""
    _parent: HistoryState | None = None
    _next_number: int = 0
    _last_step: int = -1_000_000

    @classmethod
    def of(cls, frames: Iterable[HistoryState]) -> Self:
        """Return a history that goes on after these frames."""
        kept = list(frames)
        last = max((frame.number for frame in kept), default=-1)
        return cls(kept, _next_number=last + 1, _take=max((frame.take for frame in kept), default=-1))

    def begin(self, parent: HistoryState | None = None, *, follows: int | None = None) -> None:
        """A job begins, on from `parent` or anew; what waited is another's.

        Going on from the last frame there is belongs to its take; from any other it is a branch. Where the job only
        `follows` the settings, that is the number of the hand's gesture: one gesture leaves one frame.
        """
        self.newest = self.waiting = self.loss = None
        self._parent, self._follows = parent, follows
        self._last_step = -1_000_000
        goes_on = follows is not None or (parent is not None and self.frames and parent is self.frames[-1])
        if self._take < 0 or not goes_on:
            self._take += 1
            self.spacing = SPACING

    def offer(self, preview: Preview) -> None:
        """Let a picture of the job in progress wait for its thumbnail, if it is worth a frame."""
        self.newest = preview
        if preview.recipe is not None and self.wants(preview.step):
            self.waiting = preview

    def offer_last(self, layer: Picture | DeepPicture, recipe: Recipe) -> None:
        """Let the job's last picture wait, whatever the spacing, unless it is there already."""
        last = self.newest or Preview(to_8_bits(layer), 0)
        if self.frames and self.frames[-1].layer is last.picture:
            self.frames[-1] = replace(self.frames[-1], recipe=recipe)
        else:
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
        inputs: InputPictures | None = None,
    ) -> HistoryState:
        """Append a frame of the job in progress, in place of the last one of the same gesture, and return it."""
        if self._follows is not None and self._follows == self._followed and not self.frames[-1].starred:
            self.frames.pop()
        self._followed = self._follows
        parent = self._parent
        last = self.frames[-1].take if self.frames else -1
        frame = HistoryState(
            self._next_number, layer, thumbnail, step, settings, recipe, inputs or {},
            evaluations=step + (parent.evaluations if parent is not None else 0),
            take=self._take,
            parent=None if parent is None else parent.number,
            branch=parent is not None and self._take not in (parent.take, last),
            loss=self.loss,
        )  # fmt: skip
        self.frames.append(frame)
        self.waiting = None
        self._next_number += 1
        self._last_step = step
        while self._too_much and self._thin():
            pass
        return frame

    def last_with(self, settings: Settings, inputs: InputPictures, ignored: frozenset[str]) -> HistoryState | None:
        """Return the last frame that was made from these pictures with these settings, but for the `ignored` ones."""
        wanted = settings.model_dump(exclude=set(ignored))
        for frame in reversed(self.frames):
            if frame.inputs == inputs and frame.settings.model_dump(exclude=set(ignored)) == wanted:
                return frame
        return None

    @property
    def last_of_take(self) -> HistoryState | None:
        """The last frame, if it is of the job in progress or of the last there was."""
        return self.frames[-1] if self.frames and self.frames[-1].take == self._take else None

    def find(self, number: int | None) -> HistoryState | None:
        """Return the frame called `number`, or None when it was thinned out."""
        return next((frame for frame in self.frames if frame.number == number), None)

    def before(self, frame: HistoryState) -> HistoryState | None:
        """Return the last frame before this one whose loss can be compared with its own."""
        earlier = [
            other
            for other in self.frames
            if other.number < frame.number and (other.take, other.size) == (frame.take, frame.size)
        ]
        return earlier[-1] if earlier and earlier[-1].settings == frame.settings else None

    def star(self, number: int) -> bool:
        """Star a frame, or let it be like any other; False where starred ones take too much memory already."""
        frame = self.find(number)
        if frame is None:
            return True
        starred = sum(one.layer.nbytes for one in self.frames if one.starred)
        if not frame.starred and starred + frame.layer.nbytes > STAR_LIMIT:
            return False
        self.frames[self.frames.index(frame)] = replace(frame, starred=not frame.starred)
        return True

    @property
    def nbytes(self) -> int:
        """Bytes that the frames take."""
        return sum(frame.layer.nbytes for frame in self.frames)

    @property
    def _too_much(self) -> bool:
        return len(self.frames) > FRAME_LIMIT or self.nbytes > MEMORY_LIMIT

    def _thin(self) -> bool:
        """Let every second plain frame go, or the oldest take's; False when there is none left to let go."""
        before = len(self.frames)
        takes = [frame.take for frame in self.frames]
        ends = {takes.index(take) for take in takes} | {len(takes) - 1 - takes[::-1].index(take) for take in takes}
        self.frames = [frame for i, frame in enumerate(self.frames) if i % 2 == 0 or i in ends or frame.starred]
        self.spacing *= 2
        if len(self.frames) == before:  # only ends are left
            oldest = next((frame for frame in self.frames[:-1] if not frame.starred), None)
            self.frames = [frame for frame in self.frames if frame is not oldest]
        return len(self.frames) < before
