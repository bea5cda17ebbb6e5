"""What one sets to have a picture made up: where it lies, what is done to it on the way. Free of torch.

A picture is made of *w*: so many numbers for each stage of the generator, the coarsest stage first. The place on the
pad says which (a whole place is a seed); a point that is held stands in its stead: one that was looked for, dragged or
chosen. Then it becomes more or less typical, takes stages from another seed, is moved along directions, and bent.
"""

import base64
import binascii
from collections.abc import Sequence
from math import floor
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from studio.core.settings import Settings, setting

__all__ = [
    "ACROSS", "Bending", "Bends", "DreamSettings", "Held", "Mixture", "Move", "Moves", "Station", "Walk", "corners_of",
    "packed", "place_of", "seed_at", "unpacked",
]  # fmt: skip

ACROSS = 100
"""So many seeds stand side by side on the pad before the next row begins."""
_LARGEST = 2**31


def seed_at(across: int, down: int) -> int:
    """Return the seed at a whole place of the pad."""
    return (across + ACROSS * down) % _LARGEST


def place_of(seed: int) -> tuple[int, int]:
    """Return where a seed lies on the pad: across and down."""
    return seed % ACROSS, seed // ACROSS


def corners_of(across: float, down: float) -> tuple[tuple[int, int, int, int], float, float]:
    """Return the seeds around a place (this and the next one across, then those below), and the shares of the next."""
    left, top = floor(across), floor(down)
    seeds = [seed_at(left + right, top + below) for below in (0, 1) for right in (0, 1)]
    return (seeds[0], seeds[1], seeds[2], seeds[3]), across - left, down - top


def packed(numbers: NDArray[np.floating]) -> str:
    """Write numbers as text, half precision: what goes through it is the same to the bit ever after."""
    return base64.b64encode(np.ascontiguousarray(numbers, "<f2").tobytes()).decode()


def unpacked(text: str) -> NDArray[np.float32]:
    """Read what `packed` wrote: one row of numbers.

    Raises:
        ValueError: it is something else.

    """
    try:
        numbers = np.frombuffer(base64.b64decode(text, validate=True), "<f2").astype(np.float32)
    except (binascii.Error, ValueError) as error:
        raise ValueError("these are no packed numbers") from error
    if not np.isfinite(numbers).all():
        raise ValueError("some of these numbers are none")
    return numbers


def _readable(text: str) -> str:
    unpacked(text)
    return text


Packed = Annotated[str, AfterValidator(_readable)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Held(_Part):
    """A point that stands in place of the pad's.

    Args:
        w: stages × numbers, the coarsest stage first (see `packed`); "" where none is held.
        name: what it is: "face.jpg", "Dragged".

    """

    w: Packed = ""
    name: str = ""


class Mixture(_Part):
    """How much each stage takes of the other seed's w, 0–1, the coarsest first; stages behind the last take nothing."""

    shares: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...] = ()


class Move(_Part):
    """How far the picture is moved along one direction.

    Args:
        name: of the direction.
        vector: numbers of w (see `packed`), as long as most pictures lie within ±2 of it.
        amount: in lengths of it.
        first: the first stage that is moved.
        after: the one behind the last; −1 moves all from the first on.

    """

    name: str
    vector: Packed
    amount: float = Field(default=0.0, ge=-10.0, le=10.0)
    first: int = Field(default=0, ge=0)
    after: int = Field(default=-1, ge=-1)


class Moves(_Part):
    """Along which directions a picture is moved."""

    along: tuple[Move, ...] = ()

    def amount_of(self, name: str) -> float:
        """Return how far it is moved along the direction of this name."""
        return next((move.amount for move in self.along if move.name == name), 0.0)

    def moved(self, move: Move) -> "Moves":
        """Return these with this one in place of its namesake; one by nothing is left out."""
        others = tuple(one for one in self.along if one.name != move.name)
        return Moves(along=(*others, move) if move.amount else others)


class Bending(_Part):
    """What is done to one stage's features on their way: see `models.latent.Bend`."""

    stage: int = Field(ge=0)
    zoom: float = Field(default=1.0, ge=0.25, le=4.0)
    turn: float = Field(default=0.0, ge=-180.0, le=180.0)
    right: float = Field(default=0.0, ge=-1.0, le=1.0)
    down: float = Field(default=0.0, ge=-1.0, le=1.0)
    gain: float = Field(default=1.0, ge=-2.0, le=4.0)
    noise: float = Field(default=0.0, ge=0.0, le=4.0)
    seed: int = Field(default=0, ge=0, lt=_LARGEST)


class Bends(_Part):
    """What is done to which stage: at most one for each."""

    stages: tuple[Bending, ...] = ()

    def at(self, stage: int) -> Bending:
        """Return what is done to a stage."""
        return next((bend for bend in self.stages if bend.stage == stage), Bending(stage=stage))

    def bent(self, bend: Bending) -> "Bends":
        """Return these with this one at its stage; one that does nothing is left out."""
        others = [one for one in self.stages if one.stage != bend.stage]
        does_something = bend != Bending(stage=bend.stage, seed=bend.seed)
        return Bends(stages=tuple(sorted((*others, bend) if does_something else others, key=lambda one: one.stage)))


