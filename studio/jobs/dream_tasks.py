"""What is asked of the jobs that play with a generator. Free of torch, for the window."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.dream_album import AlbumShelf, DreamAlbum
from studio.core.dream_settings import DreamSettings
from studio.core.named_directions import Direction, DirectionBook

__all__ = [
    "AlbumTask", "BookTask", "FindTask", "GeneratorFound", "GeneratorOffered", "LearnTask", "Method", "NearestTask",
    "SketchesTask", "VariationsTask", "WriteTask",
]  # fmt: skip

Method = Literal["styles", "features", "weights"]


@dataclass(frozen=True, slots=True)
class GeneratorOffered:
    """A generator that can be chosen.

    Args:
        label: words for it.
        first_seed: where to begin, as its file says.

    """

    label: str
    first_seed: int = 0


@dataclass(frozen=True, slots=True)
class GeneratorFound:
    """What the panel needs to know of a generator.

    Args:
        size: side of its pictures, px.
        styles: how many stages take a w of their own.
        stages: how many can be bent.
        style: how many numbers w has.
        steps: how long it learnt.
        make: what it is built like: two of one make can be blended.
        sha256: of its file.
        ancestors: checksums of the files that it began as, the nearest first.

    """

    size: int
    styles: int
    stages: int
    style: int
    steps: int
    make: str
    sha256: str
    ancestors: tuple[str, ...]

    def is_kin_of(self, other: "GeneratorFound") -> bool:
        """Tell whether one began as the other, or both as a third."""
        lines = {self.sha256, *self.ancestors}, {other.sha256, *other.ancestors}
        return not lines[0].isdisjoint(lines[1])


@dataclass(frozen=True, slots=True)
class SketchesTask:
    """Pictures to be made without recipes: what the settings would come to."""

    settings: tuple[DreamSettings, ...]


@dataclass(frozen=True, slots=True)
class FindTask:
    """Which directions to look for.

    Args:
        settings: name the generator.
        method: principal components of w ("styles") or of what a stage makes ("features"), or by the weights (SeFa).
        stage: of "features", the coarsest is 0.
        count: how many.

    """

    settings: DreamSettings
    method: Method
    stage: int = 0
    count: int = 8


@dataclass(frozen=True, slots=True)
class LearnTask:
    """Two groups of pictures, the first without something, the second with it, and what to call that."""

    without: tuple[DreamSettings, ...]
    having: tuple[DreamSettings, ...]
    name: str


@dataclass(frozen=True, slots=True)
class BookTask:
    """Whose directions to list, after exactly `keep` are kept, if given."""

    book: DirectionBook
    generator: str
    keep: tuple[Direction, ...] | None = None


@dataclass(frozen=True, slots=True)
class WriteTask:
    """What to write where: directions alone, or (a `.safetensors`) the generator with them in its header."""

    path: Path
    generator: str
    directions: tuple[Direction, ...]


@dataclass(frozen=True, slots=True)
class NearestTask:
    """Which seeds of the first `among` are most like a picture.

    Args:
        settings: of the picture.
        count: so many, the nearest first.
        among: how many seeds are looked through.

    """

    settings: DreamSettings
    count: int = 60
    among: int = 4000


@dataclass(frozen=True, slots=True)
class VariationsTask:
    """Pictures that are like one.

    Args:
        settings: of the picture.
        count: so many.
        far: how far from it, as a share of what pictures differ in.
        chance: another number, other variations.

    """

    settings: DreamSettings
    count: int = 48
    far: float = 0.3
    chance: int = 0


@dataclass(frozen=True, slots=True)
class AlbumTask:
    """Whose album to open, after `keep` has taken its place, if given."""

    shelf: AlbumShelf
    generator: str
    keep: DreamAlbum | None = None
