"""Pictures as examples: crops of whatever a slot holds, without those that are kept for checking."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from studio.core.events import Job, Log
from studio.core.failures import StudioError
from studio.training.data.augment import augmented, centred
from studio.training.data.cache import PictureCache, caching_pictures, telling_left_out
from studio.training.data.near_duplicates import alike_in
from studio.training.data.sampler import seed_of
from studio.training.data.sources import finding_files, telling_parts
from studio.training.data.variation import Variation

if TYPE_CHECKING:
    from studio.training.settings import TrainingSettings
    from studio.training.task import TaskContext
    from studio.training.task_kind import DataSlot

__all__ = ["PictureExamples", "never_checked_on", "opening_pictures"]


@dataclass(frozen=True, slots=True)
class PictureExamples:
    """Random views, 3×S×S, 0–1, of some pictures of a cache.

    Args:
        pictures: decoded.
        chosen: which of them.
        variation: how they vary.

    """

    pictures: PictureCache
    chosen: tuple[int, ...]
    variation: Variation

    @property
    def fingerprint(self) -> str:
        """Changes when the pictures do, or which of them are learnt from."""
        return f"{self.pictures.fingerprint}:{seed_of(*self.chosen):016x}"

    def __len__(self) -> int:
        return len(self.chosen)

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return one view."""
        return (augmented(self.pictures[self.chosen[index]], size, self.variation, generator),)

    def squares(self, numbers: Sequence[int], size: int) -> Tensor:
        """Return the middles of pictures of the cache, N×3×size×size, 0–1: as they are judged."""
        return torch.stack([centred(self.pictures[number], size) for number in numbers])

    def name_of(self, index: int) -> str:
        """Return the file's name."""
        return self.pictures.name_of(self.chosen[index])


def opening_pictures(
    slot: "DataSlot", data: Mapping[str, Sequence[str]], settings: "TrainingSettings", place: "TaskContext",
    *, side: int, held_back: int,
) -> Job[tuple[PictureExamples, tuple[int, ...]]]:  # fmt: skip
    """Find a slot's pictures and decode what is not decoded yet; returns what to learn from, and numbers to check on.

    Args:
        slot: of the task.
        data: of the plan, or of a phase.
        settings: of the run; where they inherit `Variation`, they say how pictures vary.
        place: where they are kept.
        side: pictures whose shorter side is longer are reduced to it.
        held_back: so many are kept for checking: see `PictureCache.divided`.

    Raises:
        StudioError: there are no pictures that can be read.

    """
    found = yield from finding_files(slot.sources(data), slot.reading(settings))
    pictures = yield from caching_pictures(found.files, place.cache, side=side)
    yield from telling_parts(found)
    yield from telling_left_out(pictures)
    together = (yield from alike_in(pictures)) if settings.fair_check and held_back and not found.kept else ()
    taught, kept = pictures.divided(found.kept, held_back, settings.seed, together)
    what = slot.title[:1].lower() + slot.title[1:]
    yield Log(f"{len(taught)} {what} to learn from, {len(kept)} kept for checking.")
    variation = settings if isinstance(settings, Variation) else Variation()
    return PictureExamples(pictures, taught, variation), kept


def never_checked_on(checked: set[str], chosen: Sequence[int], content_of: Callable[[int], str]) -> tuple[int, ...]:
    """Return which of a phase's own pictures may be learnt from: none that the run is checked on, nor a copy of one.

    Raises:
        StudioError: that leaves none.

    """
    if not (learnt := tuple(index for index in chosen if content_of(index) not in checked)):
        raise StudioError(
            "A phase's own data holds nothing but pictures that the run is checked on.", "Choose others for it."
        )
    return learnt
