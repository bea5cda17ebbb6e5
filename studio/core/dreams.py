"""What a generator is asked for, and what comes of it. Free of torch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from studio.core.events import Picture
from studio.core.recipes import Recipe, WeightsRecord

__all__ = [
    "CheckTask",
    "DirectionsFound",
    "DirectionsTask",
    "Dream",
    "EncoderTask",
    "GenerateTask",
    "InterpolateTask",
    "Mirrored",
    "ProjectTask",
    "Projected",
    "recipe_of",
    "seeds_in",
    "seeds_told",
]  # fmt: skip

_MOST = 100_000
_LARGEST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class GenerateTask:
    """Pictures of seeds.

    Args:
        model: a name on the shelf, a file, or the folder of a run.
        seeds: one picture each.
        typical: 1 as they are, towards 0 nearer to the one most typical picture, above 1 further from it.

    """

    model: str
    seeds: tuple[int, ...]
    typical: float = 1.0


@dataclass(frozen=True, slots=True)
class InterpolateTask:
    """A way from seed to seed.

    Args:
        model: as of `GenerateTask`.
        seeds: where it passes; at least two.
        frames: how many from one of them to the next.
        loop: whether it comes back to the first.
        curve: along arcs of z, or as a spline without corners, or straight, of w.
        soft: whether it sets off and arrives softly at each.
        typical: as of `GenerateTask`.

    """

    model: str
    seeds: tuple[int, ...]
    frames: int = 50
    loop: bool = False
    curve: Literal["slerp", "line", "spline"] = "slerp"
    soft: bool = False
    typical: float = 1.0


@dataclass(frozen=True, slots=True)
class ProjectTask:
    """Pictures to be looked for.

    Args:
        model: as of `GenerateTask`.
        pictures: files.
        steps: how long each is looked for.
        prior: how much it counts that what is found is typical.

    """

    model: str
    pictures: tuple[Path, ...]
    steps: int = 200
    prior: float = 1.0


@dataclass(frozen=True, slots=True)
class DirectionsTask:
    """Ways in which pictures change.

    Args:
        model: as of `GenerateTask`.
        method: principal components of w, or of what a stage makes; or what the weights tell.
        count: how many.
        stage: of "features", from the coarsest, 0.
        seed: of the picture that shows them.
        reach: how far it is moved either way, in standard deviations.

    """

    model: str
    method: Literal["styles", "features", "weights"] = "styles"
    count: int = 8
    stage: int = 1
    seed: int = 0
    reach: float = 3.0


@dataclass(frozen=True, slots=True)
class EncoderTask:
    """An encoder that shall learn to guess w.

    Args:
        model: as of `GenerateTask`.
        output: a file for the generator together with its encoder; None keeps the encoder alone, for this computer.
        steps: how long it learns.

    """

    model: str
    output: Path | None = None
    steps: int = 1000


@dataclass(frozen=True, slots=True)
class CheckTask:
    """A generator to be held before the mirror.

    Args:
        model: as of `GenerateTask`.
        seeds: which of its pictures; best as many as were kept for checking, for what is compared depends on it.
        data: what it learnt from; of a run, nothing means its own.

    """

    model: str
    seeds: tuple[int, ...]
    data: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Mirrored:
    """What the mirror shows.

    Args:
        count: so many pictures were made.
        seeds: of those that come nearest to what was learnt, the nearest first.
        pairs: these, each with its neighbour among what was learnt.
        made: "kid", "precision", "recall", "copies" (shares), "twins" (pairs) of what is made.
        real: the same of pictures that were learnt from, but for "copies".
        different: how many different pictures the twins come to; inf without any.
        mixed: new real pictures and made ones, as many of either, in an order of chance; with each, whether it is real.
        ends: by attribute, which shares of what is made are as low and as high as a quarter of the real ones.

    """

    count: int
    seeds: tuple[int, ...]
    pairs: tuple[tuple[Picture, Picture], ...]
    made: Mapping[str, float]
    real: Mapping[str, float]
    different: float
    mixed: tuple[tuple[Picture, bool], ...]
    ends: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True, eq=False)
class Dream:
    """A picture that was made up, and its recipe."""

    seed: int
    picture: Picture
    recipe: Recipe


@dataclass(frozen=True, slots=True, eq=False)
class Projected:
    """What was found of a picture.

    Args:
        path: its file.
        given: the square that was looked for.
        found: the nearest that the generator makes.
        similarity: how alike they are, 0–1: 0 no more than a picture picked at random.

    """

    path: Path
    given: Picture
    found: Picture
    similarity: float


@dataclass(frozen=True, slots=True, eq=False)
class DirectionsFound:
    """Directions: how much each changes as a share of all, 0–1, and a picture moved along each, a row for each."""

    shares: tuple[float, ...]
    rows: tuple[Picture, ...]


def seeds_in(text: str) -> tuple[int, ...]:
    """Read seeds and spans of seeds: "0-3,9" → 0, 1, 2, 3, 9.

    Raises:
        ValueError: that is none, or too many; the message says it.

    """
    seeds: list[int] = []
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not first.isdecimal() or (dash and not last.isdecimal()):
            raise ValueError(f"“{part.strip()}” is no seed: give whole numbers and spans, such as 0-63 or 1,5,9")
        low, high = int(first), int(last or first)
        if high < low or high > _LARGEST:
            raise ValueError(f"“{part.strip()}” is no span of seeds: they rise, up to {_LARGEST}")
        if len(seeds) + high - low >= _MOST:
            raise ValueError(f"more than {_MOST:,} seeds at a time are too many")
        seeds.extend(range(low, high + 1))
    return tuple(seeds)


def seeds_told(seeds: Sequence[int]) -> str:
    """Write seeds as `seeds_in` reads them, as shortly as possible."""
    spans: list[list[int]] = []
    for seed in seeds:
        if spans and seed == spans[-1][1] + 1:
            spans[-1][1] = seed
        else:
            spans.append([seed, seed])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in spans)


def recipe_of(seeds: Sequence[int], typical: float, weights: WeightsRecord) -> Recipe:
    """Return how a picture, or a sheet of some, came to be."""
    return Recipe(
        task="generate", settings={"seeds": seeds_told(seeds), "typical": typical}, weights=(weights,), seed=seeds[0]
    )
