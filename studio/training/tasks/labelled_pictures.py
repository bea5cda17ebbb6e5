"""Pictures with their classes, divided into those to learn from and those to be measured on."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.luma import REC_601
from studio.core.events import Job, Log
from studio.core.failures import StudioError
from studio.training.data.augment import augmented, centred
from studio.training.data.cache import caching_pictures, telling_left_out
from studio.training.data.division import divided
from studio.training.data.idx_files import IdxPictures
from studio.training.data.near_duplicates import alike_in
from studio.training.data.sources import Reading, finding_data, listed, parts_of, telling_parts
from studio.training.data.variation import Variation

__all__ = ["Collection", "LabelledPictures", "Pixels", "as_seen", "opening_collection", "shows_grey"]

Pixels: TypeAlias = NDArray[np.uint8]
_GREY_LOOKS = 64
"""So many pictures are looked at to tell whether there is any colour."""
_GREY_SLACK = 6
"""So much may the channels of a grey JPEG differ."""


class _Pictures(Protocol):
    """Decoded pictures by number: a cache, or idx files."""

    @property
    def fingerprint(self) -> str: ...

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Pixels: ...

    def content_of(self, index: int) -> str: ...

    def name_of(self, index: int) -> str: ...


@dataclass(frozen=True, slots=True)
class Collection:
    """All pictures and their classes.

    Args:
        pictures: decoded, H×W×3 bytes each.
        labels: the class of each.
        names: of the classes.
        largest_side: of all pictures' sides, px: in larger views nothing more would be seen.
        signs: whether they are letters or digits rather than photos, as far as the kind of file tells.
        taught: which of them may be learnt from.
        kept: which of them the data itself keeps for checking; () where nothing divides it.

    """

    pictures: _Pictures
    labels: tuple[int, ...]
    names: tuple[str, ...]
    largest_side: int
    taught: Sequence[int]
    kept: Sequence[int] = ()
    signs: bool = False

    def relabelled(self, names: tuple[str, ...]) -> "Collection":
        """Return the same pictures under the numbers that `names` give to their classes.

        Raises:
            StudioError: there are classes of other names.

        """
        if strange := [name for name in self.names if name not in names]:
            raise StudioError(
                f"A phase's own data shows “{strange[0]}”, which the run's data does not.",
                "Call its folders as the classes of the run's data.",
            )
        labels = tuple(names.index(self.names[label]) for label in self.labels)
        return replace(self, names=names, labels=labels)

    def dividing(self, share: float, seed: int, *, fair: bool) -> Job[tuple[list[int], list[int]]]:
        """Return what to learn from, and what to keep for checking: as the data says, or else `share` of each class.

        Args:
            share: of each class, 0–1.
            seed: decides which.
            fair: ask of every class that can be asked, and keep lookalikes on one side (of signs, whose shapes are
                what they have in common, only copies would be any).

        """
        if self.kept:
            return list(self.taught), list(self.kept)
        labels = [self.labels[index] for index in self.taught]
        together: list[list[int]] = []
        if fair and share and not self.signs:
            place_of = {index: place for place, index in enumerate(self.taught)}
            alike = yield from alike_in(self.pictures)
            together = [[place_of[index] for index in group if index in place_of] for group in alike]
        taught, kept = divided(labels, share, seed, together=together, ask_every=fair)
        return [self.taught[place] for place in taught], [self.taught[place] for place in kept]


class LabelledPictures:
    """Some pictures of a collection, to be learnt from or measured on.

    Args:
        collection: all there are.
        chosen: which of them.
        channels: 3 for colour, 1 for grey.
        variation: how they vary while they are learnt from.

    """

    def __init__(self, collection: Collection, chosen: Sequence[int], channels: int, variation: Variation) -> None:
        self.collection = collection
        self.chosen = tuple(chosen)
        self._channels = channels
        self._variation = variation

    @property
    def fingerprint(self) -> str:
        """Sha256 over the pictures, their classes, and which of them these are."""
        facts = (self.collection.pictures.fingerprint, self.collection.names, self.collection.labels, self.chosen)
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()

    def __len__(self) -> int:
        return len(self.chosen)

    @property
    def labels(self) -> Tensor:
        """The class of each, in their order."""
        return torch.tensor([self.collection.labels[index] for index in self.chosen])

    def draw(self, index: int, generator: torch.Generator, size: int) -> tuple[Tensor, ...]:
        """Return a random view of picture `index`, channels×size×size, 0–1, and its class."""
        chosen, size = self.chosen[index], min(size, self.collection.largest_side)
        view = augmented(self.collection.pictures[chosen], size, self._variation, generator)
        return as_seen(view, self._channels), torch.tensor(self.collection.labels[chosen])

    def plain(self, index: int, size: int) -> Tensor:
        """Return picture `index` as it is, its largest square: channels×size×size, 0–1."""
        size = min(size, self.collection.largest_side)
        return as_seen(centred(self.collection.pictures[self.chosen[index]], size), self._channels)

    def name_of(self, index: int) -> str:
        """Say which picture that is, for a message."""
        return self.collection.pictures.name_of(self.chosen[index])


def as_seen(picture: Tensor, channels: int) -> Tensor:
    """Return 3×H×W as a network of so many channels sees it: as it is, or how bright it is (ITU-R BT.601), 1×H×W."""
    if channels == 3:
        return picture
    red, green, blue = picture.unbind()
    grey: Tensor = REC_601[0] * red + REC_601[1] * green + REC_601[2] * blue
    return grey[None]


def opening_collection(sources: Sequence[Path], cache: Path, *, side: int, reading: Reading) -> Job[Collection]:
    """Find the classes, and decode what is not decoded yet.

    Args:
        sources: folders with a folder a class each, where equal names mean the same class; or one set of idx files.
        cache: the folder for decoded pictures.
        side: pictures whose shorter side is longer are reduced to it.
        reading: which folders are classes, how they are divided, and how much of them is worked on.

    Raises:
        StudioError: there are no classes, or the sources do not go together.

    """
    found = yield from finding_data(sources, reading)
    if isinstance(found, IdxPictures):
        taught, kept = parts_of(found, reading)
        return Collection(found, found.labels, found.names, max(found[0].shape[:2]), taught, kept, signs=True)
    yield from telling_parts(found)
    if loose := len(found.loose):
        words = "1 picture lies" if loose == 1 else f"{loose} pictures lie"
        yield Log(f"{words} beside the classes' folders; what belongs to no class is left out.", "warning")
    class_of = {path: found.names[label] for path, label in zip(found.files, found.labels, strict=True)}
    cached = yield from caching_pictures(found.files, cache, side=side)
    yield from telling_left_out(cached)
    names = tuple(sorted({class_of[path] for path in cached.files}))
    if (unread := [name for name in found.names if name not in names]) and len(names) > 1:
        yield Log(f"Of {listed(unread)} no picture can be read: no class.", "warning")
    if len(names) < 2:
        raise StudioError("Only one class has pictures that can be read.", "Add pictures of another class.")
    labels = tuple(names.index(class_of[path]) for path in cached.files)
    largest = max(max(cached.size_of(index)) for index in range(len(cached)))
    return Collection(cached, labels, names, largest, *cached.parts(found.kept))


def shows_grey(pictures: _Pictures) -> bool:
    """Tell whether pictures have no colour, by looking at some of them, evenly spread."""
    step = max(1, len(pictures) // _GREY_LOOKS)
    return all(_is_grey(pictures[index]) for index in range(0, len(pictures), step))


def _is_grey(pixels: Pixels) -> bool:
    if pixels.strides[2] == 0:  # one channel, shown three times
        return True
    wide = pixels.astype(np.int16)
    return bool((wide.max(axis=2) - wide.min(axis=2)).max() <= _GREY_SLACK)
