"""What a job says while it runs: immutable values that pickle, never a tensor, never a widget."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from studio.core.recipes import Recipe

Picture: TypeAlias = NDArray[np.uint8]
"""H×W×3 (RGB) or H×W×4 (RGBA, straight alpha), sRGB, 0–255."""

DeepPicture: TypeAlias = NDArray[np.uint16]
"""H×W×3|4, sRGB, 0–65535: a finished result before it is rounded to 8 bits."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the job is: `done` of `total` steps of `stage`; `total` 0 means the length is not known.

    `share` is how much of the whole job's work is done, 0–1, where stages differ so much in cost that the steps of one
    say nothing about the others.

    `in_words` says that `done` and `total` count something too small to be read, such as bytes: the stage itself says
    how far it is, behind a “ · ” (“Downloading VGG-19 · 212 of 548 MB”).
    """

    stage: str
    done: int = 0
    total: int = 0
    share: float | None = None
    in_words: bool = False

    @property
    def heading(self) -> str:
        """What is being done: while it stays the same, it is the same piece of work."""
        return self.stage.partition(" · ")[0] if self.in_words else self.stage


@dataclass(frozen=True, slots=True, eq=False)
class Preview:
    """A picture worth showing now.

    `step` counts the job's evaluations so far. `recipe` makes this very picture again. `draft` marks a frame whose fine
    detail is not computed yet (shown while a slider is being dragged): the film strip and the library leave drafts out.
    """

    picture: Picture
    step: int
    stage: str = ""
    draft: bool = False
    recipe: Recipe | None = None


@dataclass(frozen=True, slots=True)
class Metrics:
    """Numbers measured at `step`, by name."""

    step: int
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Log:
    """A sentence for the user: what happened, and what follows from it."""

    message: str
    level: Literal["info", "warning"] = "info"


Event: TypeAlias = Progress | Preview | Metrics | Log

R = TypeVar("R")
Job: TypeAlias = Generator[Event, None, R]
"""A job: yields events, may be closed at any yield (its `finally` saves what must not be lost), returns its result."""


def finish(job: Generator[Any, None, R]) -> R:
    """Run a job (or any other generator that returns something) to its end, deaf to what it says."""
    try:
        while True:
            next(job)
    except StopIteration as end:
        result: R = end.value
        return result
