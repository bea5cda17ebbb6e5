"""Six painters, one manner to a file: the program's own sample paintings.

Each file has one `paint(size, seed)` that returns a finished picture whose shorter side is `size` pixels.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import comet, forest, harbour, rose, town, wave
from .sheet import Frame


@dataclass(frozen=True, slots=True)
class Painting:
    """A sample painting: its file name, what it shows, in which manner, and how it is made."""

    name: str
    title: str
    manner: str
    paint: Callable[[int, int], Frame]
    seed: int = 7


PAINTINGS = (
    Painting("wave", "The breaker", "waves", wave.paint),
    Painting("comet", "Comet over the lake", "flow-field brush strokes", comet.paint),
    Painting("harbour", "Harbour at noon", "pointillism", harbour.paint),
    Painting("rose", "Rose window", "stained glass", rose.paint),
    Painting("town", "Hill town at dusk", "facets", town.paint),
    Painting("forest", "Mountain forest", "woodcut", forest.paint),
)