class Station(_Part):
    """A place of a walk: what is set there, all but the generator.

    Args:
        seconds: how long it takes from here to the next one.

    """

    seconds: float = Field(2.0, ge=0.04, le=600.0)
    typical: float = Field(1.0, ge=0.0, le=2.0)
    across: float = 0.0
    down: float = 0.0
    held: Held = Held()
    other: int = Field(1, ge=0, lt=_LARGEST)
    mixture: Mixture = Mixture()
    moves: Moves = Moves()
    bends: Bends = Bends()


class Walk(_Part):
    """A way from station to station.

    Args:
        stations: where it passes, in order.
        loop: whether it comes back to the first; else the last one's seconds do not count.
        curve: along arcs of z where both ends have one ("arcs"), without corners ("spline") or straight ("line") in w.
        soft: whether it sets off and arrives softly at each.

    """

    stations: tuple[Station, ...] = ()
    loop: bool = True
    curve: Literal["arcs", "spline", "line"] = "arcs"
    soft: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return sum(station.seconds for station in (self.stations if self.loop else self.stations[:-1]))

    @property
    def goes_somewhere(self) -> bool:
        """Whether there are two stations at least."""
        return len(self.stations) > 1


class DreamSettings(Settings):
    """The settings of the dream job."""

    leading: ClassVar[tuple[str, ...]] = ("model", "typical")

    model: str = setting(
        "", label="Generator", help="What makes the pictures: one that you have trained, or one that learns just now.",
        term="a name, a weights file or a run", offers="generator", choices={"": "None"}, look=False)  # fmt: skip
    typical: float = setting(
        1.0, label="Typical ↔ Strange", help="Below 1 nearer to the most typical picture, safer and duller; above 1 "
        "stranger.", term="truncation ψ", low=0.0, high=2.0, step=0.05)  # fmt: skip
    across: float = setting(
        0.0, label="Across", help="Where on the pad: a whole number is a seed, between two it is on the way.",
        term="seed", low=-1e6, high=1e6, step=1.0, look=False)  # fmt: skip
    down: float = setting(
        0.0, label="Down", help=f"Likewise, downwards: each whole number is {ACROSS} seeds.",
        low=-1e6, high=1e6, step=1.0, look=False)  # fmt: skip
    held: Held = setting(
        Held(), label="Point", help="A point in place of the pad's, as a JSON file.", term="w by stage",
        look=False)  # fmt: skip
    other: int = setting(
        1, label="Other seed", help="The seed that stages are taken from.", term="seed", low=0, high=_LARGEST - 1,
        step=1, group="Mixing")  # fmt: skip
    mixture: Mixture = setting(
        Mixture(), label="Mixing", help="How much each stage takes of the other seed, as a JSON file.",
        term="style mixing", group="Mixing")  # fmt: skip
    moves: Moves = setting(
        Moves(), label="Directions", help="Along which directions it is moved, as a JSON file.")  # fmt: skip
    bends: Bends = setting(
        Bends(), label="Bending", help="What is done to which stage, as a JSON file.",
        term="network bending")  # fmt: skip
    second: str = setting(
        "", label="Blended with", help="Another generator of the same make: its weights are mixed in. Of one ancestry "
        "they go well together.", term="a name, a weights file or a run", offers="generator", group="Two Generators",
        choices={"": "None"}, look=False)  # fmt: skip
    share: float = setting(
        0.5, label="Share", help="0 the first generator alone, 1 the second.", low=0.0, high=1.0, step=0.05,
        group="Two Generators", look=False)  # fmt: skip

    walk: Walk = setting(
        Walk(), label="Walk", help="Stations and the way between them, as a JSON file.", term="latent walk",
        look=False)  # fmt: skip

    @property
    def station(self) -> Station:
        """What is set now, as a station of a walk."""
        there = {name: getattr(self, name) for name in Station.model_fields if name != "seconds"}
        return Station.model_construct(seconds=Station.model_fields["seconds"].default, **there)

    def standing_at(self, station: Station) -> "DreamSettings":
        """Return the settings with what is set at a station."""
        there = {name: getattr(station, name) for name in Station.model_fields if name != "seconds"}
        return self.model_copy(update=there)

    @property
    def idle(self) -> frozenset[str]:
        """What does nothing now."""
        return frozenset(() if self.second else ("share",))

    @property
    def seed(self) -> int:
        """The nearest seed of the pad."""
        return seed_at(round(self.across), round(self.down))

    @property
    def is_seed(self) -> bool:
        """Whether the place is that of a seed."""
        return not self.held.w and self.across == round(self.across) and self.down == round(self.down)

    def at(self, across: float, down: float) -> "DreamSettings":
        """Return the settings at another place of the pad; a point that was held is let go."""
        return self.model_copy(update={"across": across, "down": down, "held": Held()})

    def at_seed(self, seed: int) -> "DreamSettings":
        """Return the settings at a seed."""
        return self.at(*map(float, place_of(seed)))

    def holding(self, w: NDArray[np.floating], name: str) -> "DreamSettings":
        """Return the settings with a point of stages × numbers that stands in place of the pad's.

        What was done to the last point is done: it is let be, but for bending, which w knows nothing of.
        """
        done = {"held": Held(w=packed(w), name=name), "moves": Moves(), "mixture": Mixture(), "typical": 1.0}
        return self.model_copy(update=done)

    def names(self) -> Sequence[str]:
        """Return the generators that are needed."""
        return (self.model, self.second) if self.second else (self.model,)
