"""Pairs of pictures as examples, such as a photo and its sketch: both seen through the same window, changed alike."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from studio.core.events import Job, Log
from studio.core.failures import StudioError
from studio.core.resizing import resize
from studio.training.data.augment import augmented, centred
from studio.training.data.cache import PictureCache, Pixels, caching_pictures, telling_left_out
from studio.training.data.sources import Reading, finding_files, telling_parts
from studio.training.data.variation import Variation

__all__ = ["PairedPictures", "opening_pairs"]


@dataclass(frozen=True, slots=True)
class PairedPictures:
    """Some pairs of a cache, to be learnt from or measured on.

    Args:
        pictures: decoded.
        pairs: the numbers of both; the same number twice where both lie side by side in one picture.
        variation: how they vary while they are learnt from; both of a pair in the same way, colours too.

    """

    pictures: PictureCache
    pairs: tuple[tuple[int, int], ...]
    variation: Variation

    @property
    def fingerprint(self) -> str:
        """Sha256 over the pictures and how they are paired."""
        return hashlib.sha256(f"{self.pictures.fingerprint} {self.pairs}".encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.pairs)

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a random view of both pictures of pair `index`, 3×size×size each, 0–1."""
        state = generator.get_state()
        first, second = self.both(index)
        view = augmented(first, size, self.variation, generator)
        generator.set_state(state)
        return view, augmented(second, size, self.variation, generator)

    def plain(self, index: int, size: int) -> tuple[Tensor, Tensor]:
        """Return the largest square of both pictures as they are, 3×size×size each, 0–1."""
        first, second = self.both(index)
        return centred(first, size), centred(second, size)

    def name_of(self, index: int) -> str:
        """Say which pair that is, for a message."""
        return self.pictures.name_of(self.pairs[index][0])

    def both(self, index: int) -> tuple[Pixels, Pixels]:
        """Return both, H×W×3 of one size: views into the cache, unless the second must be fitted to the first."""
        one, other = self.pairs[index]
        first, second = self.pictures[one], self.pictures[other]
        height, width = first.shape[:2]
        if one == other:
            return first[:, : width // 2], first[:, width - width // 2 :]
        return first, second if second.shape == first.shape else resize(second, width, height)


def opening_pairs(
    sources: Sequence[Path], cache: Path, *, side: int, reading: Reading, variation: Variation
) -> Job[tuple[PairedPictures, PairedPictures]]:
    """Find the pairs, and decode what is not decoded yet; returns those to learn from, and those kept for checking.

    Args:
        sources: two folders with equal names in them, one that holds two such folders, or pictures with both halves.
        cache: the folder for decoded pictures.
        side: pictures whose shorter side is longer are reduced to it.
        reading: how the folders divide them, and how many are worked on.
        variation: how those to learn from vary.

    Raises:
        StudioError: there are no pictures, or no pairs that can be read.

    """
    found = yield from finding_files(sources, replace(reading, holds="pairs"))
    yield from telling_parts(found)
    if alone := len(found.loose):
        words = "1 picture has" if alone == 1 else f"{alone} pictures have"
        yield Log(f"{words} no partner of the same name; what is alone is left out.", "warning")
    files = tuple(dict.fromkeys((*found.files, *found.partners)))
    cached = yield from caching_pictures(files, cache, side=side, repeated=True)
    yield from telling_left_out(cached)
    numbers = {path: number for number, path in enumerate(cached.files)}
    parts: tuple[list[tuple[int, int]], list[tuple[int, int]]] = ([], [])
    for path, partner in zip(found.files, found.partners, strict=True):
        if path in numbers and partner in numbers:
            parts[path in found.kept].append((numbers[path], numbers[partner]))
    if not parts[0]:
        raise StudioError(
            "There is no pair of which both pictures can be read.", "Look at what the report says of them."
        )
    taught, kept = (PairedPictures(cached, tuple(pairs), variation) for pairs in parts)
    return taught, kept
