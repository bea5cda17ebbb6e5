"""What a pair of worlds is learnt from: pictures of either, each for itself, or pairs of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from studio.core.events import Job, Log
from studio.training.data.augment import centred
from studio.training.data.pairs import PairedPictures, opening_pairs
from studio.training.data.pictures import PictureExamples, opening_pictures
from studio.training.data.sampler import shuffled

if TYPE_CHECKING:
    from studio.training.task import TaskContext
    from studio.training.task_kind import DataSlot
    from studio.training.tasks.translate_settings import TranslatorSettings

__all__ = ["Pairs", "Squares", "TwoWorlds", "opening_worlds"]

_CACHED_SIDE = 720
"""Shorter side, px, at which pictures are kept."""

Squares = Mapping[str, list[Tensor]]
"""By world, "a" and "b": whole pictures reduced to squares, 1×3×S×S each, 0–1."""


@dataclass(frozen=True, slots=True)
class TwoWorlds:
    """A picture of each world: that of the larger one in turn, that of the other by chance.

    Args:
        a: pictures of world A.
        b: of world B.

    """

    a: PictureExamples
    b: PictureExamples

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """By world."""
        return {"a": self.a.fingerprint, "b": self.b.fingerprint}

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are, by world."""
        return {"a": len(self.a), "b": len(self.b)}

    def __len__(self) -> int:
        return max(self.counts.values())

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a view of a picture of A and one of B, 3×S×S each, 0–1."""
        places = (index if len(world) == len(self) else None for world in (self.a, self.b))
        return tuple(
            world.draw(_any(world, generator) if at is None else at, generator, size)[0]
            for world, at in zip((self.a, self.b), places, strict=True)
        )

    def name_of(self, index: int) -> str:
        """Return the file's name, of the larger world."""
        return (self.a if len(self.a) == len(self) else self.b).name_of(index)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pictures that belong together, one of each world.

    Args:
        pairs: to learn from.

    """

    pairs: PairedPictures

    @property
    def fingerprint(self) -> Mapping[str, str]:
        """By world; both hold both."""
        return dict.fromkeys("ab", self.pairs.fingerprint)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many there are, by world."""
        return dict.fromkeys("ab", len(self))

    def __len__(self) -> int:
        return len(self.pairs)

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return the same view of both, 3×S×S each, 0–1."""
        return self.pairs.draw(index, generator, size)

    def name_of(self, index: int) -> str:
        """Say which pair that is, for a message."""
        return self.pairs.name_of(index)


def opening_worlds(
    slots: Sequence["DataSlot"], data: Mapping[str, Sequence[str]], settings: "TranslatorSettings",
    place: "TaskContext",
) -> Job[tuple[TwoWorlds | Pairs, Squares, Squares]]:  # fmt: skip
    """Find both worlds, and decode what is not decoded yet.

    Returns what to learn from; squares of pictures that are kept for checking; and as many of those that are learnt
    from, to compare with.

    Raises:
        StudioError: there are no pictures that can be read, or no pairs.

    """
    if settings.course == "pix2pix":
        return (yield from _opening_pairs(slots, data, settings, place))
    found: dict[str, PictureExamples] = {}
    kept: dict[str, list[Tensor]] = {}
    taught: dict[str, list[Tensor]] = {}
    for slot in slots:
        examples, checked = yield from opening_pictures(
            slot, data, settings, place, side=_CACHED_SIDE, held_back=settings.held_back
        )
        found[slot.name] = examples
        mine = [examples.chosen[number] for number in _some(len(examples), settings)]
        kept[slot.name], taught[slot.name] = (
            [centred(examples.pictures[number], settings.size, settings.crop_largest)[None] for number in numbers]
            for numbers in (checked[: settings.held_back], mine)
        )
    return TwoWorlds(found["a"], found["b"]), kept, taught


def _opening_pairs(
    slots: Sequence["DataSlot"], data: Mapping[str, Sequence[str]], settings: "TranslatorSettings",
    place: "TaskContext",
) -> Job[tuple[Pairs, Squares, Squares]]:  # fmt: skip
    sources = tuple(dict.fromkeys(path for slot in slots for path in slot.sources(data)))
    reading = replace(slots[0].reading(settings), holds="pairs", side="")
    taught, checked = yield from opening_pairs(
        sources, place.cache, side=_CACHED_SIDE, reading=reading, variation=settings
    )
    if not checked.pairs:
        held = {
            int(n) for n in shuffled(len(taught), "kept", settings.seed)[: min(settings.held_back, len(taught) // 4)]
        }
        parts = [tuple(pair for n, pair in enumerate(taught.pairs) if (n in held) is kept) for kept in (False, True)]
        taught, checked = (replace(taught, pairs=part) for part in parts)
    yield Log(f"{len(taught)} pairs to learn from, {len(checked)} kept for checking.")

    def squares(pairs: PairedPictures, numbers: Sequence[int]) -> Squares:
        both = [pairs.plain(number, settings.size) for number in numbers]
        return {side: [pair[place][None] for pair in both] for place, side in enumerate("ab")}

    kept = range(min(len(checked), settings.held_back))
    return Pairs(taught), squares(checked, kept), squares(taught, _some(len(taught), settings))


def _some(count: int, settings: "TranslatorSettings") -> list[int]:
    """Draw as many as are kept for checking, always the same."""
    return sorted(int(number) for number in shuffled(count, "compared", settings.seed)[: max(4, settings.held_back)])


def _any(world: PictureExamples, generator: torch.Generator) -> int:
    return int(torch.randint(len(world), (), generator=generator))
