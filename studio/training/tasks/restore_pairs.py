"""Pairs of one's own to restore by: what was damaged, and what it shall become, in place of a recipe that damages."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from studio.core.events import Job, Log
from studio.training.data.cache import PictureCache
from studio.training.data.pairs import PairedPictures, opening_pairs
from studio.training.data.sampler import shuffled
from studio.training.data.variation import Variation
from studio.training.tasks.restore_pictures import Damage, DamagedPictures, reduced

if TYPE_CHECKING:
    from studio.training.settings import TrainingSettings
    from studio.training.task import TaskContext
    from studio.training.task_kind import DataSlot

__all__ = ["PairedSquares", "opening_own_pairs"]

_AFTER = re.compile(
    r"after|clean|good|ground.?truth|\bgt\b|\bhr\b|original|restored|sharp|target|wanted", re.IGNORECASE
)
_BEFORE = re.compile(r"before|bad|blurr?|damaged?|degraded|\binput|\blr\b|\blq\b|nois[ey]|\bold\b", re.IGNORECASE)


class Both:
    """A pair as one picture of six channels, of which parts are cut: what is wanted, then what is given."""

    def __init__(self, wanted: NDArray[np.uint8], given: NDArray[np.uint8]) -> None:
        self._both = wanted, given
        self.shape = (*wanted.shape[:2], 6)

    def __getitem__(self, part: Any) -> NDArray[np.uint8]:
        return np.concatenate([picture[part] for picture in self._both], axis=-1)


class SideBySide:
    """The pairs as a `PictureCache` has pictures."""

    def __init__(self, pairs: PairedPictures) -> None:
        self._pairs = pairs
        self.fingerprint = pairs.fingerprint

    def __len__(self) -> int:
        return len(self._pairs)

    def __getitem__(self, index: int) -> Both:
        first, second = self._pairs.both(index)
        one, other = self._pairs.pairs[index]
        return Both(second, first) if one == other else Both(first, second)  # of a picture with both, the right half

    def size_of(self, index: int) -> tuple[int, int]:
        """Return height and width."""
        height, width, _ = self[index].shape
        return height, width

    @property
    def files(self) -> tuple[Path, ...]:
        """What is wanted of each pair, as it is shown and painted upon."""
        return tuple(self._pairs.pictures.files[wanted] for wanted, _ in self._pairs.pairs)

    def content_of(self, index: int) -> str:
        """Return the checksum of what is wanted."""
        return self._pairs.pictures.content_of(self._pairs.pairs[index][0])

    def name_of(self, index: int) -> str:
        """Say which pair that is, for a message."""
        return self._pairs.name_of(index)


@dataclass(frozen=True, slots=True)
class PairDamage(Damage):
    """Brings what is given of a cut, 6×H×W, to the size that the network gets."""

    @property
    def is_clean(self) -> bool:
        """Chance has nothing to do with it."""
        return True

    def of(self, picture: Tensor, seed: int, strength: float) -> Tensor:
        """6×H×W uint8 → 3×H/s×W/s uint8."""
        return reduced(picture[3:].contiguous(), self.scale)


@dataclass(frozen=True, slots=True)
class PairedSquares(DamagedPictures):
    """Parts of pairs, cut and turned alike."""

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return what is given and what is wanted, and what else `DamagedPictures` draws."""
        given, both, *others = DamagedPictures.draw(self, index, generator, size)
        return given, both[:3], *others


def opening_own_pairs(
    slot: "DataSlot", data: Mapping[str, Sequence[str]], settings: "TrainingSettings", place: "TaskContext",
    *, scale: int, side: int, held_back: int, whole: bool,
) -> Job[tuple[PairedSquares, tuple[int, ...]]]:  # fmt: skip
    """Find the pairs, and decode what is not decoded yet; returns what to learn from, and numbers to check on.

    Which of two folders is given and which is wanted, their names say (“before”, “after” and the like); where they say
    nothing, the first one is given.

    Raises:
        StudioError: there are no pairs, or none that can be read.

    """
    taught, checked = yield from opening_pairs(
        slot.sources(data), place.cache, side=side, reading=slot.reading(settings), variation=Variation()
    )
    numbers = tuple(_wanted_first(taught.pictures, pair) for pair in (*taught.pairs, *checked.pairs))
    count, own = len(taught), len(checked)
    most = min(held_back, own or count // 4)
    first = count if own else 0
    kept = tuple(sorted(first + int(number) for number in shuffled(own or count, "kept", settings.seed)[:most]))
    yield Log(f"{count - (0 if own else len(kept))} pairs to learn from, {len(kept)} kept for checking.")
    pairs = PairedPictures(taught.pictures, numbers, taught.variation)
    chosen = tuple(number for number in range(count) if number not in set(kept))
    turned = bool(getattr(settings, "turned", True))
    pictures: Any = SideBySide(pairs)
    return PairedSquares(pictures, chosen, taught.variation, PairDamage(scale), False, turned, whole), kept


def _wanted_first(pictures: PictureCache, pair: tuple[int, int]) -> tuple[int, int]:
    """Return what is wanted, then what is given, by the names of their folders."""
    one, other = pair
    first, second = (str(pictures.files[number].parent) for number in pair)
    says_so = _AFTER.search(first) and not _AFTER.search(second)
    says_so = says_so or (_BEFORE.search(second) and not _BEFORE.search(first))
    return (one, other) if says_so else (other, one)
